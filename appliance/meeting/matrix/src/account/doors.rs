//! How the account stands with rooms that it is not in: whoever waits at a door looks here.

use std::collections::BTreeMap;

use matrix_sdk::sync::{RoomUpdates, State};
use serde_json::Value;

use super::surrogates::parsed;

/// A room that the account is not in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Somebody lets it in.
    Invited,
    /// It has knocked and nobody has answered.
    Knocking,
    /// Somebody refused its knock, took an invitation back or removed it.
    SentAway,
    /// It went by itself.
    Gone,
}

/// What syncs have said about such rooms since the start, each piece of news with its number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doors {
    count: u64,
    rooms: BTreeMap<String, (u64, Standing)>,
}

impl Doors {
    /// How much was said so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The room's news after the first `count` pieces, if there is any.
    pub(crate) fn since(&self, count: u64, room: &str) -> Option<Standing> {
        let (number, standing) = self.rooms.get(room)?;
        (*number > count).then_some(*standing)
    }

    pub(crate) fn hear(&mut self, room: &str, standing: Standing) {
        self.count += 1;
        self.rooms.insert(room.to_owned(), (self.count, standing));
    }

    /// What a sync says; true when it says something.
    pub(crate) fn take_in(&mut self, updates: &RoomUpdates, own: &str) -> bool {
        let before = self.count;
        for id in updates.knocked.keys() {
            self.hear(id.as_str(), Standing::Knocking);
        }
        for id in updates.invited.keys() {
            self.hear(id.as_str(), Standing::Invited);
        }
        for (id, room) in &updates.left {
            let (State::Before(state) | State::After(state)) = &room.state;
            let state = state.iter().map(|raw| raw.json().get());
            let timeline = room.timeline.events.iter();
            let events = state.chain(timeline.map(|event| event.raw().json().get()));
            self.hear(id.as_str(), departure(events, own));
        }
        self.count != before
    }
}

/// Whose doing it was that the account is not in the room; nobody's, if no event says.
fn departure<'a>(events: impl Iterator<Item = &'a str>, own: &str) -> Standing {
    let read = events.filter_map(|text| parsed::<Value>(text).ok());
    let of_us = |event: &Value| event["type"] == "m.room.member" && event["state_key"] == own;
    match read.filter(of_us).last() {
        Some(event) if event["sender"] != own => Standing::SentAway,
        _ => Standing::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_said_later_is_news() {
        let mut doors = Doors::default();
        doors.hear("!a:hs", Standing::SentAway);
        let before = doors.count();
        assert_eq!(
            doors.since(before, "!a:hs"),
            None,
            "an earlier knock's refusal"
        );
        doors.hear("!b:hs", Standing::Invited);
        assert_eq!(doors.since(before, "!a:hs"), None);
        doors.hear("!a:hs", Standing::Invited);
        assert_eq!(doors.since(before, "!a:hs"), Some(Standing::Invited));
    }

    #[test]
    fn a_refused_knock_is_told_from_one_that_was_taken_back() {
        let member = |sender: &str| {
            format!(
                r#"{{"type":"m.room.member","state_key":"@room:hs","sender":"{sender}","content":{{"membership":"leave"}}}}"#
            )
        };
        let (ours, theirs) = (member("@room:hs"), member("@anna:hs"));
        let of = |events: &[&str]| departure(events.iter().copied(), "@room:hs");
        assert_eq!(of(&[&theirs]), Standing::SentAway);
        assert_eq!(of(&[&theirs, &ours]), Standing::Gone);
        assert_eq!(
            of(&[r#"{"type":"m.room.message","sender":"@anna:hs"}"#, "7"]),
            Standing::Gone
        );
    }
}
