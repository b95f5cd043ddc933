//! A stand-in for the service that a home server leaves its accounts to: OAuth 2.0 with the device authorization grant
//! (RFC 8628), and what Synapse asks of such a service. People allow or deny in the test's own words.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::error::{Error, Result};
use crate::matrix::User;
use crate::web::Serving;
use crate::{http, runtime};

/// What home server and service show each other.
pub(crate) const SECRET: &str = "of-the-tests-alone";

/// What stands before a device's id in a scope; the stable name and that of MSC2967.
const SCOPE_DEVICE: [&str; 2] = [
    "urn:matrix:client:device:",
    "urn:matrix:org.matrix.msc2967.client:device:",
];

/// The client of sessions that tests make for themselves.
const OWN: &str = "test";

/// How long a code is good for, unless it is made to expire.
const VALID: Duration = Duration::from_secs(600);

type Fields = Form<HashMap<String, String>>;

/// A service that is bound but does not know its home server yet.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: TcpListener,
    url: String,
}

/// The running service.
#[derive(Debug)]
pub struct AccountService {
    service: Service,
    url: String,
    _serving: Serving,
}

#[derive(Debug, Clone)]
struct Service {
    url: String,
    homeserver: String,
    http: reqwest::Client,
    accounts: Arc<Mutex<Accounts>>,
}

#[derive(Debug, Default)]
struct Accounts {
    /// By id, with the names that they gave themselves.
    clients: HashMap<String, String>,
    codes: Vec<Code>,
    sessions: Vec<Session>,
    made: u32,
    renewals: u32,
    lifetime: Option<Duration>,
}

#[derive(Debug)]
struct Code {
    client: String,
    device_code: String,
    user_code: String,
    scope: String,
    until: Instant,
    /// Whose session it becomes; `Some(None)`: denied.
    decided: Option<Option<String>>,
}

#[derive(Debug, Clone)]
struct Session {
    user: String,
    client: String,
    scope: String,
    access: String,
    until: Instant,
    refresh: String,
}

impl Accounts {
    fn next(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}_{:04}", self.made)
    }

    fn session(&mut self, user: &str, client: &str, scope: &str) -> Session {
        let lifetime = self.lifetime.filter(|_| client != OWN);
        let lifetime = lifetime.unwrap_or(Duration::from_secs(3600));
        let session = Session {
            user: user.to_owned(),
            client: client.to_owned(),
            scope: scope.to_owned(),
            access: self.next("access"),
            until: Instant::now() + lifetime,
            refresh: self.next("refresh"),
        };
        self.sessions.push(session.clone());
        session
    }

    fn code(&mut self, user_code: &str) -> Result<&mut Code> {
        let now = Instant::now();
        let mut codes = self.codes.iter_mut().rev();
        let code = codes.find(|code| code.user_code == user_code && code.until > now);
        code.ok_or_else(|| Error::Answer {
            what: "the account service".to_owned(),
            answer: format!("{user_code} is no code that waits"),
        })
    }
}

impl Session {
    fn tokens(&self) -> Value {
        let left = self.until.saturating_duration_since(Instant::now());
        json!({
            "access_token": self.access, "refresh_token": self.refresh, "token_type": "Bearer",
            "expires_in": left.as_secs(), "scope": self.scope,
        })
    }
}

impl Bound {
    pub(crate) async fn new() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(Error::Port)?;
        let url = format!("http://{}", listener.local_addr().map_err(Error::Port)?);
        Ok(Self { listener, url })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Answers from now on, until it is dropped.
    pub(crate) fn serve(self, homeserver: &str) -> AccountService {
        let service = Service {
            url: self.url.clone(),
            homeserver: homeserver.to_owned(),
            http: http::client(),
            accounts: Arc::default(),
        };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/oauth2/registration", post(register))
            .route("/oauth2/device", post(begin))
            .route("/oauth2/token", post(token))
            .route("/oauth2/revoke", post(revoke))
            .route("/oauth2/introspect", post(introspect))
            .with_state(service.clone());
        let listener = self.listener;
        let serving = Serving::new(runtime::runtime().spawn(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                tracing::error!(%error, "the account service ended");
            }
        }));
        AccountService {
            service,
            url: self.url,
            _serving: serving,
        }
    }
}

