//! The media engine: started, spoken to, ended.

mod launching;

use std::{
    io::ErrorKind,
    os::{fd::OwnedFd, unix::net::UnixStream as StdStream},
    sync::Arc,
};

use anyhow::{Context, Result};
use saal_core::EngineEvent;
use saal_media_protocol::{MediaCommand, MediaEvent, StillPicture, VERSION};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixStream, unix::OwnedReadHalf},
    sync::{mpsc, watch},
};

pub(crate) use self::launching::Launcher;
use self::launching::{Ends, Pid, Process};
use crate::input::{EngineInput, Input, Inputs};

/// The largest JPEG of a television that is believed.
const MAX_PICTURE: usize = 16 << 20;

/// The newest picture of the television.
pub(crate) type Television = watch::Sender<Option<Arc<Vec<u8>>>>;

/// What is drawn for the television, the newest, until an engine has it: that keeps it, and a megabyte need not be held twice.
pub(crate) type Stills = watch::Sender<Option<Arc<StillPicture>>>;

/// A running engine; dropping it kills the process.
pub(crate) struct Engine {
    pid: Pid,
    commands: mpsc::UnboundedSender<MediaCommand>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Engine {
    /// Starts the process, which borrows displays over this socket. What it says arrives as [`Input::Engine`] with this generation.
    ///
    /// # Errors
    /// When it can't be started.
    pub(crate) fn start(
        launcher: &Launcher,
        generation: u64,
        inputs: Inputs,
        television: Television,
        displays: Option<OwnedFd>,
        stills: Stills,
    ) -> Result<Self> {
        let (control, theirs) = StdStream::pair().context("no socket pair for the engine")?;
        let (picture, their_picture) = StdStream::pair().context("no socket pair for pictures")?;
        let ends = Ends {
            control: theirs.into(),
            pictures: their_picture.into(),
            displays,
        };
        let process = launcher.start(ends)?;
        let pid = process.pid();
        let (commands, outgoing) = mpsc::unbounded_channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (read, write) = to_tokio(control)?.into_split();
        tokio::spawn(write_commands(write, outgoing));
        let (shown, drawn) = to_tokio(picture)?.into_split();
        tokio::spawn(read_pictures(shown, television));
        tokio::spawn(write_stills(drawn, stills));
        tokio::spawn(watch_over(process, read, stopped, generation, inputs));
        let engine = Self {
            pid,
            commands,
            _stop: stop,
        };
        engine.send(MediaCommand::Hello { version: VERSION });
        Ok(engine)
    }

    /// Its process, once it is known.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.pid.get().copied()
    }

    /// Queues a command; one for an engine that is gone is dropped, its successor is told all.
    pub(crate) fn send(&self, command: MediaCommand) {
        let _ = self.commands.send(command);
    }
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
    mut process: Process,
    socket: OwnedReadHalf,
    stopped: tokio::sync::oneshot::Receiver<()>,
    generation: u64,
    inputs: Inputs,
) {
    let send = |input| inputs.send(Input::Engine(generation, input));
    let reason = tokio::select! {
        reason = read_events(socket, &send) => reason,
        reason = process.ended() => reason,
        _ = stopped => return process.kill().await,
    };
    process.kill().await;
    send(EngineInput::Process(EngineEvent::Lost { reason }));
}

async fn read_events(socket: OwnedReadHalf, send: &impl Fn(EngineInput)) -> String {
    let mut lines = BufReader::new(socket).lines();
    loop {
        let line = match lines.next_line().await {
            Ok(Some(line)) => line,
            // How the process ended tells more; it comes from the other branch.
            Ok(None) => std::future::pending().await,
            // unix(7): so it looks where the engine left something unread.
            Err(e) if e.kind() == ErrorKind::ConnectionReset => std::future::pending().await,
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

/// Writes what is drawn last, first of all; an engine that is slow misses some.
async fn write_stills(mut socket: tokio::net::unix::OwnedWriteHalf, stills: Stills) {
    let mut drawn = stills.subscribe();
    drawn.mark_changed();
    while drawn.changed().await.is_ok() {
        let still = drawn.borrow_and_update().clone();
        let Some(still) = still else { continue };
        let written = socket.write_all(&still.header()).await.is_ok()
            && socket.write_all(still.planes()).await.is_ok();
        if !written {
            return;
        }
        stills.send_if_modified(|newest| {
            newest.take_if(|newest| Arc::ptr_eq(newest, &still));
            false
        });
    }
}

async fn read_pictures(mut socket: OwnedReadHalf, television: Television) {
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
