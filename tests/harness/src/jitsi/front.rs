//! One address for everything, as a real installation has it: configuration, XMPP, conference requests, bridge channel, page.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message as Sent;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::error::{Error, Result};
use crate::http;
use crate::runtime;
use crate::tools::{Tools, far_end_sources};
use crate::web::Serving;

use super::DOMAIN;
use super::bridge::Bridge;
use super::focus::{Focus, Order};

/// A socket that is bound but not yet served, so that its address is known before what it serves.
pub(super) struct Bound {
    listener: TcpListener,
    port: u16,
}

/// What stands behind the front.
pub(super) struct Behind {
    pub(super) prosody: String,
    pub(super) focus: Focus,
    pub(super) bridge: tokio::sync::watch::Receiver<Bridge>,
    /// Changes when every connection of XMPP is to break.
    pub(super) cut: tokio::sync::watch::Receiver<()>,
    pub(super) tools: Tools,
    pub(super) base: String,
    /// The port at which it answers by TLS too.
    pub(super) https: Option<u16>,
    /// Upgrades are refused: of XMPP everybody's, to the bridge those of the room, whom no page's origin names.
    pub(super) no_websocket: bool,
    /// More lines at the end of the configuration.
    pub(super) config: String,
}

type Shared = State<Arc<Behind>>;

