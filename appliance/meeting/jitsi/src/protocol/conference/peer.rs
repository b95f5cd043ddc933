//! The direct session where two are alone: accepted beside the bridge's, switched to when it is
//! connected, and back without a gap.
//!
//! Of two web clients the one with the smaller name begins; the room only accepts, so with others
//! the conference stays on the bridge.

use std::time::{Duration, Instant};

use saal_media_protocol::{Candidate, LocalTransport, SourceKind, TransportEvent, TransportState};

use super::{Conference, Pending, Timer};
use crate::protocol::{
    ids,
    jingle::{self, AcceptedBy, Action, Offer},
    sending::Layers,
    session::MediaSession,
};

/// Two networks that don't meet are left to the bridge.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// A connection that breaks for longer is given up: the bridge's is there.
const BACK_WITHIN: Duration = Duration::from_millis(500);

/// What is said of a direct session that ends as planned.
const OVER: &str = "success";

/// The direct session.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) session: MediaSession,
    /// Its media are the ones seen and heard.
    pub(super) live: bool,
}

impl Conference {
    pub(super) fn is_peer(&self, from: &str) -> bool {
        self.peer
            .as_ref()
            .is_some_and(|peer| peer.session.with == from)
    }

    pub(super) fn peer_is_live(&self) -> bool {
        self.peer.as_ref().is_some_and(|peer| peer.live)
    }

    /// Somebody in the room offers a direct session.
    pub(super) fn called(&mut self, now: Instant, from: &str, offer: Offer) {
        let alone = self.occupants.len() == 1;
        let known = self.occupants.contains_key(ids::resource(from));
        if !(self.setup.peer_to_peer && alone && known) {
            let decline = jingle::decline(&offer.sid, from);
            self.ask(from, "set", decline, Pending::Nothing);
            return;
        }
        self.drop_peer();
        let sources = self.own_sources(Layers::Single);
        let transport = self.take_transport();
        let mut session = MediaSession::new(from.to_owned(), offer, transport, sources);
        if !session.open(self.ice_servers.clone(), None) {
            let decline = jingle::decline(&session.offer.sid, from);
            self.ask(from, "set", decline, Pending::Nothing);
            return;
        }
        let offered = std::mem::take(&mut session.offer.sources);
        offered
            .into_iter()
            .for_each(|source| session.receive(source));
        self.peer = Some(Peer {
            session,
            live: false,
        });
        self.timers.set(Timer::PeerBy, now + CONNECT_WITHIN);
    }

    pub(super) fn peer_action(&mut self, action: Action) {
        let Some(peer) = &mut self.peer else { return };
        let session = &mut peer.session;
        match action {
            Action::TransportInfo(transport) => session.add_candidates(transport.candidates),
            Action::SourceAdd(sources) => sources.into_iter().for_each(|s| session.receive(s)),
            Action::SourceRemove(sources) => sources.iter().for_each(|s| session.remove(&s.name)),
            Action::Modify(heights) => {
                for (source, height) in heights {
                    session.need(&source, height);
                }
            }
            Action::Terminate(_) => self.back_to_bridge(),
            Action::Info => {}
            Action::TransportReplace(offer) => {
                let with = session.with.clone();
                let reject = jingle::transport_reject(&offer, &with);
                self.ask(&with, "set", reject, Pending::Nothing);
            }
            Action::Initiate(_) | Action::Accept(_) | Action::Other(_) => {
                self.not_understood("what a peer wants of its session");
            }
        }
    }

    pub(super) fn peer_event(&mut self, now: Instant, event: TransportEvent) {
        match event {
            TransportEvent::Opened { local, .. } => self.accept_peer(local),
            TransportEvent::Candidate { candidate, .. } => self.tell_candidate(candidate),
            TransportEvent::State { state, .. } => self.peer_state(now, state),
            TransportEvent::Refused { reason, .. } => {
                tracing::warn!(reason, "the media engine refuses a direct session");
                let opened = self
                    .peer
                    .as_ref()
                    .is_some_and(|p| p.session.local.is_some());
                if !opened {
                    self.end_peer("failed-application");
                }
            }
            TransportEvent::Description { .. }
            | TransportEvent::RemoteTracks { .. }
            | TransportEvent::ChannelOpen { .. }
            | TransportEvent::ChannelText { .. } => {}
        }
    }

