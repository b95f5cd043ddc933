//! What a joined room holds that meetings are made from.

use std::collections::BTreeMap;

use matrix_sdk::{Room, deserialized_responses::RawAnySyncOrStrippedState};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    encrypted_state::{self, Unlocked},
    surrogates::parsed,
};
use crate::rtc::{
    Device, Member, StateEvent,
    membership::{self, EVENT_TYPE},
    sticky::{self, Book, SLOT_ID, SLOT_TYPE},
};

/// Nordeck's meeting description, the field's only one in room state.
const METADATA: &str = "net.nordeck.meetings.metadata";
const ENCRYPTION: &str = "m.room.encryption";
/// As the SDKs of Element name MSC4362's `encrypt_state_events`.
const ENCRYPTS_STATE: &str = "io.element.msc4362.encrypt_state_events";
pub(super) const NAME: &str = "m.room.name";
/// Element's widgets; those of type `jitsi` say where a room's conference is.
const WIDGET: &str = "im.vector.modular.widgets";
/// The same as the specification's draft names it.
const WIDGET_AS_PROPOSED: &str = "m.widget";
const JITSI: [&str; 2] = ["jitsi", "m.jitsi"];
const TOMBSTONE: &str = "m.room.tombstone";
pub(super) const CREATE: &str = "m.room.create";
/// A room's parents, by their ids.
const PARENT: &str = "m.space.parent";
/// Nordeck's type of rooms that a meeting's people are split into.
const BREAKOUT_SESSION: &str = "net.nordeck.meetings.breakoutsession";
const ALIASES: &str = "m.room.canonical_alias";
/// All that is read of a room's state, but for its name and members.
pub(super) const KINDS: [&str; 10] = [
    CREATE,
    PARENT,
    METADATA,
    WIDGET,
    WIDGET_AS_PROPOSED,
    ENCRYPTION,
    TOMBSTONE,
    ALIASES,
    SLOT_TYPE,
    EVENT_TYPE,
];

/// The room that replaces another one (a room upgrade).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Successor {
    pub room_id: String,
    /// Servers that know it.
    pub via: Vec<String>,
}

/// One joined room.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RoomState {
    /// What people call it; any Unicode, any length.
    pub name: String,
    /// Content of its meeting description, unread.
    pub metadata: Option<Value>,
    /// Its aliases, as its members name them.
    pub aliases: Vec<String>,
    /// Nothing more happens in it: it was replaced, or its meeting was cancelled.
    pub closed: bool,
    /// The room that replaces it.
    pub replaced_by: Option<Successor>,
    /// The room of the meeting that this one is a breakout session of.
    pub breakout_of: Option<String>,
    /// Contents of its Jitsi widgets, unread.
    pub jitsi_widgets: Vec<Value>,
    /// Calls in it are encrypted.
    pub encrypted: bool,
    /// So is its state (MSC4362).
    pub encrypts_state: bool,
    /// Some of its state is encrypted with keys that have not come.
    pub locked: bool,
    /// Everybody in its call by state events, expired ones and ourselves too.
    pub members: Vec<Member>,
    /// Sticky memberships do not count: the room's call was closed.
    pub slot_closed: bool,
}

impl RoomState {
    /// Everybody in its call by state and by sticky events, expired ones and ourselves too.
    pub(crate) fn everybody(&self, sticky: Option<&Book>) -> Vec<Member> {
        let sticky = sticky.filter(|_| !self.slot_closed);
        let mut all = self.members.clone();
        all.extend(sticky.into_iter().flat_map(Book::members));
        all
    }

    /// How many devices of others are in the call now.
    pub(crate) fn in_call(&self, sticky: Option<&Book>, own: &Device, now_ms: u64) -> u32 {
        let everybody = self.everybody(sticky);
        let active = membership::active(&everybody, now_ms);
        let others = active.iter().filter(|member| member.device != *own).count();
        u32::try_from(others).unwrap_or(u32::MAX)
    }

