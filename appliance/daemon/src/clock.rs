//! The one place that reads clocks.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use saal_core::Now;

/// Reads the clocks for the core, which never does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now {
            wall: Timestamp::now(),
            mono: self.start.elapsed(),
        }
    }

    /// When a monotonic moment of the core is, for timers.
    pub(crate) fn instant(&self, mono: Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.start + mono)
    }
}
