//! TLS to the database, and to what tells nodes of each other.

use std::{
    convert::Infallible,
    io,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use rustls::{ClientConfig, pki_types::ServerName};
use saal_agent::link;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::{
    Socket,
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream},
};
use tokio_rustls::TlsConnector;

use crate::{folder::FolderError, tls};

/// How the database's certificate is checked.
#[derive(Clone)]
pub(super) struct Secure(Arc<ClientConfig>);

impl Secure {
    /// By an authority of its own, or by those that this machine trusts.
    ///
    /// # Errors
    /// The file can't be read, or has no certificate.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, FolderError> {
        Ok(Self(client(ca)?))
    }
}

/// How this node checks the certificate of a server that it talks to: by an authority of its own, or by those that this machine
/// trusts.
///
/// # Errors
/// The file can't be read, or has no certificate.
pub(crate) fn client(ca: Option<&Path>) -> Result<Arc<ClientConfig>, FolderError> {
    let roots = link::authorities(ca);
    let roots = roots.map_err(|bad| FolderError::bad(&bad.path, &bad.reason))?;
    Ok(tls::believing(roots))
}

impl MakeTlsConnect<Socket> for Secure {
    type Stream = Secured;
    type TlsConnect = To;
    type Error = Infallible;

    fn make_tls_connect(&mut self, name: &str) -> Result<To, Infallible> {
        Ok(To {
            config: self.0.clone(),
            name: ServerName::try_from(name.to_owned()).ok(),
        })
    }
}

/// One connection to be made.
pub(super) struct To {
    config: Arc<ClientConfig>,
    /// `None`: what can't have a certificate, as a socket of this machine.
    name: Option<ServerName<'static>>,
}

impl TlsConnect<Socket> for To {
    type Stream = Secured;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Secured>>;

    fn connect(self, socket: Socket) -> Self::Future {
        let Some(name) = self.name else {
            let reason = "the database's address has no name that a certificate could have";
            return Box::pin(
                async move { Err(io::Error::new(io::ErrorKind::InvalidInput, reason)) },
            );
        };
        let connecting = TlsConnector::from(self.config).connect(name, socket);
        Box::pin(async move { Ok(Secured(connecting.await?)) })
    }
}

/// A connection that nobody reads along.
pub(super) struct Secured(tokio_rustls::client::TlsStream<Socket>);

impl TlsStream for Secured {
    // The certificate is checked, which binds as well.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
