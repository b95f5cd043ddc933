//! Keeps a program running as systemd's `Restart=always` does, unless a test holds the restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::error::Result;
use crate::process::{Process, Program};
use crate::runtime;

/// systemd's default for `RestartSec=`.
const RESTART_AFTER: Duration = Duration::from_millis(100);
/// How long the program may take to end when asked.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A supervised program.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pid: watch::Receiver<Option<u32>>,
    held: watch::Sender<bool>,
    starts: Arc<AtomicU32>,
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// Starts the program that `make` describes, and again whenever it ends.
    pub(crate) async fn start(make: impl Fn() -> Program + Send + 'static) -> Result<Self> {
        let first = make().start().await?;
        let (tell, pid) = watch::channel(Some(first.pid()));
        let (held, holding) = watch::channel(false);
        let (starts, stop) = (Arc::new(AtomicU32::new(1)), Arc::new(Notify::new()));
        let watcher = Watcher {
            make,
            tell,
            holding,
            starts: starts.clone(),
            stop: stop.clone(),
        };
        let task = runtime::runtime().spawn(watcher.watch(first));
        Ok(Self {
            pid,
            held,
            starts,
            stop,
            task,
        })
    }

    /// The process id while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        *self.pid.borrow()
    }

    /// How often it was started.
    pub(crate) fn starts(&self) -> u32 {
        self.starts.load(Ordering::Relaxed)
    }

    /// Whether the program stays down when it ends.
    pub(crate) fn hold_restart(&self, hold: bool) {
        self.held.send_replace(hold);
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            // It may have ended in this very moment.
            let _ = kill(Pid::from_raw(pid.cast_signed()), signal);
        }
    }

    /// Asks it to end and waits for that.
    pub(crate) async fn stop(mut self) {
        self.stop.notify_one();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(pid) = self.pid() {
            let _ = killpg(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
        }
    }
}

struct Watcher<M> {
    make: M,
    tell: watch::Sender<Option<u32>>,
    holding: watch::Receiver<bool>,
    starts: Arc<AtomicU32>,
    stop: Arc<Notify>,
}

impl<M: Fn() -> Program> Watcher<M> {
    async fn watch(mut self, mut process: Process) {
        loop {
            tokio::select! {
                () = process.wait() => {}
                () = self.stop.notified() => {
                    process.stop(STOP_WITHIN).await;
                    self.tell.send_replace(None);
                    return;
                }
            }
            self.tell.send_replace(None);
            match self.restart().await {
                Some(again) => process = again,
                None => return,
            }
        }
    }

    /// The program again, unless it is to stop or cannot be started.
    async fn restart(&mut self) -> Option<Process> {
        let free = async {
            tokio::time::sleep(RESTART_AFTER).await;
            self.holding.wait_for(|held| !held).await.is_ok()
        };
        tokio::select! {
            free = free => free.then_some(())?,
            () = self.stop.notified() => return None,
        }
        let started = (self.make)().start().await;
        let process = started
            .inspect_err(|error| tracing::error!(%error, "cannot start again"))
            .ok()?;
        self.starts.fetch_add(1, Ordering::Relaxed);
        self.tell.send_replace(Some(process.pid()));
        Some(process)
    }
}
