//! The fleet's own certificate authority: its certificate, the server's and the devices'.

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use saal_fleet_protocol::fleet::DeviceId;
use time::OffsetDateTime;

use crate::folder::{self, FolderError};

/// The authority's key.
const KEY_FILE: &str = "ca-key.pem";
/// The authority's certificate, which devices and programs trust.
pub(crate) const CERTIFICATE_FILE: &str = "ca.pem";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Longer than any device lives in a room.
const AUTHORITY_LIFE: Duration = DAY.saturating_mul(365 * 20);
/// A device's certificate: renewed at two thirds, so that one that was off for a month comes back
/// without a second way in. Revocation does not wait for it.
pub(crate) const DEVICE_LIFE: Duration = DAY.saturating_mul(90);
/// The server's; a new one is made each day.
const SERVER_LIFE: Duration = DAY.saturating_mul(30);
/// Clocks of devices that are late by less still believe a certificate.
const BEFORE: Duration = DAY;

/// The authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// What a device gets.
pub(crate) struct DeviceCertificate {
    /// PEM.
    pub(crate) pem: String,
    pub(crate) begins: i64,
    pub(crate) ends: i64,
}

/// The server's certificate with its key.
pub(crate) struct ServerCertificate {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Authority {
    /// The folder's own, made if there is none yet.
    ///
    /// # Errors
    /// When the files can't be read or written, or are none of an authority.
    pub(crate) fn open(folder: &Path, now: Timestamp) -> Result<Self, FolderError> {
        let (key_file, certificate_file) = (folder.join(KEY_FILE), folder.join(CERTIFICATE_FILE));
        if let Some(pem) = folder::read(&key_file)? {
            let bad = |e: &dyn std::fmt::Display| FolderError::bad(&key_file, e);
            let pem = String::from_utf8(pem).map_err(|e| bad(&e))?;
            let key = KeyPair::from_pem(&pem).map_err(|e| bad(&e))?;
            let certificate = folder::read(&certificate_file)?
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| FolderError::bad(&certificate_file, &"it is missing or no text"))?;
            let issuer = Issuer::new(params(&key, now), key);
            return Ok(Self {
                issuer,
                certificate,
            });
        }
        let bad = |e: rcgen::Error| FolderError::bad(&key_file, &e);
        let key = KeyPair::generate().map_err(bad)?;
        let params = params(&key, now);
        let certificate = params.self_signed(&key).map_err(bad)?.pem();
        folder::write(&certificate_file, certificate.as_bytes())?;
        folder::write(&key_file, key.serialize_pem().as_bytes())?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            certificate,
        })
    }

    /// PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// For the names and addresses that devices know the server by.
    pub(crate) fn for_server(
        &self,
        names: &[String],
        now: Timestamp,
    ) -> Result<ServerCertificate, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut about = CertificateParams::new(names)?;
        about.distinguished_name = rcgen::DistinguishedName::new();
        about
            .distinguished_name
            .push(DnType::CommonName, "Saal fleet");
        about.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        lives(&mut about, now, SERVER_LIFE);
        let certificate = about.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes())
            .map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
        Ok(ServerCertificate {
            chain: vec![certificate.der().clone()],
            key,
        })
    }

    /// For a device's key: an uncompressed point on P-256.
    pub(crate) fn for_device(
        &self,
        device: &DeviceId,
        point: &[u8],
        now: Timestamp,
    ) -> Result<DeviceCertificate, rcgen::Error> {
        let mut about = CertificateParams::default();
        about.distinguished_name = rcgen::DistinguishedName::new();
        about
            .distinguished_name
            .push(DnType::CommonName, device.as_str());
        about.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        about.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (begins, ends) = lives(&mut about, now, DEVICE_LIFE);
        let certificate = about.signed_by(&Point(point), &self.issuer)?;
        Ok(DeviceCertificate {
            pem: certificate.pem(),
            begins,
            ends,
        })
    }
}

/// The same at each start, as issued certificates name it.
fn params(key: &KeyPair, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mark = &crate::hash(key.public_key_raw())[..12];
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, format!("Saal fleet authority {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    lives(&mut params, now, AUTHORITY_LIFE);
    params
}

/// Begin and end, seconds since 1970.
fn lives(params: &mut CertificateParams, now: Timestamp, life: Duration) -> (i64, i64) {
    let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    let begins = now.as_second() - seconds(BEFORE);
    let ends = now.as_second() + seconds(life);
    let date =
        |second| OffsetDateTime::from_unix_timestamp(second).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    params.not_before = date(begins);
    params.not_after = date(ends);
    (begins, ends)
}

struct Point<'a>(&'a [u8]);

impl PublicKeyData for Point<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}
