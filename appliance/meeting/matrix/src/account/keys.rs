//! The keys of the room's device, and their sealed copy: what a damaged store must not lose.
//!
//! A device is known by its keys. Others refuse new keys under an old device id, so a store that
//! has to be made anew gets the old ones. Sessions with other devices are not copied: they are
//! made again when somebody needs them.

use std::sync::Arc;

use matrix_sdk_crypto::{
    olm::{Account, PickledAccount, PickledCrossSigningIdentity, PrivateCrossSigningIdentity},
    store::{
        CryptoStoreError, DynCryptoStore,
        types::{Changes, PendingChanges},
    },
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::vault::{Item, Vault, VaultError};
use crate::rtc::Device;

/// Version of the kept document.
const VERSION: u32 = 1;

/// A store of keys that is open.
pub(crate) type KeyStore = Arc<DynCryptoStore>;

/// What makes the device, and the account, who it is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceKeys {
    version: u32,
    /// The device's own keys, and those that others open a session with.
    account: PickledAccount,
    /// The private keys of cross-signing, when the device has them.
    identity: Option<PickledCrossSigningIdentity>,
}

/// Why the copy was not made or not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("the store of keys: {0}")]
    Store(#[from] CryptoStoreError),
    #[error("the copy of the device's keys can't be used: {0}")]
    Unusable(String),
}

/// Whose keys a store holds; `None`: nobody's yet.
pub(crate) async fn owner(store: &KeyStore) -> Result<Option<Device>, CryptoStoreError> {
    let account = store.load_account().await?;
    Ok(account.map(|account| Device {
        user: account.user_id().to_string(),
        device: account.device_id().to_string(),
    }))
}

/// Keeps the store's keys in the vault, unless they are those that were kept before. They change
/// when others open sessions.
pub(crate) async fn copy(
    store: &KeyStore,
    vault: &Vault,
    kept: &mut Option<[u8; 32]>,
) -> Result<(), CopyError> {
    let Some(account) = store.load_account().await? else {
        return Ok(());
    };
    let identity = match store.load_identity().await? {
        Some(identity) => Some(identity.pickle().await),
        None => None,
    };
    let keys = DeviceKeys {
        version: VERSION,
        account: account.pickle(),
        identity,
    };
    let text = serde_json::to_vec(&keys);
    let text = text.map_err(|error| CopyError::Unusable(error.to_string()))?;
    let now: [u8; 32] = Sha256::digest(text).into();
    if *kept != Some(now) {
        vault.write(Item::DeviceKeys, &keys)?;
        *kept = Some(now);
    }
    Ok(())
}

/// Puts the kept keys of `device` into an empty store; whether there were any.
pub(crate) async fn restore(
    store: &KeyStore,
    vault: &Vault,
    device: &Device,
) -> Result<bool, CopyError> {
    let Some(keys) = vault.find::<DeviceKeys>(Item::DeviceKeys) else {
        return Ok(false);
    };
    let ours = keys.account.user_id.as_str() == device.user
        && keys.account.device_id.as_str() == device.device;
    if keys.version != VERSION || !ours {
        return Ok(false);
    }
    let unusable = |error: &dyn std::error::Error| CopyError::Unusable(error.to_string());
    let account = Account::from_pickle(keys.account).map_err(|error| unusable(&error))?;
    let private_identity = keys.identity.map(PrivateCrossSigningIdentity::from_pickle);
    let private_identity = private_identity
        .transpose()
        .map_err(|error| unusable(&error))?;
    let account = PendingChanges {
        account: Some(account),
    };
    store.save_pending_changes(account).await?;
    let identity = Changes {
        private_identity,
        ..Changes::default()
    };
    store.save_changes(identity).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use matrix_sdk::ruma::{device_id, user_id};
    use matrix_sdk_crypto::store::{IntoCryptoStore as _, MemoryStore};
    use saal_hal_sim::SimulatedSealer;

    use super::*;
    use crate::settings::Sealing;

    fn device(id: &str) -> Device {
        Device {
            user: "@room:hs".into(),
            device: id.into(),
        }
    }

    #[tokio::test]
    async fn a_new_store_gets_the_old_keys_of_the_same_device_only() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::new(dir.path(), &Sealing(Arc::new(SimulatedSealer::new(1))));
        let old = MemoryStore::new().into_crypto_store();
        let account = Account::with_device_id(user_id!("@room:hs"), device_id!("DEV"));
        let keys = account.identity_keys();
        let account = Some(account);
        old.save_pending_changes(PendingChanges { account })
            .await
            .unwrap();
        copy(&old, &vault, &mut None).await.unwrap();
        let new = MemoryStore::new().into_crypto_store();
        assert!(!restore(&new, &vault, &device("OTHER")).await.unwrap());
        assert_eq!(owner(&new).await.unwrap(), None);
        assert!(restore(&new, &vault, &device("DEV")).await.unwrap());
        assert_eq!(owner(&new).await.unwrap(), Some(device("DEV")));
        let again = new.load_account().await.unwrap().unwrap().identity_keys();
        assert_eq!(again, keys);
    }
}
