//! The way to the server: TCP or a proxy, TLS 1.3, one WebSocket.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    sign::{CertifiedKey, SigningKey, SingleCertAndKey},
    version::TLS13,
};
use saal_fleet_protocol::fleet::{
    discovery::{DHCP_OPTION, SERVICE},
    wire::{FromDevice, FromServer, LARGEST_MESSAGE, PATH, encode},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream, ToSocketAddrs},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

use crate::{
    discovery::Place,
    settings::{Proxy, Settings},
};

/// Longer takes no way that is open.
const PATIENCE: Duration = Duration::from_secs(20);
/// The server asks after 50 s of silence; after this long it is gone.
const SILENCE: Duration = Duration::from_secs(120);
/// Read at once: a message may be longer.
const READS: usize = 4 * 1024;
/// A proxy's answer before the way is open.
const LARGEST_HEAD: usize = 8 * 1024;

/// A file that says whom to believe, or who one is, can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct FileError {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// The server is not reached.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// A file that is needed for it.
    #[error(transparent)]
    File(#[from] FileError),
    /// Nobody wrote down which server, and the network names none.
    #[error(
        "the network names no server of a fleet (DHCP option {DHCP_OPTION}, {SERVICE} by DNS or on the link); write `server` \
         into the agent's file, or see docs/fleet.md"
    )]
    Nowhere,
    /// TCP.
    #[error("can't reach {place}: {source}")]
    Tcp {
        /// Host and port.
        place: String,
        /// Why.
        source: std::io::Error,
    },
    /// The proxy does not let it through.
    #[error("the proxy {place} answered: {answer}")]
    Proxy {
        /// Host and port.
        place: String,
        /// Its first line.
        answer: String,
    },
    /// Not the right server, or no secure one.
    #[error("TLS with {place}: {source}")]
    Tls {
        /// Host and port.
        place: String,
        /// Why.
        source: std::io::Error,
    },
    /// Keys or authorities.
    #[error("TLS can't be set up: {0}")]
    Setup(#[from] rustls::Error),
    /// It is a server, but none of a fleet.
    #[error("{place} is no fleet's server for this agent: {source}")]
    WebSocket {
        /// Host and port.
        place: String,
        /// Why.
        source: Box<tungstenite::Error>,
    },
    /// Nothing came in time.
    #[error("{0} does not answer")]
    Slow(String),
}

/// What the device shows of itself: its certificates, and what signs for them.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// PEM.
    pub certificate: String,
    /// The key, or the way to it.
    pub key: Arc<dyn SigningKey>,
}

/// A connection.
pub struct Link(WebSocketStream<TlsStream<TcpStream>>);

