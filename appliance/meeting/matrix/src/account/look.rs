//! The first look at all rooms, where the store has none: only the state that meetings are made from
//! and nothing of what was said. It is read without matrix-sdk, so that today's meetings stand on the
//! panel before a year of rooms has come with everything that calls need of them (ADR 0019).

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use matrix_sdk::{
    Client, Error,
    config::RequestConfig,
    ruma::{
        OwnedRoomId, UInt,
        api::client::{
            filter::{Filter, FilterDefinition, RoomEventFilter, RoomFilter},
            sync::sync_events::{v3, v5},
        },
        events::{AnySyncStateEvent, StateEventType},
        serde::Raw,
    },
};

use super::{
    open::ANSWER_WITHIN,
    rooms::{CREATE, KINDS, NAME, RoomState},
    surrogates::parsed,
    syncing::POLL,
};
use crate::rtc::StateEvent;

/// The connection of sliding sync; it is not gone on from.
const CONNECTION: &str = "saal-look";
const LIST: &str = "all";
/// Rooms in one answer: a server takes a third of a second for them.
const AT_ONCE: u32 = 200;
/// More than a meeting room is in, for a server that tells of more and more.
const MOST_ROOMS: u32 = 10_000;

/// Rooms as a look finds them, by id.
pub(super) type Seen = BTreeMap<String, Arc<RoomState>>;

/// A look that has begun.
pub(super) struct Look {
    /// Answers that nobody has taken yet.
    found: VecDeque<Seen>,
    /// Where sliding sync goes on; `None` when all is seen.
    more: Option<More>,
}

struct More {
    pos: String,
    from: u32,
}

impl Look {
    /// Begins by sliding sync.
    pub(super) async fn by_sliding(client: &Client) -> Result<Self, Error> {
        let mut look = Self {
            found: VecDeque::new(),
            more: None,
        };
        look.ask(client, None, 0).await?;
        Ok(look)
    }

    /// By `/sync`, all at once.
    pub(super) async fn by_classic(client: &Client) -> Result<Self, Error> {
        let mut request = v3::Request::new();
        request.filter = Some(filter().into());
        request.timeout = Some(Duration::ZERO);
        let answer = client.send(request).with_request_config(patience()).await?;
        let rooms = answer.rooms.join.into_iter().map(|(id, room)| {
            let events = match room.state {
                v3::State::Before(state) | v3::State::After(state) => state.events,
                _ => Vec::new(),
            };
            (id, events)
        });
        Ok(Self {
            found: VecDeque::from([read(rooms)]),
            more: None,
        })
    }

    /// The next rooms; `None` when all were given.
    pub(super) async fn next(&mut self, client: &Client) -> Result<Option<Seen>, Error> {
        if self.found.is_empty()
            && let Some(More { pos, from }) = self.more.take()
        {
            self.ask(client, Some(pos), from).await?;
        }
        Ok(self.found.pop_front())
    }

    async fn ask(&mut self, client: &Client, pos: Option<String>, from: u32) -> Result<(), Error> {
        let mut list = v5::request::List::default();
        let until = from + AT_ONCE;
        list.ranges = vec![(UInt::from(from), UInt::from(until - 1))];
        let every = |kind: &str| (StateEventType::from(kind), "*".to_owned());
        list.room_details.required_state = kinds().map(every).collect();
        let mut request = v5::Request::new();
        request.pos = pos;
        request.conn_id = Some(CONNECTION.to_owned());
        request.timeout = Some(Duration::ZERO);
        request.lists = BTreeMap::from([(LIST.to_owned(), list)]);
        let answer = client.send(request).with_request_config(patience()).await?;
        let rooms = answer.rooms.into_iter();
        self.found
            .push_back(read(rooms.map(|(id, room)| (id, room.required_state))));
        let count = answer.lists.get(LIST).map_or(UInt::MIN, |list| list.count);
        let more = UInt::from(until) < count && until < MOST_ROOMS;
        self.more = more.then_some(More {
            pos: answer.pos,
            from: until,
        });
        Ok(())
    }
}

/// An answer takes as long as it is big.
fn patience() -> RequestConfig {
    let within = POLL + ANSWER_WITHIN;
    RequestConfig::new().disable_retry().timeout(within)
}

fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.into_iter().chain([NAME])
}

fn filter() -> FilterDefinition {
    let mut state = RoomEventFilter::default();
    state.types = Some(kinds().map(str::to_owned).collect());
    let mut room = RoomFilter::default();
    room.state = state;
    room.timeline = RoomEventFilter::ignore_all();
    room.ephemeral = RoomEventFilter::ignore_all();
    room.account_data = RoomEventFilter::ignore_all();
    let mut filter = FilterDefinition::default();
    filter.room = room;
    filter.account_data = Filter::ignore_all();
    filter.presence = Filter::ignore_all();
    filter
}

fn read(rooms: impl Iterator<Item = (OwnedRoomId, Vec<Raw<AnySyncStateEvent>>)>) -> Seen {
    let rooms = rooms.filter_map(|(id, state)| {
        let state = state.iter().map(|raw| raw.json().get());
        let events: Vec<_> = state.filter_map(|text| parsed(text).ok()).collect();
        let room = seen(id.as_str(), &events)?;
        Some((id.to_string(), Arc::new(room)))
    });
    rooms.collect()
}

/// What can be told of a room rightly; the others come with matrix-sdk's sync: invitations, rooms
/// whose name is made of their members', and those that encrypt their state.
fn seen(id: &str, events: &[StateEvent]) -> Option<RoomState> {
    let of = |kind: &str| events.iter().find(|event| event.kind == kind);
    of(CREATE)?;
    let name = of(NAME)?.content["name"].as_str()?;
    let room = RoomState::from_events(id, name.to_owned(), events);
    (!name.is_empty() && !room.encrypts_state).then_some(room)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(kind: &str, content: Value) -> StateEvent {
        let event = json!({ "type": kind, "sender": "@a:hs", "state_key": "", "content": content });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn what_a_look_cannot_tell_rightly_is_left_to_the_sync() {
        let create = || event(CREATE, json!({ "room_version": "11" }));
        let name = |name: &str| event(NAME, json!({ "name": name }));
        let meets = || event("net.nordeck.meetings.metadata", json!({ "title": "Daily" }));
        let encrypts = event(
            "m.room.encryption",
            json!({ "algorithm": "m.megolm.v1.aes-sha2", "io.element.msc4362.encrypt_state_events": true }),
        );
        let daily = seen("!r:hs", &[create(), name("Daily"), meets()]).unwrap();
        assert_eq!(daily.name, "Daily");
        assert!(daily.metadata.is_some());
        assert_eq!(seen("!r:hs", &[name("Invitation"), meets()]), None);
        assert_eq!(seen("!r:hs", &[create(), meets()]), None);
        assert_eq!(seen("!r:hs", &[create(), name(""), meets()]), None);
        assert_eq!(
            seen("!r:hs", &[create(), name("A"), meets(), encrypts]),
            None
        );
    }
}
