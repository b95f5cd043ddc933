//! Key events as Element Call sends them: to-device, Olm-encrypted.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::KeyBytes;
use crate::rtc::Device;

/// The to-device event's type.
pub(crate) const EVENT_TYPE: &str = "io.element.call.encryption_keys";

/// Longer keys are somebody's mistake; clients make 16 bytes.
const LONGEST_KEY: usize = 256;

/// Clients write base64 with padding and without.
const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The parts of a key event that matter here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub room_id: String,
    /// The device that the sender says it is.
    pub claimed_device: String,
    pub index: u8,
    pub key: KeyBytes,
    /// Milliseconds since 1970 by the sender's clock.
    pub sent_ms: u64,
}

/// A key event that can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("{0}")]
    Field(String),
    #[error("the key is no base64 of 1 to 256 bytes")]
    Key,
    #[error("the key is for the application {0:?}, not for a call")]
    Application(String),
}

#[derive(Deserialize)]
struct Content {
    keys: Keys,
    room_id: String,
    member: Member,
    #[serde(default)]
    session: Option<Session>,
    sent_ts: u64,
}

#[derive(Deserialize)]
struct Keys {
    /// 0 to 255.
    index: u8,
    key: String,
}

#[derive(Deserialize)]
struct Member {
    claimed_device_id: String,
}

#[derive(Deserialize)]
struct Session {
    application: String,
}

/// What this room sends. `member_id` is what its membership event says.
pub(crate) fn content(
    own: &Device,
    member_id: &str,
    room_id: &str,
    index: u8,
    key: &KeyBytes,
    now_ms: u64,
) -> Value {
    json!({
        "keys": { "index": index, "key": BASE64_STANDARD.encode(&key.0) },
        "room_id": room_id,
        "member": { "claimed_device_id": own.device, "id": member_id },
        "session": { "call_id": "", "application": "m.call", "scope": "m.room" },
        "sent_ts": now_ms,
    })
}

/// Reads a key event's content; what newer clients add is ignored.
pub(super) fn parse(content: &Value) -> Result<Sent, Malformed> {
    let content = Content::deserialize(content).map_err(|e| Malformed::Field(e.to_string()))?;
    if let Some(session) = content.session
        && session.application != "m.call"
    {
        return Err(Malformed::Application(session.application));
    }
    let key = ANY_PADDING
        .decode(&content.keys.key)
        .ok()
        .filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    Ok(Sent {
        room_id: content.room_id,
        claimed_device: content.member.claimed_device_id,
        index: content.keys.index,
        key: KeyBytes(key.ok_or(Malformed::Key)?),
        sent_ms: content.sent_ts,
    })
}
