//! People sign the room in, by OAuth 2.0: with a browser and a code (RFC 8628), or with another
//! device of the account (MSC4108). The panel shows what they need; nothing begins before
//! somebody is there who wants it.

mod code;
mod device;
mod service;

use std::time::Duration;

use matrix_sdk::{
    HttpError, RefreshTokenError, SessionTokens,
    authentication::oauth::{
        OAuthError,
        error::{BasicErrorResponseType, RequestTokenError},
    },
};
use saal_meeting::{AccountAction, AccountState, SignIn, SignInProblem, SignInWay};
use tokio::sync::mpsc;

use self::service::{Service, ServiceError};
use super::{
    runner::Runner,
    session::{Grant, Session, is_user},
};
use crate::{
    backoff::Backoff,
    credential::Credential,
    homeserver::{Homeserver, RequestError},
    jitter,
    rtc::Device,
};

/// The feature by which a home server offers a rendezvous for two devices.
const RENDEZVOUS: &str = "org.matrix.msc4108";
/// A home server that does not say whose fresh tokens are is asked so often.
const MOST_QUESTIONS: usize = 6;

/// Whom the room is to be signed in as.
pub(super) struct Person<'a> {
    /// Local part or whole user id.
    pub user: &'a str,
    /// As which client the service knows the room; `None`: it registers itself.
    pub client_id: Option<&'a str>,
    /// The device that the room is to be again.
    pub device: Option<&'a str>,
}

/// Why a sign-in did not come to its end.
enum Stop {
    /// People want to begin again.
    Again(SignInWay),
    /// People do not want to any more.
    Cancelled,
    Failed(SignInProblem),
}

impl Runner {
    /// Waits until people have signed the room in, however often it takes.
    pub(super) async fn signed_in_by_people(
        &self,
        person: &Person<'_>,
        mut problem: Option<SignInProblem>,
    ) -> Session {
        let mut next = None;
        loop {
            let way = match next.take() {
                Some(way) => way,
                None => {
                    let problem = problem.take();
                    self.say_sign_in(SignIn::Needed { problem });
                    self.somebody().await
                }
            };
            match self.attempt(person, way).await {
                Ok(session) => return session,
                Err(Stop::Again(way)) => next = Some(way),
                Err(Stop::Cancelled) => tracing::info!("nobody signs the room in any more"),
                Err(Stop::Failed(failed)) => {
                    tracing::warn!(problem = ?failed, "the room is not signed in");
                    problem = Some(failed);
                }
            }
        }
    }

    fn say_sign_in(&self, sign_in: SignIn) {
        let server = self.server();
        self.say(AccountState::SigningIn { server, sign_in });
    }

