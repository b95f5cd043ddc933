//! The account's session as it is kept between starts.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use matrix_sdk::{
    SessionMeta, SessionTokens,
    authentication::{
        AuthSession,
        matrix::MatrixSession,
        oauth::{ClientId, OAuthSession, UserSession},
    },
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::vault::{Item, Vault};
use crate::{
    rtc::Device,
    settings::{LogIn, MatrixSettings, Secret},
};

/// Version of the kept document.
const VERSION: u32 = 1;

/// Who renews a session of OAuth 2.0, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    /// The account's service, as it calls itself.
    pub issuer: Url,
    /// As which the service knows the room.
    pub client_id: String,
}

/// A device of the account, with what it shows to the server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    version: u32,
    pub homeserver: Url,
    pub user_id: String,
    pub device_id: String,
    access_token: String,
    refresh_token: Option<String>,
    /// Of OAuth 2.0; `None`: the home server's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant: Option<Grant>,
    /// SHA-256 of what it was obtained with: something new is tried again after a sign-out.
    obtained_with: Option<String>,
    /// Somebody ended it.
    pub ended: bool,
}

impl Session {
    pub(crate) fn new(settings: &MatrixSettings, device: Device, tokens: SessionTokens) -> Self {
        Self {
            version: VERSION,
            homeserver: settings.homeserver.clone(),
            user_id: device.user,
            device_id: device.device,
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            grant: None,
            obtained_with: fingerprint(&settings.log_in),
            ended: false,
        }
    }

    pub(crate) fn granted(self, grant: Grant) -> Self {
        Self {
            grant: Some(grant),
            ..self
        }
    }

    pub(crate) fn device(&self) -> Device {
        Device {
            user: self.user_id.clone(),
            device: self.device_id.clone(),
        }
    }

    pub(crate) fn token(&self) -> Secret {
        self.access_token.clone().into()
    }

    /// The server can be asked for another token with this one's companion.
    pub(crate) fn renews(&self) -> bool {
        self.refresh_token.is_some()
    }

    pub(crate) fn ended(&self) -> Self {
        Self {
            ended: true,
            ..self.clone()
        }
    }

    pub(crate) fn with_tokens(&self, tokens: SessionTokens) -> Self {
        Self {
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            ..self.clone()
        }
    }

    pub(crate) fn tokens(&self) -> SessionTokens {
        SessionTokens {
            access_token: self.access_token.clone(),
            refresh_token: self.refresh_token.clone(),
        }
    }

    /// As matrix-sdk takes it up.
    pub(crate) fn restore(&self) -> Result<AuthSession, String> {
        let user_id = self.user_id.as_str().try_into();
        let meta = SessionMeta {
            user_id: user_id.map_err(|error| format!("{}: {error}", self.user_id))?,
            device_id: self.device_id.as_str().into(),
        };
        let tokens = self.tokens();
        Ok(match &self.grant {
            None => MatrixSession { meta, tokens }.into(),
            Some(grant) => OAuthSession {
                client_id: ClientId::new(grant.client_id.clone()),
                user: UserSession { meta, tokens },
            }
            .into(),
        })
    }

    /// Whether the room can go on with it, or has to log in with what the configuration names.
    pub(crate) fn is_good_for(&self, log_in: &LogIn) -> bool {
        let user = match log_in {
            LogIn::AccessToken(token) => return token.expose() == self.access_token,
            LogIn::Password { user, .. }
            | LogIn::RegistrationToken { user, .. }
            | LogIn::OAuth { user, .. } => Some(user),
            LogIn::LoginToken(_) => None,
        };
        let same = user.is_none_or(|user| is_user(user, &self.user_id));
        same && !(self.ended && self.is_something_new(log_in))
    }

    fn is_something_new(&self, log_in: &LogIn) -> bool {
        let now = fingerprint(log_in);
        now.is_some() && now != self.obtained_with
    }
}

/// The session of these settings that was kept last.
pub(crate) fn load(vault: &Vault, settings: &MatrixSettings) -> Option<Session> {
    let session: Session = vault.find(Item::Session)?;
    (session.version == VERSION && session.homeserver == settings.homeserver).then_some(session)
}