impl Link {
    /// Opens one to a server; without credentials it is that of a stranger.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn open(
        settings: &Settings,
        to: &Place,
        credentials: Option<Credentials>,
    ) -> Result<Self, LinkError> {
        let config = tls(settings, credentials)?;
        Self::open_as(settings, to, Arc::new(config), None).await
    }

    /// The same where TLS is set up already, and from an address of this computer that somebody chose.
    ///
    /// # Errors
    /// [`LinkError`].
    pub(crate) async fn open_as(
        settings: &Settings,
        to: &Place,
        config: Arc<ClientConfig>,
        from: Option<Ipv4Addr>,
    ) -> Result<Self, LinkError> {
        let url = to.server.url();
        let host = url
            .host_str()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        let place = format!("{}:{port}", url.host_str().unwrap_or_default());
        let known = &to.addresses[..];
        let opening = async {
            let tcp = match (&settings.proxy, from) {
                (None, Some(from)) => dial_from(from, known, &place).await?,
                (None, None) if known.is_empty() => dial((host.as_str(), port), &place).await?,
                (None, None) => dial(known, &place).await?,
                (Some(proxy), _) => through(proxy, &place).await?,
            };
            let tls_failed = |source| LinkError::Tls {
                place: place.clone(),
                source,
            };
            let name = ServerName::try_from(host.clone())
                .map_err(|e| tls_failed(std::io::Error::other(e)))?;
            let connector = TlsConnector::from(config);
            let stream = connector.connect(name, tcp).await.map_err(tls_failed)?;
            let limits = WebSocketConfig::default()
                .read_buffer_size(READS)
                .max_message_size(Some(LARGEST_MESSAGE));
            let request = format!("wss://{place}{PATH}");
            let opened = client_async_with_config(request, stream, Some(limits)).await;
            let failed = |source| LinkError::WebSocket {
                place: place.clone(),
                source: Box::new(source),
            };
            Ok(Self(opened.map_err(failed)?.0))
        };
        // A crowd of connections lives longer than their opening, which is large.
        timeout(PATIENCE, Box::pin(opening))
            .await
            .map_err(|_| LinkError::Slow(place.clone()))?
    }

    /// Sends a message; false when the connection is gone.
    pub async fn say(&mut self, message: &FromDevice) -> bool {
        let sending = self.0.send(Message::Text(encode(message).into()));
        matches!(timeout(PATIENCE, sending).await, Ok(Ok(())))
    }

    /// The next message; the error says why there is none any more. Cancelling it loses nothing.
    ///
    /// # Errors
    /// For the log.
    pub async fn hear(&mut self) -> Result<FromServer, String> {
        loop {
            let heard = timeout(SILENCE, self.0.next()).await;
            match heard {
                Err(_) => return Err("the server says nothing any more".to_owned()),
                Ok(None) => return Err("the server closed the connection".to_owned()),
                Ok(Some(Err(error))) => return Err(error.to_string()),
                Ok(Some(Ok(Message::Text(text)))) => {
                    return serde_json::from_str(&text).map_err(|e| {
                        format!("the server says something that is not understood: {e}")
                    });
                }
                Ok(Some(Ok(Message::Close(_)))) => {
                    return Err("the server closed the connection".to_owned());
                }
                Ok(Some(Ok(_))) => {}
            }
        }
    }
}

pub(crate) fn tls(
    settings: &Settings,
    credentials: Option<Credentials>,
) -> Result<ClientConfig, LinkError> {
    Trust::of(settings)?.client(credentials)
}

/// Whom a device believes, for any number of connections.
#[derive(Clone)]
pub(crate) struct Trust {
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
}

impl Trust {
    pub(crate) fn of(settings: &Settings) -> Result<Self, FileError> {
        Ok(Self {
            provider: Arc::new(aws_lc_rs::default_provider()),
            roots: Arc::new(authorities(settings.ca_file.as_deref())?),
        })
    }

