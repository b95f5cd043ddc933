//! An authority of the tests' own, and a certificate of it for this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::{Error, Result};

/// Files that servers and clients read, PEM.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    /// Who vouches.
    pub(crate) authority: PathBuf,
    /// For 127.0.0.1 and localhost.
    pub(crate) certificate: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
}

impl Authority {
    /// Makes them in `folder`.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        Self::for_names(folder, &["localhost", "127.0.0.1"])
    }

    /// The same with a certificate for other names.
    pub(crate) fn for_names(folder: &Path, names: &[&str]) -> Result<Self> {
        let [authority, certificate, key] = make(names).map_err(|error| Error::Answer {
            what: "a certificate".to_owned(),
            answer: error.to_string(),
        })?;
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(Error::file("write", &path))?;
            Ok(path)
        };
        Ok(Self {
            authority: write("authority.pem", authority)?,
            certificate: write("certificate.pem", certificate)?,
            key: write("key.pem", key)?,
        })
    }

    /// How a server shows the certificate; `what` it is stands in errors.
    pub(crate) fn server(&self, what: &str) -> Result<ServerConfig> {
        let unusable = |error: &dyn std::fmt::Display| Error::Answer {
            what: what.to_owned(),
            answer: error.to_string(),
        };
        let certificate =
            CertificateDer::from_pem_file(&self.certificate).map_err(|error| unusable(&error))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| unusable(&error))?;
        ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .map_err(|error| unusable(&error))
    }
}

fn make(names: &[&str]) -> std::result::Result<[String; 3], rcgen::Error> {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "The tests' authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
    Ok([issuer.pem(), certificate.pem(), key.serialize_pem()])
}
