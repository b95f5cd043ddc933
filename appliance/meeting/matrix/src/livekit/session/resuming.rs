//! Going on after the socket or the way of media broke: as the same participant, over another socket
//! (`reconnect=1`) and with ICE restarted from both sides. Others see nobody go, streams and keys stay.

use std::time::{Duration, Instant};

use saal_media_protocol::TransportCommand;

use super::{Output, Session};
use crate::settings::Secret;

/// Before the server forgets who is away: 20 s after it heard the last of their media (LiveKit's ICE
/// timeouts of 10 and 5 s, and 5 s more). By then the engine has given connections up as well.
const RESUME_WITHIN: Duration = Duration::from_secs(15);
/// An attempt that is younger than this knew of what is told now: connections tell it one by one, within half a second where an
/// address translation forgot them.
const SAME_TROUBLE: Duration = Duration::from_secs(1);

/// A session that is to go on.
#[derive(Debug)]
pub(super) struct Resuming {
    /// Otherwise the room starts anew.
    by: Instant,
    /// The server answered it.
    taken_back: bool,
}

impl Session {
    /// The socket is closed, or could not be opened again.
    pub(crate) fn socket_lost(&mut self, now: Instant, reason: String) {
        self.interrupt(now, reason);
    }

    /// Media flowed, and the server may know us still.
    pub(crate) fn stood(&self) -> bool {
        self.connected || self.resuming.is_some()
    }

    /// What another socket is opened with: the server's id of this stay, and its newest token, if it gave any.
    pub(crate) fn comes_back_as(&self) -> (&str, Option<&Secret>) {
        (&self.sid, self.token.as_ref())
    }

    /// There is no socket on which the server knows us.
    pub(super) fn is_detached(&self) -> bool {
        self.resuming
            .as_ref()
            .is_some_and(|resuming| !resuming.taken_back)
    }

    pub(super) fn resumed_by(&self) -> Option<Instant> {
        Some(self.resuming.as_ref()?.by)
    }

    /// Goes on if the server and we can know what the other one knows, else starts anew.
    pub(super) fn interrupt(&mut self, now: Instant, reason: String) {
        if self.over {
            return;
        }
        if !self.can_resume() {
            return self.end(Output::Lost { reason });
        }
        let again = self.is_detached();
        let by = self.resumed_by().unwrap_or(now + RESUME_WITHIN);
        self.went_on_at = Some(now);
        self.resuming = Some(Resuming {
            by,
            taken_back: false,
        });
        self.next_ping = None;
        self.answers.forget();
        self.media_are_lost();
        self.outputs.push_back(Output::Resume { reason, again });
    }

    /// Of an offer, or of a track that the server has not confirmed, nobody knows whether it arrived.
    fn can_resume(&self) -> bool {
        let settled = self
            .tracks
            .iter()
            .all(|track| track.published || track.ended);
        let known = !self.sid.is_empty() && self.stood();
        known && !self.offer_pending && (settled || self.is_detached())
    }

    /// Connections that are interrupted count as not connected yet.
    pub(super) fn media_are_lost(&mut self) {
        for link in [&mut self.subscriber, &mut self.publisher] {
            if link.disconnected_at.is_some() {
                link.connected = false;
                self.connected = false;
            }
        }
    }

    fn any_lost(&self) -> bool {
        [&self.subscriber, &self.publisher]
            .iter()
            .any(|link| link.disconnected_at.is_some())
    }

    /// This machine's address changed, or the one that the server sees: the socket hangs at the old one too, and notices after
    /// minutes. Whatever the connections look like from here, what the server sends goes nowhere.
    pub(super) fn moved(&mut self, now: Instant) {
        let known = self.went_on_at.is_some_and(|at| now < at + SAME_TROUBLE);
        if known && !self.is_detached() {
            return self.restart_sending();
        }
        self.restart_pending = true;
        if !known {
            self.interrupt(now, "this room's address changed".to_owned());
        }
    }

    /// Has the engine look for another way to send, unless it was told so.
    fn restart_sending(&mut self) {
        let publisher = self.setup.publisher.as_ref().map(|p| p.transport);
        if let Some(transport) = publisher
            && !std::mem::replace(&mut self.restart_pending, true)
        {
            self.command(TransportCommand::RestartIce { transport });
        }
    }

    /// The server knows us again. It restarts ICE of what it sends by itself.
    pub(super) fn taken_back(&mut self, now: Instant) {
        let Some(resuming) = self.resuming.as_mut().filter(|r| !r.taken_back) else {
            return;
        };
        resuming.taken_back = true;
        self.joined_at = Some(now);
        self.next_ping = Some(now + self.ping_every);
        // The answer to a restart under way went to the socket before, or never will come.
        if std::mem::take(&mut self.restart_pending) || self.any_lost() {
            self.restart_sending();
        }
        self.tell_tracks();
        self.tell_heights();
        self.publish_next();
        self.check_connected();
    }

    pub(super) fn check_resumed(&mut self) {
        let back = self.resuming.as_ref().is_some_and(|r| r.taken_back) && !self.any_lost();
        if back {
            self.resuming = None;
            if self.connected {
                self.outputs.push_back(Output::Connected);
            }
        }
    }
}
