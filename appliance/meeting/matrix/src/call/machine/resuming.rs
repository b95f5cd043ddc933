//! Sockets to media servers that are lost, and going on with a session over another one.

use std::time::Duration;

use saal_meeting::{CallEvent, EndReason, SocketWay};

use super::{ConnectFailure, Effect, Machine, Now, Phase};
use crate::{
    call::links::{Attempt, ConnectionId, LinkState},
    livekit::Grant,
};

impl Machine {
    /// The socket could not be opened, or is closed.
    pub(crate) fn handle_disconnected(
        &mut self,
        now: Now,
        connection: ConnectionId,
        failure: ConnectFailure,
    ) {
        let index = self
            .links
            .iter()
            .position(|link| link.connection() == Some(connection));
        let Some(index) = index else { return };
        if let Some(server) = &failure.blocked {
            self.blocked(index, server, &failure.reason);
        }
        let joining = matches!(self.phase, Phase::Joining { .. });
        let link = &mut self.links[index];
        let own = link.own;
        match (failure.ends, link.session_mut()) {
            (Some(end), _) if joining && own => self.end(now, end),
            (None, Some(session)) if !failure.refused => {
                session.socket_lost(now.instant, failure.reason);
                self.drain_session(now, index);
            }
            _ => self.lose(now, index, failure.reason),
        }
        self.settle(now);
    }

    /// The network lets no socket to a media server through: without our own we are not in the call, without others' we don't see them.
    fn blocked(&mut self, index: usize, server: &str, reason: &str) {
        let link = &self.links[index];
        let (focus, needed) = (link.focus.clone(), link.own);
        if self.blocked.insert(focus, server.to_owned()).is_none() {
            self.emit(CallEvent::Socket(SocketWay::Blocked {
                server: server.to_owned(),
                needed,
                reason: reason.to_owned(),
            }));
        }
    }

    /// A socket is open: if that was the last that was blocked, none is.
    pub(super) fn through(&mut self, connection: ConnectionId) {
        let mut links = self.links.iter();
        let link = links.find(|link| link.connection() == Some(connection));
        let was = link.and_then(|link| self.blocked.remove(&link.focus));
        if was.is_some() && self.blocked.is_empty() {
            self.emit(CallEvent::Socket(SocketWay::Through));
        }
    }

    /// How a call ends into which nothing led.
    pub(super) fn took_too_long(&self) -> EndReason {
        let reason = match self.last_failure.as_str() {
            "" => "joining took too long".to_owned(),
            failure => failure.to_owned(),
        };
        let mut own = self.links.iter().filter(|link| link.own);
        match own.find_map(|link| self.blocked.get(&link.focus)) {
            Some(server) => EndReason::Blocked {
                server: server.clone(),
                reason,
            },
            None => EndReason::Failed { reason },
        }
    }

    /// Gives the socket up and has another one opened: at once, or after a while when that just failed.
    pub(super) fn resume(&mut self, now: Now, index: usize, reason: String, again: bool) {
        if self.is_ending() {
            return;
        }
        let link = &mut self.links[index];
        tracing::warn!(focus = %link.focus, reason, "goes on with a media server over another socket");
        if let Some(connection) = link.connection() {
            self.effects.push_back(Effect::Disconnect { connection });
        }
        let wait = if again {
            link.backoff.after_failure(now.jitter)
        } else {
            Duration::ZERO
        };
        let attempt = Attempt::At(now.instant + wait);
        link.state = match std::mem::replace(&mut link.state, LinkState::Waiting(now.instant)) {
            LinkState::Up { session, .. } | LinkState::Resuming { session, .. } => {
                LinkState::Resuming { attempt, session }
            }
            other => other,
        };
        self.last_failure = reason;
        self.resume_due(now, index);
    }

    /// Opens the socket that is due.
    pub(super) fn resume_due(&mut self, now: Now, index: usize) {
        let link = &mut self.links[index];
        let LinkState::Resuming { attempt, session } = &mut link.state else {
            return;
        };
        if !matches!(attempt, Attempt::At(at) if *at <= now.instant) {
            return;
        }
        let Some(Grant { url, token }) = link.grant.clone() else {
            return;
        };
        self.next_connection += 1;
        let connection = ConnectionId(self.next_connection);
        *attempt = Attempt::Under(connection);
        let (stay, newer) = session.comes_back_as();
        let token = newer.cloned().unwrap_or(token);
        self.effects.push_back(Effect::Resume {
            connection,
            grant: Grant { url, token },
            stay: stay.to_owned(),
        });
    }

    /// True when a socket is open that a session goes on with.
    pub(super) fn resumes_on(&mut self, connection: ConnectionId) -> bool {
        let mut links = self.links.iter_mut();
        let Some(link) = links.find(|link| link.connection() == Some(connection)) else {
            return false;
        };
        if !matches!(link.state, LinkState::Resuming { .. }) {
            return false;
        }
        // The grant is there since the first socket; the server's answer is the session's matter.
        let resuming = std::mem::replace(&mut link.state, LinkState::Connecting(connection));
        if let LinkState::Resuming { session, .. } = resuming {
            link.state = LinkState::Up {
                connection,
                session,
            };
        }
        true
    }
}
