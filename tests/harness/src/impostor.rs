//! A server by TLS that is not who it says: its certificate is for another name.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::authority::Authority;
use crate::error::{Error, Result};
use crate::runtime;
use crate::web::Serving;

/// Whose name its certificate has.
const ANOTHER: &str = "another.test";

/// Listens on loopback and shows a certificate for [`ANOTHER`]. Nobody who believes in it gets an answer.
#[derive(Debug)]
pub struct Impostor {
    port: u16,
    authority: PathBuf,
    _serving: Serving,
}

impl Impostor {
    /// Starts one; its files go into `folder`.
    ///
    /// # Errors
    /// When there is no certificate or no port for it.
    pub async fn start(folder: &Path) -> Result<Self> {
        let folder = folder.join("impostor");
        std::fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        let files = Authority::for_names(&folder, &[ANOTHER])?;
        let acceptor = TlsAcceptor::from(Arc::new(config(&files)?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::Port)?;
        let port = listener.local_addr().map_err(Error::Port)?.port();
        let serving = runtime::runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { drop(acceptor.accept(stream).await) });
            }
        });
        Ok(Self {
            port,
            authority: files.authority,
            _serving: Serving::new(serving),
        })
    }

    /// `HOST:PORT` under a name of this machine, `localhost` or `127.0.0.1`.
    #[must_use]
    pub fn at(&self, host: &str) -> String {
        format!("{host}:{}", self.port)
    }

    /// The file with the certificate of who vouches for it, under its real name.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.authority
    }
}

fn config(files: &Authority) -> Result<ServerConfig> {
    let unusable = |error: &dyn std::fmt::Display| Error::Answer {
        what: "an impostor's certificate".to_owned(),
        answer: error.to_string(),
    };
    let certificate =
        CertificateDer::from_pem_file(&files.certificate).map_err(|error| unusable(&error))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unusable(&error))?;
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(|error| unusable(&error))
}
