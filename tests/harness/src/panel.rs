//! The panel as the web view gives it: the tree of elements and touches.

use futures_util::{SinkExt, StreamExt};
use saal_hal::{Touch, TouchPhase};
use serde::Deserialize;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::error::{Error, Result};

/// What stands on the panel.
#[derive(Debug, Clone, Deserialize)]
pub struct PanelTree {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// `home`, `joining`, `call`, ...
    pub screen: String,
    /// From the top.
    pub elements: Vec<Element>,
}

/// One element of the panel.
#[derive(Debug, Clone, Deserialize)]
pub struct Element {
    /// Identity on this screen.
    pub id: String,
    /// What it is, in the words of WAI-ARIA.
    pub role: String,
    /// What it is called.
    pub label: String,
    /// What else there is to know.
    #[serde(default)]
    pub description: String,
    /// Its changeable properties.
    #[serde(default)]
    pub state: ElementState,
    /// Where it is.
    pub rect: Rect,
}

/// The changeable properties of an element.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct ElementState {
    /// Can't be used now.
    #[serde(default)]
    pub disabled: bool,
    /// On or off, for switches.
    #[serde(default)]
    pub pressed: Option<bool>,
}

/// Pixels from the top left corner.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

impl PanelTree {
    /// The element that is called `label`, and if several are, the first that can be used.
    #[must_use]
    pub fn find(&self, label: &str) -> Option<&Element> {
        let named = || {
            self.elements
                .iter()
                .filter(|element| element.label == label)
        };
        named()
            .find(|element| !element.state.disabled)
            .or_else(|| named().next())
    }

    /// All text on the panel.
    #[must_use]
    pub fn text(&self) -> String {
        let lines = self
            .elements
            .iter()
            .flat_map(|element| [element.label.as_str(), element.description.as_str()]);
        lines
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Rect {
    /// The pixel in the middle.
    #[must_use]
    pub fn middle(&self) -> (i32, i32) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }
}

/// Puts a finger on a pixel and lifts it again.
pub(crate) async fn tap(web: &str, x: i32, y: i32) -> Result<()> {
    let url = format!("{}/api/live", web.replacen("http", "ws", 1));
    let failed = |error: tokio_tungstenite::tungstenite::Error| Error::Answer {
        what: url.clone(),
        answer: error.to_string(),
    };
    let (mut socket, _) = tokio_tungstenite::connect_async(&url)
        .await
        .map_err(failed)?;
    for phase in [TouchPhase::Down, TouchPhase::Up] {
        let text = json!({ "touch": Touch { x, y, phase } }).to_string();
        socket.send(Message::text(text)).await.map_err(failed)?;
    }
    socket.close(None).await.map_err(failed)?;
    // A socket that is dropped with pictures unread resets the connection, and the touches in it are lost.
    while socket.next().await.is_some_and(|message| message.is_ok()) {}
    Ok(())
}
