//! The network side of calls: one task for each peer connection, with its own UDP sockets.
//!
//! str0m asks for one rule: after every change all its outputs are taken before the next change.
//! [`Connection::drain`] is that rule; every change passes through [`Connection::change`], which
//! also catches panics, since str0m reads what strangers send.

mod description;
mod frame;
mod peer;
mod sockets;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

pub use frame::{Frame, FrameTransform};
use peer::{Peer, PeerError, PeerEvent};
use saal_media_protocol::{
    Candidate, DescriptionKind, SourceKind, TransportEvent, TransportId, TransportRole,
    TransportState, VideoSend,
};
use sockets::{Datagram, Sockets};
use str0m::{Input, Output, net::Receive};
use tokio::sync::mpsc;

/// Frames that wait for a busy transport; a second of three layers and sound. More is a stall,
/// and old frames are worth nothing.
const QUEUE: usize = 256;
/// How long a connection may be lost before it is given up; ICE consent expires after 30 s, and
/// people leave before that (RFC 7675).
const GIVE_UP_AFTER: Duration = Duration::from_secs(15);
/// Larger than any packet that fits an Ethernet frame.
const PACKET: usize = 2_000;

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
    /// See `TransportCommand::Describe`.
    Describe {
        /// Offer or answer.
        kind: DescriptionKind,
        /// RFC 8866 text.
        sdp: String,
    },
    /// See `TransportCommand::AddCandidate`.
    AddCandidate(Candidate),
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
    },
    /// The far end needs a key frame of a track that we send.
    KeyFrameWanted {
        /// The connection.
        transport: TransportId,
        /// The client's track id.
        track: String,
    },
    /// How much the way to the far end carries.
    Estimate {
        /// The connection.
        transport: TransportId,
        /// Bits a second.
        bits_per_second: u64,
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
        started: Instant,
        events: mpsc::UnboundedSender<FromTransport>,
    ) -> Self {
        let (commands, frames) = mpsc::channel(QUEUE);
        let (urgent, orders) = mpsc::unbounded_channel();
        let peer = Peer::new(id, role, started, Instant::now());
        let connection = Connection {
            peer,
            sockets: Sockets::default(),
            events,
            lost_since: None,
            state: TransportState::Connecting,
            estimate: 0,
        };
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

/// A failure that ends the connection.
#[derive(Debug, thiserror::Error)]
enum Fatal {
    #[error("the connection's state machine failed")]
    Rtc(#[source] str0m::RtcError),
    #[error("the connection's state machine panicked")]
    Panic,
    #[error("nothing was heard for {} s", GIVE_UP_AFTER.as_secs())]
    Silence,
    #[error("the other side closed the connection")]
    Closed,
}

struct Connection {
    peer: Peer,
    sockets: Sockets,
    events: mpsc::UnboundedSender<FromTransport>,
    lost_since: Option<Instant>,
    state: TransportState,
    estimate: u64,
}

/// What happens next to a connection.
enum Next {
    Order(ToTransport),
    Datagram(Datagram),
    Timeout,
    End,
}

impl Connection {
    async fn run(
        mut self,
        mut orders: mpsc::UnboundedReceiver<ToTransport>,
        mut frames: mpsc::Receiver<ToTransport>,
    ) {
        let mut buffer = vec![0; PACKET];
        if let Err(fatal) = self.live(&mut orders, &mut frames, &mut buffer).await {
            tracing::warn!(transport = self.peer.id().0, error = %chain(&fatal), "transport failed");
            self.enter(TransportState::Failed);
        }
    }

    async fn live(
        &mut self,
        orders: &mut mpsc::UnboundedReceiver<ToTransport>,
        frames: &mut mpsc::Receiver<ToTransport>,
        buffer: &mut [u8],
    ) -> Result<(), Fatal> {
        for address in sockets::local_addresses() {
            self.add_address(address)?;
        }
        let mut deadline = self.drain()?;
        loop {
            let sockets = &self.sockets;
            let next = tokio::select! {
                biased;
                order = orders.recv() => order.map_or(Next::End, Next::Order),
                datagram = std::future::poll_fn(|c| sockets.poll_receive(c, buffer)) => {
                    Next::Datagram(datagram)
                }
                Some(frame) = frames.recv() => Next::Order(frame),
                () = tokio::time::sleep_until(deadline.into()) => Next::Timeout,
            };
            match next {
                Next::Order(order) => self.obey(order)?,
                Next::Datagram(datagram) => self.receive(datagram, buffer)?,
                Next::Timeout => {
                    self.change(|peer| peer.rtc().handle_input(Input::Timeout(Instant::now())))?
                        .map_err(Fatal::Rtc)?;
                }
                Next::End => return self.close(),
            }
            deadline = self.drain()?;
            self.check_alive(Instant::now())?;
        }
    }

    /// One change of str0m, and no panic gets past here.
    fn change<T>(&mut self, change: impl FnOnce(&mut Peer) -> T) -> Result<T, Fatal> {
        let peer = &mut self.peer;
        catch_unwind(AssertUnwindSafe(|| change(peer))).map_err(|_| Fatal::Panic)
    }

    /// Takes all outputs; returns when str0m wants to be woken.
    fn drain(&mut self) -> Result<Instant, Fatal> {
        loop {
            match self
                .change(|peer| peer.rtc().poll_output())?
                .map_err(Fatal::Rtc)?
            {
                Output::Timeout(deadline) => return Ok(deadline),
                Output::Transmit(t) => self.sockets.send(t.source, t.destination, &t.contents),
                Output::Event(event) => {
                    if let Some(event) = self.peer.understand(event) {
                        self.tell(event);
                    }
                }
            }
        }
    }

    fn receive(&mut self, datagram: Datagram, buffer: &[u8]) -> Result<(), Fatal> {
        let Datagram {
            length,
            source,
            destination,
        } = datagram;
        let protocol = str0m::net::Protocol::Udp;
        let handled = self.change(|peer| {
            // What can't be parsed is not for us; anybody can send to a port.
            let Ok(received) = Receive::new(protocol, source, destination, &buffer[..length])
            else {
                return Ok(());
            };
            peer.rtc()
                .handle_input(Input::Receive(Instant::now(), received))
        })?;
        if let Err(error) = handled {
            tracing::debug!(%source, %error, "datagram refused");
        }
        Ok(())
    }

    fn obey(&mut self, order: ToTransport) -> Result<(), Fatal> {
        let done = match order {
            ToTransport::Publish {
                track,
                source,
                video,
            } => self.change(|peer| peer.publish(track, source, video))?,
            ToTransport::Unpublish { track } => self.change(|peer| peer.unpublish(&track))?,
            ToTransport::Describe { kind, sdp } => self.describe(kind, &sdp)?,
            ToTransport::AddCandidate(candidate) => self.add_candidate(&candidate.candidate)?,
            ToTransport::Write {
                track,
                layer,
                frame,
            } => {
                return self.change(|peer| peer.write(&track, layer, &frame));
            }
            ToTransport::RequestKeyFrame { track } => {
                return self.change(|peer| peer.request_key_frame(&track));
            }
            ToTransport::WantBitrate { bits_per_second } => {
                return self.change(|peer| peer.want_bitrate(bits_per_second));
            }
        };
        if let Err(error) = done {
            let (transport, reason) = (self.peer.id(), chain(&error));
            self.say(TransportEvent::Refused { transport, reason });
        }
        self.drain()?;
        self.offer()
    }

    fn offer(&mut self) -> Result<(), Fatal> {
        if let Some(sdp) = self.change(Peer::next_offer)? {
            let (transport, kind) = (self.peer.id(), DescriptionKind::Offer);
            self.say(TransportEvent::Description {
                transport,
                kind,
                sdp,
            });
        }
        Ok(())
    }

    fn describe(
        &mut self,
        kind: DescriptionKind,
        sdp: &str,
    ) -> Result<Result<(), PeerError>, Fatal> {
        if description::has_loopback_candidate(sdp) {
            self.add_loopback()?;
        }
        self.change(|peer| peer.forget_recycled(sdp))?;
        self.drain()?;
        let transport = self.peer.id();
        let answer = match self.change(|peer| peer.describe(kind, sdp))? {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(sdp) = answer {
            self.say(TransportEvent::Description {
                transport,
                kind: DescriptionKind::Answer,
                sdp,
            });
        }
        self.say(TransportEvent::RemoteTracks {
            transport,
            tracks: description::tracks(sdp),
        });
        Ok(Ok(()))
    }

    fn add_candidate(&mut self, candidate: &str) -> Result<Result<(), PeerError>, Fatal> {
        if description::is_loopback(candidate) {
            self.add_loopback()?;
        }
        self.change(|peer| peer.add_remote(candidate))
    }

    fn add_loopback(&mut self) -> Result<(), Fatal> {
        if self.sockets.has_loopback() {
            Ok(())
        } else {
            self.add_address(sockets::LOOPBACK)
        }
    }

    fn add_address(&mut self, address: std::net::IpAddr) -> Result<(), Fatal> {
        let local = match self.sockets.bind(address) {
            Ok(local) => local,
            Err(error) => {
                tracing::warn!(%address, %error, "no UDP socket at this address");
                return Ok(());
            }
        };
        if let Some(candidate) = self.change(|peer| peer.add_local(local))? {
            let candidate = Candidate {
                candidate,
                mid: None,
            };
            let transport = self.peer.id();
            self.say(TransportEvent::Candidate {
                transport,
                candidate,
            });
        }
        self.drain().map(drop)
    }

    fn tell(&mut self, event: PeerEvent) {
        let transport = self.peer.id();
        match event {
            PeerEvent::Connected => self.enter(TransportState::Connected),
            PeerEvent::Connecting => self.enter(TransportState::Connecting),
            PeerEvent::Disconnected => self.enter(TransportState::Disconnected),
            PeerEvent::Frame { track, frame } => {
                let _ = self.events.send(FromTransport::Frame {
                    transport,
                    track,
                    frame,
                });
            }
            PeerEvent::KeyFrameWanted { track } => {
                let _ = self
                    .events
                    .send(FromTransport::KeyFrameWanted { transport, track });
            }
            PeerEvent::Estimate { bits_per_second } => self.estimate(bits_per_second),
        }
    }

    /// Passes on estimates that differ by a twentieth; every one would reconfigure encoders.
    fn estimate(&mut self, bits_per_second: u64) {
        if bits_per_second.abs_diff(self.estimate) > self.estimate / 20 {
            self.estimate = bits_per_second;
            let transport = self.peer.id();
            let _ = self.events.send(FromTransport::Estimate {
                transport,
                bits_per_second,
            });
        }
    }

    fn enter(&mut self, state: TransportState) {
        // A connection that had come up is not "connecting" when it looks for a better way.
        let searching = state == TransportState::Connecting
            && matches!(
                self.state,
                TransportState::Connected | TransportState::Disconnected
            );
        if state == self.state || searching {
            return;
        }
        self.state = state;
        let lost = state == TransportState::Disconnected;
        self.lost_since = lost.then(|| self.lost_since.unwrap_or_else(Instant::now));
        let transport = self.peer.id();
        tracing::info!(transport = transport.0, ?state, at = ?self.peer.since_start(Instant::now()), "transport");
        self.say(TransportEvent::State { transport, state });
    }

    fn check_alive(&mut self, now: Instant) -> Result<(), Fatal> {
        if self
            .lost_since
            .is_some_and(|since| now - since > GIVE_UP_AFTER)
        {
            return Err(Fatal::Silence);
        }
        if self.change(|peer| peer.rtc().is_alive())? {
            Ok(())
        } else {
            Err(Fatal::Closed)
        }
    }

    /// Says goodbye, so that the other side need not wait for silence.
    fn close(&mut self) -> Result<(), Fatal> {
        self.change(|peer| peer.rtc().close())?
            .map_err(Fatal::Rtc)?;
        self.drain().map(drop)
    }

    fn say(&self, event: TransportEvent) {
        let _ = self.events.send(FromTransport::Event(event));
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
