//! Ways through firewalls and address translation (docs/adr/0009): how our sockets are seen from
//! outside (STUN), addresses on servers that pass our datagrams on (TURN), and streams to where the
//! other side waits for them (ICE over TCP, docs/adr/0062).
//!
//! The connection does what is quick and has to go through its own sockets; each relay and each
//! stream is a task, which ends with its connection.

mod framing;
mod mapping;
mod pauses;
mod probe;
mod proxy;
mod reflexive;
mod relay;
mod servers;
mod streams;
mod tcp;
mod wire;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use mapping::Mappings;
pub(super) use probe::probe;
pub use proxy::Proxy;
use reflexive::{Answer, Reflexive};
use relay::Parcel;
use saal_media_protocol::{IceServer, RelayProtocol};
use servers::Server;
pub(super) use servers::Way;
pub(super) use streams::Open;
use streams::Streams;
pub(super) use tcp::Listener;
use tokio::sync::mpsc;

/// Before a name is looked up again, and how often it is.
const LOOK_UP_AGAIN: Duration = Duration::from_secs(5);
const LOOK_UPS: usize = 5;

/// What the tasks find.
#[derive(Debug)]
pub(super) enum Found {
    /// A STUN server's address.
    Server(SocketAddr),
    /// An address at a TURN server.
    Relayed {
        /// What peers send to.
        relayed: SocketAddr,
        /// Our address on the way to the server.
        local: SocketAddr,
        /// How datagrams get there.
        way: Way,
        /// Takes datagrams for peers.
        outlet: mpsc::Sender<Parcel>,
    },
    /// A relayed address is gone.
    Lost {
        /// Which.
        relayed: SocketAddr,
    },
    /// A datagram came to a relayed address.
    Datagram {
        /// Which.
        relayed: SocketAddr,
        /// Who sent it.
        peer: SocketAddr,
        /// What.
        data: Vec<u8>,
    },
    /// A stream to where the other side waits is open.
    Connected {
        /// Which one.
        number: u64,
        /// Our end.
        local: SocketAddr,
        /// Takes framed packets.
        outlet: mpsc::Sender<Vec<u8>>,
    },
    /// There is no such stream, or no more.
    Closed {
        /// Which one.
        number: u64,
    },
    /// A packet came on a stream.
    Packet {
        /// Which one.
        number: u64,
        /// What.
        data: Vec<u8>,
    },
}

/// What helps a connection out of this network.
#[derive(Clone, Copy, Debug)]
pub struct Reach<'a> {
    /// STUN and TURN servers.
    pub servers: &'a [IceServer],
    /// The way to TURN servers over TCP and TLS.
    pub proxy: Option<&'a Proxy>,
}

/// An address of ours at a server.
#[derive(Debug)]
struct Outlet {
    relayed: SocketAddr,
    way: Way,
    parcels: mpsc::Sender<Parcel>,
}

/// A connection's servers.
#[derive(Debug)]
pub(super) struct Nat {
    servers: Vec<Server>,
    proxy: Option<Proxy>,
    tell: mpsc::UnboundedSender<Found>,
    found: mpsc::UnboundedReceiver<Found>,
    reflexive: Reflexive,
    mappings: Mappings,
    relays: Vec<Outlet>,
    pub(super) streams: Streams,
}

impl Nat {
    pub(super) fn new(reach: Reach<'_>) -> Self {
        let (tell, found) = mpsc::unbounded_channel();
        Self {
            servers: servers::usable(reach.servers),
            proxy: reach.proxy.cloned(),
            tell,
            found,
            reflexive: Reflexive::default(),
            mappings: Mappings::default(),
            relays: Vec::new(),
            streams: Streams::default(),
        }
    }

    /// Begins to ask the servers.
    pub(super) fn start(&mut self) {
        for server in std::mem::take(&mut self.servers) {
            let (tell, proxy) = (self.tell.clone(), self.proxy.clone());
            match server.relay.clone() {
                Some(relay) => drop(tokio::spawn(relay::keep(server, relay, proxy, tell))),
                None => drop(tokio::spawn(look_up(server, tell))),
            }
        }
    }

    /// The next that is found.
    pub(super) async fn next(&mut self) -> Found {
        match self.found.recv().await {
            Some(found) => found,
            // One sender is ours.
            None => std::future::pending().await,
        }
    }

