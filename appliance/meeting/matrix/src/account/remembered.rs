//! What was read of each room last, as one piece. matrix-sdk's store keeps a room in a dozen of them
//! and a year of rooms in hundreds; a start shows these, and reads those once the server has answered.

use std::{collections::BTreeMap, sync::Arc};

use matrix_sdk::{Client, Room, StoreError};
use serde::{Deserialize, Serialize};

use super::rooms::{Contents, RoomState};

/// Of the kept form; what has another one is not read.
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    contents: Contents,
}

impl Kept {
    fn read(bytes: &[u8]) -> Option<Contents> {
        let kept: Self = serde_json::from_slice(bytes).ok()?;
        (kept.version == VERSION).then_some(kept.contents)
    }
}

fn key(room: &str) -> Vec<u8> {
    format!("saal.room:{room}").into_bytes()
}

/// Keeps a room in the store of rooms, which is encrypted.
pub(super) async fn keep(room: &Room, contents: Contents) -> Result<(), StoreError> {
    let kept = Kept {
        version: VERSION,
        contents,
    };
    let kept = serde_json::to_vec(&kept)?;
    let (client, key) = (room.client(), key(room.room_id().as_str()));
    let store = client.state_store();
    store.set_custom_value_no_read(&key, kept).await
}

/// Forgets a room that the account has left.
pub(super) async fn forget(client: &Client, room: &str) {
    if let Err(error) = client.state_store().remove_custom_value(&key(room)).await {
        tracing::warn!(room, %error, "a room that was left stays in the store");
    }
}

/// All that the account is in, as far as they are kept.
pub(super) async fn all(client: &Client) -> BTreeMap<String, Arc<RoomState>> {
    let mut rooms = BTreeMap::new();
    for room in client.joined_rooms() {
        let id = room.room_id().as_str();
        let kept = client.state_store().get_custom_value(&key(id)).await;
        let kept = kept.ok().flatten();
        if let Some(contents) = kept.and_then(|bytes| Kept::read(&bytes)) {
            rooms.insert(id.to_owned(), Arc::new(contents.state(id)));
        }
    }
    rooms
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_room_is_read_as_it_was_kept_and_nothing_else_is() {
        let kept = |version: u32| {
            json!({ "version": version, "contents": { "name": "Daily", "locked": true, "events": [{
                "type": "net.nordeck.meetings.metadata", "sender": "@a:hs", "state_key": "",
                "content": { "title": "Daily" },
            }]}})
        };
        let read = |kept: serde_json::Value| Kept::read(kept.to_string().as_bytes());
        let room = read(kept(VERSION)).unwrap().state("!r:hs");
        assert!(room.locked && room.name == "Daily");
        assert_eq!(room.metadata, Some(json!({ "title": "Daily" })));
        assert!(read(kept(VERSION + 1)).is_none());
        let mut more = kept(VERSION);
        more["contents"]["colour"] = "red".into();
        assert!(read(more).is_none());
        assert!(Kept::read(b"{").is_none());
    }
}
