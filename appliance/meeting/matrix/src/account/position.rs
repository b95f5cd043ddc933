//! What the account's store was filled by. A store is as good as the position that goes with it:
//! sliding sync's lies beside the device's keys, the one of `/sync` in the store itself, and neither
//! goes on from the other's. What is left when a position is lost would keep rooms for ever that the
//! account has left meanwhile; so it is read again from the start (ADR 0019).

use matrix_sdk::{Client, store::StateStoreDataKey};
use matrix_sdk_crypto::store::{CryptoStoreError, types::Changes};

use super::keys::KeyStore;

/// In the store of rooms: sliding sync has filled it.
const SLIDING: &[u8] = b"saal.sliding-sync";
/// In the store of keys: its position among the messages to this device is one of sliding sync.
const OF_SLIDING: &str = "saal.to-device-of-sliding-sync";
/// Before all messages to this device that it has not confirmed.
const FROM_THE_START: &str = "0";

/// What has filled a store of rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// It is empty.
    Not,
    BySliding,
    ByClassic,
    /// It has rooms and no position.
    Astray,
}

impl Filled {
    pub(super) async fn read(
        client: &Client,
        keys: Option<&KeyStore>,
    ) -> Result<Self, matrix_sdk::Error> {
        let store = client.state_store();
        if store.get_custom_value(SLIDING).await?.is_some() {
            let position = match keys {
                Some(keys) => keys.get_custom_value(OF_SLIDING).await?.is_some(),
                None => true,
            };
            return Ok(if position {
                Self::BySliding
            } else {
                Self::Astray
            });
        }
        if store
            .get_kv_data(StateStoreDataKey::SyncToken)
            .await?
            .is_some()
        {
            return Ok(Self::ByClassic);
        }
        let empty = client.rooms().is_empty();
        Ok(if empty { Self::Not } else { Self::Astray })
    }
}

/// Sliding sync's answer, and the position after it, are in the stores.
pub(super) async fn filled_by_sliding(client: &Client) -> Result<(), matrix_sdk::Error> {
    let store = client.state_store();
    store.set_custom_value(SLIDING, Vec::new()).await?;
    Ok(())
}

/// Before the first sliding sync without a position. The two syncs count the messages to a device
/// differently; what was not confirmed comes again, and is known by its keys.
pub(super) async fn count_as_sliding(keys: &KeyStore) -> Result<(), CryptoStoreError> {
    if keys.get_custom_value(OF_SLIDING).await?.is_some() {
        return Ok(());
    }
    if keys.next_batch_token().await?.is_some() {
        let next_batch_token = Some(FROM_THE_START.to_owned());
        let changes = Changes {
            next_batch_token,
            ..Changes::default()
        };
        keys.save_changes(changes).await?;
    }
    keys.set_custom_value(OF_SLIDING, Vec::new()).await
}

/// Before the first `/sync`.
pub(super) async fn count_as_classic(keys: &KeyStore) -> Result<(), CryptoStoreError> {
    keys.remove_custom_value(OF_SLIDING).await
}
