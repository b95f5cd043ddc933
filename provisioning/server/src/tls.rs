//! TLS 1.3 for all, with a certificate of the fleet's where a device has one.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll},
    time::Duration,
};

use axum::{extract::connect_info::Connected, serve::IncomingStream};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
    server::{
        ClientHello, ParsedCertificate, ResolvesServerCert, WebPkiClientVerifier,
        danger::ClientCertVerifier,
    },
    sign::CertifiedKey,
    version::TLS13,
};
use saal_fleet_protocol::fleet::wire::to_text;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::authority::{Authority, ServerCertificate};

/// A handshake that takes longer is none.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// So many handshakes at once. When a fleet comes back after a restart more of them wait where they cost nothing, in the
/// kernel: of 70,000 at once none would be done in time.
const HANDSHAKES: usize = 512;
/// So many files a process keeps for other things than connections: databases, bundles, its siblings.
const OTHER_FILES: u64 = 512;
/// DER of a P-256 key: so much stands before the point.
const BEFORE_POINT: usize = 26;
/// An uncompressed point.
pub(crate) const POINT: usize = 65;

/// TLS can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Certificates or versions.
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
    /// The authority's certificate.
    #[error("ca.pem is no certificate")]
    Authority,
    /// Who may connect.
    #[error("TLS for devices: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// How this node checks the certificates of servers that it talks to.
pub(crate) fn believing(roots: RootCertStore) -> Arc<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has the suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// The same by an authority of its own, in PEM, or by those that this machine trusts; else what is wrong with it.
pub(crate) fn client(authority: Option<&str>) -> Result<Arc<ClientConfig>, String> {
    let Some(pem) = authority else {
        let own = saal_agent::link::authorities(None);
        return own.map(believing).map_err(|bad| bad.reason);
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|e| format!("the authority is no PEM: {e}"))?;
        let added = roots.add(certificate);
        added.map_err(|e| format!("the authority is no certificate: {e}"))?;
    }
    if roots.is_empty() {
        return Err("there is no certificate in the authority".to_owned());
    }
    Ok(believing(roots))
}

/// The server's certificate, which a new one takes the place of while it runs.
#[derive(Debug)]
pub(crate) struct OwnCertificate(RwLock<Arc<CertifiedKey>>);

impl OwnCertificate {
    pub(crate) fn new(certificate: ServerCertificate) -> Result<Arc<Self>, TlsError> {
        Ok(Arc::new(Self(RwLock::new(certified(certificate)?))))
    }

    pub(crate) fn replace(&self, certificate: ServerCertificate) -> Result<(), TlsError> {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certified(certificate)?;
        Ok(())
    }
}

fn certified(certificate: ServerCertificate) -> Result<Arc<CertifiedKey>, TlsError> {
    let provider = aws_lc_rs::default_provider();
    let key = CertifiedKey::from_der(certificate.chain, certificate.key, &provider)?;
    Ok(Arc::new(key))
}

impl ResolvesServerCert for OwnCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(
            self.0
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    }
}

/// Who is one of the fleet's devices.
pub(crate) fn verifier(authority: &Authority) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for anchor in authority.anchors()? {
        roots.add(anchor)?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    // Who has none may enrol, or has a token.
    Ok(verifier.allow_unauthenticated().build()?)
}

pub(crate) fn config(
    authority: &Authority,
    own: Arc<OwnCertificate>,
) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = verifier(authority)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(own);
    // Devices never resume, and would push the tickets of browsers out.
    config.send_tls13_tickets = 0;
    // A WebSocket begins with HTTP/1.1.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The key in its certificate, as on the wire; `None` without one.
    pub(crate) key: Option<String>,
    pub(crate) address: SocketAddr,
}

/// A connection, and the place that it takes of those that this process may have.
pub(crate) struct Held {
    stream: TlsStream<TcpStream>,
    _place: OwnedSemaphorePermit,
}

type Accepted = (Held, SocketAddr);

/// Accepts connections whose handshake is done; a slow one keeps nobody waiting.
pub(crate) struct Listener {
    accepted: mpsc::Receiver<Accepted>,
    address: SocketAddr,
}

impl Listener {
    pub(crate) fn new(listener: TcpListener, address: SocketAddr, config: ServerConfig) -> Self {
        let (sender, accepted) = mpsc::channel(64);
        tokio::spawn(accept(
            listener,
            TlsAcceptor::from(Arc::new(config)),
            sender,
        ));
        Self { accepted, address }
    }
}

/// How many connections this process may have.
fn places() -> usize {
    let limit = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE);
    let limit = limit.map_or(u64::MAX, |(now, _)| now).min(1_000_000);
    // Where there is hardly room for any, some are better than none.
    let places = limit.saturating_sub(OTHER_FILES).max(limit / 2);
    usize::try_from(places).unwrap_or(Semaphore::MAX_PERMITS)
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, sender: mpsc::Sender<Accepted>) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
    let places = Arc::new(Semaphore::new(places()));
    loop {
        // In this order: who has no place waits in the kernel, where a sibling may take it.
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            let turn = handshakes.clone().acquire_owned().await;
            let (place, turn) = (place.ok()?, turn.ok()?);
            Some((listener.accept().await, place, turn))
        };
        let accepted = tokio::select! {
            accepted = accepted => accepted,
            () = sender.closed() => return,
        };
        let Some((accepted, place, turn)) = accepted else {
            return;
        };
        match accepted {
            Ok((socket, from)) => {
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                tokio::spawn(async move {
                    if let Some(stream) = handshake(acceptor, socket, from).await {
                        let held = Held {
                            stream,
                            _place: place,
                        };
                        let _ = sender.send((held, from)).await;
                    }
                    drop(turn);
                });
            }
            Err(error) => {
                tracing::error!(%error, "can't accept");
                // Out of descriptors: others have to let go of some first.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn handshake(
    acceptor: TlsAcceptor,
    socket: TcpStream,
    from: SocketAddr,
) -> Option<TlsStream<TcpStream>> {
    let _ = socket.set_nodelay(true);
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(socket)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%from, %error, "no TLS");
            None
        }
        Err(_) => {
            tracing::debug!(%from, "no TLS in time");
            None
        }
    }
}

impl AsyncRead for Held {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Held {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl axum::serve::Listener for Listener {
    type Io = Held;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.accepted.recv().await {
            Some(accepted) => accepted,
            // The accepting task ends only after this one.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, Listener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        let certificates = stream.io().stream.get_ref().1.peer_certificates();
        Self {
            key: certificates.and_then(<[_]>::first).and_then(key_of),
            address: *stream.remote_addr(),
        }
    }
}

/// The point on P-256 in a verified certificate.
fn key_of(certificate: &CertificateDer<'_>) -> Option<String> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    let info = parsed.subject_public_key_info();
    let point = info.as_ref().get(BEFORE_POINT..)?;
    (point.len() == POINT).then(|| to_text(point))
}
