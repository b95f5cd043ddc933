//! The account's cross-signing identity (MSC1756): others exchange keys of calls only with devices
//! that their owner signed (MSC4153), so the room signs its own.

use matrix_sdk::Client;

/// Makes and uploads the identity unless the account has one; nobody has to allow the first
/// (MSC3967).
///
/// # Errors
/// Why there is none; calls that are not encrypted work without.
pub(crate) async fn bootstrap(client: &Client) -> Result<(), matrix_sdk::Error> {
    let encryption = client.encryption();
    Box::pin(encryption.bootstrap_cross_signing_if_needed(None)).await
}
