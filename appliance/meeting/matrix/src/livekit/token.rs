//! The authorisation service that turns a Matrix OpenID token into a LiveKit token (MSC4195,
//! `POST /sfu/get`). It also creates the media server's room.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{homeserver::OpenIdToken, settings::Secret};

/// Where to connect and with what.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// WebSocket base URL of the media server.
    pub url: String,
    /// LiveKit access token.
    pub token: Secret,
}

/// The service gave no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// Not reachable, or broken for the moment.
    #[error("the call service {service} can't be used: {reason}")]
    Unavailable { service: String, reason: String },
    /// It said no.
    #[error("the call service {service} refuses: {reason}")]
    Refused { service: String, reason: String },
}

#[derive(Serialize)]
struct Ask<'a> {
    room: &'a str,
    openid_token: &'a OpenIdToken,
    device_id: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    url: String,
    jwt: String,
}

#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    errcode: String,
    #[serde(default)]
    error: String,
}

/// Asks `service` for entry to the call of `room`.
pub(crate) async fn fetch(
    http: &reqwest::Client,
    service: &str,
    room: &str,
    openid_token: &OpenIdToken,
    device_id: &str,
) -> Result<Grant, TokenError> {
    let unavailable = |reason: &dyn fmt::Display| TokenError::Unavailable {
        service: service.to_owned(),
        reason: reason.to_string(),
    };
    let ask = Ask {
        room,
        openid_token,
        device_id,
    };
    let answer = http
        .post(format!("{service}/sfu/get"))
        .json(&ask)
        .send()
        .await
        .map_err(|error| unavailable(&crate::homeserver::plain(&error)))?;
    let status = answer.status();
    if status.is_success() {
        let answer: Answer = answer.json().await.map_err(|error| unavailable(&error))?;
        return Ok(Grant {
            url: answer.url,
            token: answer.jwt.into(),
        });
    }
    let refusal: Refusal = answer.json().await.unwrap_or_default();
    let reason = format!("{status} {} {}", refusal.errcode, refusal.error);
    if status.is_client_error() && status.as_u16() != 429 {
        return Err(TokenError::Refused {
            service: service.to_owned(),
            reason,
        });
    }
    Err(unavailable(&reason))
}
