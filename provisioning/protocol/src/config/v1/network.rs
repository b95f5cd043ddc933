//! Whom the room trusts in its network.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Whom the room trusts in its network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// File with authorities (PEM) whose servers the room trusts beside those of its computer's own; relative to the
    /// configuration's folder. See [`crate::authorities`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorities_file: Option<PathBuf>,
}

impl Network {
    /// Nothing is said.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
