//! In a meeting.

use std::collections::BTreeSet;

use jiff::Timestamp;
use saal_media_protocol::SourceKind;
use saal_meeting::{CallId, Meeting, MeetingState, Participant, Role};

use super::Reconnecting;
use crate::{Arrangement, Displays, Said, Stage};

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
    /// What a moderator let the room open although the meeting's rules keep it muted.
    pub allowed: BTreeSet<SourceKind>,
    /// How people want to see the others.
    pub arrangement: Arrangement,
    /// A laptop's screen is shown, also where the meeting does not get it.
    pub shares: bool,
    /// The meeting hears what is presented too.
    pub presents_sound: bool,
    /// When the room came in.
    pub since: Timestamp,
}

impl InCall {
    /// Whether the meeting's rules keep this source muted until a moderator allows it.
    #[must_use]
    pub fn keeps_muted(&self, source: SourceKind) -> bool {
        if self.state.role == Role::Visitor {
            return true;
        }
        let moderated = moderated(&self.state, source);
        moderated && self.state.role != Role::Moderator && !self.allowed.contains(&source)
    }

    /// A moderator lets the room open this source.
    pub(crate) fn allow(&mut self, source: SourceKind) {
        if moderated(&self.state, source) {
            self.allowed.insert(source);
        }
    }

    /// The service says how the meeting stands; what is not moderated needs no permission, and the
    /// next moderation gives none.
    pub(crate) fn stands(&mut self, state: MeetingState) {
        self.allowed.retain(|source| moderated(&state, *source));
        self.state = state;
    }

    /// What the television arranges; the room's own picture can be there only while its camera is on.
    #[must_use]
    pub fn stage(&self, camera_muted: bool, displays: Displays) -> Stage<'_> {
        Stage {
            participants: &self.participants,
            presenting: self.state.presenting || self.shares,
            own: !camera_muted,
            arrangement: &self.arrangement,
            displays,
            waits: false,
        }
    }

    /// The connection is lost.
    #[must_use]
    pub fn lost(self) -> Reconnecting {
        Reconnecting { in_call: self }
    }
}

fn moderated(state: &MeetingState, source: SourceKind) -> bool {
    match source {
        SourceKind::Microphone => state.microphone_moderated,
        SourceKind::Camera => state.camera_moderated,
        SourceKind::Content | SourceKind::ContentAudio => false,
    }
}
