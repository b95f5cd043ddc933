//! Who may use the room's API, and the tablet at its door.

use std::{collections::BTreeSet, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{Browsers, RoomName};

/// A token of the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiToken {
    /// What the log calls its bearer, such as the control system's name.
    pub name: RoomName,
    /// File with the token; relative to the configuration's folder.
    pub token_file: PathBuf,
    /// What its bearer may do.
    pub scopes: BTreeSet<ApiScope>,
}

/// What a token of the API lets its bearer do; none includes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiScope {
    /// See how the room is.
    Read,
    /// Do what the panel's buttons do.
    Control,
    /// See the panel itself, and press anything that stands there.
    Panel,
}

/// The tablet at the room's door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoorTablet {
    /// File with the token that it is signed in with once; relative to the configuration's folder.
    pub token_file: PathBuf,
    /// Whether people in the corridor may read what meetings are called.
    #[serde(default)]
    pub titles: bool,
}

/// Both are reached where browsers are.
pub(super) fn check(
    api: &[ApiToken],
    door: Option<&DoorTablet>,
    browsers: Option<&Browsers>,
) -> Result<(), (&'static str, String)> {
    if let Some(token) = api.iter().find(|token| token.scopes.is_empty()) {
        let problem = format!(
            "\"{}\" may do nothing; give it scopes: read, control, panel",
            token.name.as_str()
        );
        return Err(("api", problem));
    }
    let wanted = [(!api.is_empty(), "api"), (door.is_some(), "door")];
    for (wanted, key) in wanted {
        if wanted && browsers.is_none() {
            let problem = "this is reached where browsers are; add [browsers] with \"listen\"";
            return Err((key, problem.to_owned()));
        }
    }
    Ok(())
}
