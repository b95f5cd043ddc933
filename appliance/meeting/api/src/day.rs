//! What people do about the room's time: one vocabulary for panel, door, API and command line.

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

use crate::MeetingId;

/// What people do about the room's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DayAction {
    /// Takes the room from now on, for those who are in it.
    Book {
        /// How long.
        span: BookingSpan,
    },
    /// "We are here": the room stays theirs.
    CheckIn {
        /// For which meeting.
        meeting: MeetingId,
    },
    /// Nobody comes: others may have the room.
    Release {
        /// Which meeting does without it.
        meeting: MeetingId,
    },
    /// Keeps the room longer than planned.
    Extend {
        /// For which meeting.
        meeting: MeetingId,
        /// How much longer, from its end.
        span: BookingSpan,
    },
    /// The room is free from now on; a call of that meeting ends too.
    End {
        /// Which meeting is over.
        meeting: MeetingId,
    },
    /// The room stays in the call although nobody else is there.
    Stay {},
    /// "We have read it": what became of the meeting in its calendar.
    Read {},
}

/// How long the room is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingSpan {
    /// So many minutes.
    Minutes(NonZeroU16),
    /// Until the next meeting that needs the room.
    UntilNext,
}