impl Bound {
    pub(super) async fn new() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::Port)?;
        let port = listener.local_addr().map_err(Error::Port)?.port();
        Ok(Self { listener, port })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT`.
    pub(super) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(super) fn serve(self, behind: Behind) -> Serving {
        let routes = Router::new()
            .route("/config.js", get(config))
            .route("/http-bind", post(bosh))
            .route("/xmpp-websocket", get(xmpp))
            .route("/conference-request/v1", post(conference_request))
            .route("/colibri-ws/{server}/{conference}/{endpoint}", get(colibri))
            .route(
                "/client.html",
                get(|| source("jitsi.html", "text/html; charset=utf-8")),
            )
            .route("/jitsi.js", get(|| source("jitsi.js", "text/javascript")))
            .route("/lib-jitsi-meet.min.js", get(library))
            .with_state(Arc::new(behind));
        Serving::new(runtime::runtime().spawn(async move {
            if let Err(error) = axum::serve(self.listener, routes).await {
                tracing::error!(%error, "the front ended");
            }
        }))
    }
}

/// The configuration, in the form in which installations have it: an object literal with comments.
/// It names the host as the client does, as installations with several names do.
async fn config(State(behind): Shared, headers: HeaderMap) -> Response {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let of_host = |host: &str| {
        let port = host.rsplit(':').next().and_then(|port| port.parse().ok());
        let secure = port.is_some() && port == behind.https;
        format!("{}://{host}", if secure { "https" } else { "http" })
    };
    let base = host.map_or_else(|| behind.base.clone(), of_host);
    let more = &behind.config;
    let socket = base.replacen("http", "ws", 1);
    let text = format!(
        r#"/* eslint-disable comma-dangle */
var config = {{
    // Connection
    hosts: {{
        // XMPP domain.
        domain: '{DOMAIN}',
        // Focus component domain. Defaults to focus.<domain>.
        focus: 'focus.{DOMAIN}',
        muc: 'conference.{DOMAIN}',
    }},
    bosh: '{base}/http-bind',
    websocket: '{socket}/xmpp-websocket',
    conferenceRequestUrl: '{base}/conference-request/v1',
    // Sources have names, and there may be several of a kind.
    flags: {{
        sourceNameSignaling: true,
        sendMultipleVideoStreams: true,
    }},
    p2p: {{ enabled: false }},
    startAudioOnly: false,
}};
{more}"#
    );
    ([(header::CONTENT_TYPE, "application/javascript")], text).into_response()
}

async fn source(name: &str, kind: &'static str) -> Response {
    file(&far_end_sources().join(name), kind).await
}

async fn library(State(behind): Shared) -> Response {
    let dist = behind
        .tools
        .node_modules
        .join("@solyd/lib-jitsi-meet/dist/umd");
    file(&dist.join("lib-jitsi-meet.min.js"), "text/javascript").await
}

async fn file(path: &std::path::Path, kind: &'static str) -> Response {
    match tokio::fs::read(path).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn bosh(State(behind): Shared, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let url = format!("{}/http-bind{}", behind.prosody, question(query));
    let asked = http::client()
        .post(url)
        .header(header::CONTENT_TYPE, "text/xml; charset=utf-8")
        .timeout(std::time::Duration::from_secs(120))
        .body(body);
    let answer = match asked.send().await {
        Ok(answer) => (answer.status(), answer.bytes().await.unwrap_or_default()),
        Err(_) => return StatusCode::BAD_GATEWAY.into_response(),
    };
    let status = StatusCode::from_u16(answer.0.as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let kind = [(header::CONTENT_TYPE, "text/xml; charset=utf-8")];
    (status, kind, answer.1).into_response()
}

fn question(query: Option<String>) -> String {
    query.map_or_else(String::new, |query| format!("?{query}"))
}

async fn xmpp(
    State(behind): Shared,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    if behind.no_websocket {
        return StatusCode::FORBIDDEN.into_response();
    }
    let url = format!("{}/xmpp-websocket{}", behind.prosody, question(query));
    let url = url.replacen("http", "ws", 1);
    let upgrade = upgrade.protocols(["xmpp"]);
    upgrade.on_upgrade(move |client| async move {
        let mut cut = behind.cut.clone();
        cut.mark_unchanged();
        let ended = tokio::select! {
            ended = pass_through(client, url) => ended,
            // Both sockets are dropped without a word, as when a cable is pulled.
            _ = cut.changed() => Ok(()),
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a client's XMPP has ended");
        }
    })
}

/// Everything that one side says is said to the other, until one of them goes.
async fn pass_through(client: WebSocket, url: String) -> anyhow::Result<()> {
    let mut request = url.into_client_request()?;
    let protocol = header::HeaderValue::from_static("xmpp");
    request
        .headers_mut()
        .insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    let (server, _) = tokio_tungstenite::connect_async(request).await?;
    let ((mut to_client, mut from_client), (mut to_server, mut from_server)) =
        (client.split(), server.split());
    loop {
        tokio::select! {
            said = from_client.next() => match said {
                Some(Ok(Message::Text(text))) => to_server.send(Sent::text(text.as_str())).await?,
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    return Ok(to_server.send(Sent::Close(None)).await?);
                }
                Some(Ok(_)) => {}
            },
            said = from_server.next() => match said {
                Some(Ok(Sent::Text(text))) => to_client.send(Message::text(text.as_str())).await?,
                Some(Ok(Sent::Close(_)) | Err(_)) | None => {
                    return Ok(to_client.send(Message::Close(None)).await?);
                }
                Some(Ok(_)) => {}
            },
        }
    }
}

/// Jicofo's answer over HTTP.
async fn conference_request(State(behind): Shared, Json(request): Json<Value>) -> Response {
    let Some(room) = request["room"].as_str().map(str::to_owned) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let asked = room.clone();
    let ready: bool = behind
        .focus
        .ask(|answer| Order::Request(asked, answer))
        .await;
    let answer = json!({
        "ready": ready, "focusJid": format!("focus@auth.{DOMAIN}"), "room": room,
        "properties": { "authentication": "false", "visitors-supported": "false" },
    });
    Json(answer).into_response()
}

#[derive(Deserialize)]
struct Password {
    #[serde(default)]
    pwd: String,
}

async fn colibri(
    State(behind): Shared,
    Path((_, conference, endpoint)): Path<(String, String, String)>,
    Query(Password { pwd }): Query<Password>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if behind.no_websocket && !headers.contains_key(header::ORIGIN) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let bridge = behind.bridge.borrow().clone();
    let Some(texts) = bridge.connect(&conference, &endpoint, &pwd).await else {
        return StatusCode::FORBIDDEN.into_response();
    };
    upgrade.on_upgrade(move |socket| async move {
        channel(socket, texts, &bridge, &conference, &endpoint).await;
        bridge.disconnect(&conference, &endpoint);
    })
}

async fn channel(
    socket: WebSocket,
    mut texts: tokio::sync::mpsc::UnboundedReceiver<String>,
    bridge: &Bridge,
    conference: &str,
    endpoint: &str,
) {
    let (mut write, mut read) = socket.split();
    loop {
        tokio::select! {
            text = texts.recv() => match text {
                Some(text) => {
                    if write.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                // The endpoint has expired.
                None => return drop(write.send(Message::Close(None)).await),
            },
            said = read.next() => match said {
                Some(Ok(Message::Text(text))) => bridge.message(conference, endpoint, text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
}
