//! Logs of rooms, for whoever helps.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::log::Log;

/// Asks a device for its log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskLog {
    /// So many of the newest lines, 1 to 1000; without it 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<u32>,
}

/// What a device was asked last, and what it answered. Forgotten after a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomLog {
    /// Counts up with each time.
    pub number: u64,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub asked: Timestamp,
    /// When it answered. A device that is away answers if it comes back within an hour.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub came: Option<Timestamp>,
    /// Its answer.
    pub log: Option<Log>,
}
