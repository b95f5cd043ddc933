//! The room's day: when it enters meetings and leaves them, and who keeps it.

use serde::{Deserialize, Serialize};

use super::super::values::{EarlyMinutes, IdleMinutes};

/// When the room enters meetings and leaves them, and who keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Day {
    /// A meeting can be joined from so long before its start.
    pub join_before_minutes: EarlyMinutes,
    /// The room enters a meeting by itself when it begins, unheard and unseen.
    pub join_automatically: bool,
    /// The room leaves a meeting in which nobody else was for so long.
    pub leave_alone_minutes: IdleMinutes,
    /// People may book the room on the spot, keep it longer and give it back.
    pub booking: bool,
    /// A meeting to which nobody came so long after its start is released.
    pub check_in_minutes: IdleMinutes,
}

impl Default for Day {
    fn default() -> Self {
        Self {
            join_before_minutes: EarlyMinutes::default(),
            join_automatically: false,
            leave_alone_minutes: IdleMinutes::new(5),
            booking: true,
            check_in_minutes: IdleMinutes::new(0),
        }
    }
}
