//! With a browser, by a code (RFC 8628).

use std::time::Duration;

use jiff::Timestamp;
use matrix_sdk::{SessionTokens, ruma::DeviceId};
use saal_meeting::{SignIn, SignInCode, SignInProblem};
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    Person, problem,
    service::{Answer, DeviceAuthorization, Service, ServiceError},
};
use crate::{
    account::{runner::Runner, session::Session},
    homeserver::RequestError,
};

/// The longest wait between two questions to a service that does not answer.
const MOST_WAIT: Duration = Duration::from_secs(60);
/// More than a service asks of its clients (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// A code that is good for longer is not believed.
const MOST_VALID: Duration = Duration::from_secs(86_400);

/// How long to wait before the next question (RFC 8628, section 3.5).
#[derive(Debug, PartialEq, Eq)]
struct Pace {
    /// As the service wants it.
    interval: Duration,
    /// Longer while it does not answer.
    wait: Duration,
}

impl Pace {
    fn new(interval: Duration) -> Self {
        let interval = interval.max(Duration::from_secs(1));
        let wait = interval;
        Self { interval, wait }
    }

    fn answered(&mut self) {
        self.wait = self.interval;
    }

    fn slow_down(&mut self) {
        self.interval += SLOWER;
        self.wait = self.interval;
    }

    fn unanswered(&mut self) {
        self.wait = (self.wait * 2).min(MOST_WAIT.max(self.interval));
    }
}

impl Runner {
    pub(super) async fn by_code(&self, person: &Person<'_>) -> Result<Session, SignInProblem> {
        let (service, client_id) = self.service(person).await?;
        let device = match person.device {
            Some(device) => device.to_owned(),
            None => DeviceId::new().to_string(),
        };
        let code = service.begin(&client_id, &device).await.map_err(problem)?;
        let valid = Duration::from_secs(code.expires_in).min(MOST_VALID);
        let until = Instant::now() + valid;
        let shown = shown(&code, valid, self.has_rendezvous().await);
        self.say_sign_in(SignIn::Code(shown));
        let allowed = timeout_at(until, allowed(&service, &client_id, &code)).await;
        let tokens = allowed.unwrap_or(Err(SignInProblem::Expired))?;
        self.say_sign_in(SignIn::Finishing);
        self.admit(person, &service, &client_id, tokens).await
    }
}

fn shown(code: &DeviceAuthorization, valid: Duration, by_device: bool) -> SignInCode {
    let link = code.verification_uri_complete.clone();
    SignInCode {
        address: code.verification_uri.clone(),
        link: link.unwrap_or_else(|| code.verification_uri.clone()),
        code: code.user_code.clone(),
        expires: Timestamp::now() + valid,
        by_device,
    }
}

/// Asks until somebody has decided.
async fn allowed(
    service: &Service,
    client_id: &str,
    code: &DeviceAuthorization,
) -> Result<SessionTokens, SignInProblem> {
    let mut pace = Pace::new(code.interval());
    loop {
        sleep(pace.wait).await;
        match service.look(client_id, code).await {
            Ok(Answer::Allowed(tokens)) => return Ok(tokens),
            Ok(Answer::Pending) => pace.answered(),
            Ok(Answer::SlowDown) => pace.slow_down(),
            Ok(Answer::Denied) => return Err(SignInProblem::Denied),
            Ok(Answer::Expired) => return Err(SignInProblem::Expired),
            Err(ServiceError::Request(error @ RequestError::Unreachable { .. })) => {
                tracing::warn!(%error, "a sign-in waits for its service");
                pace.unanswered();
            }
            Err(error) => return Err(problem(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_service_is_asked_as_often_as_it_wants_and_less_while_it_is_silent() {
        let mut pace = Pace::new(seconds(5));
        assert_eq!(pace.wait, seconds(5));
        pace.slow_down();
        assert_eq!(pace.wait, seconds(10));
        pace.unanswered();
        pace.unanswered();
        assert_eq!(pace.wait, seconds(40));
        pace.unanswered();
        assert_eq!(pace.wait, MOST_WAIT);
        pace.answered();
        assert_eq!(pace.wait, seconds(10), "slower for good");
        // One that wants to be asked all the time is not hammered.
        assert_eq!(Pace::new(seconds(0)).wait, seconds(1));
    }
}
