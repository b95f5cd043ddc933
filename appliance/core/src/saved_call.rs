//! What a restart needs to be back in the call.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use saal_meeting::{CallId, Meeting, ResumeToken};
use serde::{Deserialize, Serialize};

use crate::Muted;

/// A call older than this is not entered again by itself: a room that was without power over
/// night must not switch on its camera in whatever goes on in the morning.
pub const MAX_AGE: Duration = Duration::from_secs(600);

/// Saved while a call lasts, renewed every minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedCall {
    /// Version of this format: 1.
    pub version: u32,
    /// The call's number, so that the next one gets another.
    pub call: CallId,
    /// Which meeting.
    pub meeting: Meeting,
    /// What people had muted.
    pub muted: Muted,
    /// What the meeting service wants back.
    pub resume: Option<ResumeToken>,
    /// When it was saved.
    pub saved_at: Timestamp,
}

impl SavedCall {
    /// The format's version.
    pub const VERSION: u32 = 1;

    /// Whether the room may go back into the call by itself. One from the future tells that the
    /// clock was set meanwhile, and so nothing about its age.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.saved_at);
        age.abs() < SignedDuration::try_from(MAX_AGE).expect("ten minutes fit")
    }
}
