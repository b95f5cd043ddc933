//! Releases, and how they come to devices.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::{DeviceId, ReleaseName, RolloutName, Scope, update::Release, update::Step};

/// A release that the server has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoredRelease {
    /// What it is.
    pub release: Release,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub added: Timestamp,
    /// Its bundle is here; after a restored back-up it has to be added once more.
    pub stored: bool,
}

/// A part of the devices that a rollout is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wave {
    /// So many of all, with those of the waves before it; rounded up to whole devices.
    pub percent: u8,
    /// So long what has been updated is watched before the next wave, minutes.
    #[serde(default)]
    pub soak_minutes: u32,
    /// Somebody has to allow this wave.
    #[serde(default)]
    pub approval: bool,
}

/// Brings a release to devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRollout {
    /// What people call it.
    pub name: RolloutName,
    /// Which release.
    pub release: ReleaseName,
    /// To devices there and below.
    pub scope: Scope,
    /// One after the other, each larger than the one before; without any: all devices at once.
    #[serde(default)]
    pub waves: Vec<Wave>,
    /// It stops by itself when more than so many of those that were let in are worse off, percent.
    #[serde(default = "stop_at_percent")]
    pub stop_at_percent: u8,
    /// The next wave comes when so many of those that were let in have it, percent.
    #[serde(default = "needed_percent")]
    pub needed_percent: u8,
}

impl NewRollout {
    /// Where nothing else is said.
    pub const STOP_AT_PERCENT: u8 = 2;
    /// Where nothing else is said.
    pub const NEEDED_PERCENT: u8 = 90;
}

fn stop_at_percent() -> u8 {
    NewRollout::STOP_AT_PERCENT
}

fn needed_percent() -> u8 {
    NewRollout::NEEDED_PERCENT
}

/// How a rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RolloutState {
    /// It goes on by itself.
    Running,
    /// Somebody has to allow the next wave.
    Approval,
    /// Somebody holds it; devices that have not begun to write do not.
    Paused,
    /// It is over before its end: somebody stopped it, or it did so by itself.
    Stopped,
    /// All devices have it or have failed.
    Done,
}

impl RolloutState {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Approval => "approval",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Done => "done",
        }
    }

    /// Nothing more comes of it.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Stopped | Self::Done)
    }
}

impl std::str::FromStr for RolloutState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [
            Self::Running,
            Self::Approval,
            Self::Paused,
            Self::Stopped,
            Self::Done,
        ];
        let found = all.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| format!("\"{text}\" is no state of a rollout"))
    }
}

/// A rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// As it was begun.
    pub plan: NewRollout,
    /// How it stands.
    pub state: RolloutState,
    /// Which wave it is at, from 0.
    pub wave: usize,
    /// Since when what has been updated is watched; `None`: too few have it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub soaks_since: Option<Timestamp>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub began: Timestamp,
    /// Why it stopped.
    pub problem: Option<String>,
    /// How many devices are how far.
    pub counts: RolloutCounts,
}

/// How many devices are how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolloutCounts {
    /// It is for so many.
    pub devices: u64,
    /// So many were let in.
    pub let_in: u64,
    /// Have it, and are well.
    pub done: u64,
    /// Went back to what they had, or did not take it.
    pub failed: u64,
    /// Started into it and were not heard of again.
    pub lost: u64,
    /// Have it, and something is broken since.
    pub ill: u64,
}

impl RolloutCounts {
    /// Worse off than before, or no further.
    #[must_use]
    pub fn bad(&self) -> u64 {
        self.failed + self.lost + self.ill
    }

    /// Still to come of those that were let in.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.let_in.saturating_sub(self.done + self.bad())
    }
}

/// A device in a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolloutDevice {
    /// Which.
    pub device: DeviceId,
    /// Where it is.
    pub room: Option<Scope>,
    /// In which wave it was let in, from 0.
    pub wave: usize,
    /// How far it is, as it last said.
    pub step: Option<Step>,
    /// When it said so, or was let in.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// What is wrong.
    pub problem: Option<String>,
    /// So many bytes came over the network for its bundle, once it is there; it had the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<u64>,
}