    /// Waits for people who want to sign the room in.
    async fn somebody(&self) -> SignInWay {
        let mut asked = self.account.asked.lock().await;
        loop {
            match asked.recv().await {
                Some(AccountAction::SignIn { way }) => return way,
                // About an account that is signed in.
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    async fn attempt(&self, person: &Person<'_>, way: SignInWay) -> Result<Session, Stop> {
        tracing::info!(?way, "somebody signs the room in");
        self.say_sign_in(SignIn::Starting);
        let (digits, entered) = mpsc::unbounded_channel();
        let signing_in = async {
            match way {
                SignInWay::Code => Box::pin(self.by_code(person)).await,
                SignInWay::Device => Box::pin(self.by_device(person, entered)).await,
            }
        };
        tokio::select! {
            session = signing_in => session.map_err(Stop::Failed),
            stop = self.interrupted(&digits) => Err(stop),
        }
    }

    /// What people want meanwhile; hands on what they enter.
    async fn interrupted(&self, digits: &mpsc::UnboundedSender<u8>) -> Stop {
        let mut asked = self.account.asked.lock().await;
        loop {
            match asked.recv().await {
                Some(AccountAction::SignIn { way }) => return Stop::Again(way),
                Some(AccountAction::CancelSignIn) => return Stop::Cancelled,
                Some(AccountAction::SignInDigits { digits: number }) => {
                    let _ = digits.send(number);
                }
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// The account's service, and as which client it knows the room.
    async fn service(&self, person: &Person<'_>) -> Result<(Service, String), SignInProblem> {
        let account = &self.account;
        let service = Service::discover(&account.homeserver)
            .await
            .map_err(problem)?;
        let client_id = match person.client_id {
            Some(id) => id.to_owned(),
            // The service wants a page about the client; who runs the room is who knows about it.
            None => {
                let registered =
                    service.register(&account.settings.device_name, account.homeserver.base());
                registered.await.map_err(problem)?
            }
        };
        Ok((service, client_id))
    }

    /// Whether two devices can meet at the home server.
    async fn has_rendezvous(&self) -> bool {
        let offers = self.account.homeserver.offers(RENDEZVOUS).await;
        offers.unwrap_or(false)
    }

    /// Lets in whom the service's tokens are of, if that is the room's account.
    async fn admit(
        &self,
        person: &Person<'_>,
        service: &Service,
        client_id: &str,
        tokens: SessionTokens,
    ) -> Result<Session, SignInProblem> {
        let settings = &self.account.settings;
        let credential = Credential::new(Some(tokens.access_token.clone().into()));
        let homeserver = Homeserver::new(settings.homeserver.clone(), credential);
        let homeserver = homeserver.map_err(|error| SignInProblem::Unreachable {
            reason: error.to_string(),
        })?;
        let refused = match whose(&homeserver).await {
            Ok(device) if is_user(person.user, &device.user) => {
                let named = homeserver.name_device(&device.device, &settings.device_name);
                if let Err(error) = named.await {
                    tracing::warn!(%error, "the account's list of devices does not name the room");
                }
                let grant = Grant {
                    issuer: service.issuer().clone(),
                    client_id: client_id.to_owned(),
                };
                return Ok(Session::new(settings, device, tokens).granted(grant));
            }
            Ok(other) => SignInProblem::OtherAccount { user: other.user },
            Err(error) => problem(error.into()),
        };
        if let Err(error) = service.revoke(client_id, &tokens.access_token).await {
            tracing::warn!(%error, "a session that is not used is not ended");
        }
        Err(refused)
    }
}

/// Whose the home server says that the tokens are. It has to be asked, and asked again: what the
/// service gave it gives only once.
async fn whose(homeserver: &Homeserver) -> Result<Device, RequestError> {
    let mut backoff = Backoff::homeserver();
    let mut questions = 1;
    loop {
        match homeserver.whoami().await {
            Ok(whoami) => {
                return Ok(Device {
                    user: whoami.user_id,
                    device: whoami.device_id,
                });
            }
            Err(error) if error.is_final() || questions == MOST_QUESTIONS => return Err(error),
            Err(error) => {
                questions += 1;
                let wait: Duration = backoff.after_failure(jitter());
                tokio::time::sleep(wait.max(error.retry_after().unwrap_or_default())).await;
            }
        }
    }
}

fn problem(error: ServiceError) -> SignInProblem {
    let reason = error.to_string();
    match error {
        ServiceError::NotOffered(_) => SignInProblem::NotOffered { reason },
        ServiceError::Request(error) if !error.is_final() => SignInProblem::Unreachable { reason },
        ServiceError::Request(_) | ServiceError::Refused { .. } => {
            SignInProblem::Refused { reason }
        }
    }
}

/// The service no longer knows as which client the room renews its session: that is over.
/// (matrix-sdk takes only a refused refresh token, `invalid_grant`, for the end.)
pub(super) fn is_forgotten(error: &matrix_sdk::Error) -> bool {
    let matrix_sdk::Error::Http(error) = error else {
        return false;
    };
    let HttpError::RefreshToken(RefreshTokenError::OAuth(error)) = &**error else {
        return false;
    };
    let OAuthError::RefreshToken(RequestTokenError::ServerResponse(answer)) = &**error else {
        return false;
    };
    matches!(
        answer.error(),
        BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient
    )
}
