//! Whose account it is: from what was kept, from a token, or by logging in.

use matrix_sdk::{Client, SessionTokens};
use saal_meeting::{AccountState, IdentityState, SignInProblem};

use super::{
    login::{self, LogInError},
    oauth::Person,
    runner::Runner,
    session::Session,
    store,
    vault::Item,
};
use crate::{
    backoff::Backoff,
    jitter,
    rtc::Device,
    settings::{LogIn, Secret},
    trust::distrusts,
};

impl Runner {
    /// What of the kept session is used before the server has answered.
    pub(super) fn begin_with(&self, known: Option<Session>) -> Option<Session> {
        let log_in = &self.account.settings.log_in;
        if let LogIn::AccessToken(token) = log_in {
            self.account.credential.set(token.clone(), false);
        }
        let known = known.filter(|session| session.is_good_for(log_in) && !session.ended)?;
        self.account.credential.set(known.token(), known.renews());
        self.account.identity.send_replace(Some(known.device()));
        Some(known)
    }

    /// The session to go on with; `None` when the server refuses, which has been said.
    pub(super) async fn sign_in(&self, known: Option<&Session>) -> Option<Session> {
        if let LogIn::AccessToken(token) = &self.account.settings.log_in {
            return self.ask_whose(token, known).await;
        }
        if let Some(session) = known {
            return Some(session.clone());
        }
        let kept = self.vault.find::<Session>(Item::Session);
        if let Some(person) = self.person(None) {
            let ended = kept.filter(|session| session.ended);
            let problem = ended.map(|_| SignInProblem::Ended);
            return Some(self.signed_in_by_people(&person, problem).await);
        }
        match kept {
            Some(ended) if ended.ended && ended.is_good_for(&self.account.settings.log_in) => {
                self.removed("it was removed before".to_owned());
                None
            }
            _ => self.log_in(None).await,
        }
    }

    /// Whom people sign the room in as, where that is how it is done; as `device` if the room is to
    /// be that one again.
    fn person<'a>(&'a self, device: Option<&'a str>) -> Option<Person<'a>> {
        match &self.account.settings.log_in {
            LogIn::OAuth { user, client_id } => Some(Person {
                user,
                client_id: client_id.as_deref(),
                device,
            }),
            _ => None,
        }
    }

    /// Whose a given token is.
    async fn ask_whose(&self, token: &Secret, known: Option<&Session>) -> Option<Session> {
        let mut backoff = Backoff::homeserver();
        loop {
            let error = match self.account.homeserver.whoami().await {
                Ok(whoami) => {
                    let device = Device {
                        user: whoami.user_id,
                        device: whoami.device_id,
                    };
                    let tokens = SessionTokens {
                        access_token: token.expose().to_owned(),
                        refresh_token: None,
                    };
                    let session = Session::new(&self.account.settings, device, tokens);
                    return Some(session);
                }
                Err(error) => error,
            };
            if error.is_unknown_token() {
                match known {
                    Some(_) => self.removed(error.to_string()),
                    None => self.signed_out(error.to_string()),
                }
                return None;
            }
            let wait = backoff.after_failure(jitter());
            let wait = wait.max(error.retry_after().unwrap_or_default());
            self.out_of_touch(&error);
            tokio::time::sleep(wait).await;
        }
    }