    /// From raw state; what can't be read is skipped with a line in the log.
    pub(crate) fn from_events(room: &str, name: String, events: &[StateEvent]) -> Self {
        let mut state = Self {
            name,
            ..Self::default()
        };
        let mut breakout = false;
        for event in events {
            match event.kind.as_str() {
                METADATA if event.content.as_object().is_some_and(|o| !o.is_empty()) => {
                    state.metadata = Some(event.content.clone());
                }
                ENCRYPTION => {
                    state.encrypted = true;
                    state.encrypts_state = event.content[ENCRYPTS_STATE] == true;
                }
                WIDGET | WIDGET_AS_PROPOSED
                    if JITSI.iter().any(|kind| event.content["type"] == *kind) =>
                {
                    state.jitsi_widgets.push(event.content.clone());
                }
                TOMBSTONE => {
                    state.closed = true;
                    state.replaced_by = successor(event);
                }
                CREATE => breakout = event.content["type"] == BREAKOUT_SESSION,
                // A parent that was taken back has nothing in it.
                PARENT if event.content["via"].is_array() => {
                    state.breakout_of.get_or_insert(event.state_key.clone());
                }
                ALIASES => state.aliases = aliases(&event.content),
                SLOT_TYPE if event.state_key == SLOT_ID => {
                    state.slot_closed = sticky::closes_slot(&event.content);
                }
                EVENT_TYPE => match membership::parse(event) {
                    Ok(members) => state.members.extend(members),
                    Err(reason) => tracing::warn!(
                        room,
                        kind = %event.kind,
                        sender = %event.sender,
                        %reason,
                        "skipped a state event"
                    ),
                },
                _ => {}
            }
        }
        state.breakout_of = state.breakout_of.filter(|_| breakout);
        state
    }
}

/// What a room holds, as it was read.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contents {
    name: String,
    events: Vec<StateEvent>,
    /// Some of its state is encrypted with keys that have not come.
    locked: bool,
}

impl Contents {
    /// From matrix-sdk's store.
    pub(super) async fn read(room: &Room) -> Result<Self, matrix_sdk::Error> {
        let mut events = Vec::new();
        for kind in KINDS {
            for raw in room.get_state_events(kind.into()).await? {
                let json = match &raw {
                    RawAnySyncOrStrippedState::Sync(raw) => raw.json(),
                    RawAnySyncOrStrippedState::Stripped(raw) => raw.json(),
                };
                match parsed(json.get()) {
                    Ok(event) => events.push(event),
                    Err(reason) => tracing::warn!(
                        room = %room.room_id(), kind, %reason, "skipped a state event"
                    ),
                }
            }
        }
        let Unlocked {
            events: more,
            more: locked,
        } = encrypted_state::read(room).await?;
        let name = more.iter().find(|event| event.kind == NAME);
        let name = match name.and_then(named) {
            Some(name) => Some(name),
            None => stored_name(room).await?,
        };
        let name = match (name, room.display_name().await) {
            (Some(name), _) => name,
            (None, Ok(name)) => name.to_string(),
            (None, Err(_)) => room.room_id().to_string(),
        };
        let mut events = newest(events.into_iter().chain(more));
        events.retain(|event| !is_over(event));
        Ok(Self {
            name,
            events,
            locked,
        })
    }

    pub(super) fn state(&self, room: &str) -> RoomState {
        RoomState {
            locked: self.locked,
            ..RoomState::from_events(room, self.name.clone(), &self.events)
        }
    }
}

