//! When the room tries its parts before people need them.

use serde::{Deserialize, Serialize};

use super::super::values::{ClockTime, EarlyMinutes};

/// When the room tries its parts before people need them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Readiness {
    /// So long before each meeting.
    pub before_minutes: EarlyMinutes,
    /// Each day at this time.
    pub morning: ClockTime,
    /// The loudspeaker may chirp, for the microphone to hear it.
    pub chirp: bool,
    /// From then on it does not.
    pub quiet_from: ClockTime,
    /// Until then.
    pub quiet_until: ClockTime,
}

impl Default for Readiness {
    fn default() -> Self {
        Self {
            before_minutes: EarlyMinutes::default(),
            morning: ClockTime::at(7, 0),
            chirp: true,
            quiet_from: ClockTime::at(20, 0),
            quiet_until: ClockTime::at(6, 30),
        }
    }
}
