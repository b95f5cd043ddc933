//! What people chose for the room's sound.

use serde::{Deserialize, Serialize};

/// Percent that one touch changes; twenty steps from silence to full, as on televisions.
const STEP: u8 = 5;
/// Before anybody chose: speech is heard across a room, and nobody jumps.
const FIRST: u8 = 60;

/// What people chose for the room's sound, kept over calls and restarts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoundChoice {
    /// Version of this format: 1.
    pub version: u32,
    /// Percent of the loudest.
    pub volume: u8,
    /// Devices that are used instead of the configured ones.
    pub devices: Option<ChosenDevices>,
}

/// Devices that people chose on the panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChosenDevices {
    /// Sound of the room.
    pub microphone: String,
    /// Sound of the others.
    pub loudspeaker: String,
    /// What the configuration named then, microphone and loudspeaker: another one replaces the choice.
    pub instead_of: [String; 2],
}

impl Default for SoundChoice {
    fn default() -> Self {
        Self {
            version: Self::VERSION,
            volume: FIRST,
            devices: None,
        }
    }
}

impl SoundChoice {
    /// The format's version.
    pub const VERSION: u32 = 1;

    /// Microphone and loudspeaker to use where the configuration names these.
    pub(crate) fn devices<'a>(&'a self, configured: [&'a str; 2]) -> [&'a str; 2] {
        match &self.devices {
            Some(chosen) if chosen.instead_of == configured => {
                [&chosen.microphone, &chosen.loudspeaker]
            }
            _ => configured,
        }
    }

    /// The volume a step up, percent.
    pub(crate) fn louder(&self) -> u8 {
        (self.volume - self.volume % STEP + STEP).min(100)
    }

    /// The volume a step down, percent.
    pub(crate) fn quieter(&self) -> u8 {
        self.volume.saturating_sub(1) / STEP * STEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_volume_goes_in_steps_and_stays_in_range() {
        let mut sound = SoundChoice {
            volume: 93,
            ..SoundChoice::default()
        };
        let mut louder = || {
            sound.volume = sound.louder();
            sound.volume
        };
        assert_eq!([louder(), louder(), louder()], [95, 100, 100]);
        sound.volume = 8;
        let mut quieter = || {
            sound.volume = sound.quieter();
            sound.volume
        };
        assert_eq!([quieter(), quieter(), quieter()], [5, 0, 0]);
    }

    #[test]
    fn a_new_configuration_replaces_what_was_chosen() {
        let sound = SoundChoice {
            devices: Some(ChosenDevices {
                microphone: "Speak".into(),
                loudspeaker: "Speak".into(),
                instead_of: ["Rally".into(), "HDMI".into()],
            }),
            ..SoundChoice::default()
        };
        assert_eq!(sound.devices(["Rally", "HDMI"]), ["Speak", "Speak"]);
        assert_eq!(sound.devices(["Rally", "Bar"]), ["Rally", "Bar"]);
    }
}