/// What a room is called by its event of that.
fn named(event: &StateEvent) -> Option<String> {
    let name = event.content["name"].as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// As it came: matrix-sdk reads none that has half an emoji in it.
async fn stored_name(room: &Room) -> Result<Option<String>, matrix_sdk::Error> {
    let stored = room.get_state_event(NAME.into(), "").await?;
    let event = stored.and_then(|raw| match raw {
        RawAnySyncOrStrippedState::Sync(raw) => parsed(raw.json().get()).ok(),
        RawAnySyncOrStrippedState::Stripped(raw) => parsed(raw.json().get()).ok(),
    });
    Ok(event.as_ref().and_then(named))
}

/// A membership that has ended; a year leaves many.
fn is_over(event: &StateEvent) -> bool {
    let empty = event.content.as_object().is_some_and(Map::is_empty);
    event.kind == EVENT_TYPE && empty
}

/// Of each type and key what was said last: a room that encrypts its state now has older events that
/// are not.
fn newest(events: impl Iterator<Item = StateEvent>) -> Vec<StateEvent> {
    let mut newest: BTreeMap<(String, String), StateEvent> = BTreeMap::new();
    for event in events {
        let key = (event.kind.clone(), event.state_key.clone());
        let known = newest.get(&key).map(|known| known.origin_server_ts);
        if known.is_none_or(|known| known <= event.origin_server_ts) {
            newest.insert(key, event);
        }
    }
    newest.into_values().collect()
}

/// Whoever closed the room knows the one that replaces it.
fn successor(event: &StateEvent) -> Option<Successor> {
    let room_id = event.content["replacement_room"].as_str()?.to_owned();
    let server = |id: &str| id.split_once(':').map(|(_, server)| server.to_owned());
    let named = [server(&event.sender), server(&room_id)];
    let mut via: Vec<String> = named.into_iter().flatten().collect();
    via.dedup();
    room_id
        .starts_with('!')
        .then_some(Successor { room_id, via })
}

fn aliases(content: &Value) -> Vec<String> {
    let more = content["alt_aliases"].as_array().into_iter().flatten();
    let all = std::iter::once(&content["alias"]).chain(more);
    all.filter_map(|alias| alias.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, content: Value) -> StateEvent {
        StateEvent {
            kind: kind.into(),
            event_id: String::new(),
            sender: "@a:hs".into(),
            state_key: String::new(),
            origin_server_ts: 1000,
            content,
        }
    }

    #[test]
    fn a_malformed_membership_hides_nothing_else() {
        let good = json!({ "application": "m.call", "device_id": "A", "expires": 100 });
        let events = [
            event(EVENT_TYPE, json!({ "application": 7 })),
            event(EVENT_TYPE, good),
            event(METADATA, json!({ "title": "Daily" })),
        ];
        let state = RoomState::from_events("!r:hs", "Room".into(), &events);
        let own = Device {
            user: "@room:hs".into(),
            device: "R".into(),
        };
        assert_eq!(state.in_call(None, &own, 1050), 1);
        assert_eq!(state.in_call(None, &own, 1100), 0, "it expired");
        assert_eq!(state.metadata, Some(json!({ "title": "Daily" })));
        assert!(!state.encrypted);
    }

    #[test]
    fn a_replaced_room_names_the_next_one_and_who_knows_it() {
        let tombstone = |content: Value| {
            let event = event(TOMBSTONE, content);
            RoomState::from_events("!r:hs", String::new(), &[event])
        };
        let state = tombstone(json!({ "body": "moved", "replacement_room": "!new:other" }));
        let next = state.replaced_by.unwrap();
        assert_eq!(
            (next.room_id.as_str(), next.via),
            ("!new:other", vec!["hs".into(), "other".into()])
        );
        for cancelled in [
            json!({}),
            json!({ "replacement_room": 7 }),
            json!({ "replacement_room": "#a:hs" }),
        ] {
            let state = tombstone(cancelled);
            assert!(state.closed && state.replaced_by.is_none());
        }
    }

    #[test]
    fn a_rooms_aliases_are_read_and_widgets_by_either_name() {
        let named = json!({ "alias": "#a:hs", "alt_aliases": ["#b:hs", 7] });
        let events = [
            event(ALIASES, named),
            event(WIDGET, json!({ "type": "jitsi", "data": 1 })),
            event(WIDGET_AS_PROPOSED, json!({ "type": "m.jitsi", "data": 2 })),
            event(WIDGET, json!({ "type": "m.custom" })),
        ];
        let state = RoomState::from_events("!r:hs", String::new(), &events);
        assert_eq!(state.aliases, ["#a:hs", "#b:hs"]);
        assert_eq!(state.jitsi_widgets.len(), 2);
    }

    #[test]
    fn only_a_breakout_session_belongs_to_its_parent() {
        let parent = |content: Value| StateEvent {
            state_key: "!main:hs".into(),
            ..event(PARENT, content)
        };
        let there = parent(json!({ "via": ["hs"] }));
        let of = |kind: &str, parent: &StateEvent| {
            let create = event(CREATE, json!({ "type": kind }));
            RoomState::from_events("!r:hs", String::new(), &[parent.clone(), create]).breakout_of
        };
        assert_eq!(of(BREAKOUT_SESSION, &there).as_deref(), Some("!main:hs"));
        assert_eq!(of(BREAKOUT_SESSION, &parent(json!({}))), None);
        assert_eq!(of("net.nordeck.meetings.meeting", &there), None);
    }

    #[test]
    fn of_what_stands_clear_and_encrypted_the_later_counts() {
        let at = |ts, title| StateEvent {
            origin_server_ts: ts,
            ..event(METADATA, json!({ "title": title }))
        };
        let both = [at(5, "old"), at(9, "new"), at(7, "between")];
        let state = RoomState::from_events("!r:hs", String::new(), &newest(both.into_iter()));
        assert_eq!(state.metadata, Some(json!({ "title": "new" })));
    }

    #[test]
    fn our_own_device_is_not_counted() {
        let ours = json!({ "application": "m.call", "device_id": "R", "expires": 100 });
        let state = RoomState::from_events("!r:hs", String::new(), &[event(EVENT_TYPE, ours)]);
        let own = Device {
            user: "@a:hs".into(),
            device: "R".into(),
        };
        assert_eq!(state.in_call(None, &own, 1050), 0);
    }
}
