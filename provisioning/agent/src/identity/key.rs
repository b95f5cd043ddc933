//! The key of the device's certificate, in a file or in a TPM.

use std::sync::Arc;

use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use rustls::{
    crypto::aws_lc_rs::sign::any_ecdsa_type,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::SigningKey,
};
use saal_fleet_protocol::fleet::KeyProblem;

use super::{IdentityError, crypto};
use crate::tpm::TpmKey;

pub(super) enum Key {
    File(KeyPair),
    Tpm(TpmKey),
}

impl Key {
    /// Its point on P-256, uncompressed.
    pub(super) fn point(&self) -> &[u8] {
        match self {
            Self::File(key) => key.der_bytes(),
            Self::Tpm(key) => key.point(),
        }
    }

    /// ECDSA with SHA-256 (ASN.1).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, IdentityError> {
        match self {
            Self::File(key) => key.sign(message).map_err(crypto),
            Self::Tpm(key) => Ok(key.sign(message)?),
        }
    }

    pub(super) fn problem(&self) -> Option<KeyProblem> {
        match self {
            Self::File(_) => None,
            Self::Tpm(key) => key.problem(),
        }
    }

    pub(super) fn der(&self) -> Option<Vec<u8>> {
        match self {
            Self::File(key) => Some(key.serialize_der()),
            Self::Tpm(_) => None,
        }
    }

    pub(super) fn signer(&self) -> Result<Arc<dyn SigningKey>, IdentityError> {
        match self {
            Self::File(key) => signer(key.serialize_der()).map_err(crypto),
            Self::Tpm(key) => Ok(Arc::new(key.clone())),
        }
    }
}

/// A key in PKCS#8 for TLS.
pub(crate) fn signer(der: Vec<u8>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
    any_ecdsa_type(&PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der)))
}
