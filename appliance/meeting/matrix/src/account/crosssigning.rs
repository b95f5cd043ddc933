//! The account's cross-signing identity (MSC1756): others exchange keys of calls only with devices
//! that their owner signed (MSC4153), so the room signs its own.
//!
//! The first device makes the identity and a recovery key, which opens the identity's private keys
//! on the server ("Secret Storage" of the client-server API). A later device, as after a new
//! installation, gets them with that key.

use matrix_sdk::{
    Client,
    encryption::{
        recovery::{RecoveryError, RecoveryState},
        secret_storage::SecretStorageError,
    },
    ruma::api::client::uiaa::{AuthData, MatrixUserIdentifier, Password, UserIdentifier},
};
use saal_meeting::IdentityState;

use super::vault::{Item, Vault};
use crate::settings::{LogIn, MatrixSettings};

/// Why the identity was not made, found or opened.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Makes the identity if the account has none, opens it if this device has none of its keys, and
/// sees to it that there is a recovery key.
///
/// # Errors
/// When the server does not answer or refuses; calls that are not encrypted work without.
pub(crate) async fn ensure(
    client: &Client,
    settings: &MatrixSettings,
    vault: &Vault,
) -> Result<IdentityState, Failure> {
    Box::pin(bootstrap(client, settings)).await?;
    if is_verified(client).await? {
        keep_recovery_key(client, vault).await;
        return Ok(IdentityState::Verified);
    }
    let mut state = without_keys(client).await;
    let kept = vault.find::<String>(Item::RecoveryKey);
    let configured = settings
        .recovery_key
        .as_ref()
        .map(|key| key.expose().to_owned());
    for key in kept.into_iter().chain(configured) {
        state = recover(client, vault, &key).await?;
        if state == IdentityState::Verified {
            break;
        }
    }
    Ok(state)
}

/// Opens the identity with its recovery key.
///
/// # Errors
/// When the server does not answer or refuses.
pub(crate) async fn recover(
    client: &Client,
    vault: &Vault,
    key: &str,
) -> Result<IdentityState, Failure> {
    let key = key.trim();
    match Box::pin(client.encryption().recovery().recover(key)).await {
        Ok(()) => {}
        Err(
            error @ (RecoveryError::Sdk(_)
            | RecoveryError::SecretStorage(SecretStorageError::Sdk(_))),
        ) => return Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "the recovery key does not open the account's identity");
        }
    }
    if !is_verified(client).await? {
        return Ok(match without_keys(client).await {
            IdentityState::RecoveryKeyNeeded { .. } => {
                IdentityState::RecoveryKeyNeeded { wrong: true }
            }
            other => other,
        });
    }
    if let Err(error) = vault.write(Item::RecoveryKey, &key) {
        tracing::error!(%error, "the recovery key is not kept");
    }
    tracing::info!("the account's identity is restored");
    Ok(IdentityState::Verified)
}

/// Makes and uploads the identity unless the account has one. Nobody has to allow the first
/// (MSC3967); older servers ask for the password.
async fn bootstrap(client: &Client, settings: &MatrixSettings) -> Result<(), matrix_sdk::Error> {
    let encryption = client.encryption();
    let Err(error) = encryption.bootstrap_cross_signing_if_needed(None).await else {
        return Ok(());
    };
    let Some(interaction) = error.as_uiaa_response() else {
        return Err(error);
    };
    let LogIn::Password {
        user,
        password: Ok(password),
    } = &settings.log_in
    else {
        return Err(error);
    };
    let user = UserIdentifier::Matrix(MatrixUserIdentifier::new(user.clone()));
    let mut auth = Password::new(user, password.expose().to_owned());
    auth.session.clone_from(&interaction.session);
    encryption
        .bootstrap_cross_signing_if_needed(Some(AuthData::Password(auth)))
        .await
}

/// Whether this device is signed by the account's identity, by itself or by another device.
async fn is_verified(client: &Client) -> Result<bool, Failure> {
    let encryption = client.encryption();
    // A signature that was just made is on the server, not yet in the store.
    if let Some(user) = client.user_id() {
        encryption.request_user_identity(user).await?;
    }
    let device = encryption.get_own_device().await?;
    Ok(device.is_some_and(|device| device.is_cross_signed_by_owner()))
}

/// What helps a device without the identity's private keys.
async fn without_keys(client: &Client) -> IdentityState {
    // Account data came with the first sync: whether there is a secret storage is known.
    match client.encryption().secret_storage().is_enabled().await {
        Ok(true) => IdentityState::RecoveryKeyNeeded { wrong: false },
        Ok(false) => IdentityState::ResetNeeded,
        Err(error) => {
            tracing::warn!(%error, "the account's secret storage can't be looked at");
            IdentityState::RecoveryKeyNeeded { wrong: false }
        }
    }
}

/// Makes a recovery key once. An account that has one of somebody else's keeps it.
async fn keep_recovery_key(client: &Client, vault: &Vault) {
    let encryption = client.encryption();
    let status = encryption.cross_signing_status().await;
    let recovery = encryption.recovery();
    let has_one = vault.find::<String>(Item::RecoveryKey).is_some();
    let has_keys = status.is_some_and(|status| status.is_complete());
    if has_one || !has_keys || recovery.state() != RecoveryState::Disabled {
        return;
    }
    let key = match Box::pin(recovery.enable().into_future()).await {
        Ok(key) => key,
        Err(error) => return tracing::warn!(%error, "the account gets no recovery key"),
    };
    match vault.write(Item::RecoveryKey, &key) {
        Ok(()) => tracing::info!("the account has a recovery key; `saalctl account recovery-key`"),
        Err(error) => tracing::error!(%error, "the recovery key is not kept"),
    }
}
