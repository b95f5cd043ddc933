//! matrix-sdk's client on the account's stores: on disk while that works, in memory otherwise.
//!
//! Two folders, so that damage to one never touches the other: `state`, which the server can tell
//! again, and `keys`, which it can't. Both are encrypted with a key that lies sealed in the vault.

use std::{error::Error, fs, path::Path, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use matrix_sdk::{
    Client, SqliteCryptoStore, SqliteStateStore, SqliteStoreConfig, config::RequestConfig,
    cross_process_lock::CrossProcessLockConfig, ruma::TransactionId, store::StoreConfig,
};
use matrix_sdk_crypto::store::IntoCryptoStore as _;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{
    keys::{self, CopyError, KeyStore},
    session::Session,
    store::{self, StoreFailure},
    vault::{Item, Vault, VaultError},
};
use crate::rtc::Device;

/// Without the sync's own waiting time.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Bytes of a key (XChaCha20-Poly1305 in matrix-sdk's stores).
const KEY: usize = 32;

/// A signed-in client with what it remembers.
pub(crate) struct Opened {
    pub client: Client,
    /// On disk; `None` in memory, where nothing is kept.
    pub keys: Option<KeyStore>,
    /// What the client's encryption remembers, wherever that is.
    pub sessions: KeyStore,
    /// The device has just got its keys: others may know it by ones that are lost.
    pub new_keys: bool,
}

/// A client with its stores in `dir`. A damaged store is made anew; the device keeps its keys.
pub(crate) async fn on_disk(
    session: &Session,
    vault: &Vault,
    dir: &Path,
) -> Result<Opened, StoreFailure> {
    let device = session.device();
    let path = store::folder(dir, &device);
    let failed = |error: &(dyn Error + 'static)| StoreFailure::new(&path, error);
    store::probe(&path).map_err(|error| failed(&error))?;
    let key = key(vault).map_err(|error| failed(&error))?;
    take_over_plain_store(&path, vault).await;
    let state = state(&path.join("state"), &key).await?;
    let (keys, new_keys) = open_keys(&path.join("keys"), &key, vault, &device).await?;
    let new_keys = new_keys || store::lost_keys(&path);
    let config = StoreConfig::new(CrossProcessLockConfig::SingleProcess)
        .state_store(state)
        .crypto_store(keys.clone());
    let client = client(config, session).await;
    Ok(Opened {
        client: client.map_err(|error| failed(error.as_ref()))?,
        keys: Some(keys.clone()),
        sessions: keys,
        new_keys,
    })
}

/// A client that forgets everything when it ends. It has the device's keys when there is a copy.
pub(crate) async fn in_memory(
    session: &Session,
    vault: &Vault,
) -> Result<Opened, Box<dyn Error + Send + Sync>> {
    let keys = matrix_sdk_crypto::store::MemoryStore::new().into_crypto_store();
    let restored = keys::restore(&keys, vault, &session.device()).await?;
    let config = StoreConfig::new(CrossProcessLockConfig::SingleProcess).crypto_store(keys.clone());
    Ok(Opened {
        client: client(config, session).await?,
        keys: None,
        sessions: keys,
        new_keys: !restored,
    })
}

/// A client that nobody is signed in with yet, and where its keys will be.
pub(crate) async fn signed_out(
    homeserver: &Url,
) -> Result<(Client, KeyStore), Box<dyn Error + Send + Sync>> {
    let keys = matrix_sdk_crypto::store::MemoryStore::new().into_crypto_store();
    let config = StoreConfig::new(CrossProcessLockConfig::SingleProcess).crypto_store(keys.clone());
    Ok((build(config, homeserver).await?, keys))
}

async fn client(
    stores: StoreConfig,
    session: &Session,
) -> Result<Client, Box<dyn Error + Send + Sync>> {
    let client = build(stores, &session.homeserver).await?;
    client.restore_session(session.restore()?).await?;
    Ok(client)
}

async fn build(
    stores: StoreConfig,
    homeserver: &Url,
) -> Result<Client, Box<dyn Error + Send + Sync>> {
    let config = RequestConfig::new().disable_retry().timeout(ANSWER_WITHIN);
    let client = Client::builder()
        .homeserver_url(homeserver)
        .store_config(stores)
        .request_config(config)
        .handle_refresh_tokens()
        .build();
    Ok(client.await?)
}

/// The stores' key; made when there is none, or none that this device can open.
fn key(vault: &Vault) -> Result<[u8; KEY], VaultError> {
    let kept: Option<String> = vault.find(Item::StoreKey);
    let kept = kept.and_then(|text| BASE64_STANDARD.decode(text).ok());
    if let Some(key) = kept.and_then(|key| key.try_into().ok()) {
        return Ok(key);
    }
    // 244 random bits of the system's.
    let random = format!("{}{}", TransactionId::new(), TransactionId::new());
    let key: [u8; KEY] = Sha256::digest(random).into();
    vault.write(Item::StoreKey, &BASE64_STANDARD.encode(key))?;
    Ok(key)
}

/// Before version 0.2 one folder held both stores, not encrypted. The device keeps its keys; the
/// server tells the rest again.
async fn take_over_plain_store(path: &Path, vault: &Vault) {
    if !path.join("matrix-sdk-crypto.sqlite3").exists() {
        return;
    }
    tracing::info!(path = %path.display(), "sealing the account's store");
    match SqliteCryptoStore::open(path, None).await {
        Ok(store) => {
            if let Err(error) = keys::copy(&store.into_crypto_store(), vault, &mut None).await {
                tracing::error!(%error, "the device's keys are not taken over");
                return;
            }
        }
        Err(error) => tracing::error!(%error, "the device's keys can't be read"),
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.path().is_file() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

async fn state(path: &Path, key: &[u8; KEY]) -> Result<SqliteStateStore, StoreFailure> {
    let config = SqliteStoreConfig::with_low_memory_config(path).key(Some(key));
    let failure = match SqliteStateStore::open_with_config(&config).await {
        Ok(store) => return Ok(store),
        Err(error) => StoreFailure::new(path, &error),
    };
    make_anew(path, failure)?;
    let store = SqliteStateStore::open_with_config(&config).await;
    store.map_err(|error| StoreFailure::new(path, &error))
}

/// The store of the device's keys; true when they are new ones.
async fn open_keys(
    path: &Path,
    key: &[u8; KEY],
    vault: &Vault,
    device: &Device,
) -> Result<(KeyStore, bool), StoreFailure> {
    let failure = match try_keys(path, key, vault, device).await {
        Ok(opened) => return Ok(opened),
        Err(failure) => failure,
    };
    make_anew(path, failure)?;
    try_keys(path, key, vault, device).await
}

async fn try_keys(
    path: &Path,
    key: &[u8; KEY],
    vault: &Vault,
    device: &Device,
) -> Result<(KeyStore, bool), StoreFailure> {
    let failed = |error: &(dyn Error + 'static)| StoreFailure::new(path, error);
    let config = SqliteStoreConfig::with_low_memory_config(path).key(Some(key));
    let store = SqliteCryptoStore::open_with_config(&config).await;
    let store = store.map_err(|error| failed(&error))?.into_crypto_store();
    if keys::owner(&store)
        .await
        .map_err(|error| failed(&error))?
        .is_some()
    {
        // Reads what is needed first of all; damage there shows now and not in a call.
        store
            .load_identity()
            .await
            .map_err(|error| failed(&error))?;
        return Ok((store, false));
    }
    match keys::restore(&store, vault, device).await {
        Ok(true) => tracing::warn!(path = %path.display(), "the device got its kept keys back"),
        Ok(false) => return Ok((store, true)),
        Err(CopyError::Unusable(reason)) => {
            tracing::error!(reason, "the kept keys of the device are of no use");
            return Ok((store, true));
        }
        Err(error) => return Err(failed(&error)),
    }
    Ok((store, false))
}

/// Removes a damaged store; one that can't be used for another reason stays.
pub(crate) fn make_anew(path: &Path, failure: StoreFailure) -> Result<(), StoreFailure> {
    if !failure.damaged {
        return Err(failure);
    }
    tracing::error!(path = %path.display(), reason = failure.reason,
        "a store of the account is damaged and is made anew");
    fs::remove_dir_all(path).map_err(|error| StoreFailure::new(path, &error))
}
