//! Meetings as the panel lists them, and what they are made from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
        /// `!opaque:server`
        room_id: String,
    },
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
}

/// A place where meetings may be, as an account sees it: what calendars are made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Invitation {
    /// Where.
    pub destination: Destination,
    /// The Matrix room's name.
    pub name: String,
    /// Content of the room's `net.nordeck.meetings.metadata` state event, unread.
    pub calendar_event: Option<serde_json::Value>,
    /// How many devices of others are in its call now.
    pub in_call: u32,
}
