//! The signalling WebSocket: protobuf messages in both directions, nothing decided here.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use livekit_protocol::{SignalRequest, SignalResponse};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{
    Error, Message,
    client::IntoClientRequest,
    http::{HeaderValue, StatusCode, header::AUTHORIZATION},
};
use url::Url;

use super::token::Grant;
use crate::trust::distrusts;

/// Client protocol 17; one connection for sending and one for receiving on the path `/rtc`.
const PROTOCOL: &str = "17";
/// TCP, TLS and the upgrade together.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A last message (leave) gets this long.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// What a socket tells.
#[derive(Debug)]
pub(crate) enum SocketEvent {
    Message(Box<SignalResponse>),
    /// Nothing follows.
    Closed {
        reason: String,
    },
}

/// The socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    #[error("the media server's address {0:?} is no WebSocket URL")]
    Address(String),
    #[error("the media server {server} can't be reached: {reason}")]
    Connect { server: String, reason: String },
    /// It answers otherwise than with a socket.
    #[error("the media server {server} refuses: {status}")]
    Refused { server: String, status: StatusCode },
    /// It would open one, as it says over HTTP, and something on the way does not let that through.
    #[error("the network lets no WebSocket to the media server {server} through: {reason}")]
    Blocked { server: String, reason: String },
    /// Its certificate is not trusted, or not meant for it.
    #[error("the media server {server} is not trusted: {reason}")]
    Untrusted { server: String, reason: String },
}

/// An open socket.
pub(crate) type Stream =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// Opens the socket for a new stay. Where that fails the server is asked over HTTP whether it is to blame.
pub(crate) async fn connect(http: &reqwest::Client, grant: &Grant) -> Result<Stream, SocketError> {
    let failed = match Box::pin(open(grant, None)).await {
        Ok(stream) => return Ok(stream),
        Err(failed) => failed,
    };
    if answer_of_a_wall(&failed).is_none() {
        return Err(failed);
    }
    let Some(server) = would_let_in(http, grant).await else {
        return Err(failed);
    };
    // It may have come up this moment: that is no wall.
    Box::pin(open(grant, None)).await.map_err(|failed| {
        let reason = answer_of_a_wall(&failed);
        reason.map_or(failed, |reason| SocketError::Blocked { server, reason })
    })
}

/// Opens the socket that takes up a stay, with the server's id for it. Where it refuses that may be for the stay, of which it says
/// nothing over HTTP: a new one shows.
pub(crate) async fn take_up(grant: &Grant, stay: &str) -> Result<Stream, SocketError> {
    open(grant, Some(stay)).await
}

/// What came instead of a socket, where something on the way may have said it.
fn answer_of_a_wall(failed: &SocketError) -> Option<String> {
    match failed {
        SocketError::Connect { reason, .. } => Some(reason.clone()),
        // The server's own words when it can't (LiveKit).
        SocketError::Refused { status, .. }
            if matches!(
                *status,
                StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE
            ) =>
        {
            None
        }
        SocketError::Refused { status, .. } => Some(status.to_string()),
        _ => None,
    }
}

/// Asks what the server's own clients ask it when no socket opens: whether this token is good for one. Its name, if it says so.
async fn would_let_in(http: &reqwest::Client, grant: &Grant) -> Option<String> {
    let mut url = signalling_url(&grant.url)?;
    let scheme = if url.scheme() == "wss" {
        "https"
    } else {
        "http"
    };
    url.set_scheme(scheme).ok()?;
    url.path_segments_mut().ok()?.push("validate");
    let asked = http.get(url.clone()).timeout(CONNECT_WITHIN);
    let answer = asked.bearer_auth(grant.token.expose()).send().await.ok()?;
    let server = url.host_str()?.to_owned();
    answer.status().is_success().then_some(server)
}

async fn open(grant: &Grant, stay: Option<&str>) -> Result<Stream, SocketError> {
    let mut url =
        signalling_url(&grant.url).ok_or_else(|| SocketError::Address(grant.url.clone()))?;
    if let Some(stay) = stay {
        url.query_pairs_mut()
            .append_pair("reconnect", "1")
            .append_pair("sid", stay);
    }
    let server = url.host_str().unwrap_or_default().to_owned();
    let fail = |reason: String| SocketError::Connect {
        server: server.clone(),
        reason,
    };
    let mut request = url
        .as_str()
        .into_client_request()
        .map_err(|e| fail(e.to_string()))?;
    // In a header the token does not end up in the access logs of proxies.
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", grant.token.expose()))
        .map_err(|_| fail("the token is not fit for a header".to_owned()))?;
    bearer.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, bearer);
    let opening = Box::pin(tokio_tungstenite::connect_async_with_config(
        request, None, true,
    ));
    match tokio::time::timeout(CONNECT_WITHIN, opening).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(error)) if distrusts(&error) => Err(SocketError::Untrusted {
            server,
            reason: error.to_string(),
        }),
        Ok(Err(Error::Http(answer))) => Err(SocketError::Refused {
            server,
            status: answer.status(),
        }),
        Ok(Err(error)) => Err(fail(error.to_string())),
        Err(_) => Err(fail("no answer in time".to_owned())),
    }
}

