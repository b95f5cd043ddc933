//! On the way out: the others are being told.

use std::time::Duration;

use saal_meeting::{CallId, Meeting};

use crate::Now;

/// A service that does not answer must not keep people from the next meeting.
const PATIENCE: Duration = Duration::from_secs(5);

/// On the way out.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaving {
    /// The call's number.
    pub call: CallId,
    /// Which meeting.
    pub meeting: Meeting,
    /// When the room stops waiting (monotonic).
    pub until: Duration,
}

impl Leaving {
    /// The state after "touch Leave".
    #[must_use]
    pub fn enter(call: CallId, meeting: Meeting, now: Now) -> Self {
        Self {
            call,
            meeting,
            until: now.mono + PATIENCE,
        }
    }
}
