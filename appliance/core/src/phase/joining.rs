//! Entering a meeting.

use std::collections::BTreeSet;

use saal_meeting::{CallId, JoinStage, Meeting, MeetingState, Participant, Waiting};

use super::InCall;
use crate::{Arrangement, Now, Said};

/// Entering a meeting.
#[derive(Clone, Debug, PartialEq)]
pub struct Joining {
    /// The call's number.
    pub call: CallId,
    /// Which meeting.
    pub meeting: Meeting,
    /// How far it is.
    pub stage: JoinStage,
    /// The daemon was restarted in this call and goes back by itself.
    pub returning: bool,
    /// Who is there already, as far as the service said.
    pub participants: Vec<Participant>,
    /// What the service said of the meeting.
    pub state: MeetingState,
    /// What has to happen before the room is in.
    pub obstacle: Option<Obstacle>,
    /// What moderators wrote to the room in the lobby.
    pub said: Said,
    /// What people said to the moderators last.
    pub word: Option<LobbyWord>,
}

/// Something that people in the room said in the lobby.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LobbyWord {
    /// As people typed it.
    pub text: String,
    /// The server has it; before that it may still be lost.
    pub taken: bool,
}

/// What has to happen before the room is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Somebody else has to act.
    Waiting(Waiting),
    /// People in the room have to type the meeting's password.
    Password {
        /// The last one was wrong.
        refused: bool,
    },
}

impl Joining {
    /// The state after "touch Join", or after a restart.
    #[must_use]
    pub fn enter(call: CallId, meeting: Meeting, returning: bool) -> Self {
        let stage = JoinStage::Contacting;
        Self {
            call,
            meeting,
            stage,
            returning,
            participants: Vec::new(),
            state: MeetingState::default(),
            obstacle: None,
            said: Said::default(),
            word: None,
        }
    }

    /// People say something in the lobby.
    pub(crate) fn say(&mut self, text: String) {
        let taken = false;
        self.word = Some(LobbyWord { text, taken });
    }

    /// The server has what people said.
    pub(crate) fn word_taken(&mut self, text: &str) {
        if let Some(word) = self.word.as_mut().filter(|word| word.text == text) {
            word.taken = true;
        }
    }

    /// The service says that the room is in.
    #[must_use]
    pub fn joined(mut self, now: Now, arrangement: Arrangement) -> InCall {
        // It stood on the panel until now.
        self.said.read_chat();
        InCall {
            call: self.call,
            meeting: self.meeting,
            participants: self.participants,
            state: self.state,
            said: self.said,
            allowed: BTreeSet::new(),
            arrangement,
            shares: false,
            presents_sound: false,
            since: now.wall,
        }
    }
}
