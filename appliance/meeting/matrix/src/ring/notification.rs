//! Calls of meetings that ring: notifications (MSC4075) and how they are declined (MSC4310).

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::heard::RoomEvent;
use crate::legacy::events::Outgoing;

/// The names that clients use today, and those that the proposals reserve.
const NOTIFICATION: [&str; 2] = ["org.matrix.msc4075.rtc.notification", "m.rtc.notification"];
const DECLINE: [&str; 2] = ["org.matrix.msc4310.rtc.decline", "m.rtc.decline"];
/// Longer ones are cut (MSC4075).
const LONGEST: Duration = Duration::from_secs(120);
/// As long as clients let others ring.
const OWN_LIFETIME_MS: u64 = 90_000;

/// Somebody began a call and wants others to come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notification {
    /// Loud, not only a line in the chat.
    pub rings: bool,
    /// For everybody in the room.
    pub room: bool,
    /// For these people.
    pub users: Vec<String>,
    /// With pictures, not only sound.
    pub pictures: bool,
    sender_ts: u64,
    lifetime_ms: u64,
}

#[derive(Deserialize)]
struct Content {
    notification_type: String,
    sender_ts: u64,
    lifetime: u64,
    #[serde(rename = "m.mentions", default)]
    mentions: Mentions,
    #[serde(rename = "m.call.intent")]
    intent: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Mentions {
    user_ids: Vec<String>,
    room: bool,
}

impl Notification {
    /// Reads an event; `None` when it is no notification.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(event: &RoomEvent) -> Option<Result<Self, serde_json::Error>> {
        let of_it = NOTIFICATION.contains(&event.kind.as_str());
        of_it.then(|| {
            let content = Content::deserialize(&event.content)?;
            Ok(Self {
                rings: content.notification_type == "ring",
                room: content.mentions.room,
                users: content.mentions.user_ids,
                pictures: content.intent.as_deref() != Some("audio"),
                sender_ts: content.sender_ts,
                lifetime_ms: content.lifetime,
            })
        })
    }

    /// How long it rings from now on; nothing when it is over. The time on its way to the server
    /// counts, but for a sender whose clock is ahead.
    pub(crate) fn remaining(&self, event: &RoomEvent, now_ms: u64) -> Duration {
        let on_its_way = event.origin_server_ts.saturating_sub(self.sender_ts);
        let gone = event.age_ms(now_ms).saturating_add(on_its_way);
        Duration::from_millis(self.lifetime_ms.saturating_sub(gone)).min(LONGEST)
    }
}

/// The notification that an event declines.
pub(crate) fn declined(event: &RoomEvent) -> Option<&str> {
    let of_it = DECLINE.contains(&event.kind.as_str());
    let relation = &event.content["m.relates_to"];
    let reference = of_it && relation["rel_type"] == "m.reference";
    reference.then(|| relation["event_id"].as_str()).flatten()
}

/// Does not come.
pub(crate) fn decline(notification: &str) -> Outgoing {
    (
        DECLINE[0],
        json!({ "m.relates_to": reference(notification) }),
    )
}

/// Tells the others in a room that its call has begun, without ringing: `member` is the event by
/// which the room is in the call.
pub(crate) fn begun(member: &str, now_ms: u64) -> Outgoing {
    let content = json!({
        "notification_type": "notification",
        "m.mentions": { "user_ids": [], "room": true },
        "m.relates_to": reference(member),
        "sender_ts": now_ms,
        "lifetime": OWN_LIFETIME_MS,
    });
    (NOTIFICATION[0], content)
}

fn reference(event_id: &str) -> Value {
    json!({ "rel_type": "m.reference", "event_id": event_id })
}
