//! The authorisation service that turns a Matrix OpenID token into a LiveKit token (MSC4195):
//! `POST /sfu/get` for members that are named by user and device, `POST /get_token` for those
//! whose name is a hash. It also creates the media server's room.

mod ticket;

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    homeserver::{OpenIdToken, plain},
    rtc::{Device, Mode, sticky::SLOT_ID},
    settings::Secret,
    trust::distrusts,
};

/// Where to connect and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Its certificate is not trusted, or not meant for it.
    #[error("the call service {service} is not trusted: {reason}")]
    Untrusted { service: String, reason: String },
    /// It let us into another call than it was asked for.
    #[error("the call service {service} gave a token {of}")]
    WrongCall { service: String, of: String },
    /// It does not know such requests.
    #[error("the call service {service} has no {path}")]
    Missing { service: String, path: &'static str },
}

/// Who asks for what.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub room_id: &'a str,
    pub own: &'a Device,
    pub openid_token: &'a OpenIdToken,
    pub mode: &'a Mode,
    /// Others look for us there, under the name that our membership gives us. Where we only
    /// receive, any name will do.
    pub publishes: bool,
    /// The service is to restart our delayed leave, and have it sent when we are gone.
    pub leave: Option<Leave<'a>>,
}

/// A delayed leave to hand over.
#[derive(Clone, Copy)]
pub(crate) struct Leave<'a> {
    pub delay_id: &'a str,
    /// After which the home server sends it.
    pub delay: Duration,
    /// Base URL of the client-server API.
    pub homeserver: &'a str,
}

#[derive(Serialize)]
struct ByDevice<'a> {
    room: &'a str,
    openid_token: &'a OpenIdToken,
    device_id: &'a str,
}

#[derive(Serialize)]
struct ByMember<'a> {
    room_id: &'a str,
    slot_id: &'a str,
    openid_token: &'a OpenIdToken,
    member: Claim<'a>,
}

#[derive(Serialize)]
struct Claim<'a> {
    id: &'a str,
    claimed_user_id: &'a str,
    claimed_device_id: &'a str,
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

const BY_DEVICE: &str = "/sfu/get";
const BY_MEMBER: &str = "/get_token";
const DELEGATE: &str = "/delegate_delayed_leave";

/// Asks `service` for entry to the call.
pub(crate) async fn fetch(
    http: &reqwest::Client,
    service: &str,
    entry: &Entry<'_>,
) -> Result<Grant, TokenError> {
    let (first, second) = match entry.mode {
        Mode::Compatibility => (BY_DEVICE, BY_MEMBER),
        Mode::Sticky { .. } => (BY_MEMBER, BY_DEVICE),
    };
    let answer = match ask(http, service, first, &body(entry, first)).await {
        Err(TokenError::Missing { .. }) if !entry.publishes => {
            ask(http, service, second, &body(entry, second)).await?
        }
        answer => answer?,
    };
    if let Err(of) = ticket::check(&answer.jwt, entry) {
        let service = service.to_owned();
        return Err(TokenError::WrongCall { service, of });
    }
    Ok(Grant {
        url: answer.url,
        token: answer.jwt.into(),
    })
}

fn body(entry: &Entry<'_>, path: &str) -> Value {
    let (room_id, openid_token, own) = (entry.room_id, entry.openid_token, entry.own);
    let identity = own.identity();
    let body = if path == BY_DEVICE {
        serde_json::to_value(ByDevice {
            room: room_id,
            openid_token,
            device_id: &own.device,
        })
    } else {
        let member = Claim {
            id: entry.mode.member_id().unwrap_or(&identity),
            claimed_user_id: &own.user,
            claimed_device_id: &own.device,
        };
        serde_json::to_value(ByMember {
            room_id,
            slot_id: SLOT_ID,
            openid_token,
            member,
        })
    };
    let mut body = body.expect("strings and numbers are always JSON");
    if let Some(leave) = &entry.leave {
        body["delay_id"] = leave.delay_id.into();
        body["delay_timeout"] = u64::try_from(leave.delay.as_millis())
            .unwrap_or(u64::MAX)
            .into();
        body["delay_cs_api_url"] = leave.homeserver.trim_end_matches('/').into();
    }
    body
}

async fn ask(
    http: &reqwest::Client,
    service: &str,
    path: &'static str,
    body: &Value,
) -> Result<Answer, TokenError> {
    let unavailable = |reason: &dyn fmt::Display| TokenError::Unavailable {
        service: service.to_owned(),
        reason: reason.to_string(),
    };
    let unanswered = |error: reqwest::Error| {
        let (service, reason) = (service.to_owned(), plain(&error));
        if distrusts(&error) {
            TokenError::Untrusted { service, reason }
        } else {
            TokenError::Unavailable { service, reason }
        }
    };
    let answer = http
        .post(format!("{service}{path}"))
        .json(body)
        .send()
        .await
        .map_err(unanswered)?;
    let status = answer.status();
    if status.is_success() {
        return answer.json().await.map_err(|error| unavailable(&error));
    }
    if status.as_u16() == 404 {
        return Err(TokenError::Missing {
            service: service.to_owned(),
            path,
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

/// What a call service can do beside giving tokens by device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Abilities {
    /// Names that are hashes.
    pub hashed_names: bool,
    /// It watches over a delayed leave.
    pub delegation: bool,
}

/// Tries without saying anything, as Element Call does: what is unknown is answered 404.
pub(crate) async fn abilities(http: &reqwest::Client, service: &str) -> Abilities {
    let knows = async |path: &str| {
        let answer = http.post(format!("{service}{path}")).json(&json!({}));
        let answer = answer.send().await;
        answer.is_ok_and(|answer| answer.status().as_u16() != 404)
    };
    let (hashed_names, delegation) = tokio::join!(knows(BY_MEMBER), knows(DELEGATE));
    Abilities {
        hashed_names,
        delegation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The room's device, and what its home server vouches for it with.
    pub(super) fn us() -> (Device, OpenIdToken) {
        let own = Device {
            user: "@room:hs".into(),
            device: "R".into(),
        };
        let token = json!({
            "access_token": "t", "token_type": "Bearer", "matrix_server_name": "hs", "expires_in": 3600,
        });
        (own, serde_json::from_value(token).unwrap())
    }

    fn asked(mode: &Mode, path: &str, leave: Option<Leave<'_>>) -> Value {
        let (own, openid_token) = us();
        let entry = Entry {
            room_id: "!r:hs",
            own: &own,
            openid_token: &openid_token,
            mode,
            publishes: true,
            leave,
        };
        let mut body = body(&entry, path);
        body.as_object_mut().unwrap().remove("openid_token");
        body
    }

    /// Services refuse fields that they do not know: nothing may be in it that Element Call's
    /// requests do not have.
    #[test]
    fn it_asks_as_element_call_does() {
        let by_device = asked(&Mode::Compatibility, BY_DEVICE, None);
        assert_eq!(by_device, json!({ "room": "!r:hs", "device_id": "R" }));
        let mode = Mode::Sticky {
            member_id: "m".into(),
        };
        let leave = Leave {
            delay_id: "d1",
            delay: Duration::from_secs(3600),
            homeserver: "https://hs/",
        };
        let by_member = asked(&mode, BY_MEMBER, Some(leave));
        let member = json!({ "id": "m", "claimed_user_id": "@room:hs", "claimed_device_id": "R" });
        assert_eq!(
            by_member,
            json!({
                "room_id": "!r:hs", "slot_id": "m.call#ROOM", "member": member,
                "delay_id": "d1", "delay_timeout": 3_600_000, "delay_cs_api_url": "https://hs",
            })
        );
    }
}
