//! ICE over TCP (RFC 6544): where the other side waits for connections, a task connects and passes packets both ways, each
//! after its length (RFC 4571). It tries again until nobody wants it, as networks go and come.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use nix::sys::socket::{setsockopt, sockopt::TcpUserTimeout};
use str0m::{
    Candidate,
    net::{Protocol, TcpType},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

use super::{
    Found,
    framing::{Frames, Framing, Garbled},
    pauses::Pauses,
    proxy::Proxy,
    relay::OPEN_WITHIN,
    servers::Server,
    wire::{self, Pipe, WireError},
};
use crate::transport::addresses::{self, Changes};

/// A connection that held so long is wanted back at once.
const HELD: Duration = Duration::from_secs(5);
/// A connection whose other end confirms nothing for so long is lost: a call would be given up after 15 s.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(10);
/// A stream hands over this much at once.
const PIECE: usize = 16 * 1024;
/// Below are ports of services that would take what we send for something else, but for the two that firewalls let through.
const FIRST_FREE_PORT: u16 = 1024;
const LET_THROUGH: [u16; 2] = [80, 443];

/// What is said first where firewalls want to see TLS: an SSL 2.0 hello, always the same, that no TLS follows ("ssltcp" of
/// libwebrtc and ice4j).
const CLIENT_HELLO: [u8; 72] = [
    0x80, 0x46, 0x01, 0x03, 0x01, 0x00, 0x2d, 0x00, 0x00, 0x00, 0x10, 0x01, 0x00, 0x80, 0x03, 0x00,
    0x80, 0x07, 0x00, 0xc0, 0x06, 0x00, 0x40, 0x02, 0x00, 0x80, 0x04, 0x00, 0x80, 0x00, 0x00, 0x04,
    0x00, 0xfe, 0xff, 0x00, 0x00, 0x0a, 0x00, 0xfe, 0xfe, 0x00, 0x00, 0x09, 0x00, 0x00, 0x64, 0x00,
    0x00, 0x62, 0x00, 0x00, 0x03, 0x00, 0x00, 0x06, 0x1f, 0x17, 0x0c, 0xa6, 0x2f, 0x00, 0x78, 0xfc,
    0x46, 0x55, 0x2e, 0xb1, 0x83, 0x39, 0xf1, 0xea,
];
/// How the answer begins: one record (TLS 1.0) with a server's hello. It is as long as the client's and seven bytes.
const SERVER_HELLO: [u8; 9] = [0x16, 0x03, 0x01, 0x00, 0x4a, 0x02, 0x00, 0x00, 0x46];
const SERVER_HELLO_LENGTH: usize = 79;

/// An address at which the other side waits for connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transport) struct Listener {
    pub(in crate::transport) at: SocketAddr,
    /// [`Protocol::Tcp`], or [`Protocol::SslTcp`] where a hello comes first.
    pub(in crate::transport) protocol: Protocol,
}

impl Listener {
    /// What a candidate of the other side's says; `None` for other kinds, and for ports of other services.
    pub(in crate::transport) fn of(candidate: &Candidate) -> Option<Self> {
        let (at, protocol) = (candidate.addr(), candidate.proto());
        let is_tcp = matches!(protocol, Protocol::Tcp | Protocol::SslTcp);
        // Who does not say that it connects itself waits: the attribute is younger than such servers.
        let waits = candidate.tcptype() != Some(TcpType::Active);
        let port = at.port() >= FIRST_FREE_PORT || LET_THROUGH.contains(&at.port());
        (is_tcp && waits && port).then_some(Self { at, protocol })
    }
}

