//! The media servers of a call: ours to send and receive, the others' to receive.

use std::time::Instant;

use saal_media_protocol::TransportId;

use crate::{
    backoff::Backoff,
    livekit::{Grant, Session},
};

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
    /// What its socket was opened with.
    pub grant: Option<Grant>,
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
    /// Another socket is to be opened, or is under way, to go on with.
    Resuming {
        attempt: Attempt,
        session: Box<Session>,
    },
}

/// At another socket for a session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    /// At this time.
    At(Instant),
    /// Under way.
    Under(ConnectionId),
}

impl Link {
    pub(crate) fn new(focus: String, own: bool, now: Instant) -> Self {
        Self {
            focus,
            own,
            state: LinkState::Waiting(now),
            backoff: Backoff::call(),
            grant: None,
        }
    }

    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        match &self.state {
            LinkState::Connecting(connection)
            | LinkState::Up { connection, .. }
            | LinkState::Resuming {
                attempt: Attempt::Under(connection),
                ..
            } => Some(*connection),
            LinkState::Waiting(_) | LinkState::Resuming { .. } => None,
        }
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.state {
            LinkState::Up { session, .. } | LinkState::Resuming { session, .. } => Some(session),
            _ => None,
        }
    }

    pub(crate) fn session_mut(&mut self) -> Option<&mut Session> {
        match &mut self.state {
            LinkState::Up { session, .. } | LinkState::Resuming { session, .. } => Some(session),
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
            LinkState::Resuming { attempt, session } => {
                let attempt = match attempt {
                    Attempt::At(at) => Some(*at),
                    Attempt::Under(_) => None,
                };
                attempt.into_iter().chain(session.deadline()).min()
            }
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
