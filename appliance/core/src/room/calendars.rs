//! How the room's calendars are doing: one that can't be asked says so, and hides no other.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::Room;
use crate::{CalendarState, Effect, Now, Trouble, TroubleCode};

/// What is shown may be so old before people are told: a server that is started anew is nobody's trouble.
const MAY_BE_OLD: SignedDuration = SignedDuration::from_mins(2);

/// By their names.
pub(super) type Calendars = BTreeMap<String, CalendarState>;

impl Room {
    /// How the configured calendars are doing, those that were asked once.
    pub fn calendars(&self) -> impl Iterator<Item = &CalendarState> {
        self.calendars.values()
    }

    pub(super) fn on_calendar(&mut self, now: Now, mut state: CalendarState) {
        let known = self.calendars.get(&state.name).and_then(|known| known.at);
        state.at = state.at.or(known);
        self.calendars.insert(state.name.clone(), state);
        self.follow_calendars(now);
    }

    /// Those that are no longer configured.
    pub(super) fn forget_calendars(&mut self, now: Now) {
        let configured = self.config.iter().flat_map(|c| &c.calendars);
        let names: Vec<&str> = configured.map(|c| c.name.as_str()).collect();
        self.calendars
            .retain(|name, _| names.contains(&name.as_str()));
        self.follow_calendars(now);
    }

    /// Tells of those that fail, once what is shown of them is old.
    pub(super) fn follow_calendars(&mut self, now: Now) {
        let is_old = |state: &&CalendarState| {
            let old = |at| now.wall.duration_since(at) >= MAY_BE_OLD;
            state.failure.is_some() && state.at.is_none_or(old)
        };
        let failing: Vec<&CalendarState> = self.calendars.values().filter(is_old).collect();
        let names: Vec<String> = failing.iter().map(|state| state.name.clone()).collect();
        // None is before any time.
        let at = failing.iter().map(|state| state.at).min().flatten();
        if !names.is_empty() {
            self.raise(Trouble::CalendarUnreachable { names, at });
        } else if self.troubles.clear(TroubleCode::CalendarUnreachable) {
            self.effect(Effect::Redraw);
        }
    }
}
