//! Element Call users in a real Chromium.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{Mutex as AsyncMutex, oneshot};

use crate::error::{Error, Result};
use crate::matrix::User;
use crate::process::{Process, Program};
use crate::runtime;
use crate::servers::Servers;
use crate::stats::CallStats;
use crate::tools::far_end_sources;
use crate::usage::Usage;

/// Starting Chromium takes 1 s on an idle machine.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Loading Element Call and joining takes 3 s on an idle machine; nothing else here takes longer.
const ANSWER_WITHIN: Duration = Duration::from_secs(90);
/// A browser that is asked to close does so in a fraction of a second.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);

/// What the far end's camera and microphone give, for all its users.
#[derive(Debug, Clone, Default)]
pub struct FarEndOptions {
    /// A Y4M file that is played in a loop as the camera's picture; Chromium's own test picture without.
    pub video: Option<PathBuf>,
    /// A WAV file that is played in a loop as the microphone's sound; Chromium's own beeps without.
    pub audio: Option<PathBuf>,
    /// Which browser.
    pub browser: BrowserKind,
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
    /// `vp8`, `h264` or `vp9`.
    pub codec: &'static str,
}

impl Default for JoinOptions {
    fn default() -> Self {
        Self {
            mode: "compatibility",
            codec: "vp8",
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
    browser: Arc<Browser>,
    user: User,
    page: String,
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<std::result::Result<Value, String>>>>>;

#[derive(Debug)]
struct Browser {
    process: AsyncMutex<Process>,
    input: AsyncMutex<Option<ChildStdin>>,
    waiting: Waiting,
    count: AtomicU64,
    origin: String,
    log: PathBuf,
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
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let log = servers.folder().join(format!(
            "farend-{}.log",
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        let tools = servers.tools();
        let chromium = match options.browser {
            BrowserKind::Shell => &tools.chromium_shell,
            BrowserKind::Whole | BrowserKind::Window => &tools.chromium,
        };
        let settings = json!({
            "modules": tools.node_modules, "chromium": chromium, "origin": servers.origin(),
            "video": options.video, "audio": options.audio, "headed": options.browser == BrowserKind::Window,
        });
        let program = Program::new("the far end", &tools.node, log.clone()).piped();
        let arguments = [
            far_end_sources().join("main.mjs").display().to_string(),
            settings.to_string(),
        ];
        let mut process = program.args(arguments).start().await?;
        let (input, output) = process.pipes();
        let mut lines = BufReader::new(output).lines();
        match tokio::time::timeout(READY_WITHIN, lines.next_line()).await {
            Ok(Ok(Some(line))) if line.contains("\"ready\"") => tracing::debug!(line, "far end"),
            _ => return Err(process.error("did not get ready")),
        }
        let waiting = Waiting::default();
        tokio::spawn(deliver(lines, waiting.clone()));
        let (process, input) = (AsyncMutex::new(process), AsyncMutex::new(Some(input)));
        let origin = servers.origin().to_owned();
        let browser = Arc::new(Browser {
            process,
            input,
            waiting,
            count: AtomicU64::new(0),
            origin,
            log,
        });
        Ok(Self { browser })
    }

    /// Brings a user into the call of a Matrix room, by the same page that Element Web would show.
    ///
    /// # Errors
    /// When the user does not get into the call.
    pub async fn join(&self, user: &User, room_id: &str, options: &JoinOptions) -> Result<Caller> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let page = format!("{}#{}", user.user_id, COUNT.fetch_add(1, Ordering::Relaxed));
        let caller = Caller {
            browser: self.browser.clone(),
            user: user.clone(),
            page,
        };
        caller.join(room_id, options).await?;
        Ok(caller)
    }

    /// What the browser costs, all its processes together, without the driver.
    pub async fn usage(&self) -> Usage {
        Usage::below(self.browser.process.lock().await.pid())
    }

    /// Closes the browser and waits for its end.
    pub async fn close(self) {
        // The driver closes the browser and ends when nobody can tell it anything any more.
        self.browser.input.lock().await.take();
        let mut process = self.browser.process.lock().await;
        if tokio::time::timeout(CLOSED_WITHIN, process.wait())
            .await
            .is_err()
        {
            process.kill().await;
        }
    }
}

impl Caller {
    /// Joins (again) with the session that this caller has.
    ///
    /// # Errors
    /// When the user does not get into the call.
    pub async fn join(&self, room_id: &str, options: &JoinOptions) -> Result<()> {
        let options = json!({ "session": self.user.session(), "room_id": room_id, "mode": options.mode, "codec": options.codec });
        self.ask::<Value>("join", json!({ "options": options }))
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
        #[derive(Deserialize)]
        struct Raw {
            stream: String,
            width: u32,
            height: u32,
            at_ms: f64,
            luma: String,
        }
        let raw: Vec<Raw> = self.ask("luma", json!({ "within_ms": 1000 })).await?;
        raw.into_iter()
            .map(|picture| {
                let plane = decode("luma", &picture.luma)?;
                Ok(Picture {
                    stream: picture.stream,
                    width: picture.width,
                    height: picture.height,
                    at_ms: picture.at_ms,
                    plane,
                })
            })
            .collect()
    }

    /// The next `length` of each remote sound track.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn listen(&self, length: Duration) -> Result<Vec<Sound>> {
        #[derive(Deserialize)]
        struct Raw {
            stream: String,
            sample_rate: u32,
            samples: String,
        }
        let raw: Vec<Raw> = self
            .ask("sound", json!({ "ms": length.as_millis() }))
            .await?;
        raw.into_iter()
            .map(|sound| {
                let bytes = decode("sound", &sound.samples)?;
                let samples = bytes
                    .chunks_exact(4)
                    .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
                    .collect();
                Ok(Sound {
                    stream: sound.stream,
                    sample_rate: sound.sample_rate,
                    samples,
                })
            })
            .collect()
    }

    /// Saves what the user sees as PNG.
    ///
    /// # Errors
    /// As for [`Self::hang_up`].
    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        self.ask::<Value>("screenshot", json!({ "path": path }))
            .await
            .map(drop)
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

    async fn ask<T: DeserializeOwned>(&self, operation: &str, mut request: Value) -> Result<T> {
        request["user"] = json!(self.page);
        self.browser.ask(operation, request).await
    }
}

impl Drop for Caller {
    /// A page that nobody looks at any more would go on encoding and decoding beside the next test.
    fn drop(&mut self) {
        let (browser, request) = (self.browser.clone(), json!({ "user": self.page }));
        runtime::runtime().spawn(async move {
            // It fails when the page or the browser is closed already, which is what is wanted.
            let _ = browser.ask::<Value>("close", request).await;
        });
    }
}

impl Browser {
    async fn ask<T: DeserializeOwned>(&self, operation: &str, mut request: Value) -> Result<T> {
        let failed = |message: String| Error::FarEnd {
            operation: operation.to_owned(),
            message,
            log: self.log.clone(),
        };
        let id = self.count.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        self.waiting
            .lock()
            .expect("nothing panics while it holds this lock")
            .insert(id, tell);
        request["id"] = json!(id);
        request["op"] = json!(operation);
        let line = format!("{request}\n");
        match self.input.lock().await.as_mut() {
            Some(input) => {
                let written = input.write_all(line.as_bytes()).await;
                written.map_err(|error| failed(error.to_string()))?;
            }
            None => return Err(failed("the browser is closed".to_owned())),
        }
        let answer = match tokio::time::timeout(ANSWER_WITHIN, told).await {
            Ok(Ok(answer)) => answer.map_err(failed)?,
            Ok(Err(_)) => return Err(failed("the driver has ended".to_owned())),
            Err(_) => {
                return Err(failed(format!(
                    "no answer within {ANSWER_WITHIN:?} ({})",
                    self.origin
                )));
            }
        };
        serde_json::from_value(answer.clone()).map_err(|error| failed(format!("{error}: {answer}")))
    }
}

/// Hands each answer to the one who asked. Ends, and with it every question, when the driver ends.
async fn deliver(mut lines: tokio::io::Lines<BufReader<ChildStdout>>, waiting: Waiting) {
    #[derive(Deserialize)]
    struct Answer {
        id: u64,
        #[serde(default)]
        ok: Value,
        error: Option<String>,
    }
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(answer) = serde_json::from_str::<Answer>(&line) else {
            tracing::warn!(line, "the far end said something else");
            continue;
        };
        let asked = waiting
            .lock()
            .expect("nothing panics while it holds this lock")
            .remove(&answer.id);
        if let Some(asked) = asked {
            let _ = asked.send(answer.error.map_or(Ok(answer.ok), Err));
        }
    }
    waiting
        .lock()
        .expect("nothing panics while it holds this lock")
        .clear();
}

fn decode(what: &str, text: &str) -> Result<Vec<u8>> {
    BASE64_STANDARD.decode(text).map_err(|error| Error::Answer {
        what: what.to_owned(),
        answer: error.to_string(),
    })
}
