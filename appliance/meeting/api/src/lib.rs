//! One vocabulary for every meeting service.
//!
//! The daemon sends [`MeetingCommand`]s to a service and gets [`MeetingEvent`]s back; the core
//! sees all of them but [`CallEvent::Transport`] and [`MeetingCommand::Transport`], which go
//! straight between service and media engine.

mod call;
mod meeting;

pub use call::{CallEvent, CallId, EndReason, JoinStage, Participant, ResumeToken};
pub use meeting::{Destination, Invitation, Meeting, MeetingId};

use saal_media_protocol::{SourceKind, TransportEvent};
use serde::{Deserialize, Serialize};

/// From the daemon to a meeting service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeetingCommand {
    /// Enters a meeting. One call at a time; a second one is refused with `Ended`.
    Join {
        /// The call's number from now on.
        call: CallId,
        /// Which meeting.
        destination: Destination,
        /// Enter with the microphone on.
        microphone: bool,
        /// Enter with the camera on.
        camera: bool,
        /// What an earlier process of this room left behind when it died in this very call.
        resume: Option<ResumeToken>,
    },
    /// Tells the others that a source is muted; the engine stops it by itself.
    SetMuted {
        /// Which call.
        call: CallId,
        /// Microphone or camera.
        source: SourceKind,
        /// True: nothing leaves the room.
        muted: bool,
    },
    /// Leaves; `Ended` follows once the others know.
    Leave {
        /// Which call.
        call: CallId,
    },
    /// The engine was restarted: every transport is gone, make new ones.
    MediaRestarted {
        /// Which call.
        call: CallId,
    },
    /// From the media engine.
    Transport {
        /// Which call.
        call: CallId,
        /// What happened.
        event: TransportEvent,
    },
}

/// From a meeting service to the daemon.
#[derive(Clone, Debug, PartialEq)]
pub enum MeetingEvent {
    /// How the room's account is doing.
    Account(AccountState),
    /// All rooms and links the account knows, whenever one changed.
    Invitations(Vec<Invitation>),
    /// Something happened in a call.
    Call {
        /// Which call.
        call: CallId,
        /// What.
        event: CallEvent,
    },
}

/// How the room's account is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "account")]
pub enum AccountState {
    /// Not tried yet.
    Starting,
    /// In touch with the server.
    Online {
        /// The account's id.
        user: String,
    },
    /// The server can't be reached; it is tried again by itself.
    Unreachable {
        /// Which server.
        server: String,
        /// For the log.
        reason: String,
    },
    /// The server refuses the credentials: somebody has to give new ones.
    SignedOut {
        /// Which server.
        server: String,
        /// For the log.
        reason: String,
    },
    /// What the account has to remember can't be written or read.
    StoreFailed {
        /// Where.
        path: String,
        /// True when the disk is full.
        full: bool,
        /// For the log.
        reason: String,
    },
}
