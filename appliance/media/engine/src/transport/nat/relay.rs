//! One address at one TURN server (RFC 8656): a task that keeps it and passes datagrams.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use tokio::sync::mpsc;
use turn_client_proto::{
    api::{SendError, Transmit, TurnClientApi, TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet},
    client::TurnClient,
    tcp::TurnClientTcp,
    types::{Instant as Moment, TransportType, TurnCredentials},
    udp::TurnClientUdp,
};

use super::{
    Found,
    framing::{Frames, Framing, Garbled},
    pauses::{self, Pauses},
    proxy::Proxy,
    servers::{Relay, Server, Way},
    wire::{Wire, WireError},
};
use crate::transport::addresses::{self, Changes};

/// Name, connection, TLS and the server's yes: what takes longer helps nobody to join.
pub(super) const OPEN_WITHIN: Duration = Duration::from_secs(15);
/// A way that is not open by then is opened a second time beside: what got stuck on the first, in a
/// proxy or for a lost packet, seldom gets stuck on both.
const BESIDE_AFTER: Duration = Duration::from_secs(5);
/// Datagrams that wait for a busy task.
pub(super) const QUEUE: usize = 256;
/// Datagrams to a peer that wait until the server lets them pass: the first checks.
const PARKED: usize = 8;
/// Peers of one address; a service that names more is out of its mind.
const PEERS: usize = 64;
/// A stream hands over this much at once.
const PIECE: usize = 16 * 1024;

/// A datagram for a peer.
pub(super) type Parcel = (SocketAddr, Vec<u8>);

