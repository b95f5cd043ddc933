//! TCP ports of one network in another.

use std::{io, net::SocketAddr};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpSocket, TcpStream},
    task::{AbortHandle, JoinSet},
};

use crate::Namespace;

/// A port that answers as another one does. Dropping it closes all its connections.
#[derive(Debug)]
pub struct Forwarding(AbortHandle);

impl Forwarding {
    /// Each connection that comes becomes one to `to`, made in this namespace, or here.
    pub(crate) fn start(listener: TcpListener, dials: Option<Namespace>, to: SocketAddr) -> Self {
        let accept = async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                connections.spawn(join(near, dials.clone(), to));
                while connections.try_join_next().is_some() {}
            }
        };
        Self(tokio::spawn(accept).abort_handle())
    }
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// When one side closes or fails the other one closes.
async fn join(mut near: TcpStream, dials: Option<Namespace>, to: SocketAddr) -> io::Result<()> {
    let socket = match dials {
        Some(namespace) => namespace.inside(TcpSocket::new_v4).await??,
        None => TcpSocket::new_v4()?,
    };
    let mut far = socket.connect(to).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    copy_bidirectional(&mut near, &mut far).await.map(drop)
}
