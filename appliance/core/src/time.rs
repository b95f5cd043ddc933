//! Time as an argument.

use std::time::Duration;

use jiff::Timestamp;

/// The moment at which something is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// What clocks on walls show; may jump.
    pub wall: Timestamp,
    /// Since the daemon started; never jumps.
    pub mono: Duration,
}

impl Now {
    /// The monotonic moment at which the wall clock will show its next full minute.
    #[must_use]
    pub fn next_minute(&self) -> Duration {
        let into_minute = self.wall.as_millisecond().rem_euclid(60_000);
        let left = u64::try_from(60_000 - into_minute).expect("0..60000 was subtracted");
        self.mono + Duration::from_millis(left)
    }

    /// Minutes since 1970 on the wall clock.
    #[must_use]
    pub fn minute(&self) -> i64 {
        self.wall.as_millisecond().div_euclid(60_000)
    }
}
