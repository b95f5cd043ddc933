//! When a received frame is played: late enough for its slower successors, not a moment later.
//!
//! RTP time says how frames are spaced, arrival says when the first of them could be played. The
//! fastest arrival of the last seconds is the baseline; how much later others come is the jitter,
//! and the target delay covers its peaks. Peaks count at once and fade over seconds. The delay in
//! use follows the target in steps, since each step is a tiny gap or skip in sound.
//!
//! What was lost and sent again counts by when the last of it came ([`arrival`]): while packets are lost, frames wait for
//! the next one that has to be sent again, and pictures don't stand still for it.
//!
//! Sound and picture of one person travel and are coded apart. What their sender reports about its
//! clock says how far apart they would be played, and [`align`] lets the earlier one wait.
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
/// How far sound may be ahead of its picture and behind it before one of them waits: with a margin to what broadcasters allow
/// (15 ms and 45 ms, ATSC IS-191), since each step is a tiny gap or skip in sound.
const AHEAD: i64 = 10_000_000;
const BEHIND: i64 = 30_000_000;
/// Where pictures have to wait for sound that comes later, sound stays this much behind: nobody notices, and the picture is
/// earlier.
const TRAILING: i64 = 25_000_000;
/// What moved by this much is looked at again.
const STRAYED: i64 = 5_000_000;

/// What counts as the arrival of a frame whose first packet came at `first`, and that was whole, with all before it, at
/// `whole`: the latter, for the next one that has to wait as long. A picture that stands `alone` is many times as large
/// as others and takes its time on the way; those after it do not wait for that.
#[must_use]
pub fn arrival(first: Duration, whole: Duration, alone: bool) -> Duration {
    if alone { first } else { first.max(whole) }
}

/// How long frames waited from their first packet until they were played, counted as webrtc-stats does; with sound, a frame is
/// a packet of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// `jitterBufferEmittedCount`: frames that were played.
    pub count: u64,
    /// `jitterBufferDelay`: all together.
    pub delay: Duration,
    /// `jitterBufferTargetDelay`: what was to be waited, all together.
    pub target: Duration,
}

impl Held {
    /// A frame that came at `first` and could be played from `whole` on is played when it is `due`; `target` was to be waited.
    pub fn add(&mut self, first: Duration, whole: Duration, due: Duration, target: Duration) {
        self.count += 1;
        self.delay += due.max(whole).saturating_sub(first);
        self.target += target;
    }
}

