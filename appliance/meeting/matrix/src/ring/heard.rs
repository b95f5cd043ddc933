//! What rooms say about calls, as the account's sync brings it, decrypted where it can be.

use std::collections::BTreeSet;

use matrix_sdk::{
    Client, Room,
    ruma::{RoomId, UserId},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{
    broadcast::{self, error::RecvError},
    mpsc, watch,
};

use crate::account;

/// An event about calls.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    pub room_id: String,
    /// What people call the room; any Unicode, any length.
    pub room_name: String,
    /// How many are in the room.
    pub members: u64,
    /// What people call the sender.
    pub sender_name: String,
    pub event: RoomEvent,
}

/// An event of a room's timeline.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct RoomEvent {
    pub event_id: String,
    pub sender: String,
    pub origin_server_ts: u64,
    #[serde(rename = "type")]
    pub kind: String,
    pub content: Value,
    #[serde(default)]
    unsigned: Unsigned,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
struct Unsigned {
    age: Option<i64>,
}

impl RoomEvent {
    /// How long ago it was sent, in milliseconds: by the server's clock where it says so, which the
    /// sender can't set.
    pub(crate) fn age_ms(&self, now_ms: u64) -> u64 {
        match self.unsigned.age {
            Some(age) => u64::try_from(age).unwrap_or(0),
            None => now_ms.saturating_sub(self.origin_server_ts),
        }
    }

    /// The server that answers for the sender.
    pub(crate) fn server(&self) -> &str {
        self.sender.split_once(':').map_or("", |(_, server)| server)
    }
}

/// Whether events of this type are about calls.
fn is_of_interest(kind: &str) -> bool {
    let families = [
        "m.call.",
        "org.matrix.call.",
        "m.rtc.",
        "org.matrix.msc4075.rtc.",
        "org.matrix.msc4310.rtc.",
    ];
    families.iter().any(|family| kind.starts_with(family))
}

/// Passes on what is about calls, in order, until the account ends.
pub(crate) async fn listen(
    client: watch::Receiver<Option<Client>>,
    ignored: watch::Receiver<BTreeSet<String>>,
    mut rooms: broadcast::Receiver<account::Heard>,
    heard: mpsc::UnboundedSender<Heard>,
) {
    loop {
        let update = match rooms.recv().await {
            Ok(update) => update,
            Err(RecvError::Lagged(syncs)) => {
                tracing::warn!(syncs, "a call to the room may have been missed");
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        for event in update.events {
            let kind = event["type"].as_str().unwrap_or_default();
            let sender = event["sender"].as_str().unwrap_or_default();
            if !is_of_interest(kind) || ignored.borrow().contains(sender) {
                continue;
            }
            let room = RoomId::parse(&update.room_id).ok();
            let client = client.borrow().clone();
            let room = client
                .zip(room)
                .and_then(|(client, id)| client.get_room(&id));
            match (serde_json::from_value(event), room) {
                (Ok(event), Some(room)) => drop(heard.send(Box::pin(place(&room, event)).await)),
                (Err(reason), _) => {
                    tracing::warn!(room = update.room_id, %reason, "skipped a call event");
                }
                (Ok(_), None) => {}
            }
        }
    }
}

async fn place(room: &Room, event: RoomEvent) -> Heard {
    let room_id = room.room_id().to_string();
    let room_name = match room.display_name().await {
        Ok(name) => name.to_string(),
        Err(_) => room_id.clone(),
    };
    Heard {
        room_id,
        room_name,
        members: room.joined_members_count(),
        sender_name: name_of(room, &event.sender).await,
        event,
    }
}

/// The name in this room; the local part of the id where there is none.
async fn name_of(room: &Room, user: &str) -> String {
    let local = || {
        let local = user.trim_start_matches('@').split(':').next();
        local.unwrap_or(user).to_owned()
    };
    let Ok(id) = UserId::parse(user) else {
        return local();
    };
    match room.get_member_no_sync(&id).await {
        Ok(Some(member)) => member.display_name().map_or_else(local, ToOwned::to_owned),
        _ => local(),
    }
}
