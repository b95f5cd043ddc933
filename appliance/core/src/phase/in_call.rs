//! In a meeting.

use jiff::Timestamp;
use saal_meeting::{CallId, Meeting, MeetingState, Participant};

use super::Reconnecting;
use crate::Said;

/// In a meeting.
#[derive(Clone, Debug, PartialEq)]
pub struct InCall {
    /// The call's number.
    pub call: CallId,
    /// Which meeting.
    pub meeting: Meeting,
    /// All others.
    pub participants: Vec<Participant>,
    /// What the room may do and has to know.
    pub state: MeetingState,
    /// Chat, captions and signs.
    pub said: Said,
    /// When the room came in.
    pub since: Timestamp,
}

impl InCall {
    /// The connection is lost.
    #[must_use]
    pub fn lost(self) -> Reconnecting {
        Reconnecting { in_call: self }
    }
}
