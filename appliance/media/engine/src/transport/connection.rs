//! The task of one peer connection: its sockets, its clock, its peer.
//!
//! str0m asks for one rule: after every change all its outputs are taken before the next change.
//! [`settling`] is that rule; every change passes through [`Connection::change`], which
//! also catches panics, since str0m reads what strangers send.

mod finding;
mod moving;
mod settling;

use std::{
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use saal_media_protocol::{Candidate, DescriptionKind, TransportEvent, TransportState};
use str0m::{Input, net::Receive};
use tokio::sync::mpsc;

use super::{
    FromTransport, ToTransport,
    addresses::{self, Changes, LOOPBACK},
    backlog::Backlog,
    description,
    local_address::LocalAddress,
    nat::{Found, Nat},
    peer::{Peer, PeerError, PeerEvent},
    pulse::Pulse,
    sockets::{Datagram, Sockets},
    statistics::Statistics,
};

/// How long a connection may be lost before it is given up; ICE consent expires after 30 s, and
/// people leave before that (RFC 7675).
const GIVE_UP_AFTER: Duration = Duration::from_secs(15);
/// Larger than any packet that fits an Ethernet frame.
const PACKET: usize = 2_000;

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

pub(super) struct Connection {
    peer: Peer,
    sockets: Sockets,
    nat: Nat,
    events: mpsc::UnboundedSender<FromTransport>,
    backlog: Backlog,
    lost_since: Option<Instant>,
    state: TransportState,
    pulse: Pulse,
    statistics: Statistics,
    /// Of this machine's addresses.
    changes: Changes,
    /// The address of ours that media go out of.
    speaks_from: Option<SocketAddr>,
}

/// What happens next to a connection.
enum Next {
    Order(ToTransport),
    Datagram(Datagram),
    Found(Found),
    Addresses,
    Timeout,
    End,
}

impl Connection {
    pub(super) fn new(peer: Peer, nat: Nat, events: mpsc::UnboundedSender<FromTransport>) -> Self {
        Self {
            peer,
            sockets: Sockets::default(),
            nat,
            events,
            backlog: Backlog::default(),
            lost_since: None,
            state: TransportState::Connecting,
            pulse: Pulse::default(),
            statistics: Statistics::default(),
            changes: Changes::watch(),
            speaks_from: None,
        }
    }

    pub(super) async fn run(
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
        self.introduce()?;
        self.settle_in()?;
        // str0m asks to be told the time only after it was told once, and checks no way before: where nothing comes in and
        // nothing else is due, that would be never.
        self.pass_time(Instant::now())?;
        self.nat.start();
        let mut deadline = self.settle()?;
        loop {
            let (sockets, nat, changes) = (&self.sockets, &mut self.nat, &self.changes);
            let next = tokio::select! {
                biased;
                order = orders.recv() => order.map_or(Next::End, Next::Order),
                datagram = std::future::poll_fn(|c| sockets.poll_receive(c, buffer)) => {
                    Next::Datagram(datagram)
                }
                found = nat.next() => Next::Found(found),
                () = changes.next() => Next::Addresses,
                Some(frame) = frames.recv() => Next::Order(frame),
                () = tokio::time::sleep_until(deadline.into()) => Next::Timeout,
            };
            match next {
                Next::Order(order) => self.obey(order)?,
                Next::Datagram(datagram) => self.receive(datagram, &buffer[..datagram.length])?,
                Next::Found(found) => self.take(found)?,
                Next::Addresses => self.move_along()?,
                Next::Timeout => self.tick(Instant::now())?,
                Next::End => return self.close(),
            }
            deadline = self.settle()?;
            self.check_alive(Instant::now())?;
        }
    }

    fn tick(&mut self, now: Instant) -> Result<(), Fatal> {
        self.pass_time(now)?;
        while let Some((base, server, question)) = self.nat.poll(now) {
            self.sockets.send(base, server, &question);
        }
        if self.pulse.check(now) {
            self.enter(TransportState::Disconnected);
        }
        self.change(|peer| peer.tick(now))
    }

    /// What an answer needs comes before the candidates.
    fn introduce(&mut self) -> Result<(), Fatal> {
        if let Some(local) = self.change(Peer::local)? {
            let transport = self.peer.id();
            self.say(TransportEvent::Opened { transport, local });
        }
        self.drain().map(drop)
    }

    /// One change of str0m, and no panic gets past here.
    fn change<T>(&mut self, change: impl FnOnce(&mut Peer) -> T) -> Result<T, Fatal> {
        let peer = &mut self.peer;
        catch_unwind(AssertUnwindSafe(|| change(peer))).map_err(|_| Fatal::Panic)
    }

    fn receive(&mut self, datagram: Datagram, contents: &[u8]) -> Result<(), Fatal> {
        let Datagram {
            source,
            destination,
            protocol,
            ..
        } = datagram;
        let (answered, seen) = self.nat.read(source, destination, contents);
        if let Some(at) = seen {
            let base = destination;
            self.add_local(LocalAddress::Seen { at, base })?;
        }
        if answered {
            return Ok(());
        }
        if self.nat.is_seen_elsewhere(source, destination, contents) {
            tracing::info!(base = %destination, "an address translation on the way forgot this connection");
            self.say_moved(&[destination]);
        }
        if self.change(|peer| peer.prepare(contents, datagram))? {
            self.drain()?;
        }
        let now = Instant::now();
        let listens = self.pulse.listens(now);
        // What can't be parsed is not for us; anybody can send to a port.
        let Ok(received) = Receive::new(protocol, source, destination, contents) else {
            return Ok(());
        };
        let (sign_of_life, handled) = self.change(|peer| {
            let input = Input::Receive(now, received);
            let sign_of_life = listens && peer.rtc().accepts(&input);
            (sign_of_life, peer.rtc().handle_input(input))
        })?;
        if let Err(error) = handled {
            tracing::debug!(%source, %error, "datagram refused");
        }
        if sign_of_life && self.pulse.beat(now) && self.change(|p| p.rtc().is_connected())? {
            self.enter(TransportState::Connected);
        }
        Ok(())
    }

    /// Frames and their like; everything else negotiates.
    fn is_frequent(order: &ToTransport) -> bool {
        matches!(
            order,
            ToTransport::Write { .. }
                | ToTransport::RequestKeyFrame { .. }
                | ToTransport::WantBitrate { .. }
        )
    }

    fn obey(&mut self, order: ToTransport) -> Result<(), Fatal> {
        let frequent = Self::is_frequent(&order);
        let done = match order {
            ToTransport::Describe { kind, sdp } => self.describe(kind, &sdp)?,
            ToTransport::AddCandidate(candidate) => self.add_candidate(&candidate.candidate)?,
            order => self.change(|peer| peer.obey(order))?,
        };
        if frequent {
            return Ok(());
        }
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
        self.reach_all(sdp)?;
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
        let added = self.change(|peer| peer.link_mut().add_remote(candidate))?;
        if let Ok(Some(listener)) = &added {
            self.nat.reach(*listener);
        }
        Ok(added.map(drop))
    }

    fn add_loopback(&mut self) -> Result<(), Fatal> {
        if self.sockets.has_loopback() {
            Ok(())
        } else {
            self.add_address(LOOPBACK)
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
        self.nat.add_base(Instant::now(), local);
        self.add_local(LocalAddress::Host(local))
    }

    /// Tells the other side of an address of ours.
    fn add_local(&mut self, address: LocalAddress) -> Result<(), Fatal> {
        if let Some(candidate) = self.change(|peer| peer.link_mut().add_local(address))? {
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
            PeerEvent::Frame { track, mut frame } => {
                let Some(place) = self.backlog.place_for(&track, &mut frame) else {
                    return;
                };
                let _ = self.events.send(FromTransport::Frame {
                    transport,
                    track,
                    frame,
                    place,
                });
            }
            PeerEvent::Clock {
                track,
                rtp_time,
                clock,
            } => {
                let Some(place) = self.backlog.place() else {
                    return;
                };
                let _ = self.events.send(FromTransport::Clock {
                    transport,
                    track,
                    rtp_time,
                    clock,
                    place,
                });
            }
            PeerEvent::KeyFrameWanted { track } => {
                let Some(place) = self.backlog.place() else {
                    return;
                };
                let _ = self.events.send(FromTransport::KeyFrameWanted {
                    transport,
                    track,
                    place,
                });
            }
            PeerEvent::Estimate {
                bits_per_second,
                crowded,
            } => {
                let _ = self.events.send(FromTransport::Estimate {
                    transport,
                    bits_per_second,
                    crowded,
                });
            }
            PeerEvent::ChannelOpen => self.say(TransportEvent::ChannelOpen { transport }),
            PeerEvent::ChannelText { text } => {
                self.say(TransportEvent::ChannelText { transport, text });
            }
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
        match state {
            TransportState::Connected => self.pulse.start(Instant::now()),
            // Silence ends with a sign of life; what ICE says ends when ICE says so.
            TransportState::Disconnected if self.pulse.is_quiet() => {}
            _ => self.pulse.stop(),
        }
        if state == TransportState::Connected {
            self.say_route();
        }
        let lost = state == TransportState::Disconnected;
        self.lost_since = lost.then(|| self.lost_since.unwrap_or_else(Instant::now));
        let transport = self.peer.id();
        tracing::info!(transport = transport.0, ?state, at = ?self.peer.link().since_start(Instant::now()), "transport");
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
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
