//! When a source is asked again.

use std::time::Duration;

/// A server that fails is asked ever more seldom, up to this.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// How looks are spread, so that thousands of rooms that lost a server do not come back to it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    seed: u64,
}

impl Pace {
    /// The same seed gives the same pauses; rooms have different ones.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The pause after so many failures in a row: twice as long each time, and by up to a fifth shorter or longer.
    #[must_use]
    pub fn pause(self, every: Duration, failures: u32, turn: u64) -> Duration {
        let factor = 1_u32.checked_shl(failures.min(16)).unwrap_or(u32::MAX);
        let longest = LONGEST.max(every);
        let pause = every.saturating_mul(factor).min(longest);
        pause.mul_f64(0.8 + 0.4 * self.fraction(turn))
    }

    /// Of one, by splitmix64.
    fn fraction(self, turn: u64) -> f64 {
        let mut z = self
            .seed
            .wrapping_add(turn.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let high = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX);
        f64::from(high) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_fails_is_left_alone_for_longer_each_time() {
        let pace = Pace::new(7);
        let every = Duration::from_secs(15);
        let pauses: Vec<Duration> = (0..12)
            .map(|n| pace.pause(every, n, u64::from(n)))
            .collect();
        assert!(pauses[0] <= every.mul_f64(1.2) && pauses[0] >= every.mul_f64(0.8));
        assert!(pauses[3] > pauses[0] && pauses[6] > pauses[3]);
        assert!(pauses.iter().all(|pause| *pause <= LONGEST.mul_f64(1.2)));
    }

    #[test]
    fn rooms_do_not_ask_all_at_once() {
        let every = Duration::from_secs(60);
        let pauses: std::collections::BTreeSet<u128> = (0..100)
            .map(|seed| Pace::new(seed).pause(every, 0, 0).as_millis())
            .collect();
        assert!(pauses.len() > 90, "{}", pauses.len());
    }
}
