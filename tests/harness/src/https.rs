//! HTTPS before a server of loopback that speaks plain HTTP.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::error::{Error, Result};
use crate::runtime;
use crate::web::Serving;

/// Takes TLS connections with a certificate of the tests' authority and hands on what is said in them.
#[derive(Debug)]
pub struct Https {
    port: u16,
    authority: PathBuf,
    _serving: Serving,
}

impl Https {
    /// Listens on a free port of loopback before `behind`, another port of it; its certificate is for `names`, addresses too. Its
    /// files go into `folder`.
    ///
    /// # Errors
    /// When there is no certificate or no port for it.
    pub async fn before(folder: &Path, names: &[&str], behind: u16) -> Result<Self> {
        let folder = folder.join(format!("https-{behind}"));
        std::fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        let files = Authority::for_names(&folder, names)?;
        let acceptor = TlsAcceptor::from(Arc::new(files.server("a server's certificate")?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::Port)?;
        let port = listener.local_addr().map_err(Error::Port)?.port();
        let serving = runtime::runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Err(error) = hand_on(acceptor, stream, behind).await {
                        tracing::debug!(%error, "a connection with TLS has ended");
                    }
                });
            }
        });
        Ok(Self {
            port,
            authority: files.authority,
            _serving: Serving::new(serving),
        })
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The file with the certificate of the authority, PEM.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.authority
    }
}

async fn hand_on(acceptor: TlsAcceptor, stream: TcpStream, behind: u16) -> std::io::Result<()> {
    let mut client = acceptor.accept(stream).await?;
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, behind)).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