/// The playout of one track.
#[derive(Clone, Debug)]
pub struct Playout {
    clock_rate: u64,
    state: Option<State>,
    /// The sender's clock at RTP time zero, in nanoseconds since the Unix epoch.
    origin: Option<i64>,
    /// Waiting for the other track of the same person.
    hold: i64,
    /// How much later than it is played it comes out.
    output: i64,
    /// [`Playout::lag`] when that was looked at last.
    aligned: Option<i64>,
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
            output: 0,
            aligned: None,
        }
    }

    /// What is played comes out so much later: at the loudspeaker, behind mixer and card; on the display, once it is composed
    /// and drawn.
    pub fn comes_out_after(&mut self, latency: Duration) {
        self.output = i64::try_from(latency.as_nanos()).unwrap_or(MOST).min(MOST);
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
                (self.origin, self.hold, self.aligned) = (None, 0, None);
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

    /// How much later than its capture, on the sender's clock, something comes out, without
    /// waiting for others; in nanoseconds from an origin that all tracks share.
    #[must_use]
    pub fn lag(&self) -> Option<i64> {
        let state = self.state.as_ref()?;
        let played = state.baseline().saturating_add(state.in_use);
        let comes_out = played.saturating_add(self.output);
        Some(comes_out.saturating_sub(self.origin?))
    }

    /// Whether it is played earlier or later than when [`align`] looked at it last.
    #[must_use]
    pub fn strayed(&self) -> bool {
        let apart = self.lag().zip(self.aligned);
        apart.is_some_and(|(lag, before)| lag.abs_diff(before) >= STRAYED.unsigned_abs())
    }

    /// What the sender's clock showed, since the Unix epoch, when that was captured which comes out now, on the clock of
    /// arrivals (`estimatedPlayoutTimestamp` of webrtc-stats).
    #[must_use]
    pub fn playing(&self, now: Duration) -> Option<Duration> {
        let now = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
        let clock = now.saturating_sub(self.lag()?).saturating_sub(self.hold);
        Some(Duration::from_nanos(u64::try_from(clock).ok()?))
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

/// Puts together what belongs together: the tracks of one sender, each with whether it is sound. Where sound is too far from a
/// picture the earlier ones wait for the latest, and pictures never wait for longer than sound has them: nobody sees a picture
/// that is shown a little shorter. Tracks whose sender's clock is not known yet are left alone.
pub fn align<'a>(tracks: impl Iterator<Item = (bool, &'a mut Playout)>) {
    let known = |(sound, playout): (bool, &'a mut Playout)| Some((playout.lag()?, sound, playout));
    let mut tracks: Vec<_> = tracks.filter_map(known).collect();
    let played = |sound: bool| {
        let of_kind = tracks.iter().filter(move |track| track.1 == sound);
        of_kind.map(|(lag, _, playout)| lag.saturating_add(playout.hold))
    };
    let near = played(true).all(|sound| {
        played(false).all(|picture| {
            let ahead = picture.saturating_sub(sound);
            (-BEHIND..=AHEAD).contains(&ahead)
        })
    });
    let lags: Vec<_> = tracks
        .iter()
        .map(|(lag, sound, _)| (*lag, *sound))
        .collect();
    let heard = played(true).max();
    let seen = lags.iter().filter(|(_, sound)| !sound).map(|(lag, _)| *lag);
    let needed = seen
        .max()
        .max(heard.map(|heard| heard.saturating_sub(TRAILING)));
    for ((lag, sound, playout), hold) in tracks.iter_mut().zip(holds(&lags)) {
        playout.aligned = Some(*lag);
        let waits = needed.map_or(0, |needed| needed.saturating_sub(*lag));
        if !near {
            playout.hold = hold;
        } else if !*sound && playout.hold > waits.saturating_add(STRAYED) {
            playout.hold = waits;
        }
    }
}

/// How long tracks with these lags, each with whether it is sound, wait for the latest of them.
fn holds(lags: &[(i64, bool)]) -> Vec<i64> {
    let latest = |sound: bool| {
        let of_kind = lags.iter().filter(|(_, of)| *of == sound);
        of_kind.map(|(lag, _)| *lag).max()
    };
    let (heard, seen) = (latest(true), latest(false));
    let least = lags.iter().map(|(lag, _)| *lag).min().unwrap_or(0);
    let all = heard.max(seen).unwrap_or(0);
    if all.saturating_sub(least) > UNRELATED {
        return vec![0; lags.len()];
    }
    let pictures = seen
        .max(heard.map(|heard| heard.saturating_sub(TRAILING)))
        .unwrap_or(all);
    let waits = lags.iter().map(|(lag, sound)| {
        let latest = if *sound { all } else { pictures };
        latest.saturating_sub(*lag)
    });
    waits.collect()
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
        // What is later than ever waited for says nothing of how long to wait.
        let late = late.min(MOST as f64);
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
                align([(true, &mut sound), (false, &mut picture)].into_iter());
            }
        }
        assert_eq!(apart[10], 90);
        assert!(
            apart[60..].iter().all(|ms| ms.abs() <= 1),
            "{:?}",
            &apart[60..]
        );
    }

    /// Sound and picture of one person: how far sound is ahead of what is seen, frame by frame, in milliseconds; lost packets
    /// make pictures late by up to `late_ms` of a frame's number.
    fn ahead(late_ms: impl Fn(u64) -> u64, frames: u64) -> Vec<i64> {
        let (mut sound, mut picture) = (Playout::new(48_000), Playout::new(90_000));
        let epoch = Duration::from_secs(1_800_000_000);
        let mut ahead = Vec::new();
        for n in 0..frames {
            let captured = Duration::from_millis(20 * n);
            sound.schedule(captured + Duration::from_millis(50), 960 * n);
            let late = Duration::from_millis(60 + late_ms(n));
            picture.schedule(captured + late, 1_800 * n);
            let pair = |sound, picture| [(true, sound), (false, picture)].into_iter();
            if n % 250 == 20 {
                sound.report(960 * n as u32, epoch + captured);
                picture.report(1_800 * n as u32, epoch + captured);
                align(pair(&mut sound, &mut picture));
            } else if picture.strayed() || sound.strayed() {
                align(pair(&mut sound, &mut picture));
            }
            let now = captured + Duration::from_millis(200);
            if let (Some(heard), Some(seen)) = (sound.playing(now), picture.playing(now)) {
                ahead.push(heard.as_millis() as i64 - seen.as_millis() as i64);
            }
        }
        ahead
    }

    #[test]
    fn sound_stays_with_its_picture_while_pictures_wait_for_lost_packets() {
        let lossy = |n: u64| if n % 37 == 36 { 150 + n % 60 } else { n % 7 };
        let offsets = ahead(lossy, 3_000);
        assert!(offsets.len() > 2_900);
        let far = offsets.iter().filter(|ms| !(-45..=15).contains(*ms));
        assert_eq!(far.count(), 0);
    }

    #[test]
    fn pictures_wait_for_a_loudspeaker_that_takes_longer() {
        let (mut sound, mut picture) = (Playout::new(48_000), Playout::new(90_000));
        let [card, display] = [90, 30].map(Duration::from_millis);
        sound.comes_out_after(card);
        picture.comes_out_after(display);
        let epoch = Duration::from_secs(1_800_000_000);
        let mut apart = Vec::new();
        for n in 0..200_u64 {
            let captured = Duration::from_millis(20 * n);
            let arrival = captured + Duration::from_millis(50);
            let heard = sound.schedule(arrival, 960 * n) + card;
            let seen = picture.schedule(arrival, 1_800 * n) + display;
            apart.push(seen.as_millis() as i64 - heard.as_millis() as i64);
            if n % 50 == 49 {
                sound.report(960 * n as u32, epoch + captured);
                picture.report(1_800 * n as u32, epoch + captured);
                align([(true, &mut sound), (false, &mut picture)].into_iter());
            }
        }
        assert_eq!(apart[10], -60, "nothing is known of the sender's clock yet");
        let behind = |ms: &i64| (-26..=-24).contains(ms);
        assert!(
            apart[60..].iter().all(behind),
            "a little earlier than sound: {apart:?}"
        );
    }

    #[test]
    fn a_picture_is_earlier_again_when_its_sound_is() {
        let (mut sound, mut picture) = (Playout::new(48_000), Playout::new(90_000));
        let epoch = Duration::from_secs(1_800_000_000);
        let mut waited = Vec::new();
        for n in 0..400_u64 {
            let captured = Duration::from_millis(20 * n);
            let arrival = captured + Duration::from_millis(50);
            // Words were lost until then, and packets were held for what the next ones say of them.
            let card = Duration::from_millis(if n < 200 { 70 } else { 50 });
            sound.comes_out_after(card);
            sound.schedule(arrival, 960 * n);
            waited.push((picture.schedule(arrival, 1_800 * n) - arrival).as_millis());
            if n % 50 == 49 {
                sound.report(960 * n as u32, epoch + captured);
                picture.report(1_800 * n as u32, epoch + captured);
                align([(true, &mut sound), (false, &mut picture)].into_iter());
            }
        }
        assert_eq!([waited[150], waited[350]], [50, 30]);
    }

    #[test]
    fn nobody_waits_for_a_clock_of_another_world() {
        let [sound, picture] = [true, false].map(|sound| move |lag: i64| (lag, sound));
        assert_eq!(holds(&[sound(0), picture(60_000_000)]), [60_000_000, 0]);
        assert_eq!(holds(&[sound(60_000_000), picture(0)]), [0, 35_000_000]);
        assert_eq!(
            holds(&[sound(10_000_000), picture(0)]),
            [0, 0],
            "hardly later"
        );
        assert_eq!(holds(&[picture(5), picture(7)]), [2, 0]);
        assert_eq!(
            holds(&[sound(0), picture(501_000_000), picture(5)]),
            [0, 0, 0]
        );
        assert_eq!(holds(&[sound(i64::MIN), picture(i64::MAX)]), [0, 0]);
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
            playout.hold = i64::MAX;
            align([(true, &mut playout)].into_iter());
            let _ = (playout.playing(Duration::MAX), playout.strayed());
            playout.schedule(Duration::MAX, rtp);
            playout.schedule(Duration::ZERO, rtp);
        }
    }
}
