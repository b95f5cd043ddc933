//! Microphones and loudspeakers.

use serde::{Deserialize, Serialize};

use crate::camera::list;

/// Which way sound flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A microphone.
    Capture,
    /// A loudspeaker.
    Playback,
}

/// A sound device that is connected now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioDevice {
    /// Stable across reboots and replugs (`hw:CARD=Jabra,DEV=0`: the card by name, not number).
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Microphone or loudspeaker.
    pub direction: Direction,
}

/// Why a sound device can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "error")]
pub enum AudioError {
    /// Nothing with this identity is connected; `present` lists what is.
    #[error("no sound device \"{wanted}\"; there is {}", list(.present))]
    NotFound {
        /// What was asked for.
        wanted: String,
        /// Names of the connected devices of this direction.
        present: Vec<String>,
    },
    /// Another program has it open.
    #[error("sound device \"{device}\" is in use by another program")]
    Busy {
        /// The device's name.
        device: String,
    },
    /// The device answered with an error.
    #[error("sound device \"{device}\": {operation} failed: {reason}")]
    Device {
        /// The device's name.
        device: String,
        /// What was tried.
        operation: String,
        /// What the driver said.
        reason: String,
    },
}

/// The sound devices of a machine.
pub trait AudioDevices {
    /// Everything that is connected now in this direction; an empty list is no error.
    ///
    /// # Errors
    /// [`AudioError::Device`] when a device that is there can't be asked.
    fn list(&self, direction: Direction) -> Result<Vec<AudioDevice>, AudioError>;

    /// Finds a device by id or by name.
    ///
    /// # Errors
    /// [`AudioError::NotFound`] with what there is.
    fn find(&self, wanted: &str, direction: Direction) -> Result<AudioDevice, AudioError> {
        let devices = self.list(direction)?;
        let found = devices.iter().find(|d| d.id == wanted);
        found
            .or_else(|| devices.iter().find(|d| d.name == wanted))
            .cloned()
            .ok_or_else(|| AudioError::NotFound {
                wanted: wanted.to_owned(),
                present: devices.iter().map(|d| d.name.clone()).collect(),
            })
    }

    /// Opens the device at 48 kHz and moves 10 ms of sound: the proof that it is usable now.
    ///
    /// # Errors
    /// [`AudioError::Busy`] when somebody else has it, [`AudioError::NotFound`] when it left.
    fn check(&self, device: &AudioDevice) -> Result<(), AudioError>;
}
