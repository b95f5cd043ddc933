//! Matrix meetings: the account, MatrixRTC membership and LiveKit signalling.
//!
//! [`Service::start`] is the whole interface: commands in, events out. Inside, everything that
//! decides is pure (`rtc`, `livekit::session`, `call::machine`) and gets the time as an argument;
//! `account` and `call::driver` carry out.

mod account;
mod backoff;
mod call;
mod credential;
mod discovery;
pub mod fuzzing;
mod homeserver;
mod legacy;
mod livekit;
mod ring;
mod rtc;
mod service;
mod settings;
mod trust;

use std::{
    hash::{BuildHasher, RandomState},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

pub use discovery::{Undiscovered, discover};
pub use service::Service;
pub use settings::{LEAVE_DELAY, LogIn, MatrixSettings, OnceSecret, Sealing, Secret};

/// A token that proves to a third party who the account is, and the server that answers for it.
/// The account keeps its session in `store_dir`, as for [`Service::start`].
///
/// # Errors
/// Why there is none, for the log.
pub async fn openid_token(
    settings: MatrixSettings,
    store_dir: &Path,
) -> Result<(String, String), String> {
    let said = |error: homeserver::RequestError| error.to_string();
    let credential = credential::Credential::new(account::token(&settings, store_dir));
    let homeserver =
        homeserver::Homeserver::new(settings.homeserver, credential).map_err(|e| e.to_string())?;
    let user = homeserver.whoami().await.map_err(said)?.user_id;
    let token = homeserver.openid_token(&user).await.map_err(said)?;
    Ok((token.access_token, token.matrix_server_name))
}

/// The account's recovery key as the room keeps it in `store_dir`, for people to write down.
#[must_use]
pub fn recovery_key(sealing: &Sealing, store_dir: &Path) -> Option<saal_meeting::Secret> {
    account::recovery_key(sealing, store_dir).map(saal_meeting::Secret::new)
}

/// Milliseconds since 1970, as Matrix counts.
fn unix_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A number in 0..1 to spread attempts of many rooms; not for secrets.
#[expect(clippy::cast_precision_loss, reason = "53 bits are plenty")]
fn jitter() -> f64 {
    RandomState::new().hash_one(0_u8) as f64 / u64::MAX as f64
}
