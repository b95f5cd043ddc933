//! What encoders may spend, without a clock: the bandwidth estimate as it is now, and less while a queue stands in
//! the network.
//!
//! What str0m tells of its estimate is an average of seconds: right for choosing layers, too late for a line that just
//! became narrow. The estimate itself follows within some 300 ms; what was sent until then waits before the narrow
//! part, seen as a longer round trip, and goes away only if less is sent than passes.

use std::time::{Duration, Instant};

/// How often the estimate is looked at: as often as feedback comes (transport-wide feedback each 50 to 100 ms).
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A queue shorter than this is the ordinary unrest of networks.
const UNREST: Duration = Duration::from_millis(50);
/// A longer one is to be gone in this time.
const GONE_WITHIN: Duration = Duration::from_millis(400);
/// A queue does not grow faster than this, in seconds a second: what is beyond is chance.
const GROWTH: f64 = 3.0;
/// Part of the estimate that is always spent, so that pictures go on.
const LEAST: f64 = 0.15;
/// The shortest round trip is that of this time, or up to twice as much: ways change.
const REMEMBERED: Duration = Duration::from_secs(10);
/// From this on fewer pictures are sent as well: encoders have a least that they make of each.
const LONG: Duration = Duration::from_millis(100);
/// Differences below a twentieth are not worth another setting of encoders.
const STEP: u64 = 20;

/// What may be spent.
#[derive(Debug, Default)]
pub(super) struct Budget {
    told: u64,
    since: Option<Instant>,
    shortest: Option<Duration>,
    shortest_before: Option<Duration>,
    seen: Option<Seen>,
    crowded: bool,
}

impl Budget {
    /// Takes in how things are; gives what may be spent if that is news, in bits a second.
    pub(super) fn look(
        &mut self,
        now: Instant,
        estimate: u64,
        round_trip: Option<Duration>,
    ) -> Option<u64> {
        let queue = round_trip.map_or(Duration::ZERO, |took| self.queue(now, took));
        let over = queue.saturating_sub(UNREST).as_secs_f64() / GONE_WITHIN.as_secs_f64();
        let part = (1.0 - over).max(LEAST);
        let spend = (estimate as f64 * part) as u64;
        let crowded = std::mem::replace(&mut self.crowded, queue >= LONG);
        if spend.abs_diff(self.told) <= self.told / STEP && crowded == self.crowded {
            return None;
        }
        self.told = spend;
        Some(spend)
    }

    /// Whether a long queue stands: fewer pictures are to be sent until it is gone.
    pub(super) fn crowded(&self) -> bool {
        self.crowded
    }

    /// The queue as it must be by now, after this round trip.
    fn queue(&mut self, now: Instant, took: Duration) -> Duration {
        let waited = took.saturating_sub(self.shortest(now, took));
        let before = self.seen.replace(Seen { at: now, waited });
        let grows = before.map_or(0.0, |before| before.growth(now, waited));
        waited + took.mul_f64(grows)
    }

    /// The shortest round trip of late.
    fn shortest(&mut self, now: Instant, took: Duration) -> Duration {
        if self.since.is_none_or(|since| now >= since + REMEMBERED) {
            self.since = Some(now);
            self.shortest_before = self.shortest.take();
        }
        let shortest = self.shortest.map_or(took, |shortest| shortest.min(took));
        self.shortest = Some(shortest);
        self.shortest_before
            .map_or(shortest, |before| before.min(shortest))
    }
}

/// How long a packet waited that was acknowledged at a time.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: Instant,
    waited: Duration,
}

impl Seen {
    /// Seconds a second of sending by which packets waited longer from then to now; 0 when they did not.
    fn growth(self, now: Instant, waited: Duration) -> f64 {
        let longer = waited.saturating_sub(self.waited);
        // Packets that wait longer and longer come from moments that lie closer together.
        let sent_apart = (now - self.at).saturating_sub(longer);
        let growth = longer.as_secs_f64() / sent_apart.as_secs_f64().max(1e-3);
        growth.min(GROWTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_estimate_passes_while_the_way_is_free() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        assert_eq!(budget.look(start, 1_000_000, Some(ms(50))), Some(1_000_000));
        for (n, took) in [(1, 60), (2, 45), (3, 60)] {
            let now = start + LOOK_EVERY * n;
            assert_eq!(budget.look(now, 1_030_000, Some(ms(took))), None);
        }
        let now = start + LOOK_EVERY * 4;
        assert_eq!(budget.look(now, 2_000_000, None), Some(2_000_000));
    }

    #[test]
    fn while_a_queue_stands_less_is_spent_and_never_nothing() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        budget.look(start, 1_000_000, Some(ms(50)));
        budget.look(start + LOOK_EVERY, 1_000_000, Some(ms(300)));
        let standing = budget.look(start + LOOK_EVERY * 2, 1_000_000, Some(ms(300)));
        assert_eq!(standing, Some(500_000));
        let longest = budget.look(start + LOOK_EVERY * 3, 1_000_000, Some(ms(3_000)));
        assert_eq!(longest, Some(150_000));
        assert!(budget.crowded());
        let gone = budget.look(start + LOOK_EVERY * 4, 1_000_000, Some(ms(55)));
        assert_eq!(gone, Some(1_000_000));
        assert!(!budget.crowded());
    }

    #[test]
    fn a_queue_that_grows_counts_as_what_it_has_become() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        budget.look(start, 1_000_000, Some(ms(50)));
        // 30 ms longer for packets that were sent 20 ms later: 1.5 s a second, for another 80 ms.
        let grown = budget.look(start + LOOK_EVERY, 1_000_000, Some(ms(80)));
        assert_eq!(grown, Some(750_000));
    }

    #[test]
    fn a_longer_way_is_an_empty_one_after_a_while() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        budget.look(start, 1_000_000, Some(ms(20)));
        let mut told = 0;
        for n in 1..=500 {
            let now = start + LOOK_EVERY * n;
            told = budget.look(now, 1_000_000, Some(ms(220))).unwrap_or(told);
        }
        assert_eq!(told, 1_000_000);
    }
}
