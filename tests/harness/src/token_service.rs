//! The authorisation service: a Matrix `OpenID` token in, a LiveKit token out (MSC4195), with the HTTP contract of the
//! service that Element runs. Unless a test wants otherwise, delegating the delayed leave is answered 404, which clients
//! take as "not supported".

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use crate::delayed_leave::{Leave, Leaves};
use crate::error::{Error, Result};
use crate::livekit::{LiveKitClient, token};
use crate::{http, runtime};

/// The one slot of a room's call.
const SLOT: &str = "m.call#ROOM";

/// A service that is bound but does not know its servers yet: its address is part of their configuration.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: TcpListener,
    url: String,
}

/// How the service differs from what it should be.
#[derive(Debug, Clone, Default)]
pub struct TokenWays {
    /// Everybody gets into the call of this Matrix room, whatever they asked for.
    pub room: Option<String>,
    /// Where it says that the media server is.
    pub media_server: Option<String>,
    /// Delayed leaves can be handed to it.
    pub delegates: bool,
}

/// A service that answers, and what a test may change about it.
#[derive(Debug)]
pub(crate) struct Tokens {
    ways: Arc<Mutex<TokenWays>>,
    leaves: Leaves,
    _serving: crate::web::Serving,
}

impl Tokens {
    /// From the next request on.
    pub(crate) fn set(&self, ways: TokenWays) {
        *self.ways.lock().expect("nobody panics with it") = ways;
    }

    /// Users whose delayed leaves it watches over.
    pub(crate) fn watched(&self) -> Vec<String> {
        self.leaves.users()
    }
}

/// What the service needs to answer.
#[derive(Debug, Clone)]
struct Service {
    /// By the name of the server.
    homeservers: Arc<BTreeMap<String, String>>,
    livekit: LiveKitClient,
    http: reqwest::Client,
    ways: Arc<Mutex<TokenWays>>,
    leaves: Leaves,
}

impl Bound {
    pub(crate) async fn new() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::Port)?;
        let url = format!("http://{}", listener.local_addr().map_err(Error::Port)?);
        Ok(Self { listener, url })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Answers from now on, until the returned task is dropped.
    pub(crate) fn serve(
        self,
        homeservers: BTreeMap<String, String>,
        livekit: LiveKitClient,
    ) -> Tokens {
        let (ways, leaves) = (Arc::<Mutex<TokenWays>>::default(), Leaves::default());
        let service = Service {
            homeservers: Arc::new(homeservers),
            livekit,
            http: http::client(),
            ways: ways.clone(),
            leaves: leaves.clone(),
        };
        let routes = Router::new()
            .route("/sfu/get", post(by_device))
            .route("/get_token", post(by_member))
            .route("/delegate_delayed_leave", post(delegate))
            .layer(middleware::from_fn(cors))
            .with_state(service);
        let serving = runtime::runtime().spawn(async move {
            if let Err(error) = axum::serve(self.listener, routes).await {
                tracing::error!(%error, "the token service ended");
            }
        });
        Tokens {
            ways,
            leaves,
            _serving: crate::web::Serving::new(serving),
        }
    }
}

/// LiveKit's name of the room of a Matrix room's call.
pub(crate) fn livekit_room(room_id: &str, slot: &str) -> String {
    digest(&json!([room_id, slot]))
}

/// The same for the call of a room.
#[must_use]
pub fn call_room(room_id: &str) -> String {
    livekit_room(room_id, SLOT)
}

fn digest(value: &Value) -> String {
    BASE64_STANDARD_NO_PAD.encode(Sha256::digest(value.to_string()))
}

/// Browsers ask from the page's origin; any origin may.
async fn cors(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS;
    let mut response = if preflight {
        StatusCode::OK.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("POST"),
    );
    let allowed = HeaderValue::from_static(
        "Accept, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token",
    );
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    response
}

#[derive(Deserialize)]
struct OpenId {
    access_token: String,
    matrix_server_name: String,
    #[serde(rename = "token_type")]
    _token_type: Option<String>,
    #[serde(rename = "expires_in")]
    _expires_in: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByDevice {
    room: String,
    openid_token: OpenId,
    device_id: String,
    delay_id: Option<String>,
    /// Milliseconds.
    delay_timeout: Option<u64>,
    #[serde(rename = "delay_cs_api_url")]
    _delay_cs_api_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByMember {
    room_id: String,
    slot_id: String,
    openid_token: OpenId,
    member: Member,
    delay_id: Option<String>,
    /// Milliseconds.
    delay_timeout: Option<u64>,
    #[serde(rename = "delay_cs_api_url")]
    _delay_cs_api_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    id: String,
    claimed_user_id: String,
    claimed_device_id: String,
}

/// A refusal with Matrix's error code.
struct Refusal(StatusCode, &'static str, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (
            self.0,
            axum::Json(json!({ "errcode": self.1, "error": self.2 })),
        )
            .into_response()
    }
}

type Answer = std::result::Result<axum::Json<Value>, Refusal>;

