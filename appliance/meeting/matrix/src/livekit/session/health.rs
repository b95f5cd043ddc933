//! Whether the session lives: connections, pings, deadlines.

use std::time::{Duration, Instant};

use livekit_protocol::{self as proto, signal_request::Message as Request};
use saal_media_protocol::{TransportId, TransportState};

use super::{Link, Output, Session};

/// Media have to be connected this long after the server let us in.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// A connection may come back by itself for this long before the room starts anew; the engine says
/// after three seconds of silence that it broke.
const DISCONNECTED_FOR: Duration = Duration::from_secs(2);

impl Session {
    pub(super) fn state(&mut self, now: Instant, transport: TransportId, state: TransportState) {
        let (name, link) = if transport == self.setup.subscriber {
            ("receiving", &mut self.subscriber)
        } else {
            ("sending", &mut self.publisher)
        };
        match state {
            TransportState::Connecting => {}
            TransportState::Connected => {
                *link = Link {
                    connected: true,
                    disconnected_at: None,
                }
            }
            TransportState::Disconnected => {
                link.disconnected_at.get_or_insert(now);
                if self.resuming.is_some() {
                    self.media_are_lost();
                }
            }
            TransportState::Failed => {
                self.end(Output::Lost {
                    reason: format!("the {name} connection failed"),
                });
            }
        }
        self.check_connected();
    }

    pub(super) fn check_connected(&mut self) {
        self.check_resumed();
        let ready = self.joined_at.is_some()
            && self.resuming.is_none()
            && if self.roster.has_tracks() {
                self.subscriber.connected
            } else {
                self.setup.publisher.is_none() || self.publisher.connected
            };
        if ready && !self.connected {
            self.connected = true;
            self.outputs.push_back(Output::Connected);
        }
    }

    /// When [`Self::handle_timeout`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.over {
            return None;
        }
        [
            self.next_ping,
            self.silent_at(),
            self.unconnected_at(),
            self.disconnected_at(),
            self.resumed_by(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn silent_at(&self) -> Option<Instant> {
        self.next_ping?;
        self.heard_at.map(|at| at + self.silent_for)
    }

    fn unconnected_at(&self) -> Option<Instant> {
        self.joined_at
            .filter(|_| !self.connected && self.resuming.is_none())
            .map(|at| at + CONNECT_WITHIN)
    }

    fn disconnected_at(&self) -> Option<Instant> {
        if self.resuming.is_some() {
            return None;
        }
        let first = [&self.subscriber, &self.publisher].map(|link| link.disconnected_at);
        first
            .into_iter()
            .flatten()
            .min()
            .map(|at| at + DISCONNECTED_FOR)
    }

    /// `unix_ms` is what the ping tells the server.
    pub(crate) fn handle_timeout(&mut self, now: Instant, unix_ms: u64) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if due(self.silent_at()) {
            self.interrupt(now, "the media server went silent".to_owned());
        } else if due(self.resumed_by()) {
            self.end(Output::Lost {
                reason: "media did not come back in time".to_owned(),
            });
        } else if due(self.unconnected_at()) {
            self.end(Output::Lost {
                reason: "media did not connect in time".to_owned(),
            });
        } else if due(self.disconnected_at()) {
            self.interrupt(now, "media were disconnected for too long".to_owned());
        } else if due(self.next_ping) {
            self.next_ping = Some(now + self.ping_every);
            let timestamp = i64::try_from(unix_ms).unwrap_or(i64::MAX);
            self.request(Request::PingReq(proto::Ping { timestamp, rtt: 0 }));
        }
    }
}
