//! Brings a microphone to the house's clock. A card's quartz is off by up to 500 ppm (USB Audio
//! 1.0, section 3.7.2.1), which within minutes would be heard as a gap or a growing delay, and
//! would move the echo that the canceller has learnt.
//!
//! A loop of second order compares when samples came with when they are said to have been
//! captured, and has a resampler take a little more or less than one sample for each. Samples that
//! were lost, as when the computer was too busy to fetch them, can't be made up for: time jumps.

use std::time::Duration;

use super::{PERIOD, RATE, resampler::Resampler};

/// Natural frequency of the loop, radians a second: slow against the jitter of threads, fast
/// enough to be in tune within two minutes.
const PULL: f64 = 0.05;
/// How long errors are averaged before they count, seconds.
const CALM: f64 = 1.0;
/// The farthest a card is off, with as much again for the computer's own quartz.
const MOST: f64 = 0.001;
/// Samples that are missing for longer than this are lost and not late.
const LOST: f64 = 0.040;
/// So long nothing may be on time before samples count as lost, seconds.
const LATE: f64 = 0.200;

/// What the loop wants.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pace {
    /// So many captured samples for one of ours.
    Ratio(f64),
    /// Samples are missing for this many seconds.
    Lost(f64),
    /// There are more samples than time passed, by so many seconds.
    Surplus(f64),
}

/// The loop alone, without samples.
#[derive(Clone, Copy, Debug, Default)]
struct Tempo {
    calm: f64,
    sum: f64,
    /// Least error in the current stretch, and how long that is.
    least: f64,
    stretch: f64,
}

impl Tempo {
    /// `late` is how much later than they are stamped samples came, in seconds; `lasts` is how
    /// long they are.
    fn observe(&mut self, late: f64, lasts: f64) -> Pace {
        if late < -LOST {
            return Pace::Surplus(-late);
        }
        self.least = if self.stretch == 0.0 {
            late
        } else {
            self.least.min(late)
        };
        self.stretch += lasts;
        if self.stretch >= LATE {
            self.stretch = 0.0;
            if self.least > LOST {
                return Pace::Lost(self.least);
            }
        }
        // One delivery that is late says nothing of the clock.
        let late = late.min(LOST);
        self.calm += (late - self.calm) * (lasts / CALM).min(1.0);
        self.sum = (self.sum + PULL * PULL * self.calm * lasts).clamp(-MOST, MOST);
        let off = (2.0 * PULL * self.calm + self.sum).clamp(-MOST, MOST);
        Pace::Ratio(1.0 - off)
    }

    /// Samples were moved by a jump: what was averaged is of before; what was learnt of the clock stays.
    fn jumped(&mut self) {
        self.calm = 0.0;
        self.stretch = 0.0;
    }
}

/// A microphone's samples in, periods of the house's clock out.
#[derive(Debug, Default)]
pub struct Pacer {
    tempo: Tempo,
    resampler: Resampler,
    /// When the next period begins, seconds.
    next: Option<f64>,
}

impl Pacer {
    /// Takes what the device delivered at `now`, and gives every whole period with its time.
    pub fn push(
        &mut self,
        samples: &[i16],
        now: Duration,
        mut period: impl FnMut(Duration, &mut [i16; PERIOD]),
    ) {
        let (now, rate) = (now.as_secs_f64(), f64::from(RATE));
        let lasts = samples.len() as f64 / rate;
        self.resampler.push(samples);
        let begin = *self.next.get_or_insert((now - lasts).max(0.0));
        let late = now - (begin + self.resampler.waiting() / rate);
        let ratio = match self.tempo.observe(late, lasts) {
            Pace::Ratio(ratio) => ratio,
            Pace::Lost(seconds) => self.jump(begin + seconds),
            Pace::Surplus(seconds) => {
                self.resampler.skip((seconds * rate) as usize);
                self.jump(begin)
            }
        };
        let mut output = [0; PERIOD];
        while self.resampler.pull(ratio, &mut output) {
            let at = self.next.unwrap_or(now);
            period(Duration::from_secs_f64(at), &mut output);
            self.next = Some(at + PERIOD as f64 / rate);
        }
    }

