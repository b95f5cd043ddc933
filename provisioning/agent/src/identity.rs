//! Who the device is: its keys, and the fleet that it belongs to.
//!
//! Both keys are made here and never leave the device; where it has a TPM they are in there (docs/adr/0080). Whoever resets it
//! (`saal-agent forget`) makes another device of it, which somebody has to claim again: that is why a server that is named
//! instead of the old one does not get it.

mod kept;
mod key;

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use rustls::{
    crypto::{
        aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_CHACHA20_POLY1305 as HPKE,
        hpke::{EncapsulatedSecret, Hpke as _, HpkePrivateKey},
    },
    sign::SigningKey,
};
use saal_fleet_protocol::fleet::{
    FileName, KeyProblem,
    order::{Order, SEALING, Sealed, sealed_for},
    wire::{KeyProof, Membership, from_text, proof_of, to_text},
};
use serde::{Deserialize, Serialize};

use self::key::Key;
pub(crate) use self::key::signer;
use crate::{
    disk::Disk,
    ledger::Files,
    roots,
    settings::{Server, Settings},
    tpm::TpmError,
};

const KEYS_FILE: &str = "identity.json";
const MEMBERSHIP_FILE: &str = "membership.json";
const FOUND_FILE: &str = "server.json";
const VERSION: u32 = 1;

/// The device's own files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file.
    #[error("{file}: {source}")]
    Disk {
        /// Which.
        file: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// It holds something else.
    #[error(
        "{file} is not understood ({reason}); `saal-agent forget` makes a new device of this one"
    )]
    Malformed {
        /// Which.
        file: &'static str,
        /// Why.
        reason: String,
    },
    /// Keys can't be made or used.
    #[error("cryptography failed: {0}")]
    Crypto(String),
    /// The keys are in a TPM, or should be, and it does not do its part.
    #[error(transparent)]
    Tpm(#[from] TpmError),
    /// The keys are not where the settings want them.
    #[error(
        "the device's keys are {kept} from before, and its file wants them {wanted}: write keys = \"auto\", which goes on with \
         them, or make a new device of this one by `saal-agent forget`, which somebody has to claim"
    )]
    Elsewhere {
        /// Where they are.
        kept: &'static str,
        /// Where they should be.
        wanted: &'static str,
    },
}

/// The device's keys.
pub struct Identity {
    key: Key,
    seal_key: String,
    seal_secret: HpkePrivateKey,
}

fn disk(file: &'static str) -> impl Fn(std::io::Error) -> IdentityError {
    move |source| IdentityError::Disk { file, source }
}

pub(crate) fn malformed(file: &'static str, reason: impl ToString) -> IdentityError {
    IdentityError::Malformed {
        file,
        reason: reason.to_string(),
    }
}

fn crypto(error: impl ToString) -> IdentityError {
    IdentityError::Crypto(error.to_string())
}

impl Identity {
    /// The device's own, where the settings want them; made at its first start.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn open(folder: &impl Disk, settings: &Settings) -> Result<Self, IdentityError> {
        kept::open(folder, settings)
    }

    /// One that is kept nowhere, as a simulated device has.
    ///
    /// # Errors
    /// [`IdentityError::Crypto`].
    pub fn unkept() -> Result<Self, IdentityError> {
        kept::unkept()
    }

    /// What secrets for this device are sealed to.
    #[must_use]
    pub fn seal_key(&self) -> &str {
        &self.seal_key
    }

    /// For TLS.
    ///
    /// # Errors
    /// [`IdentityError::Crypto`].
    pub fn signer(&self) -> Result<Arc<dyn SigningKey>, IdentityError> {
        self.key.signer()
    }

    /// Why the key did not sign the last time that it should; `None`: it did, or has not been asked.
    #[must_use]
    pub fn problem(&self) -> Option<KeyProblem> {
        self.key.problem()
    }

    /// PKCS#8; `None`: the key is in a TPM and stays there.
    #[must_use]
    pub fn key_der(&self) -> Option<Vec<u8>> {
        self.key.der()
    }

    /// The key with the proof that it is here.
    ///
    /// # Errors
    /// [`IdentityError::Crypto`], [`IdentityError::Tpm`].
    pub fn prove(&self, nonce: &str) -> Result<KeyProof, IdentityError> {
        let proof = self.key.sign(&proof_of(nonce, &self.seal_key))?;
        Ok(KeyProof {
            key: to_text(self.key.point()),
            proof: to_text(&proof),
        })
    }

    /// The files of an order, its secrets opened.
    ///
    /// # Errors
    /// [`IdentityError::Crypto`], naming the secret that is not for this device.
    pub fn files(&self, order: &Order) -> Result<Files, IdentityError> {
        let mut files = Files::new();
        for (name, sealed) in &order.secrets {
            let open = self.open_secret(order, name, sealed);
            let opened = open.ok_or_else(|| {
                IdentityError::Crypto(format!("{name} is not sealed for this device"))
            })?;
            files.insert(name.to_string(), opened);
        }
        let document = order.document.as_bytes().to_vec();
        files.insert(
            saal_fleet_protocol::fleet::order::DOCUMENT.to_owned(),
            document,
        );
        Ok(files)
    }

    fn open_secret(&self, order: &Order, name: &FileName, sealed: &Sealed) -> Option<Vec<u8>> {
        let key = EncapsulatedSecret(from_text(&sealed.key)?);
        let text = from_text(&sealed.text)?;
        let aad = sealed_for(&order.device, name);
        HPKE.open(&key, SEALING, &aad, &text, &self.seal_secret)
            .ok()
    }
}

