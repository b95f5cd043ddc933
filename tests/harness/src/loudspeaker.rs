//! A loudspeaker that nobody hears and that can be listened to: PulseAudio's null sink and its monitor. It takes sound at
//! the pace of a clock and says how late it is, as a sound card does.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;

use crate::error::{Error, Result};
use crate::process::{Process, Program};
use crate::wait::until;

/// Starting takes a fraction of a second.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Samples a second, of one channel.
const RATE: u32 = 48_000;
const SINK: &str = "loudspeaker";
/// What is heard arrives in pieces of about this length.
const PIECE: &str = "--latency-msec=5";

/// A sound server with one loudspeaker. Dropping it ends it.
#[derive(Debug)]
pub struct Loudspeaker {
    address: String,
    folder: PathBuf,
    _server: Process,
}

/// What is heard at a loudspeaker. Dropping it ends it.
#[derive(Debug)]
pub struct Listening {
    heard: Arc<Mutex<Played>>,
    _recorder: Process,
}

/// What a loudspeaker played.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// One channel at 48 kHz, without a gap.
    pub samples: Vec<i16>,
    /// When pieces came: how many samples were there before, and when.
    pieces: Vec<(usize, Instant)>,
}

impl Loudspeaker {
    /// Starts one.
    ///
    /// # Errors
    /// When PulseAudio is not installed or does not start.
    pub async fn start(folder: &Path) -> Result<Self> {
        let folder = folder.join("loudspeaker");
        std::fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        let socket = folder.join("native");
        let modules = [
            format!("module-null-sink sink_name={SINK} rate={RATE} channels=2 norewinds=1"),
            format!(
                "module-native-protocol-unix socket={} auth-anonymous=1",
                socket.display()
            ),
        ];
        let log = folder.join("pulseaudio.log");
        let program = Program::new("PulseAudio", "pulseaudio", log);
        let program = program
            // No settings and no other modules, and it stays without clients.
            .args([
                "-n",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--use-pid-file=no",
            ])
            .args(modules.iter().flat_map(|module| ["-L", module.as_str()]))
            .env("PULSE_RUNTIME_PATH", &folder)
            .env("PULSE_STATE_PATH", &folder)
            .env("XDG_CONFIG_HOME", &folder);
        let server = program.start().await?;
        let there = async || Ok::<_, Error>(socket.exists());
        if until("PulseAudio", READY_WITHIN, there, |there| *there)
            .await
            .is_err()
        {
            return Err(server.error("is not there in time"));
        }
        Ok(Self {
            address: format!("unix:{}", socket.display()),
            folder,
            _server: server,
        })
    }

    /// For `PULSE_SERVER`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Listens from now on.
    ///
    /// # Errors
    /// When nothing records.
    pub async fn listen(&self) -> Result<Listening> {
        let program = Program::new("parec", "parec", self.folder.join("parec.log")).piped();
        let mut recorder = program
            .args([
                "--raw",
                "--format=s16le",
                "--rate=48000",
                "--channels=1",
                PIECE,
            ])
            .args(["--device".to_owned(), format!("{SINK}.monitor")])
            .env("PULSE_SERVER", &self.address)
            .env("XDG_CONFIG_HOME", &self.folder)
            .start()
            .await?;
        let (_, mut output) = recorder.pipes();
        let heard = Arc::<Mutex<Played>>::default();
        let told = heard.clone();
        tokio::spawn(async move {
            let mut bytes = [0; 4_096];
            let mut odd = Vec::new();
            while let Ok(count @ 1..) = output.read(&mut bytes).await {
                let now = Instant::now();
                odd.extend_from_slice(&bytes[..count]);
                let (samples, rest) = odd.as_chunks::<2>();
                let mut heard = told.lock().unwrap_or_else(PoisonError::into_inner);
                let before = heard.samples.len();
                heard.pieces.push((before, now));
                heard
                    .samples
                    .extend(samples.iter().map(|s| i16::from_le_bytes(*s)));
                odd = rest.to_vec();
            }
        });
        Ok(Listening {
            heard,
            _recorder: recorder,
        })
    }
}

impl Listening {
    /// What was played so far.
    #[must_use]
    pub fn played(&self) -> Played {
        let heard = self.heard.lock();
        heard.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Played {
    /// When the first sample was played. The server gives a piece away when its first sample is due; a busy machine may take
    /// it late, so that the earliest of many pieces says when that is.
    #[must_use]
    pub fn begun(&self) -> Option<Instant> {
        let seconds = |samples: usize| Duration::from_secs(samples as u64) / RATE;
        let begun = self.pieces.iter();
        let begun = begun.filter_map(|(before, at)| at.checked_sub(seconds(*before)));
        begun.min()
    }
}
