//! State that a room keeps encrypted (MSC4362): `m.room.encrypted` events whose state key names
//! type and key of what is in them. matrix-sdk's store keeps them as they came; they are decrypted
//! when the room is read. How the room's own state is encrypted: [`super::state_session`].

use std::collections::BTreeMap;

use matrix_sdk::{
    Client, Room, StateChanges,
    deserialized_responses::RawAnySyncOrStrippedState,
    ruma::{
        events::{AnySyncStateEvent, room::encrypted::OriginalSyncRoomEncryptedEvent},
        serde::Raw,
    },
    sync::{JoinedRoomUpdate, RoomUpdates, State},
};
use serde_json::Value;

use super::surrogates::parsed;
use crate::rtc::StateEvent;

pub(super) const ENCRYPTED: &str = "m.room.encrypted";
/// What a server has to read is never encrypted (MSC4362); who says so lies.
const NEVER: [&str; 5] = [
    "m.room.create",
    "m.room.encryption",
    "m.room.tombstone",
    "m.space.parent",
    ENCRYPTED,
];

/// A room's encrypted state.
#[derive(Default)]
pub(super) struct Unlocked {
    /// All for which there is a key.
    pub(super) events: Vec<StateEvent>,
    /// There is more, whose key has not come.
    pub(super) more: bool,
}

/// Everything in a room's encrypted state for which there is a key.
pub(super) async fn read(room: &Room) -> Result<Unlocked, matrix_sdk::Error> {
    let mut unlocked = Unlocked::default();
    for raw in room.get_state_events(ENCRYPTED.into()).await? {
        let RawAnySyncOrStrippedState::Sync(raw) = raw else {
            continue;
        };
        let encrypted: Raw<OriginalSyncRoomEncryptedEvent> = raw.clone().cast_unchecked();
        let clear = match Box::pin(room.decrypt_event(&encrypted, None)).await {
            Ok(event) if !event.kind.is_utd() => event,
            // Its key comes with a later sync, after which the room is read again.
            _ => {
                unlocked.more = true;
                continue;
            }
        };
        let outer = parsed(raw.json().get());
        let inner = parsed(clear.raw().json().get());
        if let (Ok(outer), Ok(inner)) = (outer, inner) {
            unlocked.events.extend(unpacked(&outer, &inner));
        }
    }
    Ok(unlocked)
}

/// Puts what a sync brought into the store where matrix-sdk did not: it leaves out encrypted state
/// whose key has not come yet.
pub(super) async fn keep(client: &Client, updates: &RoomUpdates) {
    let mut changes = StateChanges::default();
    for (room, update) in &updates.joined {
        let locked = locked(update);
        if !locked.is_empty() {
            let kinds = changes.state.entry(room.clone()).or_default();
            kinds.insert(ENCRYPTED.into(), locked);
        }
    }
    if !changes.state.is_empty()
        && let Err(error) = client.state_store().save_changes(&changes).await
    {
        tracing::warn!(%error, "encrypted state is not kept");
    }
}

/// A room's encrypted state in a sync, the last of each state key, unless that was decrypted.
fn locked(update: &JoinedRoomUpdate) -> BTreeMap<String, Raw<AnySyncStateEvent>> {
    let (state, timeline) = match &update.state {
        State::Before(state) => (state, update.timeline.events.as_slice()),
        // What sliding sync tells of the timeline may be older than the state that it tells.
        State::After(state) => (state, [].as_slice()),
    };
    let timeline = timeline.iter();
    let timeline = timeline.map(|event| event.raw().clone().cast_unchecked());
    let mut locked = BTreeMap::new();
    for raw in state.iter().cloned().chain(timeline) {
        let Some((kind, key)) = place(&raw) else {
            continue;
        };
        if kind == ENCRYPTED {
            locked.insert(key, raw);
        } else {
            locked.remove(&format!("{kind}:{key}"));
        }
    }
    locked
}

/// Type and key of what is state; a timeline has other events too.
fn place(event: &Raw<AnySyncStateEvent>) -> Option<(String, String)> {
    let event: Value = parsed(event.json().get()).ok()?;
    let field = |name: &str| event[name].as_str().map(str::to_owned);
    Some((field("type")?, field("state_key")?))
}

