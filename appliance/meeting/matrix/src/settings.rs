//! What the service has to be told.

use std::{fmt, sync::Arc, time::Duration};

use saal_hal::Sealer;
use url::Url;

/// [`MatrixSettings::leave_delay`] as Element Call has it.
pub const LEAVE_DELAY: Duration = Duration::from_secs(18);

/// A value that must not show up in logs, dumps or error messages.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The value itself, for the one place that sends it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A secret that is needed once, or why it can't be read. Its file may be gone when nobody needs
/// it any more.
pub type OnceSecret = Result<Secret, String>;

/// How the room gets its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogIn {
    /// It was given one: an access token of the room's own device.
    AccessToken(Secret),
    /// Name and password, once (`m.login.password`).
    Password {
        /// Local part or whole user id.
        user: String,
        /// The account's.
        password: OnceSecret,
    },
    /// A token that is good for one log-in (`m.login.token`).
    LoginToken(OnceSecret),
    /// A new account, by a token that allows to register (`m.login.registration_token`, MSC3231).
    RegistrationToken {
        /// Local part of the account's id.
        user: String,
        /// From the server's administrator.
        token: OnceSecret,
    },
    /// Somebody signs the room in by what the panel shows (OAuth 2.0: RFC 8628, MSC4108).
    OAuth {
        /// Local part or whole user id; nobody else is let in.
        user: String,
        /// As which client; without, the room registers itself (RFC 7591).
        client_id: Option<String>,
    },
}

/// Seals what the account has to remember.
#[derive(Clone)]
pub struct Sealing(pub Arc<dyn Sealer>);

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealing")
    }
}

/// The room's account and what it may do.
#[derive(Clone, Debug)]
pub struct MatrixSettings {
    /// Base URL of the client-server API.
    pub homeserver: Url,
    /// How the room gets its session.
    pub log_in: LogIn,
    /// What the account's list of devices calls the room.
    pub device_name: String,
    /// Server names whose users may invite the room; others are ignored.
    pub allowed_servers: Vec<String>,
    /// Ids of users who may verify the room, beside its own account.
    pub verifiers: Vec<String>,
    /// `livekit_service_url` to use when the homeserver names none.
    pub call_service: Option<Url>,
    /// How long after the room's sudden death others still see it in the call.
    pub leave_delay: Duration,
    /// Opens the account's secrets on the server when this device does not have them.
    pub recovery_key: Option<Secret>,
    /// Seals session and keys in the account's folder.
    pub sealing: Sealing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_in_debug_output() {
        let secret = || Secret::from(String::from("syt_secret"));
        let user = String::from("room");
        for log_in in [
            LogIn::AccessToken(secret()),
            LogIn::Password {
                user: user.clone(),
                password: Ok(secret()),
            },
            LogIn::LoginToken(Ok(secret())),
            LogIn::RegistrationToken {
                user,
                token: Ok(secret()),
            },
        ] {
            assert!(!format!("{log_in:?}").contains("syt_secret"));
        }
        assert_eq!(secret().expose(), "syt_secret");
    }
}
