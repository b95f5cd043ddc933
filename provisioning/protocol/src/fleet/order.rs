//! A device's effective configuration as the server signs it.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{DeviceId, FileName};

/// The configuration's file beside its secrets.
pub const DOCUMENT: &str = "saal.toml";
/// What the room reads may have so many bytes; a signed order fits into one message.
pub const LARGEST_DOCUMENT: usize = 256 * 1024;
/// The newest version of [`Order`].
pub const VERSION: u32 = 1;
/// Goes into the signature, so that nothing else that a key signs is taken for an order.
const CONTEXT: &[u8] = b"saal-fleet order v1\n";
/// HPKE's `info` of secrets (RFC 9180, section 5.1).
pub const SEALING: &[u8] = b"saal-fleet secret v1";

/// A configuration for one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// [`VERSION`].
    pub version: u32,
    /// For whom.
    pub device: DeviceId,
    /// Counts up with each change; a device takes none that is older than one it has seen.
    pub generation: u64,
    /// When it was signed; for people, no device compares it with its clock.
    pub issued: Timestamp,
    /// The document (TOML).
    pub document: String,
    /// Files that lie beside it.
    pub secrets: BTreeMap<FileName, Sealed>,
}

/// A secret that only one device can read: HPKE in base mode (RFC 9180) with X25519, HKDF-SHA256
/// and ChaCha20-Poly1305; `info` is [`SEALING`], `aad` is [`sealed_for`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The encapsulated key, base64.
    pub key: String,
    /// The ciphertext, base64.
    pub text: String,
}

/// What a sealed secret is bound to, so that it opens under no other name and for no other device.
#[must_use]
pub fn sealed_for(device: &DeviceId, file: &FileName) -> Vec<u8> {
    format!("{device}\n{file}").into_bytes()
}

/// An order with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The [`Order`] as JSON, or [`super::update::UpdateOrder`]; the signature is over exactly these bytes.
    pub order: String,
    /// Ed25519 (RFC 8032), base64.
    pub signature: String,
}

/// Why an order is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// No known key signed it.
    #[error("none of the fleet's keys signed this order")]
    Signature,
    /// Signed, but not understood.
    #[error("the signed order is not understood: {0}")]
    Malformed(String),
    /// Signed by a newer server.
    #[error(
        "the order has version {found}, this agent understands {known}; update the device first"
    )]
    Version {
        /// The server's.
        found: u32,
        /// The agent's.
        known: u32,
    },
    /// Larger than [`LARGEST_DOCUMENT`].
    #[error("the document has {0} bytes, more than {LARGEST_DOCUMENT}")]
    TooLarge(usize),
}

/// The version alone, so that another one is named as the reason before its fields are.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Signed {
    /// Signs an order.
    #[must_use]
    pub fn new(order: &Order, key: &SigningKey) -> Self {
        Self::signed_by(order, |message| key.sign(message).to_bytes())
    }

    /// The same where somebody else has the key, and makes its signature (Ed25519) over these bytes.
    #[must_use]
    pub fn signed_by(order: &Order, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Self {
        let order = serde_json::to_string(order).expect("plain data with names as keys is JSON");
        let signature = sign(&signed_bytes(CONTEXT, &order));
        Self {
            order,
            signature: BASE64_STANDARD.encode(signature),
        }
    }

    /// An order that somebody else is to sign: nobody believes it.
    ///
    /// # Panics
    /// Never: it is plain data.
    #[must_use]
    pub fn unsigned(order: &impl Serialize) -> Self {
        Self {
            order: serde_json::to_string(order).expect("plain data with names as keys is JSON"),
            signature: String::new(),
        }
    }

    /// Nobody has signed it yet.
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        self.signature.is_empty()
    }

    /// Reads an order that nobody has signed yet, to sign it as it stands.
    ///
    /// # Errors
    /// [`OrderError::Malformed`], [`OrderError::Version`], [`OrderError::TooLarge`].
    pub fn to_sign(text: &str) -> Result<Order, OrderError> {
        let order: Order = understood(text, VERSION)?;
        if order.document.len() > LARGEST_DOCUMENT {
            return Err(OrderError::TooLarge(order.document.len()));
        }
        Ok(order)
    }

    /// Signs the text of an order.
    #[must_use]
    pub fn of_text(text: &str, key: &SigningKey) -> Self {
        Self::sign(CONTEXT, text.to_owned(), key)
    }

    /// Signs a text as one of a kind, which the context names.
    pub(super) fn sign(context: &[u8], order: String, key: &SigningKey) -> Self {
        let signature = key.sign(&signed_bytes(context, &order));
        Self {
            order,
            signature: BASE64_STANDARD.encode(signature.to_bytes()),
        }
    }

    /// Reads an order that one of the keys signed.
    ///
    /// # Errors
    /// [`OrderError`]; nothing of an order that is not signed is looked at.
    pub fn verify(&self, keys: &[VerifyingKey]) -> Result<Order, OrderError> {
        let order: Order = self.read(CONTEXT, VERSION, keys)?;
        if order.document.len() > LARGEST_DOCUMENT {
            return Err(OrderError::TooLarge(order.document.len()));
        }
        Ok(order)
    }

    /// What one of the keys signed as one of this kind and version.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        context: &[u8],
        known: u32,
        keys: &[VerifyingKey],
    ) -> Result<T, OrderError> {
        let bytes = BASE64_STANDARD
            .decode(&self.signature)
            .map_err(|_| OrderError::Signature)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| OrderError::Signature)?;
        let message = signed_bytes(context, &self.order);
        if !keys
            .iter()
            .any(|key| key.verify_strict(&message, &signature).is_ok())
        {
            return Err(OrderError::Signature);
        }
        understood(&self.order, known)
    }
}

/// The version first, so that another one is named as the reason.
pub(super) fn understood<T: DeserializeOwned>(text: &str, known: u32) -> Result<T, OrderError> {
    let malformed = |error: serde_json::Error| OrderError::Malformed(error.to_string());
    let Versioned { version } = serde_json::from_str(text).map_err(malformed)?;
    if version != known {
        return Err(OrderError::Version {
            found: version,
            known,
        });
    }
    serde_json::from_str(text).map_err(malformed)
}

fn signed_bytes(context: &[u8], order: &str) -> Vec<u8> {
    [context, order.as_bytes()].concat()
}

/// A signing key's public half on the wire and in files: base64.
#[must_use]
pub fn key_to_text(key: &VerifyingKey) -> String {
    BASE64_STANDARD.encode(key.as_bytes())
}

/// Reads what [`key_to_text`] wrote.
#[must_use]
pub fn key_from_text(text: &str) -> Option<VerifyingKey> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    VerifyingKey::from_bytes(&bytes.try_into().ok()?).ok()
}
