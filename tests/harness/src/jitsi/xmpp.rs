//! The stand-in's connections to Prosody: one stream per component (XEP-0114), stanzas in as trees, stanzas out as text.

use std::collections::HashMap;
use std::time::Duration;

use minidom::Element;
use minidom::tree_builder::TreeBuilder;
use rxml::error::EndOrError;
use rxml::{Parse, RawParser};
use sha1::{Digest, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use crate::error::{Error, Result};
use crate::runtime;
use crate::web::Serving;

use super::DOMAIN;
use super::prosody::{COMPONENT_SECRET, COMPONENTS};

/// Sends stanzas, each on the stream of the component that it comes from.
#[derive(Debug, Clone)]
pub(super) struct Outgoing(HashMap<String, mpsc::UnboundedSender<String>>);

impl Outgoing {
    /// Sends a stanza whose `from` lies at one of our components.
    pub(super) fn send(&self, stanza: Stanza) {
        let Some(stream) = self.0.get(&stanza.host) else {
            tracing::error!(host = stanza.host, "no component of ours");
            return;
        };
        tracing::trace!(stanza = stanza.text, "out");
        // A closed stream means that Prosody has ended, which is a test's wish.
        let _ = stream.send(stanza.text);
    }
}

/// A stanza ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stanza {
    host: String,
    text: String,
}

impl Stanza {
    /// `<name from to attributes>content</name>`; `content` is XML, `attributes` start with a space or are empty.
    pub(super) fn new(name: &str, from: &str, to: &str, attributes: &str, content: &str) -> Self {
        let host = bare(from).rsplit('@').next().unwrap_or_default().to_owned();
        let (from, to) = (escape(from), escape(to));
        let text = format!("<{name} from='{from}' to='{to}'{attributes}>{content}</{name}>");
        Self { host, text }
    }

    /// The answer to a request: its `to` becomes `from`.
    pub(super) fn result(request: &Element, content: &str) -> Self {
        Self::reply(request, "result", content)
    }

    /// An error with a condition of RFC 6120, and what else belongs into `<error/>`.
    pub(super) fn error(request: &Element, kind: &str, condition: &str, more: &str) -> Self {
        let stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas";
        let content =
            format!("<error type='{kind}'><{condition} xmlns='{stanzas}'/>{more}</error>");
        Self::reply(request, "error", &content)
    }

    fn reply(request: &Element, kind: &str, content: &str) -> Self {
        let [from, to, id] =
            ["to", "from", "id"].map(|name| request.attr(name).unwrap_or_default());
        let attributes = format!(" type='{kind}' id='{}'", escape(id));
        Self::new("iq", from, to, &attributes, content)
    }
}

/// Text for XML content and attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\'', "&apos;")
        .replace('"', "&quot;")
}

/// The address without its resource.
pub(super) fn bare(jid: &str) -> &str {
    jid.split_once('/').map_or(jid, |(bare, _)| bare)
}

/// What stands after the `/`.
pub(super) fn resource(jid: &str) -> &str {
    jid.split_once('/').map_or("", |(_, resource)| resource)
}

/// The first child with this name, whatever its namespace.
pub(super) fn child<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    element.children().find(|child| child.name() == name)
}

/// What the streams bring.
#[derive(Debug)]
pub(super) enum Incoming {
    Stanza(Element),
    /// Prosody has ended, and with it every room.
    Lost,
}

/// Between attempts to reach a Prosody that is not up yet.
const AGAIN: Duration = Duration::from_millis(100);

/// Connects all components, and again whenever Prosody was restarted; what they bring comes out of one receiver.
pub(super) async fn connect(
    port: u16,
) -> Result<(Outgoing, mpsc::UnboundedReceiver<Incoming>, Vec<Serving>)> {
    let (deliver, incoming) = mpsc::unbounded_channel();
    let (mut streams, mut tasks) = (HashMap::new(), Vec::new());
    for (name, _) in COMPONENTS {
        let host = format!("{name}.{DOMAIN}");
        let stream = Stream::open(port, &host).await?;
        let (outgoing, texts) = mpsc::unbounded_channel();
        let carried = carry(stream, texts, port, host.clone(), deliver.clone());
        tasks.push(Serving::new(runtime::runtime().spawn(carried)));
        streams.insert(host, outgoing);
    }
    Ok((Outgoing(streams), incoming, tasks))
}

