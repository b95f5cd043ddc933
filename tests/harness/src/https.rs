//! TLS on loopback with a certificate of the tests' authority, and HTTPS before a server that speaks plain HTTP.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::authority::Authority;
use crate::error::{Error, Result};
use crate::runtime;
use crate::web::Serving;

/// A port of loopback that takes TLS connections.
#[derive(Debug)]
pub(crate) struct TlsPort {
    pub(crate) port: u16,
    /// The file with the certificate of the authority, PEM.
    pub(crate) authority: PathBuf,
    _serving: Serving,
}

impl TlsPort {
    /// Opens a free one whose certificate is for `names`, addresses too; its files go into `folder`. Each connection is given to
    /// `take`.
    pub(crate) async fn open<Taken>(
        folder: &Path,
        names: &[&str],
        take: impl Fn(TlsStream<TcpStream>) -> Taken + Clone + Send + Sync + 'static,
    ) -> Result<Self>
    where
        Taken: Future<Output = std::io::Result<()>> + Send,
    {
        std::fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
        let files = Authority::for_names(folder, names)?;
        let acceptor = TlsAcceptor::from(Arc::new(files.server("a server's certificate")?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::Port)?;
        let port = listener.local_addr().map_err(Error::Port)?.port();
        let serving = runtime::runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, take) = (acceptor.clone(), take.clone());
                tokio::spawn(async move {
                    let taken = async { take(acceptor.accept(stream).await?).await };
                    if let Err(error) = taken.await {
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
}

/// Takes TLS connections with a certificate of the tests' authority and hands on what is said in them.
#[derive(Debug)]
pub struct Https(TlsPort);

impl Https {
    /// Listens on a free port of loopback before `behind`, another port of it; its certificate is for `names`, addresses too. Its
    /// files go into `folder`.
    ///
    /// # Errors
    /// When there is no certificate or no port for it.
    pub async fn before(folder: &Path, names: &[&str], behind: u16) -> Result<Self> {
        let folder = folder.join(format!("https-{behind}"));
        let port = TlsPort::open(&folder, names, move |client| hand_on(client, behind)).await?;
        Ok(Self(port))
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// The file with the certificate of the authority, PEM.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.0.authority
    }
}

async fn hand_on(mut client: TlsStream<TcpStream>, behind: u16) -> std::io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, behind)).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
