//! When within its period a picture of the television is composed: just after those came that fill most of it.
//!
//! Composition goes by a clock of its own, senders by theirs. Who comes just after a picture was composed waits for the
//! next one: at 30 pictures a second up to 33 ms, half of that on average, in every call as chance will have it. So it is
//! noted when in the period pictures come, each as heavy as it is large, and composition moves to where they wait least
//! together. Clocks drift apart by a period in a quarter of an hour; composition follows.
//!
//! Pure: times are arguments.

use std::time::Duration;

/// The period is looked at in this many parts: each is a millisecond at 30 pictures a second.
const PARTS: usize = 32;
/// Who came so few parts before a picture is composed may not be in it: handing over takes a moment.
const HANDED_OVER: usize = 1;
/// How often it is asked whether another moment is better; what came before that counts half from then on.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Another moment has to spare this much of a period, in parts: each move is a picture that stays longer or shorter.
const GAIN: f64 = 2.0;
/// Differences below this are rounding.
const SAME: Duration = Duration::from_micros(200);

/// The moment at which pictures are composed, within the period of them.
#[derive(Clone, Debug)]
pub struct Phase {
    period: Duration,
    /// How much came in each part of the period.
    came: [f64; PARTS],
    /// Pictures are composed when this part begins.
    part: Option<usize>,
    looked: Duration,
    told: Duration,
}

impl Phase {
    /// For so many pictures a second, composed at any moment.
    #[must_use]
    pub fn new(pictures_per_second: u32) -> Self {
        Self {
            period: Duration::from_secs(1) / pictures_per_second.max(1),
            came: [0.0; PARTS],
            part: None,
            looked: Duration::ZERO,
            told: Duration::ZERO,
        }
    }

    /// A picture that fills so much of the display came.
    pub fn came(&mut self, at: Duration, size: f64) {
        self.came[self.part_of(at)] += size;
    }

    /// The picture that would be composed at this time is to be composed so much later, less than a period, if that is
    /// another delay than before.
    pub fn composes(&mut self, at: Duration) -> Option<Duration> {
        if at >= self.looked + LOOK_EVERY {
            self.looked = at;
            self.look(self.part_of(at + self.told));
        }
        let part = u32::try_from(self.part?).unwrap_or(0);
        let wanted = self.period * part / PARTS as u32;
        let within = self.within(at);
        let delay = (wanted + self.period).saturating_sub(within);
        let delay = Duration::from_nanos((delay.as_nanos() % self.period.as_nanos()) as u64);
        if delay.abs_diff(self.told) < SAME {
            return None;
        }
        self.told = delay;
        Some(delay)
    }

    /// Moves if that is worth it, from where it is composed now; what came counts for less the next time.
    fn look(&mut self, now: usize) {
        let now = self.part.unwrap_or(now);
        let waits = |part: usize| self.waits(part);
        let best = (0..PARTS).min_by(|one, other| waits(*one).total_cmp(&waits(*other)));
        if let Some(best) = best.filter(|best| waits(now) - waits(*best) >= GAIN) {
            self.part = Some(best);
        }
        for came in &mut self.came {
            *came /= 2.0;
        }
    }

    /// How many parts of a period pictures wait on average that are composed when this part begins.
    fn waits(&self, part: usize) -> f64 {
        let all: f64 = self.came.iter().sum();
        let waits = self.came.iter().enumerate().map(|(from, came)| {
            let between = (part + PARTS - from - 1) % PARTS;
            let missed = if between < HANDED_OVER { PARTS } else { 0 };
            (between + missed) as f64 * came
        });
        waits.sum::<f64>() / all.max(f64::MIN_POSITIVE)
    }

    fn part_of(&self, at: Duration) -> usize {
        let part = self.within(at).as_nanos() * PARTS as u128 / self.period.as_nanos();
        part as usize % PARTS
    }

