//! A participant without media: says what a test wants said and shows every stanza and message that comes.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use minidom::Element;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::error::{Error, Result};

use super::DOMAIN;
use super::xmpp::{child, escape};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long a server may take to say something.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
const OPEN: &str = "urn:ietf:params:xml:ns:xmpp-framing";
const CAPS: &str = "https://saal.test/script#1";

/// A scripted participant.
#[derive(Debug)]
pub struct JitsiScript {
    socket: Socket,
    /// Its full address.
    pub jid: String,
    room: String,
    features: Vec<String>,
    /// Every stanza that came, as text, in order.
    pub seen: Vec<String>,
}

/// A bridge channel by WebSocket.
#[derive(Debug)]
pub struct BridgeScript {
    socket: Socket,
    /// Every message that came, in order.
    pub seen: Vec<Value>,
}

fn failed(what: &str, answer: impl std::fmt::Display) -> Error {
    Error::Answer {
        what: what.to_owned(),
        answer: answer.to_string(),
    }
}

async fn next(socket: &mut Socket, what: &str) -> Result<String> {
    let deadline = tokio::time::Instant::now() + ANSWER_WITHIN;
    loop {
        match tokio::time::timeout_at(deadline, socket.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => return Ok(text.to_string()),
            Ok(Some(Ok(_))) => {}
            Ok(Some(Err(error))) => return Err(failed(what, error)),
            Ok(None) => return Err(failed(what, "the socket was closed")),
            Err(_) => return Err(failed(what, "nothing in time")),
        }
    }
}

