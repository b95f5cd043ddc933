//! An engine that the daemon did not start, as it runs under another user: this process, its parent, kills it for the daemon.
//!
//! A service manager starts a keeper for each connection of a daemon (systemd.socket(5), `Accept=yes`), which is its standard
//! input. The keeper starts the engine with the sockets that the daemon hands over, tells how it ends, and kills it when the
//! connection closes: an engine that hangs can't see to that itself. It reads nothing but the daemon's one message.

use std::{
    io,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream as StdStream,
    },
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use command_fds::{CommandFdExt, FdMapping, FdMappingCollision};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use saal_hal_linux::receive_descriptors;
use saal_media_protocol::{
    Attach, CONTROL_FD, DISPLAY_FD, HANDED_ON, KeeperEvent, PICTURE_FD, VERSION,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    process::{Child, Command},
};

/// The argument of an engine's program that makes it a keeper.
pub const ACCEPTED: &str = "--accepted";
/// Bytes of the daemon's message: a few variables.
const LONGEST: usize = 64 << 10;

/// Why there is no engine for this connection.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// A person started it.
    #[error(
        "standard input is no connection of a daemon: a service manager starts this program so, for each connection to the socket that saald's --engine-socket names"
    )]
    NoConnection(#[source] io::Error),
    /// The message is none.
    #[error("the daemon's message can't be read")]
    Message(#[source] serde_json::Error),
    /// Daemon and engine are not from one image.
    #[error("the daemon speaks version {theirs} of the media protocol, this engine {VERSION}")]
    Version {
        /// The daemon's.
        theirs: u16,
    },
    /// Control and pictures are needed, displays may be.
    #[error("the daemon hands over {0} sockets; an engine takes two or three")]
    Sockets(usize),
    /// Two sockets in one place.
    #[error("the engine's sockets can't be handed on")]
    Mapping(#[from] FdMappingCollision),
    /// The engine does not start.
    #[error("the engine {program} does not start")]
    Start {
        /// Its program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The kernel refuses what a process needs to wait for another.
    #[error("the engine can't be waited for")]
    Wait(#[source] io::Error),
    /// The engine's end, in words.
    #[error("the engine ended: {0}")]
    Ended(String),
}

/// Keeps an engine for the daemon at the other end of standard input, until either is gone.
///
/// # Errors
/// When there is no such engine, or it ends before its daemon does.
pub fn keep() -> Result<(), KeeperError> {
    let connection = io::stdin().as_fd().try_clone_to_owned();
    let connection = StdStream::from(connection.map_err(KeeperError::NoConnection)?);
    let Some((attach, sockets)) = hear(&connection)? else {
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(KeeperError::Wait)?;
    runtime.block_on(async {
        connection
            .set_nonblocking(true)
            .map_err(KeeperError::Wait)?;
        let mut connection = UnixStream::from_std(connection).map_err(KeeperError::Wait)?;
        let kept = match start(attach, sockets) {
            Ok(engine) => watch(engine, &mut connection).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &kept {
            let how = in_full(error);
            tell(&mut connection, &KeeperEvent::Ended { how }).await;
        }
        kept
    })
}

/// What the daemon says; `None` when it has gone already.
fn hear(connection: &StdStream) -> Result<Option<(Attach, Vec<OwnedFd>)>, KeeperError> {
    let mut text = vec![0; LONGEST];
    let mut length = 0;
    let mut sockets = Vec::new();
    while !text[..length].ends_with(b"\n") {
        let more = receive_descriptors(connection, &mut text[length..]);
        let (bytes, came) = more.map_err(KeeperError::NoConnection)?;
        if bytes == 0 && length == 0 {
            return Ok(None);
        }
        sockets.extend(came);
        length += bytes;
        if bytes == 0 {
            break;
        }
    }
    let attach = serde_json::from_slice(&text[..length]).map_err(KeeperError::Message)?;
    Ok(Some((attach, sockets)))
}

/// Starts the engine: this program again, as the daemon would start it.
fn start(attach: Attach, sockets: Vec<OwnedFd>) -> Result<Child, KeeperError> {
    if attach.version != VERSION {
        return Err(KeeperError::Version {
            theirs: attach.version,
        });
    }
    if !(2..=3).contains(&sockets.len()) {
        return Err(KeeperError::Sockets(sockets.len()));
    }
    let program = std::env::current_exe();
    let program = program.map_err(|source| KeeperError::Start {
        program: PathBuf::new(),
        source,
    })?;
    let places = [CONTROL_FD, PICTURE_FD, DISPLAY_FD];
    let mappings = places.into_iter().zip(sockets);
    let mappings = mappings.map(|(child_fd, parent_fd)| FdMapping {
        parent_fd,
        child_fd,
    });
    let environment = attach.environment.into_iter();
    command(&program)
        .envs(environment.filter(|(name, _)| HANDED_ON.contains(&name.as_str())))
        .fd_mappings(mappings.collect())?
        .spawn()
        .map_err(|source| KeeperError::Start { program, source })
}

/// In a group of its own, so that the trial of an encoder dies with it.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Waits until the engine ends, or the daemon wants it to: by closing the connection, or dying.
async fn watch(mut engine: Child, connection: &mut UnixStream) -> Result<(), KeeperError> {
    let pid = engine.id();
    if let Some(pid) = pid {
        tell(connection, &KeeperEvent::Started { pid }).await;
    }
    let mut nothing = [0];
    tokio::select! {
        status = engine.wait() => {
            let status = status.map_err(KeeperError::Wait)?;
            let how = KeeperError::Ended(status.to_string());
            if !status.success() {
                return Err(how);
            }
            // It saw a moment earlier than this process that its daemon is gone.
            tell(connection, &KeeperEvent::Ended { how: how.to_string() }).await;
            Ok(())
        }
        // The daemon has nothing more to say; whatever this is, it is the end.
        _ = connection.read(&mut nothing) => kill(engine, pid).await.map(drop),
    }
}

async fn kill(mut engine: Child, pid: Option<u32>) -> Result<ExitStatus, KeeperError> {
    if let Some(pid) = pid {
        // An error means that it has ended in this moment.
        let _ = killpg(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
    }
    engine.wait().await.map_err(KeeperError::Wait)
}

async fn tell(connection: &mut UnixStream, event: &KeeperEvent) {
    let Ok(mut line) = serde_json::to_vec(event) else {
        return;
    };
    line.push(b'\n');
    // A daemon that is gone needs no news.
    let _ = connection.write_all(&line).await;
}

/// An error and its causes.
fn in_full(error: &KeeperError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}