async fn by_device(State(service): State<Service>, body: Bytes) -> Answer {
    let request: ByDevice = parse(&body)?;
    let user = service.user_of(&request.openid_token).await?;
    let room = livekit_room(&request.room, SLOT);
    let identity = format!("{user}:{}", request.device_id);
    let leave = request.delay_id.zip(request.delay_timeout);
    service.watch(&request.openid_token, (&user, &identity), leave, &room)?;
    service.admit(&room, &identity).await
}

async fn by_member(State(service): State<Service>, body: Bytes) -> Answer {
    let request: ByMember = parse(&body)?;
    let user = service.user_of(&request.openid_token).await?;
    let member = &request.member;
    if user != member.claimed_user_id {
        return Err(unauthorised("the token belongs to another user"));
    }
    let identity = digest(&json!([user, member.claimed_device_id, member.id]));
    let room = livekit_room(&request.room_id, &request.slot_id);
    let leave = request.delay_id.zip(request.delay_timeout);
    service.watch(&request.openid_token, (&user, &identity), leave, &room)?;
    service.admit(&room, &identity).await
}

/// Hands a delayed leave over without a token.
async fn delegate(State(service): State<Service>, body: Bytes) -> Answer {
    if !service.ways().delegates {
        let unknown = "no such path".to_owned();
        return Err(Refusal(StatusCode::NOT_FOUND, "M_UNRECOGNIZED", unknown));
    }
    let _token = by_member(State(service), body).await?;
    Ok(axum::Json(json!({})))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> std::result::Result<T, Refusal> {
    let code = |error: &serde_json::Error| {
        if error.to_string().starts_with("missing field") {
            "M_BAD_JSON"
        } else {
            "M_NOT_JSON"
        }
    };
    serde_json::from_slice(body)
        .map_err(|error| Refusal(StatusCode::BAD_REQUEST, code(&error), error.to_string()))
}

fn unauthorised(why: &str) -> Refusal {
    Refusal(StatusCode::UNAUTHORIZED, "M_UNAUTHORIZED", why.to_owned())
}

impl Service {
    /// The Matrix user who holds the token, as the home server says.
    async fn user_of(&self, token: &OpenId) -> std::result::Result<String, Refusal> {
        let Some(base) = self.homeservers.get(&token.matrix_server_name) else {
            return Err(unauthorised("this service knows another home server"));
        };
        let mut url = url::Url::parse(base).expect("the home server's address is ours");
        url.set_path("/_matrix/federation/v1/openid/userinfo");
        url.query_pairs_mut()
            .append_pair("access_token", &token.access_token);
        let answer = http::json(&self.http, reqwest::Method::GET, url.as_str(), None, None).await;
        let answer =
            answer.map_err(|_| unauthorised("the home server does not know this token"))?;
        answer["sub"]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| unauthorised("the home server names no user"))
    }

    fn ways(&self) -> TokenWays {
        self.ways.lock().expect("nobody panics with it").clone()
    }

    /// Takes a delayed leave over.
    fn watch(
        &self,
        token: &OpenId,
        (user, identity): (&str, &str),
        leave: Option<(String, u64)>,
        room: &str,
    ) -> std::result::Result<(), Refusal> {
        let Some((delay_id, delay_ms)) = leave else {
            return Ok(());
        };
        if !self.ways().delegates {
            let unknown = "unknown field `delay_id`".to_owned();
            return Err(Refusal(StatusCode::BAD_REQUEST, "M_BAD_JSON", unknown));
        }
        let homeserver = self.homeservers.get(&token.matrix_server_name);
        let leave = Leave {
            delay_id,
            user: user.to_owned(),
            delay: Duration::from_millis(delay_ms),
            homeserver: homeserver.cloned().unwrap_or_default(),
            room: room.to_owned(),
            identity: identity.to_owned(),
        };
        self.leaves.take(leave, self.livekit.clone());
        Ok(())
    }

    /// Creates the room and issues the token.
    async fn admit(&self, room: &str, identity: &str) -> Answer {
        let ways = self.ways();
        let room = &ways
            .room
            .map_or_else(|| room.to_owned(), |other| call_room(&other));
        self.livekit.create_room(room).await.map_err(|error| {
            tracing::warn!(%error, "the media server does not create a room");
            Refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "M_UNKNOWN",
                "Unable to create room on SFU".to_owned(),
            )
        })?;
        let grant = json!({ "roomJoin": true, "room": room, "canPublish": true, "canSubscribe": true, "canUpdateOwnMetadata": true });
        Ok(axum::Json(
            json!({ "url": ways.media_server.unwrap_or_else(|| self.livekit.url()), "jwt": token(identity, &grant) }),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_livekit_room_is_named_as_element_calls_service_names_it() {
        // Recorded from a call of two Element Call users; see the facts on MatrixRTC.
        assert_eq!(call_room("!room:saal.test").len(), 43);
        assert_ne!(call_room("!a:saal.test"), call_room("!b:saal.test"));
    }

    #[test]
    fn unknown_fields_are_refused() {
        let Err(refusal) = parse::<ByDevice>(br#"{"room":"!a","colour":1}"#) else {
            panic!("taken")
        };
        assert_eq!(refusal.1, "M_NOT_JSON");
    }
}
