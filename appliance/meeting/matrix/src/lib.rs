//! Matrix meetings: the account, MatrixRTC membership and LiveKit signalling.
//!
//! [`Service::start`] is the whole interface: commands in, events out. Inside, everything that
//! decides is pure (`rtc`, `livekit::session`, `call::machine`) and gets the time as an argument;
//! `account` and `call::driver` carry out.

mod account;
mod backoff;
mod call;
mod homeserver;
mod legacy;
mod livekit;
mod ring;
mod rtc;
mod service;
mod settings;

use std::{
    hash::{BuildHasher, RandomState},
    time::{SystemTime, UNIX_EPOCH},
};

pub use service::Service;
pub use settings::{LEAVE_DELAY, MatrixSettings, Secret};

/// A token that proves to a third party who the account is, and the server that answers for it.
///
/// # Errors
/// Why there is none, for the log.
pub async fn openid_token(settings: MatrixSettings) -> Result<(String, String), String> {
    let said = |error: homeserver::RequestError| error.to_string();
    let MatrixSettings {
        homeserver,
        access_token,
        ..
    } = settings;
    let homeserver =
        homeserver::Homeserver::new(homeserver, access_token).map_err(|e| e.to_string())?;
    let user = homeserver.whoami().await.map_err(said)?.user_id;
    let token = homeserver.openid_token(&user).await.map_err(said)?;
    Ok((token.access_token, token.matrix_server_name))
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
