//! A WebSocket that carries texts: the XMPP link and the bridge's channel.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::{net::TcpStream, sync::mpsc};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderValue, header},
    },
};
use url::Url;

use super::{Closed, SocketEvent, trust, tunnel};

/// TCP, TLS and the upgrade together.
const CONNECT_WITHIN: Duration = Duration::from_secs(8);
/// A last message gets this long.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a WebSocket. Its address may carry a token: no error repeats more than the host.
///
/// # Errors
/// Why it is not open.
pub(crate) async fn connect(
    url: &Url,
    subprotocol: Option<&'static str>,
    origin: Option<&Url>,
    proxy: Option<&Url>,
) -> Result<Stream, Closed> {
    let host = url.host_str().unwrap_or_default();
    let fail = |reason: &dyn std::fmt::Display| Closed::because(format!("{host}: {reason}"));
    let mut request = url.as_str().into_client_request().map_err(|e| fail(&e))?;
    if let Some(subprotocol) = subprotocol {
        let value = HeaderValue::from_static(subprotocol);
        request
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_PROTOCOL, value);
    }
    // Prosody and proxies may ask that a page of their own is behind it.
    if let Some(origin) = origin.map(|o| o.origin().ascii_serialization())
        && let Ok(value) = HeaderValue::try_from(origin)
    {
        request.headers_mut().insert(header::ORIGIN, value);
    }
    let opening = async {
        let tcp = tunnel::connect(url, proxy).await.map_err(|e| fail(&e))?;
        Box::pin(tokio_tungstenite::client_async_tls(request, tcp))
            .await
            .map_err(|error| Closed {
                untrusted: trust::distrusts(&error).then(|| host.to_owned()),
                ..fail(&error)
            })
    };
    match tokio::time::timeout(CONNECT_WITHIN, opening).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(closed)) => Err(closed),
        Err(_) => Err(fail(&"no answer in time")),
    }
}

/// Carries texts until the server closes or `texts` ends; then what is queued is still sent.
pub(crate) async fn carry(
    stream: Stream,
    mut texts: mpsc::UnboundedReceiver<String>,
    tell: impl Fn(SocketEvent),
) {
    tell(SocketEvent::Opened);
    let (mut sink, mut source) = stream.split();
    let reason = loop {
        tokio::select! {
            text = texts.recv() => {
                let Some(text) = text else { break "closed here".to_owned() };
                if let Err(error) = sink.send(Message::text(text)).await {
                    break error.to_string();
                }
            }
            message = source.next() => match message {
                Some(Ok(Message::Text(text))) => tell(SocketEvent::Text(text.as_str().to_owned())),
                Some(Ok(Message::Close(_))) | None => break "closed by the server".to_owned(),
                Some(Ok(_)) => {}
                Some(Err(error)) => break error.to_string(),
            }
        }
    };
    let _ = tokio::time::timeout(CLOSE_WITHIN, sink.close()).await;
    tell(SocketEvent::Closed(Closed::because(reason)));
}
