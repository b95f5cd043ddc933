//! The room's place in the conference over the death of its process: what is saved, and what becomes
//! of the participant that was left behind.

use saal_meeting::{CallEvent, Role, Secret};

use super::{Conference, ConferenceSetup, Phase};
use crate::protocol::{ns, predecessor::Predecessor, stream::Stream, xml::Element};

/// The participant whom an earlier process left behind.
#[derive(Clone, Debug)]
pub(super) struct Ghost {
    endpoint: String,
    /// It is in the room, although we are.
    seen: bool,
}

impl Ghost {
    pub(super) fn new(endpoint: String) -> Self {
        let seen = false;
        Self { endpoint, seen }
    }
}

/// A stream of this domain, in the place of an earlier process's.
pub(super) fn stream(setup: &ConferenceSetup, domain: &str) -> Stream {
    let predecessor = setup.predecessor.clone().filter(|p| p.is_of(domain));
    Stream::new(domain.to_owned(), setup.credentials.clone()).after(predecessor)
}

impl Conference {
    /// What a next process needs, whenever it has changed.
    pub(super) fn tell_place(&mut self) {
        if self.phase != Phase::InRoom {
            return;
        }
        let place = Predecessor {
            jid: self.stream.jid().to_owned(),
            stream: self.stream.resumable().map(Secret::new),
            room: self.room.clone(),
            endpoint: self.endpoint.clone(),
        };
        if self.told.place.as_ref() != Some(&place) {
            self.emit(CallEvent::Resume(place.token()));
            self.told.place = Some(place);
        }
    }

    /// As the same JID the room says goodbye for its former process.
    pub(super) fn leave_for_predecessor(&mut self) {
        let jid = self.stream.jid().to_owned();
        let former = self.setup.predecessor.take_if(|p| p.jid == jid);
        if let Some(former) = former {
            let presence = Element::new("presence", ns::CLIENT)
                .with("to", format!("{}/{}", former.room, former.endpoint))
                .with("type", "unavailable");
            self.send(&presence);
        }
    }

    /// Somebody whom the room was has said something, or left.
    pub(super) fn ghost_seen(&mut self, endpoint: &str, leaves: bool) {
        let is_it = |ghost: &&mut Ghost| ghost.endpoint == endpoint;
        match self.ghost.as_mut().filter(is_it) {
            Some(_) if leaves => self.ghost = None,
            Some(ghost) => ghost.seen = true,
            None => {}
        }
        self.lay_ghost();
    }

    /// Nobody else knows that it is nobody; the server lets only moderators say so.
    pub(super) fn lay_ghost(&mut self) {
        let moderates = self.phase == Phase::InRoom && self.state.role == Role::Moderator;
        if let Some(ghost) = self.ghost.take_if(|ghost| moderates && ghost.seen) {
            tracing::info!(
                endpoint = ghost.endpoint,
                "removing the room's own former participant"
            );
            let room = self.room.clone();
            self.kick(&room, &ghost.endpoint);
        }
    }
}
