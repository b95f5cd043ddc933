//! Whom people in the room call when they can't help themselves.

use serde::{Deserialize, Serialize};

use super::super::values::{ContactName, MailAddress, Telephone};

/// Whom people in the room call when they can't help themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    /// Who that is.
    pub name: ContactName,
    /// What to dial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telephone: Option<Telephone>,
    /// Where to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailAddress>,
}
