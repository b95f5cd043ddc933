//! Where a far end waits for connections over TCP (RFC 6544): each packet that comes after its length (RFC 4571) goes on to the
//! far end's own socket as a datagram, and back.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests call this")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use saal_media_protocol::Candidate;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::broadcast,
};

/// How a hello in disguise begins: SSL 2.0, 70 bytes.
const HELLO: [u8; 5] = [0x80, 0x46, 0x01, 0x03, 0x01];
/// What the far end says to connections.
const QUEUE: usize = 16;

/// What befalls all connections that there are.
#[derive(Clone, Debug)]
enum Said {
    /// They end.
    Cut,
    /// These bytes come on them.
    Bytes(Vec<u8>),
}

pub(crate) struct Passive {
    at: SocketAddr,
    /// What connections say to the far end comes from there, one after the other: to the far end they are one way.
    ours: SocketAddr,
    /// How many connections there were.
    pub(crate) accepted: Arc<AtomicU32>,
    say: broadcast::Sender<Said>,
}

impl Passive {
    /// Before the far end's socket.
    pub(crate) async fn before(far: SocketAddr) -> Self {
        Self::start(far, false).await
    }

    /// The same, for who says hello as TLS does.
    pub(crate) async fn disguised(far: SocketAddr) -> Self {
        Self::start(far, true).await
    }

    async fn start(far: SocketAddr, hello: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        socket.connect(far).await.unwrap();
        let ours = socket.local_addr().unwrap();
        let accepted = Arc::<AtomicU32>::default();
        let (say, _) = broadcast::channel(QUEUE);
        let passive = Self {
            at,
            ours,
            accepted: Arc::clone(&accepted),
            say: say.clone(),
        };
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                accepted.fetch_add(1, Ordering::Relaxed);
                let (socket, said) = (Arc::clone(&socket), say.subscribe());
                tokio::spawn(async move {
                    if hello {
                        greet(&mut stream).await;
                    }
                    carry(stream, &socket, said).await
                });
            }
        });
        passive
    }

    /// Tells datagrams that came by it from others.
    pub(crate) fn brought(&self) -> impl Fn(SocketAddr) -> bool + Send + use<> {
        let ours = self.ours;
        move |address| address == ours
    }

    /// As the far end tells of it.
    pub(crate) fn candidate(&self, protocol: &str) -> Candidate {
        let (ip, port) = (self.at.ip(), self.at.port());
        let candidate =
            format!("candidate:9 1 {protocol} 1518280447 {ip} {port} typ host tcptype passive");
        Candidate {
            candidate,
            mid: None,
        }
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        self.say.send(Said::Cut).unwrap();
    }

    /// Says this on all connections.
    pub(crate) fn say(&self, bytes: &[u8]) {
        self.say.send(Said::Bytes(bytes.to_vec())).unwrap();
    }
}

async fn greet(stream: &mut TcpStream) {
    let mut hello = [0; 72];
    stream.read_exact(&mut hello).await.unwrap();
    assert!(hello.starts_with(&HELLO), "{hello:?}");
    let mut answer = [0; 79];
    answer[..9].copy_from_slice(&[0x16, 3, 1, 0, 0x4a, 2, 0, 0, 0x46]);
    stream.write_all(&answer).await.unwrap();
}

/// Until one of them has enough.
async fn carry(
    stream: TcpStream,
    socket: &UdpSocket,
    mut said: broadcast::Receiver<Said>,
) -> std::io::Result<()> {
    let (mut read, mut write) = stream.into_split();
    let there = async {
        loop {
            let mut packet = vec![0; usize::from(read.read_u16().await?)];
            read.read_exact(&mut packet).await?;
            // Nobody may be there yet.
            let _ = socket.send(&packet).await;
        }
    };
    let back = async {
        let mut packet = [0; 2_000];
        loop {
            tokio::select! {
                length = socket.recv(&mut packet) => {
                    let Ok(length) = length else { continue };
                    write.write_u16(length.try_into().unwrap()).await?;
                    write.write_all(&packet[..length]).await?;
                }
                said = said.recv() => match said.unwrap() {
                    Said::Cut => return Ok(()),
                    Said::Bytes(bytes) => write.write_all(&bytes).await?,
                }
            }
        }
    };
    tokio::select! {
        done = there => done,
        done = back => done,
    }
}
