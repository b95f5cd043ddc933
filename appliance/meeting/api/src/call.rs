//! Being in a meeting.

use std::fmt;

use saal_media_protocol::{Answers, SourceKind, TransportCommand};
use serde::{Deserialize, Serialize};

/// One stay in one meeting; never used twice while a daemon lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

/// What a service needs to come back as the same participant, or in its place, after the daemon
/// died; opaque, saved by the daemon while the call lasts. It may open that place to its holder, so
/// it shows itself to nobody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResumeToken(pub String);

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeToken")
    }
}

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// They ask for the floor.
    pub hand_raised: bool,
    /// Their media arrive and can't be decrypted: the room waits for their key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub key_missing: bool,
    /// What they may do.
    pub role: Role,
    /// How long they have spoken so far, in whole minutes; `None`: never, or the service keeps no
    /// account of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoken_minutes: Option<u32>,
}

/// What somebody may do in a meeting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees, hears and speaks.
    #[default]
    Participant,
    /// May also mute, remove and admit others.
    Moderator,
    /// Sees and hears only (a large meeting's audience).
    Visitor,
}

/// Whom joining waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// Somebody with a login has to open the meeting.
    Host,
    /// A moderator has to let the room in from the lobby.
    Admission,
    /// The meeting's servers have to come up; the service asks again by itself.
    Server,
}

/// Somebody in the lobby who wants to come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Knocker {
    /// For [`crate::MeetingCommand::Admit`].
    pub id: String,
    /// What people call them.
    pub name: String,
}

/// What the room may do and has to know about the meeting, as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MeetingState {
    /// The room's own role.
    pub role: Role,
    /// As the moderators set it; `None`: there is none.
    pub subject: Option<String>,
    /// A recording is made.
    pub recording: bool,
    /// The meeting is broadcast.
    pub live_stream: bool,
    /// What is said is written down.
    pub transcription: bool,
    /// Recording or transcription wait for the room's consent.
    pub consent_asked: bool,
    /// Only a moderator can let the room open its microphone.
    pub microphone_moderated: bool,
    /// Only a moderator can let the room open its camera.
    pub camera_moderated: bool,
    /// The room's own hand.
    pub hand_raised: bool,
    /// The room presents.
    pub presenting: bool,
    /// In the lobby, for moderators.
    pub knocking: Vec<Knocker>,
    /// Breakout room that the room is in.
    pub breakout: Option<String>,
    /// Questions that people vote on.
    pub polls: Vec<Poll>,
    /// A telephone is in the call, which understands tones (DTMF).
    pub dial_in: bool,
    /// People can write to each other.
    pub chat: bool,
}

/// A question that people vote on; the room reads it only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// Identity in the meeting.
    pub id: String,
    /// The question.
    pub question: String,
    /// Answers, each with its votes.
    pub answers: Vec<(String, u32)>,
}

/// A line of the meeting's chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatLine {
    /// Identity in the meeting; the same again replaces the line.
    pub id: String,
    /// What people call the author.
    pub author: String,
    /// Any Unicode, any length; empty where somebody wrote what can't be read.
    pub text: String,
    /// To the room alone.
    pub private: bool,
}

/// A spoken sentence as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caption {
    /// Identity of the sentence: its words change until it is final.
    pub id: String,
    /// What people call the speaker.
    pub speaker: String,
    /// What was said.
    pub text: String,
    /// Nothing changes any more.
    pub is_final: bool,
}

