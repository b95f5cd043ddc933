//! Element Call users in a real Chromium.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use saal_network_sim::Namespace;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::Result;
use crate::matrix::User;
use crate::page::{Browser, Page};
use crate::screen::Place;
use crate::servers::Servers;
use crate::stats::CallStats;
use crate::tools::Tools;
use crate::usage::Usage;

/// What the far end's camera and microphone give, for all its users.
#[derive(Debug, Clone, Default)]
pub struct FarEndOptions {
    /// A Y4M file that is played in a loop as the camera's picture; Chromium's own test picture without.
    pub video: Option<PathBuf>,
    /// A WAV file that is played in a loop as the microphone's sound; Chromium's own beeps without.
    pub audio: Option<PathBuf>,
    /// Which browser.
    pub browser: BrowserKind,
    /// Where its window is shown, if not on this machine's desktop.
    pub display: Option<String>,
    /// It plays sound, even into nothing; else it is muted, and its echo canceller has nothing to cancel.
    pub audible: bool,
    /// The sound server (`PULSE_SERVER`) of an `audible` one; this machine's without.
    pub loudspeaker: Option<String>,
    /// The network that it is in; the harness's without.
    pub network: Option<Namespace>,
}

/// Which build of Chromium, and whether it is seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BrowserKind {
    /// Chromium's headless shell: the same engine without the browser around it, for tests.
    #[default]
    Shell,
    /// The whole browser without a window: what costs are compared with.
    Whole,
    /// The whole browser in a window of this desktop.
    Window,
}

/// How a user joins.
#[derive(Debug, Clone)]
pub struct JoinOptions {
    /// Element Call's `matrix_rtc_mode`: `legacy`, `compatibility` or `matrix_2_0`.
    pub mode: &'static str,
    /// `vp8`, `h264`, `vp9` or `av1`.
    pub codec: &'static str,
    /// Pixels of the page, for its first call.
    pub page: (u32, u32),
    /// Media are encrypted, and so is what else Element Web encrypts; for encrypted Matrix rooms. Decided by the
    /// page's first call.
    pub encrypted: bool,
    /// Media are encrypted with a key made from these words, as by a link that carries them.
    pub password: Option<&'static str>,
    /// The user's device is signed by its owner, as after a login that was verified.
    pub verified: bool,
    /// Rings for the others in the room when nobody is in the call yet.
    pub ring: bool,
}

impl Default for JoinOptions {
    fn default() -> Self {
        Self {
            mode: "compatibility",
            codec: "vp8",
            page: (960, 600),
            encrypted: false,
            password: None,
            verified: true,
            ring: false,
        }
    }
}

/// A Chromium with far-end users in it.
#[derive(Debug)]
pub struct FarEnd {
    browser: Arc<Browser>,
}

/// A user in the far end's browser. Dropping it closes the user's page.
#[derive(Debug)]
pub struct Caller {
    page: Page,
    user: User,
}

/// What the page around Element Call has seen by sync, in this call.
#[derive(Debug, Clone, Deserialize)]
pub struct PageState {
    /// Encrypted key events.
    pub keys: Vec<MediaKeySeen>,
    /// The Matrix room's topic.
    pub topic: Option<String>,
}

/// A key of somebody's media, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MediaKeySeen {
    /// `@name:server`
    pub sender: String,
    /// Its place.
    pub index: u8,
}

/// A tile of Element Call's grid.
#[derive(Debug, Clone, Deserialize)]
pub struct Tile {
    /// The name on it.
    pub name: String,
    /// Whether it is the user's own.
    pub local: bool,
    /// Whether it shows a picture.
    pub video: bool,
    /// Whether it says that the microphone is off.
    pub muted: bool,
}

