//! From the client to the daemon.

use saal_media_protocol::{CameraAction, SourceKind};
use saal_meeting::{AccountAction, MeetingAction, MeetingId, MeetingLink, Secret};
use serde::{Deserialize, Serialize};

use crate::{ErrorCode, LayoutName, Refused, VERSION};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How the room is doing; answered with [`crate::Reply::Status`].
    Status {},
    /// The day's meetings; answered with [`crate::Reply::Meetings`].
    Meetings {},
    /// What is connected and what is chosen; answered with [`crate::Reply::Devices`].
    Devices {},
    /// Enters a meeting; [`crate::Reply::Done`] once the room has begun to, `Status` tells how it
    /// goes on.
    Join {
        /// As listed by `Meetings`.
        meeting: MeetingId,
    },
    /// Enters the meeting at an address, in the room's calendar or not.
    JoinLink {
        /// As in an invitation.
        link: MeetingLink,
    },
    /// Gives the password that the meeting asked for.
    GivePassword {
        /// As people know it.
        password: Secret,
    },
    /// Shows the others in another way on the television.
    Arrange {
        /// What is to be another.
        how: Arrange,
    },
    /// Does something in the meeting, as the panel's buttons do.
    Act {
        /// What.
        action: MeetingAction,
    },
    /// Does something with the room's account; [`crate::Reply::Done`] once it has begun.
    Account {
        /// What.
        action: AccountAction,
    },
    /// The account's recovery key; answered with [`crate::Reply::RecoveryKey`].
    RecoveryKey {},
    /// Leaves the call, or stops entering it.
    Leave {},
    /// Takes the call to the room that rings first; leaves the one that the room is in.
    Answer {
        /// Be seen.
        camera: bool,
    },
    /// Does not take it.
    Decline {},
    /// How the camera stands; answered with [`crate::Reply::Camera`].
    CameraState {},
    /// Does something with the camera; [`crate::Reply::Done`] once it has begun.
    Camera {
        /// What.
        action: CameraAction,
    },
    /// Mutes or unmutes.
    SetMuted {
        /// Microphone or camera.
        source: SourceKind,
        /// True: nothing leaves the room.
        muted: bool,
    },
}

/// Something about how the television shows the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrange {
    /// What is large.
    Layout(LayoutName),
    /// The room sees itself too.
    SelfView(bool),
    /// Which page of many people, from 0; behind the last it is the last.
    Page(usize),
}

/// One line of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// [`VERSION`].
    pub version: u32,
    /// What is asked for.
    pub request: Request,
}

/// The version alone, so that another one is named as the reason before its fields are.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Question {
    /// A question of this version.
    #[must_use]
    pub fn new(request: Request) -> Self {
        Self {
            version: VERSION,
            request,
        }
    }

    /// One line with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let json = serde_json::to_string(self).expect("plain data without maps is JSON");
        json + "\n"
    }

    /// Reads a client's line.
    ///
    /// # Errors
    /// What to answer instead: another version, or not understood.
    pub fn parse(line: &str) -> Result<Request, Refused> {
        let malformed = |error: serde_json::Error| Refused {
            code: ErrorCode::Malformed,
            message: format!("the request is not understood: {error}"),
        };
        let Versioned { version } = serde_json::from_str(line).map_err(malformed)?;
        if version != VERSION {
            return Err(Refused {
                code: ErrorCode::UnsupportedVersion,
                message: format!("this daemon speaks version {VERSION}, not {version}"),
            });
        }
        let question: Self = serde_json::from_str(line).map_err(malformed)?;
        Ok(question.request)
    }
}
