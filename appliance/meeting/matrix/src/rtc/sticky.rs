//! Call membership as sticky events: `org.matrix.msc4143.rtc.member` (MSC4143), which the home
//! server gives to everybody in the room until it expires (MSC4354).
//!
//! [`Book`] keeps what stands of them. Two builds of the js-sdk name the media servers differently
//! (`rtc_transports`, then `transports.published`): both are read, and ours has both.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    Device, Member,
    membership::{FocusChoice, Malformed},
    transports::livekit_service_url,
};

/// The event's type.
pub(crate) const EVENT_TYPE: &str = "org.matrix.msc4143.rtc.member";
/// The one call of a room (MSC4143).
pub(crate) const SLOT_ID: &str = "m.call#ROOM";
/// State that can close a slot: sticky memberships count no more then (MSC4143).
pub(crate) const SLOT_TYPE: &str = "org.matrix.msc4143.rtc.slot";
/// How long a membership stands unless it is sent again: the longest that servers allow (MSC4354).
pub(crate) const DURATION_MS: u64 = 60 * 60 * 1000;
/// Whatever is sent, a room's book does not grow beyond this.
const MOST_IN_A_ROOM: usize = 500;

/// A sticky event as the home server delivers it, decrypted.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct StickyEvent {
    #[serde(rename = "type")]
    pub kind: String,
    pub event_id: String,
    pub sender: String,
    pub origin_server_ts: u64,
    #[serde(default)]
    pub content: Value,
    #[serde(default, rename = "msc4354_sticky")]
    pub sticky: Option<Sticky>,
    #[serde(default)]
    unsigned: Unsigned,
}

/// That an event is sticky, beside its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Sticky {
    duration_ms: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
struct Unsigned {
    /// What is left of it, by the home server's clock.
    #[serde(rename = "msc4354_sticky_duration_ttl_ms")]
    ttl_ms: Option<u64>,
}

impl StickyEvent {
    /// Until when it counts, ms since 1970; `None` when it is not sticky.
    fn expires_ms(&self, now_ms: u64) -> Option<u64> {
        let duration_ms = self.sticky?.duration_ms.min(DURATION_MS);
        Some(match self.unsigned.ttl_ms {
            // No clock but our own.
            Some(left) => now_ms.saturating_add(left.min(duration_ms)),
            None => self
                .origin_server_ts
                .min(now_ms)
                .saturating_add(duration_ms),
        })
    }

    fn key(&self) -> Option<(String, String)> {
        let content = self.content.as_object()?;
        let key = content
            .get("msc4354_sticky_key")
            .or_else(|| content.get("sticky_key"))?;
        Some((self.sender.clone(), key.as_str()?.to_owned()))
    }
}

/// A member's name on a media server: unpadded base64 of the SHA-256 of the JSON array of user,
/// device and `member.id` (MSC4195).
pub(crate) fn identity(device: &Device, member_id: &str) -> String {
    let array = json!([device.user, device.device, member_id]).to_string();
    BASE64_STANDARD_NO_PAD.encode(Sha256::digest(array))
}

/// Content of our membership (as Element Call's mode matrix_2_0 sends it).
pub(crate) fn content(own: &Device, member_id: &str, focus: &str) -> Value {
    let transports = json!([{ "type": "livekit", "livekit_service_url": focus }]);
    json!({
        "application": { "type": "m.call", "m.call.intent": "video" },
        "slot_id": SLOT_ID,
        "transports": { "published": transports, "can_subscribe": ["livekit"] },
        "rtc_transports": transports,
        "member": { "id": member_id, "device_id": own.device, "user_id": own.user },
        "versions": [],
        "msc4354_sticky_key": member_id,
    })
}

/// Content that takes it back.
pub(crate) fn left(member_id: &str) -> Value {
    json!({ "msc4354_sticky_key": member_id })
}

/// True when state of type [`SLOT_TYPE`] says that the room has no call.
pub(crate) fn closes_slot(content: &Value) -> bool {
    content.get("status").and_then(Value::as_str) != Some("open")
        || content["application"]["type"] != "m.call"
}

/// The member that an event names; `None` when it says "left" or is about another slot.
fn parse(event: &StickyEvent, expires_ms: u64) -> Result<Option<Member>, Malformed> {
    let content = event.content.as_object().ok_or(Malformed::NotAnObject)?;
    let Some(application) = content.get("application") else {
        return Ok(None);
    };
    if application["type"] != "m.call" {
        let kind = application["type"].as_str().unwrap_or_default();
        return Err(Malformed::Application(kind.to_owned()));
    }
    match content.get("slot_id").and_then(Value::as_str) {
        Some(SLOT_ID) => {}
        Some(_) => return Ok(None),
        None => return Err(Malformed::Field("slot_id")),
    }
    let member = content.get("member").ok_or(Malformed::Field("member"))?;
    let field = |name, field| member.get(name).and_then(Value::as_str).ok_or(field);
    // Nobody speaks for another.
    if field("user_id", Malformed::Field("member.user_id"))? != event.sender {
        return Err(Malformed::Field("member.user_id"));
    }
    let device = Device {
        user: event.sender.clone(),
        device: field("device_id", Malformed::Field("member.device_id"))?.to_owned(),
    };
    let id = field("id", Malformed::Field("member.id"))?.to_owned();
    let transports = content.get("transports").and_then(|t| t.get("published"));
    let transports = transports.or_else(|| content.get("rtc_transports"));
    let transports = transports
        .and_then(Value::as_array)
        .ok_or(Malformed::Field("transports.published"))?;
    Ok(Some(Member {
        identity: identity(&device, &id),
        device,
        event_id: event.event_id.clone(),
        sticky_id: Some(id),
        created_ms: event.origin_server_ts,
        expires_ms,
        focus: transports.iter().find_map(livekit_service_url),
        choice: FocusChoice::Own,
    }))
}

/// The sticky memberships of one room.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Book(BTreeMap<(String, String), (StickyEvent, u64)>);

impl Book {
    /// Takes an event in; true when that changed anything. Of two with one key the later one
    /// counts, of two of one time the one with the larger id (MSC4354).
    pub(crate) fn enter(&mut self, event: StickyEvent, now_ms: u64) -> bool {
        let (Some(key), Some(expires_ms)) = (event.key(), event.expires_ms(now_ms)) else {
            return false;
        };
        self.0.retain(|_, (_, expires_ms)| *expires_ms > now_ms);
        let age = |event: &StickyEvent| (event.origin_server_ts, event.event_id.clone());
        let late = self
            .0
            .get(&key)
            .is_some_and(|(known, _)| age(known) >= age(&event));
        let full = !self.0.contains_key(&key) && self.0.len() >= MOST_IN_A_ROOM;
        if event.kind != EVENT_TYPE || expires_ms <= now_ms || late || full {
            return false;
        }
        self.0.insert(key, (event, expires_ms));
        true
    }

    /// Everybody that it names, expired ones too; what can't be read is passed over.
    pub(crate) fn members(&self) -> Vec<Member> {
        let member = |(event, expires_ms): &(StickyEvent, u64)| match parse(event, *expires_ms) {
            Ok(member) => member,
            Err(reason) => {
                tracing::debug!(sender = %event.sender, %reason, "skipped a sticky membership");
                None
            }
        };
        self.0.values().filter_map(member).collect()
    }
}

#[cfg(test)]
mod tests;
