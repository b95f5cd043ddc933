//! The media engine's process: started, spoken to, killed.

use std::{os::unix::net::UnixStream as StdStream, path::PathBuf, process::Stdio, sync::Arc};

use anyhow::{Context, Result};
use command_fds::{CommandFdExt, FdMapping};
use saal_core::EngineEvent;
use saal_media_protocol::{CONTROL_FD, MediaCommand, MediaEvent, PICTURE_FD, VERSION};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixStream, unix::OwnedReadHalf},
    process::{Child, Command},
    sync::{mpsc, watch},
};

use crate::input::{EngineInput, Input, Inputs};

/// One heap for all of the engine's threads (mallopt(3)). What is large has mappings of its own
/// anyway; what is small is not worth the megabytes that each further heap holds back.
const ONE_HEAP: (&str, &str) = ("MALLOC_ARENA_MAX", "1");
/// The largest JPEG of a television that is believed.
const MAX_PICTURE: usize = 16 << 20;

/// The newest picture of the television.
pub(crate) type Television = watch::Sender<Option<Arc<Vec<u8>>>>;

/// A running engine; dropping it kills the process.
pub(crate) struct Engine {
    pid: u32,
    commands: mpsc::UnboundedSender<MediaCommand>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Engine {
    /// Starts the process. What it says arrives as [`Input::Engine`] with this generation.
    ///
    /// # Errors
    /// When the program can't be started.
    pub(crate) fn start(
        program: &PathBuf,
        generation: u64,
        inputs: Inputs,
        television: Television,
    ) -> Result<Self> {
        let (control, theirs) = StdStream::pair().context("no socket pair for the engine")?;
        let (picture, their_picture) = StdStream::pair().context("no socket pair for pictures")?;
        let child = spawn(program, theirs, their_picture)?;
        let pid = child.id().context("the engine ended at once")?;
        let (commands, outgoing) = mpsc::unbounded_channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (read, write) = to_tokio(control)?.into_split();
        tokio::spawn(write_commands(write, outgoing));
        tokio::spawn(read_pictures(to_tokio(picture)?, television));
        tokio::spawn(watch_over(child, read, stopped, generation, inputs));
        let engine = Self {
            pid,
            commands,
            _stop: stop,
        };
        engine.send(MediaCommand::Hello { version: VERSION });
        Ok(engine)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Queues a command; one for an engine that is gone is dropped, its successor is told all.
    pub(crate) fn send(&self, command: MediaCommand) {
        let _ = self.commands.send(command);
    }
}

fn spawn(program: &PathBuf, control: StdStream, picture: StdStream) -> Result<Child> {
    let mut command = Command::new(program);
    let (name, value) = ONE_HEAP;
    command
        .env(name, value)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let mappings = vec![
        FdMapping {
            parent_fd: control.into(),
            child_fd: CONTROL_FD,
        },
        FdMapping {
            parent_fd: picture.into(),
            child_fd: PICTURE_FD,
        },
    ];
    command
        .fd_mappings(mappings)
        .context("two sockets on one descriptor")?;
    command
        .spawn()
        .with_context(|| format!("can't start the media engine {}", program.display()))
}

fn to_tokio(stream: StdStream) -> Result<UnixStream> {
    stream
        .set_nonblocking(true)
        .context("a socket refused to be non-blocking")?;
    UnixStream::from_std(stream).context("a socket could not be watched")
}

async fn write_commands(
    mut socket: tokio::net::unix::OwnedWriteHalf,
    mut commands: mpsc::UnboundedReceiver<MediaCommand>,
) {
    while let Some(command) = commands.recv().await {
        let mut line = serde_json::to_vec(&command).expect("commands are plain data");
        line.push(b'\n');
        if socket.write_all(&line).await.is_err() {
            return;
        }
    }
}

/// Reads events until the process ends or is given up, then says so once.
async fn watch_over(
    mut child: Child,
    socket: OwnedReadHalf,
    stopped: tokio::sync::oneshot::Receiver<()>,
    generation: u64,
    inputs: Inputs,
) {
    let send = |input| inputs.send(Input::Engine(generation, input));
    let reason = tokio::select! {
        reason = read_events(socket, &send) => reason,
        status = child.wait() => match status {
            Ok(status) => format!("the process ended: {status}"),
            Err(e) => format!("the process is lost: {e}"),
        },
        _ = stopped => {
            let _ = child.kill().await;
            return;
        }
    };
    let _ = child.kill().await;
    send(EngineInput::Process(EngineEvent::Lost { reason }));
}

async fn read_events(socket: OwnedReadHalf, send: &impl Fn(EngineInput)) -> String {
    let mut lines = BufReader::new(socket).lines();
    loop {
        let line = match lines.next_line().await {
            Ok(Some(line)) => line,
            // The exit status tells more; it comes from the other branch.
            Ok(None) => std::future::pending().await,
            Err(e) => return format!("its socket failed: {e}"),
        };
        match serde_json::from_str::<MediaEvent>(&line) {
            Ok(MediaEvent::Hello { version: VERSION }) => {
                send(EngineInput::Process(EngineEvent::Ready));
            }
            Ok(MediaEvent::Hello { version }) => {
                return format!("it speaks version {version} of our protocol, not {VERSION}");
            }
            Ok(event) => send(EngineInput::Media(event)),
            Err(e) => return format!("it said something unknown: {e}"),
        }
    }
}

async fn read_pictures(mut socket: UnixStream, television: Television) {
    while let Ok(length) = socket.read_u32().await {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX_PICTURE {
            tracing::error!(length, "the engine sent an impossible picture");
            break;
        }
        let mut jpeg = vec![0; length];
        if socket.read_exact(&mut jpeg).await.is_err() {
            break;
        }
        television.send_replace(Some(Arc::new(jpeg)));
    }
    television.send_replace(None);
}