/// The event that was in `outer`; `None` when what is inside is not what it is said to be outside,
/// where the server decides who may send it.
fn unpacked(outer: &Value, inner: &Value) -> Option<StateEvent> {
    let kind = inner["type"].as_str()?;
    let packed = outer["state_key"].as_str()?;
    let key = packed.strip_prefix(kind)?.strip_prefix(':')?;
    let same = inner["state_key"].as_str().is_none_or(|inner| inner == key);
    if !same || NEVER.contains(&kind) {
        return None;
    }
    Some(StateEvent {
        kind: kind.to_owned(),
        event_id: outer["event_id"].as_str()?.to_owned(),
        sender: outer["sender"].as_str()?.to_owned(),
        state_key: key.to_owned(),
        origin_server_ts: outer["origin_server_ts"].as_u64()?,
        content: inner["content"].clone(),
    })
}

#[cfg(test)]
mod tests {
    use matrix_sdk::deserialized_responses::TimelineEvent;
    use serde_json::json;

    use super::*;

    fn outer(state_key: &str) -> Value {
        json!({
            "type": ENCRYPTED, "event_id": "$1", "sender": "@anna:hs", "origin_server_ts": 7,
            "state_key": state_key, "content": {},
        })
    }

    fn inner(kind: &str) -> Value {
        json!({ "type": kind, "sender": "@eve:hs", "content": { "title": "Daily" } })
    }

    #[test]
    fn what_came_without_its_key_is_kept_until_it_is_replaced() {
        let event = |kind: &str, key: &str, id: &str| {
            let event = json!({ "type": kind, "state_key": key, "event_id": id });
            Raw::new(&event).unwrap()
        };
        let before = |key, id| event(ENCRYPTED, key, id).cast_unchecked();
        let said =
            |kind, key, id| TimelineEvent::from_plaintext(event(kind, key, id).cast_unchecked());
        let mut update = JoinedRoomUpdate {
            state: State::Before(vec![
                before("a:", "$1"),
                before("b:", "$2"),
                before("c:", "$3"),
            ]),
            ..JoinedRoomUpdate::default()
        };
        let message = Raw::new(&json!({ "type": ENCRYPTED, "event_id": "$4" })).unwrap();
        let message = TimelineEvent::from_plaintext(message.cast_unchecked());
        // One is replaced by what can't be read either, one by what can.
        let timeline = [message, said(ENCRYPTED, "a:", "$5"), said("b", "", "$6")];
        update.timeline.events.extend(timeline);
        let kept = |update: &JoinedRoomUpdate| -> Vec<String> {
            let locked = locked(update);
            let id = |raw: &Raw<AnySyncStateEvent>| raw.get_field("event_id").unwrap().unwrap();
            locked.values().map(id).collect()
        };
        assert_eq!(kept(&update), ["$5", "$3"]);
        update.state = State::After(vec![before("a:", "$7")]);
        assert_eq!(kept(&update), ["$7"], "the timeline is of the time before");
    }

    #[test]
    fn what_is_inside_is_read_as_what_stands_outside() {
        let event = unpacked(&outer("org.kind:a:b"), &inner("org.kind")).unwrap();
        assert_eq!(
            (event.kind.as_str(), event.state_key.as_str()),
            ("org.kind", "a:b")
        );
        assert_eq!(
            (event.sender.as_str(), event.origin_server_ts),
            ("@anna:hs", 7)
        );
        assert_eq!(event.content["title"], "Daily");
    }

    #[test]
    fn what_lies_about_itself_is_not_read() {
        assert_eq!(unpacked(&outer("org.other:"), &inner("org.kind")), None);
        assert_eq!(unpacked(&outer("org.kind"), &inner("org.kind")), None);
        let mut elsewhere = inner("org.kind");
        elsewhere["state_key"] = "b".into();
        assert_eq!(unpacked(&outer("org.kind:a"), &elsewhere), None);
        for never in NEVER {
            assert_eq!(unpacked(&outer(&format!("{never}:")), &inner(never)), None);
        }
    }
}