impl JitsiScript {
    /// Connects as a client does: WebSocket, ANONYMOUS, bind. A refusal is an error with the server's answer.
    ///
    /// # Errors
    /// When the server refuses or says nothing in time; so for every method here.
    pub async fn connect(
        base: &str,
        room: &str,
        token: Option<&str>,
        features: &[&str],
    ) -> Result<Self> {
        let what = "Prosody";
        let token = token.map_or_else(String::new, |token| format!("&token={token}"));
        let base = base.replacen("http", "ws", 1);
        let url = format!("{base}/xmpp-websocket?room={room}{token}");
        let mut request = url
            .into_client_request()
            .map_err(|error| failed(what, error))?;
        let protocol = HeaderValue::from_static("xmpp");
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", protocol);
        let (socket, _) = connect_async(request)
            .await
            .map_err(|error| failed(what, error))?;
        let mut script = Self {
            socket,
            jid: String::new(),
            room: format!("{room}@conference.{DOMAIN}"),
            features: features
                .iter()
                .map(|feature| (*feature).to_owned())
                .collect(),
            seen: Vec::new(),
        };
        let open = format!("<open xmlns='{OPEN}' to='{DOMAIN}' version='1.0'/>");
        script.send(&open).await?;
        script
            .send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>")
            .await?;
        let answer = script
            .expect(|stanza| matches!(stanza.name(), "success" | "failure"))
            .await?;
        if answer.name() == "failure" {
            return Err(failed(what, String::from(&answer)));
        }
        script.send(&open).await?;
        script
            .send("<iq xmlns='jabber:client' id='bind' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
            .await?;
        let bound = script
            .expect(|stanza| stanza.attr("id") == Some("bind"))
            .await?;
        let jid = child(&bound, "bind").and_then(|bind| child(bind, "jid"));
        script.jid = jid.map(Element::text).unwrap_or_default();
        Ok(script)
    }

    /// The endpoint id: the first eight characters of the address.
    #[must_use]
    pub fn id(&self) -> &str {
        self.jid.get(..8).unwrap_or_default()
    }

    /// Its address in the room.
    #[must_use]
    pub fn occupant(&self) -> String {
        format!("{}/{}", self.room, self.id())
    }

    /// Sends a stanza as it is.
    ///
    /// # Errors
    /// As for [`Self::connect`].
    pub async fn send(&mut self, text: &str) -> Result<()> {
        let sent = self.socket.send(Message::text(text)).await;
        sent.map_err(|error| failed("Prosody", error))
    }

    /// Asks for the conference and enters the room; gives the room's answer to the presence.
    ///
    /// # Errors
    /// As for [`Self::connect`].
    pub async fn join(&mut self, name: &str, muc: &str) -> Result<Element> {
        let room = self.room.clone();
        self.send(&format!(
            "<iq xmlns='jabber:client' id='request' to='focus.{DOMAIN}' type='set'>\
             <conference xmlns='http://jitsi.org/protocol/focus' room='{room}' machine-uid='script'/></iq>"
        ))
        .await?;
        let answer = self
            .expect(|stanza| stanza.attr("id") == Some("request"))
            .await?;
        if answer.attr("type") == Some("error") {
            return Ok(answer);
        }
        let (own, node) = (self.occupant(), CAPS.replace("#1", ""));
        self.send(&format!(
            "<presence xmlns='jabber:client' to='{own}'><x xmlns='http://jabber.org/protocol/muc'>{muc}</x>\
             <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='{node}' ver='{}'/><SourceInfo>{{}}</SourceInfo>\
             <nick xmlns='http://jabber.org/protocol/nick'>{}</nick></presence>",
            self.features.join("").len(),
            escape(name),
        ))
        .await?;
        self.expect(|stanza| stanza.name() == "presence" && stanza.attr("from") == Some(&own))
            .await
    }

    /// Changes its presence: what a web client would say after it has entered.
    ///
    /// # Errors
    /// As for [`Self::connect`].
    pub async fn announce(&mut self, elements: &str) -> Result<()> {
        let own = self.occupant();
        self.send(&format!(
            "<presence xmlns='jabber:client' to='{own}'>{elements}</presence>"
        ))
        .await
    }

    /// Reads until a stanza is as wanted; questions for features are answered, other requests acknowledged.
    ///
    /// # Errors
    /// As for [`Self::connect`].
    pub async fn expect(&mut self, mut wanted: impl FnMut(&Element) -> bool) -> Result<Element> {
        loop {
            let text = next(&mut self.socket, "Prosody").await?;
            self.seen.push(text.clone());
            let stanza: Element = text.parse().map_err(|error| failed("Prosody", error))?;
            self.acknowledge(&stanza).await?;
            if wanted(&stanza) {
                return Ok(stanza);
            }
        }
    }

    async fn acknowledge(&mut self, stanza: &Element) -> Result<()> {
        let kind = stanza.attr("type").unwrap_or_default();
        if stanza.name() != "iq" || !matches!(kind, "get" | "set") {
            return Ok(());
        }
        let [from, id] = ["from", "id"].map(|name| escape(stanza.attr(name).unwrap_or_default()));
        let content = match child(stanza, "query").filter(|_| kind == "get") {
            Some(query) => {
                let features = self
                    .features
                    .iter()
                    .map(|feature| format!("<feature var='{feature}'/>"));
                let node = escape(query.attr("node").unwrap_or_default());
                let features: String = features.collect();
                format!(
                    "<query xmlns='{}' node='{node}'>{features}</query>",
                    query.ns()
                )
            }
            None => String::new(),
        };
        self.send(&format!(
            "<iq xmlns='jabber:client' type='result' to='{from}' id='{id}'>{content}</iq>"
        ))
        .await
    }
}

impl BridgeScript {
    /// Opens the channel that an offer names.
    ///
    /// # Errors
    /// When the offer names none or the bridge refuses; so for every method here.
    pub async fn open(offer: &Element) -> Result<Self> {
        let what = "the bridge";
        let url = web_socket(offer).ok_or_else(|| failed(what, "the offer names no WebSocket"))?;
        let (socket, _) = connect_async(url)
            .await
            .map_err(|error| failed(what, error))?;
        Ok(Self {
            socket,
            seen: Vec::new(),
        })
    }

    /// Says something.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn say(&mut self, message: &Value) -> Result<()> {
        let sent = self.socket.send(Message::text(message.to_string())).await;
        sent.map_err(|error| failed("the bridge", error))
    }

    /// Reads until a message of this class comes.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn expect(&mut self, class: &str) -> Result<Value> {
        loop {
            let text = next(&mut self.socket, "the bridge").await?;
            let message: Value =
                serde_json::from_str(&text).map_err(|error| failed("the bridge", error))?;
            self.seen.push(message.clone());
            if message["colibriClass"] == class {
                return Ok(message);
            }
        }
    }
}

/// The address in the first transport that has one.
fn web_socket(offer: &Element) -> Option<String> {
    let jingle = child(offer, "jingle")?;
    let transports = jingle
        .children()
        .filter_map(|content| child(content, "transport"));
    let mut sockets = transports.filter_map(|transport| child(transport, "web-socket"));
    sockets.find_map(|socket| socket.attr("url").map(str::to_owned))
}
