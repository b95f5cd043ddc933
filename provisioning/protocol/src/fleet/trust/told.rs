//! What a device tells of what it trusts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a device knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustState {
    /// Version of its root; 0: it knows only the key that signed orders before there were roots.
    pub root: u64,
    /// Version of its list of releases; 0: it has none.
    pub releases: u64,
    /// Why it did not believe what it was told last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<TrustProblem>,
}

/// What a device did not believe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustProblem {
    /// For programs.
    pub why: Distrust,
    /// For people, a sentence of English.
    pub detail: String,
}

/// Why something is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distrust {
    /// It is not of the format.
    Malformed,
    /// Too few of those who have to did sign it.
    Signatures,
    /// A version in between is missing.
    Gap,
    /// It is older than what is known.
    Older,
    /// It is known with other content.
    OtherFleet,
    /// A configuration that no key of the root signed.
    Order,
    /// A release that is not in the list, or not for what runs.
    Unlisted,
    /// The root or the list is over, so that no update begins. Nothing else depends on it.
    Expired,
}

impl Distrust {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Signatures => "signatures",
            Self::Gap => "gap",
            Self::Older => "older",
            Self::OtherFleet => "other_fleet",
            Self::Order => "order",
            Self::Unlisted => "unlisted",
            Self::Expired => "expired",
        }
    }
}
