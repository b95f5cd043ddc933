//! A document of TUF's with its signatures.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::{Role, TrustError, canonical, malformed};
use crate::fleet::Digest;

/// A document has at most so many bytes.
pub const LARGEST: usize = 256 * 1024;
/// More signatures than keys that any role may have are no accident.
const MOST_SIGNATURES: usize = 64;
const ED25519: &str = "ed25519";

/// A document and who signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Over the canonical JSON of `signed`.
    pub signatures: Vec<KeySignature>,
    /// The document.
    #[schema(value_type = Object)]
    pub signed: Value,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySignature {
    /// Of which key.
    pub keyid: Digest,
    /// Ed25519 (RFC 8032), hexadecimal.
    pub sig: String,
}

/// A key that signs documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicKey {
    /// `ed25519`.
    pub keytype: String,
    /// `ed25519`.
    pub scheme: String,
    /// The key itself.
    pub keyval: KeyValue,
}

/// A key as TUF writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyValue {
    /// Hexadecimal.
    pub public: String,
}

impl From<&VerifyingKey> for PublicKey {
    fn from(key: &VerifyingKey) -> Self {
        Self {
            keytype: ED25519.to_owned(),
            scheme: ED25519.to_owned(),
            keyval: KeyValue {
                public: hex(key.as_bytes()),
            },
        }
    }
}

impl PublicKey {
    /// SHA-256 of its canonical JSON: what it is known by.
    ///
    /// # Panics
    /// Never: it is plain text.
    #[must_use]
    pub fn id(&self) -> Digest {
        let value = serde_json::to_value(self).expect("plain data is JSON");
        digest(&canonical::bytes(&value).expect("a key has no numbers"))
    }

    /// For checking signatures.
    ///
    /// # Errors
    /// [`TrustError::Malformed`]: it is no key of Ed25519.
    pub fn verifying(&self) -> Result<VerifyingKey, TrustError> {
        let problem = || malformed(format!("{} is no key of ed25519", self.keyval.public));
        if self.keytype != ED25519 || self.scheme != ED25519 {
            return Err(malformed(format!("keys of {} are not known", self.scheme)));
        }
        let bytes: [u8; 32] = unhex(&self.keyval.public).ok_or_else(problem)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| problem())?;
        if key.is_weak() {
            return Err(problem());
        }
        Ok(key)
    }
}

impl Metadata {
    /// A document that nobody has signed.
    ///
    /// # Panics
    /// Never: documents are plain data.
    #[must_use]
    pub fn unsigned(document: &impl Serialize) -> Self {
        Self {
            signatures: Vec::new(),
            signed: serde_json::to_value(document).expect("plain data is JSON"),
        }
    }

    /// Reads a file or what came; who signed it is not looked at.
    ///
    /// # Errors
    /// [`TrustError::TooLarge`], [`TrustError::Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Self, TrustError> {
        if bytes.len() > LARGEST {
            return Err(TrustError::TooLarge(bytes.len()));
        }
        serde_json::from_slice(bytes).map_err(malformed)
    }

    /// As a file that people may read.
    ///
    /// # Panics
    /// Never: it is plain data.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data is JSON") + "\n"
    }

    /// Adds a key's signature, or makes it anew.
    ///
    /// # Errors
    /// [`TrustError::Malformed`]: the document can't be written in one way only.
    pub fn sign(&mut self, key: &SigningKey) -> Result<(), TrustError> {
        let signature = key.sign(&canonical::bytes(&self.signed)?);
        let keyid = PublicKey::from(&key.verifying_key()).id();
        self.signatures.retain(|known| known.keyid != keyid);
        self.signatures.push(KeySignature {
            keyid,
            sig: hex(&signature.to_bytes()),
        });
        Ok(())
    }

    /// SHA-256 of what is signed: what people compare. Signatures that are added change nothing.
    ///
    /// # Errors
    /// As [`Metadata::sign`].
    pub fn fingerprint(&self) -> Result<Digest, TrustError> {
        Ok(digest(&canonical::bytes(&self.signed)?))
    }

    /// Whether as many of a role's keys signed it as the role needs. A key counts once, however often its signature is
    /// there; what is signed by other keys does not matter.
    ///
    /// # Errors
    /// [`TrustError::Signatures`], [`TrustError::Malformed`].
    pub fn check(
        &self,
        who: &str,
        role: &Role,
        keys: &BTreeMap<Digest, PublicKey>,
    ) -> Result<(), TrustError> {
        if self.signatures.len() > MOST_SIGNATURES {
            return Err(malformed(format!("{} signatures", self.signatures.len())));
        }
        let message = canonical::bytes(&self.signed)?;
        let mut right = BTreeSet::new();
        for KeySignature { keyid, sig } in &self.signatures {
            let key = keys.get(keyid).filter(|_| role.keyids.contains(keyid));
            let Some(key) = key else { continue };
            let Some(bytes) = unhex::<64>(sig) else {
                continue;
            };
            let signature = Signature::from_bytes(&bytes);
            if key.verifying()?.verify_strict(&message, &signature).is_ok() {
                right.insert(keyid);
            }
        }
        let found = u32::try_from(right.len()).unwrap_or(u32::MAX);
        if found >= role.threshold {
            return Ok(());
        }
        Err(TrustError::Signatures {
            who: who.to_owned(),
            found,
            needed: role.threshold,
        })
    }

    /// The document, as one of a kind.
    pub(super) fn document<T: DeserializeOwned>(&self) -> Result<T, TrustError> {
        T::deserialize(&self.signed).map_err(malformed)
    }
}

fn digest(bytes: &[u8]) -> Digest {
    let text = hex(&Sha256::digest(bytes));
    text.try_into().expect("SHA-256 has 64 digits")
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Small digits only, so that there is one way to write it.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks_exact(2);
    if text.len() != 2 * N {
        return None;
    }
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?))
        .collect();
    bytes?.try_into().ok()
}
