//! When televisions are woken and put to stand-by.

use crate::{Now, Phase, Presence, Room};

/// What is wanted of the televisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TelevisionWish {
    /// They show the room.
    Wake,
    /// They wait.
    StandBy,
}

/// Follows whether anybody is there. Whoever takes a television's remote control is right until somebody comes or goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StandBy {
    /// What was wanted last; `None` while nobody knows, which is after a start: a room that is updated at night wakes nobody.
    wanted: Option<TelevisionWish>,
    /// Somebody was in a call, or called the room.
    busy: bool,
}

impl StandBy {
    /// What is wanted now that was not wanted before; to be called after [`Presence::follow`].
    pub fn follow(&mut self, presence: &Presence, room: &Room, now: Now) -> Option<TelevisionWish> {
        let busy = *room.phase() != Phase::Home || !room.rings().is_empty();
        let begins = !std::mem::replace(&mut self.busy, busy) && busy;
        let Some(after) = room
            .config()
            .and_then(|config| config.television.rests_after())
        else {
            self.wanted = None;
            return None;
        };
        let wish = if presence.rests(after, now) {
            TelevisionWish::StandBy
        } else {
            TelevisionWish::Wake
        };
        let unknown = self.wanted.is_none() && !presence.came() && wish == TelevisionWish::Wake;
        let known = self.wanted == Some(wish) && !begins;
        if unknown || known {
            return None;
        }
        self.wanted = Some(wish);
        Some(wish)
    }
}
