//! From the client to the daemon.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{KeyProblem, help::HelpWanted};
use saal_hal::{KeyName, Modifiers};
use saal_media_protocol::{CameraAction, SourceKind};
use saal_meeting::{AccountAction, DayAction, MeetingAction, MeetingId, MeetingLink, Secret};
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
        /// Another of its places, as listed there; `None`: the likeliest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
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
    /// Does something about the room's time; [`crate::Reply::Done`] once the room has taken it, its calendar follows.
    Day {
        /// What.
        action: DayAction,
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
    /// The sound devices that there are; answered with [`crate::Reply::Sound`].
    SoundState {},
    /// Uses another microphone and loudspeaker, in a call or before a meeting for that one; [`crate::Reply::Done`] once it has
    /// begun.
    Sound {
        /// Name of a microphone or loudspeaker; its other half comes with it. `None`: the usual ones again.
        device: Option<String>,
    },
    /// Reads the configuration again; [`crate::Reply::Done`] once it is in use, else
    /// [`ErrorCode::ConfigRefused`] with the place, and the one before stays.
    Reload {},
    /// Shows on the panel that the device waits to be claimed for its fleet, until `None` says that
    /// it belongs to one.
    Enrolment {
        /// How that stands.
        status: Option<EnrolmentStatus>,
    },
    /// Shows on the panel that the device can't prove to its fleet who it is, until `None` says that it can.
    DeviceKey {
        /// Why.
        problem: Option<KeyProblem>,
    },
    /// Says which other rooms could have the next meeting, as the fleet knows it, the nearest first; while
    /// [`crate::DayStatus::seeks`] says that one is needed.
    OtherRooms {
        /// None: nobody could.
        rooms: Vec<OtherRoom>,
    },
    /// Somebody of the fleet helps; [`crate::Reply::Done`] once it was taken in, whatever becomes of it.
    Help {
        /// What they want.
        wanted: HelpWanted,
    },
    /// How a help stands; answered with [`crate::Reply::Help`]. What nobody asks for is over after some seconds.
    HelpStands {
        /// Which.
        number: u64,
        /// The number of the last picture that was told; 0: none was.
        seen: u64,
    },
    /// Asks the room's computer for this; [`crate::Reply::Done`] once it was asked, else [`ErrorCode::NotFound`] where nobody
    /// would do it. The room leaves its meeting first.
    System {
        /// What.
        request: SystemRequest,
    },
    /// Looks at the panel or works it.
    Panel {
        /// What.
        action: PanelAction,
    },
    /// Sets how loud the others are, in a call or not.
    SetVolume {
        /// 0 to 100.
        percent: u8,
    },
    /// Mutes or unmutes; the camera also before a meeting, for that one.
    SetMuted {
        /// Microphone or camera.
        source: SourceKind,
        /// True: nothing leaves the room.
        muted: bool,
    },
}

/// What the room's computer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemRequest {
    /// Start anew.
    Restart,
    /// Be as it came from the factory: everything that the room remembers is lost.
    FactoryReset,
}

/// A device that no fleet has claimed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentStatus {
    /// The fleet's server, as people know it; empty while none is found.
    pub server: String,
    /// What somebody types there to claim the device; `None` while the server is not reached.
    pub code: Option<String>,
}

/// A room that is free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherRoom {
    /// What people call it.
    pub name: String,
    /// Until then; `None`: nobody is known to need it in the next hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What programs do with the panel, as people do at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PanelAction {
    /// What stands on it; answered with [`crate::Reply::Panel`].
    Tree {},
    /// How it looks; answered with [`crate::Reply::PanelPicture`].
    Picture {},
    /// A finger taps it; [`crate::Reply::Done`] once that has been taken in.
    Touch {
        /// Pixels from the left edge.
        x: i32,
        /// Pixels from the top edge.
        y: i32,
        /// Twice does what the spoken panel said last.
        taps: Taps,
    },
    /// A key is pressed and let go.
    Key {
        /// Which.
        key: KeyName,
        /// What is held beside it.
        #[serde(default)]
        modifiers: Modifiers,
    },
}

/// How often a finger taps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taps {
    /// Once.
    One,
    /// Twice, right after each other.
    Two,
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
