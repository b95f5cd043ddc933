//! The direct session where two are alone: made beside the bridge's, switched to when it is
//! connected, and back without a gap. Here is what is the same whoever began it, and the answer.

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
pub(super) const OVER: &str = "success";
/// What is said of one in whose place another one comes.
const REPLACED: &str = "cancel";

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

    /// The direct session has this number.
    pub(super) fn has_peer(&self, sid: &str) -> bool {
        let peer = self.peer.as_ref();
        peer.is_some_and(|peer| peer.session.offer.sid == sid)
    }

    pub(super) fn peer_is_live(&self) -> bool {
        self.peer.as_ref().is_some_and(|peer| peer.live)
    }

    /// Somebody in the room offers a direct session. Web clients refuse ours while they have begun
    /// one, so theirs takes the place of ours where both begin; and of an earlier one.
    pub(super) fn called(&mut self, now: Instant, from: &str, offer: Offer) {
        let partner = self.partner().map(|one| one.endpoint.as_str());
        if partner != Some(ids::resource(from)) {
            let decline = jingle::decline(&offer.sid, from);
            self.ask(from, "set", decline, Pending::Nothing);
            return;
        }
        self.timers.cancel(Timer::CallPeer);
        self.end_peer(REPLACED);
        let sources = self.own_sources(Layers::Single);
        let transport = self.take_transport();
        let session = MediaSession::new(from.to_owned(), offer, transport, sources);
        self.begin_peer(now, session);
    }

    /// Makes the connection beside the bridge's; the engine's side is told to the peer.
    pub(super) fn begin_peer(&mut self, now: Instant, mut session: MediaSession) {
        if !session.open(self.ice_servers.clone(), None) {
            let decline = jingle::decline(&session.offer.sid, session.initiator());
            let to = session.with.clone();
            self.ask(&to, "set", decline, Pending::Nothing);
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
            Action::Accept(answer) => self.peer_answers(*answer),
            Action::Terminate(reason) => {
                let (why, live) = (reason.condition, peer.live);
                tracing::info!(why, live, "the peer ends the direct session");
                self.back_to_bridge();
            }
            Action::Info => {}
            Action::TransportReplace(offer) => {
                let with = session.with.clone();
                let reject = jingle::transport_reject(&offer, &with);
                self.ask(&with, "set", reject, Pending::Nothing);
            }
            Action::Initiate(_) | Action::Other(_) => {
                self.not_understood("what a peer wants of its session");
            }
        }
    }

    pub(super) fn peer_event(&mut self, now: Instant, event: TransportEvent) {
        match event {
            TransportEvent::Opened { local, .. } => match &self.peer {
                Some(peer) if peer.session.is_ours() => self.offer_peer(local),
                _ => self.accept_peer(local),
            },
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
            // Candidates tell of the new address.
            TransportEvent::Moved { .. }
            | TransportEvent::Route { .. }
            | TransportEvent::Probed { .. }
            | TransportEvent::Description { .. }
            | TransportEvent::RemoteTracks { .. }
            | TransportEvent::ChannelOpen { .. }
            | TransportEvent::ChannelText { .. }
            | TransportEvent::Decrypts { .. } => {}
        }
    }

    fn accept_peer(&mut self, local: LocalTransport) {
        let Some(peer) = &mut self.peer else { return };
        let session = &mut peer.session;
        let by = AcceptedBy {
            initiator: session.initiator(),
            responder: self.stream.jid(),
        };
        let accept = jingle::accept(&session.offer, by, &local, &session.sources);
        session.local = Some(local);
        session.send_all();
        let (to, sid) = (session.with.clone(), session.offer.sid.clone());
        let early = std::mem::take(&mut session.candidates);
        self.ask(&to, "set", accept, Pending::Peer { sid });
        early.into_iter().for_each(|one| self.tell_candidate(one));
    }

    /// Peers find each other by candidates (XEP-0176).
    pub(super) fn tell_candidate(&mut self, candidate: Candidate) {
        let Some(peer) = &mut self.peer else { return };
        let session = &mut peer.session;
        let Some(local) = &session.local else {
            session.candidates.push(candidate);
            return;
        };
        let (initiator, creator) = (session.initiator(), session.creator());
        let offer = &session.offer;
        let info = jingle::transport_info(offer, initiator, creator, local, &[candidate]);
        let to = session.with.clone();
        self.ask(&to, "set", info, Pending::Nothing);
    }

    fn peer_state(&mut self, now: Instant, state: TransportState) {
        // Nothing can be connected that was not answered.
        let peer = self.peer.as_mut().filter(|p| p.session.is_answered());
        let Some(peer) = peer else { return };
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
                SourceKind::ContentAudio,
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
        let (presenting, sounds) = (self.media.presenting, self.media.presents_sound);
        if let Some(bridge) = &mut self.bridge {
            bridge.send(SourceKind::Microphone);
            bridge.send(SourceKind::Camera);
            if presenting {
                bridge.send(SourceKind::Content);
            }
            if sounds {
                bridge.send(SourceKind::ContentAudio);
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
        let (sid, initiator) = (&peer.session.offer.sid, peer.session.initiator());
        let end = jingle::terminate(sid, initiator, condition, "");
        // A peer that was not told of a session knows of none.
        let told = peer.session.local.is_some() || !peer.session.is_ours();
        self.back_to_bridge();
        if !told {
            return;
        }
        self.ask(&with, "set", end, Pending::Nothing);
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
        let modify = jingle::modify(&peer.session.offer, peer.session.initiator(), heights);
        self.ask(&with, "set", modify, Pending::Nothing);
    }
}
