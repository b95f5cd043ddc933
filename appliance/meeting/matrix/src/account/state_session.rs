//! Encrypts what the room says about itself in a Matrix room's state (MSC4362), with a Megolm session
//! for that alone.
//!
//! matrix-sdk encrypts state only while it sends it, but what the server is to send later has to be
//! encrypted before. So one event is sent through it, whereby it makes a session and gives it to
//! everybody's devices. Then the session is taken out of its hands: it makes itself another one for
//! what follows, as a place in a session must never be used twice. Of what one session encrypts
//! everybody reads what follows too: who sees us come will see us go.

use std::collections::BTreeSet;

use matrix_sdk::{
    Client, Room, RoomMemberships,
    ruma::{RoomId, events::AnyStateEventContent, serde::Raw},
};
use matrix_sdk_crypto::olm::OutboundGroupSession;
use serde_json::Value;

use super::{KeyStore, encrypted_state::ENCRYPTED};

/// Type and key of state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub kind: &'a str,
    pub key: &'a str,
}

impl Place<'_> {
    /// The key under which it stands encrypted, as state of type `m.room.encrypted`.
    fn packed(&self) -> String {
        format!("{}:{}", self.kind, self.key)
    }
}

/// Why nothing can be encrypted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// The room's power levels don't let us send encrypted state.
    #[error("the room does not let us send encrypted state")]
    Forbidden,
    #[error("{0}")]
    Failed(String),
}

/// A session that only this uses.
pub(crate) struct StateSession {
    session: OutboundGroupSession,
    /// Users who were in the room when it was given to their devices, and those devices
    /// (`@user:server:DEVICE`).
    told: BTreeSet<String>,
}

impl StateSession {
    /// Sends `first` through matrix-sdk and keeps the session that it made for that.
    pub(crate) async fn begin(
        client: &Client,
        store: &KeyStore,
        room_id: &str,
        place: Place<'_>,
        first: &Value,
    ) -> Result<Self, SessionError> {
        let failed = |error: &dyn std::fmt::Display| SessionError::Failed(error.to_string());
        let id = RoomId::parse(room_id).map_err(|error| failed(&error))?;
        let room = client.get_room(&id);
        let room = room.ok_or_else(|| failed(&"the room is not known yet"))?;
        // A session that has been used may be known to fewer people than are here now.
        Box::pin(room.discard_room_key())
            .await
            .map_err(|error| failed(&error))?;
        // Before it is sent: a device that comes meanwhile is not among those that get the session.
        let told = Box::pin(told(client, &room)).await;
        let told = told.map_err(|error| failed(&error))?;
        send(&room, place, first).await?;
        Box::pin(room.discard_room_key())
            .await
            .map_err(|error| failed(&error))?;
        let session = store.get_outbound_group_session(&id).await;
        let session = session.map_err(|error| failed(&error))?;
        session
            .map(|session| Self { session, told })
            .ok_or_else(|| failed(&"matrix-sdk made no session"))
    }

    /// Whether a user, or a device, may be able to read what it encrypts.
    pub(crate) fn is_told(&self, who: &str) -> bool {
        self.told.contains(who)
    }

    /// Type, key and content of an event that says `content` in this place.
    pub(crate) async fn seal(
        &self,
        place: Place<'_>,
        content: &Value,
    ) -> Result<(&'static str, String, Value), SessionError> {
        let failed = |error: serde_json::Error| SessionError::Failed(error.to_string());
        let raw: Raw<AnyStateEventContent> = Raw::new(content).map_err(failed)?.cast_unchecked();
        let sealed = self.session.encrypt_state(place.kind, place.key, &raw);
        let sealed = Box::pin(sealed).await;
        let sealed = serde_json::from_str(sealed.json().get()).map_err(failed)?;
        Ok((ENCRYPTED, place.packed(), sealed))
    }
}

/// Whom matrix-sdk would give a session of this room's to now.
async fn told(client: &Client, room: &Room) -> Result<BTreeSet<String>, matrix_sdk::Error> {
    let mut told = BTreeSet::new();
    for member in room.members_no_sync(RoomMemberships::JOIN).await? {
        let user = member.user_id();
        let devices = client.encryption().get_user_devices(user).await?;
        let devices = devices.devices();
        told.extend(devices.map(|device| format!("{user}:{}", device.device_id())));
        told.insert(user.to_string());
    }
    Ok(told)
}

async fn send(room: &Room, place: Place<'_>, content: &Value) -> Result<(), SessionError> {
    let sending = room.send_state_event_raw(place.kind, place.key, content.clone());
    match Box::pin(sending.into_future()).await {
        Ok(_) => Ok(()),
        Err(error) if is_forbidden(&error) => Err(SessionError::Forbidden),
        Err(error) => Err(SessionError::Failed(error.to_string())),
    }
}

fn is_forbidden(error: &matrix_sdk::Error) -> bool {
    let kind = error.client_api_error_kind();
    kind.is_some_and(|kind| kind.errcode().as_str() == "M_FORBIDDEN")
}
