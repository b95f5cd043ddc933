//! Keeping the media engine alive: it may die at any time and is started again.

use std::{collections::VecDeque, time::Duration};

/// Deaths within this time count together.
const WINDOW: Duration = Duration::from_secs(60);
/// So many deaths in [`WINDOW`] are answered at once; further ones wait.
const AT_ONCE: usize = 5;
/// How long further ones wait.
const PAUSE: Duration = Duration::from_secs(5);
/// An engine that says nothing for so long hangs; it reports every second.
const SILENCE: Duration = Duration::from_secs(6);
/// The first start on a machine reads all of GStreamer's plugins.
const START: Duration = Duration::from_secs(30);

/// What the engine's process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineState {
    /// Not wanted yet.
    Off,
    /// Started, has not answered yet.
    Starting,
    /// Runs.
    Ready,
    /// Died too often; started again at this moment (monotonic).
    Waiting {
        /// When.
        until: Duration,
    },
}

/// The rules for starting it again.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    state: EngineState,
    last_heard: Duration,
    deaths: VecDeque<Duration>,
}

/// What the room has to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EngineAction {
    Start,
    Nothing,
}

impl Engine {
    pub(crate) fn new() -> Self {
        Self {
            state: EngineState::Off,
            last_heard: Duration::ZERO,
            deaths: VecDeque::new(),
        }
    }

    pub(crate) fn state(&self) -> EngineState {
        self.state
    }

    /// It dies again and again: people should know.
    pub(crate) fn is_failing(&self) -> bool {
        matches!(self.state, EngineState::Waiting { .. })
    }

    pub(crate) fn start(&mut self, now: Duration) -> EngineAction {
        self.state = EngineState::Starting;
        self.last_heard = now;
        EngineAction::Start
    }

    pub(crate) fn heard(&mut self, now: Duration) {
        self.last_heard = now;
    }

    pub(crate) fn ready(&mut self, now: Duration) {
        self.state = EngineState::Ready;
        self.last_heard = now;
    }

    pub(crate) fn lost(&mut self, now: Duration) -> EngineAction {
        self.deaths.push_back(now);
        self.deaths.retain(|at| now.saturating_sub(*at) < WINDOW);
        if self.deaths.len() <= AT_ONCE {
            return self.start(now);
        }
        self.state = EngineState::Waiting { until: now + PAUSE };
        EngineAction::Nothing
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self.state {
            EngineState::Off => None,
            EngineState::Starting => Some(self.last_heard + START),
            EngineState::Ready => Some(self.last_heard + SILENCE),
            EngineState::Waiting { until } => Some(until),
        }
    }

    pub(crate) fn on_deadline(&mut self, now: Duration) -> EngineAction {
        match (self.deadline(), self.state) {
            (Some(at), EngineState::Waiting { .. }) if at <= now => self.start(now),
            (Some(at), _) if at <= now => self.lost(now),
            _ => EngineAction::Nothing,
        }
    }
}