pub(crate) fn signalling_url(base: &str) -> Option<Url> {
    let mut url = Url::parse(base).ok()?;
    let scheme = match url.scheme() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return None,
    };
    url.set_scheme(scheme).ok()?;
    url.path_segments_mut().ok()?.pop_if_empty().push("rtc");
    url.query_pairs_mut()
        .append_pair("auto_subscribe", "1")
        .append_pair("protocol", PROTOCOL)
        .append_pair("sdk", "rust")
        .append_pair("version", env!("CARGO_PKG_VERSION"));
    Some(url)
}

/// Carries messages until the server closes or `requests` ends; then what is queued is still
/// sent. `events` gets everything the server says and why it ended.
pub(crate) async fn carry(
    stream: Stream,
    mut requests: mpsc::UnboundedReceiver<SignalRequest>,
    mut events: impl FnMut(SocketEvent),
) {
    let (mut sink, mut source) = stream.split();
    let reason = loop {
        tokio::select! {
            request = requests.recv() => {
                let Some(request) = request else { break "closed here".to_owned() };
                let message = Message::Binary(request.encode_to_vec().into());
                if let Err(error) = sink.send(message).await {
                    break error.to_string();
                }
            }
            message = source.next() => match message {
                Some(Ok(Message::Binary(bytes))) => match SignalResponse::decode(bytes) {
                    Ok(response) => events(SocketEvent::Message(Box::new(response))),
                    Err(error) => tracing::warn!(%error, "skipped a message of the media server"),
                },
                Some(Ok(Message::Close(_))) | None => break "closed by the media server".to_owned(),
                Some(Ok(_)) => {}
                Some(Err(error)) => break error.to_string(),
            }
        }
    };
    let _ = tokio::time::timeout(CLOSE_WITHIN, sink.close()).await;
    events(SocketEvent::Closed { reason });
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// A server that answers each request for a socket with the next of these, `None` with one, and says over HTTP how good a token is.
    async fn server(sockets: Vec<Option<&'static str>>, token: &'static str) -> Grant {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let mut sockets = sockets.into_iter();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut begin = [0; 20];
                stream.peek(&mut begin).await.unwrap();
                let answer = if begin.starts_with(b"GET /rtc/validate") {
                    Some(token)
                } else {
                    sockets.next().unwrap()
                };
                let Some(status) = answer else {
                    let open = tokio_tungstenite::accept_async(stream).await;
                    tokio::spawn(async move { open.unwrap().next().await });
                    continue;
                };
                let _ = stream.read(&mut [0; 4096]).await.unwrap();
                let answer =
                    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let token = "token".to_owned().into();
        Grant { url, token }
    }

    async fn connected(sockets: Vec<Option<&'static str>>, token: &'static str) -> String {
        let grant = server(sockets, token).await;
        let opened = connect(&reqwest::Client::new(), &grant).await;
        opened.map_or_else(|error| error.to_string(), |_| "open".to_owned())
    }

    #[tokio::test]
    async fn a_wall_is_told_from_a_server_that_refuses_and_one_that_comes_up() {
        let wall = Some("403 Forbidden");
        let lets_in = "200 OK";
        let blocked =
            "the network lets no WebSocket to the media server 127.0.0.1 through: 403 Forbidden";
        let refused = "the media server 127.0.0.1 refuses: 403 Forbidden";
        assert_eq!(connected(vec![wall, wall], lets_in).await, blocked);
        assert_eq!(connected(vec![wall], "401 Unauthorized").await, refused);
        assert_eq!(connected(vec![wall, None], lets_in).await, "open");
        let busy = connected(vec![Some("503 Service Unavailable")], lets_in).await;
        assert!(busy.ends_with("refuses: 503 Service Unavailable"), "{busy}");
    }

    /// The stay may be what it does not want: a new one shows.
    #[tokio::test]
    async fn a_stay_that_is_refused_is_no_wall() {
        let grant = server(vec![Some("404 Not Found")], "200 OK").await;
        let refused = take_up(&grant, "sid").await.unwrap_err();
        assert!(matches!(refused, SocketError::Refused { .. }), "{refused}");
    }

    #[test]
    fn the_signalling_path_is_below_the_servers_path() {
        let url = signalling_url("https://media.example.org/livekit/sfu").unwrap();
        assert_eq!(url.scheme(), "wss");
        assert_eq!(url.path(), "/livekit/sfu/rtc");
        assert!(url.query().unwrap().contains("protocol=17"));
        assert_eq!(
            signalling_url("ws://127.0.0.1:7880/").unwrap().path(),
            "/rtc"
        );
        assert_eq!(signalling_url("file:///etc/passwd"), None);
    }
}
