//! Something like a person who speaks: pulses of a voice through the resonances of a mouth, with
//! hissing in between, in syllables and pauses. What takes speech for speech takes this for it;
//! it says nothing.

use std::f32::consts::TAU;

use crate::tone::SAMPLE_RATE;

/// Resonances of vowels (F1 to F3, Hz; Peterson and Barney 1952): ah, ee, oo, eh, aw, and their bandwidths.
const VOWELS: [[f32; 3]; 5] = [
    [730.0, 1090.0, 2440.0],
    [270.0, 2290.0, 3010.0],
    [300.0, 870.0, 2240.0],
    [530.0, 1840.0, 2480.0],
    [570.0, 840.0, 2410.0],
];
const BANDWIDTHS: [f32; 3] = [80.0, 110.0, 160.0];
/// Root mean square while somebody speaks, of 1: 26 dB below full scale (ITU-T P.56's usual level).
const LOUDNESS: f32 = 0.05;

/// Somebody who speaks; two seeds are two people who say different things.
#[derive(Clone, Debug)]
pub struct Voice {
    random: u64,
    pitch: f32,
}

impl Voice {
    /// A speaker.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut voice = Self {
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            pitch: 0.0,
        };
        voice.pitch = voice.between(95.0, 210.0);
        voice
    }

    /// What is said next, at 48 kHz, between -1 and 1. Every call begins a sentence.
    #[must_use]
    pub fn speak(&mut self, seconds: f32) -> Vec<f32> {
        let length = (seconds * SAMPLE_RATE as f32) as usize;
        let mut spoken = Vec::with_capacity(length + SAMPLE_RATE as usize);
        while spoken.len() < length {
            for _ in 0..self.count(4, 9) {
                self.syllable(&mut spoken);
            }
            let pause = self.between(0.15, 0.5);
            spoken.resize(spoken.len() + (pause * SAMPLE_RATE as f32) as usize, 0.0);
        }
        spoken.truncate(length);
        spoken
    }

    fn syllable(&mut self, spoken: &mut Vec<f32>) {
        if self.between(0.0, 1.0) < 0.5 {
            self.hiss(spoken);
        }
        let vowel = VOWELS[self.count(0, VOWELS.len() - 1)];
        let length = (self.between(0.09, 0.22) * SAMPLE_RATE as f32) as usize;
        let (begin, end) = (self.between(0.92, 1.12), self.between(0.85, 1.0));
        let mut mouth = vowel.map(|_| [0.0_f32; 2]);
        let (mut phase, mut sounds) = (0.0_f32, Vec::with_capacity(length));
        for n in 0..length {
            let along = n as f32 / length as f32;
            phase += self.pitch * (begin + (end - begin) * along) / SAMPLE_RATE as f32;
            // The flow between vocal cords as it changes: a falling saw, and a breath.
            phase -= phase.floor();
            let source = 1.0 - 2.0 * phase + 0.03 * self.between(-1.0, 1.0);
            sounds.push(resonate(source, &vowel, &mut mouth) * rise_and_fall(along));
        }
        level(&mut sounds, LOUDNESS * self.between(0.7, 1.3));
        spoken.extend(sounds);
    }

    fn hiss(&mut self, spoken: &mut Vec<f32>) {
        let length = (self.between(0.04, 0.1) * SAMPLE_RATE as f32) as usize;
        let mut before = 0.0;
        let mut sounds: Vec<f32> = (0..length)
            .map(|n| {
                let noise = self.between(-1.0, 1.0);
                let high = noise - before;
                before = noise;
                high * rise_and_fall(n as f32 / length as f32)
            })
            .collect();
        level(&mut sounds, LOUDNESS * 0.4);
        spoken.extend(sounds);
    }

    /// Xorshift64 (Marsaglia 2003); good enough for breath.
    fn between(&mut self, low: f32, high: f32) -> f32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        low + (high - low) * (self.random >> 40) as f32 / (1_u64 << 24) as f32
    }

    fn count(&mut self, least: usize, most: usize) -> usize {
        (self.between(least as f32, most as f32 + 1.0) as usize).min(most)
    }
}

fn rise_and_fall(along: f32) -> f32 {
    (along / 0.15).min((1.0 - along) / 0.25).clamp(0.0, 1.0)
}

/// Two-pole resonators beside each other, weaker the higher they are.
fn resonate(source: f32, formants: &[f32; 3], states: &mut [[f32; 2]; 3]) -> f32 {
    let rate = SAMPLE_RATE as f32;
    let mut sum = 0.0;
    for ((frequency, bandwidth), state) in formants.iter().zip(BANDWIDTHS).zip(states) {
        let radius = (-std::f32::consts::PI * bandwidth / rate).exp();
        let turn = 2.0 * radius * (TAU * frequency / rate).cos();
        let out = (1.0 - radius) * source + turn * state[0] - radius * radius * state[1];
        *state = [out, state[0]];
        sum += out * 500.0 / frequency;
    }
    sum
}

/// Scales to this root mean square.
fn level(sounds: &mut [f32], wanted: f32) {
    let power = sounds.iter().map(|s| s * s).sum::<f32>() / sounds.len().max(1) as f32;
    let gain = wanted / power.sqrt().max(1e-6);
    for sound in sounds {
        *sound = (*sound * gain).clamp(-1.0, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_the_same_again_and_another_something_else() {
        let said = |seed| Voice::new(seed).speak(1.0);
        assert_eq!(said(1), said(1));
        assert_ne!(said(1), said(2));
    }

    #[test]
    fn it_is_as_loud_as_speech_and_pauses() {
        let said = Voice::new(3).speak(10.0);
        assert_eq!(said.len(), 480_000);
        let power = said.iter().map(|s| s * s).sum::<f32>() / said.len() as f32;
        assert!((0.025..0.06).contains(&power.sqrt()), "{}", power.sqrt());
        let quiet = |second: &[f32]| second.iter().all(|s| *s == 0.0);
        assert!(said.chunks(4_800).filter(|c| quiet(c)).count() > 3);
    }
}