/// Whether a local part or a whole id is that of a user.
pub(super) fn is_user(configured: &str, id: &str) -> bool {
    let local = id.strip_prefix('@').and_then(|id| id.split(':').next());
    configured == id || Some(configured) == local
}

/// `None` when the secret can't be read, or there is none.
fn fingerprint(log_in: &LogIn) -> Option<String> {
    let secret = match log_in {
        LogIn::AccessToken(token) => token,
        LogIn::Password {
            password: secret, ..
        }
        | LogIn::RegistrationToken { token: secret, .. }
        | LogIn::LoginToken(secret) => secret.as_ref().ok()?,
        LogIn::OAuth { .. } => return None,
    };
    Some(BASE64_STANDARD.encode(Sha256::digest(secret.expose())))
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use saal_hal_sim::SimulatedSealer;

    use super::*;
    use crate::settings::Sealing;

    fn settings(log_in: LogIn) -> MatrixSettings {
        MatrixSettings {
            homeserver: "https://hs/".parse().unwrap(),
            log_in,
            device_name: "Lahn".into(),
            allowed_servers: Vec::new(),
            verifiers: Vec::new(),
            call_service: None,
            leave_delay: crate::settings::LEAVE_DELAY,
            recovery_key: None,
            sealing: Sealing(Arc::new(SimulatedSealer::new(1))),
        }
    }

    fn password(user: &str, password: Result<&str, &str>) -> LogIn {
        LogIn::Password {
            user: user.into(),
            password: password.map(|p| p.to_owned().into()).map_err(Into::into),
        }
    }

    fn session(log_in: LogIn) -> Session {
        let device = Device {
            user: "@room:hs".into(),
            device: "DEV".into(),
        };
        let tokens = SessionTokens {
            access_token: "one".into(),
            refresh_token: Some("two".into()),
        };
        Session::new(&settings(log_in), device, tokens)
    }

    #[test]
    fn a_session_is_kept_for_its_own_server_only() {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = settings(password("room", Ok("secret")));
        let vault = Vault::new(dir.path(), &settings.sealing);
        assert!(load(&vault, &settings).is_none());
        let kept = session(password("room", Ok("secret")));
        vault.write(Item::Session, &kept).unwrap();
        assert!(load(&vault, &settings).is_some_and(|found| found == kept));
        settings.homeserver = "https://other/".parse().unwrap();
        assert!(load(&vault, &settings).is_none());
        assert!(Path::new(&vault.path(Item::Session)).exists());
    }

    #[test]
    fn a_session_outlives_its_password_but_not_another_user() {
        let kept = session(password("room", Ok("secret")));
        assert!(kept.is_good_for(&password("room", Err("no such file"))));
        assert!(kept.is_good_for(&password("@room:hs", Ok("another"))));
        assert!(!kept.is_good_for(&password("other", Ok("secret"))));
    }

    #[test]
    fn a_session_of_oauth_is_kept_with_who_renews_it() {
        let log_in = || LogIn::OAuth {
            user: "room".into(),
            client_id: None,
        };
        let grant = Grant {
            issuer: "https://account.hs/".parse().unwrap(),
            client_id: "client".into(),
        };
        let kept = session(log_in()).granted(grant);
        let text = serde_json::to_string(&kept).unwrap();
        let read: Session = serde_json::from_str(&text).unwrap();
        assert!(read == kept && read.is_good_for(&log_in()));
        assert!(
            matches!(read.restore().unwrap(), AuthSession::OAuth(session)
            if session.client_id.as_str() == "client")
        );
        // One from before is of the home server, and outlives the move to such a service.
        let text = serde_json::to_string(&session(password("room", Ok("secret")))).unwrap();
        assert!(!text.contains("grant"));
        let read: Session = serde_json::from_str(&text).unwrap();
        assert!(matches!(read.restore().unwrap(), AuthSession::Matrix(_)));
        assert!(read.is_good_for(&log_in()));
    }

    #[test]
    fn after_a_sign_out_only_something_new_is_tried() {
        let ended = session(password("room", Ok("secret"))).ended();
        assert!(ended.is_good_for(&password("room", Ok("secret"))));
        assert!(ended.is_good_for(&password("room", Err("gone"))));
        assert!(!ended.is_good_for(&password("room", Ok("new"))));
    }
}
