//! When the server was heard last: how old that is which the store holds of its rooms.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use matrix_sdk::Client;
use saal_meeting::MeetingEvent;
use tokio::sync::mpsc;

/// In the store of rooms, whose age it is: RFC 3339.
const HEARD: &[u8] = b"saal.heard-at";
/// It is written and told again after so long: nobody reads seconds, and disks wear.
const EVERY: SignedDuration = SignedDuration::from_mins(1);

/// How it stands with the server.
pub(super) struct Contact {
    told: Mutex<Option<Timestamp>>,
    events: mpsc::UnboundedSender<MeetingEvent>,
}

impl Contact {
    pub(super) fn new(events: mpsc::UnboundedSender<MeetingEvent>) -> Self {
        let told = Mutex::new(None);
        Self { told, events }
    }

    /// As a store of an earlier daemon has it.
    pub(super) async fn read(&self, client: &Client) {
        let kept = client.state_store().get_custom_value(HEARD).await;
        let text = kept
            .ok()
            .flatten()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(at) = text.and_then(|text| text.parse().ok()) {
            self.tell(at);
        }
    }

    /// The server has told everything that is news by now.
    pub(super) async fn heard(&self, client: &Client, now: Timestamp) {
        let before = *self.told.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back counts anew.
        let fresh = |at: Timestamp| (SignedDuration::ZERO..EVERY).contains(&now.duration_since(at));
        if before.is_some_and(fresh) {
            return;
        }
        self.tell(now);
        let text = now.to_string().into_bytes();
        if let Err(error) = client.state_store().set_custom_value(HEARD, text).await {
            // A store that fails is told by the sync.
            tracing::debug!(%error, "when the server was heard is not kept");
        }
    }

    fn tell(&self, at: Timestamp) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
        let _ = self.events.send(MeetingEvent::RoomsKnown { at });
    }
}
