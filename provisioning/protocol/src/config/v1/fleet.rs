//! Who looks after the room.

use serde::{Deserialize, Serialize};

use super::ServerName;

/// The fleet that the room is to belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// The server's name as people know it; how to reach it is the agent's to know.
    pub server: ServerName,
}
