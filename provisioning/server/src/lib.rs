//! The fleet's server: identity, configuration and the devices' connections.
//!
//! [`Server`] is the whole of it, for `saal-fleet serve` and for tests: SQLite and keys in one folder,
//! one port for devices (mutual TLS) and for people and programs (tokens).

mod alerts;
mod announcement;
mod api;
#[cfg(test)]
mod authorisation;
mod authority;
mod backup;
mod bundles;
mod device;
mod error;
mod fleet;
mod folder;
mod hooks;
mod hub;
mod keys;
mod nodes;
mod oidc;
mod panels;
mod passwords;
mod processes;
mod rollouts;
mod server;
mod sign_file;
mod simulated;
mod store;
mod tls;
mod web;

use sha2::{Digest as _, Sha256};

pub use announcement::{Announcement, AnnouncementError};
pub use api::description;
pub use authority::{ChainError, install_authority, request_authority};
pub use backup::{BackupError, back_up, back_up_shared, restore, restore_shared};
pub use error::FleetError;
pub use folder::FolderError;
pub use nodes::{Nats, NatsError, Sibling, Siblings};
pub use processes::{Processes, SIBLING, another, first};
pub use server::{Options, Server, StartError};
pub use sign_file::sign_file;
pub use simulated::{enrol_simulated, simulated_room};
pub use store::{DatabaseError, Shared, StoreError};

/// Each device is an open file; the shell's limit is for people.
pub fn open_many_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// SHA-256 in hexadecimal digits.
fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Bytes that nobody can guess.
fn random<const N: usize>() -> Result<[u8; N], FleetError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| FleetError::Crypto(e.to_string()))?;
    Ok(bytes)
}
