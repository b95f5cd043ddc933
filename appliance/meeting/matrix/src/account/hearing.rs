//! Tells what happens in rooms as it comes by the account's sync: timeline events, decrypted, and
//! members' names. And whom the account ignores.

use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use matrix_sdk::{
    Client,
    deserialized_responses::{TimelineEvent, TimelineEventKind, UnableToDecryptReason},
    room::MessagesOptions,
    ruma::{
        RoomId,
        events::{
            ignored_user_list::IgnoredUserListEventContent,
            room::encrypted::OriginalSyncRoomEncryptedEvent,
        },
        serde::Raw,
    },
    sync::{JoinedRoomUpdate, RoomUpdates, State},
};
use serde_json::Value;
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
    task::JoinHandle,
};

use super::surrogates::parsed;

/// An event whose key is missing is tried again with each sync for this long.
const DECRYPT_WITHIN: Duration = Duration::from_secs(60);
const MOST_LOCKED: usize = 100;
/// How far back a call looks for what was said before.
const HISTORY: u32 = 60;

/// What happened in a room.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    pub room_id: String,
    /// Oldest first.
    pub events: Vec<Value>,
    /// More happened before than the sync brought.
    pub gap: bool,
}

/// Listens until it is dropped.
pub(crate) struct Hearing([JoinHandle<()>; 2]);

impl Drop for Hearing {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl Hearing {
    pub(crate) fn start(
        client: &Client,
        heard: broadcast::Sender<Heard>,
        ignored: watch::Sender<BTreeSet<String>>,
    ) -> Self {
        // Before the next sync, so that nothing is missed.
        let updates = client.subscribe_to_all_room_updates();
        let listening = {
            let client = client.clone();
            tokio::spawn(async move { listen(&client, updates, &heard).await })
        };
        // Not beside the other in one task: each time that one is polled its subscription remembers
        // whom to wake, and forgets none of them before the list changes, which it may never do.
        let client = client.clone();
        let following = tokio::spawn(async move { follow_ignored(&client, &ignored).await });
        Self([listening, following])
    }
}

/// An event that can't be decrypted yet.
struct Locked {
    room_id: String,
    raw: Raw<OriginalSyncRoomEncryptedEvent>,
    since: Instant,
}

async fn listen(
    client: &Client,
    mut updates: broadcast::Receiver<RoomUpdates>,
    heard: &broadcast::Sender<Heard>,
) {
    let mut locked = VecDeque::new();
    loop {
        match updates.recv().await {
            Ok(updates) => {
                unlock(client, &mut locked, heard).await;
                for (room_id, update) in &updates.joined {
                    let room_id = room_id.as_str();
                    let _ = heard.send(read(room_id, update, &mut locked));
                }
            }
            // Whose room it was is not known: every call looks back.
            Err(RecvError::Lagged(_)) => {
                for room in client.joined_rooms() {
                    let _ = heard.send(Heard {
                        room_id: room.room_id().to_string(),
                        events: Vec::new(),
                        gap: true,
                    });
                }
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn read(room_id: &str, update: &JoinedRoomUpdate, locked: &mut VecDeque<Locked>) -> Heard {
    let (State::Before(state) | State::After(state)) = &update.state;
    let mut events: Vec<Value> = state
        .iter()
        .filter_map(|raw| parsed(raw.json().get()).ok())
        .filter(|event: &Value| event["type"] == "m.room.member")
        .collect();
    for event in &update.timeline.events {
        if is_locked(event) {
            let raw = event.raw().clone().cast_unchecked();
            if locked.len() == MOST_LOCKED {
                locked.pop_front();
            }
            locked.push_back(Locked {
                room_id: room_id.to_owned(),
                raw,
                since: Instant::now(),
            });
        } else {
            events.extend(json(event));
        }
    }
    Heard {
        room_id: room_id.to_owned(),
        events,
        gap: update.timeline.limited,
    }
}

fn json(event: &TimelineEvent) -> Option<Value> {
    parsed(event.raw().json().get()).ok()
}

/// A key may still open it. One that was opened and holds what is no JSON, such as half an emoji, is told as it came: that
/// somebody said something is all that there is to know of it.
fn is_locked(event: &TimelineEvent) -> bool {
    const OPENED: UnableToDecryptReason = UnableToDecryptReason::PayloadDeserializationFailure;
    matches!(&event.kind, TimelineEventKind::UnableToDecrypt { utd_info, .. } if utd_info.reason != OPENED)
}

/// Keys come beside the sync that brought the event, or soon after.
async fn unlock(client: &Client, locked: &mut VecDeque<Locked>, heard: &broadcast::Sender<Heard>) {
    for one in std::mem::take(locked) {
        let id = RoomId::parse(&one.room_id).ok();
        let Some(room) = id.and_then(|id| client.get_room(&id)) else {
            continue;
        };
        let event = Box::pin(room.decrypt_event(&one.raw, None)).await.ok();
        match event.filter(|event| !is_locked(event)) {
            Some(event) => {
                let _ = heard.send(Heard {
                    room_id: one.room_id,
                    events: json(&event).into_iter().collect(),
                    gap: false,
                });
            }
            None if one.since.elapsed() < DECRYPT_WITHIN => locked.push_back(one),
            None => {}
        }
    }
}

async fn follow_ignored(client: &Client, ignored: &watch::Sender<BTreeSet<String>>) {
    let mut changes = client.subscribe_to_ignore_user_list_changes();
    let stored = client.account();
    let stored = stored.account_data::<IgnoredUserListEventContent>().await;
    if let Ok(Some(raw)) = stored
        && let Ok(list) = raw.deserialize()
    {
        let users = list.ignored_users.keys();
        ignored.send_replace(users.map(ToString::to_string).collect());
    }
    while let Some(users) = changes.next().await {
        ignored.send_replace(users.into_iter().collect());
    }
}

/// The last events of a room's timeline, oldest first, decrypted as far as keys are there.
pub(crate) async fn history(client: &Client, room_id: &str) -> Result<Vec<Value>, String> {
    let id = RoomId::parse(room_id).map_err(|error| error.to_string())?;
    let room = client.get_room(&id).ok_or("the room is not known yet")?;
    let mut options = MessagesOptions::backward();
    options.limit = HISTORY.into();
    let page = Box::pin(room.messages(options)).await;
    let page = page.map_err(|error| error.to_string())?;
    let told = page.chunk.iter().rev().filter(|event| !is_locked(event));
    Ok(told.filter_map(json).collect())
}
