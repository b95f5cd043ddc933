//! Keys that lie beside the database, never in it: a dump of the database shows no secret.

use std::path::Path;

use aws_lc_rs::signature::Ed25519KeyPair;
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use ed25519_dalek::SigningKey;
use rustls::crypto::{
    aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_CHACHA20_POLY1305 as HPKE,
    hpke::{Hpke as _, HpkePublicKey},
};
use saal_fleet_protocol::fleet::{
    DeviceId, Digest, FileName, Scope,
    order::{Order, SEALING, Sealed, Signed, sealed_for},
    trust::{PublicKey, Role},
    wire::{from_text, to_text},
};

use crate::{
    authority::CERTIFICATE_FILE,
    error::FleetError,
    folder::{self, FolderError},
};

/// What a fleet is besides its database, in the server's folder; the same at each node.
pub(crate) const FILES: [&str; 4] = ["ca-key.pem", CERTIFICATE_FILE, SIGNING_FILE, SEAL_FILE];
/// Signs orders.
const SIGNING_FILE: &str = "signing.key";
/// Seals secrets in the database.
const SEAL_FILE: &str = "seal.key";
const NONCE: usize = 24;

/// The server's keys.
pub(crate) struct Keys {
    pub(crate) signing: SigningKey,
    /// The same, several times as fast: orders come by the ten thousand.
    orders: Ed25519KeyPair,
    /// What it is known by in roots.
    id: Digest,
    seal: XChaCha20Poly1305,
}

impl Keys {
    /// The folder's own, made if there are none yet.
    pub(crate) fn open(folder: &Path) -> Result<Self, FolderError> {
        let path = folder.join(SIGNING_FILE);
        let signing = key(&path)?;
        let orders = Ed25519KeyPair::from_seed_unchecked(&signing);
        let seal = key(&folder.join(SEAL_FILE))?;
        let own = SigningKey::from_bytes(&signing);
        Ok(Self {
            id: PublicKey::from(&own.verifying_key()).id(),
            signing: own,
            orders: orders.map_err(|e| FolderError::bad(&path, &e))?,
            seal: XChaCha20Poly1305::new(&seal.into()),
        })
    }

    /// By what a root names the key that signs.
    pub(crate) fn id(&self) -> &Digest {
        &self.id
    }

    /// Whether its signature alone is enough for a role.
    pub(crate) fn fills(&self, role: &Role) -> bool {
        role.threshold == 1 && role.keyids.contains(&self.id)
    }

    /// Signs an order.
    pub(crate) fn sign(&self, order: &Order) -> Signed {
        Signed::signed_by(order, |message| {
            let signature = self.orders.sign(message);
            signature
                .as_ref()
                .try_into()
                .expect("a signature of Ed25519 has 64 bytes")
        })
    }

    /// For the database: a layer's secret, bound to its place.
    pub(crate) fn lock(
        &self,
        scope: &Scope,
        name: &FileName,
        secret: &[u8],
    ) -> Result<Vec<u8>, FleetError> {
        self.seal(&format!("{scope}\n{name}"), secret)
    }

    /// From the database.
    fn unlock(&self, scope: &Scope, name: &FileName, locked: &[u8]) -> Result<Vec<u8>, FleetError> {
        self.open_sealed(&format!("{scope}\n{name}"), locked)
    }

    /// For the database: what nobody may read there, bound to its place.
    pub(crate) fn seal(&self, place: &str, secret: &[u8]) -> Result<Vec<u8>, FleetError> {
        let nonce: [u8; NONCE] = crate::random()?;
        let payload = Payload {
            msg: secret,
            aad: place.as_bytes(),
        };
        let sealed = self.seal.encrypt(XNonce::from_slice(&nonce), payload);
        let sealed = sealed.map_err(|_| FleetError::Crypto("a secret does not seal".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What [`Self::seal`] made.
    pub(crate) fn open_sealed(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, FleetError> {
        let failed = || {
            let what = place.replace('\n', " ");
            FleetError::Crypto(format!("{what} does not open with {SEAL_FILE}"))
        };
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or_else(failed)?;
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        self.seal
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| failed())
    }

    /// For one device: what lies locked in the database, sealed to its key.
    pub(crate) fn seal_for(
        &self,
        device: &DeviceId,
        seal_key: &str,
        (scope, name, locked): (&Scope, &FileName, &[u8]),
    ) -> Result<Sealed, FleetError> {
        let key = from_text(seal_key)
            .ok_or_else(|| FleetError::Crypto("the device's key is no base64".to_owned()))?;
        let secret = self.unlock(scope, name, locked)?;
        let aad = sealed_for(device, name);
        let sealed = HPKE.seal(SEALING, &aad, &secret, &HpkePublicKey(key));
        let (key, text) =
            sealed.map_err(|e| FleetError::Crypto(format!("sealing for {device}: {e}")))?;
        Ok(Sealed {
            key: to_text(&key.0),
            text: to_text(&text),
        })
    }
}

/// By what a folder's keys are told from others; `None` where one is missing. They are too long to be guessed from it.
pub(crate) fn digest(folder: &Path) -> Result<Option<String>, FolderError> {
    let mut all = b"saal-fleet keys v1\n".to_vec();
    for name in FILES {
        match folder::read(&folder.join(name))? {
            Some(bytes) => all.extend(bytes),
            None => return Ok(None),
        }
    }
    Ok(Some(crate::hash(&all)))
}

fn key(path: &Path) -> Result<[u8; 32], FolderError> {
    if let Some(bytes) = folder::read(path)? {
        let found = bytes.try_into();
        return found.map_err(|_| FolderError::bad(path, &"a key has 32 bytes"));
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| FolderError::bad(path, &e))?;
    folder::write(path, &key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_sign_an_order_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        let order = Order {
            version: 1,
            device: "0123456789abcdef".parse().unwrap(),
            generation: 17,
            issued: jiff::Timestamp::UNIX_EPOCH,
            document: "version = 1\n".to_owned(),
            secrets: std::collections::BTreeMap::new(),
        };
        let signed = keys.sign(&order);
        assert_eq!(signed, Signed::new(&order, &keys.signing));
        assert_eq!(signed.verify(&[keys.signing.verifying_key()]), Ok(order));
    }

    #[test]
    fn a_secret_opens_only_at_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        let (here, there): (Scope, Scope) = ("kassel".parse().unwrap(), "fulda".parse().unwrap());
        let name: FileName = "token".parse().unwrap();
        let locked = keys.lock(&here, &name, b"geheim").unwrap();
        assert!(!locked.windows(6).any(|part| part == b"geheim"));
        assert_eq!(keys.unlock(&here, &name, &locked).unwrap(), b"geheim");
        assert!(keys.unlock(&there, &name, &locked).is_err());
        let again = Keys::open(folder.path()).unwrap();
        assert_eq!(again.unlock(&here, &name, &locked).unwrap(), b"geheim");
    }
}
