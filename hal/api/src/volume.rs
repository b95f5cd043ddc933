//! How loud a loudspeaker is.

use serde::{Deserialize, Serialize};

/// Range below the loudest over which a volume control is felt as even (60 dB; the cubic curve of ALSA's and
/// PulseAudio's mixers).
const EVEN_DB: f64 = 60.0;
/// Controls with a smaller range than this are felt as even in dB.
const SMALL_RANGE_DB: f64 = 24.0;

/// Percent of the loudest, as people feel it: half as much is heard as about half as loud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub struct Volume(u8);

impl Volume {
    /// As loud as it gets.
    pub const FULL: Self = Self(100);

    /// So many percent, 100 at most.
    #[must_use]
    pub fn new(percent: u8) -> Self {
        Self(percent.min(100))
    }

    /// 0 to 100.
    #[must_use]
    pub fn percent(self) -> u8 {
        self.0
    }

    /// What samples are multiplied with: 0 is silence, 1 is as they are.
    #[must_use]
    pub fn gain(self) -> f64 {
        (f64::from(self.0) / 100.0).powi(3)
    }

    /// Where a control that reaches from `least` to `most` dB has to stand.
    #[must_use]
    pub fn decibels(self, least: f64, most: f64) -> f64 {
        let share = f64::from(self.0) / 100.0;
        if most - least <= SMALL_RANGE_DB {
            return least + share * (most - least);
        }
        (most + EVEN_DB * share.log10()).max(least)
    }

    /// What a control that reaches from `least` to `most` dB and stands at `now` means.
    #[must_use]
    pub fn of_decibels(now: f64, least: f64, most: f64) -> Self {
        let share = if now <= least {
            0.0
        } else if most - least <= SMALL_RANGE_DB {
            (now - least) / (most - least)
        } else {
            10_f64.powf((now - most) / EVEN_DB)
        };
        // Between 0 and 100, so the cast only drops the fraction.
        Self((share * 100.0).round().clamp(0.0, 100.0) as u8)
    }
}

impl From<u8> for Volume {
    fn from(percent: u8) -> Self {
        Self::new(percent)
    }
}

impl From<Volume> for u8 {
    fn from(volume: Volume) -> Self {
        volume.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_read_again_on_any_control() {
        for (least, most) in [(-60.0, 0.0), (-90.0, 6.0), (-20.0, 0.0), (-46.5, 0.0)] {
            for percent in (20..=100).step_by(5) {
                let set = Volume::new(percent);
                let at = set.decibels(least, most);
                assert_eq!(
                    Volume::of_decibels(at, least, most),
                    set,
                    "{least} to {most} dB"
                );
            }
            assert_eq!(Volume::new(0).decibels(least, most), least);
            assert_eq!(Volume::FULL.decibels(least, most), most);
        }
    }

    #[test]
    fn software_is_as_loud_as_hardware() {
        let db = 20.0 * Volume::new(50).gain().log10();
        assert!((db - Volume::new(50).decibels(-90.0, 0.0)).abs() < 0.1);
        assert_eq!(Volume::new(0).gain(), 0.0);
    }
}
