//! Where windows are shown: this machine's desktop, or a virtual one.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};

use crate::error::{Error, Result};
use crate::process::{Process, Program};
use crate::screen::Screen;

/// Starting takes a fraction of a second.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Room for a browser's window around a 720p page.
const SCREEN: &str = "1360x900x24";

/// A desktop. Dropping it ends it, if it was a virtual one.
#[derive(Debug)]
pub struct Desktop {
    display: String,
    screen: Option<Screen>,
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
                screen: None,
                _server: None,
            }),
            _ => Self::start(folder, &[]).await,
        }
    }

    /// One by Xvfb whose pixels lie in a file of `folder`, so that it is seen without costing those whose windows are there
    /// anything.
    ///
    /// # Errors
    /// When Xvfb does not start, or its file is none.
    pub async fn seen(folder: &Path) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let shown = folder.join(format!("screen-{number}"));
        std::fs::create_dir_all(&shown).map_err(Error::file("create", &shown))?;
        let place = shown.display().to_string();
        let desktop = Self::start(folder, &["-fbdir", &place]).await?;
        let screen = Screen::open(&shown.join("Xvfb_screen0"))?;
        Ok(Self {
            screen: Some(screen),
            ..desktop
        })
    }

    /// What is on it; of one that is [`Self::seen`].
    #[must_use]
    pub fn screen(&self) -> Option<&Screen> {
        self.screen.as_ref()
    }

    async fn start(folder: &Path, more: &[&str]) -> Result<Self> {
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
        let program = program.args(arguments).args(more);
        let mut server = program.start().await?;
        let (_, output) = server.pipes();
        let mut lines = BufReader::new(output).lines();
        match tokio::time::timeout(READY_WITHIN, lines.next_line()).await {
            Ok(Ok(Some(number))) => Ok(Self {
                display: format!(":{}", number.trim()),
                screen: None,
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