    pub(super) fn add_server(&mut self, now: Instant, server: SocketAddr) {
        self.reflexive.add_server(now, server);
    }

    pub(super) fn add_base(&mut self, now: Instant, base: SocketAddr) {
        self.reflexive.add_base(now, base);
    }

    /// A socket is gone.
    pub(super) fn drop_base(&mut self, base: SocketAddr) {
        self.reflexive.drop_base(base);
    }

    pub(super) fn add_relay(
        &mut self,
        relayed: SocketAddr,
        way: Way,
        parcels: mpsc::Sender<Parcel>,
    ) {
        self.relays.push(Outlet {
            relayed,
            way,
            parcels,
        });
    }

    /// Begins to connect to where the other side waits.
    pub(super) fn reach(&mut self, listener: Listener) {
        let (proxy, tell) = (self.proxy.clone(), self.tell.clone());
        self.streams.reach(listener, proxy, tell);
    }

    /// Whether what leaves from there goes in a stream, to a relay or to the other side itself.
    pub(super) fn is_in_stream(&self, source: SocketAddr) -> bool {
        let relay = self.relay_protocol(source);
        relay.is_some_and(|way| way != RelayProtocol::Udp) || self.streams.has(source)
    }

    /// How what leaves from there gets to its relay; `None`: it is no relay's address.
    pub(super) fn relay_protocol(&self, source: SocketAddr) -> Option<RelayProtocol> {
        let relay = self.relays.iter().find(|outlet| outlet.relayed == source);
        relay.map(|outlet| match outlet.way {
            Way::Udp => RelayProtocol::Udp,
            Way::Tcp => RelayProtocol::Tcp,
            Way::Tls => RelayProtocol::Tls,
        })
    }

    pub(super) fn drop_relay(&mut self, relayed: SocketAddr) {
        self.relays.retain(|outlet| outlet.relayed != relayed);
    }

    /// Sends from a relayed address; false where it is none.
    pub(super) fn relay(&self, source: SocketAddr, peer: SocketAddr, datagram: &[u8]) -> bool {
        let Some(outlet) = self.relays.iter().find(|outlet| outlet.relayed == source) else {
            return false;
        };
        // Full: the way is behind, which is a loss as on any network.
        let _ = outlet.parcels.try_send((peer, datagram.to_vec()));
        true
    }

    /// Notes what the connection sends.
    pub(super) fn sent(&mut self, base: SocketAddr, peer: SocketAddr, datagram: &[u8]) {
        self.mappings.sent(base, peer, datagram);
    }

    /// Whether what came to a socket says that a translation on the way sees it elsewhere than before.
    pub(super) fn is_seen_elsewhere(
        &mut self,
        source: SocketAddr,
        base: SocketAddr,
        datagram: &[u8],
    ) -> bool {
        self.mappings.read(source, base, datagram)
    }

    /// When [`Nat::poll`] has something to send.
    pub(super) fn due(&self) -> Option<Instant> {
        self.reflexive.due()
    }

    /// A question to send: from, to and the datagram.
    pub(super) fn poll(&mut self, now: Instant) -> Option<(SocketAddr, SocketAddr, Vec<u8>)> {
        let ask = self.reflexive.poll(now)?;
        Some((ask.base, ask.server, ask.message))
    }

    /// Whether a datagram was an answer to a question, and our address that it names.
    pub(super) fn read(
        &mut self,
        source: SocketAddr,
        base: SocketAddr,
        datagram: &[u8],
    ) -> (bool, Option<SocketAddr>) {
        match self.reflexive.read(source, base, datagram) {
            Answer::None => (false, None),
            Answer::Known => (true, None),
            Answer::Seen(address) => (true, Some(address)),
        }
    }
}

/// Looks up a STUN server's address.
async fn look_up(server: Server, tell: mpsc::UnboundedSender<Found>) {
    for _ in 0..LOOK_UPS {
        match servers::resolve(&server).await {
            Ok(addresses) => {
                for address in addresses {
                    let _ = tell.send(Found::Server(address));
                }
                return;
            }
            Err(error) => tracing::debug!(?server, %error, "no address"),
        }
        tokio::select! {
            () = tell.closed() => return,
            () = tokio::time::sleep(LOOK_UP_AGAIN) => {}
        }
    }
}
