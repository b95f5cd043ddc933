//! The fleet's own certificate authority: its certificate, the server's and the devices'. Where IT signed it, it is one of IT's,
//! and its own certificate still counts: both are of one key (docs/adr/0089).

mod chain;
mod commands;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc, time::Duration};

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm,
};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use saal_fleet_protocol::{authorities, fleet::DeviceId};
use time::OffsetDateTime;

use crate::{
    folder::{self, FolderError},
    tls,
};

use chain::Chain;
pub use chain::ChainError;
pub use commands::{install_authority, request_authority};

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
    /// Its own certificate, PEM.
    certificate: String,
    /// The same key, another time.
    key: String,
    above: Option<Above>,
}

/// What stands above it.
struct Above {
    chain: Chain,
    /// Says to whom only its own certificate is known that the authority with IT's name is the same one.
    cross: Option<CertificateDer<'static>>,
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
        let bad = |e: &dyn std::fmt::Display| FolderError::bad(&key_file, e);
        let (key, certificate) = match folder::read(&key_file)? {
            Some(pem) => {
                let pem = String::from_utf8(pem).map_err(|e| bad(&e))?;
                let key = KeyPair::from_pem(&pem).map_err(|e| bad(&e))?;
                let certificate = folder::read(&certificate_file)?
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .ok_or_else(|| {
                        FolderError::bad(&certificate_file, &"it is missing or no text")
                    })?;
                (key, certificate)
            }
            None => {
                let key = KeyPair::generate().map_err(|e| bad(&e))?;
                let certificate = params(&key, now).self_signed(&key);
                let certificate = certificate.map_err(|e| bad(&e))?.pem();
                folder::write(&certificate_file, certificate.as_bytes())?;
                folder::write(&key_file, key.serialize_pem().as_bytes())?;
                (key, certificate)
            }
        };
        Ok(Self {
            certificate,
            key: key.serialize_pem(),
            issuer: Issuer::new(params(&key, now), key),
            above: None,
        })
    }

    /// The same below IT's authority: a chain in PEM, or its own certificate, which is none.
    ///
    /// # Errors
    /// [`ChainError`] for what is none; whether it counts now says [`Self::check`].
    pub(crate) fn below(mut self, pem: &str, now: Timestamp) -> Result<Self, ChainError> {
        if self.is_own(pem) {
            return Ok(self);
        }
        let key = self.issuer.key();
        let chain = Chain::read(pem.as_bytes(), &key.subject_public_key_info())?;
        let mut about = params(key, now);
        let own = about.distinguished_name.clone();
        about.distinguished_name = chain.name.clone();
        let again = || KeyPair::from_pem(&self.key);
        let issuer = Issuer::new(about.clone(), again()?);
        let cross = if chain.name == own {
            None
        } else {
            Some(about.signed_by(key, &self.issuer)?.der().clone())
        };
        self.issuer = issuer;
        self.above = Some(Above { chain, cross });
        Ok(self)
    }

    /// The same with another chain above it, checked for a server with these names.
    ///
    /// # Errors
    /// [`ChainError`].
    pub(crate) fn checked(
        &self,
        pem: &str,
        names: &[String],
        now: Timestamp,
    ) -> Result<Self, ChainError> {
        let key = KeyPair::from_pem(&self.key)?;
        let bare = Self {
            issuer: Issuer::new(params(&key, now), key),
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            above: None,
        };
        let below = bare.below(pem, now)?;
        below.check(names, now)?;
        Ok(below)
    }

    /// Whether this is the chain that the server shows.
    pub(crate) fn shows(&self, pem: &str) -> bool {
        match &self.above {
            None => self.is_own(pem),
            Some(above) => certificates(pem).is_some_and(|all| all == above.chain.certificates),
        }
    }

    /// Whether this is the authority's own certificate and nothing else.
    fn is_own(&self, pem: &str) -> bool {
        certificates(pem).is_some_and(|read| Some(read) == certificates(&self.certificate))
    }

    /// Whether devices would believe the server by these names, and the server devices.
    ///
    /// # Errors
    /// [`ChainError`], for the first thing that is wrong.
    pub(crate) fn check(&self, names: &[String], now: Timestamp) -> Result<(), ChainError> {
        let Some(Above { chain, .. }) = &self.above else {
            return Ok(());
        };
        chain.check(now)?;
        let made = self.for_server(names, now)?;
        if !chain.issued(&made.chain[0]) {
            return Err(ChainError::Name {
                name: chain.called(),
            });
        }
        let at = Duration::from_secs(now.as_second().try_into().unwrap_or_default());
        let at = UnixTime::since_unix_epoch(at);
        for name in names {
            // Each alone: limits of names count for a certificate as a whole, and people are told which name it is.
            let made = self.for_server(std::slice::from_ref(name), now)?;
            let believed = self.believed(&made, name, at);
            believed.map_err(|source| ChainError::Server {
                name: name.clone(),
                source,
            })?;
        }
        let key = KeyPair::generate()?;
        let device = "0000000000000000"
            .parse()
            .expect("it is the name of a device");
        let shown = self.for_device(&device, key.public_key_raw(), now)?;
        let shown = CertificateDer::from_pem_slice(shown.pem.as_bytes());
        let shown = shown.map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        let verifier = tls::verifier(self).map_err(|e| match e {
            tls::TlsError::Rustls(error) => ChainError::Device(error),
            other => ChainError::Device(rustls::Error::General(other.to_string())),
        })?;
        let believed = verifier.verify_client_cert(&shown, &[], at);
        believed.map_err(ChainError::Device)?;
        Ok(())
    }

    /// Whether somebody who knows nothing but IT's root believes the server.
    fn believed(
        &self,
        made: &ServerCertificate,
        name: &str,
        at: UnixTime,
    ) -> Result<(), rustls::Error> {
        let chain = self
            .above
            .iter()
            .flat_map(|above| &above.chain.certificates);
        let mut roots = RootCertStore::empty();
        if let Some(root) = chain.last() {
            roots.add(root.clone())?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let verifier = verifier.map_err(|e| rustls::Error::General(e.to_string()))?;
        let name = ServerName::try_from(name.to_owned());
        let name = name.map_err(|e| rustls::Error::General(e.to_string()))?;
        let (own, rest) = (&made.chain[0], &made.chain[1..]);
        verifier.verify_server_cert(own, rest, &name, &[], at)?;
        Ok(())
    }

    /// What people give IT to sign (PKCS #10, RFC 2986), PEM.
    pub(crate) fn request(&self, now: Timestamp) -> Result<String, rcgen::Error> {
        let key = self.issuer.key();
        params(key, now).serialize_request(key)?.pem()
    }

    /// Until when it counts: IT's chain, or its own certificate.
    ///
    /// # Errors
    /// [`ChainError`] when its own certificate is none.
    pub(crate) fn until(&self) -> Result<Timestamp, ChainError> {
        if let Some(above) = &self.above {
            return Ok(above.chain.until);
        }
        let own = authorities::read(self.certificate.as_bytes())?;
        Ok(own[0].until)
    }

    /// Whose signature on a device's certificate counts: its own, and, where IT gave it another name, that one.
    pub(crate) fn anchors(&self) -> Result<Vec<CertificateDer<'static>>, tls::TlsError> {
        let own = CertificateDer::from_pem_slice(self.certificate.as_bytes());
        let own = own.map_err(|_| tls::TlsError::Authority)?;
        let above = self.above.iter().map(|above| &above.chain.certificates[0]);
        Ok(std::iter::once(own).chain(above.cloned()).collect())
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
            chain: std::iter::once(certificate.der().clone())
                .chain(self.sent())
                .collect(),
            key,
        })
    }

    /// What the server shows behind its own certificate: all but IT's root, which whoever believes it has.
    fn sent(&self) -> impl Iterator<Item = CertificateDer<'static>> {
        self.above.iter().flat_map(|Above { chain, cross }| {
            let all = &chain.certificates;
            all[..all.len() - 1].iter().chain(cross).cloned()
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

fn certificates(pem: &str) -> Option<Vec<CertificateDer<'static>>> {
    let all = CertificateDer::pem_slice_iter(pem.as_bytes());
    all.collect::<Result<_, _>>().ok()
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