    fn jump(&mut self, to: f64) -> f64 {
        self.next = Some(to);
        self.tempo.jumped();
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the loop with a card that is off by `ppm` and deliveries that come up to `jitter`
    /// seconds late; gives the ratio at the end and the largest error of the last minute.
    fn run(ppm: f64, jitter: f64, seconds: f64) -> (f64, f64) {
        let mut random = fastrand::Rng::with_seed(7);
        let (mut tempo, mut ratio) = (Tempo::default(), 1.0);
        let (mut captured, mut stamped, mut worst) = (0.0, 0.0, 0.0_f64);
        let each = 0.01;
        while captured < seconds {
            captured += each / (1.0 + ppm * 1e-6);
            stamped += each / ratio;
            let now = captured + jitter * random.f64();
            if let Pace::Ratio(new) = tempo.observe(now - stamped, each) {
                ratio = new;
            }
            if captured > seconds - 60.0 {
                worst = worst.max((captured - stamped).abs());
            }
        }
        (ratio, worst)
    }

    #[test]
    fn a_card_that_is_off_is_followed_to_a_millisecond() {
        for ppm in [-500.0, -40.0, 0.0, 100.0, 500.0] {
            let (ratio, worst) = run(ppm, 0.0, 300.0);
            assert!((ratio - 1.0 - ppm * 1e-6).abs() < 2e-6, "{ppm}: {ratio}");
            assert!(worst < 0.001, "{ppm} ppm: {worst} s");
        }
    }

    #[test]
    fn late_threads_hardly_move_the_tune() {
        let (ratio, _) = run(100.0, 0.005, 300.0);
        assert!((ratio - 1.0001).abs() < 2e-5, "{ratio}");
    }

    /// Times of periods, and their samples, of a ramp that is delivered as these numbers of samples at these times, in ms.
    fn periods(
        deliveries: impl IntoIterator<Item = (u64, usize)>,
    ) -> Vec<(Duration, [i16; PERIOD])> {
        let mut pacer = Pacer::default();
        let mut all = Vec::new();
        for (at, samples) in deliveries {
            let samples = vec![1_000; samples];
            pacer.push(&samples, Duration::from_millis(at), |at, period| {
                all.push((at, *period))
            });
        }
        all
    }

    #[test]
    fn periods_follow_each_other_without_a_seam_whatever_is_delivered_at_once() {
        let all = periods((1..=50).map(|n| (n * 30, 1_440)));
        assert!(all.len() >= 148, "{}", all.len());
        for pair in all.windows(2) {
            let apart = pair[1].0 - pair[0].0;
            assert!(apart.as_micros().abs_diff(10_000) <= 1, "{apart:?}");
        }
        assert!(
            all[2..]
                .iter()
                .all(|(_, period)| period.iter().all(|s| *s == 1_000))
        );
    }

    #[test]
    fn samples_that_were_lost_leave_a_gap_of_that_length_and_time_goes_on() {
        let before = (1..=100).map(|n| (n * 10, 480));
        // 300 ms are missing.
        let after = (131..=200).map(|n| (n * 10, 480));
        let all = periods(before.chain(after));
        let gaps: Vec<Duration> = all.windows(2).map(|p| p[1].0 - p[0].0).collect();
        let jumps = gaps.iter().filter(|gap| gap.as_millis() > 11).count();
        assert_eq!(jumps, 1, "one jump");
        let (last, _) = all[all.len() - 1];
        let behind = Duration::from_millis(2_000) - last;
        assert!(behind.as_millis() < 30, "{behind:?} behind");
    }

    #[test]
    fn what_came_late_but_all_of_it_is_no_gap() {
        // Nothing for 150 ms, then all at once.
        let before = (1..=100).map(|n| (n * 10, 480));
        let stuck = std::iter::once((1_150, 480 * 15));
        let after = (116..=200).map(|n| (n * 10, 480));
        let all = periods(before.chain(stuck).chain(after));
        for pair in all.windows(2) {
            let apart = pair[1].0 - pair[0].0;
            assert!(apart.as_micros().abs_diff(10_000) < 20, "{apart:?}");
        }
    }

    #[test]
    fn a_clock_that_stood_still_does_not_put_sound_into_the_future() {
        let before = (1..=100).map(|n| (n * 10, 480));
        // 200 ms of sound while time did not pass.
        let surplus = std::iter::once((1_010, 480 * 21));
        let after = (102..=200).map(|n| (n * 10, 480));
        let all = periods(before.chain(surplus).chain(after));
        for ((at, _), index) in all.iter().zip(0_u64..) {
            assert!(at.as_millis() < 2_000, "{index}: {at:?}");
        }
        assert!(all.is_sorted_by_key(|(at, _)| *at));
    }
}