/// Why an address was lost, or not given.
#[derive(Debug, thiserror::Error)]
pub(super) enum RelayError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("nothing in {} s", OPEN_WITHIN.as_secs())]
    Slow,
    #[error("the server gives no address")]
    Refused,
    #[error("the way to the server broke")]
    Broken(#[source] io::Error),
    #[error(transparent)]
    Garbled(#[from] Garbled),
    #[error("the server ended it")]
    Ended,
    #[error("this machine is not at {0} any more")]
    Moved(IpAddr),
}

/// Keeps an address at a server until nobody listens.
pub(super) async fn keep(
    server: Server,
    relay: Relay,
    proxy: Option<Proxy>,
    found: mpsc::UnboundedSender<Found>,
) {
    let mut pauses = Pauses::new();
    loop {
        let began = Instant::now();
        let mut relayed = None;
        let ended = once((&server, &relay, proxy.as_ref()), &found, &mut relayed).await;
        if let Some(relayed) = relayed {
            let _ = found.send(Found::Lost { relayed });
        }
        let Err(error) = ended else { return };
        tracing::warn!(?server, %error, cause = ?std::error::Error::source(&error), "no relay");
        let pause = pauses.next(began.elapsed(), matches!(error, RelayError::Moved(_)));
        tokio::select! {
            () = found.closed() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Asks for an address once, and keeps it until it is lost or nobody listens.
pub(super) async fn once(
    (server, relay, proxy): (&Server, &Relay, Option<&Proxy>),
    found: &mpsc::UnboundedSender<Found>,
    relayed: &mut Option<SocketAddr>,
) -> Result<(), RelayError> {
    let opening = tokio::time::timeout(OPEN_WITHIN, open_soon(server, relay, proxy));
    let mut session = tokio::select! {
        () = found.closed() => return Ok(()),
        opened = opening => opened.map_err(|_| RelayError::Slow)??,
    };
    session.run(found, relayed).await
}

/// As [`open`], by whichever of two attempts is there first.
async fn open_soon(
    server: &Server,
    relay: &Relay,
    proxy: Option<&Proxy>,
) -> Result<Session, RelayError> {
    let mut first = std::pin::pin!(open(server, relay, proxy));
    if let Ok(opened) = tokio::time::timeout(BESIDE_AFTER, &mut first).await {
        return opened;
    }
    tracing::debug!(?server, "slow to open: a second attempt beside");
    let mut second = std::pin::pin!(open(server, relay, proxy));
    tokio::select! {
        opened = &mut first => match opened {
            Err(_) => second.await,
            opened => opened,
        },
        opened = &mut second => match opened {
            Err(_) => first.await,
            opened => opened,
        },
    }
}

async fn open(
    server: &Server,
    relay: &Relay,
    proxy: Option<&Proxy>,
) -> Result<Session, RelayError> {
    let wire = Wire::open(relay.way, server, proxy).await?;
    let (local, remote) = wire.ends().map_err(RelayError::Broken)?;
    let credentials = TurnCredentials::new(&relay.username, &relay.credential);
    let config = TurnConfig::new(credentials);
    let client: TurnClient = match relay.way {
        Way::Udp => TurnClientUdp::allocate(local, remote, config).into(),
        Way::Tcp | Way::Tls => TurnClientTcp::allocate(local, remote, config).into(),
    };
    Ok(Session {
        client,
        wire,
        way: relay.way,
        local,
        remote,
        frames: Frames::new(Framing::Turn),
        began: Instant::now(),
        peers: HashMap::new(),
        changes: Changes::watch(),
    })
}

/// How far the server is with a peer.
#[derive(Debug)]
enum Peer {
    Asked(Vec<Vec<u8>>),
    Open,
    /// Such as an address in a private network that the server does not serve.
    Refused,
}

struct Session {
    client: TurnClient,
    wire: Wire,
    way: Way,
    /// What came on a stream.
    frames: Frames,
    local: SocketAddr,
    remote: SocketAddr,
    /// The zero of the client's time.
    began: Instant,
    peers: HashMap<SocketAddr, Peer>,
    /// Of this machine's addresses.
    changes: Changes,
}

impl Session {
    async fn run(
        &mut self,
        found: &mpsc::UnboundedSender<Found>,
        relayed: &mut Option<SocketAddr>,
    ) -> Result<(), RelayError> {
        let (outlet, mut parcels) = mpsc::channel::<Parcel>(QUEUE);
        let mut buffer = vec![0; PIECE];
        loop {
            let deadline = self.progress(found, relayed, &outlet)?;
            tokio::select! {
                () = found.closed() => return self.end(),
                () = self.changes.next() => self.still_here()?,
                received = self.wire.receive(&mut buffer) => {
                    let length = match received {
                        Ok(length) => length,
                        // An ICMP message about something sent before.
                        Err(_) if matches!(self.wire, Wire::Datagrams(_)) => 0,
                        Err(error) => return Err(RelayError::Broken(error)),
                    };
                    self.take(&buffer[..length], found, *relayed)?;
                }
                Some((peer, datagram)) = parcels.recv() => self.pass(peer, datagram),
                () = tokio::time::sleep_until(deadline.into()) => {}
            }
        }
    }

    /// From an address that is gone nothing reaches the server, which nobody would notice before
    /// the allocation has to be refreshed, after minutes.
    fn still_here(&self) -> Result<(), RelayError> {
        let ip = self.local.ip();
        if addresses::is_gone(ip) {
            return Err(RelayError::Moved(ip));
        }
        Ok(())
    }

    fn now(&self) -> Moment {
        let nanos = self.began.elapsed().as_nanos();
        Moment::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// Lets the client do what it has to; says when it has to again.
    fn progress(
        &mut self,
        found: &mpsc::UnboundedSender<Found>,
        relayed: &mut Option<SocketAddr>,
        outlet: &mpsc::Sender<Parcel>,
    ) -> Result<Instant, RelayError> {
        loop {
            let now = self.now();
            let next = self.client.poll(now);
            while let Some(transmit) = self.client.poll_transmit(now) {
                self.wire.send(&transmit.data);
            }
            let Some(event) = self.client.poll_event() else {
                return self.deadline(now, &next);
            };
            match event {
                TurnEvent::AllocationCreated(_, address) => {
                    tracing::debug!(%address, "relayed address");
                    *relayed = Some(address);
                    let (relayed, local) = (address, self.local);
                    let outlet = outlet.clone();
                    let way = self.way;
                    let _ = found.send(Found::Relayed {
                        relayed,
                        local,
                        way,
                        outlet,
                    });
                }
                TurnEvent::AllocationCreateFailed(_) => return Err(RelayError::Refused),
                TurnEvent::ChannelCreated(_, peer) => self.opened(peer),
                TurnEvent::ChannelCreateFailed(_, peer) => {
                    tracing::debug!(%peer, "the relay does not serve this peer");
                    self.peers.insert(peer, Peer::Refused);
                }
                _ => {}
            }
        }
    }

    fn deadline(&self, now: Moment, next: &TurnPollRet) -> Result<Instant, RelayError> {
        match next {
            TurnPollRet::WaitUntil(at) => Ok(Instant::now() + at.duration_since(now)),
            TurnPollRet::Closed => Err(RelayError::Ended),
            // Only of allocations for TCP, which are not asked for.
            _ => Ok(Instant::now() + pauses::FIRST),
        }
    }

    fn take(
        &mut self,
        piece: &[u8],
        found: &mpsc::UnboundedSender<Found>,
        relayed: Option<SocketAddr>,
    ) -> Result<(), RelayError> {
        if matches!(self.wire, Wire::Datagrams(_)) {
            self.receive(piece, found, relayed);
            return Ok(());
        }
        self.frames.add(piece);
        while let Some(message) = self.frames.next()? {
            self.receive(&message, found, relayed);
        }
        Ok(())
    }

    fn receive(
        &mut self,
        message: &[u8],
        found: &mpsc::UnboundedSender<Found>,
        relayed: Option<SocketAddr>,
    ) {
        // Of an empty one the client would think that the stream is closed.
        if message.is_empty() {
            return;
        }
        let now = self.now();
        let transport = self.client.transport();
        let transmit = Transmit::new(message, transport, self.remote, self.local);
        if let TurnRecvRet::PeerData(data) = self.client.recv(transmit, now)
            && let Some(relayed) = relayed
        {
            let (peer, data) = (data.peer, data.data().to_vec());
            let _ = found.send(Found::Datagram {
                relayed,
                peer,
                data,
            });
        }
    }

    /// Passes a datagram to a peer, for which the server is asked first.
    fn pass(&mut self, peer: SocketAddr, datagram: Vec<u8>) {
        let known = self.peers.len();
        match self.peers.get_mut(&peer) {
            Some(Peer::Open) => self.send(peer, datagram),
            Some(Peer::Refused) => {}
            Some(Peer::Asked(parked)) => {
                if parked.len() < PARKED {
                    parked.push(datagram);
                }
            }
            None if known >= PEERS => {}
            None => {
                let now = self.now();
                let asked = self.client.bind_channel(TransportType::Udp, peer, now);
                let peer_is = match asked {
                    Ok(()) => Peer::Asked(vec![datagram]),
                    Err(error) => {
                        tracing::debug!(%peer, %error, "no channel");
                        Peer::Refused
                    }
                };
                self.peers.insert(peer, peer_is);
            }
        }
    }

    fn opened(&mut self, peer: SocketAddr) {
        if let Some(Peer::Asked(parked)) = self.peers.insert(peer, Peer::Open) {
            for datagram in parked {
                self.send(peer, datagram);
            }
        }
    }

    fn send(&mut self, peer: SocketAddr, datagram: Vec<u8>) {
        let now = self.now();
        let sent = self.client.send_to(TransportType::Udp, peer, datagram, now);
        match sent {
            Ok(Some(transmit)) => self.wire.send(&transmit.build().data),
            Ok(None) => {}
            // The channel ran out: it is asked for again.
            Err(SendError::NoPermission) => drop(self.peers.remove(&peer)),
            Err(error) => tracing::trace!(%peer, %error, "not relayed"),
        }
    }

    /// Gives the address back.
    fn end(&mut self) -> Result<(), RelayError> {
        let now = self.now();
        if self.client.delete(now).is_ok() {
            while let Some(transmit) = self.client.poll_transmit(now) {
                self.wire.send(&transmit.data);
            }
        }
        Ok(())
    }
}
