//! What the room is doing, one file a state. Entering a state is a function of that state; what
//! happens next is decided in [`crate::Room`].

mod in_call;
mod joining;
mod leaving;
mod reconnecting;

pub use in_call::InCall;
pub use joining::{Joining, LobbyWord, Obstacle};
pub use leaving::Leaving;
pub use reconnecting::Reconnecting;

use saal_meeting::{CallId, Meeting, MeetingState};

use crate::Said;

/// What the room is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// Waiting for people.
    #[default]
    Home,
    /// Entering a meeting.
    Joining(Joining),
    /// In a meeting.
    Call(InCall),
    /// In a meeting whose connection was lost.
    Reconnecting(Reconnecting),
    /// On the way out.
    Leaving(Leaving),
}

impl Phase {
    /// As in status output.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Joining(_) => "joining",
            Self::Call(_) => "call",
            Self::Reconnecting(_) => "reconnecting",
            Self::Leaving(_) => "leaving",
        }
    }

    /// The call that the room is in, enters or leaves.
    #[must_use]
    pub fn call(&self) -> Option<CallId> {
        match self {
            Self::Home => None,
            Self::Joining(state) => Some(state.call),
            Self::Call(state) => Some(state.call),
            Self::Reconnecting(state) => Some(state.in_call.call),
            Self::Leaving(state) => Some(state.call),
        }
    }

    /// The meeting that the room is in, enters or leaves.
    #[must_use]
    pub fn meeting(&self) -> Option<&Meeting> {
        match self {
            Self::Home => None,
            Self::Joining(state) => Some(&state.meeting),
            Self::Call(state) => Some(&state.meeting),
            Self::Reconnecting(state) => Some(&state.in_call.meeting),
            Self::Leaving(state) => Some(&state.meeting),
        }
    }

    /// The same, for what its calendar says meanwhile.
    pub(crate) fn meeting_mut(&mut self) -> Option<&mut Meeting> {
        match self {
            Self::Home | Self::Leaving(_) => None,
            Self::Joining(state) => Some(&mut state.meeting),
            Self::Call(state) => Some(&mut state.meeting),
            Self::Reconnecting(state) => Some(&mut state.in_call.meeting),
        }
    }

    /// What the service said of the meeting that the room is in or enters.
    pub(crate) fn state_mut(&mut self) -> Option<&mut MeetingState> {
        match self {
            Self::Joining(state) => Some(&mut state.state),
            Self::Call(state) => Some(&mut state.state),
            Self::Reconnecting(state) => Some(&mut state.in_call.state),
            Self::Home | Self::Leaving(_) => None,
        }
    }

    /// The call as far as the room is inside.
    pub(crate) fn in_call_mut(&mut self) -> Option<&mut InCall> {
        match self {
            Self::Call(state) => Some(state),
            Self::Reconnecting(state) => Some(&mut state.in_call),
            Self::Home | Self::Joining(_) | Self::Leaving(_) => None,
        }
    }

    /// What is said in the meeting that the room is in.
    pub(crate) fn said_mut(&mut self) -> Option<&mut Said> {
        self.in_call_mut().map(|call| &mut call.said)
    }

    /// Where chat is kept; in the lobby moderators write too.
    pub(crate) fn chat_mut(&mut self) -> Option<&mut Said> {
        match self {
            Self::Joining(state) => Some(&mut state.said),
            _ => self.said_mut(),
        }
    }

    /// The call as far as the room is inside.
    #[must_use]
    pub fn in_call(&self) -> Option<&InCall> {
        match self {
            Self::Call(state) => Some(state),
            Self::Reconnecting(state) => Some(&state.in_call),
            Self::Home | Self::Joining(_) | Self::Leaving(_) => None,
        }
    }
}
