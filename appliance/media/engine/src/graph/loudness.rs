//! How loud each packet of captured sound is, for servers that pick speakers by it.

use std::sync::{Arc, Mutex, PoisonError};

use gstreamer::{self as gst, prelude::*};

/// -dBov of silence (RFC 6464).
const SILENCE: u8 = 127;

/// Sums up what passes a pad until it is taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Loudness(Arc<Mutex<Sum>>);

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    squares: f64,
    samples: u32,
}

impl Loudness {
    /// Measures native 16-bit samples on their way into this element.
    pub(super) fn watch(&self, element: &gst::Element) {
        let Some(pad) = element.static_pad("sink") else {
            return;
        };
        let this = self.clone();
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some(Ok(map)) = info.buffer().map(|buffer| buffer.map_readable()) {
                this.add(map.as_slice());
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// Loudness since the last call, -dBov.
    pub(super) fn take(&self) -> u8 {
        let sum = std::mem::take(&mut *self.lock());
        if sum.samples == 0 || sum.squares == 0.0 {
            return SILENCE;
        }
        let mean = sum.squares / f64::from(sum.samples);
        let dbov = 10.0 * (mean / f64::from(i16::MAX).powi(2)).log10();
        // Between 0 and 127, so the cast only drops the fraction.
        (-dbov).round().clamp(0.0, f64::from(SILENCE)) as u8
    }

    fn add(&self, bytes: &[u8]) {
        let (samples, _) = bytes.as_chunks::<2>();
        let squares = samples
            .iter()
            .map(|s| f64::from(i16::from_ne_bytes(*s)).powi(2))
            .sum::<f64>();
        let mut sum = self.lock();
        sum.squares += squares;
        sum.samples += u32::try_from(samples.len()).unwrap_or(0);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sum> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loudness(samples: &[i16]) -> u8 {
        let loudness = Loudness::default();
        for half in samples.chunks(samples.len() / 2) {
            let bytes: Vec<u8> = half.iter().flat_map(|s| s.to_ne_bytes()).collect();
            loudness.add(&bytes);
        }
        let measured = loudness.take();
        assert_eq!(loudness.take(), SILENCE, "each packet is measured alone");
        measured
    }

    #[test]
    fn full_scale_is_0_and_silence_127() {
        assert_eq!(loudness(&[i16::MAX, -i16::MAX]), 0);
        assert_eq!(loudness(&[i16::MIN; 4]), 0);
        assert_eq!(loudness(&[0; 960]), 127);
        assert_eq!(loudness(&[328; 960]), 40);
        assert_eq!(loudness(&[1; 960]), 90);
    }
}
