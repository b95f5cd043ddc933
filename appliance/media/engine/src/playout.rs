//! When a received frame is played: late enough for its slower successors, not a moment later.
//!
//! RTP time says how frames are spaced, arrival says when the first of them could be played. The
//! fastest arrival of the last seconds is the baseline; how much later others come is the jitter,
//! and the target delay covers its peaks. Peaks count at once and fade over seconds. The delay in
//! use follows the target in steps, since each step is a tiny gap or skip in sound.
//!
//! Sound and picture of one person travel and are coded apart. What their sender reports about its
//! clock says how far apart they would be played, and [`holds`] how long the earlier one waits.
//!
//! Pure: arrival times are arguments.

use std::time::Duration;

/// Both halves of the window in which the fastest arrival counts; clocks drift by 1 ms in 10 s at
/// most (100 ppm), so a longer window would lag behind.
const BASELINE_HALF: i64 = 5_000_000_000;
/// What a peak loses of its height each second.
const FADE_PER_SECOND: f64 = 0.1;
/// Spare on top of the highest recent peak.
const SPARE: i64 = 5_000_000;
/// No call is usable with more delay than this; later frames are lost.
const MOST: i64 = 500_000_000;
/// The delay in use moves when it is off by this much.
const STEP: i64 = 10_000_000;
/// A jump by more than this is another source behind the same track.
const JUMP: i64 = 1_000_000_000;

/// Nobody's sound and picture are this far apart: the reports are about different clocks.
const UNRELATED: i64 = 500_000_000;
/// People notice 45 ms (ITU-R BT.1359); less is not worth a step.
const APART: i64 = 20_000_000;

/// The playout of one track.
#[derive(Clone, Debug)]
pub struct Playout {
    clock_rate: u64,
    state: Option<State>,
    /// The sender's clock at RTP time zero, in nanoseconds since the Unix epoch.
    origin: Option<i64>,
    /// Waiting for the other track of the same person.
    hold: i64,
}

/// All in nanoseconds.
#[derive(Clone, Debug)]
struct State {
    /// Start of the current half of the window, and the least transit in it and in the one before.
    half_since: i64,
    least: i64,
    least_before: i64,
    peak: f64,
    last_arrival: i64,
    in_use: i64,
    last_play: i64,
    last_rtp: u64,
}

impl Playout {
    /// For a track whose RTP clock runs at this rate, in hertz.
    #[must_use]
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate: u64::from(clock_rate.max(1)),
            state: None,
            origin: None,
            hold: 0,
        }
    }

    /// When to play the frame that arrived now, on the clock of `arrival`.
    pub fn schedule(&mut self, arrival: Duration, rtp_time: u64) -> Duration {
        let arrival = i64::try_from(arrival.as_nanos()).unwrap_or(i64::MAX);
        let media = self.nanoseconds(rtp_time);
        let transit = arrival.saturating_sub(media);
        let jumped = |s: &State| transit.abs_diff(s.baseline()) > JUMP.unsigned_abs();
        let state = match self.state.take() {
            Some(state) if !jumped(&state) => state.after(arrival, transit),
            _ => {
                (self.origin, self.hold) = (None, 0);
                State::first(arrival, transit)
            }
        };
        // Decoders refuse time that runs backwards, as it would after a correction downwards.
        let due = media
            .saturating_add(state.baseline())
            .saturating_add(state.in_use)
            .saturating_add(self.hold);
        let play = due.max(state.last_play);
        self.state = Some(State {
            last_play: play,
            last_rtp: rtp_time,
            ..state
        });
        Duration::from_nanos(u64::try_from(play).unwrap_or(0))
    }

    /// The sender reports what its clock said, since the Unix epoch, at this RTP time, of which the
    /// lower 32 bits count.
    pub fn report(&mut self, rtp_time: u32, clock: Duration) {
        let Some(state) = &self.state else { return };
        // Reports and packets are counted on beyond 32 bits apart.
        let after = rtp_time.wrapping_sub(state.last_rtp as u32).cast_signed();
        let rtp_time = state.last_rtp.saturating_add_signed(i64::from(after));
        let clock = i64::try_from(clock.as_nanos()).unwrap_or(i64::MAX);
        self.origin = Some(clock.saturating_sub(self.nanoseconds(rtp_time)));
    }

    /// How much later than its capture, on the sender's clock, something is played, without
    /// [`Playout::hold`]; in nanoseconds from an origin that all tracks share.
    #[must_use]
    pub fn lag(&self) -> Option<i64> {
        let state = self.state.as_ref()?;
        let played = state.baseline().saturating_add(state.in_use);
        Some(played.saturating_sub(self.origin?))
    }

    /// Plays this much later, in nanoseconds; a little more or less is left as it is.
    pub fn hold(&mut self, hold: i64) {
        if hold.abs_diff(self.hold) >= APART.unsigned_abs() {
            self.hold = hold;
        }
    }

    fn nanoseconds(&self, rtp_time: u64) -> i64 {
        let media = u128::from(rtp_time) * 1_000_000_000 / u128::from(self.clock_rate);
        i64::try_from(media).unwrap_or(i64::MAX)
    }

    /// The delay that is added to the fastest arrival.
    #[must_use]
    pub fn delay(&self) -> Duration {
        let in_use = self.state.as_ref().map_or(0, |state| state.in_use);
        Duration::from_nanos(in_use.unsigned_abs())
    }
}

