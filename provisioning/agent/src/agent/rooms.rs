//! Another room for a meeting that this one can't hold: the fleet knows which are free.

use std::time::Duration;

use saal_fleet_protocol::fleet::wire::{FromDevice, Span};
use tokio::time::Instant;

use super::Agent;
use crate::link::Link;

/// A room that is free may be taken a moment later.
const ASK_AGAIN: Duration = Duration::from_secs(60);

impl Agent {
    /// Asks who could have the next meeting, while this room can't.
    pub(super) async fn ask_for_rooms(&mut self, link: &mut Link) -> bool {
        let Some(span) = self.seeks else {
            self.asked = None;
            return true;
        };
        let fresh = |(of, at): &(Span, Instant)| *of == span && at.elapsed() < ASK_AGAIN;
        if self.asked.as_ref().is_some_and(fresh) {
            return true;
        }
        self.asked = Some((span, Instant::now()));
        link.say(&FromDevice::OtherRooms(span)).await
    }
}
