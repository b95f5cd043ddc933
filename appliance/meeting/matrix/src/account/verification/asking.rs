//! Who asks to verify the room, and whether they may.

use std::time::{Duration, SystemTime};

use matrix_sdk::{
    Client, Room,
    encryption::verification::VerificationRequest,
    ruma::{
        MilliSecondsSinceUnixEpoch, OwnedDeviceId, OwnedUserId, TransactionId, UserId,
        api::client::to_device::send_event_to_device::v3::Request as ToDevice,
        events::{
            ToDeviceEventType,
            key::verification::request::ToDeviceKeyVerificationRequestEvent,
            room::message::{MessageType, OriginalSyncRoomMessageEvent},
        },
        serde::Raw,
        to_device::DeviceIdOrAllDevices,
    },
};
use saal_meeting::Verification;
use serde_json::{Value, json};

use super::{Desk, Open, Step};

/// Requests are good for so long (client-server API, `m.key.verification.request`).
const GOOD_FOR: Duration = Duration::from_secs(10 * 60);
const CANCEL: &str = "m.key.verification.cancel";

/// A request as it was sent.
struct Asked {
    sender: OwnedUserId,
    device: OwnedDeviceId,
    /// Transaction, or the event in `room`.
    flow: String,
    /// The chat that it was sent in; `None`: from device to device.
    room: Option<Room>,
    at: MilliSecondsSinceUnixEpoch,
}

impl Desk {
    /// Takes requests from now on.
    pub(crate) fn take_requests(&self, client: &Client) {
        let desk = self.clone();
        client.add_event_handler(
            move |event: ToDeviceKeyVerificationRequestEvent, client: Client| {
                let desk = desk.clone();
                let asked = Asked {
                    sender: event.sender,
                    device: event.content.from_device,
                    flow: event.content.transaction_id.to_string(),
                    room: None,
                    at: event.content.timestamp,
                };
                async move { desk.requested(&client, asked).await }
            },
        );
        let desk = self.clone();
        client.add_event_handler(
            move |event: OriginalSyncRoomMessageEvent, room: Room, client: Client| {
                let (desk, asked) = (desk.clone(), in_chat(event, room));
                async move {
                    if let Some(asked) = asked {
                        desk.requested(&client, asked).await;
                    }
                }
            },
        );
    }

    /// Learns the devices of those who may ask, so that a first request is understood.
    pub(crate) fn learn_verifiers(&self, client: &Client) {
        for user in self.verifiers.iter() {
            let (client, user) = (client.clone(), user.clone());
            tokio::spawn(async move { learn(&client, &user).await });
        }
    }

    async fn requested(&self, client: &Client, asked: Asked) {
        let sender = &asked.sender;
        let own = client.user_id() == Some(sender);
        let request = client.encryption();
        let request = request.get_verification_request(sender, &asked.flow).await;
        if !own && !self.verifiers.contains(sender.as_str()) {
            tracing::warn!(%sender, "somebody who is not in matrix.verifiers asked to verify the room");
            return decline(client, &asked, request).await;
        }
        match request {
            Some(request) => self.ask(client, &asked, request, own).await,
            None if own || asked.is_old() => {
                tracing::warn!(%sender, "a verification that was asked for is over already");
            }
            None => {
                // The next request is understood.
                tracing::warn!(%sender, device = %asked.device,
                    "a device that was not known yet asked to verify the room");
                learn(client, sender.as_str()).await;
                decline(client, &asked, None).await;
            }
        }
    }

    /// Asks people.
    async fn ask(&self, client: &Client, asked: &Asked, request: VerificationRequest, own: bool) {
        let encryption = client.encryption();
        let name = match encryption.get_device(&asked.sender, &asked.device).await {
            Ok(Some(device)) => device.display_name().map(str::to_owned),
            Ok(None) | Err(_) => None,
        };
        let device = name.unwrap_or_else(|| asked.device.to_string());
        let open = Open {
            request: request.clone(),
            step: Step::Asked,
        };
        if let Some(before) = self.open.lock().await.replace(open) {
            before.cancel().await;
        }
        let user = (!own).then(|| asked.sender.to_string());
        tracing::info!(device, user, "somebody asks to verify the room");
        self.say(Some(Verification::Requested { device, user }));
        // On its own: it lasts as long as people take.
        tokio::spawn(self.clone().follow(request));
    }
}

impl Asked {
    fn is_old(&self) -> bool {
        let age = self.at.to_system_time();
        let age = age.and_then(|at| SystemTime::now().duration_since(at).ok());
        age.is_some_and(|age| age > GOOD_FOR)
    }
}

/// A request in a chat, by somebody else and to this account.
fn in_chat(event: OriginalSyncRoomMessageEvent, room: Room) -> Option<Asked> {
    let MessageType::VerificationRequest(content) = event.content.msgtype else {
        return None;
    };
    let to_us = content.to == room.own_user_id() && event.sender != room.own_user_id();
    to_us.then(|| Asked {
        sender: event.sender,
        device: content.from_device,
        flow: event.event_id.to_string(),
        room: Some(room),
        at: event.origin_server_ts,
    })
}

async fn learn(client: &Client, user: &str) {
    let Ok(id) = UserId::parse(user) else {
        return tracing::warn!(user, "matrix.verifiers names no user");
    };
    match client.encryption().request_user_identity(&id).await {
        Ok(Some(_)) => {}
        Ok(None) => tracing::warn!(user, "who may verify the room has no identity yet"),
        Err(error) => tracing::warn!(user, %error, "who may verify the room is not known"),
    }
}

/// Says no; nobody is asked.
async fn decline(client: &Client, asked: &Asked, request: Option<VerificationRequest>) {
    let sent = match (request, &asked.room) {
        (Some(request), _) => request.cancel().await.map_err(|error| error.to_string()),
        (None, _) if asked.is_old() => Ok(()),
        (None, Some(room)) => {
            let about = json!({ "rel_type": "m.reference", "event_id": asked.flow });
            let sent = room.send_raw(CANCEL, no(("m.relates_to", about)));
            let sent = Box::pin(sent.into_future()).await;
            sent.map(drop).map_err(|error| error.to_string())
        }
        (None, None) => to_device(client, asked).await,
    };
    if let Err(error) = sent {
        tracing::warn!(error, "a verification is not declined");
    }
}

fn no((key, about): (&str, Value)) -> Value {
    let mut no =
        json!({ "code": "m.user", "reason": "The room declines. Please try again later." });
    no[key] = about;
    no
}

async fn to_device(client: &Client, asked: &Asked) -> Result<(), String> {
    let content = Raw::new(&no(("transaction_id", json!(asked.flow))));
    let content = content.map_err(|error| error.to_string())?.cast_unchecked();
    let device = DeviceIdOrAllDevices::DeviceId(asked.device.clone());
    let devices = [(device, content)].into_iter().collect();
    let messages = [(asked.sender.clone(), devices)].into_iter().collect();
    let kind = ToDeviceEventType::from(CANCEL);
    let request = ToDevice::new_raw(kind, TransactionId::new(), messages);
    let sent = client.send(request).await;
    sent.map(drop).map_err(|error| error.to_string())
}
