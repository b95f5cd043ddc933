//! State that a room keeps encrypted (MSC4362): `m.room.encrypted` events whose state key names
//! type and key of what is in them. matrix-sdk's store keeps them as they came; they are decrypted
//! when the room is read.

use matrix_sdk::{
    Room,
    deserialized_responses::RawAnySyncOrStrippedState,
    ruma::{events::room::encrypted::OriginalSyncRoomEncryptedEvent, serde::Raw},
};
use serde_json::Value;

use crate::rtc::StateEvent;

const ENCRYPTED: &str = "m.room.encrypted";
/// What a server has to read is never encrypted (MSC4362); who says so lies.
const NEVER: [&str; 5] = [
    "m.room.create",
    "m.room.encryption",
    "m.room.tombstone",
    "m.space.parent",
    ENCRYPTED,
];

/// Everything in a room's encrypted state for which there is a key.
pub(super) async fn read(room: &Room) -> Result<Vec<StateEvent>, matrix_sdk::Error> {
    let mut events = Vec::new();
    for raw in room.get_state_events(ENCRYPTED.into()).await? {
        let RawAnySyncOrStrippedState::Sync(raw) = raw else {
            continue;
        };
        let encrypted: Raw<OriginalSyncRoomEncryptedEvent> = raw.clone().cast_unchecked();
        let clear = match Box::pin(room.decrypt_event(&encrypted, None)).await {
            Ok(event) if !event.kind.is_utd() => event,
            // Its key comes with a later sync, after which the room is read again.
            _ => continue,
        };
        let outer = serde_json::from_str(raw.json().get());
        let inner = serde_json::from_str(clear.raw().json().get());
        if let (Ok(outer), Ok(inner)) = (outer, inner) {
            events.extend(unpacked(&outer, &inner));
        }
    }
    Ok(events)
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
