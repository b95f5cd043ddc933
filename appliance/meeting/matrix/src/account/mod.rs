//! The room's Matrix account: who it is, what it is invited to, what its rooms hold.
//!
//! matrix-sdk syncs, keeps the store and the device's keys. Everything else in this crate
//! sees an account as two watched values: the identity and the rooms.

mod aliases;
mod beside;
mod contact;
mod crosssigning;
mod doors;
mod encrypted_state;
mod hearing;
mod joining;
mod keys;
mod login;
mod look;
mod media_keys;
mod oauth;
mod open;
mod position;
mod publishing;
mod remembered;
mod rooms;
mod runner;
mod session;
mod sign_in;
mod sliding;
mod state_session;
mod stickies;
mod store;
mod surrogates;
mod syncing;
mod vault;
mod verification;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use matrix_sdk::{Client, ruma::RoomId};
use tokio::sync::watch;

pub(crate) use aliases::{Aliases, follow as follow_aliases};
pub(crate) use doors::{Doors, Standing};
pub(crate) use hearing::{Heard, Hearing, history};
pub(crate) use keys::KeyStore;
pub(crate) use rooms::{RoomState, Successor};
pub(crate) use runner::{Account, run};
pub(crate) use state_session::{Place, SessionError, StateSession};
pub(crate) use stickies::{FEATURE as STICKY_FEATURE, Stickies, follow as follow_stickies};

use crate::settings::{LogIn, MatrixSettings, Sealing, Secret};

/// What the account shows to its server now, as far as that is known without asking.
pub(crate) fn token(settings: &MatrixSettings, dir: &Path) -> Option<Secret> {
    if let LogIn::AccessToken(token) = &settings.log_in {
        return Some(token.clone());
    }
    let vault = vault::Vault::new(dir, &settings.sealing);
    session::load(&vault, settings).map(|session| session.token())
}

/// What opens the account's secrets on the server, where the room keeps it.
pub(crate) fn recovery_key(sealing: &Sealing, dir: &Path) -> Option<String> {
    vault::Vault::new(dir, sealing).find(vault::Item::RecoveryKey)
}

/// The joined rooms that the account knows, by id.
pub(crate) type Rooms = Arc<BTreeMap<String, Arc<RoomState>>>;

/// Sends an event into a room's timeline, encrypted where the room is.
pub(crate) async fn say(
    client: &watch::Receiver<Option<Client>>,
    room_id: &str,
    kind: &str,
    content: serde_json::Value,
) -> Result<(), String> {
    let client = client.borrow().clone();
    let client = client.ok_or("the account is not there yet")?;
    let id = RoomId::parse(room_id).map_err(|error| error.to_string())?;
    let room = client.get_room(&id).ok_or("the room is not known yet")?;
    let sent = Box::pin(room.send_raw(kind, content).into_future()).await;
    sent.map(drop).map_err(|error| error.to_string())
}
