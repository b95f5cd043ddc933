//! An engine that a service manager starts for a daemon's connection, and its keeper.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::{
    collections::BTreeMap,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream as StdStream,
    },
    process::{ExitStatus, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use saal_hal_linux::send_descriptors;
use saal_media::keeper::ACCEPTED;
use saal_media_protocol::{Attach, KeeperEvent, VERSION};
use support::{DEADLINE, Daemon, simulated};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::UnixStream,
    process::{Child, Command},
    time::timeout,
};

/// A daemon's connection, and what was started for it.
struct Kept {
    keeper: Child,
    connection: Lines<BufReader<UnixStream>>,
}

fn into_tokio(socket: StdStream) -> UnixStream {
    socket.set_nonblocking(true).unwrap();
    UnixStream::from_std(socket).unwrap()
}

impl Kept {
    /// With this as the daemon's message, and these descriptors.
    fn start(attach: &Attach, sockets: &[&dyn AsFd]) -> Self {
        let (connection, theirs) = StdStream::pair().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_saal-media"));
        command.arg(ACCEPTED).kill_on_drop(true);
        command.stdin(Stdio::from(OwnedFd::from(theirs)));
        let keeper = command.spawn().unwrap();
        let mut line = serde_json::to_vec(attach).unwrap();
        line.push(b'\n');
        let sockets: Vec<_> = sockets.iter().map(|socket| socket.as_fd()).collect();
        send_descriptors(&connection, &line, &sockets).unwrap();
        Self {
            keeper,
            connection: BufReader::new(into_tokio(connection)).lines(),
        }
    }

    /// With an engine that has been told its devices, and the number of its process.
    async fn with_engine(environment: &[(&str, &str)]) -> (Self, Daemon, u32) {
        let (control, their_control) = StdStream::pair().unwrap();
        let (pictures, their_pictures) = StdStream::pair().unwrap();
        let sockets: [&dyn AsFd; 2] = [&their_control, &their_pictures];
        let mut kept = Self::start(&attach(VERSION, environment), &sockets);
        drop((their_control, their_pictures));
        let Some(KeeperEvent::Started { pid }) = kept.next().await else {
            panic!("an engine is started")
        };
        let mut daemon = Daemon::over(into_tokio(control), into_tokio(pictures));
        daemon.greet(simulated()).await;
        (kept, daemon, pid)
    }

    async fn next(&mut self) -> Option<KeeperEvent> {
        let line = timeout(DEADLINE, self.connection.next_line()).await;
        let line = line.expect("a keeper says something").unwrap()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    /// Why there is no engine.
    async fn refusal(&mut self) -> String {
        match self.next().await {
            Some(KeeperEvent::Ended { how }) => how,
            other => panic!("no engine is started: {other:?}"),
        }
    }

    async fn ends(mut self) -> ExitStatus {
        drop(self.connection);
        let ended = timeout(DEADLINE, self.keeper.wait()).await;
        ended.expect("it ends").unwrap()
    }
}

fn attach(version: u16, environment: &[(&str, &str)]) -> Attach {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let environment: BTreeMap<_, _> = environment.iter().map(own).collect();
    Attach {
        version,
        environment,
    }
}

fn signal(process: u32, signal: Signal) {
    kill(Pid::from_raw(process.cast_signed()), signal).unwrap();
}

fn runs(process: u32) -> bool {
    std::fs::exists(format!("/proc/{process}")).unwrap()
}

#[tokio::test]
async fn it_ends_with_its_daemon_also_when_it_hangs() {
    let (kept, daemon, engine) = Kept::with_engine(&[]).await;
    signal(engine, Signal::SIGSTOP);
    let status = kept.ends().await;
    assert!(status.success(), "as the daemon wanted: {status}");
    assert!(!runs(engine));
    drop(daemon);
}

#[tokio::test]
async fn its_daemon_hears_how_it_died() {
    let (mut kept, _daemon, engine) = Kept::with_engine(&[]).await;
    signal(engine, Signal::SIGKILL);
    let how = kept.refusal().await;
    assert!(how.contains("signal: 9 (SIGKILL)"), "{how}");
    assert_eq!(kept.next().await, None, "that was the last word");
    assert_eq!(
        kept.ends().await.code(),
        Some(1),
        "the journal tells it too"
    );
}

#[tokio::test]
async fn of_the_daemons_environment_it_gets_what_it_reads() {
    let set = [
        ("https_proxy", "http://proxy.example.org:3128"),
        ("LD_LIBRARY_PATH", "/tmp/strangers"),
    ];
    let (kept, _daemon, engine) = Kept::with_engine(&set).await;
    let environment = std::fs::read(format!("/proc/{engine}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment).into_owned();
    assert!(environment.contains("https_proxy=http://proxy.example.org:3128\0"));
    assert!(!environment.contains("/tmp/strangers"), "{environment}");
    assert!(kept.ends().await.success());
}

#[tokio::test]
async fn a_daemon_of_another_version_or_without_sockets_gets_none() {
    let (control, pictures) = StdStream::pair().unwrap();
    let both: [&dyn AsFd; 2] = [&control, &pictures];
    let mut kept = Kept::start(&attach(VERSION + 1, &[]), &both);
    let how = kept.refusal().await;
    assert!(how.contains(&format!("version {}", VERSION + 1)), "{how}");
    assert_eq!(kept.ends().await.code(), Some(1));

    let mut kept = Kept::start(&attach(VERSION, &[]), &both[..1]);
    let how = kept.refusal().await;
    assert!(how.contains("hands over 1 sockets"), "{how}");
    assert_eq!(kept.ends().await.code(), Some(1));
}

#[tokio::test]
async fn a_person_is_told_who_starts_it() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saal-media"));
    let output = command.arg(ACCEPTED).stdin(Stdio::null()).output();
    let output = timeout(DEADLINE, output).await.expect("it ends").unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && message.contains("--engine-socket"),
        "{message}"
    );
}