    fn within(&self, at: Duration) -> Duration {
        Duration::from_nanos((at.as_nanos() % self.period.as_nanos()) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_nanos(33_333_333);

    fn ms(ms: f64) -> Duration {
        Duration::from_secs_f64(ms / 1e3)
    }

    /// A sender's pictures: how far apart, when the first comes, how late the worst are, and how large.
    #[derive(Clone, Copy)]
    struct Sender {
        every: Duration,
        first: Duration,
        jitter: Duration,
        size: f64,
    }

    fn sender(first_ms: f64) -> Sender {
        Sender {
            every: PERIOD,
            first: ms(first_ms),
            jitter: ms(1.0),
            size: 1.0,
        }
    }

    /// What a television does in this time.
    struct Seen {
        /// How long each sender's pictures waited on average after the first two seconds, milliseconds.
        waited: Vec<f64>,
        moves: usize,
    }

    fn watch(senders: &[Sender], time: Duration) -> Seen {
        let mut dice = fastrand::Rng::with_seed(7);
        let mut phase = Phase::new(30);
        let mut next: Vec<Duration> = senders.iter().map(|sender| sender.first).collect();
        let mut newest: Vec<Option<Duration>> = vec![None; senders.len()];
        let mut waits = vec![(0.0, 0_u32); senders.len()];
        let (mut slot, mut delay, mut moves) = (ms(5.0), Duration::ZERO, 0);
        while slot < time {
            if let Some(other) = phase.composes(slot) {
                (delay, moves) = (other, moves + 1);
            }
            let now = slot + delay;
            for (index, sender) in senders.iter().enumerate() {
                while next[index] <= now {
                    let at = next[index] + sender.jitter.mul_f64(dice.f64());
                    if at > now {
                        break;
                    }
                    phase.came(at, sender.size);
                    newest[index] = Some(at);
                    next[index] += sender.every;
                }
                let shown = newest[index].take();
                if let Some(at) = shown.filter(|_| slot > ms(2_000.0)) {
                    waits[index].0 += (now - at).as_secs_f64() * 1e3;
                    waits[index].1 += 1;
                }
            }
            slot += PERIOD;
        }
        let mean = |(sum, count): &(f64, u32)| sum / f64::from(*count);
        let waited = waits.iter().map(mean).collect();
        Seen { waited, moves }
    }

    #[test]
    fn a_speakers_pictures_are_shown_as_they_come_whenever_that_is() {
        for first in 0..33 {
            let seen = watch(&[sender(f64::from(first))], ms(20_000.0));
            assert!(seen.waited[0] < 5.0, "{first}: {:?}", seen.waited);
            assert!(seen.moves <= 2, "{first}: {} moves", seen.moves);
        }
    }

    #[test]
    fn a_senders_clock_that_drifts_is_followed() {
        // Crystals are off by 100 ppm at most; 29.97 pictures a second are television's.
        for longer in [1.0001, 0.9999, 30.0 / 29.97] {
            let drifting = Sender {
                every: PERIOD.mul_f64(longer),
                ..sender(3.0)
            };
            let seen = watch(&[drifting], ms(600_000.0));
            assert!(seen.waited[0] < 6.0, "{longer}: {:?}", seen.waited);
        }
    }

    #[test]
    fn who_fills_the_picture_goes_before_who_is_small() {
        let small = Sender {
            size: 0.05,
            ..sender(20.0)
        };
        let seen = watch(&[small, sender(10.0)], ms(20_000.0));
        assert!(seen.waited[1] < 5.0, "{:?}", seen.waited);
    }

    #[test]
    fn many_who_come_at_any_moment_wait_no_longer_than_by_chance() {
        let all: Vec<_> = (0..9).map(|n| sender(f64::from(n) * 3.7)).collect();
        let seen = watch(&all, ms(20_000.0));
        let mean = seen.waited.iter().sum::<f64>() / 9.0;
        assert!(mean < 17.0, "{mean}: {:?}", seen.waited);
        assert!(seen.moves <= 3, "{} moves", seen.moves);
    }

    #[test]
    fn other_speeds_do_not_make_it_restless() {
        for speed in [15.0, 24.0, 25.0, 60.0] {
            let other = Sender {
                every: ms(1e3 / speed),
                ..sender(4.0)
            };
            let seen = watch(&[other], ms(60_000.0));
            assert!(seen.moves <= 8, "{speed}: {} moves", seen.moves);
        }
    }
}
