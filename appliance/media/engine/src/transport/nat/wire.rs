//! The way to a TURN server: datagrams, or a stream, with or without TLS.

use std::{io, net::SocketAddr, sync::Arc};

use rustls_native_certs::load_native_certs;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf},
    net::{TcpStream, UdpSocket},
    sync::mpsc,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::ServerName},
};

use super::{
    framing::Framing,
    proxy::Proxy,
    servers::{Server, Way, resolve},
};

/// Pieces that wait for a stream that is behind; a quarter of a second of pictures. What comes
/// after them is lost, as it would be on the network.
const QUEUE: usize = 128;

/// Why there is no way to a server.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("its name has no address")]
    Name(#[source] io::Error),
    #[error("no connection")]
    Connect(#[source] io::Error),
    #[error("no way through the proxy")]
    Proxy(#[source] io::Error),
    #[error("no certificates of authorities on this computer")]
    NoAuthorities,
    #[error("TLS can't be set up")]
    Tls(#[source] tokio_rustls::rustls::Error),
    #[error("\"{0}\" is no name that a certificate could have")]
    NoName(String),
    #[error("the server's TLS")]
    Handshake(#[source] io::Error),
}

/// Any stream of bytes.
pub(in crate::transport) trait Stream:
    AsyncRead + AsyncWrite + Send + Unpin
{
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A stream, both ways, which loses what it can't hold: nobody waits for it.
pub(super) struct Pipe {
    read: ReadHalf<Box<dyn Stream>>,
    write: mpsc::Sender<Vec<u8>>,
    /// Our end, and the server's or the proxy's.
    ends: (SocketAddr, SocketAddr),
}

impl Pipe {
    pub(super) fn new(stream: Box<dyn Stream>, ends: (SocketAddr, SocketAddr)) -> Self {
        let (read, mut sink) = tokio::io::split(stream);
        let (write, mut pieces) = mpsc::channel::<Vec<u8>>(QUEUE);
        tokio::spawn(async move {
            while let Some(piece) = pieces.recv().await {
                let written = sink.write_all(&piece).await;
                if written.is_err() || sink.flush().await.is_err() {
                    // The reader notices too, and says so.
                    return;
                }
            }
            let _ = sink.shutdown().await;
        });
        Self { read, write, ends }
    }

    /// Our end, and the next one's.
    pub(super) fn ends(&self) -> (SocketAddr, SocketAddr) {
        self.ends
    }

    /// Takes pieces as the stream carries them; full: the way is behind.
    pub(super) fn outlet(&self) -> mpsc::Sender<Vec<u8>> {
        self.write.clone()
    }

    /// The next piece; nothing of it is lost when this is dropped.
    pub(super) async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.read.read(buffer).await {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            read => read,
        }
    }
}

pub(super) enum Wire {
    Datagrams(UdpSocket),
    Stream(Pipe),
}

impl Wire {
    /// Opens the way; the server's name is what its certificate has to say.
    pub(super) async fn open(
        way: Way,
        server: &Server,
        proxy: Option<&Proxy>,
    ) -> Result<Self, WireError> {
        if way == Way::Udp {
            return datagrams(server).await;
        }
        let (stream, ends) = tcp(server, proxy).await?;
        let stream: Box<dyn Stream> = match way {
            Way::Tls => {
                let connector = TlsConnector::from(Arc::new(tls()?));
                let name = ServerName::try_from(server.host.clone())
                    .map_err(|_| WireError::NoName(server.host.clone()))?;
                let stream = connector.connect(name, stream).await;
                Box::new(stream.map_err(WireError::Handshake)?)
            }
            Way::Udp | Way::Tcp => Box::new(stream),
        };
        Ok(Self::Stream(Pipe::new(stream, ends)))
    }

    /// Our address on this way, and the next one's.
    pub(super) fn ends(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        match self {
            Self::Datagrams(socket) => Ok((socket.local_addr()?, socket.peer_addr()?)),
            Self::Stream(pipe) => Ok(pipe.ends()),
        }
    }

    /// Sends or drops.
    pub(super) fn send(&self, piece: &[u8]) {
        match self {
            Self::Datagrams(socket) => drop(socket.try_send(piece)),
            Self::Stream(pipe) => {
                if let Some(piece) = Framing::Turn.frame(piece) {
                    drop(pipe.write.try_send(piece));
                }
            }
        }
    }

    /// The next piece; nothing of it is lost when this is dropped.
    pub(super) async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Datagrams(socket) => socket.recv(buffer).await,
            Self::Stream(pipe) => pipe.receive(buffer).await,
        }
    }
}

/// A stream, our end and the next one's. A proxy looks the name up itself: behind it there may be no other way to.
pub(super) async fn tcp(
    server: &Server,
    proxy: Option<&Proxy>,
) -> Result<(TcpStream, (SocketAddr, SocketAddr)), WireError> {
    let stream = match proxy {
        Some(proxy) => {
            let through = proxy.connect(&server.host, server.port).await;
            through.map_err(WireError::Proxy)?
        }
        None => {
            let addresses = resolve(server).await.map_err(WireError::Name)?;
            let stream = TcpStream::connect(addresses.as_slice()).await;
            stream.map_err(WireError::Connect)?
        }
    };
    stream.set_nodelay(true).map_err(WireError::Connect)?;
    let ends = stream
        .local_addr()
        .and_then(|local| Ok((local, stream.peer_addr()?)));
    Ok((stream, ends.map_err(WireError::Connect)?))
}

async fn datagrams(server: &Server) -> Result<Wire, WireError> {
    let mut error = io::ErrorKind::NotFound.into();
    for to in resolve(server).await.map_err(WireError::Name)? {
        let any: SocketAddr = if to.is_ipv4() {
            ([0, 0, 0, 0], 0).into()
        } else {
            ([0_u16; 8], 0).into()
        };
        let socket = UdpSocket::bind(any).await.map_err(WireError::Connect)?;
        let connected = match socket.connect(to).await {
            // Until it was told that it can, it would refuse to send the request.
            Ok(()) => socket.writable().await,
            refused => refused,
        };
        match connected {
            Ok(()) => return Ok(Wire::Datagrams(socket)),
            Err(unreachable) => error = unreachable,
        }
    }
    Err(WireError::Connect(error))
}

/// The authorities that this computer trusts, a private one of an organisation among them.
fn tls() -> Result<ClientConfig, WireError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(load_native_certs().certs);
    if roots.is_empty() {
        return Err(WireError::NoAuthorities);
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(WireError::Tls)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
