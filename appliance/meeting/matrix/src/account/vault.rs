//! Sealed files in the account's folder.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use saal_hal::SealError;
use serde::{Serialize, de::DeserializeOwned};

use crate::settings::Sealing;

/// What each file begins with; what follows is the sealer's, and JSON inside.
const HEAD: &[u8] = b"saal sealed 1\n";

/// What can be kept; each in a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// The account's session.
    Session,
    /// What the stores are encrypted with.
    StoreKey,
    /// The keys of the device and of the account's identity.
    DeviceKeys,
    /// What opens the account's secrets on the server.
    RecoveryKey,
}

impl Item {
    fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::StoreKey => "store-key",
            Self::DeviceKeys => "device-keys",
            Self::RecoveryKey => "recovery-key",
        }
    }
}

/// Why something is not kept or not found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    #[error("{}: {reason}", path.display())]
    File { path: PathBuf, reason: io::Error },
    #[error("{}: {reason}", path.display())]
    Seal { path: PathBuf, reason: SealError },
    /// Of another version, or not by us.
    #[error("{}: not of a format that this version writes: {reason}", path.display())]
    Format { path: PathBuf, reason: String },
}

/// The account's folder and what seals in it.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    dir: PathBuf,
    sealing: Sealing,
}

impl Vault {
    pub(crate) fn new(dir: &Path, sealing: &Sealing) -> Self {
        Self {
            dir: dir.to_owned(),
            sealing: sealing.clone(),
        }
    }

    pub(crate) fn path(&self, item: Item) -> PathBuf {
        self.dir.join(format!("{}.sealed", item.name()))
    }

    /// `None` when there is none.
    pub(crate) fn read<T: DeserializeOwned>(&self, item: Item) -> Result<Option<T>, VaultError> {
        let path = self.path(item);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(reason) => return Err(VaultError::File { path, reason }),
        };
        let Some(sealed) = bytes.strip_prefix(HEAD) else {
            let reason = "another beginning".to_owned();
            return Err(VaultError::Format { path, reason });
        };
        let plain = match self.sealing.0.open(item.name(), sealed) {
            Ok(plain) => plain,
            Err(reason) => return Err(VaultError::Seal { path, reason }),
        };
        serde_json::from_slice(&plain)
            .map(Some)
            // Where it is wrong, not what stands there: that is the secret.
            .map_err(|error| VaultError::Format {
                path,
                reason: format!("{:?} at column {}", error.classify(), error.column()),
            })
    }

    /// As [`Self::read`]; what can't be read is said in the log and counts as not there.
    pub(crate) fn find<T: DeserializeOwned>(&self, item: Item) -> Option<T> {
        self.read(item).unwrap_or_else(|error| {
            tracing::error!(%error, "what the account kept can't be read");
            None
        })
    }

    /// Writes beside the old file and renames, so that a power cut leaves one or the other.
    pub(crate) fn write<T: Serialize>(&self, item: Item, value: &T) -> Result<(), VaultError> {
        let path = self.path(item);
        let plain = serde_json::to_vec(value).map_err(|error| VaultError::Format {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        let sealed = match self.sealing.0.seal(item.name(), &plain) {
            Ok(sealed) => sealed,
            Err(reason) => return Err(VaultError::Seal { path, reason }),
        };
        replace(&path, &[HEAD, &sealed].concat())
            .map_err(|reason| VaultError::File { path, reason })
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use saal_hal_sim::SimulatedSealer;

    use super::*;

    fn vault(dir: &Path, device: u64) -> Vault {
        Vault::new(dir, &Sealing(Arc::new(SimulatedSealer::new(device))))
    }

    #[test]
    fn what_is_kept_is_found_by_this_device_only_and_lies_sealed() {
        let dir = tempfile::tempdir().unwrap();
        let secret = "a secret that nobody reads".to_owned();
        assert_eq!(vault(dir.path(), 1).find::<String>(Item::Session), None);
        vault(dir.path(), 1).write(Item::Session, &secret).unwrap();
        assert_eq!(vault(dir.path(), 1).find(Item::Session), Some(secret));
        let other = vault(dir.path(), 2).read::<String>(Item::Session);
        assert!(matches!(other, Err(VaultError::Seal { .. })), "{other:?}");
        let file = fs::read(vault(dir.path(), 1).path(Item::Session)).unwrap();
        assert!(!file.windows(6).any(|part| part == b"secret"));
    }

    #[test]
    fn a_file_of_another_format_is_refused_by_name_without_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(dir.path(), 1);
        let path = vault.path(Item::Session);
        fs::write(&path, "saal sealed 2\nwhatever").unwrap();
        let error = vault.read::<String>(Item::Session).unwrap_err();
        assert!(error.to_string().contains("session.sealed"), "{error}");
        vault.write(Item::Session, &"hunter2").unwrap();
        let error = vault.read::<u32>(Item::Session).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
