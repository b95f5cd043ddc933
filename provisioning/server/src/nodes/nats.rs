//! A connection to NATS, with what a node needs of it: one subject, to which all nodes of a fleet speak and listen.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use rustls::{ClientConfig, pki_types::ServerName};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::frames::{Frame, Incoming, Info};
use crate::{
    folder::{self, FolderError},
    store::tls_client,
};

/// What NATS listens on unless it is told otherwise.
const PORT: u16 = 4222;
/// A server that needs longer is taken for gone.
const WITHIN: Duration = Duration::from_secs(10);
/// Which of several subscriptions a message is for; there is one.
const SUBSCRIPTION: u32 = 1;

/// Where nodes tell each other what they did.
#[derive(Clone, Debug)]
pub struct Nats {
    /// `nats://USER@HOST:PORT` or `tls://…`; more of them are other servers of the same cluster.
    pub servers: Vec<String>,
    /// A file with the user's password, or with a token where there is no user.
    pub password: Option<PathBuf>,
    /// The authority of the server's certificate, in PEM; `None`: one of those that this machine trusts.
    pub ca: Option<PathBuf>,
}

/// What is said of NATS can't be used.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// Files.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// An address.
    #[error("--nats {address}: {reason}")]
    Address {
        /// Which.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The connection failed, or is over.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("no answer within {} s", WITHIN.as_secs())]
    Late,
    #[error("it offers no TLS")]
    NoTls,
    #[error("it says: {0}")]
    Refused(String),
    #[error("not understood: {0}")]
    Strange(String),
}

impl From<tokio::time::error::Elapsed> for Broken {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::Late
    }
}

/// One server.
#[derive(Clone, Debug)]
struct Address {
    host: String,
    port: u16,
    name: ServerName<'static>,
    user: Option<String>,
    /// What is said is encrypted, or nothing is said.
    tls: bool,
}

/// All that is needed to connect.
pub(crate) struct Way {
    addresses: Vec<Address>,
    password: Option<String>,
    tls: Arc<ClientConfig>,
    subject: String,
}

impl Way {
    /// Past this machine what is said is encrypted, unless an address ends with `?tls=disable`.
    ///
    /// # Errors
    /// [`NatsError`].
    pub(crate) fn new(nats: &Nats, subject: String) -> Result<Self, NatsError> {
        let password = match &nats.password {
            None => None,
            Some(path) => {
                let missing = || FolderError::bad(path, &"it is not there");
                let password = folder::read(path)?.ok_or_else(missing)?;
                let text = String::from_utf8(password).map_err(|e| FolderError::bad(path, &e))?;
                Some(text.trim_end().to_owned())
            }
        };
        let addresses = nats.servers.iter().map(|text| {
            address(text).map_err(|reason| NatsError::Address {
                address: text.clone(),
                reason,
            })
        });
        Ok(Self {
            addresses: addresses.collect::<Result<_, _>>()?,
            password,
            tls: tls_client(nats.ca.as_deref())?,
            subject,
        })
    }

    /// Connects to the first server that answers.
    pub(super) async fn open(&self) -> Result<Connection, Broken> {
        let mut last = Broken::Late;
        for address in &self.addresses {
            match timeout(WITHIN, self.greet(address)).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(broken)) => last = broken,
                Err(late) => last = late.into(),
            }
        }
        Err(last)
    }

    /// From its first words until it has taken ours.
    async fn greet(&self, address: &Address) -> Result<Connection, Broken> {
        let tcp = TcpStream::connect((address.host.as_str(), address.port)).await?;
        tcp.set_nodelay(true)?;
        let mut connection = Connection::of(Box::new(tcp), &self.subject);
        let Frame::Info(info) = connection.next().await? else {
            return Err(Broken::Strange("it does not say who it is".to_owned()));
        };
        let secure = info.tls_required || (address.tls && info.tls_available);
        if address.tls && !secure {
            return Err(Broken::NoTls);
        }
        if secure {
            let connector = TlsConnector::from(self.tls.clone());
            let tls = connector.connect(address.name.clone(), connection.stream);
            connection = Connection::of(Box::new(tls.await?), &self.subject);
        }
        let hello = format!(
            "CONNECT {}\r\nSUB {} {SUBSCRIPTION}\r\nPING\r\n",
            self.who(address, &info),
            self.subject
        );
        connection.write(hello.as_bytes()).await?;
        loop {
            match connection.next().await? {
                Frame::Pong => return Ok(connection),
                Frame::Refused(why) => return Err(Broken::Refused(why)),
                Frame::Ping => connection.pong().await?,
                Frame::Info(_) | Frame::Message(_) | Frame::Done => {}
            }
        }
    }

    fn who(&self, address: &Address, info: &Info) -> serde_json::Value {
        let mut who = json!({
            "verbose": false,
            "pedantic": false,
            "lang": "rust",
            "version": env!("CARGO_PKG_VERSION"),
            "name": "saal-fleet",
            "protocol": 1,
            // What a node says itself it knows.
            "echo": false,
            "tls_required": info.tls_required,
        });
        match (&address.user, &self.password) {
            (Some(user), password) => {
                who["user"] = json!(user);
                who["pass"] = json!(password.as_deref().unwrap_or_default());
            }
            (None, Some(token)) => who["auth_token"] = json!(token),
            (None, None) => {}
        }
        who
    }
}

