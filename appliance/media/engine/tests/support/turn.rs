//! A TURN server on loopback, over UDP, TCP or TLS.

#![allow(clippy::unwrap_used, reason = "only tests call this")]

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use saal_media_protocol::IceServer;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    net::{TcpListener, UdpSocket},
    sync::{Notify, mpsc},
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};
use turn_client_proto::types::{Instant as Moment, TransportType};
use turn_server_proto::{
    api::{Transmit, TurnServerApi, TurnServerPollRet},
    server::TurnServer,
};

const USER: &str = "room";
const PASSWORD: &str = "a secret";

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What came to one of the server's sockets: from, to.
type Arrival = (TransportType, SocketAddr, SocketAddr, Vec<u8>);

pub(crate) struct Turn {
    address: SocketAddr,
    scheme: &'static str,
    stream: bool,
    /// Addresses that were given to clients.
    relayed: Arc<Mutex<Vec<SocketAddr>>>,
    /// The authority of the server's certificate.
    pub(crate) authority: Option<String>,
    /// Somebody did not trust the server's certificate.
    pub(crate) distrusted: Arc<Notify>,
    task: AbortHandle,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Turn {
    pub(crate) async fn udp() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (arrivals, inbox) = mpsc::unbounded_channel();
        let socket = Arc::new(socket);
        let mut tasks = JoinSet::new();
        listen(&mut tasks, Arc::clone(&socket), arrivals.clone());
        let mut server = Server::new(TransportType::Udp, address, arrivals, tasks);
        server.sockets.insert(address, socket);
        server.run(inbox, "turn", None)
    }

    pub(crate) async fn tcp() -> Self {
        Self::over_streams("turn", None, None).await
    }

    /// With a certificate for `localhost` of an authority that nobody else knows.
    pub(crate) async fn tls() -> Self {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self::over_streams("turns", Some(acceptor), Some(certified.cert.pem())).await
    }

    async fn over_streams(
        scheme: &'static str,
        tls: Option<TlsAcceptor>,
        authority: Option<String>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (arrivals, inbox) = mpsc::unbounded_channel();
        let tasks = JoinSet::new();
        let mut server = Server::new(TransportType::Tcp, address, arrivals.clone(), tasks);
        let (writers, distrusted) = (server.writers.clone(), server.distrusted.clone());
        let accepting = accept(listener, tls, arrivals, writers, distrusted);
        server.tasks.spawn(accepting);
        server.run(inbox, scheme, authority)
    }

    /// As a meeting service lists it.
    pub(crate) fn listed(&self) -> IceServer {
        let transport = if self.stream { "tcp" } else { "udp" };
        // What its certificate says.
        let host = if self.authority.is_some() {
            "localhost"
        } else {
            "127.0.0.1"
        };
        let port = self.address.port();
        IceServer {
            urls: vec![format!(
                "{}:{host}:{port}?transport={transport}",
                self.scheme
            )],
            username: USER.to_owned(),
            credential: PASSWORD.to_owned(),
        }
    }

    /// A question that says whether an address was given by this server.
    pub(crate) fn gave(&self) -> impl Fn(SocketAddr) -> bool + Send + use<> {
        let relayed = Arc::clone(&self.relayed);
        move |address| relayed.lock().unwrap().contains(&address)
    }
}

/// Streams of clients.
type Writers = Arc<Mutex<HashMap<SocketAddr, mpsc::UnboundedSender<Vec<u8>>>>>;

struct Server {
    server: TurnServer,
    transport: TransportType,
    address: SocketAddr,
    began: Instant,
    arrivals: mpsc::UnboundedSender<Arrival>,
    sockets: HashMap<SocketAddr, Arc<UdpSocket>>,
    writers: Writers,
    relayed: Arc<Mutex<Vec<SocketAddr>>>,
    distrusted: Arc<Notify>,
    tasks: JoinSet<()>,
}

impl Server {
    fn new(
        transport: TransportType,
        address: SocketAddr,
        arrivals: mpsc::UnboundedSender<Arrival>,
        tasks: JoinSet<()>,
    ) -> Self {
        let mut server = TurnServer::new(transport, address, "saal.test".to_owned());
        server.add_user(USER.to_owned(), PASSWORD.to_owned());
        Self {
            server,
            transport,
            address,
            began: Instant::now(),
            arrivals,
            sockets: HashMap::new(),
            writers: Writers::default(),
            relayed: Arc::default(),
            distrusted: Arc::default(),
            tasks,
        }
    }

    fn run(
        self,
        inbox: mpsc::UnboundedReceiver<Arrival>,
        scheme: &'static str,
        authority: Option<String>,
    ) -> Turn {
        let (address, relayed) = (self.address, Arc::clone(&self.relayed));
        let distrusted = Arc::clone(&self.distrusted);
        let stream = self.transport == TransportType::Tcp;
        let task = tokio::spawn(self.drive(inbox)).abort_handle();
        Turn {
            address,
            scheme,
            stream,
            relayed,
            authority,
            distrusted,
            task,
        }
    }