/// What people and administrators do there.
impl AccountService {
    /// Where the service answers.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A new account with a device that is signed in.
    ///
    /// # Errors
    /// When the home server refuses.
    pub async fn create_user(&self, name: &str) -> Result<User> {
        let body = json!({ "localpart": name, "set_displayname": name });
        self.service.tell("provision_user", &body).await?;
        let device = format!("{}DEVICE", name.to_uppercase());
        let scope = format!("{}{device}", SCOPE_DEVICE[0]);
        self.service.provision(name, &scope).await?;
        let session = self.service.lock().session(name, OWN, &scope);
        let user_id = format!("@{name}:{}", crate::SERVER_NAME);
        let session =
            json!({ "user_id": user_id, "device_id": device, "access_token": session.access });
        User::from_session(&self.service.homeserver, &session).ok_or_else(|| Error::Answer {
            what: "create_user".to_owned(),
            answer: session.to_string(),
        })
    }

    /// Somebody signs in as `user` and allows what shows this code.
    ///
    /// # Errors
    /// When there is no such code, or no more.
    pub fn allow(&self, user_code: &str, user: &str) -> Result<()> {
        self.service.lock().code(user_code)?.decided = Some(Some(user.to_owned()));
        Ok(())
    }

    /// Somebody denies it.
    ///
    /// # Errors
    /// As for [`Self::allow`].
    pub fn deny(&self, user_code: &str) -> Result<()> {
        self.service.lock().code(user_code)?.decided = Some(None);
        Ok(())
    }

    /// Nobody did anything for too long.
    ///
    /// # Errors
    /// As for [`Self::allow`].
    pub fn expire(&self, user_code: &str) -> Result<()> {
        self.service.lock().code(user_code)?.until = Instant::now();
        Ok(())
    }

    /// How long access tokens of clients that registered last from now on.
    pub fn set_lifetime(&self, lifetime: Duration) {
        self.service.lock().lifetime = Some(lifetime);
    }

    /// How often a session was renewed.
    #[must_use]
    pub fn renewals(&self) -> u32 {
        self.service.lock().renewals
    }

    /// What the clients that registered call themselves.
    #[must_use]
    pub fn clients(&self) -> Vec<String> {
        self.service.lock().clients.values().cloned().collect()
    }

    /// Forgets the clients that registered themselves, as after a cleaning.
    pub fn forget_clients(&self) {
        self.service.lock().clients.clear();
    }

    /// Ends the sessions that `user` has with clients that registered, as in the list of the account's devices; gives
    /// the devices' ids.
    ///
    /// # Errors
    /// When the home server refuses.
    pub async fn end_sessions(&self, user: &str) -> Result<Vec<String>> {
        let mut devices = Vec::new();
        self.service.lock().sessions.retain(|session| {
            let ends = session.user == user && session.client != OWN;
            if ends {
                devices.extend(device_of(&session.scope).map(str::to_owned));
            }
            !ends
        });
        devices.sort();
        devices.dedup();
        for device in &devices {
            let body = json!({ "localpart": user, "device_id": device });
            self.service.tell("delete_device", &body).await?;
        }
        Ok(devices)
    }
}

impl Service {
    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().expect("nothing panics meanwhile")
    }

    /// Tells the home server of its accounts.
    async fn tell(&self, what: &str, body: &Value) -> Result<Value> {
        let url = format!("{}/_synapse/mas/{what}", self.homeserver);
        http::json(&self.http, Method::POST, &url, Some(SECRET), Some(body)).await
    }

    async fn provision(&self, user: &str, scope: &str) -> Result<()> {
        let device = device_of(scope).unwrap_or_default();
        let body = json!({ "localpart": user, "device_id": device });
        self.tell("upsert_device", &body).await.map(drop)
    }
}

/// The device that a scope is for.
fn device_of(scope: &str) -> Option<&str> {
    let device = |token| {
        SCOPE_DEVICE
            .iter()
            .find_map(|p| str::strip_prefix(token, p))
    };
    scope.split(' ').find_map(device)
}

