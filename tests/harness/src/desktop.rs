//! Where windows are shown: this machine's desktop, or a virtual one.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};

use crate::error::Result;
use crate::process::{Process, Program};

/// Starting takes a fraction of a second.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Room for a browser's window around a 720p page.
const SCREEN: &str = "1360x900x24";

/// A desktop. Dropping it ends it, if it was a virtual one.
#[derive(Debug)]
pub struct Desktop {
    display: String,
    _server: Option<Process>,
}

impl Desktop {
    /// This machine's desktop if there is one, else one by Xvfb.
    ///
    /// # Errors
    /// When Xvfb does not start.
    pub async fn find(folder: &Path) -> Result<Self> {
        match std::env::var("DISPLAY") {
            Ok(display) if !display.is_empty() => Ok(Self {
                display,
                _server: None,
            }),
            _ => Self::start(folder).await,
        }
    }

    async fn start(folder: &Path) -> Result<Self> {
        let log = folder.join("xvfb.log");
        let program = Program::new("Xvfb", "Xvfb", log).piped();
        // It picks a free display and says which on standard output.
        let arguments = [
            "-displayfd",
            "1",
            "-screen",
            "0",
            SCREEN,
            "-nolisten",
            "tcp",
        ];
        let mut server = program.args(arguments).start().await?;
        let (_, output) = server.pipes();
        let mut lines = BufReader::new(output).lines();
        match tokio::time::timeout(READY_WITHIN, lines.next_line()).await {
            Ok(Ok(Some(number))) => Ok(Self {
                display: format!(":{}", number.trim()),
                _server: Some(server),
            }),
            _ => Err(server.error("did not say which display it is")),
        }
    }

    /// For `DISPLAY`.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }
}