/// How long tracks with these lags wait for the latest of them.
#[must_use]
pub fn holds(lags: &[i64]) -> Vec<i64> {
    let latest = lags.iter().max().copied().unwrap_or(0);
    let waits = lags.iter().map(|lag| latest.saturating_sub(*lag));
    let waits: Vec<_> = waits.collect();
    if waits.iter().any(|wait| *wait > UNRELATED) {
        return vec![0; lags.len()];
    }
    waits
}

impl State {
    fn first(arrival: i64, transit: i64) -> Self {
        Self {
            half_since: arrival,
            least: transit,
            least_before: transit,
            peak: 0.0,
            last_arrival: arrival,
            in_use: SPARE,
            last_play: i64::MIN,
            last_rtp: 0,
        }
    }

    fn baseline(&self) -> i64 {
        self.least.min(self.least_before)
    }

    fn after(mut self, arrival: i64, transit: i64) -> Self {
        let before = self.baseline();
        if arrival - self.half_since > BASELINE_HALF {
            (self.half_since, self.least_before, self.least) = (arrival, self.least, transit);
        }
        self.least = self.least.min(transit);
        // What is played next must not move because the baseline did.
        self.in_use += before - self.baseline();
        let late = (transit - self.baseline()) as f64;
        let seconds = (arrival - self.last_arrival).max(0) as f64 / 1e9;
        self.last_arrival = arrival;
        self.peak = late.max(self.peak * (1.0 - FADE_PER_SECOND * seconds).max(0.0));
        let target = (self.peak as i64 + SPARE).clamp(SPARE, MOST);
        if self.in_use < target || self.in_use > target + STEP {
            self.in_use = target;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Plays 20 ms sound frames that travel 40 ms plus what `jitter_ms` says.
    fn play(jitter_ms: impl Fn(u64) -> u64, frames: u64) -> (Playout, Vec<(u64, u64)>) {
        let mut playout = Playout::new(48_000);
        let schedule = (0..frames)
            .map(|n| {
                let arrival = Duration::from_millis(1_000 + 20 * n + 40 + jitter_ms(n));
                let at = playout.schedule(arrival, 5_000_000 + 960 * n);
                (arrival.as_nanos() as u64 / MS, at.as_nanos() as u64 / MS)
            })
            .collect();
        (playout, schedule)
    }

    #[test]
    fn a_clean_link_costs_next_to_nothing() {
        let (playout, schedule) = play(|_| 0, 500);
        assert!(
            playout.delay() <= Duration::from_millis(25),
            "{:?}",
            playout.delay()
        );
        assert!(schedule.iter().all(|(arrival, at)| at >= arrival));
        assert!(
            schedule.windows(2).all(|w| w[1].1 - w[0].1 == 20),
            "even spacing"
        );
    }

    #[test]
    fn jitter_is_covered_after_its_first_peak() {
        let (playout, schedule) = play(|n| (n * 7919) % 31, 500);
        let late = schedule[50..]
            .iter()
            .filter(|(arrival, at)| at < arrival)
            .count();
        assert_eq!(late, 0);
        assert!(
            playout.delay() <= Duration::from_millis(30 + 15),
            "{:?}",
            playout.delay()
        );
    }

    #[test]
    fn one_peak_is_forgotten_again() {
        let (playout, _) = play(|n| if n == 100 { 200 } else { 0 }, 120);
        assert!(playout.delay() >= Duration::from_millis(150));
        let (playout, _) = play(|n| if n == 100 { 200 } else { 0 }, 2_500);
        assert!(
            playout.delay() <= Duration::from_millis(25),
            "{:?}",
            playout.delay()
        );
    }

    #[test]
    fn a_slow_sender_clock_does_not_build_up_delay() {
        let mut playout = Playout::new(90_000);
        let mut worst = 0;
        for n in 0..20_000_u64 {
            // The sender's clock is slow by 100 ppm: each 33 ms take 3.3 us longer.
            let arrival = Duration::from_nanos(33 * MS * n + 3_300 * n);
            let at = playout.schedule(arrival, 2_970 * n);
            worst = worst.max((at.saturating_sub(arrival)).as_millis());
        }
        assert!(worst <= 25, "{worst} ms");
    }

    #[test]
    fn time_never_runs_backwards() {
        // Corrections up and down, the first frames slower than the baseline to come.
        let (_, schedule) = play(|n| [30, 10, 0, 25][n as usize % 4], 200);
        assert!(
            schedule.windows(2).all(|w| w[1].1 >= w[0].1),
            "{schedule:?}"
        );
    }

    #[test]
    fn another_source_on_the_same_track_starts_anew() {
        let (mut playout, _) = play(|_| 0, 100);
        let arrival = Duration::from_secs(60);
        let at = playout.schedule(arrival, 77);
        assert!(at >= arrival && at - arrival <= Duration::from_millis(25));
    }

    #[test]
    fn sound_waits_for_a_picture_that_takes_longer() {
        let (mut sound, mut picture) = (Playout::new(48_000), Playout::new(90_000));
        let epoch = Duration::from_secs(1_800_000_000);
        let mut apart = Vec::new();
        for n in 0..400_u64 {
            // Captured together every 20 ms; the picture takes 90 ms more to be coded and sent.
            let captured = Duration::from_millis(20 * n);
            let heard = sound.schedule(captured + Duration::from_millis(50), 7_000 + 960 * n);
            let seen = picture.schedule(
                captured + Duration::from_millis(140),
                (1 << 32) - 900 + 1_800 * n,
            );
            apart.push(seen.as_millis() as i64 - heard.as_millis() as i64);
            if n % 50 == 49 {
                let clock = epoch + captured;
                sound.report(7_000 + 960 * n as u32, clock);
                picture.report(1_800_u32.wrapping_mul(n as u32).wrapping_sub(900), clock);
                let lags = [sound.lag().expect("both"), picture.lag().expect("both")];
                let holds = holds(&lags);
                sound.hold(holds[0]);
                picture.hold(holds[1]);
            }
        }
        assert_eq!(apart[10], 90);
        assert!(
            apart[60..].iter().all(|ms| ms.abs() <= 1),
            "{:?}",
            &apart[60..]
        );
    }

    #[test]
    fn nobody_waits_for_a_clock_of_another_world() {
        assert_eq!(holds(&[0, 60_000_000]), [60_000_000, 0]);
        assert_eq!(holds(&[0, 501_000_000, 5]), [0, 0, 0]);
        assert_eq!(holds(&[i64::MIN, i64::MAX]), [0, 0]);
        assert!(holds(&[]).is_empty());
        let mut playout = Playout::new(48_000);
        playout.report(5, Duration::ZERO);
        assert_eq!(playout.lag(), None, "nothing has come yet");
        playout.schedule(Duration::from_secs(1), 48_000);
        assert_eq!(playout.lag(), None, "no report");
        playout.report(48_000, Duration::MAX);
        playout.schedule(Duration::from_secs(9), 1);
        assert_eq!(playout.lag(), None, "another source");
    }

    #[test]
    fn wild_times_do_not_overflow() {
        let mut playout = Playout::new(90_000);
        for rtp in [u64::MAX, 0, u64::MAX / 2] {
            playout.report(rtp as u32, Duration::MAX);
            playout.hold(i64::MAX);
            playout.schedule(Duration::MAX, rtp);
            playout.schedule(Duration::ZERO, rtp);
        }
    }
}
