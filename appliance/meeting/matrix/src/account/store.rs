//! The account's store on the disk: where it is, and what is wrong with it.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use saal_meeting::AccountState;

use crate::rtc::Device;

/// A part of the account's store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Rooms and their state; the server can tell them again.
    State,
    /// The device's keys.
    Keys,
}

impl Part {
    /// Its folder in the device's.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Keys => "keys",
        }
    }
}

/// The account's memory can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the account's store {} can't be used: {reason}", path.display())]
pub(crate) struct StoreFailure {
    pub path: PathBuf,
    /// The disk is full.
    pub full: bool,
    /// The disk works, but what it holds is no store of ours, or not any more.
    pub damaged: bool,
    /// Which part it was, when that is known.
    pub part: Option<Part>,
    pub reason: String,
}

impl StoreFailure {
    pub(crate) fn new(path: &Path, error: &(dyn Error + 'static)) -> Self {
        let reason = chain(error);
        Self {
            path: path.to_owned(),
            full: says_full(&reason),
            damaged: says_damaged(&reason),
            part: None,
            reason,
        }
    }

    /// `Some` when `error` comes from the store and not from the network.
    pub(crate) fn of_sync(path: &Path, error: &matrix_sdk::Error) -> Option<Self> {
        use matrix_sdk::Error as E;
        let of_store = matches!(
            error,
            E::Io(_) | E::StateStore(_) | E::CryptoStoreError(_) | E::EventCacheStore(_)
        ) || says_full(&chain(error));
        let part = match error {
            E::StateStore(_) => Some(Part::State),
            E::CryptoStoreError(_) => Some(Part::Keys),
            _ => None,
        };
        of_store.then(|| Self {
            part,
            ..Self::new(path, error)
        })
    }

    pub(crate) fn to_state(&self) -> AccountState {
        AccountState::StoreFailed {
            path: self.path.display().to_string(),
            full: self.full,
            reason: self.reason.clone(),
        }
    }
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = error.to_string();
        if !text.contains(&line) {
            text = format!("{text}: {line}");
        }
        cause = error.source();
    }
    text
}

/// SQLite says SQLITE_FULL, the system ENOSPC or EDQUOT; both only in words by the time they
/// have come through matrix-sdk.
fn says_full(text: &str) -> bool {
    [
        "database or disk is full",
        "No space left",
        "os error 28",
        "Disk quota",
        "os error 122",
    ]
    .iter()
    .any(|words| text.contains(words))
}

/// What SQLite and matrix-sdk's stores say of a file that is none of theirs, was changed, or was
/// encrypted with another key. Whatever else goes wrong is the disk's or the system's.
fn says_damaged(text: &str) -> bool {
    [
        "file is not a database",
        "malformed",
        "database corruption",
        "Missing database version",
        "Invalid database version",
        "Failed to initialize the store cipher",
        "Failed to run migrations",
        "no such table",
        "decrypt",
        "deserializ",
        "wrong msgpack marker",
        "invalid type",
        "unpickling",
    ]
    .iter()
    .any(|words| text.contains(words))
        && !says_full(text)
}

/// Each device has a folder of its own: keys of one are useless to another.
pub(crate) fn folder(dir: &Path, device: &Device) -> PathBuf {
    let name: String = device
        .identity()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' || c == '.' {
                c
            } else {
                '_'
            }
        })
        .collect();
    dir.join(name)
}

const LOST: &str = "keys-lost";

/// Remembers that others know this device by keys that are lost, whatever keys it has by now.
pub(crate) fn remember_lost_keys(path: &Path) {
    if let Err(error) = fs::write(path.join(LOST), "") {
        tracing::warn!(%error, "that the device's keys are lost is not kept");
    }
}

/// Whether the device's first keys are lost.
pub(crate) fn lost_keys(path: &Path) -> bool {
    path.join(LOST).exists()
}

/// Writes as much as a small transaction, because SQLite opens a file on a full disk without
/// complaint and fails only later.
pub(crate) fn probe(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)?;
    let file = path.join("probe");
    let written = fs::write(&file, [0_u8; 64 * 1024]);
    let removed = fs::remove_file(&file);
    written.and(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let full = std::io::Error::from_raw_os_error(28);
        assert!(StoreFailure::new(Path::new("/store"), &full).full);
        let denied = std::io::Error::from_raw_os_error(13);
        let failure = StoreFailure::new(Path::new("/store"), &denied);
        assert!(!failure.full);
        assert!(failure.to_string().contains("/store"));
    }

    #[test]
    fn damage_is_told_from_a_disk_that_fails() {
        let of = |text: &str| {
            StoreFailure::new(Path::new("/s"), &std::io::Error::other(text.to_owned()))
        };
        for damage in ["database disk image is malformed", "file is not a database"] {
            assert!(of(damage).damaged, "{damage}");
        }
        for other in [
            "unable to open database file",
            "disk I/O error",
            "database is locked",
        ] {
            assert!(!of(other).damaged, "{other}");
        }
    }

    #[test]
    fn a_store_that_is_a_file_fails_the_probe() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        fs::write(&path, "").unwrap();
        assert!(probe(&path).is_err());
    }

    #[test]
    fn folders_of_devices_differ_and_are_plain() {
        let device = |d: &str| Device {
            user: "@room:hs:8448".into(),
            device: d.into(),
        };
        let dir = Path::new("/s");
        assert_eq!(folder(dir, &device("A/..")).parent(), Some(dir));
        assert_ne!(folder(dir, &device("A")), folder(dir, &device("B")));
    }
}
