//! The device's keys as they lie in the agent's folder: whole, or wrapped by the TPM that they were made in.

use rcgen::KeyPair;
use rustls::crypto::{
    aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_CHACHA20_POLY1305 as HPKE,
    hpke::{Hpke as _, HpkePrivateKey},
};
use saal_fleet_protocol::fleet::wire::{from_text, to_text};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Identity, IdentityError, KEYS_FILE, Key, crypto, malformed, read, write};
use crate::{
    disk::Disk,
    settings::{KeyPlace, Settings},
    tpm::{Tpm, TpmKey, Wrapped},
};

/// Both keys as text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InFile {
    /// 1.
    version: u32,
    /// PKCS#8 in PEM.
    key: String,
    /// X25519, base64.
    seal_key: String,
    seal_secret: String,
}

/// Both keys as a TPM wraps them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InTpm {
    /// 2.
    version: u32,
    /// What signs; made in the TPM.
    tpm_key: Parts,
    /// X25519, base64.
    seal_key: String,
    /// Sealed.
    tpm_seal_secret: Parts,
}

/// [`Wrapped`], base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    private: String,
    public: String,
}

/// The version alone, which says what else there is.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

enum Kept {
    File(InFile),
    Tpm(InTpm),
}

impl Drop for InFile {
    fn drop(&mut self) {
        self.key.zeroize();
        self.seal_secret.zeroize();
    }
}

impl From<Wrapped> for Parts {
    fn from(wrapped: Wrapped) -> Self {
        Self {
            private: to_text(&wrapped.private),
            public: to_text(&wrapped.public),
        }
    }
}

impl Parts {
    fn wrapped(&self) -> Option<Wrapped> {
        Some(Wrapped {
            private: from_text(&self.private)?,
            public: from_text(&self.public)?,
        })
    }
}

pub(super) fn open(folder: &impl Disk, settings: &Settings) -> Result<Identity, IdentityError> {
    let tpm = Tpm::at(&settings.tpm);
    let (kept, wanted) = match find(folder)? {
        None => return make(folder, settings.keys, tpm),
        Some(Kept::Tpm(kept)) if settings.keys != KeyPlace::File => return kept.open(tpm),
        Some(Kept::File(kept)) if settings.keys != KeyPlace::Tpm => {
            if settings.keys == KeyPlace::Auto && tpm.is_there() {
                tracing::info!(
                    tpm = %settings.tpm.display(),
                    "the device's keys are in a file from before, and stay there; `saal-agent forget` makes new ones in the TPM, \
                     for a new device that somebody has to claim"
                );
            }
            return kept.open();
        }
        Some(Kept::Tpm(_)) => ("in a TPM", "in a file"),
        Some(Kept::File(_)) => ("in a file", "in a TPM"),
    };
    Err(IdentityError::Elsewhere { kept, wanted })
}

pub(super) fn unkept() -> Result<Identity, IdentityError> {
    InFile::make()?.open()
}

fn find(folder: &impl Disk) -> Result<Option<Kept>, IdentityError> {
    let Some(text) = read::<serde_json::Value>(folder, KEYS_FILE)? else {
        return Ok(None);
    };
    let bad = |error| malformed(KEYS_FILE, error);
    let Versioned { version } = Versioned::deserialize(&text).map_err(bad)?;
    match version {
        1 => serde_json::from_value(text).map(|kept| Some(Kept::File(kept))),
        2 => serde_json::from_value(text).map(|kept| Some(Kept::Tpm(kept))),
        other => return Err(malformed(KEYS_FILE, format!("version {other} is unknown"))),
    }
    .map_err(bad)
}

/// A new device's keys.
fn make(folder: &impl Disk, place: KeyPlace, tpm: Tpm) -> Result<Identity, IdentityError> {
    if place == KeyPlace::Tpm || (place == KeyPlace::Auto && tpm.is_there()) {
        match InTpm::make(&tpm) {
            Ok(kept) => {
                write(folder, KEYS_FILE, &kept)?;
                return kept.open(tpm);
            }
            Err(IdentityError::Tpm(error)) if place == KeyPlace::Auto => {
                tracing::warn!(%error, "the device's keys are made in a file");
            }
            Err(error) => return Err(error),
        }
    }
    let kept = InFile::make()?;
    write(folder, KEYS_FILE, &kept)?;
    kept.open()
}

impl InFile {
    fn make() -> Result<Self, IdentityError> {
        let key = KeyPair::generate().map_err(crypto)?;
        let (public, secret) = HPKE.generate_key_pair().map_err(crypto)?;
        Ok(Self {
            version: 1,
            key: key.serialize_pem(),
            seal_key: to_text(&public.0),
            seal_secret: to_text(secret.secret_bytes()),
        })
    }

    fn open(&self) -> Result<Identity, IdentityError> {
        let key = KeyPair::from_pem(&self.key).map_err(|e| malformed(KEYS_FILE, e))?;
        let secret =
            from_text(&self.seal_secret).ok_or_else(|| malformed(KEYS_FILE, "seal_secret"))?;
        Ok(Identity {
            key: Key::File(key),
            seal_key: self.seal_key.clone(),
            seal_secret: HpkePrivateKey::from(secret),
        })
    }
}

impl InTpm {
    fn make(tpm: &Tpm) -> Result<Self, IdentityError> {
        let (public, secret) = HPKE.generate_key_pair().map_err(crypto)?;
        let (key, sealed) = tpm.make(secret.secret_bytes())?;
        Ok(Self {
            version: 2,
            tpm_key: key.into(),
            seal_key: to_text(&public.0),
            tpm_seal_secret: sealed.into(),
        })
    }

    /// Asks the TPM whether they are its own.
    fn open(&self, tpm: Tpm) -> Result<Identity, IdentityError> {
        let part = |what: &'static str, parts: &Parts| {
            parts.wrapped().ok_or_else(|| malformed(KEYS_FILE, what))
        };
        let wrapped = part("tpm_key", &self.tpm_key)?;
        let sealed = part("tpm_seal_secret", &self.tpm_seal_secret)?;
        let secret: Zeroizing<Vec<u8>> = tpm.unseal(&wrapped, &sealed)?;
        let key = TpmKey::new(tpm, wrapped).ok_or_else(|| {
            malformed(
                KEYS_FILE,
                "tpm_key is no key that a TPM keeps and signs with",
            )
        })?;
        Ok(Identity {
            key: Key::Tpm(key),
            seal_key: self.seal_key.clone(),
            seal_secret: HpkePrivateKey::from(secret.to_vec()),
        })
    }
}
