//! A tone that carries a counter of seconds, and whose loudness changes every second.
//!
//! # Layout
//!
//! 48 kHz, one channel. Sample 0 is the start of second 0. A second has ten symbols of 100 ms
//! (4,800 samples); a symbol is one sine of `600 + 150 k` Hz that starts at phase zero, with k:
//!
//! - symbol 0: k = 16 (3,000 Hz), the mark that a second starts;
//! - symbol 1: the voice, 0 to 15 (the seed's low four bits), so that two rooms differ;
//! - symbols 2 to 7: the number of the second, 24 bits, most significant nibble first;
//! - symbols 8 and 9: CRC-8 of the four bytes (voice, then the number's three bytes, most
//!   significant first), high nibble first; polynomial 0x07, initial value 0xFF, not reflected.
//!
//! The amplitude is 8,192 (12 dB below full scale) in even seconds and 2,048 (24 dB below) in odd
//! ones, so a far end can assert that the energy it hears follows ours. Every symbol fades in and
//! out over 5 ms (240 samples) along half a cosine, which keeps clicks out of the neighbours.
//!
//! # Reading
//!
//! Power at each of the 17 frequencies (Goertzel) over the middle 60 ms of a symbol; the strongest
//! counts when it holds at least 0.35 of the power of all 17. A start that is wrong by up to 20 ms
//! reads the same; starts are tried every 10 ms. Opus at 32 kbit/s and resampling keep all of it.

use std::f64::consts::TAU;

use crate::code::crc8;

/// Samples a second.
pub const SAMPLE_RATE: u32 = 48_000;
const SYMBOL: usize = 4_800;
const SYMBOLS: usize = 10;
const SECOND: usize = SYMBOL * SYMBOLS;
const FREQUENCIES: usize = 17;
const MARK: usize = 16;
const FADE: usize = 240;
/// Every frequency is a multiple of 150 Hz, so one period of 150 Hz holds whole periods of all.
const PERIOD: usize = 320;
const LOUD: f64 = 8_192.0;
const QUIET: f64 = 2_048.0;
const STEP: usize = 480;

/// What a tone says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Which second of the source this was.
    pub second: u32,
    /// Whose tone it is, 0 to 15.
    pub voice: u8,
    /// Index of that second's first sample in what was read, exact to about 10 ms; late by up to
    /// 50 ms when the second starts within the first 50 ms of what was read.
    pub start: usize,
}

/// Makes the samples from `sample_index` on; consecutive calls continue without a seam.
pub fn generate(sample_index: u64, seed: u64, samples: &mut [i16]) {
    let mut message = None;
    for (index, sample) in (sample_index..).zip(samples) {
        let second = (index / SECOND as u64) as u32 & 0xFF_FFFF;
        let within = (index % SECOND as u64) as usize;
        let symbols = match message {
            Some((of, symbols)) if of == second => symbols,
            _ => encode(second, (seed & 0xF) as u8),
        };
        message = Some((second, symbols));
        let amplitude = if second.is_multiple_of(2) {
            LOUD
        } else {
            QUIET
        };
        let at = within % SYMBOL;
        let step = 4 + symbols[within / SYMBOL];
        *sample = (amplitude * fade(at) * sine(at * step % PERIOD)).round() as i16;
    }
}

/// Finds the first whole second in 48 kHz samples; two seconds always hold one.
#[must_use]
pub fn read(samples: &[i16]) -> Option<Reading> {
    let steps = samples.len().checked_sub(SECOND)? / STEP;
    let marked = (0..=steps).filter(|&step| symbol(&samples[step * STEP..]) == Some(MARK));
    let mut readings = marked.filter_map(|step| decode(&samples[step * STEP..], step * STEP));
    let first = readings.next()?;
    // The same second reads at several starts; the true one is in their middle.
    let last = readings
        .take_while(|next| next.second == first.second)
        .last()
        .unwrap_or(first);
    Some(Reading {
        start: usize::midpoint(first.start, last.start),
        ..first
    })
}

fn encode(second: u32, voice: u8) -> [usize; SYMBOLS] {
    let check = crc8(&message(voice, second));
    let nibble = |shift: u32| (second >> shift & 0xF) as usize;
    [
        MARK,
        usize::from(voice),
        nibble(20),
        nibble(16),
        nibble(12),
        nibble(8),
        nibble(4),
        nibble(0),
        usize::from(check >> 4),
        usize::from(check & 0xF),
    ]
}

fn message(voice: u8, second: u32) -> [u8; 4] {
    let [_, high, middle, low] = second.to_be_bytes();
    [voice, high, middle, low]
}

fn decode(samples: &[i16], start: usize) -> Option<Reading> {
    let mut nibbles = [0_u32; SYMBOLS];
    for (nibble, samples) in nibbles.iter_mut().zip(samples.chunks_exact(SYMBOL)).skip(1) {
        *nibble = symbol(samples).filter(|&k| k != MARK)? as u32;
    }
    let second = nibbles[2..8]
        .iter()
        .fold(0, |number, nibble| number << 4 | nibble);
    let voice = nibbles[1] as u8;
    let check = nibbles[8] << 4 | nibbles[9];
    (u32::from(crc8(&message(voice, second))) == check).then_some(Reading {
        second,
        voice,
        start,
    })
}

/// Which of the frequencies the symbol at the front of `samples` is.
fn symbol(samples: &[i16]) -> Option<usize> {
    let middle = samples.get(960..960 + 2_880)?;
    let powers: [f64; FREQUENCIES] = std::array::from_fn(|k| power(middle, k));
    let (strongest, most) = powers
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(b.1))
        .map(|(k, p)| (k, *p))?;
    let all: f64 = powers.iter().sum();
    (most > 0.35 * all && most > 1e6).then_some(strongest)
}

/// Power at one of the frequencies (Goertzel's algorithm).
fn power(samples: &[i16], k: usize) -> f64 {
    let frequency = 600.0 + 150.0 * k as f64;
    let coefficient = 2.0 * (TAU * frequency / f64::from(SAMPLE_RATE)).cos();
    let (a, b) = samples.iter().fold((0.0, 0.0), |(a, b), &sample| {
        (f64::from(sample) + coefficient * a - b, a)
    });
    a * a + b * b - coefficient * a * b
}

fn sine(at: usize) -> f64 {
    use std::sync::LazyLock;
    static TABLE: LazyLock<[f64; PERIOD]> =
        LazyLock::new(|| std::array::from_fn(|i| (TAU * i as f64 / PERIOD as f64).sin()));
    TABLE[at]
}

fn fade(at: usize) -> f64 {
    let edge = at.min(SYMBOL - 1 - at);
    if edge >= FADE {
        1.0
    } else {
        0.5 - 0.5 * (TAU / 2.0 * edge as f64 / FADE as f64).cos()
    }
}
