//! Connections with TLS. Whoever comes without it, as browsers do for an address that was typed
//! without `https://`, is sent to where it is.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use anyhow::Result;
use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinHandle,
    time::{Instant, Sleep, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Connections at a time; a few laptops and phones have a few each.
const MOST_CONNECTIONS: usize = 64;
/// From one address: nobody keeps all others out.
const MOST_FROM_ONE: usize = 16;
/// Nothing came and nothing could be sent for so long: the other end is gone, or only keeps a place. What is open for
/// long says something more often than that.
const IDLE: Duration = Duration::from_secs(40);
/// A handshake in the room's network takes milliseconds.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// What the first byte of TLS is: a handshake (RFC 8446, section 5.1).
const TLS: u8 = 0x16;
/// Bytes of the longest request without TLS that is read.
const MOST_REQUEST: usize = 4096;

/// Both ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// The browser.
    pub(super) from: IpAddr,
    /// The room's address that it reached.
    pub(super) to: IpAddr,
}

impl Connected<IncomingStream<'_, TlsListener>> for Ends {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        *stream.remote_addr()
    }
}

/// A connection after its handshake.
pub(super) struct Connection {
    stream: TlsStream<TcpStream>,
    idle: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
    _seat: Seat,
}

impl Connection {
    /// Something moves, or has not for too long.
    fn follow<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.idle.as_mut().reset(Instant::now() + IDLE);
            return polled;
        }
        match self.idle.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Who is connected, and how often.
#[derive(Clone, Default)]
struct Hosts(Arc<Mutex<HashMap<IpAddr, usize>>>);

impl Hosts {
    /// One more, until it is dropped; `None`: there are enough.
    fn enter(&self, host: IpAddr) -> Option<Seat> {
        let mut hosts = self.lock();
        let seats = hosts.entry(host).or_default();
        if *seats >= MOST_FROM_ONE {
            return None;
        }
        *seats += 1;
        let hosts = self.clone();
        Some(Seat { hosts, host })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection of somebody.
struct Seat {
    hosts: Hosts,
    host: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut hosts = self.hosts.lock();
        if let Some(seats) = hosts.get_mut(&self.host) {
            *seats -= 1;
            if *seats == 0 {
                hosts.remove(&self.host);
            }
        }
    }
}

/// Accepts connections; dropping it lets go of the port.
pub(super) struct TlsListener {
    ready: mpsc::Receiver<(Connection, Ends)>,
    listens: SocketAddr,
    task: JoinHandle<()>,
}

impl TlsListener {
    pub(super) fn new(listener: TcpListener, acceptor: TlsAcceptor) -> Result<Self> {
        let listens = listener.local_addr()?;
        let (tell, ready) = mpsc::channel(1);
        let task = tokio::spawn(accept(listener, acceptor, tell));
        Ok(Self {
            ready,
            listens,
            task,
        })
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener for TlsListener {
    type Io = Connection;
    type Addr = Ends;

    async fn accept(&mut self) -> (Connection, Ends) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The task ends with this listener only.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Ends> {
        let ip = self.listens.ip();
        Ok(Ends { from: ip, to: ip })
    }
}

/// A slow handshake keeps nobody else waiting.
async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    ready: mpsc::Sender<(Connection, Ends)>,
) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let hosts = Hosts::default();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a browser's connection");
                // No more files, for example: it stays so for a while.
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let Some(seat) = hosts.enter(from.ip().to_canonical()) else {
            continue;
        };
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            let shaken = timeout(HANDSHAKE, shake_hands(stream, &acceptor)).await;
            if let Ok(Some((stream, to))) = shaken {
                let from = from.ip().to_canonical();
                let connection = Connection {
                    stream,
                    idle: Box::pin(sleep(IDLE)),
                    _place: place,
                    _seat: seat,
                };
                // Nobody listens any more.
                let _ = ready.send((connection, Ends { from, to })).await;
            }
        });
    }
}

async fn shake_hands(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
) -> Option<(TlsStream<TcpStream>, IpAddr)> {
    let to = stream.local_addr().ok()?.ip().to_canonical();
    let mut first = [0];
    stream.peek(&mut first).await.ok()?;
    if first[0] != TLS {
        send_away(stream).await;
        return None;
    }
    let stream = acceptor.accept(stream).await.ok()?;
    Some((stream, to))
}

/// Tells a browser that came without TLS to come with it.
async fn send_away(mut stream: TcpStream) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < MOST_REQUEST {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let Some(host) = host_of(&request) else {
        return;
    };
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://{host}/\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// What the browser called us; nothing that could mean more than that.
fn host_of(request: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(request).ok()?;
    let mut headers = text.lines().filter_map(|line| line.split_once(':'));
    let (_, host) = headers.find(|(name, _)| name.eq_ignore_ascii_case("host"))?;
    let host = host.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    (!host.is_empty() && host.chars().all(plain)).then(|| host.to_owned())
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(context, into);
        self.follow(context, polled)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.follow(context, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.follow(context, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_a_share_of_the_places() {
        let (one, other): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let hosts = Hosts::default();
        let mut seats: Vec<Option<Seat>> = (0..=MOST_FROM_ONE).map(|_| hosts.enter(one)).collect();
        assert!(seats.pop().flatten().is_none(), "one more than its share");
        assert!(seats.iter().all(Option::is_some));
        assert!(hosts.enter(other).is_some(), "others have theirs");
        seats.pop();
        assert!(hosts.enter(one).is_some(), "one left");
        seats.clear();
        assert!(hosts.lock().is_empty(), "nobody is remembered");
    }

    #[test]
    fn a_browser_is_sent_to_the_host_that_it_asked_for_and_to_no_other() {
        let host =
            |host: &str| host_of(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        assert_eq!(host("192.0.2.7:8443").as_deref(), Some("192.0.2.7:8443"));
        assert_eq!(
            host("[2001:db8::1]:8443").as_deref(),
            Some("[2001:db8::1]:8443")
        );
        assert_eq!(host("a@evil.example"), None);
        assert_eq!(host("evil.example/x"), None);
        assert_eq!(host_of(b"GET / HTTP/1.1\r\n\r\n"), None);
        assert_eq!(host_of(&[0xff, 0xfe]), None);
    }
}
