//! Out of the room, for whatever reason.

use std::time::{Duration, Instant};

use saal_meeting::{CallEvent, EndReason};

use super::{Conference, Output, Phase, Timer};

/// The room confirms at once; people do not wait for a server that does not.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

impl Conference {
    /// Says goodbye; `Ended` follows once the others know.
    pub(super) fn leave(&mut self, now: Instant, reason: EndReason) {
        if self.is_ending() {
            return;
        }
        let known = matches!(self.phase, Phase::InRoom | Phase::Entering);
        self.drop_media();
        self.leave_lobby();
        if !known || !self.stream.is_online() {
            self.end(reason);
            return;
        }
        let presence = self.own.leave();
        self.send(&presence);
        self.phase = Phase::Leaving(reason);
        self.timers.clear();
        self.timers.set(Timer::LeaveBy, now + LEAVE_WITHIN);
    }

    /// The others know, or never will.
    pub(super) fn over(&mut self) {
        if let Phase::Leaving(reason) = self.phase.clone() {
            self.end(reason);
        }
    }

    /// Ends at once.
    pub(super) fn end(&mut self, reason: EndReason) {
        if self.phase == Phase::Over {
            return;
        }
        self.drop_media();
        self.stream.close();
        self.flush();
        self.timers.clear();
        self.phase = Phase::Over;
        self.outputs.push_back(Output::CloseLink);
        self.emit(CallEvent::Ended(reason));
    }
}
