//! A device's log, for whoever helps: the newest lines, without what is secret or private. The device takes that out
//! itself, before anything leaves it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// So many lines are sent at most.
pub const MOST_LINES: u32 = 1000;
/// So many where nobody says how many.
pub const USUAL_LINES: u32 = 200;
/// All of them together have at most so many bytes of text; the oldest are left out. With what JSON adds they fit into one message.
pub const LARGEST_LOG: usize = 128 * 1024;

/// Somebody asks for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogWanted {
    /// Comes back: which of the requests is answered.
    pub number: u64,
    /// So many of the newest lines, [`MOST_LINES`] at most.
    pub lines: u32,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSent {
    /// As it came.
    pub number: u64,
    /// The log.
    pub log: Log,
}

/// A log, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Log {
    /// It was read.
    Lines {
        /// Where it was.
        from: LogSource,
        /// The oldest first.
        lines: Vec<LogLine>,
    },
    /// It can't be read.
    Failed {
        /// For people.
        detail: String,
    },
}

/// Where a device has its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogSource {
    /// The system's journal.
    Journal,
    /// The file that the agent's own file names.
    File,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogLine {
    /// Seconds since 1970, by the device's clock; `None`: the line does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    /// Which program.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// What it says.
    pub text: String,
}
