//! The few requests of the client-server API that a call needs, each with a short time-out of its
//! own, so that a call never waits for the account's sync.

pub(crate) mod events;
mod membership;

pub(crate) use events::StickyNews;

use std::time::Duration;

use reqwest::{Method, StatusCode, Url};
use saal_media_protocol::IceServer;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    credential::Credential,
    rtc::{Device, StateEvent},
    trust::distrusts,
};

const CONNECT_WITHIN: Duration = Duration::from_secs(3);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A kept connection whose data nobody confirms for so long is dead, as when this machine's address
/// is another one now; without, it would take requests for half a minute.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(2);

/// A request that did not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    /// No answer, or one that no homeserver gives.
    #[error("{what}: {reason}")]
    Unreachable { what: &'static str, reason: String },
    /// The server's certificate is not trusted, or not meant for it.
    #[error("{what}: {reason}")]
    Untrusted { what: &'static str, reason: String },
    /// The server's error.
    #[error("{what}: {status} {code} {message}")]
    Refused {
        what: &'static str,
        status: u16,
        code: String,
        message: String,
        /// When the server wants to be asked again (`M_LIMIT_EXCEEDED`).
        retry_after: Option<Duration>,
    },
}

impl RequestError {
    /// The server's refusal as if it had answered so.
    pub(crate) fn refused(what: &'static str, code: &str, message: String) -> Self {
        Self::Refused {
            what,
            status: StatusCode::UNAUTHORIZED.as_u16(),
            code: code.to_owned(),
            message,
            retry_after: None,
        }
    }

    /// What an answer says that is no success.
    pub(crate) fn of(what: &'static str, status: StatusCode, body: &Value) -> Self {
        let body = ErrorBody::deserialize(body).unwrap_or_default();
        refused(what, status, body)
    }

    /// How long the server wants to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Unreachable { .. } | Self::Untrusted { .. } => None,
        }
    }

    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
            || self.has_code("M_UNRECOGNIZED")
            || self.has_code("M_NOT_FOUND")
    }

    pub(crate) fn is_forbidden(&self) -> bool {
        self.has_code("M_FORBIDDEN")
    }

    pub(crate) fn is_unknown_token(&self) -> bool {
        self.has_code("M_UNKNOWN_TOKEN") || self.has_code("M_MISSING_TOKEN")
    }

    /// Asking again in the same way is no use.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if *status != 429)
    }

    pub(crate) fn has_code(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted)
    }
}

/// Whose the access token is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Whoami {
    pub user_id: String,
    pub device_id: String,
}

/// Proves to a third party who the account is, for an hour (`openid/request_token`).
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct OpenIdToken {
    pub access_token: String,
    token_type: String,
    pub matrix_server_name: String,
    pub expires_in: u64,
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    errcode: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    retry_after_ms: Option<u64>,
}

/// An empty object where there is no relay.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TurnServers {
    uris: Vec<String>,
    username: String,
    password: String,
}

#[derive(Deserialize)]
struct DelayedAnswer {
    delay_id: String,
}

#[derive(Deserialize)]
struct SentAnswer {
    event_id: String,
}

/// What to do with a delayed event (MSC4140).
#[derive(Clone, Copy, Debug)]
pub(crate) enum DelayedAction {
    Restart,
    Send,
    Cancel,
}

/// The room account's homeserver.
#[derive(Clone, Debug)]
pub(crate) struct Homeserver {
    http: reqwest::Client,
    base: Url,
    credential: Credential,
}

/// An HTTP error without its URL, which may hold what is not for logs, and with its cause.
pub(crate) fn plain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        cause.to_string()
    }
}

impl Homeserver {
    pub(crate) fn new(base: Url, credential: Credential) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .tcp_user_timeout(CONFIRMED_WITHIN)
            .user_agent(concat!("saal/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            http,
            base,
            credential,
        })
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Base URL of the client-server API.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Asks as the account. A token that is refused and renewed meanwhile is not noticed.
    async fn ask<T: DeserializeOwned>(
        &self,
        what: &'static str,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<T, RequestError> {
        self.ask_within(ANSWER_WITHIN, what, method, url, body)
            .await
    }