/// Why there is no connection, or no more.
#[derive(Debug, thiserror::Error)]
enum TcpError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("nothing in {} s", OPEN_WITHIN.as_secs())]
    Slow,
    #[error("it does not say the hello that was agreed")]
    NoHello,
    #[error("the connection can't be watched")]
    Watch(#[source] io::Error),
    #[error("the proxy is reached over another version of IP, {0}")]
    OtherFamily(IpAddr),
    #[error("the connection broke")]
    Broken(#[source] io::Error),
    #[error(transparent)]
    Garbled(#[from] Garbled),
    #[error("this machine is not at {0} any more")]
    Moved(IpAddr),
}

/// Keeps a connection until nobody listens; `number` is how it is called in what is found.
pub(super) async fn keep(
    number: u64,
    listener: Listener,
    proxy: Option<Proxy>,
    found: mpsc::UnboundedSender<Found>,
) {
    let mut pauses = Pauses::new();
    loop {
        let began = Instant::now();
        let ended = once(number, listener, proxy.as_ref(), &found).await;
        let _ = found.send(Found::Closed { number });
        let Err(error) = ended else { return };
        tracing::info!(?listener, %error, cause = ?std::error::Error::source(&error), "no way over TCP");
        let lasted = began.elapsed();
        let held = lasted > HELD && !matches!(error, TcpError::Slow);
        let pause = pauses.next(lasted, held || matches!(error, TcpError::Moved(_)));
        tokio::select! {
            () = found.closed() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Connects once, and passes what comes until the connection is lost or nobody listens.
async fn once(
    number: u64,
    listener: Listener,
    proxy: Option<&Proxy>,
    found: &mpsc::UnboundedSender<Found>,
) -> Result<(), TcpError> {
    let opening = tokio::time::timeout(OPEN_WITHIN, open(listener, proxy));
    let mut pipe = tokio::select! {
        () = found.closed() => return Ok(()),
        opened = opening => opened.map_err(|_| TcpError::Slow)??,
    };
    let (local, _) = pipe.ends();
    let outlet = pipe.outlet();
    let _ = found.send(Found::Connected {
        number,
        local,
        outlet,
    });
    let changes = Changes::watch();
    let (mut frames, mut buffer) = (Frames::new(Framing::Packets), vec![0; PIECE]);
    loop {
        tokio::select! {
            () = found.closed() => return Ok(()),
            () = changes.next() => {
                if addresses::is_gone(local.ip()) {
                    return Err(TcpError::Moved(local.ip()));
                }
            }
            received = pipe.receive(&mut buffer) => {
                frames.add(&buffer[..received.map_err(TcpError::Broken)?]);
                while let Some(data) = frames.next()? {
                    let _ = found.send(Found::Packet { number, data });
                }
            }
        }
    }
}

async fn open(listener: Listener, proxy: Option<&Proxy>) -> Result<Pipe, TcpError> {
    let at = listener.at;
    let server = Server {
        host: at.ip().to_string(),
        port: at.port(),
        relay: None,
    };
    // A proxy's own loopback is not ours.
    let proxy = proxy.filter(|_| !at.ip().is_loopback());
    let (mut stream, ends) = wire::tcp(&server, proxy).await?;
    // Only addresses of one version of IP make a pair (RFC 8445 section 6.1.2.2).
    if ends.0.is_ipv4() != at.is_ipv4() {
        return Err(TcpError::OtherFamily(ends.0.ip()));
    }
    watch(&stream).map_err(TcpError::Watch)?;
    if listener.protocol == Protocol::SslTcp {
        greet(&mut stream).await?;
    }
    Ok(Pipe::new(Box::new(stream), ends))
}

/// Has the kernel notice when the other end is gone: checks go out twice a second.
fn watch(stream: &TcpStream) -> io::Result<()> {
    let within = u32::try_from(CONFIRMED_WITHIN.as_millis()).unwrap_or(u32::MAX);
    Ok(setsockopt(stream, TcpUserTimeout, &within)?)
}

async fn greet(stream: &mut TcpStream) -> Result<(), TcpError> {
    stream
        .write_all(&CLIENT_HELLO)
        .await
        .map_err(TcpError::Broken)?;
    let mut answer = [0; SERVER_HELLO_LENGTH];
    let read = stream.read_exact(&mut answer).await;
    read.map_err(TcpError::Broken)?;
    if answer.starts_with(&SERVER_HELLO) {
        Ok(())
    } else {
        Err(TcpError::NoHello)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(candidate: &str) -> Option<(String, Protocol)> {
        let candidate = Candidate::from_sdp_string(candidate).expect("a candidate");
        Listener::of(&candidate).map(|l| (l.at.to_string(), l.protocol))
    }

    #[test]
    fn who_waits_for_connections_is_told_from_who_does_not() {
        let tcp = |rest: &str| listener(&format!("candidate:1 1 {rest}"));
        let at = |at: &str, protocol| Some((at.to_owned(), protocol));
        assert_eq!(
            tcp("tcp 1671430143 192.0.2.1 7881 typ host tcptype passive"),
            at("192.0.2.1:7881", Protocol::Tcp)
        );
        assert_eq!(
            tcp("ssltcp 1671430143 192.0.2.1 443 typ srflx raddr 10.0.0.1 rport 443"),
            at("192.0.2.1:443", Protocol::SslTcp)
        );
        assert_eq!(tcp("tcp 1 192.0.2.1 9 typ host tcptype active"), None);
        assert_eq!(tcp("tcp 1 192.0.2.1 25 typ host tcptype passive"), None);
        assert_eq!(tcp("udp 1 192.0.2.1 7882 typ host"), None);
    }
}
