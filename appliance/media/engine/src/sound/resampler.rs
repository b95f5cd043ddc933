//! Turns samples of one clock into samples of another that is nearly as fast.

use std::sync::LazyLock;

/// Samples on each side of a place between two; flat to 20 kHz.
const HALF: usize = 16;
const TAPS: usize = 2 * HALF;
/// Places between two samples that have a filter of their own; between those it is interpolated.
const PHASES: usize = 128;
/// Taps that are summed beside each other, as processors multiply them at once.
const LANES: usize = 4;

type Filter = [[f32; LANES]; TAPS / LANES];

/// Filters for each phase and the one after the last.
static FILTERS: LazyLock<Vec<Filter>> = LazyLock::new(|| {
    let phases = (0..=PHASES).map(|p| p as f32 / PHASES as f32);
    phases.map(|place| in_lanes(&filter(place))).collect()
});

fn in_lanes(taps: &[f32; TAPS]) -> Filter {
    std::array::from_fn(|group| std::array::from_fn(|lane| taps[group * LANES + lane]))
}

/// Samples that wait, and where in them the next one of the other clock lies.
#[derive(Debug, Default)]
pub(super) struct Resampler {
    waiting: Vec<f32>,
    place: f64,
}

impl Resampler {
    pub(super) fn push(&mut self, samples: &[i16]) {
        if self.waiting.is_empty() {
            // What was before the first sample is silence.
            self.waiting.extend([0.0; HALF - 1]);
        }
        self.waiting.extend(samples.iter().map(|s| f32::from(*s)));
    }

    /// Takes `output.len()` samples out, `ratio` of ours for each; false and nothing while too few
    /// are there.
    pub(super) fn pull(&mut self, ratio: f64, output: &mut [i16]) -> bool {
        let last = self.place + ratio * (output.len() as f64 - 1.0);
        if last as usize + TAPS > self.waiting.len() {
            return false;
        }
        for sample in output.iter_mut() {
            *sample = self.sample();
            self.place += ratio;
        }
        let used = self.place as usize;
        self.waiting.drain(..used);
        self.place -= used as f64;
        true
    }

    /// Forgets `samples` that wait, as many as there are.
    pub(super) fn skip(&mut self, samples: usize) {
        let spare = self.waiting.len().saturating_sub(TAPS);
        self.waiting.drain(..samples.min(spare));
    }

    /// Samples that were pushed and not pulled.
    pub(super) fn waiting(&self) -> f64 {
        (self.waiting.len() as f64 - (HALF - 1) as f64 - self.place).max(0.0)
    }

    fn sample(&self) -> i16 {
        let first = self.place as usize;
        let phase = (self.place - first as f64) * PHASES as f64;
        let (lower, part) = (phase as usize, phase.fract() as f32);
        let (waiting, _) = self.waiting[first..first + TAPS].as_chunks::<LANES>();
        let filters = FILTERS[lower].iter().zip(&FILTERS[lower + 1]);
        let mut sums = [0.0; LANES];
        for (samples, (a, b)) in waiting.iter().zip(filters) {
            sums = [
                sums[0] + samples[0] * (a[0] + part * (b[0] - a[0])),
                sums[1] + samples[1] * (a[1] + part * (b[1] - a[1])),
                sums[2] + samples[2] * (a[2] + part * (b[2] - a[2])),
                sums[3] + samples[3] * (a[3] + part * (b[3] - a[3])),
            ];
        }
        let sum: f32 = sums.iter().sum();
        sum.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
    }
}

/// A sinc for this place after the middle sample, in a Blackman window.
fn filter(place: f32) -> [f32; TAPS] {
    use std::f32::consts::PI;
    let mut taps: [f32; TAPS] = std::array::from_fn(|tap| {
        let x = tap as f32 - (HALF - 1) as f32 - place;
        let turn = PI * x / HALF as f32;
        let window = 0.42 + 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos();
        let sinc = if x.abs() < 1e-6 {
            1.0
        } else {
            (PI * x).sin() / (PI * x)
        };
        sinc * window
    });
    let sum: f32 = taps.iter().sum();
    for tap in &mut taps {
        *tap /= sum;
    }
    taps
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far below the tone everything else is that comes out, dB.
    fn purity(frequency: f64, ratio: f64) -> f64 {
        let tone = |n: f64| 10_000.0 * (std::f64::consts::TAU * frequency * n / 48_000.0).sin();
        let mut resampler = Resampler::default();
        let samples: Vec<i16> = (0..9_600)
            .map(|n| tone(f64::from(n)).round() as i16)
            .collect();
        resampler.push(&samples);
        let mut output = [0; 9_000];
        assert!(resampler.pull(ratio, &mut output));
        let (mut wanted, mut error) = (0.0, 0.0);
        for (n, sample) in output.iter().enumerate().skip(100) {
            let right = tone(n as f64 * ratio);
            wanted += right * right;
            error += (f64::from(*sample) - right).powi(2);
        }
        10.0 * (wanted / error).log10()
    }

    #[test]
    fn tones_come_out_as_they_went_in_but_slower_or_faster() {
        for ratio in [1.0, 1.0003, 0.9995] {
            for frequency in [100.0, 1_000.0, 8_000.0] {
                let pure = purity(frequency, ratio);
                assert!(pure > 60.0, "{frequency} Hz at {ratio}: {pure} dB");
            }
        }
    }

    #[test]
    fn nothing_comes_out_before_enough_went_in_and_nothing_is_lost() {
        let mut resampler = Resampler::default();
        let mut output = [0; 480];
        assert!(!resampler.pull(1.0, &mut output));
        resampler.push(&[1_000; 480]);
        assert!(!resampler.pull(1.0, &mut output), "16 samples look ahead");
        resampler.push(&[1_000; 480]);
        assert!(resampler.pull(1.0, &mut output));
        assert!((resampler.waiting() - 480.0).abs() < 1e-9);
        assert_eq!(output[100], 1_000);
    }
}