/// Carries stanzas both ways until the focus has ended.
async fn carry(
    mut stream: Stream,
    mut texts: mpsc::UnboundedReceiver<String>,
    port: u16,
    host: String,
    deliver: mpsc::UnboundedSender<Incoming>,
) {
    while stream.pass(&mut texts, &deliver).await.is_err() {
        if deliver.send(Incoming::Lost).is_err() {
            return;
        }
        stream = loop {
            match Stream::open(port, &host).await {
                Ok(stream) => break stream,
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        };
    }
}

/// A component's stream.
struct Stream {
    reader: Reader,
    write: OwnedWriteHalf,
}

impl Stream {
    async fn open(port: u16, host: &str) -> Result<Self> {
        let failed = |answer: String| Error::Answer {
            what: format!("Prosody's component {host}"),
            answer,
        };
        let io = |error: std::io::Error| failed(error.to_string());
        let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(io)?;
        stream.set_nodelay(true).map_err(io)?;
        let (read, mut write) = stream.into_split();
        let mut reader = Reader::new(read);
        let open = format!(
            "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='{host}'>"
        );
        write.write_all(open.as_bytes()).await.map_err(io)?;
        let id = reader.stream_id().await.map_err(failed)?;
        let digest = Sha1::digest(format!("{id}{COMPONENT_SECRET}"));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let handshake = format!("<handshake>{digest}</handshake>");
        write.write_all(handshake.as_bytes()).await.map_err(io)?;
        let answer = reader.stanza().await.map_err(failed)?;
        if answer.name() != "handshake" {
            return Err(failed(String::from(&answer)));
        }
        Ok(Self { reader, write })
    }

    /// An error when the stream has ended, and nothing when the focus has.
    async fn pass(
        &mut self,
        texts: &mut mpsc::UnboundedReceiver<String>,
        deliver: &mpsc::UnboundedSender<Incoming>,
    ) -> Result<(), String> {
        loop {
            tokio::select! {
                text = texts.recv() => match text {
                    Some(text) => {
                        let written = self.write.write_all(text.as_bytes()).await;
                        written.map_err(|error| error.to_string())?;
                    }
                    None => return Ok(()),
                },
                stanza = self.reader.stanza() => {
                    let stanza = stanza?;
                    tracing::trace!(stanza = String::from(&stanza), "in");
                    if deliver.send(Incoming::Stanza(stanza)).is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Reads a stream element by element.
struct Reader {
    read: OwnedReadHalf,
    parser: RawParser,
    tree: TreeBuilder,
    buffer: Vec<u8>,
}

impl Reader {
    fn new(read: OwnedReadHalf) -> Self {
        Self {
            read,
            parser: RawParser::new(),
            tree: TreeBuilder::new(),
            buffer: Vec::new(),
        }
    }

    async fn stream_id(&mut self) -> Result<String, String> {
        loop {
            if let Some(header) = self.tree.top() {
                return Ok(header.attr("id").unwrap_or_default().to_owned());
            }
            self.event().await?;
        }
    }

    async fn stanza(&mut self) -> Result<Element, String> {
        loop {
            self.event().await?;
            if self.tree.depth() == 1
                && let Some(stanza) = self.tree.unshift_child()
            {
                return Ok(stanza);
            }
        }
    }

    /// Takes the next event into the tree, from the network when none is left.
    async fn event(&mut self) -> Result<(), String> {
        loop {
            let mut rest = &self.buffer[..];
            let parsed = self.parser.parse(&mut rest, false);
            let used = self.buffer.len() - rest.len();
            self.buffer.drain(..used);
            match parsed {
                Ok(Some(event)) => {
                    return self
                        .tree
                        .process_event(event)
                        .map_err(|error| error.to_string());
                }
                Ok(None) => return Err("the stream has ended".to_owned()),
                Err(EndOrError::NeedMoreData) => self.fill().await?,
                Err(EndOrError::Error(error)) => return Err(error.to_string()),
            }
        }
    }

    async fn fill(&mut self) -> Result<(), String> {
        match self.read.read_buf(&mut self.buffer).await {
            Ok(0) => Err("the connection was closed".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}
