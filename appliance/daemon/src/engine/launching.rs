//! Who starts media engines, and what of one's process the daemon knows.
//!
//! On an appliance that is the service manager, which gives them a user of their own (docs/adr/0074): the daemon connects to a
//! socket and hands over what it would have left to a child. Elsewhere engines are the daemon's children. Who the engine is to
//! talk to, and how it is started again, is the same for both.

use std::{
    env,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream as StdStream,
    },
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, OnceLock},
};

use anyhow::{Context, Result};
use command_fds::{CommandFdExt, FdMapping};
use saal_hal_linux::send_descriptors;
use saal_media_protocol::{
    Attach, CONTROL_FD, DISPLAY_FD, HANDED_ON, KeeperEvent, PICTURE_FD, VERSION,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::UnixStream,
    process::{Child, Command},
};

/// The engine's ends of the sockets between it and the daemon.
pub(super) struct Ends {
    pub(super) control: OwnedFd,
    pub(super) pictures: OwnedFd,
    pub(super) displays: Option<OwnedFd>,
}

/// Who starts engines.
pub(crate) enum Launcher {
    /// The daemon: this program, as its child.
    Daemon(PathBuf),
    /// A service manager that listens here, one for each connection.
    ServiceManager(PathBuf),
}

impl Launcher {
    /// A service manager where its socket is given; else the daemon.
    ///
    /// # Errors
    /// When nobody knows where the engine's program is.
    pub(crate) fn choose(socket: Option<PathBuf>) -> Result<Self> {
        Ok(match socket {
            Some(path) => Self::ServiceManager(path),
            None => Self::Daemon(program()?),
        })
    }

    /// Starts an engine with these ends.
    ///
    /// # Errors
    /// When it can't be started, or nobody takes the connection.
    pub(super) fn start(&self, ends: Ends) -> Result<Process> {
        match self {
            Self::Daemon(program) => spawn(program, ends).map(Process::Child),
            Self::ServiceManager(socket) => connect(socket, &ends).map(Process::Kept),
        }
    }
}

/// The engine lies beside the daemon; SAAL_MEDIA names another one.
fn program() -> Result<PathBuf> {
    if let Some(path) = env::var_os("SAAL_MEDIA") {
        return Ok(path.into());
    }
    let me = env::current_exe().context("where is this program?")?;
    Ok(me.parent().unwrap_or(Path::new("/")).join("saal-media"))
}

/// The number of an engine's process, as soon as it is known.
pub(super) type Pid = Arc<OnceLock<u32>>;

/// An engine's process; dropping it kills it.
pub(super) enum Process {
    Child(Spawned),
    Kept(Keeper),
}

impl Process {
    pub(super) fn pid(&self) -> Pid {
        match self {
            Self::Child(Spawned { pid, .. }) | Self::Kept(Keeper { pid, .. }) => Arc::clone(pid),
        }
    }

    /// Waits until it has ended by itself, and says how.
    pub(super) async fn ended(&mut self) -> String {
        match self {
            Self::Child(spawned) => match spawned.child.wait().await {
                Ok(status) => format!("the process ended: {status}"),
                Err(e) => format!("the process is lost: {e}"),
            },
            Self::Kept(keeper) => keeper.last_word().await,
        }
    }

    /// Kills it, if it still runs.
    pub(super) async fn kill(self) {
        match self {
            Self::Child(mut spawned) => drop(spawned.child.kill().await),
            // The keeper does it when the connection closes.
            Self::Kept(keeper) => drop(keeper),
        }
    }
}

/// A child of this process.
pub(super) struct Spawned {
    child: Child,
    pid: Pid,
}

fn spawn(program: &Path, ends: Ends) -> Result<Spawned> {
    let Ends {
        control,
        pictures,
        displays,
    } = ends;
    let ends = [
        (Some(control), CONTROL_FD),
        (Some(pictures), PICTURE_FD),
        (displays, DISPLAY_FD),
    ];
    let mappings = ends.into_iter().filter_map(|(end, child_fd)| {
        end.map(|parent_fd| FdMapping {
            parent_fd,
            child_fd,
        })
    });
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .fd_mappings(mappings.collect())
        .context("two sockets on one descriptor")?;
    let child = command
        .spawn()
        .with_context(|| format!("can't start the media engine {}", program.display()))?;
    let pid = child.id().context("the engine ended at once")?;
    Ok(Spawned {
        child,
        pid: Arc::new(pid.into()),
    })
}

/// The connection to an engine's keeper, a process that kills it when this is closed: the engine is another user's, whom this
/// process can't signal.
pub(super) struct Keeper {
    lines: Lines<BufReader<UnixStream>>,
    pid: Pid,
}

fn connect(socket: &Path, ends: &Ends) -> Result<Keeper> {
    let connection = StdStream::connect(socket)
        .with_context(|| format!("nobody starts media engines at {}", socket.display()))?;
    let set = |name: &str| Some((name.to_owned(), env::var(name).ok()?));
    let attach = Attach {
        version: VERSION,
        environment: HANDED_ON.into_iter().filter_map(set).collect(),
    };
    let mut line = serde_json::to_vec(&attach).expect("it is plain data");
    line.push(b'\n');
    let ends = [
        Some(&ends.control),
        Some(&ends.pictures),
        ends.displays.as_ref(),
    ];
    let ends: Vec<_> = ends.into_iter().flatten().map(|end| end.as_fd()).collect();
    send_descriptors(&connection, &line, &ends)
        .with_context(|| format!("{} takes no sockets for an engine", socket.display()))?;
    let connection = super::to_tokio(connection)?;
    Ok(Keeper {
        lines: BufReader::new(connection).lines(),
        pid: Pid::default(),
    })
}

impl Keeper {
    async fn last_word(&mut self) -> String {
        loop {
            let line = match self.lines.next_line().await {
                Ok(Some(line)) => line,
                Ok(None) => return "who starts media engines gave it up; its log says why".into(),
                Err(e) => return format!("who starts media engines is lost: {e}"),
            };
            match serde_json::from_str(&line) {
                // Said once.
                Ok(KeeperEvent::Started { pid }) => drop(self.pid.set(pid)),
                Ok(KeeperEvent::Ended { how }) => return how,
                Err(e) => return format!("who starts media engines said something unknown: {e}"),
            }
        }
    }
}
