//! A server by TLS that is not who it says: its certificate is for another name.

use std::path::Path;

use crate::error::Result;
use crate::https::TlsPort;

/// Whose name its certificate has.
const ANOTHER: &str = "another.test";

/// Listens on loopback and shows a certificate for [`ANOTHER`]. Nobody who believes in it gets an answer.
#[derive(Debug)]
pub struct Impostor(TlsPort);

impl Impostor {
    /// Starts one; its files go into `folder`.
    ///
    /// # Errors
    /// When there is no certificate or no port for it.
    pub async fn start(folder: &Path) -> Result<Self> {
        let folder = folder.join("impostor");
        let hangs_up = |_| std::future::ready(Ok(()));
        let port = TlsPort::open(&folder, &[ANOTHER], hangs_up).await?;
        Ok(Self(port))
    }

    /// `HOST:PORT` under a name of this machine, `localhost` or `127.0.0.1`.
    #[must_use]
    pub fn at(&self, host: &str) -> String {
        format!("{host}:{}", self.0.port)
    }

    /// The file with the certificate of who vouches for it, under its real name.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.0.authority
    }
}
