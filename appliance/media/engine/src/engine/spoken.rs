//! What the panel says, as it crosses the line from the daemon.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::Engine;

/// What voices make: from the telephone's rate to the room's.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=48_000;

/// Some words as sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    /// Samples a second.
    pub(super) rate: u32,
    pub(super) samples: Vec<i16>,
    /// In place of what is being said.
    pub(super) interrupts: bool,
}

impl Spoken {
    /// `None`: this is no sound.
    pub(super) fn read(rate: u32, samples: &str, interrupts: bool) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(samples).ok()?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        let whole = rest.is_empty() && RATES.contains(&rate);
        whole.then(|| Self {
            rate,
            samples: pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect(),
            interrupts,
        })
    }
}

impl Engine {
    /// Says what the panel has for whoever hears it.
    pub(super) fn speak(&mut self, rate: u32, samples: &str, interrupts: bool) {
        let Some(spoken) = Spoken::read(rate, samples, interrupts) else {
            tracing::error!(rate, "what the panel is to say is no sound");
            return;
        };
        self.wanted.speaking = true;
        self.reconcile();
        self.devices.speak(&spoken);
    }

    pub(super) fn end_speech(&mut self) {
        self.wanted.speaking = false;
        self.devices.end_speech();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_cross_the_line_and_nothing_else_does() {
        let samples = BASE64_STANDARD.encode([1, 0, 0xff, 0xff]);
        let read = Spoken::read(22_050, &samples, true).unwrap();
        assert_eq!((read.samples, read.interrupts), (vec![1, -1], true));
        assert_eq!(Spoken::read(22_050, "AAA", false), None, "half a sample");
        assert_eq!(Spoken::read(22_050, "no!", false), None);
        assert_eq!(Spoken::read(0, &samples, false), None);
    }
}
