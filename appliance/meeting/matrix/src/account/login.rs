//! Getting a session from the homeserver (client-server API, "Client Authentication").

use matrix_sdk::{SessionTokens, ruma::TransactionId};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::session::Session;
use crate::{
    homeserver::{Homeserver, RequestError},
    rtc::Device,
    settings::{LogIn, MatrixSettings, OnceSecret},
};

/// Rounds of user-interactive authentication; the token and a dummy stage are two.
const MOST_STAGES: usize = 4;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogInError {
    /// What to log in with can't be read.
    #[error("{0}")]
    NoSecret(String),
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The server wants something else for a registration.
    #[error("the server wants {0} for a registration, which the room can't give")]
    OtherStages(String),
}

impl LogInError {
    /// Trying again in the same way is no use.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::NoSecret(_) | Self::OtherStages(_) => true,
            Self::Request(error) => error.is_final(),
        }
    }
}

/// Answer of `login` and `register`.
#[derive(Deserialize)]
struct Answer {
    user_id: String,
    device_id: String,
    access_token: String,
    refresh_token: Option<String>,
}

/// A user-interactive authentication that goes on.
#[derive(Deserialize)]
struct Interaction {
    session: Option<String>,
    #[serde(default)]
    completed: Vec<String>,
    #[serde(default)]
    flows: Vec<Flow>,
}

#[derive(Deserialize)]
struct Flow {
    stages: Vec<String>,
}

/// Logs in as the settings say, as `device` when the room is to be that one again. `None` when the
/// room does not log in by itself: it has an access token, or people sign it in.
pub(crate) async fn log_in(
    homeserver: &Homeserver,
    settings: &MatrixSettings,
    device: Option<&str>,
) -> Result<Option<Session>, LogInError> {
    let answer = match &settings.log_in {
        LogIn::AccessToken(_) | LogIn::OAuth { .. } => return Ok(None),
        LogIn::Password { user, password } => {
            let identifier = json!({ "type": "m.id.user", "user": user });
            let password = read(password)?;
            let body = json!({ "type": "m.login.password", "identifier": identifier, "password": password });
            login(homeserver, with_device(settings, device, body)).await?
        }
        LogIn::LoginToken(token) => {
            let body = json!({ "type": "m.login.token", "token": read(token)? });
            login(homeserver, with_device(settings, device, body)).await?
        }
        LogIn::RegistrationToken { user, token } => {
            let body = json!({ "username": user, "password": random_password() });
            let body = with_device(settings, device, body);
            register(homeserver, body, read(token)?).await?
        }
    };
    let device = Device {
        user: answer.user_id,
        device: answer.device_id,
    };
    let tokens = SessionTokens {
        access_token: answer.access_token,
        refresh_token: answer.refresh_token,
    };
    Ok(Some(Session::new(settings, device, tokens)))
}

fn read(secret: &OnceSecret) -> Result<&str, LogInError> {
    match secret {
        Ok(secret) => Ok(secret.expose()),
        Err(reason) => Err(LogInError::NoSecret(reason.clone())),
    }
}

fn with_device(settings: &MatrixSettings, device: Option<&str>, mut body: Value) -> Value {
    body["initial_device_display_name"] = json!(settings.device_name);
    body["refresh_token"] = json!(true);
    if let Some(device) = device {
        body["device_id"] = json!(device);
    }
    body
}

async fn login(homeserver: &Homeserver, body: Value) -> Result<Answer, LogInError> {
    let url = homeserver.url(&["_matrix", "client", "v3", "login"]);
    let request = homeserver.http().request(Method::POST, url).json(&body);
    let (status, body) = homeserver.answer("logging in", request).await?;
    finished("logging in", status, body)
}

