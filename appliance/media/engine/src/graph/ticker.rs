//! A thread that does something at even intervals: the pace of simulated devices.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use saal_hal_linux::Priorities;

/// Runs until it is dropped.
#[derive(Debug)]
pub(super) struct Ticker {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Ticker {
    /// Calls `tick` now and then each period; missed ticks are skipped, not made up for.
    pub(super) fn start(
        name: &str,
        period: Duration,
        tick: impl FnMut() + Send + 'static,
    ) -> std::io::Result<Self> {
        Self::with(name, &Priorities::left_alone(), period, tick)
    }

    /// The same, for a thread that carries sound.
    pub(super) fn with(
        name: &str,
        priorities: &Priorities,
        period: Duration,
        mut tick: impl FnMut() + Send + 'static,
    ) -> std::io::Result<Self> {
        let priorities = priorities.clone();
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                priorities.prefer();
                let mut next = Instant::now();
                loop {
                    tick();
                    next = (next + period).max(Instant::now());
                    let wait = next.saturating_duration_since(Instant::now());
                    if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Ticker {
    /// Returns after the last tick, so that a muted source is silent for certain.
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a simulated device panicked");
        }
    }
}
