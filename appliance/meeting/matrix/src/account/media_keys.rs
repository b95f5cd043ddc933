//! Hands the keys of encrypted calls on as they come by sync, with the device that sent them.

use matrix_sdk::{
    Client,
    deserialized_responses::{AlgorithmInfo, EncryptionInfo},
    ruma::{events::AnyToDeviceEvent, serde::Raw},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::broadcast;

use crate::rtc::keys::{EVENT_TYPE, KeyEvent, Origin};

#[derive(Deserialize)]
struct ToDevice {
    #[serde(rename = "type")]
    kind: String,
    sender: String,
    content: Value,
}

/// From now on, as long as the client lives. What comes while there is no call is nobody's.
pub(crate) fn listen(client: &Client, calls: &broadcast::Sender<KeyEvent>) {
    let calls = calls.clone();
    client.add_event_handler(
        move |raw: Raw<AnyToDeviceEvent>, encryption: Option<EncryptionInfo>| {
            if let Some(event) = read(raw.json().get(), encryption) {
                let _ = calls.send(event);
            }
            async {}
        },
    );
}

fn read(event: &str, encryption: Option<EncryptionInfo>) -> Option<KeyEvent> {
    let ToDevice {
        kind,
        sender,
        content,
    } = serde_json::from_str(event).ok()?;
    (kind == EVENT_TYPE).then(|| KeyEvent {
        sender,
        origin: encryption.and_then(origin),
        content,
    })
}

fn origin(encryption: EncryptionInfo) -> Option<Origin> {
    let AlgorithmInfo::OlmV1Curve25519AesSha2 {
        curve25519_public_key_base64: curve25519,
    } = encryption.algorithm_info
    else {
        return None;
    };
    let device = encryption.sender_device?.to_string();
    Some(Origin { device, curve25519 })
}
