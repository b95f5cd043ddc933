//! A network that lets web pages through and no WebSocket, as some proxies do.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::error::{Error, Result};
use crate::runtime;

/// Longer than the head of any request of the tests.
const HEAD: usize = 16 * 1024;
/// What proxies answer that do not know what is asked of them.
const REFUSAL: &[u8] = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Stands before a server until it is dropped.
#[derive(Debug)]
pub struct SocketWall {
    port: u16,
    open: Arc<AtomicBool>,
    serving: tokio::task::AbortHandle,
}

impl SocketWall {
    /// Before the server at this port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn before(server: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::Port)?;
        let port = listener.local_addr().map_err(Error::Port)?.port();
        let open = Arc::new(AtomicBool::new(false));
        let opened = Arc::clone(&open);
        let serving = runtime::runtime().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let opened = Arc::clone(&opened);
                tokio::spawn(async move { pass(client, server, &opened).await });
            }
        });
        let serving = serving.abort_handle();
        Ok(Self {
            port,
            open,
            serving,
        })
    }

    /// Where clients connect to: `ws://…`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// Lets everything through from the next request on.
    pub fn open(&self) {
        self.open.store(true, Ordering::Relaxed);
    }
}

impl Drop for SocketWall {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(mut client: TcpStream, server: u16, open: &AtomicBool) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD {
        head.push(client.read_u8().await?);
    }
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    if text.contains("\r\nupgrade: websocket\r\n") && !open.load(Ordering::Relaxed) {
        return client.write_all(REFUSAL).await;
    }
    let mut far = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await?;
    far.write_all(&head).await?;
    copy_bidirectional(&mut client, &mut far).await.map(drop)
}
