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

use super::{framing, servers::Way};

/// Pieces that wait for a stream that is behind; a quarter of a second of pictures. What comes
/// after them is lost, as it would be on the network.
const QUEUE: usize = 128;

/// Why there is no way to a server.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("no connection")]
    Connect(#[source] io::Error),
    #[error("no certificates of authorities on this computer")]
    NoAuthorities,
    #[error("TLS can't be set up")]
    Tls(#[source] tokio_rustls::rustls::Error),
    #[error("\"{0}\" is no name that a certificate could have")]
    Name(String),
    #[error("the server's TLS")]
    Handshake(#[source] io::Error),
}

/// Any stream of bytes.
pub(in crate::transport) trait Stream:
    AsyncRead + AsyncWrite + Send + Unpin
{
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(super) enum Wire {
    Datagrams(UdpSocket),
    Stream {
        read: ReadHalf<Box<dyn Stream>>,
        write: mpsc::Sender<Vec<u8>>,
        local: SocketAddr,
    },
}

impl Wire {
    /// Opens the way; `host` is what the certificate has to say.
    pub(super) async fn open(way: Way, host: &str, to: SocketAddr) -> Result<Self, WireError> {
        if way == Way::Udp {
            return datagrams(to).await.map_err(WireError::Connect);
        }
        let stream = TcpStream::connect(to).await.map_err(WireError::Connect)?;
        stream.set_nodelay(true).map_err(WireError::Connect)?;
        let local = stream.local_addr().map_err(WireError::Connect)?;
        let stream: Box<dyn Stream> = match way {
            Way::Tls => {
                let connector = TlsConnector::from(Arc::new(tls()?));
                let name = ServerName::try_from(host.to_owned())
                    .map_err(|_| WireError::Name(host.to_owned()))?;
                let stream = connector.connect(name, stream).await;
                Box::new(stream.map_err(WireError::Handshake)?)
            }
            Way::Udp | Way::Tcp => Box::new(stream),
        };
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
        Ok(Self::Stream { read, write, local })
    }

    /// Our address on this way.
    pub(super) fn local(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Datagrams(socket) => socket.local_addr(),
            Self::Stream { local, .. } => Ok(*local),
        }
    }

    /// Sends or drops.
    pub(super) fn send(&self, piece: &[u8]) {
        match self {
            Self::Datagrams(socket) => drop(socket.try_send(piece)),
            Self::Stream { write, .. } => {
                let mut piece = piece.to_vec();
                framing::pad(&mut piece);
                // Full: the way is behind.
                drop(write.try_send(piece));
            }
        }
    }

    /// The next piece; nothing of it is lost when this is dropped.
    pub(super) async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Datagrams(socket) => socket.recv(buffer).await,
            Self::Stream { read, .. } => match read.read(buffer).await {
                Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                read => read,
            },
        }
    }
}

async fn datagrams(to: SocketAddr) -> io::Result<Wire> {
    let any: SocketAddr = if to.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0_u16; 8], 0).into()
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(to).await?;
    Ok(Wire::Datagrams(socket))
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
