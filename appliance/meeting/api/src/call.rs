//! Being in a meeting.

use saal_media_protocol::TransportCommand;
use serde::{Deserialize, Serialize};

/// One stay in one meeting; never used twice while a daemon lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

/// What a service needs to come back as the same participant after the daemon died; opaque, no
/// secret, saved by the daemon while the call lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResumeToken(pub String);

/// How far joining is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinStage {
    /// Asking the service where and how.
    Contacting,
    /// Becoming a member and connecting media.
    Connecting,
}

/// Somebody else's device in the meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Unique in the call.
    pub id: String,
    /// What people call them; any Unicode, any length.
    pub name: String,
    /// Their microphone is on.
    pub microphone: bool,
    /// Their camera is on.
    pub camera: bool,
    /// They present something.
    pub content: bool,
    /// They speak now.
    pub speaking: bool,
}

/// Why a call is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "because")]
pub enum EndReason {
    /// The room left.
    Left,
    /// A moderator removed the room.
    Removed,
    /// The room is not allowed in (no longer invited, power level).
    NotAllowed {
        /// For the log.
        reason: String,
    },
    /// The service could not be used.
    Failed {
        /// For the log.
        reason: String,
    },
}

/// Something happened in a call.
#[derive(Clone, Debug, PartialEq)]
pub enum CallEvent {
    /// Joining goes on.
    Progress(JoinStage),
    /// The room is a participant and its media are connected; also after `Reconnecting`.
    Joined,
    /// What to save to be able to come back; replaces the one before.
    Resume(ResumeToken),
    /// All others, whenever one changed.
    Participants(Vec<Participant>),
    /// The connection was lost; the service comes back by itself.
    Reconnecting {
        /// For the log.
        reason: String,
    },
    /// Over. Nothing follows.
    Ended(EndReason),
    /// To the media engine.
    Transport(TransportCommand),
}
