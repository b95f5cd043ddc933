//! What happens by itself, and when.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Something to be done later; each at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Joining has taken too long for servers that answer.
    JoinBy,
    /// The servers have had long enough to come up.
    GiveUp,
    /// Open the link again.
    Link,
    /// Ask the focus again.
    Focus,
    /// It should have answered.
    FocusBy,
    /// Try to enter again.
    Enter,
    /// Ask the server whether it is there.
    Ping,
    /// It did not answer.
    PingBy,
    /// The focus should have invited us, or the media have connected.
    MediaBy,
    /// The media's connection should have come back by itself.
    MediaBack,
    /// Open the bridge's WebSocket again.
    Bridge,
    /// Somebody may have spoken a minute more.
    Speaking,
    /// Two have been alone for long enough.
    CallPeer,
    /// The peer's session should have connected.
    PeerBy,
    /// The room has heard long enough that we leave.
    LeaveBy,
}

#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeMap<Timer, Instant>);

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.0.insert(timer, at);
    }

    /// Leaves an earlier wish as it is.
    pub(crate) fn set_once(&mut self, timer: Timer, at: Instant) {
        self.0.entry(timer).or_insert(at);
    }

    pub(crate) fn cancel(&mut self, timer: Timer) {
        self.0.remove(&timer);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.values().min().copied()
    }

    /// Takes one that is due.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Timer> {
        let due = self.0.iter().filter(|(_, at)| **at <= now);
        let (timer, _) = due.min_by_key(|(_, at)| **at)?;
        let timer = *timer;
        self.0.remove(&timer);
        Some(timer)
    }
}

/// To the link, in milliseconds: people wait for it.
const LINK_STEPS: &[u64] = &[100, 500, 1000, 2000, 5000];
/// To the focus that is not ready.
const FOCUS_STEPS: &[u64] = &[500, 1000, 2000, 4000, 8000];
/// To the bridge's WebSocket.
const BRIDGE_STEPS: &[u64] = &[500, 1000, 2000, 5000, 10_000];
/// To new media.
const MEDIA_STEPS: &[u64] = &[0, 1000, 2000, 5000, 10_000];

/// How long to wait before the next attempt, of each kind.
#[derive(Debug)]
pub(crate) struct Backoffs {
    pub(crate) link: Backoff,
    pub(crate) focus: Backoff,
    pub(crate) bridge: Backoff,
    pub(crate) media: Backoff,
}

impl Default for Backoffs {
    fn default() -> Self {
        Self {
            link: Backoff::new(LINK_STEPS),
            focus: Backoff::new(FOCUS_STEPS),
            bridge: Backoff::new(BRIDGE_STEPS),
            media: Backoff::new(MEDIA_STEPS),
        }
    }
}

/// A row of waiting times; the last one repeats.
#[derive(Debug)]
pub(crate) struct Backoff {
    steps: &'static [u64],
    failures: usize,
}

impl Backoff {
    const fn new(steps: &'static [u64]) -> Self {
        Self { steps, failures: 0 }
    }

    /// Waiting time after one more failure. `jitter` is in 0..1 and shortens it by up to a
    /// quarter, so that many rooms don't come back in the same instant.
    pub(crate) fn after_failure(&mut self, jitter: f64) -> Duration {
        let last = self.steps.len().saturating_sub(1);
        let step = self.steps.get(self.failures.min(last)).copied();
        self.failures += 1;
        Duration::from_millis(step.unwrap_or(1000)).mul_f64(1.0 - 0.25 * jitter.clamp(0.0, 1.0))
    }

    pub(crate) fn failures(&self) -> usize {
        self.failures
    }

    /// It worked: the next failure starts from the beginning.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}
