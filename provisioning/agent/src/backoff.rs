//! How long to wait before the server is tried again. Pure: randomness is an argument.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
/// 70,000 devices that lost their server come back over five minutes, 230 a second.
const LONGEST: Duration = Duration::from_secs(300);

/// Counts what failed.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The connection held.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// It failed once more; `random` is evenly spread over 0 to 1.
    ///
    /// Full jitter: anything from nothing to twice as long as the last time, so that devices that
    /// lost their server together do not come back together.
    pub fn next(&mut self, random: f64) -> Duration {
        let longest = FIRST
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        longest.mul_f64(random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_five_minutes_and_begins_again() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..11).map(|_| backoff.next(1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff.next(0.0), Duration::ZERO);
        backoff.reset();
        assert_eq!(backoff.next(0.5), Duration::from_millis(500));
    }
}