/// Goes through the stages that the server names (client-server API, "User-Interactive
/// Authentication").
async fn register(
    homeserver: &Homeserver,
    mut body: Value,
    token: &str,
) -> Result<Answer, LogInError> {
    let url = homeserver.url(&["_matrix", "client", "v3", "register"]);
    for _ in 0..MOST_STAGES {
        let request = homeserver.http().post(url.clone()).json(&body);
        let (status, answer) = homeserver.answer("registering", request).await?;
        if status != StatusCode::UNAUTHORIZED || answer.get("flows").is_none() {
            return finished("registering", status, answer);
        }
        body["auth"] = next_stage(&answer, token, body.get("auth"))?;
    }
    Err(LogInError::OtherStages("more stages than there are".into()))
}

/// What to send for the next stage of a flow that the room can go through.
fn next_stage(answer: &Value, token: &str, before: Option<&Value>) -> Result<Value, LogInError> {
    const TOKEN: &str = "m.login.registration_token";
    const DUMMY: &str = "m.login.dummy";
    let unknown = || LogInError::OtherStages("something unknown".into());
    let going_on: Interaction = serde_json::from_value(answer.clone()).map_err(|_| unknown())?;
    let possible = |flow: &&Flow| flow.stages.iter().all(|s| s == TOKEN || s == DUMMY);
    let with_token = |flow: &&Flow| possible(flow) && flow.stages.iter().any(|s| s == TOKEN);
    let flow = going_on.flows.iter().find(with_token);
    let Some(flow) = flow.or_else(|| going_on.flows.iter().find(possible)) else {
        let stages = going_on.flows.iter().map(|flow| flow.stages.join(" and "));
        return Err(LogInError::OtherStages(
            stages.collect::<Vec<_>>().join(", or "),
        ));
    };
    let left = flow.stages.iter().find(|s| !going_on.completed.contains(s));
    let stage = left.ok_or_else(unknown)?;
    let mut auth = json!({ "type": stage, "session": going_on.session });
    if stage == TOKEN {
        // Asked for the same again: it was not accepted.
        if before.is_some_and(|before| before["type"] == TOKEN) {
            let message = answer["error"]
                .as_str()
                .unwrap_or("invalid token")
                .to_owned();
            return Err(LogInError::Request(RequestError::refused(
                "registering",
                "M_UNAUTHORIZED",
                message,
            )));
        }
        auth["token"] = json!(token);
    }
    Ok(auth)
}

fn finished(what: &'static str, status: StatusCode, body: Value) -> Result<Answer, LogInError> {
    if !status.is_success() {
        return Err(RequestError::of(what, status, &body).into());
    }
    serde_json::from_value(body).map_err(|error| {
        let reason = format!("not what a homeserver answers: {error}");
        LogInError::Request(RequestError::Unreachable { what, reason })
    })
}

/// A new account has to have a password. Nobody keeps it: the session is what lets the room in.
fn random_password() -> String {
    format!("{}{}", TransactionId::new(), TransactionId::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(stages: &[&[&str]], completed: &[&str]) -> Value {
        let flows: Vec<_> = stages.iter().map(|s| json!({ "stages": s })).collect();
        json!({ "session": "s", "flows": flows, "completed": completed })
    }

    #[test]
    fn a_registration_shows_the_token_once_and_then_what_is_left() {
        let both: &[&[&str]] = &[&["m.login.registration_token", "m.login.dummy"]];
        let first = next_stage(&wants(both, &[]), "t", None).unwrap();
        assert_eq!(first["token"], "t");
        assert_eq!(first["session"], "s");
        let done = wants(both, &["m.login.registration_token"]);
        let second = next_stage(&done, "t", Some(&first)).unwrap();
        assert_eq!(second["type"], "m.login.dummy");
        let refused = next_stage(&wants(both, &[]), "t", Some(&first)).unwrap_err();
        assert!(refused.is_final(), "{refused}");
    }

    #[test]
    fn a_stage_that_the_room_cannot_do_is_named() {
        let flows: &[&[&str]] = &[&["m.login.recaptcha", "m.login.terms"]];
        let error = next_stage(&wants(flows, &[]), "t", None).unwrap_err();
        assert!(error.to_string().contains("m.login.recaptcha"), "{error}");
    }

    #[test]
    fn passwords_of_new_accounts_are_long_and_differ() {
        assert!(random_password().len() > 40);
        assert_ne!(random_password(), random_password());
    }
}
