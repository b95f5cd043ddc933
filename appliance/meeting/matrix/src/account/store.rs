//! matrix-sdk's client on its store, on disk while that works and in memory otherwise.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use matrix_sdk::{
    Client, SessionMeta, SessionTokens, authentication::matrix::MatrixSession,
    config::RequestConfig,
};
use saal_meeting::AccountState;
use url::Url;

use crate::{rtc::Device, settings::Secret};

/// Without the sync's own waiting time.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The account's memory can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the account's store {} can't be used: {reason}", path.display())]
pub(crate) struct StoreFailure {
    pub path: PathBuf,
    /// The disk is full.
    pub full: bool,
    pub reason: String,
}

impl StoreFailure {
    fn new(path: &Path, error: &(dyn Error + 'static)) -> Self {
        let reason = chain(error);
        Self {
            path: path.to_owned(),
            full: says_full(&reason),
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
        of_store.then(|| Self::new(path, error))
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

/// A signed-in client with its store in `dir`.
pub(crate) async fn open_on_disk(
    homeserver: &Url,
    token: &Secret,
    device: &Device,
    dir: &Path,
) -> Result<Client, StoreFailure> {
    let path = folder(dir, device);
    probe(&path).map_err(|error| StoreFailure::new(&path, &error))?;
    let builder = Client::builder().sqlite_store(&path, None);
    open(builder, homeserver, token, device)
        .await
        .map_err(|error| StoreFailure::new(&path, error.as_ref()))
}

/// A signed-in client that forgets everything when it ends.
pub(crate) async fn open_in_memory(
    homeserver: &Url,
    token: &Secret,
    device: &Device,
) -> Result<Client, Box<dyn Error + Send + Sync>> {
    open(Client::builder(), homeserver, token, device).await
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

async fn open(
    builder: matrix_sdk::ClientBuilder,
    homeserver: &Url,
    token: &Secret,
    device: &Device,
) -> Result<Client, Box<dyn Error + Send + Sync>> {
    let config = RequestConfig::new().disable_retry().timeout(ANSWER_WITHIN);
    let client = builder
        .homeserver_url(homeserver)
        .request_config(config)
        .build()
        .await?;
    let session = MatrixSession {
        meta: SessionMeta {
            user_id: device.user.as_str().try_into()?,
            device_id: device.device.as_str().into(),
        },
        tokens: SessionTokens {
            access_token: token.expose().to_owned(),
            refresh_token: None,
        },
    };
    client.restore_session(session).await?;
    Ok(client)
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
