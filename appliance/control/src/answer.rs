//! From the daemon to the client.

use saal_meeting::Secret;
use serde::{Deserialize, Serialize};

use crate::{CameraReport, Devices, HelpStatus, MeetingLine, SoundReport, Status, VERSION};

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The line is not a request.
    Malformed,
    /// The request has another version.
    UnsupportedVersion,
    /// There is no such meeting.
    NotFound,
    /// The meeting can't be entered yet, or any more.
    NotNow,
    /// The room is in a call already.
    InCall,
    /// The room is in no call.
    NotInCall,
    /// Nobody calls the room.
    NotRinging,
    /// This source can't be muted.
    NotMutable,
    /// The configuration has a fault; the one before stays.
    ConfigRefused,
}

impl ErrorCode {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnsupportedVersion => "unsupported_version",
            Self::NotFound => "not_found",
            Self::NotNow => "not_now",
            Self::InCall => "in_call",
            Self::NotInCall => "not_in_call",
            Self::NotRinging => "not_ringing",
            Self::NotMutable => "not_mutable",
            Self::ConfigRefused => "config_refused",
        }
    }
}

/// Something was not done, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[error("{message}")]
pub struct Refused {
    /// For programs.
    pub code: ErrorCode,
    /// For people, one line of English.
    pub message: String,
}

/// What the daemon answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To `Status`.
    Status(Box<Status>),
    /// To `Meetings`: those that are not over, in the order of the panel.
    Meetings(Vec<MeetingLine>),
    /// To `Devices`.
    Devices(Box<Devices>),
    /// To `CameraState`.
    Camera(Box<CameraReport>),
    /// To `SoundState`.
    Sound(SoundReport),
    /// To `Panel` with `Tree`: as `/api/panel.json` of the web view.
    Panel(Box<serde_json::Value>),
    /// To `Panel` with `Picture`.
    PanelPicture {
        /// A PNG in base64 (RFC 4648, section 4).
        png: String,
    },
    /// To `HelpStands`.
    Help(Box<HelpStatus>),
    /// To `RecoveryKey`.
    RecoveryKey {
        /// As people write it down; `None`: the room has none.
        key: Option<Secret>,
    },
    /// It is done or has begun.
    Done {},
    /// Not done; on the wire it stands under `error` beside `version`, never under `reply`.
    #[serde(skip)]
    Error(Refused),
}

/// One line of the daemon.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    reply: Reply,
}

/// The line as it is written: exactly one of `reply` and `error`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<Reply>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Refused>,
}

/// The daemon's line could not be read.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Not JSON, or not of this protocol.
    #[error("the daemon's answer is not understood: {0}")]
    Malformed(serde_json::Error),
    /// It has neither or both of `reply` and `error`.
    #[error("the daemon's answer has not exactly one of \"reply\" and \"error\"")]
    Ambiguous,
    /// Daemon and client are of different releases.
    #[error("the daemon speaks version {version} of the control protocol, this program {VERSION}")]
    Version {
        /// The daemon's.
        version: u32,
    },
}

impl Answer {
    /// An answer of this version.
    #[must_use]
    pub fn new(reply: Reply) -> Self {
        Self { reply }
    }

    /// One line with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let (reply, error) = match &self.reply {
            Reply::Error(refused) => (None, Some(refused.clone())),
            reply => (Some(reply.clone()), None),
        };
        let wire = Wire {
            version: VERSION,
            reply,
            error,
        };
        let json = serde_json::to_string(&wire).expect("plain data with text keys is JSON");
        json + "\n"
    }

    /// Reads a daemon's line; what the daemon refused is [`Reply::Error`].
    ///
    /// # Errors
    /// [`AnswerError`] when it is not a line of this protocol and version.
    pub fn parse(line: &str) -> Result<Reply, AnswerError> {
        let version: Versioned = serde_json::from_str(line).map_err(AnswerError::Malformed)?;
        if version.version != VERSION {
            let version = version.version;
            return Err(AnswerError::Version { version });
        }
        let wire: Wire = serde_json::from_str(line).map_err(AnswerError::Malformed)?;
        match (wire.reply, wire.error) {
            (Some(reply), None) => Ok(reply),
            (None, Some(refused)) => Ok(Reply::Error(refused)),
            _ => Err(AnswerError::Ambiguous),
        }
    }
}

/// The version alone, so that another one is named as the reason before its fields are.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}