    async fn ask_within<T: DeserializeOwned>(
        &self,
        within: Duration,
        what: &'static str,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<T, RequestError> {
        let Some(token) = self.credential.get() else {
            let message = "the room has not logged in yet".to_owned();
            return Err(RequestError::refused(what, "M_MISSING_TOKEN", message));
        };
        let request = || {
            let request = self.http.request(method.clone(), url.clone());
            let request = request.timeout(within);
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        let asked = request().bearer_auth(token.expose());
        let mut answer = self.answer(what, asked).await?;
        if RequestError::of(what, answer.0, &answer.1).is_unknown_token()
            && let Some(token) = self.credential.renewed(&token).await
        {
            let asked = request().bearer_auth(token.expose());
            answer = self.answer(what, asked).await?;
        }
        let (status, body) = answer;
        if !status.is_success() {
            return Err(RequestError::of(what, status, &body));
        }
        serde_json::from_value(body).map_err(|error| RequestError::Unreachable {
            what,
            reason: error.to_string(),
        })
    }

    /// Sends a request and reads the JSON of its answer, whatever its status; `null` for what is
    /// no JSON.
    pub(crate) async fn answer(
        &self,
        what: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<(StatusCode, Value), RequestError> {
        let unreachable = |error: reqwest::Error| {
            let reason = plain(&error);
            if distrusts(&error) {
                RequestError::Untrusted { what, reason }
            } else {
                RequestError::Unreachable { what, reason }
            }
        };
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        match answer.json().await {
            Ok(body) => Ok((status, body)),
            Err(error) if status.is_success() => Err(unreachable(error)),
            Err(_) => Ok((status, Value::Null)),
        }
    }

    pub(crate) async fn whoami(&self) -> Result<Whoami, RequestError> {
        let url = self.url(&["_matrix", "client", "v3", "account", "whoami"]);
        self.ask("asking whose the access token is", Method::GET, url, None)
            .await
    }

    /// Whether others are shown keys of this device of the account's.
    pub(crate) async fn has_device_keys(&self, device: &Device) -> Result<bool, RequestError> {
        let (user, id) = (&device.user, &device.device);
        let url = self.url(&["_matrix", "client", "v3", "keys", "query"]);
        let body = json!({ "device_keys": { user: [id] } });
        let what = "asking for the device's keys";
        let answer: Value = self.ask(what, Method::POST, url, Some(&body)).await?;
        Ok(answer["device_keys"][user].get(id).is_some())
    }

    /// Whether the server says to anybody that it does something beyond the specification.
    pub(crate) async fn offers(&self, feature: &str) -> Result<bool, RequestError> {
        let what = "asking what the home server can";
        let url = self.url(&["_matrix", "client", "versions"]);
        let (status, body) = self.answer(what, self.http.get(url)).await?;
        if !status.is_success() {
            return Err(RequestError::of(what, status, &body));
        }
        Ok(body["unstable_features"][feature] == true)
    }

    /// Calls a device of the account's.
    pub(crate) async fn name_device(&self, device: &str, name: &str) -> Result<(), RequestError> {
        let url = self.url(&["_matrix", "client", "v3", "devices", device]);
        let body = json!({ "display_name": name });
        self.ask::<Value>("naming the device", Method::PUT, url, Some(&body))
            .await
            .map(drop)
    }

    /// Removes the device that the token is of.
    pub(crate) async fn log_out(&self) -> Result<(), RequestError> {
        let url = self.url(&["_matrix", "client", "v3", "logout"]);
        self.ask::<Value>("logging out", Method::POST, url, Some(&json!({})))
            .await
            .map(drop)
    }

    pub(crate) async fn openid_token(&self, user: &str) -> Result<OpenIdToken, RequestError> {
        let url = self.url(&[
            "_matrix",
            "client",
            "v3",
            "user",
            user,
            "openid",
            "request_token",
        ]);
        self.ask(
            "getting an OpenID token",
            Method::POST,
            url,
            Some(&json!({})),
        )
        .await
    }

    pub(crate) async fn rtc_transports(&self) -> Result<Value, RequestError> {
        let url = self.url(&[
            "_matrix",
            "client",
            "unstable",
            "org.matrix.msc4143",
            "rtc",
            "transports",
        ]);
        self.ask("asking for call services", Method::GET, url, None)
            .await
    }

    /// The well-known file of the account's server name, else of the homeserver's own address.
    pub(crate) async fn well_known(&self, server_name: &str) -> Option<Value> {
        let of_name = Url::parse(&format!("https://{server_name}/.well-known/matrix/client")).ok();
        let own = Some(self.url(&[".well-known", "matrix", "client"]));
        for url in [of_name, own].into_iter().flatten() {
            let answer = self.http.get(url).timeout(CONNECT_WITHIN).send().await;
            match answer {
                Ok(answer) if answer.status().is_success() => {
                    if let Ok(file) = answer.json().await {
                        return Some(file);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The homeserver's relay for 1:1 calls; `None` where it has none.
    pub(crate) async fn turn_servers(&self) -> Result<Option<IceServer>, RequestError> {
        let url = self.url(&["_matrix", "client", "v3", "voip", "turnServer"]);
        let answer: TurnServers = self
            .ask("asking for relays", Method::GET, url, None)
            .await?;
        Ok((!answer.uris.is_empty()).then_some(IceServer {
            urls: answer.uris,
            username: answer.username,
            credential: answer.password,
        }))
    }

    fn state_url(&self, room: &str, kind: &str, key: &str) -> Url {
        self.url(&["_matrix", "client", "v3", "rooms", room, "state", kind, key])
    }

    /// The event's id.
    pub(crate) async fn put_state(
        &self,
        room: &str,
        kind: &str,
        key: &str,
        content: &Value,
    ) -> Result<String, RequestError> {
        let url = self.state_url(room, kind, key);
        let answer: SentAnswer = self
            .ask("sending room state", Method::PUT, url, Some(content))
            .await?;
        Ok(answer.event_id)
    }

    /// Has the server put the state after `delay` unless it is restarted before; its id.
    pub(crate) async fn delay_state(
        &self,
        room: &str,
        kind: &str,
        key: &str,
        content: &Value,
        delay: Duration,
    ) -> Result<String, RequestError> {
        let mut url = self.state_url(room, kind, key);
        url.query_pairs_mut()
            .append_pair("org.matrix.msc4140.delay", &delay.as_millis().to_string());
        let answer: DelayedAnswer = self
            .ask("delaying room state", Method::PUT, url, Some(content))
            .await?;
        Ok(answer.delay_id)
    }

    pub(crate) async fn update_delayed(
        &self,
        delay_id: &str,
        action: DelayedAction,
    ) -> Result<(), RequestError> {
        let action = match action {
            DelayedAction::Restart => "restart",
            DelayedAction::Send => "send",
            DelayedAction::Cancel => "cancel",
        };
        let url = self.url(&[
            "_matrix",
            "client",
            "unstable",
            "org.matrix.msc4140",
            "delayed_events",
            delay_id,
            action,
        ]);
        let what = "updating a delayed event";
        self.ask::<Value>(what, Method::POST, url, Some(&json!({})))
            .await
            .map(drop)
    }

    /// One state event's content; `None` when the room has none.
    pub(crate) async fn state_content(
        &self,
        room: &str,
        kind: &str,
        key: &str,
    ) -> Result<Option<Value>, RequestError> {
        let url = self.state_url(room, kind, key);
        match self.ask("reading room state", Method::GET, url, None).await {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The whole state of a room, without what can't be read.
    pub(crate) async fn room_state(&self, room: &str) -> Result<Vec<StateEvent>, RequestError> {
        let url = self.url(&["_matrix", "client", "v3", "rooms", room, "state"]);
        let events: Vec<Value> = self
            .ask("reading room state", Method::GET, url, None)
            .await?;
        Ok(events
            .into_iter()
            .filter_map(|event| serde_json::from_value(event).ok())
            .collect())
    }
}

fn refused(what: &'static str, status: StatusCode, body: ErrorBody) -> RequestError {
    if status.is_server_error() {
        // Proxies answer like this while the homeserver restarts.
        return RequestError::Unreachable {
            what,
            reason: status.to_string(),
        };
    }
    RequestError::Refused {
        what,
        status: status.as_u16(),
        code: body.errcode,
        message: body.error,
        retry_after: body.retry_after_ms.map(Duration::from_millis),
    }
}