fn address(text: &str) -> Result<Address, String> {
    let url = Url::parse(text).map_err(|e| e.to_string())?;
    let wants = match url.scheme() {
        "nats" => false,
        "tls" => true,
        other => return Err(format!("\"{other}\" is neither nats nor tls")),
    };
    if url.password().is_some() {
        return Err("a password belongs into the file of --nats-password".to_owned());
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host
        .ok_or("it has no host")?
        .trim_matches(['[', ']'])
        .to_owned();
    let near = match Host::parse(url.host_str().unwrap_or_default()) {
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Ok(Host::Domain(name)) => name == "localhost",
        Err(_) => false,
    };
    let open = match url.query() {
        None => false,
        Some("tls=disable") if !wants => true,
        Some(other) => return Err(format!("\"{other}\" is not understood; tls=disable is")),
    };
    Ok(Address {
        port: url.port().unwrap_or(PORT),
        name: ServerName::try_from(host.clone()).map_err(|e| e.to_string())?,
        host,
        user: Some(url.username().to_owned()).filter(|user| !user.is_empty()),
        tls: wants || !(near || open),
    })
}

/// Whatever carries bytes.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that listens.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    incoming: Incoming,
    subject: String,
    heard: Instant,
}

impl Connection {
    fn of(stream: Box<dyn Stream>, subject: &str) -> Self {
        Self {
            stream,
            incoming: Incoming::default(),
            subject: subject.to_owned(),
            heard: Instant::now(),
        }
    }

    /// What comes next. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> Result<Frame, Broken> {
        loop {
            if let Some(frame) = self.incoming.next().map_err(Broken::Strange)? {
                return Ok(frame);
            }
            let mut bytes = [0; 4096];
            let read = self.stream.read(&mut bytes).await?;
            if read == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            self.heard = Instant::now();
            self.incoming.take(&bytes[..read]);
        }
    }

    /// For how long nothing came.
    pub(super) fn silent(&self) -> Duration {
        self.heard.elapsed()
    }

    /// Says something to all other nodes.
    pub(super) async fn publish(&mut self, body: &[u8]) -> Result<(), Broken> {
        let mut all = format!("PUB {} {}\r\n", self.subject, body.len()).into_bytes();
        all.extend_from_slice(body);
        all.extend_from_slice(b"\r\n");
        self.write(&all).await
    }

    pub(super) async fn ping(&mut self) -> Result<(), Broken> {
        self.write(b"PING\r\n").await
    }

    pub(super) async fn pong(&mut self) -> Result<(), Broken> {
        self.write(b"PONG\r\n").await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let write = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        Ok(timeout(WITHIN, write).await??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_this_machine_nothing_is_said_in_the_clear_unless_somebody_wants_it() {
        for (text, tls, port) in [
            ("nats://localhost", false, 4222),
            ("nats://127.0.0.1:5222", false, 5222),
            ("nats://[::1]", false, 4222),
            ("nats://nats.example.org", true, 4222),
            ("nats://fleet@nats.example.org:1", true, 1),
            ("tls://localhost", true, 4222),
            ("nats://nats.example.org?tls=disable", false, 4222),
        ] {
            let address = address(text).unwrap();
            assert_eq!((address.tls, address.port), (tls, port), "{text}");
        }
    }

    #[test]
    fn an_address_that_can_not_be_meant_is_refused() {
        for text in [
            "localhost",
            "http://localhost",
            "nats://",
            "nats://user:secret@localhost",
            "tls://localhost?tls=disable",
            "nats://localhost?x=y",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
