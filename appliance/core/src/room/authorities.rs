//! Authorities of the organisation's own, beside those of the computer.
//!
//! Everything that the room reaches trusts whom its process trusted at its start, in several libraries and processes. Other
//! authorities therefore count after a start anew, when nobody is in a meeting (docs/adr/0086).

use std::time::Duration;

use jiff::Timestamp;

use super::Room;
use crate::{Effect, Now, Phase, Trouble, TroubleCode};

/// So long the room waits before it starts anew: whoever brought the configuration gets the answer, and what is written in a
/// row counts at once.
const SETTLED: Duration = Duration::from_secs(2);

/// An authority that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAuthority {
    /// What it calls itself.
    pub name: String,
    /// From then on its certificate counts no more.
    pub until: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Authorities {
    known: Vec<KnownAuthority>,
    /// Others than at the start are configured; they may count from then on (monotonic).
    others_from: Option<Duration>,
    /// That time has come in a meeting.
    waits: bool,
}

impl Authorities {
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.others_from.filter(|_| !self.waits)
    }
}

impl Room {
    pub(super) fn on_authorities(&mut self, now: Now, known: Vec<KnownAuthority>, others: bool) {
        let others_from = others.then(|| now.mono + SETTLED);
        self.authorities = Authorities {
            known,
            others_from,
            waits: false,
        };
        self.tell_authorities(now);
    }

    /// Says which are over.
    pub(super) fn tell_authorities(&mut self, now: Now) {
        let over = self
            .authorities
            .known
            .iter()
            .filter(|a| a.until <= now.wall);
        let names: Vec<String> = over.map(|authority| authority.name.clone()).collect();
        if !names.is_empty() {
            self.raise(Trouble::AuthorityOver { names });
        } else if self.troubles.clear(TroubleCode::AuthorityOver) {
            self.effect(Effect::Redraw);
        }
    }

    /// Nobody is thrown out of a meeting for them.
    pub(super) fn follow_authorities(&mut self, now: Now) {
        if self.authorities.others_from.is_none_or(|at| now.mono < at) {
            return;
        }
        let at_home = self.phase == Phase::Home && !self.leaving_for_good;
        self.authorities.waits = !at_home;
        if at_home {
            self.authorities.others_from = None;
            self.effect(Effect::StartAnew);
        }
    }
}
