//! A server by TLS that is not who it says: its certificate is for another name.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

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
        let acceptor = TlsAcceptor::from(Arc::new(files.server("an impostor's certificate")?));
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
