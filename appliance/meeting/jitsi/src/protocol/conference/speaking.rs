//! How long everybody has spoken. The server's component keeps the account and tells it to who comes
//! in; from then on everybody follows the bridge's word on who speaks.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Conference, Timer};
use crate::protocol::{ns, xml::Element};

/// People see whole minutes.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// More people than any conference has.
const MAX_SPEAKERS: usize = 2000;

/// The account.
#[derive(Debug, Default)]
pub(super) struct Speaking {
    /// Until now or until the current turn, by endpoint.
    total: BTreeMap<String, Duration>,
    /// Whose turn it is, and since when.
    turn: Option<(String, Instant)>,
}

impl Speaking {
    /// Somebody begins to speak, or nobody does.
    fn turn(&mut self, now: Instant, endpoint: Option<&str>) {
        if let Some((who, since)) = self.turn.take()
            && (self.total.len() < MAX_SPEAKERS || self.total.contains_key(&who))
        {
            *self.total.entry(who).or_default() += now.saturating_duration_since(since);
        }
        self.turn = endpoint.map(|who| (who.to_owned(), now));
    }

    /// The server's account, which knows of the time before we came.
    fn learn(&mut self, now: Instant, users: &Value) {
        for (endpoint, user) in users.as_object().into_iter().flatten().take(MAX_SPEAKERS) {
            let Some(spoken) = user["totalDominantSpeakerTime"].as_f64() else {
                continue;
            };
            // Ten years are a broken clock.
            let spoken = Duration::from_secs_f64((spoken / 1000.0).clamp(0.0, 3e8));
            self.total.insert(endpoint.clone(), spoken);
            if let Some((_, since)) = self.turn.as_mut().filter(|(who, _)| who == endpoint) {
                *since = now;
            }
        }
    }

    /// Whole minutes of somebody; `None` for who has not spoken.
    pub(super) fn minutes(&self, now: Instant, endpoint: &str) -> Option<u32> {
        let turn = self.turn.iter().filter(|(who, _)| who == endpoint);
        let turn: Duration = turn
            .map(|(_, since)| now.saturating_duration_since(*since))
            .sum();
        let spoken = self.total.get(endpoint).copied().unwrap_or_default() + turn;
        let minutes = u32::try_from(spoken.as_secs() / 60).unwrap_or(u32::MAX);
        (spoken > Duration::ZERO).then_some(minutes)
    }
}

impl Conference {
    /// The bridge says who speaks, or that who spoke last is silent.
    pub(super) fn dominant(&mut self, now: Instant, endpoint: String, silence: bool) {
        self.tell_speaking(&endpoint, silence);
        self.speaking
            .turn(now, Some(endpoint.as_str()).filter(|_| !silence));
        self.timers.set(Timer::Speaking, now + LOOK_EVERY);
        self.dominant = endpoint;
    }

    /// Everybody tells the server's component of their own turns.
    fn tell_speaking(&mut self, endpoint: &str, silence: bool) {
        let component = self.components.speaker_stats.clone();
        let Some(to) = component.filter(|_| endpoint == self.endpoint) else {
            return;
        };
        let stats = Element::new("speakerstats", ns::JITMEET)
            .with("room", self.room.clone())
            .with("silence", silence.to_string());
        let message = Element::new("message", ns::CLIENT)
            .with("to", to)
            .child(stats);
        self.send(&message);
    }

    /// What the server's component says.
    pub(super) fn speaker_stats(&mut self, now: Instant, users: &Value) {
        self.speaking.learn(now, users);
    }

    /// Time passes for who speaks; [`Self::settle`] tells it.
    pub(super) fn look_at_speaking(&mut self, now: Instant) {
        if self.speaking.turn.is_some() {
            self.timers.set(Timer::Speaking, now + LOOK_EVERY);
        }
    }

    /// Whoever speaks now, we do not hear it.
    pub(super) fn stop_speaking(&mut self, now: Instant) {
        self.dominant.clear();
        self.speaking.turn(now, None);
    }
}