    fn now(&self) -> Moment {
        Moment::from_nanos(self.began.elapsed().as_nanos() as i64)
    }

    async fn drive(mut self, mut inbox: mpsc::UnboundedReceiver<Arrival>) {
        loop {
            let wait = self.progress().await;
            tokio::select! {
                Some((transport, from, to, data)) = inbox.recv() => {
                    let now = self.now();
                    let arrived = Transmit::new(data, transport, from, to);
                    let answer = self.server.recv(arrived, now).map(|answer| answer.build());
                    if let Some(answer) = answer {
                        self.send(answer.transport, answer.from, answer.to, answer.data);
                    }
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn progress(&mut self) -> Duration {
        loop {
            let now = self.now();
            let next = self.server.poll(now);
            while let Some(out) = self.server.poll_transmit(now) {
                self.send(out.transport, out.from, out.to, out.data);
            }
            match next {
                TurnServerPollRet::WaitUntil(at) => {
                    return at.duration_since(now).min(Duration::from_secs(1));
                }
                TurnServerPollRet::AllocateSocket {
                    transport,
                    listen_addr,
                    client_addr,
                    allocation_transport,
                    family,
                } => {
                    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
                    let address = socket.local_addr().unwrap();
                    listen(&mut self.tasks, Arc::clone(&socket), self.arrivals.clone());
                    self.sockets.insert(address, socket);
                    self.relayed.lock().unwrap().push(address);
                    let given = Ok(address);
                    self.server.allocated_socket(
                        transport,
                        listen_addr,
                        client_addr,
                        allocation_transport,
                        family,
                        given,
                        now,
                    );
                }
                TurnServerPollRet::SocketClose { listen_addr, .. } => {
                    self.sockets.remove(&listen_addr);
                }
                TurnServerPollRet::TcpClose { remote_addr, .. } => {
                    self.writers.lock().unwrap().remove(&remote_addr);
                }
                TurnServerPollRet::TcpConnect { .. } => unreachable!("nobody asks for TCP"),
            }
        }
    }

    fn send(&self, transport: TransportType, from: SocketAddr, to: SocketAddr, data: Vec<u8>) {
        if transport == TransportType::Tcp {
            if let Some(writer) = self.writers.lock().unwrap().get(&to) {
                let _ = writer.send(data);
            }
        } else if let Some(socket) = self.sockets.get(&from) {
            let _ = socket.try_send_to(&data, to);
        }
    }
}

fn listen(
    tasks: &mut JoinSet<()>,
    socket: Arc<UdpSocket>,
    arrivals: mpsc::UnboundedSender<Arrival>,
) {
    tasks.spawn(async move {
        let to = socket.local_addr().unwrap();
        let mut buffer = vec![0; 2_000];
        loop {
            if let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let data = buffer[..length].to_vec();
                let _ = arrivals.send((TransportType::Udp, from, to, data));
            }
        }
    });
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    arrivals: mpsc::UnboundedSender<Arrival>,
    writers: Writers,
    distrusted: Arc<Notify>,
) {
    let mut clients = JoinSet::new();
    let to = listener.local_addr().unwrap();
    loop {
        let (stream, from) = listener.accept().await.unwrap();
        let (tls, arrivals, writers) = (tls.clone(), arrivals.clone(), writers.clone());
        let distrusted = distrusted.clone();
        clients.spawn(async move {
            let stream: Box<dyn Stream> = match tls {
                None => Box::new(stream),
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => Box::new(stream),
                    Err(_) => return distrusted.notify_one(),
                },
            };
            let (mut read, write) = tokio::io::split(stream);
            let (writer, pieces) = mpsc::unbounded_channel();
            writers.lock().unwrap().insert(from, writer);
            let writing = write_all(write, pieces);
            let reading = async {
                let mut header = [0; 4];
                while read.read_exact(&mut header).await.is_ok() {
                    let data = message(&mut read, header).await;
                    let _ = arrivals.send((TransportType::Tcp, from, to, data));
                }
            };
            tokio::select! { () = writing => {}, () = reading => {} }
        });
    }
}

/// The rest of a message or of a channel's data, whose padding the crate does not know.
async fn message(read: &mut ReadHalf<Box<dyn Stream>>, header: [u8; 4]) -> Vec<u8> {
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let length = if header[0] < 0x40 {
        length + 16
    } else {
        length
    };
    let mut rest = vec![0; length.div_ceil(4) * 4];
    // A client that is gone is noticed by the next header.
    let _ = read.read_exact(&mut rest).await;
    [&header, &rest[..length]].concat()
}

async fn write_all(
    mut write: WriteHalf<Box<dyn Stream>>,
    mut pieces: mpsc::UnboundedReceiver<Vec<u8>>,
) {
    while let Some(mut piece) = pieces.recv().await {
        piece.resize(piece.len().div_ceil(4) * 4, 0);
        if write.write_all(&piece).await.is_err() || write.flush().await.is_err() {
            return;
        }
    }
}