/// Why a call is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "because")]
pub enum EndReason {
    /// The room left.
    Left,
    /// Who called the room hung up.
    HungUp,
    /// Who called the room speaks with another device that answered sooner.
    AnsweredElsewhere,
    /// A moderator removed the room.
    Removed {
        /// What the moderator wrote; may be empty.
        message: String,
    },
    /// A moderator ended the meeting for all.
    EndedForAll,
    /// A moderator did not let the room in.
    Rejected,
    /// The meeting takes no more people.
    Full,
    /// The meeting is over or was never made.
    NotFound,
    /// Only people with a login or a valid token come in.
    LoginNeeded {
        /// For the log.
        reason: String,
    },
    /// The meeting is end-to-end encrypted in a way that this room can't join.
    EncryptionNeeded,
    /// The server asks for something that the room does not offer (a reservation, a version).
    Refused {
        /// In the server's words, for the panel.
        message: String,
    },
    /// The link can't be read.
    BadLink {
        /// What is wrong with it.
        reason: String,
    },
    /// The server's certificate is not trusted, or not meant for it.
    Untrusted {
        /// Which server.
        server: String,
        /// For the log.
        reason: String,
    },
    /// The server that lets people into calls answered for another one than it was asked for.
    WrongCall {
        /// Which server.
        server: String,
        /// For the log.
        reason: String,
    },
    /// The network lets a connection of the meeting not through that stays open (WebSocket).
    Blocked {
        /// Where it leads.
        server: String,
        /// For the log.
        reason: String,
    },
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

/// How picture and sound would get to a meeting's server and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaWay {
    /// As datagrams, as they should.
    Datagrams,
    /// In a stream alone (TCP, TLS): they come later, and stand still where the network loses something.
    Streams {
        /// What was asked for datagrams, for the log.
        reason: String,
    },
    /// Not at all.
    Nowhere {
        /// For the log.
        reason: String,
    },
    /// The service does not take the login that the room has there: nobody gets in.
    Refused {
        /// In its words, for the log.
        reason: String,
    },
    /// The service did not let it be found out.
    Unknown {
        /// For the log.
        reason: String,
    },
}

impl MediaWay {
    /// What follows from what the servers for connectivity answered, where a call would go by them.
    #[must_use]
    pub fn of(datagrams: &Answers, streams: &Answers) -> Self {
        match (datagrams, streams) {
            (Answers::Came, _) => Self::Datagrams,
            (Answers::Missing { reason }, Answers::Came) => Self::Streams {
                reason: reason.clone(),
            },
            (Answers::Missing { reason }, _) | (_, Answers::Missing { reason }) => Self::Nowhere {
                reason: reason.clone(),
            },
            (Answers::Unasked, _) => Self::Unknown {
                reason: "the service names no server that could be asked over UDP".to_owned(),
            },
        }
    }
}

/// Whether a connection that stays open (WebSocket, RFC 6455) to a server of the meeting gets through the network. Some proxies and
/// firewalls let web pages through and not these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketWay {
    /// It does.
    Through,
    /// It does not, while the meeting's servers answer otherwise.
    Blocked {
        /// Which server.
        server: String,
        /// The room is in no meeting without it; otherwise it misses something there.
        needed: bool,
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
    /// Somebody has to act before the room is in.
    Waiting(Waiting),
    /// The meeting wants a password; answered by [`crate::MeetingCommand::GivePassword`].
    PasswordNeeded {
        /// One was given and is wrong.
        refused: bool,
    },
    /// The meeting as it stands, whenever a part of it changed.
    State(Box<MeetingState>),
    /// Somebody else muted the room's source; it stays muted until the room itself unmutes.
    MutedByOther {
        /// What is muted.
        source: SourceKind,
        /// What people call who did it; `None`: the meeting's rules.
        by: Option<String>,
    },
    /// A moderator lets the room speak or asks it to; it unmutes by itself only.
    UnmuteAllowed {
        /// What may be opened.
        source: SourceKind,
    },
    /// A line of the chat.
    Chat(ChatLine),
    /// What was said in the chat before the room came, oldest first; once.
    ChatBefore(Vec<ChatLine>),
    /// A line of the chat was taken back.
    ChatRemoved {
        /// [`ChatLine::id`].
        id: String,
    },
    /// The server has taken what [`crate::MeetingAction::LobbyMessage`] said.
    LobbyMessageTaken {
        /// As people typed it.
        text: String,
    },
    /// A sign that somebody gave, such as applause.
    Reaction {
        /// What people call them.
        from: String,
        /// An emoji.
        emoji: String,
    },
    /// Spoken words as text.
    Caption(Caption),
    /// The connection was lost; the service comes back by itself.
    Reconnecting {
        /// For the log.
        reason: String,
    },
    /// Over. Nothing follows.
    Ended(EndReason),
    /// What became of a connection that stays open: in a call, and before the answer to [`crate::MeetingCommand::Try`].
    Socket(SocketWay),
    /// Answer to [`crate::MeetingCommand::Try`]; nothing follows.
    Tried(MediaWay),
    /// To the media engine.
    Transport(TransportCommand),
}