/// One picture of a remote track or of the television, brightness only.
#[derive(Clone)]
pub struct Picture {
    /// The media stream: `PA_…|TR_…` with the media server's ids; empty for the television.
    pub stream: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// When it was read, milliseconds since 1970.
    pub at_ms: f64,
    /// `width * height` bytes, rows from the top.
    pub plane: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            stream,
            width,
            height,
            at_ms,
            ..
        } = self;
        write!(
            f,
            "{width}x{height} of {stream:?} at {at_ms}: {:?}",
            self.code()
        )
    }
}

/// A piece of a remote track's sound, one channel.
#[derive(Clone)]
pub struct Sound {
    /// The media stream: `PA_…|TR_…` with the media server's ids.
    pub stream: String,
    /// Samples per second.
    pub sample_rate: u32,
    /// -1 to 1.
    pub samples: Vec<f32>,
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (length, level) = (self.samples.len(), self.level());
        write!(
            f,
            "{length} samples of {:?} at level {level:.3}: {:?}",
            self.stream,
            self.code()
        )
    }
}

impl FarEnd {
    /// Starts Chromium.
    ///
    /// # Errors
    /// When it does not come up; the error has the end of the driver's log.
    pub async fn start(servers: &Servers, options: &FarEndOptions) -> Result<Self> {
        Self::start_in(
            servers.tools(),
            servers.folder(),
            servers.origin(),
            &[],
            options,
        )
        .await
    }

    /// Starts Chromium without anybody's servers, for pages at addresses of their own ([`Self::laptop`]).
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn alone(folder: &Path) -> Result<Self> {
        let tools = Tools::find()?;
        Self::start_in(
            &tools,
            folder,
            "about:blank",
            &[],
            &FarEndOptions::default(),
        )
        .await
    }

    /// Starts Chromium for the pages of another origin; beside this machine it finds only `hosts`.
    pub(crate) async fn start_in(
        tools: &Tools,
        folder: &Path,
        origin: &str,
        hosts: &[&str],
        options: &FarEndOptions,
    ) -> Result<Self> {
        let chromium = match options.browser {
            BrowserKind::Shell => &tools.chromium_shell,
            BrowserKind::Whole | BrowserKind::Window => &tools.chromium,
        };
        let settings = json!({
            "modules": tools.node_modules, "chromium": chromium, "origin": origin, "hosts": hosts,
            "video": options.video, "audio": options.audio, "headed": options.browser == BrowserKind::Window,
            "audible": options.audible,
        });
        let browser = Browser::start(&tools.node, folder, &settings, options).await?;
        Ok(Self { browser })
    }

    /// Opens a page that is a client itself. `cover` says which addresses are answered by the driver; see its `cover`.
    pub(crate) async fn visit(&self, name: &str, url: &str, cover: Value) -> Result<Page> {
        let page = Page::new(self.browser.clone(), name);
        page.ask::<Value>("visit", json!({ "url": url, "cover": cover }))
            .await?;
        Ok(page)
    }

    /// A page that opens with the first question.
    pub(crate) fn page(&self, name: &str) -> Page {
        Page::new(self.browser.clone(), name)
    }

    /// Brings a user into the call of a Matrix room, by the same page that Element Web would show.
    ///
    /// # Errors
    /// When the user does not get into the call.
    pub async fn join(&self, user: &User, room_id: &str, options: &JoinOptions) -> Result<Caller> {
        let caller = Caller {
            page: Page::new(self.browser.clone(), user.user_id.as_ref()),
            user: user.clone(),
        };
        caller.join(room_id, options).await?;
        Ok(caller)
    }

    /// Where this browser's pages come from.
    pub(crate) fn origin(&self) -> &str {
        self.browser.origin()
    }

    /// What the browser costs, all its processes together, without the driver.
    pub async fn usage(&self) -> Usage {
        self.browser.usage().await
    }

    /// Closes the browser and waits for its end.
    pub async fn close(self) {
        self.browser.close().await;
    }
}

