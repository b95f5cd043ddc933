//! What the service has to be told.

use std::{fmt, time::Duration};

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

/// The room's account and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixSettings {
    /// Base URL of the client-server API.
    pub homeserver: Url,
    /// Of the room's own device.
    pub access_token: Secret,
    /// Server names whose users may invite the room; others are ignored.
    pub allowed_servers: Vec<String>,
    /// `livekit_service_url` to use when the homeserver names none.
    pub call_service: Option<Url>,
    /// How long after the room's sudden death others still see it in the call.
    pub leave_delay: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_access_token_is_not_in_debug_output() {
        let settings = MatrixSettings {
            homeserver: "https://matrix.example.org".parse().unwrap(),
            access_token: String::from("syt_secret").into(),
            allowed_servers: Vec::new(),
            call_service: None,
            leave_delay: LEAVE_DELAY,
        };
        assert!(!format!("{settings:?}").contains("syt_secret"));
        assert_eq!(settings.access_token.expose(), "syt_secret");
    }
}
