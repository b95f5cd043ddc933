//! Whether anybody is there, as far as the room can tell.

use std::time::Duration;

use saal_fleet_protocol::config::IdleMinutes;
use saal_meeting::MeetingId;

use crate::{Now, Phase, Room};

/// Remembers when somebody was there last. A touch, a call, a ring, and a meeting that can be joined from now on count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    last: Duration,
    /// The meetings that people may come for.
    expected: Vec<MeetingId>,
}

impl Presence {
    /// Somebody touched the panel, or pressed a key.
    pub fn touched(&mut self, now: Now) {
        self.last = now.mono;
    }

    /// Looks at the room; to be called after whatever happens there, and at [`Self::next_deadline`].
    pub fn follow(&mut self, room: &Room, now: Now) {
        let busy = *room.phase() != Phase::Home || !room.rings().is_empty();
        let agenda = room.agenda(now);
        let all = agenda.under_way.iter().chain(&agenda.next);
        // What is always there, such as a department's own conference, is nobody's coming.
        let soon = all.filter(|m| m.start.is_some() && room.can_join(now, m));
        let soon: Vec<MeetingId> = soon.map(|meeting| meeting.id.clone()).collect();
        let begins = soon.iter().any(|id| !self.expected.contains(id));
        self.expected = soon;
        if busy || begins {
            self.touched(now);
        }
    }

    /// Whether anybody was there since the start.
    #[must_use]
    pub fn came(&self) -> bool {
        !self.last.is_zero()
    }

    /// How long nobody was there.
    #[must_use]
    pub fn idle(&self, now: Now) -> Duration {
        now.mono.saturating_sub(self.last)
    }

    /// Whether something rests now that rests after so long.
    #[must_use]
    pub fn rests(&self, after: IdleMinutes, now: Now) -> bool {
        after.get().is_some_and(|after| self.idle(now) >= after)
    }

    /// When panel or televisions begin to rest if nobody comes (monotonic).
    #[must_use]
    pub fn next_deadline(&self, room: &Room, now: Now) -> Option<Duration> {
        let config = room.config()?;
        let after = [
            Some(config.panel.dim_after_minutes),
            config.television.rests_after(),
        ];
        let after = after.into_iter().flatten().filter_map(IdleMinutes::get);
        let all = after.map(|after| self.last + after);
        all.filter(|at| *at > now.mono).min()
    }
}