impl Caller {
    /// Joins (again) with the session that this caller has.
    ///
    /// # Errors
    /// When the user does not get into the call.
    pub async fn join(&self, room_id: &str, options: &JoinOptions) -> Result<()> {
        let JoinOptions {
            mode,
            codec,
            page,
            encrypted,
            password,
            verified,
            ring,
        } = *options;
        let options = json!({
            "session": self.user.session(), "room_id": room_id, "mode": mode, "codec": codec,
            "encrypted": encrypted, "password": password, "verified": verified, "ring": ring,
        });
        let (width, height) = page;
        let viewport = json!({ "width": width, "height": height });
        self.ask::<Value>("join", json!({ "options": options, "viewport": viewport }))
            .await
            .map(drop)
    }

    /// Leaves the call by Element Call's own hang-up.
    ///
    /// # Errors
    /// When the browser does not do it; so for every method here.
    pub async fn hang_up(&self) -> Result<()> {
        self.ask::<Value>("hang_up", json!({})).await.map(drop)
    }

    /// Switches microphone or camera; `None` leaves it as it is.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn set_devices(&self, microphone: Option<bool>, camera: Option<bool>) -> Result<()> {
        let mut wanted = serde_json::Map::new();
        wanted.extend(microphone.map(|on| ("audio_enabled".to_owned(), on.into())));
        wanted.extend(camera.map(|on| ("video_enabled".to_owned(), on.into())));
        self.ask::<Value>("devices", json!({ "wanted": wanted }))
            .await
            .map(drop)
    }

    /// Presents something: what the camera would show.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn share_screen(&self) -> Result<()> {
        self.ask::<Value>("share_screen", json!({})).await.map(drop)
    }

    /// What the page around Element Call has seen by sync.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn page_state(&self) -> Result<PageState> {
        self.ask("state", json!({})).await
    }

    /// Sends another device the last key of this user's media once more, with some fields changed: paths with
    /// numbers to add or other values to put.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn send_key_like(&self, user: &str, device: &str, changes: Value) -> Result<()> {
        let values = json!([user, device, changes]);
        self.ask::<Value>("invoke", json!({ "name": "sendKeyLike", "values": values }))
            .await
            .map(drop)
    }

    /// What WebRTC in the browser counts.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn stats(&self) -> Result<CallStats> {
        self.ask("stats", json!({})).await
    }

    /// The tiles as a person sees them.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn tiles(&self) -> Result<Vec<Tile>> {
        self.ask("tiles", json!({})).await
    }

    /// Presses the button of this name, as the user would.
    ///
    /// # Errors
    /// When there is none within some seconds.
    pub async fn press(&self, name: &str) -> Result<()> {
        self.ask::<Value>("press", json!({ "name": name }))
            .await
            .map(drop)
    }

    /// All text that Element Call shows.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn text(&self) -> Result<String> {
        self.ask("text", json!({})).await
    }

    /// Element Call's page as it stands; for finding out what to look at.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn html(&self) -> Result<String> {
        self.ask("html", json!({})).await
    }

    /// The next picture of each remote video track that gives one within a second.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn pictures(&self) -> Result<Vec<Picture>> {
        self.page.pictures().await
    }

    /// What the user's own camera gives in the next `length`: when pictures came to the page, and of each the lines in which
    /// its code is.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn captures(&self, length: Duration) -> Result<Vec<Picture>> {
        self.page.captures(length).await
    }

    /// Where others' pictures are on the page, in its pixels, wholly, also what of them is cut off.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn places(&self) -> Result<Vec<Place>> {
        self.ask("places", json!({})).await
    }

    /// The next `length` of each remote sound track.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn listen(&self, length: Duration) -> Result<Vec<Sound>> {
        self.page.listen(length).await
    }

    /// Saves what the user sees as PNG.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        self.page.screenshot(path).await
    }

    /// Closes the user's page without leaving the call, as when a laptop's lid closes.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn close(self) -> Result<()> {
        self.ask::<Value>("close", json!({})).await.map(drop)
    }

    /// The Matrix user.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    async fn ask<T: DeserializeOwned>(&self, operation: &str, request: Value) -> Result<T> {
        self.page.ask(operation, request).await
    }
}
