//! Meetings as the panel lists them, and what they are made from.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::MatrixRoom;

/// Identity of one occurrence of a meeting: source and start, stable while it is moved or renamed
/// elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MeetingId(pub String);

/// Where a meeting takes place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "service")]
pub enum Destination {
    /// A MatrixRTC call in a Matrix room.
    Matrix {
        /// Which room.
        room: MatrixRoom,
        /// Servers through which it can be joined, likeliest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        via: Vec<String>,
        /// The call's media are encrypted with a key made from this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<Secret>,
        /// Nobody planned this meeting here: if the room's account has to become a member of the
        /// Matrix room for the call, it leaves that room after it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        visit: bool,
    },
    /// A call that a person made to the room (Matrix `m.call.*` events); see [`crate::Ring`].
    Caller {
        /// The Matrix room of the two: `!opaque:server`
        room_id: String,
        /// The caller's number of the call.
        call_id: String,
    },
    /// A conference on a Jitsi installation.
    Jitsi {
        /// As in an invitation.
        link: MeetingLink,
        /// From beside the link; tried before people are asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<Secret>,
        /// The Matrix room whose widget this is: its members prove themselves by an OpenID token
        /// (auth `openidtoken-jwt`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matrix_room: Option<String>,
        /// The meeting is about sound: the room enters it with its camera off.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        audio_only: bool,
    },
    /// The calendar tells no place that the room can go to.
    Nowhere {
        /// Why not.
        why: NoWay,
    },
}

/// Why an appointment has no way in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum NoWay {
    /// Nobody wrote a link into it: a meeting of those who are in the room.
    NoLink,
    /// A service that the room does not speak.
    OtherService {
        /// What people call it.
        name: String,
    },
    /// A mail gateway put its own address in the place of the link and kept the target to itself.
    Rewritten {
        /// Whose gateway.
        gateway: String,
        /// The target's host, where the gateway tells.
        host: Option<String>,
    },
    /// A Jitsi installation that the configuration does not allow.
    NotAllowed {
        /// Its host.
        host: String,
    },
    /// It has the form of a meeting's link and can't be read.
    Unreadable {
        /// For people who look after the room.
        why: String,
    },
}

impl Destination {
    /// The call of a room that the account is in or invited to.
    #[must_use]
    pub fn matrix(room_id: impl Into<String>) -> Self {
        Self::Matrix {
            room: MatrixRoom::id(room_id),
            via: Vec::new(),
            password: None,
            visit: false,
        }
    }

    /// Its address without secrets; the same for the same place.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Matrix { room, .. } => room.to_string(),
            Self::Caller { room_id, call_id } => format!("{room_id}/{call_id}"),
            Self::Jitsi { link, .. } => link.to_string(),
            Self::Nowhere { .. } => String::new(),
        }
    }

    /// Whether the room enters with its camera off.
    #[must_use]
    pub fn is_audio_only(&self) -> bool {
        matches!(
            self,
            Self::Jitsi {
                audio_only: true,
                ..
            }
        )
    }

    /// A conference of which nothing but the address is known.
    #[must_use]
    pub fn jitsi(link: MeetingLink) -> Self {
        Self::Jitsi {
            link,
            password: None,
            matrix_room: None,
            audio_only: false,
        }
    }
}

/// What must not be read in logs or on screens.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes it in.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// Gives it out, to the one who needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// The address of a meeting. Its query and fragment may carry tokens and passwords, so it shows
/// itself without them.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MeetingLink(String);

impl MeetingLink {
    /// Takes an address as people wrote it; the meeting's service reads it.
    #[must_use]
    pub fn new(link: impl Into<String>) -> Self {
        Self(link.into())
    }

    /// All of it, to the one who goes there.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MeetingLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A room's alias begins with the sign.
        let after = usize::from(self.0.starts_with('#'));
        let end = self.0[after..].find(['?', '#']);
        f.write_str(&self.0[..end.map_or(self.0.len(), |end| after + end)])
    }
}

impl fmt::Debug for MeetingLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A meeting of the room's day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// Which occurrence.
    pub id: MeetingId,
    /// As people wrote it; any Unicode, any length.
    pub title: String,
    /// Inclusive. `None`: a call without an appointment.
    pub start: Option<Timestamp>,
    /// Exclusive. `None`: open end.
    pub end: Option<Timestamp>,
    /// Where.
    pub destination: Destination,
    /// How many devices are in its call now.
    pub in_call: u32,
    /// Only that the room is taken may be shown; the title is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// The meeting that this is a breakout session of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<PartOf>,
    /// Other places that its invitation names, the likeliest first; `destination` is none of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Destination>,
    /// Its organiser is not sure yet that it takes place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tentative: bool,
}

impl Meeting {
    /// One that nobody planned: it stands, or begins now.
    #[must_use]
    pub fn without_time(id: String, title: String, destination: Destination) -> Self {
        Self {
            id: MeetingId(id),
            title,
            start: None,
            end: None,
            destination,
            in_call: 0,
            private: false,
            part_of: None,
            others: Vec::new(),
            tentative: false,
        }
    }

    /// All places that its invitation names, the likeliest first.
    pub fn places(&self) -> impl Iterator<Item = &Destination> {
        std::iter::once(&self.destination).chain(&self.others)
    }

    /// The same meeting at another of its places ([`Destination::place`]); `None`: it has no such place.
    #[must_use]
    pub fn at_place(&self, place: &str) -> Option<Self> {
        let mut places: Vec<Destination> = self.places().cloned().collect();
        let wanted = places.iter().position(|it| it.place() == place)?;
        let destination = places.remove(wanted);
        Some(Self {
            destination,
            others: places,
            ..self.clone()
        })
    }
}

/// The meeting that a breakout session belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartOf {
    /// Which occurrence of it.
    pub id: MeetingId,
    /// What people call it.
    pub title: String,
}

/// A place where meetings may be, as an account sees it: what calendars are made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Invitation {
    /// Where.
    pub destination: Destination,
    /// The Matrix room's name.
    pub name: String,
    /// Other addresses of the Matrix room (`#name:server`).
    pub aliases: Vec<String>,
    /// Content of the room's `net.nordeck.meetings.metadata` state event, unread.
    pub calendar_event: Option<serde_json::Value>,
    /// Contents of the room's `im.vector.modular.widgets` state events of type `jitsi`, unread.
    pub jitsi_widgets: Vec<serde_json::Value>,
    /// How many devices of others are in its call now.
    pub in_call: u32,
    /// The place of the meeting that this is a breakout session of.
    pub part_of: Option<String>,
}
