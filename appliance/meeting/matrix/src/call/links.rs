//! The media servers of a call: ours to send and receive, the others' to receive.

use std::time::Instant;

use saal_media_protocol::TransportId;

use crate::{backoff::Backoff, livekit::Session};

/// One attempt to be on a media server; never used twice in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ConnectionId(pub u64);

/// One media server.
#[derive(Debug)]
pub(crate) struct Link {
    /// `livekit_service_url`
    pub focus: String,
    /// The room's media go here.
    pub own: bool,
    pub state: LinkState,
    pub backoff: Backoff,
}

/// How far the room is with it.
#[derive(Debug)]
pub(crate) enum LinkState {
    /// To be tried at this time.
    Waiting(Instant),
    /// Token and socket are under way.
    Connecting(ConnectionId),
    /// The socket is open.
    Up {
        connection: ConnectionId,
        session: Box<Session>,
    },
}

impl Link {
    pub(crate) fn new(focus: String, own: bool, now: Instant) -> Self {
        Self {
            focus,
            own,
            state: LinkState::Waiting(now),
            backoff: Backoff::call(),
        }
    }

    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        match &self.state {
            LinkState::Waiting(_) => None,
            LinkState::Connecting(connection) | LinkState::Up { connection, .. } => {
                Some(*connection)
            }
        }
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.state {
            LinkState::Up { session, .. } => Some(session),
            _ => None,
        }
    }

    pub(crate) fn session_mut(&mut self) -> Option<&mut Session> {
        match &mut self.state {
            LinkState::Up { session, .. } => Some(session),
            _ => None,
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.session().is_some_and(Session::is_connected)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            LinkState::Waiting(at) => Some(*at),
            LinkState::Connecting(_) => None,
            LinkState::Up { session, .. } => session.deadline(),
        }
    }
}

/// Gives out numbers that are unique while the daemon lives: each call has its own range.
#[derive(Debug)]
pub(crate) struct TransportIds {
    next: u64,
}

impl TransportIds {
    pub(crate) fn of_call(call: u64) -> Self {
        Self { next: call << 32 }
    }

    pub(crate) fn take(&mut self) -> TransportId {
        self.next += 1;
        TransportId(self.next)
    }
}
