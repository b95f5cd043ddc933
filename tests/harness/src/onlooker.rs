//! Somebody in front of the room's web view: sees what panel and television show, as it comes, and
//! touches the panel.

use futures_util::{SinkExt, StreamExt};
use saal_hal::{Touch, TouchPhase};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::error::{Error, Result};
use crate::farend::Picture;
use crate::panel::PanelTree;

/// The first byte of a picture of the television in the web view's live socket; those of the panel,
/// whose tree follows as text, are not looked at.
const TELEVISION: u8 = 2;

/// An open web view.
#[derive(Debug)]
pub struct Onlooker {
    url: String,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What changed.
#[derive(Debug)]
pub enum Sight {
    /// The panel.
    Panel(PanelTree),
    /// The television; nothing when it went dark.
    Television(Option<TelevisionJpeg>),
}

/// A picture of the television as it came.
pub struct TelevisionJpeg(Vec<u8>);

impl TelevisionJpeg {
    /// Its brightness.
    #[must_use]
    pub fn picture(&self) -> Option<Picture> {
        Picture::from_jpeg(&self.0)
    }
}

impl std::fmt::Debug for TelevisionJpeg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JPEG of {} bytes", self.0.len())
    }
}

impl Onlooker {
    /// Opens the web view at this address.
    pub(crate) async fn open(web: &str) -> Result<Self> {
        let url = format!("{}/api/live", web.replacen("http", "ws", 1));
        match tokio_tungstenite::connect_async(&url).await {
            Ok((socket, _)) => Ok(Self { url, socket }),
            Err(error) => Err(failed(&url, &error)),
        }
    }

    /// Waits for the next change of panel or television.
    ///
    /// # Errors
    /// When the web view is gone.
    pub async fn look(&mut self) -> Result<Sight> {
        loop {
            let message = self.socket.next().await;
            let message = message.unwrap_or(Err(SocketError::ConnectionClosed));
            match message.map_err(|error| failed(&self.url, &error))? {
                // Before its first drawing the panel has no tree.
                Message::Text(tree) if tree.as_str() != "{}" => {
                    let read = serde_json::from_str(&tree).map(Sight::Panel);
                    return read.map_err(|error| Error::Answer {
                        what: self.url.clone(),
                        answer: format!("{error}: {tree}"),
                    });
                }
                Message::Binary(bytes) if bytes.first() == Some(&TELEVISION) => {
                    let jpeg = bytes[1..].to_vec();
                    let shown = (!jpeg.is_empty()).then_some(TelevisionJpeg(jpeg));
                    return Ok(Sight::Television(shown));
                }
                _ => {}
            }
        }
    }

    /// Puts a finger on a pixel of the panel and lifts it again.
    ///
    /// # Errors
    /// When the web view is gone.
    pub async fn tap(&mut self, (x, y): (i32, i32)) -> Result<()> {
        for phase in [TouchPhase::Down, TouchPhase::Up] {
            self.touch(Touch { x, y, phase }).await?;
        }
        Ok(())
    }

    /// Puts a finger on the panel, moves it, or lifts it.
    ///
    /// # Errors
    /// When the web view is gone.
    pub async fn touch(&mut self, touch: Touch) -> Result<()> {
        let text = json!({ "touch": touch }).to_string();
        let sent = self.socket.send(Message::text(text)).await;
        sent.map_err(|error| failed(&self.url, &error))
    }

    /// Closes the web view, once all touches have arrived.
    ///
    /// # Errors
    /// When it is gone before.
    pub async fn close(mut self) -> Result<()> {
        let closed = self.socket.close(None).await;
        closed.map_err(|error| failed(&self.url, &error))?;
        // A socket that is dropped with pictures unread resets the connection, and touches in it are lost.
        while self
            .socket
            .next()
            .await
            .is_some_and(|message| message.is_ok())
        {}
        Ok(())
    }
}

fn failed(url: &str, error: &SocketError) -> Error {
    Error::Answer {
        what: url.to_owned(),
        answer: error.to_string(),
    }
}
