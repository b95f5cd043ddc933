//! A voice that says numbered seconds, as it comes out of a call.

use std::time::Duration;

use saal_hal_sim::tone;

/// What is louder is no silence: the voices of tones are four times as loud even in their quiet seconds.
const LOUD: u16 = 500;
/// A silence is looked for in pieces of so many samples; a tone has none of its own that lasts half as long.
const PIECE: usize = tone::SAMPLE_RATE as usize / 50;

/// How long this many samples last.
pub(crate) fn lasts(samples: usize) -> Duration {
    Duration::from_secs(1) * u32::try_from(samples).unwrap() / tone::SAMPLE_RATE
}

/// The silences between sounds, longest first: where each begins, and how many samples it lasts.
pub(crate) fn silences(samples: &[i16]) -> Vec<(usize, usize)> {
    let loud = |piece: &[i16]| piece.iter().any(|sample| sample.unsigned_abs() > LOUD);
    let pieces: Vec<bool> = samples.chunks(PIECE).map(loud).collect();
    let mut found = Vec::new();
    let mut last = None;
    for (index, _) in pieces.iter().enumerate().filter(|(_, loud)| **loud) {
        if let Some(last) = last
            && index > last + 1
        {
            found.push(((last + 1) * PIECE, (index - last - 1) * PIECE));
        }
        last = Some(index);
    }
    found.sort_by_key(|(_, length)| std::cmp::Reverse(*length));
    found
}

/// The most samples that are silent within any second.
pub(crate) fn most_missing(samples: &[i16]) -> usize {
    let loud = |piece: &[i16]| piece.iter().any(|sample| sample.unsigned_abs() > LOUD);
    let silent: Vec<bool> = samples.chunks(PIECE).map(|piece| !loud(piece)).collect();
    let second = tone::SAMPLE_RATE as usize / PIECE;
    let missing = |second: &[bool]| second.iter().filter(|silent| **silent).count() * PIECE;
    silent.windows(second).map(missing).max().unwrap_or(0)
}

/// Where sound begins; `None` without any.
pub(crate) fn begins(samples: &[i16]) -> Option<usize> {
    let loud = samples
        .iter()
        .position(|sample| sample.unsigned_abs() > LOUD);
    loud.map(|at| at / PIECE * PIECE)
}

/// The numbers of all seconds of a voice, in the order in which they are heard.
pub(crate) fn seconds(samples: &[i16], voice: u8) -> Vec<u32> {
    let second = tone::SAMPLE_RATE as usize;
    let mut rest = samples;
    let mut heard = Vec::new();
    while let Some(reading) = tone::read(&rest[..rest.len().min(2 * second)]) {
        assert_eq!(reading.voice, voice, "somebody else speaks");
        heard.push(reading.second);
        // The next one is looked for a little early, for where one starts is known to 10 ms.
        rest = &rest[(reading.start + second * 9 / 10).min(rest.len())..];
    }
    heard
}
