//! A program that we started: its log, its end, and its certain end when the harness ends.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use saal_network_sim::Namespace;
use tokio::process::{ChildStdin, ChildStdout, Command};

use crate::error::{Error, Result};
use crate::runtime;

/// How to start a program.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    command: Command,
    log: PathBuf,
    piped: bool,
    input: Option<Stdio>,
    network: Option<Namespace>,
}

impl Program {
    /// A program whose output goes to `log` (appended). It dies with this process, however this process dies.
    pub(crate) fn new(name: &str, program: impl AsRef<OsStr>, log: PathBuf) -> Self {
        Self::by(name, &[], program, log)
    }

    /// The same as this user, of whom it has nothing but the number.
    pub(crate) fn of_user(name: &str, program: impl AsRef<OsStr>, log: PathBuf, user: u32) -> Self {
        let (uid, gid) = (format!("--reuid={user}"), format!("--regid={user}"));
        Self::by(name, &[&uid, &gid, "--clear-groups"], program, log)
    }

    fn by(name: &str, rights: &[&str], program: impl AsRef<OsStr>, log: PathBuf) -> Self {
        // setpriv (util-linux) sets PR_SET_PDEATHSIG and becomes the program; doing it here would need unsafe code.
        let mut command = Command::new("setpriv");
        command
            .args(rights)
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .process_group(0)
            .kill_on_drop(true);
        Self {
            name: name.to_owned(),
            command,
            log,
            piped: false,
            input: None,
            network: None,
        }
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// With this environment, and nothing of this process's.
    pub(crate) fn env_only(mut self, environment: &[(&str, &OsStr)]) -> Self {
        self.command.env_clear().envs(environment.iter().copied());
        self
    }

    /// With this as its standard input.
    pub(crate) fn input(mut self, input: Stdio) -> Self {
        self.input = Some(input);
        self
    }

    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Keeps standard input and output for a conversation; only the errors go to the log.
    pub(crate) fn piped(mut self) -> Self {
        self.piped = true;
        self
    }

    /// In this network instead of the harness's; it dies with that too.
    pub(crate) fn within(mut self, network: Option<&Namespace>) -> Self {
        self.network = network.cloned();
        self
    }

    pub(crate) async fn start(mut self) -> Result<Process> {
        let open = || File::options().create(true).append(true).open(&self.log);
        let errors = open().map_err(Error::file("open", &self.log))?;
        if self.piped {
            self.command.stdin(Stdio::piped()).stdout(Stdio::piped());
        } else {
            let output = open().map_err(Error::file("open", &self.log))?;
            let input = self.input.take().unwrap_or_else(Stdio::null);
            self.command.stdin(input).stdout(output);
        }
        self.command.stderr(errors);
        let spawned = runtime::start(self.command, self.network.as_ref()).await;
        let child = spawned.map_err(|source| Error::Spawn {
            name: self.name.clone(),
            source,
        })?;
        let pid = Pid::from_raw(
            child
                .id()
                .expect("a child that was just started has an id")
                .cast_signed(),
        );
        tracing::debug!(name = self.name, %pid, log = %self.log.display(), "started");
        Ok(Process {
            name: self.name,
            child,
            pid,
            log: self.log,
        })
    }
}

/// A running program. Dropping it kills its whole process group.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: tokio::process::Child,
    pid: Pid,
    log: PathBuf,
}

impl Process {
    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw().cast_unsigned()
    }

    pub(crate) fn pipes(&mut self) -> (ChildStdin, ChildStdout) {
        let taken = self.child.stdin.take().zip(self.child.stdout.take());
        taken.expect("started with piped(), and taken once")
    }

    /// The exit status as words, once it has ended.
    pub(crate) fn ended(&mut self) -> Option<String> {
        self.child
            .try_wait()
            .ok()
            .flatten()
            .map(|status| format!("ended with {status}"))
    }

    /// Sends a signal to the program alone.
    pub(crate) fn signal(&self, signal: Signal) {
        // An error means that it has already ended, which is what signals are sent for.
        let _ = kill(self.pid, signal);
    }

    /// Asks it to end, and kills it when it has not after `patience`.
    pub(crate) async fn stop(&mut self, patience: Duration) {
        self.signal(Signal::SIGTERM);
        if tokio::time::timeout(patience, self.child.wait())
            .await
            .is_err()
        {
            tracing::warn!(name = self.name, "did not end when asked; killed");
        }
        self.kill().await;
    }

    /// Kills it and its group and waits for its end.
    pub(crate) async fn kill(&mut self) {
        let _ = killpg(self.pid, Signal::SIGKILL);
        let _ = self.child.wait().await;
    }

    /// Waits for its end.
    pub(crate) async fn wait(&mut self) {
        let _ = self.child.wait().await;
    }

    pub(crate) fn error(&self, what: impl Into<String>) -> Error {
        Error::Process {
            name: self.name.clone(),
            what: what.into(),
            log: self.log.clone(),
            tail: tail(&self.log, 25),
        }
    }

    /// Asks again and again until `ready` says so, the program ends, or `within` has passed.
    pub(crate) async fn ready<F: Future<Output = bool>>(
        &mut self,
        within: Duration,
        mut ready: impl FnMut() -> F,
    ) -> Result<()> {
        let deadline = tokio::time::Instant::now() + within;
        while !ready().await {
            if let Some(how) = self.ended() {
                return Err(self.error(how));
            }
            if tokio::time::Instant::now() > deadline {
                return Err(self.error(format!("was not ready within {within:?}")));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = killpg(self.pid, Signal::SIGKILL);
        }
    }
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path, lines: usize) -> String {
    let text = std::fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
