//! The room begins a direct session: its offer, and the peer's answer.

use std::time::Instant;

use saal_media_protocol::{Codec, LocalTransport};

use super::{Conference, Pending};
use crate::protocol::{
    jingle::{self, Offer},
    sending::Layers,
    session::MediaSession,
};

impl Conference {
    /// Calls the one with whom the room is alone.
    pub(super) fn call_peer(&mut self, now: Instant) {
        let Some(partner) = self.partner().map(|one| one.endpoint.clone()) else {
            return;
        };
        if self.peer.is_some() {
            return;
        }
        tracing::info!(partner, "offering a direct session");
        let offer = Offer::to_peer(self.ids.stanza(), &self.setup.codecs);
        let sources = self.own_sources(Layers::Single);
        let transport = self.take_transport();
        let with = format!("{}/{partner}", self.room);
        let session = MediaSession::new(with, offer, transport, sources);
        self.begin_peer(now, session.offered_by(self.own.to.clone()));
    }

    /// The engine has made our side: the peer is told.
    pub(super) fn offer_peer(&mut self, local: LocalTransport) {
        let Some(peer) = &mut self.peer else { return };
        let session = &mut peer.session;
        let initiator = session.initiator();
        let offer = jingle::initiate(&session.offer, initiator, &local, &session.sources);
        session.local = Some(local);
        let (to, sid) = (session.with.clone(), session.offer.sid.clone());
        let early = std::mem::take(&mut session.candidates);
        self.ask(&to, "set", offer, Pending::Peer { sid });
        early.into_iter().for_each(|one| self.tell_candidate(one));
    }

    /// The peer takes our offer.
    pub(super) fn peer_answers(&mut self, answer: Offer) {
        let codec = self.setup.codecs.first().copied().unwrap_or(Codec::Vp8);
        let Some(peer) = &mut self.peer else { return };
        let session = &mut peer.session;
        if session.is_answered() || session.local.is_none() {
            self.not_understood("an answer to no offer");
        } else if !session.answer(answer, codec) {
            tracing::info!("the answer to a direct session is of no use");
            self.end_peer("failed-application");
        }
    }
}
