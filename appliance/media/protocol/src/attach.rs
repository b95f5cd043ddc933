//! How a daemon comes to an engine that it does not start itself.
//!
//! A service manager listens on a Unix stream socket and starts a keeper for each connection. The daemon's first and only message
//! is a line of JSON, [`Attach`], with the engine's ends of the sockets as descriptors beside it (unix(7), SCM_RIGHTS): control,
//! pictures, and where there are displays to lend, those. The keeper starts an engine with them and answers with lines,
//! [`KeeperEvent`]. When the daemon closes the connection, the keeper kills the engine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Variables of the daemon's environment that count for its engine too: the way out of a company's network, whom to trust, and
/// what is logged.
pub const HANDED_ON: [&str; 7] = [
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SAAL_LOG",
];

/// What a daemon says first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    /// [`crate::VERSION`] of the daemon.
    pub version: u16,
    /// Those of [`HANDED_ON`] that are set; others are not taken.
    pub environment: BTreeMap<String, String>,
}

/// What the keeper of an engine says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum KeeperEvent {
    /// The engine runs.
    Started {
        /// Its process.
        pid: u32,
    },
    /// There is no engine, or none any more; the last word.
    Ended {
        /// How it ended, or why there never was one.
        how: String,
    },
}
