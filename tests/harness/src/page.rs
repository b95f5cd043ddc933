//! The driver of a browser and the pages in it: questions as JSON lines, answers as they come.

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
use crate::farend::{FarEndOptions, Picture, Sound};
use crate::process::{Process, Program};
use crate::runtime;
use crate::tools::far_end_sources;
use crate::usage::Usage;

/// Starting Chromium takes 1 s on an idle machine.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Loading Element Call and joining takes 3 s on an idle machine; nothing else here takes longer.
const ANSWER_WITHIN: Duration = Duration::from_secs(90);
/// A browser that is asked to close does so in a fraction of a second.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);

/// A page of its own with its own session. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Page {
    browser: Arc<Browser>,
    name: String,
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<std::result::Result<Value, String>>>>>;

/// A running browser.
#[derive(Debug)]
pub(crate) struct Browser {
    process: AsyncMutex<Process>,
    input: AsyncMutex<Option<ChildStdin>>,
    waiting: Waiting,
    count: AtomicU64,
    origin: String,
    log: PathBuf,
}

impl Page {
    /// A page that the driver opens with the first question that needs it.
    pub(crate) fn new(browser: Arc<Browser>, name: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("{name}#{}", COUNT.fetch_add(1, Ordering::Relaxed));
        Self { browser, name }
    }

    /// Asks the driver something about this page.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        operation: &str,
        mut request: Value,
    ) -> Result<T> {
        request["user"] = json!(self.name);
        self.browser.ask(operation, request).await
    }

    /// The next picture of each remote video track that gives one within a second.
    pub(crate) async fn pictures(&self) -> Result<Vec<Picture>> {
        self.picture_list("luma", json!({ "within_ms": 1000 }))
            .await
    }

    /// Pictures of the page's own camera in the next `length`, of each the lines in which its code is.
    pub(crate) async fn captures(&self, length: Duration) -> Result<Vec<Picture>> {
        self.picture_list("captures", json!({ "ms": length.as_millis() }))
            .await
    }

    async fn picture_list(&self, operation: &str, request: Value) -> Result<Vec<Picture>> {
        #[derive(Deserialize)]
        struct Raw {
            stream: String,
            width: u32,
            height: u32,
            at_ms: f64,
            luma: String,
        }
        let raw: Vec<Raw> = self.ask(operation, request).await?;
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
    pub(crate) async fn listen(&self, length: Duration) -> Result<Vec<Sound>> {
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
    pub(crate) async fn screenshot(&self, path: &Path) -> Result<()> {
        self.ask::<Value>("screenshot", json!({ "path": path }))
            .await
            .map(drop)
    }
}

impl Drop for Page {
    /// A page that nobody looks at any more would go on encoding and decoding beside the next test.
    fn drop(&mut self) {
        let (browser, request) = (self.browser.clone(), json!({ "user": self.name }));
        runtime::runtime().spawn(async move {
            // It fails when the page or the browser is closed already, which is what is wanted.
            let _ = browser.ask::<Value>("close", request).await;
        });
    }
}

impl Browser {
    /// Starts the driver and the browser; `settings` are the driver's.
    pub(crate) async fn start(
        node: &Path,
        folder: &Path,
        settings: &Value,
        options: &FarEndOptions,
    ) -> Result<Arc<Self>> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let log = folder.join(format!("farend-{count}.log"));
        let program = Program::new("the far end", node, log.clone()).piped();
        let mut program = program.within(options.network.as_ref());
        if let Some(display) = &options.display {
            program = program.env("DISPLAY", display);
        }
        if let Some(loudspeaker) = &options.loudspeaker {
            program = program.env("PULSE_SERVER", loudspeaker);
        }
        let main = far_end_sources().join("main.mjs").display().to_string();
        let mut process = program.args([main, settings.to_string()]).start().await?;
        let (input, output) = process.pipes();
        let mut lines = BufReader::new(output).lines();
        match tokio::time::timeout(READY_WITHIN, lines.next_line()).await {
            Ok(Ok(Some(line))) if line.contains("\"ready\"") => tracing::debug!(line, "far end"),
            _ => return Err(process.error("did not get ready")),
        }
        let waiting = Waiting::default();
        tokio::spawn(deliver(lines, waiting.clone()));
        let origin = settings["origin"].as_str().unwrap_or_default().to_owned();
        Ok(Arc::new(Self {
            process: AsyncMutex::new(process),
            input: AsyncMutex::new(Some(input)),
            waiting,
            count: AtomicU64::new(0),
            origin,
            log,
        }))
    }

    /// Where its pages come from.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// What the browser costs, all its processes together, without the driver.
    pub(crate) async fn usage(&self) -> Usage {
        Usage::below(self.process.lock().await.pid())
    }

    /// Closes the browser and waits for its end.
    pub(crate) async fn close(&self) {
        // The driver closes the browser and ends when nobody can tell it anything any more.
        self.input.lock().await.take();
        let mut process = self.process.lock().await;
        if tokio::time::timeout(CLOSED_WITHIN, process.wait())
            .await
            .is_err()
        {
            process.kill().await;
        }
    }

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

/// The bytes of an answer that are base64.
pub(crate) fn decode(what: &str, text: &str) -> Result<Vec<u8>> {
    BASE64_STANDARD.decode(text).map_err(|error| Error::Answer {
        what: what.to_owned(),
        answer: error.to_string(),
    })
}