/// The fleet that the device belongs to, if it does.
///
/// # Errors
/// [`IdentityError`].
pub fn membership(folder: &impl Disk) -> Result<Option<Membership>, IdentityError> {
    read(folder, MEMBERSHIP_FILE)
}

/// It belongs to a fleet, or has another certificate.
///
/// # Errors
/// [`IdentityError`].
pub fn join(folder: &impl Disk, membership: &Membership) -> Result<(), IdentityError> {
    write(folder, MEMBERSHIP_FILE, membership)
}

/// A server as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    version: u32,
    server: Server,
}

/// The server that the device found by itself, when it came to belong to its fleet.
///
/// # Errors
/// [`IdentityError`].
pub fn found(folder: &impl Disk) -> Result<Option<Server>, IdentityError> {
    match read::<Found>(folder, FOUND_FILE)? {
        Some(found) if found.version != VERSION => {
            let reason = format!("version {} is unknown", found.version);
            Err(malformed(FOUND_FILE, reason))
        }
        found => Ok(found.map(|found| found.server)),
    }
}

/// It is about to belong to a fleet that it found by itself.
///
/// # Errors
/// [`IdentityError`].
pub fn keep_found(folder: &impl Disk, server: &Server) -> Result<(), IdentityError> {
    let found = Found {
        version: VERSION,
        server: server.clone(),
    };
    write(folder, FOUND_FILE, &found)
}

/// Makes another device of this one: it has no keys and belongs to nobody. What the fleet gave the
/// room goes too.
///
/// # Errors
/// [`IdentityError::Disk`].
pub fn forget(folder: &impl Disk) -> Result<(), IdentityError> {
    for file in [
        MEMBERSHIP_FILE,
        roots::FILE,
        FOUND_FILE,
        "ledger.json",
        "current",
        "generations",
        "update.json",
        "update-on-trial",
        "updates",
        KEYS_FILE,
    ] {
        folder.remove(Path::new(file)).map_err(disk(file))?;
    }
    folder.sync(Path::new(".")).map_err(disk(KEYS_FILE))
}

/// Whether a certificate is at two thirds of its life.
#[must_use]
pub fn wants_renewal(membership: &Membership, now: Timestamp) -> bool {
    let life = membership.ends.saturating_sub(membership.begins);
    now.as_second() >= membership.begins.saturating_add(life / 3 * 2)
}

/// Whether a certificate is over.
#[must_use]
pub fn is_over(membership: &Membership, now: Timestamp) -> bool {
    now.as_second() >= membership.ends
}

pub(crate) fn read<T: for<'a> Deserialize<'a>>(
    folder: &impl Disk,
    file: &'static str,
) -> Result<Option<T>, IdentityError> {
    let Some(bytes) = folder.read(Path::new(file)).map_err(disk(file))? else {
        return Ok(None);
    };
    let read = serde_json::from_slice(&bytes);
    read.map(Some).map_err(|e| malformed(file, e))
}

pub(crate) fn write(
    folder: &impl Disk,
    file: &'static str,
    value: &impl Serialize,
) -> Result<(), IdentityError> {
    let json = serde_json::to_vec_pretty(value).map_err(|e| malformed(file, e))?;
    let new = format!("{file}.new");
    let put = || {
        folder.write(Path::new(&new), &json)?;
        folder.rename(Path::new(&new), Path::new(file))?;
        folder.sync(Path::new("."))
    };
    put().map_err(disk(file))
}