    fn accept_peer(&mut self, local: LocalTransport) {
        let Some(peer) = &mut self.peer else { return };
        let session = &mut peer.session;
        let by = AcceptedBy {
            initiator: &session.with,
            responder: self.stream.jid(),
        };
        let accept = jingle::accept(&session.offer, by, &local, &session.sources);
        session.local = Some(local);
        let kinds: Vec<SourceKind> = session.sources.iter().map(|own| own.source).collect();
        kinds.into_iter().for_each(|kind| session.send(kind));
        let to = session.with.clone();
        let early = std::mem::take(&mut session.candidates);
        self.ask(&to, "set", accept, Pending::PeerAccept);
        early.into_iter().for_each(|one| self.tell_candidate(one));
    }

    /// Peers find each other by candidates (XEP-0176).
    fn tell_candidate(&mut self, candidate: Candidate) {
        let Some(peer) = &mut self.peer else { return };
        let session = &mut peer.session;
        let Some(local) = &session.local else {
            session.candidates.push(candidate);
            return;
        };
        let info = jingle::transport_info(&session.offer, &session.with, local, &[candidate]);
        let to = session.with.clone();
        self.ask(&to, "set", info, Pending::Nothing);
    }

    fn peer_state(&mut self, now: Instant, state: TransportState) {
        let Some(peer) = &mut self.peer else { return };
        peer.session.state = state;
        match state {
            TransportState::Connected => {
                self.timers.cancel(Timer::PeerBy);
                self.go_direct();
            }
            TransportState::Disconnected => {
                self.timers.set_once(Timer::PeerBy, now + BACK_WITHIN);
            }
            TransportState::Failed => self.end_peer("connectivity-error"),
            TransportState::Connecting => {}
        }
    }

    /// What the peer sends is shown before what the bridge sends is hidden.
    fn go_direct(&mut self) {
        let Some(peer) = self.peer.as_mut().filter(|peer| !peer.live) else {
            return;
        };
        peer.live = true;
        peer.session.show(true);
        self.drain_media();
        if let Some(bridge) = &mut self.bridge {
            bridge.show(false);
            for kind in [
                SourceKind::Microphone,
                SourceKind::Camera,
                SourceKind::Content,
            ] {
                bridge.stop(kind);
            }
        }
        self.tell_constraints();
    }

    /// The bridge's session carries the media again, before the direct one is closed.
    pub(super) fn back_to_bridge(&mut self) {
        let Some(peer) = self.peer.as_mut().filter(|peer| peer.live) else {
            self.drop_peer();
            return;
        };
        peer.live = false;
        let presenting = self.media.presenting;
        if let Some(bridge) = &mut self.bridge {
            bridge.send(SourceKind::Microphone);
            bridge.send(SourceKind::Camera);
            if presenting {
                bridge.send(SourceKind::Content);
            }
            bridge.show(true);
        }
        self.drain_media();
        self.drop_peer();
        self.tell_constraints();
    }

    /// Ends the direct session and says why.
    pub(super) fn end_peer(&mut self, condition: &str) {
        let Some(peer) = &self.peer else { return };
        let with = peer.session.with.clone();
        let end = jingle::terminate(&peer.session.offer.sid, &with, condition, "");
        self.back_to_bridge();
        self.ask(&with, "set", end, Pending::Nothing);
    }

    /// With a third one everybody is on the bridge.
    pub(super) fn check_peer(&mut self) {
        if self.peer.is_some() && self.occupants.len() != 1 {
            self.end_peer(OVER);
        }
    }

    pub(super) fn drop_peer(&mut self) {
        self.timers.cancel(Timer::PeerBy);
        if let Some(mut peer) = self.peer.take() {
            peer.session.close();
            super::media::drain(&mut peer.session, &mut self.outputs);
        }
    }

    /// How high the television shows the peer's pictures.
    pub(super) fn tell_peer_heights(&mut self, heights: &[(String, u32)]) {
        let Some(peer) = &self.peer else { return };
        let with = peer.session.with.clone();
        let modify = jingle::modify(&peer.session.offer, &with, heights);
        self.ask(&with, "set", modify, Pending::Nothing);
    }
}
