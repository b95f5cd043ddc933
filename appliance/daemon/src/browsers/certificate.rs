//! The certificate that browsers see: IT's, or one that the room makes at its first start and keeps.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path, sync::Arc};

use anyhow::{Context, Result, bail};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// Below the state folder: certificate and key.
const OWN: &str = "browsers.pem";
/// Bytes of a fingerprint that people compare: nobody finds another certificate that begins so.
const COMPARED: usize = 10;

/// A certificate with its key.
pub(super) struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    own: bool,
}

impl Certificate {
    /// IT's.
    pub(super) fn given(certificate: &Path, key: &Path) -> Result<Self> {
        let (chain, key) = (read(certificate)?, read(key)?);
        let mut certificate = Self::parse(&chain, &key)
            .with_context(|| "browsers.certificate_file and browsers.key_file")?;
        certificate.own = false;
        Ok(certificate)
    }

    /// The room's own; made if there is none yet.
    pub(super) fn own(state: &Path) -> Result<Self> {
        let path = state.join(OWN);
        if !path.exists() {
            make(&path).with_context(|| format!("can't make {}", path.display()))?;
        }
        let pem = read(&path)?;
        Self::parse(&pem, &pem)
            .with_context(|| format!("{}; remove it, and the room makes another", path.display()))
    }

    fn parse(chain: &[u8], key: &[u8]) -> Result<Self> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .context("the certificate is no PEM")?;
        if chain.is_empty() {
            bail!("there is no certificate in the file");
        }
        let key = PrivateKeyDer::from_pem_slice(key).context("there is no key in the file")?;
        let own = true;
        Ok(Self { chain, key, own })
    }

    /// What people compare with what the browser warns of.
    pub(super) fn fingerprint(&self) -> Option<String> {
        let certificate = self.chain.first().filter(|_| self.own)?;
        let hash = aws_lc_rs_digest(certificate);
        let bytes = hash.iter().take(COMPARED).map(|byte| format!("{byte:02X}"));
        Some(bytes.collect::<Vec<_>>().join(":"))
    }

    pub(super) fn acceptor(self) -> Result<TlsAcceptor> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("TLS")?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)
            .context("the certificate and its key do not fit")?;
        // A WebSocket begins with HTTP/1.1.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn aws_lc_rs_digest(certificate: &[u8]) -> Vec<u8> {
    let sha256 = &::aws_lc_rs::digest::SHA256;
    ::aws_lc_rs::digest::digest(sha256, certificate)
        .as_ref()
        .to_vec()
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("can't read {}", path.display()))
}

/// Whole or not at all, and for nobody else to read.
fn make(path: &Path) -> Result<()> {
    let key = rcgen::KeyPair::generate()?;
    let mut about = rcgen::CertificateParams::new(vec!["saal.local".to_owned()])?;
    about
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Saal");
    let certificate = about.self_signed(&key)?;
    let new = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(certificate.pem().as_bytes())?;
    file.write_all(key.serialize_pem().as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_room_keeps_the_certificate_that_it_made() {
        let folder = tempfile::tempdir().unwrap();
        let first = Certificate::own(folder.path()).unwrap();
        let again = Certificate::own(folder.path()).unwrap();
        let fingerprint = first.fingerprint().unwrap();
        assert_eq!(fingerprint.len(), 29, "{fingerprint}");
        assert_eq!(again.fingerprint().unwrap(), fingerprint);
        let mode = fs::metadata(folder.path().join(OWN)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        again.acceptor().unwrap();
    }

    #[test]
    fn a_certificate_of_it_needs_no_comparison_and_a_broken_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        Certificate::own(folder.path()).unwrap();
        let path = folder.path().join(OWN);
        let given = Certificate::given(&path, &path).unwrap();
        assert_eq!(given.fingerprint(), None);
        fs::write(&path, "nothing").unwrap();
        let error = format!("{:#}", Certificate::own(folder.path()).err().unwrap());
        assert!(error.contains("remove it"), "{error}");
        let missing = Certificate::given(&folder.path().join("x"), &path)
            .err()
            .unwrap();
        assert!(format!("{missing:#}").contains("can't read"), "{missing:#}");
    }
}
