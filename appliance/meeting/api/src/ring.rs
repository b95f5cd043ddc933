//! Somebody calls the room.

use serde::{Deserialize, Serialize};

use crate::Destination;

/// One call to the room while it rings; never used twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RingId(pub String);

/// Somebody calls the room. It is answered by joining [`Ring::destination`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// For [`crate::MeetingCommand::Decline`] and [`crate::MeetingEvent::RingEnded`].
    pub id: RingId,
    /// What people call the caller; any Unicode, any length.
    pub from: String,
    /// What the meeting is called to which the room is called; `None`: the caller alone.
    pub meeting: Option<String>,
    /// With pictures, not only sound.
    pub pictures: bool,
    /// Where the caller waits.
    pub destination: Destination,
}
