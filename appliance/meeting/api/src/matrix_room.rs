//! The address of a Matrix room.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Matrix's limit for identifiers, in bytes.
const MAX_BYTES: usize = 255;

/// A Matrix room by its id, `!opaque:server` (from room version 12 on without a server), or by an
/// alias, `#name:server`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MatrixRoom(String);

impl MatrixRoom {
    /// An id as the room's own home server writes it.
    #[must_use]
    pub fn id(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Reads an id or alias from outside; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fine = |c: char| !c.is_whitespace() && !c.is_control();
        if text.len() > MAX_BYTES || !text.chars().all(fine) {
            return None;
        }
        let named = |rest: &str| {
            let (name, server) = rest.split_once(':')?;
            (!name.is_empty() && is_server_name(server)).then_some(())
        };
        if let Some(alias) = text.strip_prefix('#') {
            named(alias)?;
        } else {
            let id = text.strip_prefix('!')?;
            // Nobody makes ids with these; in texts they begin something else.
            if id.is_empty() || id.contains(['/', '?', '#']) {
                return None;
            }
            if id.contains(':') {
                named(id)?;
            }
        }
        Some(Self(text.to_owned()))
    }

    /// As Matrix writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has to be looked up before the room can be joined.
    #[must_use]
    pub fn is_alias(&self) -> bool {
        self.0.starts_with('#')
    }

    /// The server in it: of an alias the one that knows it, of an id the one where it was made.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.0.split_once(':').map(|(_, server)| server)
    }

    /// What people call it, without sign and server; `None` for ids.
    #[must_use]
    pub fn alias_name(&self) -> Option<&str> {
        let (name, _) = self.0.strip_prefix('#')?.split_once(':')?;
        Some(name)
    }
}

impl fmt::Display for MatrixRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `host` or `host:port`, as Matrix's grammar has it.
pub(crate) fn is_server_name(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    (1..=230).contains(&text.len()) && text.chars().all(fine)
}
