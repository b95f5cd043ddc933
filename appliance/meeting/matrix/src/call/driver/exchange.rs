//! Keys of encrypted calls on their way: sent to devices that their owners signed, and the question
//! whose a device is (MSC4153).

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use matrix_sdk::{
    Client, Room,
    encryption::identities::Device as KnownDevice,
    ruma::{DeviceId, OwnedUserId, RoomId, UserId, serde::Raw},
};
use serde_json::Value;
use tokio::sync::{broadcast::error::RecvError, watch};

use super::{Driver, Input};
use crate::rtc::{
    Device,
    keys::{self, Generation, KeyBytes, VouchId},
};

/// The account opens its store when the daemon starts; a call may come before that is done.
const CLIENT_WITHIN: Duration = Duration::from_secs(10);
/// On a first start, rooms come by and by; those of a year come within this.
const ROOM_WITHIN: Duration = Duration::from_secs(60);
const NOT_SIGNED_IN: &str = "the room's account is not signed in";

impl Driver {
    /// Has the account follow the device lists of the room's members.
    pub(super) fn track_devices(&mut self) {
        let (client, room) = (self.environment.client.clone(), self.call_room.clone());
        self.tasks.spawn(async move {
            let room_id = room.room_id.as_str().try_into();
            let (Some(client), Ok(room_id)) = (ready(client).await, room_id) else {
                return;
            };
            if let Some(room) = known(&client, room_id).await
                && let Err(error) = Box::pin(room.sync_members()).await
            {
                tracing::warn!(%error, "can't follow the devices of the room's members");
            }
        });
    }

    pub(super) fn send_key(
        &mut self,
        generation: Generation,
        index: u8,
        key: &KeyBytes,
        to: Vec<Device>,
    ) {
        let content = self.machine.key_content(index, key, crate::unix_ms());
        let (client, inputs) = (self.environment.client.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            let failed = match ready(client).await {
                Some(client) => Box::pin(send(&client, &content, &to)).await,
                None => to.clone(),
            };
            let _ = inputs.send(Input::KeySent {
                generation,
                to,
                failed,
            });
        });
    }

    pub(super) fn vouch(&mut self, id: VouchId, device: Device, curve25519: String) {
        let (client, inputs) = (self.environment.client.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            let doubt = match ready(client).await {
                Some(client) => Box::pin(doubt(&client, &device, &curve25519)).await,
                None => Some(NOT_SIGNED_IN.to_owned()),
            };
            let _ = inputs.send(Input::Vouched { id, doubt });
        });
    }
}

/// The room, as soon as the account's sync has told of it.
async fn known(client: &Client, id: &RoomId) -> Option<Room> {
    let mut updates = client.subscribe_to_all_room_updates();
    let coming = async {
        loop {
            if let Some(room) = client.get_room(id) {
                return Some(room);
            }
            if let Err(RecvError::Closed) = updates.recv().await {
                return None;
            }
        }
    };
    tokio::time::timeout(ROOM_WITHIN, coming).await.ok()?
}

async fn ready(mut client: watch::Receiver<Option<Client>>) -> Option<Client> {
    let opened = tokio::time::timeout(CLIENT_WITHIN, client.wait_for(Option::is_some));
    opened.await.ok()?.ok()?.clone()
}

/// Sends at once to whom it can, then to those whose device lists have to be asked for; who did not
/// get it.
async fn send(client: &Client, content: &Value, to: &[Device]) -> Vec<Device> {
    let (known, unknown) = sort(client, to).await;
    let mut failed = deliver(client, content, known).await;
    if unknown.is_empty() {
        return failed;
    }
    let unknown: Vec<Device> = unknown.into_iter().map(|(device, _)| device).collect();
    refresh(client, &unknown).await;
    let (known, unknown) = sort(client, &unknown).await;
    failed.extend(deliver(client, content, known).await);
    for (device, reason) in unknown {
        tracing::warn!(device = %device.identity(), reason, "a device gets no key of this room's media");
        failed.push(device);
    }
    failed
}

type Sorted = (Vec<KnownDevice>, Vec<(Device, String)>);

/// Devices that may have keys, and the others with what is wrong.
async fn sort(client: &Client, devices: &[Device]) -> Sorted {
    let mut sorted = Sorted::default();
    for device in devices {
        match signed(client, device).await {
            Ok(known) => sorted.0.push(known),
            Err(reason) => sorted.1.push((device.clone(), reason)),
        }
    }
    sorted
}

async fn deliver(client: &Client, content: &Value, to: Vec<KnownDevice>) -> Vec<Device> {
    if to.is_empty() {
        return Vec::new();
    }
    let all = || {
        to.iter()
            .map(|device| name(device.user_id(), device.device_id()))
    };
    let Ok(raw) = Raw::new(content) else {
        return all().collect();
    };
    // The strategy that asks no more: only devices with their owner's signature came this far.
    let encryption = client.encryption();
    let sent = encryption.encrypt_and_send_raw_to_device(
        to.iter().collect(),
        keys::EVENT_TYPE,
        raw.cast_unchecked(),
        Default::default(),
    );
    match Box::pin(sent).await {
        Ok(failed) => {
            let failed = failed.iter().map(|(user, device)| name(user, device));
            failed.inspect(not_reached).collect()
        }
        Err(error) => {
            tracing::warn!(%error, "a key of this room's media was not sent");
            all().collect()
        }
    }
}

fn not_reached(device: &Device) {
    tracing::warn!(device = %device.identity(), "a device could not be reached with a key");
}

fn name(user: &UserId, device: &DeviceId) -> Device {
    Device {
        user: user.to_string(),
        device: device.to_string(),
    }
}

/// Asks the homeserver for these devices' lists.
async fn refresh(client: &Client, devices: &[Device]) {
    let users = devices.iter().map(|device| device.user.as_str());
    let users: BTreeSet<OwnedUserId> = users.filter_map(|user| user.try_into().ok()).collect();
    let ask = async |user: OwnedUserId| {
        let asked = client.encryption().request_user_identity(&user).await;
        if let Err(error) = asked {
            tracing::warn!(%user, %error, "can't get somebody's devices");
        }
    };
    join_all(users.into_iter().map(|user| Box::pin(ask(user)))).await;
}

/// The device, when its owner signed it; else what is wrong.
async fn signed(client: &Client, device: &Device) -> Result<KnownDevice, String> {
    let user: OwnedUserId =
        (device.user.as_str().try_into()).map_err(|_| "its user id is none".to_owned())?;
    let encryption = client.encryption();
    let known = encryption
        .get_device(&user, device.device.as_str().into())
        .await
        .map_err(|error| error.to_string())?
        .ok_or("its homeserver does not know it")?;
    if !known.is_cross_signed_by_owner() {
        return Err("its owner has not verified it".to_owned());
    }
    let owner = encryption
        .get_user_identity(&user)
        .await
        .map_err(|error| error.to_string())?;
    if owner.is_some_and(|owner| owner.has_verification_violation()) {
        return Err("its owner was verified and has another identity now".to_owned());
    }
    Ok(known)
}

/// What speaks against a key that came through this Olm key; `None`: nothing.
async fn doubt(client: &Client, device: &Device, curve25519: &str) -> Option<String> {
    let mut known = signed(client, device).await;
    if known.is_err() {
        refresh(client, std::slice::from_ref(device)).await;
        known = signed(client, device).await;
    }
    match known {
        Err(reason) => Some(reason),
        Ok(known) => {
            let key = known.curve25519_key().map(|key| key.to_base64());
            let other = key.as_deref() != Some(curve25519);
            other.then(|| "another device encrypted it".to_owned())
        }
    }
}
