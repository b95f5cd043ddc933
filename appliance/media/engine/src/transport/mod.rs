//! The network side of calls: one task for each peer connection, with its own UDP sockets.
//!
//! Connections are described (LiveKit: offers and answers, [`described`]) or declared (Jitsi: each
//! stream by its SSRC, [`declared`]); [`connection`] drives both.

mod addresses;
mod answer;
mod backlog;
mod budget;
mod connection;
mod declared;
mod described;
mod description;
mod frame;
mod local_address;
mod nat;
mod order;
mod peer;
mod pulse;
mod sockets;
mod statistics;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub use backlog::Place;
use connection::Connection;
use declared::DeclaredPeer;
use described::DescribedPeer;
pub use frame::{Frame, FrameTransform, Temporal};
use nat::Nat;
pub use nat::{Proxy, Reach};
pub use peer::sendable;
use peer::{Peer, PeerError};
use saal_media_protocol::{
    Candidate, ConnectionStats, Declared, DescriptionKind, IceServer, RemoteTransport, SourceKind,
    StreamSsrc, TransportEvent, TransportId, TransportRole, VideoSend,
};
use tokio::sync::mpsc;

/// Frames that wait for a busy transport; a second of three layers and sound. More is a stall,
/// and old frames are worth nothing.
const QUEUE: usize = 256;
/// What a transport is told.
#[derive(Debug)]
pub enum ToTransport {
    /// See `TransportCommand::Publish`.
    Publish {
        /// The client's track id.
        track: String,
        /// What it shows.
        source: SourceKind,
        /// How.
        video: Option<VideoSend>,
    },
    /// See `TransportCommand::Unpublish`.
    Unpublish {
        /// The client's track id.
        track: String,
    },
    /// See `TransportCommand::RestartIce`.
    RestartIce,
    /// See `TransportCommand::Describe`.
    Describe {
        /// Offer or answer.
        kind: DescriptionKind,
        /// RFC 8866 text.
        sdp: String,
    },
    /// See `TransportCommand::AddCandidate`.
    AddCandidate(Candidate),
    /// See `TransportCommand::Connect`.
    Connect(RemoteTransport),
    /// See `TransportCommand::Receive`.
    Receive {
        /// Name of the stream.
        track: String,
        /// Its numbers.
        stream: StreamSsrc,
        /// Picture or sound.
        picture: bool,
    },
    /// A received track is not wanted any more.
    Forget {
        /// Its id.
        track: String,
    },
    /// See `TransportCommand::Send`.
    Send {
        /// Name of the stream.
        track: String,
        /// What it shows.
        source: SourceKind,
        /// How.
        video: Option<VideoSend>,
        /// One entry a layer.
        streams: Vec<StreamSsrc>,
    },
    /// See `TransportCommand::SendTones`.
    SendTones {
        /// As in `Send`.
        track: String,
        /// Keys of a telephone.
        tones: String,
    },
    /// See `TransportCommand::ChannelSend`.
    ChannelSend {
        /// UTF-8.
        text: String,
    },
    /// Sends a frame.
    Write {
        /// The client's track id.
        track: String,
        /// Index in `VideoSend::layers`; 0 for sound.
        layer: usize,
        /// What to send.
        frame: Frame,
    },
    /// Asks the sender of a received track for a key frame.
    RequestKeyFrame {
        /// The received track's id.
        track: String,
    },
    /// What all layers that are sent together need, for the bandwidth estimate.
    WantBitrate {
        /// Bits a second.
        bits_per_second: u64,
    },
}

/// What a transport says.
#[derive(Debug)]
pub enum FromTransport {
    /// For the meeting service.
    Event(TransportEvent),
    /// A received frame.
    Frame {
        /// The connection.
        transport: TransportId,
        /// The received track's id.
        track: String,
        /// Its next frame.
        frame: Frame,
        /// Until it is seen to.
        place: Place,
    },
    /// A sender says what its clock showed at an RTP time of a track (RFC 3550 section 6.4.1).
    Clock {
        /// The connection.
        transport: TransportId,
        /// The received track's id.
        track: String,
        /// As packets carry it.
        rtp_time: u32,
        /// Since the Unix epoch.
        clock: Duration,
        /// Until it is seen to.
        place: Place,
    },
    /// The far end needs a key frame of a track that we send.
    KeyFrameWanted {
        /// The connection.
        transport: TransportId,
        /// The client's track id.
        track: String,
        /// Until it is seen to.
        place: Place,
    },
    /// What we send leaves from another address than before: what was on its way may be lost.
    Rerouted {
        /// The connection.
        transport: TransportId,
    },
    /// Once a second.
    Statistics(Box<ConnectionStats>),
    /// How much the way to the far end carries.
    Estimate {
        /// The connection.
        transport: TransportId,
        /// Bits a second.
        bits_per_second: u64,
        /// What was sent waits on the way: fewer pictures until that is gone.
        crowded: bool,
    },
}

/// A running peer connection; dropping it ends the connection.
#[derive(Debug)]
pub struct Transport {
    commands: mpsc::Sender<ToTransport>,
    urgent: mpsc::UnboundedSender<ToTransport>,
}

impl Transport {
    /// Opens sockets and starts the task. `started` is the zero of frame times.
    #[must_use]
    pub fn open(
        id: TransportId,
        role: TransportRole,
        reach: Reach<'_>,
        started: Instant,
        events: mpsc::UnboundedSender<FromTransport>,
    ) -> Self {
        let peer = DescribedPeer::new(id, role, started, Instant::now());
        Self::start(Peer::Described(Box::new(peer)), reach, events)
    }

    /// The same for a connection whose streams are declared.
    ///
    /// # Errors
    /// What is wrong with the declaration.
    pub fn open_declared(
        id: TransportId,
        declared: &Declared,
        proxy: Option<&Proxy>,
        started: Instant,
        events: mpsc::UnboundedSender<FromTransport>,
    ) -> Result<Self, Refusal> {
        let peer = DeclaredPeer::new(id, declared, started, Instant::now()).map_err(Refusal)?;
        let peer = Peer::Declared(Box::new(peer));
        let servers = &declared.ice_servers;
        Ok(Self::start(peer, Reach { servers, proxy }, events))
    }

    fn start(peer: Peer, reach: Reach<'_>, events: mpsc::UnboundedSender<FromTransport>) -> Self {
        let (commands, frames) = mpsc::channel(QUEUE);
        let (urgent, orders) = mpsc::unbounded_channel();
        let connection = Connection::new(peer, Nat::new(reach), events);
        tokio::spawn(connection.run(orders, frames));
        Self { commands, urgent }
    }

    /// Queues an order; orders are never dropped.
    pub fn order(&self, order: ToTransport) {
        let _ = self.urgent.send(order);
    }

    /// Where encoders put their frames; full means that the network is behind.
    #[must_use]
    pub fn frames(&self) -> mpsc::Sender<ToTransport> {
        self.commands.clone()
    }
}

/// Asks servers for connectivity whether they answer; see `TransportCommand::Probe`. Ends with its answer.
pub fn probe(
    transport: TransportId,
    ice_servers: &[IceServer],
    proxy: Option<&Proxy>,
    events: mpsc::UnboundedSender<FromTransport>,
) {
    let (servers, proxy) = (ice_servers.to_vec(), proxy.cloned());
    tokio::spawn(async move {
        let (datagrams, streams) = nat::probe(&servers, proxy).await;
        let answer = TransportEvent::Probed {
            transport,
            datagrams,
            streams,
        };
        let _ = events.send(FromTransport::Event(answer));
    });
}

/// Why a connection can't be made as declared.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Refusal(PeerError);