    pub(crate) fn client(
        &self,
        credentials: Option<Credentials>,
    ) -> Result<ClientConfig, LinkError> {
        let config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(self.roots.clone());
        let mut config = match credentials {
            None => config.with_no_client_auth(),
            Some(credentials) => {
                let chain = CertificateDer::pem_slice_iter(credentials.certificate.as_bytes());
                let chain: Vec<_> = chain.filter_map(Result::ok).collect();
                let shown = CertifiedKey::new(chain, credentials.key);
                config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
            }
        };
        // The server gives no tickets.
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// The authorities that certificates may be from: those in a file (PEM), or those of this computer.
///
/// # Errors
/// The file can't be read, or has none in it.
pub fn authorities(file: Option<&Path>) -> Result<RootCertStore, FileError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = file else {
        // One that rustls can't use is no reason not to use the others.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    let bad = |reason: String| FileError {
        path: path.to_owned(),
        reason,
    };
    let pem = std::fs::read(path).map_err(|e| bad(e.to_string()))?;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|e| bad(e.to_string()))?;
        roots.add(certificate).map_err(|e| bad(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(bad("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}

async fn dial(to: impl ToSocketAddrs, place: &str) -> Result<TcpStream, LinkError> {
    let tcp = TcpStream::connect(to).await;
    let tcp = tcp.map_err(|source| LinkError::Tcp {
        place: place.to_owned(),
        source,
    })?;
    let _ = tcp.set_nodelay(true);
    Ok(tcp)
}

/// To the first of these that answers, from an address of this computer.
async fn dial_from(from: Ipv4Addr, to: &[SocketAddr], place: &str) -> Result<TcpStream, LinkError> {
    let failed = |source| LinkError::Tcp {
        place: place.to_owned(),
        source,
    };
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
    for address in to {
        let socket = TcpSocket::new_v4().map_err(failed)?;
        socket.bind(SocketAddr::from((from, 0))).map_err(failed)?;
        match socket.connect(*address).await {
            Ok(tcp) => {
                let _ = tcp.set_nodelay(true);
                return Ok(tcp);
            }
            Err(error) => last = error,
        }
    }
    Err(failed(last))
}

/// Asks a proxy to open the way (RFC 9110, section 9.3.6).
async fn through(proxy: &Proxy, target: &str) -> Result<TcpStream, LinkError> {
    let host = proxy
        .address
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']']);
    let port = proxy.address.port_or_known_default().unwrap_or(3128);
    let place = format!("{host}:{port}");
    let mut tcp = dial((host, port), &place).await?;
    let failed = |source| LinkError::Tcp {
        place: place.clone(),
        source,
    };
    let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(user) = &proxy.user {
        let basic = BASE64_STANDARD.encode(format!("{user}:{}", password(proxy)?));
        head += &format!("Proxy-Authorization: Basic {basic}\r\n");
    }
    head += "\r\n";
    tcp.write_all(head.as_bytes()).await.map_err(failed)?;
    let mut answer = Vec::new();
    // Byte by byte: what comes behind the head is not ours.
    while !answer.ends_with(b"\r\n\r\n") && answer.len() < LARGEST_HEAD {
        answer.push(tcp.read_u8().await.map_err(failed)?);
    }
    let answer = String::from_utf8_lossy(&answer);
    let first = answer.lines().next().unwrap_or_default();
    match first.split(' ').nth(1) {
        Some(status) if status.starts_with('2') => Ok(tcp),
        _ => Err(LinkError::Proxy {
            place,
            answer: first.to_owned(),
        }),
    }
}

pub(crate) fn password(proxy: &Proxy) -> Result<String, LinkError> {
    let Some(path) = &proxy.password_file else {
        return Ok(String::new());
    };
    let read = std::fs::read_to_string(path);
    let read = read.map_err(|e| FileError {
        path: path.clone(),
        reason: e.to_string(),
    })?;
    Ok(read.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A proxy that wants a password; returns its answer to what it was asked.
    async fn proxy(listener: TcpListener) -> String {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let answer: &[u8] = if head.contains("Basic cm9vbTpnZWhlaW0=") {
            b"HTTP/1.1 200 OK\r\n\r\nhello"
        } else {
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
        };
        socket.write_all(answer).await.unwrap();
        head
    }

    async fn asked(user: Option<&str>) -> (Result<TcpStream, LinkError>, String) {
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        std::fs::write(&password, "geheim\n").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let proxy_settings = Proxy {
            address: address.parse().unwrap(),
            user: user.map(str::to_owned),
            password_file: user.map(|_| password),
        };
        let (way, head) = tokio::join!(
            through(&proxy_settings, "fleet.example.org:443"),
            proxy(listener)
        );
        (way, head)
    }

    #[tokio::test]
    async fn a_proxy_with_a_password_opens_the_way_and_nothing_is_lost_behind_it() {
        let (way, head) = asked(Some("room")).await;
        assert!(
            head.starts_with("CONNECT fleet.example.org:443 HTTP/1.1\r\n"),
            "{head}"
        );
        let mut hello = [0; 5];
        way.unwrap().read_exact(&mut hello).await.unwrap();
        assert_eq!(&hello, b"hello");
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_named_with_its_answer() {
        let (way, _) = asked(None).await;
        let error = way.unwrap_err().to_string();
        assert!(
            error.contains("407 Proxy Authentication Required"),
            "{error}"
        );
    }
}