async fn metadata(State(service): State<Service>) -> Json<Value> {
    let at = |path: &str| format!("{}/oauth2/{path}", service.url);
    Json(json!({
        "issuer": format!("{}/", service.url),
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "registration_endpoint": at("registration"),
        "device_authorization_endpoint": at("device"),
        "revocation_endpoint": at("revoke"),
        "account_management_uri": at("account"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment"],
        "grant_types_supported":
            ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

/// An error of OAuth's (RFC 6749, section 5.2).
fn refuse(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

async fn register(State(service): State<Service>, Json(about): Json<Value>) -> Response {
    let (name, page) = (about["client_name"].as_str(), about["client_uri"].as_str());
    let (Some(name), Some(_)) = (name, page) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_client_metadata");
    };
    let mut accounts = service.lock();
    let id = accounts.next("client");
    accounts.clients.insert(id.clone(), name.to_owned());
    (StatusCode::CREATED, Json(json!({ "client_id": id }))).into_response()
}

async fn begin(State(service): State<Service>, Form(fields): Fields) -> Response {
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let mut accounts = service.lock();
    if !accounts.clients.contains_key(&field("client_id")) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    if device_of(&field("scope")).is_none() {
        return refuse(StatusCode::BAD_REQUEST, "invalid_scope");
    }
    let device_code = accounts.next("device");
    let user_code = format!("SAAL-{:04}", accounts.made);
    let address = format!("{}/link", service.url);
    let answer = json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": address,
        "verification_uri_complete": format!("{address}?code={user_code}"),
        "expires_in": VALID.as_secs(), "interval": 1,
    });
    accounts.codes.push(Code {
        client: field("client_id"),
        device_code,
        user_code,
        scope: field("scope"),
        until: Instant::now() + VALID,
        decided: None,
    });
    Json(answer).into_response()
}

async fn token(State(service): State<Service>, Form(fields): Fields) -> Response {
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let client = field("client_id");
    if !service.lock().clients.contains_key(&client) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    match field("grant_type").as_str() {
        "refresh_token" => renew(&service, &client, &field("refresh_token")),
        "urn:ietf:params:oauth:grant-type:device_code" => {
            exchange(&service, &client, &field("device_code")).await
        }
        _ => refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
    }
}

/// A refresh token is good for once; the old session's tokens end with it.
fn renew(service: &Service, client: &str, refresh: &str) -> Response {
    let mut accounts = service.lock();
    let mut sessions = accounts.sessions.iter();
    let Some(at) = sessions.position(|s| s.refresh == refresh && s.client == client) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let old = accounts.sessions.remove(at);
    accounts.renewals += 1;
    let session = accounts.session(&old.user, client, &old.scope);
    Json(session.tokens()).into_response()
}

async fn exchange(service: &Service, client: &str, device_code: &str) -> Response {
    let (user, scope) = {
        let mut accounts = service.lock();
        let mut codes = accounts.codes.iter();
        let found = codes.position(|c| c.device_code == device_code && c.client == client);
        let Some(at) = found else {
            return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
        };
        let code = &accounts.codes[at];
        if code.until <= Instant::now() {
            return refuse(StatusCode::FORBIDDEN, "expired_token");
        }
        match &code.decided {
            None => return refuse(StatusCode::FORBIDDEN, "authorization_pending"),
            Some(None) => return refuse(StatusCode::FORBIDDEN, "access_denied"),
            Some(Some(user)) => {
                let found = (user.clone(), code.scope.clone());
                accounts.codes.remove(at);
                found
            }
        }
    };
    if let Err(error) = service.provision(&user, &scope).await {
        tracing::error!(%error, "the home server takes no device");
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    }
    let session = service.lock().session(&user, client, &scope);
    Json(session.tokens()).into_response()
}

async fn revoke(State(service): State<Service>, Form(fields): Fields) -> Response {
    let token = fields.get("token").cloned().unwrap_or_default();
    let mut accounts = service.lock();
    accounts
        .sessions
        .retain(|s| s.access != token && s.refresh != token);
    StatusCode::OK.into_response()
}

/// Whose a token is (RFC 7662), with the user's local part as `username`.
async fn introspect(
    State(service): State<Service>,
    headers: HeaderMap,
    Form(fields): Fields,
) -> Response {
    let shown = headers.get(header::AUTHORIZATION).map(|v| v.as_bytes());
    if shown != Some(format!("Bearer {SECRET}").as_bytes()) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let (token, now) = (fields.get("token"), Instant::now());
    let accounts = service.lock();
    let mut sessions = accounts.sessions.iter();
    let found = sessions.find(|s| Some(&s.access) == token && s.until > now);
    let Some(session) = found else {
        return Json(json!({ "active": false })).into_response();
    };
    Json(json!({
        "active": true, "username": session.user, "sub": session.user, "client_id": session.client,
        "scope": format!("urn:matrix:client:api:* {}", session.scope),
        "expires_in": session.until.duration_since(now).as_secs(), "token_type": "access_token",
    }))
    .into_response()
}