    /// A new session, of `device` if the room is to be that one again.
    async fn log_in(&self, device: Option<&str>) -> Option<Session> {
        let mut backoff = Backoff::homeserver();
        let account = &self.account;
        loop {
            let error = match login::log_in(&account.homeserver, &account.settings, device).await {
                Ok(session) => return session,
                Err(error) => error,
            };
            if error.is_final() {
                self.signed_out(error.to_string());
                return None;
            }
            let mut wait = backoff.after_failure(jitter());
            if let LogInError::Request(error) = &error {
                wait = wait.max(error.retry_after().unwrap_or_default());
                self.out_of_touch(error);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// After the server refused a session that worked. A device that somebody removed stays out
    /// until the configuration names something new; one that only has to show again who it is
    /// does so.
    pub(super) async fn sign_in_again(
        &self,
        session: &Session,
        soft: bool,
        reason: String,
    ) -> Option<Session> {
        let device = soft.then_some(session.device_id.as_str());
        if let Some(person) = self.person(device) {
            tracing::error!(server = %self.server(), reason, "the room's session has ended");
            self.keep(&session.ended());
            let ended = Some(SignInProblem::Ended);
            let again = self.signed_in_by_people(&person, ended).await;
            self.remember(&again);
            return Some(again);
        }
        if soft && !matches!(self.account.settings.log_in, LogIn::AccessToken(_)) {
            tracing::warn!(reason, "the session has run out; logging in again");
            let again = self.log_in(Some(&session.device_id)).await?;
            self.remember(&again);
            return Some(again);
        }
        if soft {
            self.signed_out(reason);
            return None;
        }
        self.keep(&session.ended());
        self.removed(reason);
        None
    }

    /// The device has new keys. Where others know it by older ones, which are lost, it has to be
    /// another device: nobody would believe in new keys of the old one.
    pub(super) async fn another_device(&self, session: &Session) -> Option<Session> {
        if !self.has_other_keys(&session.device()).await {
            return None;
        }
        tracing::error!(
            device = session.device_id,
            "the keys of the room's device are lost"
        );
        let (homeserver, settings) = (&self.account.homeserver, &self.account.settings);
        let refused = match login::log_in(homeserver, settings, None).await {
            Ok(Some(other)) => {
                if let Err(error) = homeserver.log_out().await {
                    tracing::warn!(%error, "the old device stays in the account");
                }
                tracing::warn!(device = other.device_id, "the room is another device now");
                self.remember(&other);
                return Some(other);
            }
            Ok(None) => "it does not log in by itself".to_owned(),
            Err(error) => error.to_string(),
        };
        tracing::error!(refused, "the room can't log in as another device");
        store::remember_lost_keys(&store::folder(&self.account.dir, &session.device()));
        self.say_identity(IdentityState::KeysLost);
        None
    }

    /// Whether the server shows keys of this device to others.
    async fn has_other_keys(&self, device: &Device) -> bool {
        let mut backoff = Backoff::homeserver();
        loop {
            match self.account.homeserver.has_device_keys(device).await {
                Ok(known) => return known,
                // What it means for the session, the sync finds out.
                Err(error) if error.is_final() => return false,
                Err(error) => {
                    let wait = backoff.after_failure(jitter());
                    let wait = wait.max(error.retry_after().unwrap_or_default());
                    self.out_of_touch(&error);
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// The server was not reached; which is told apart from one that is not who it says.
    pub(super) fn out_of_touch(&self, error: &(dyn std::error::Error + 'static)) {
        let (server, reason) = (self.server(), error.to_string());
        if !distrusts(error) {
            return self.unreachable(reason);
        }
        tracing::warn!(
            server,
            reason,
            "the homeserver's certificate is not trusted"
        );
        self.say(AccountState::Untrusted { server, reason });
    }

    fn signed_out(&self, reason: String) {
        tracing::error!(server = %self.server(), reason, "the homeserver refuses the room's log-in");
        self.say(AccountState::SignedOut {
            server: self.server(),
            reason,
        });
    }

    fn removed(&self, reason: String) {
        tracing::error!(server = %self.server(), reason, "the room's device was removed from its account");
        self.say(AccountState::Removed {
            server: self.server(),
            reason,
        });
    }

    pub(super) fn remember(&self, session: &Session) {
        self.account
            .credential
            .set(session.token(), session.renews());
        self.account.identity.send_replace(Some(session.device()));
        self.keep(session);
    }

    fn keep(&self, session: &Session) {
        if let Err(error) = self.vault.write(Item::Session, session) {
            tracing::error!(%error, "the account's session is not kept");
            // A given token is there at the next start too; a session that was obtained is not.
            if !matches!(self.account.settings.log_in, LogIn::AccessToken(_)) {
                self.say(AccountState::StoreFailed {
                    path: self.vault.path(Item::Session).display().to_string(),
                    full: false,
                    reason: error.to_string(),
                });
            }
        }
    }

    /// Keeps and uses the tokens that `client` gets in place of those of `session`.
    pub(super) fn follow_tokens(&self, client: &Client, session: &Session) {
        let (vault, credential) = (self.vault.clone(), self.account.credential.clone());
        let (session, kept) = (session.clone(), session.clone());
        let now = move |client: Client| {
            let tokens = client.session_tokens();
            tokens.map_or_else(|| kept.clone(), |tokens| kept.with_tokens(tokens))
        };
        let save = move |client: Client| {
            let renewed = now(client);
            credential.set(renewed.token(), renewed.renews());
            vault.write(Item::Session, &renewed)?;
            Ok(())
        };
        let reload = move |_: Client| Ok(session.tokens());
        if client
            .set_session_callbacks(Box::new(reload), Box::new(save))
            .is_err()
        {
            tracing::debug!("this client's tokens are followed already");
        }
    }
}
