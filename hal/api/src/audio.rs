//! Microphones and loudspeakers.

use serde::{Deserialize, Serialize};

use crate::{Volume, camera::list};

/// Which way sound flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A microphone.
    Capture,
    /// A loudspeaker.
    Playback,
}

impl Direction {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Capture => Self::Playback,
            Self::Playback => Self::Capture,
        }
    }
}

/// How the kernel prefers threads that carry sound to others, such as those of pictures (sched(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoundPriority {
    /// They run before all others, whenever they have something to do (`SCHED_RR`).
    RealTime,
    /// They get a larger part of the processor (nice values).
    Nicer,
    /// Not at all: their process may not have it so.
    Ordinary,
}

/// A sound device that is connected now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioDevice {
    /// Stable across reboots and replugs: the piece of hardware ([`Self::unit`]), and its device number there:
    /// `usb-0000:00:14.0-5#0b0e:0412:A1B2/0`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Microphone or loudspeaker.
    pub direction: Direction,
    /// What to open now (`plughw:CARD=Jabra,DEV=0`).
    pub node: String,
}

impl AudioDevice {
    /// The piece of hardware that it is part of: bus path, of USB devices with model and serial number behind it. What
    /// has the same belongs together, as microphone and loudspeaker of a speakerphone do.
    #[must_use]
    pub fn unit(&self) -> &str {
        self.id.rsplit_once('/').map_or(&self.id, |(unit, _)| unit)
    }
}

/// Model, serial number and device number in this id: the very same thing, wherever it is plugged. `None` without a
/// serial number.
fn piece(id: &str) -> Option<&str> {
    let (_, piece) = id.split_once('#')?;
    let (model_and_serial, _) = piece.rsplit_once('/')?;
    let serial = model_and_serial.splitn(3, ':').nth(2)?;
    (!serial.is_empty()).then_some(piece)
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

    /// Finds a device by id, by name or by what opens it (`hw:CARD=Jabra,DEV=0`), in this order; and one that was
    /// plugged in elsewhere by the serial number in the id, if no other has it too.
    ///
    /// # Errors
    /// [`AudioError::NotFound`] with what there is.
    fn find(&self, wanted: &str, direction: Direction) -> Result<AudioDevice, AudioError> {
        let devices = self.list(direction)?;
        let found = devices.iter().find(|d| d.id == wanted);
        found
            .or_else(|| devices.iter().find(|d| d.name == wanted))
            .or_else(|| devices.iter().find(|d| opens(&d.node, wanted)))
            .cloned()
            .or_else(|| plugged_elsewhere(wanted, &devices))
            .ok_or_else(|| AudioError::NotFound {
                wanted: wanted.to_owned(),
                present: devices.iter().map(|d| d.name.clone()).collect(),
            })
    }

    /// The device of the other direction that is part of the same piece of hardware, if it has one.
    ///
    /// # Errors
    /// As [`Self::list`].
    fn companion(&self, of: &AudioDevice) -> Result<Option<AudioDevice>, AudioError> {
        let others = self.list(of.direction.other())?;
        Ok(others.into_iter().find(|d| d.unit() == of.unit()))
    }

    /// Opens the device at 48 kHz and moves 10 ms of sound: the proof that it is usable now.
    ///
    /// # Errors
    /// [`AudioError::Busy`] when somebody else has it, [`AudioError::NotFound`] when it left.
    fn check(&self, device: &AudioDevice) -> Result<(), AudioError>;

    /// How loud the device itself is set; `None` where it has no control of its own, so that samples have to be made
    /// quieter ([`Volume::gain`]).
    ///
    /// # Errors
    /// [`AudioError::NotFound`] when it left.
    fn volume(&self, device: &AudioDevice) -> Result<Option<Volume>, AudioError>;

    /// Sets how loud the device itself is, to the nearest that it can; false where it has no control of its own.
    ///
    /// # Errors
    /// [`AudioError::NotFound`] when it left.
    fn set_volume(&self, device: &AudioDevice, volume: Volume) -> Result<bool, AudioError>;
}

fn opens(node: &str, wanted: &str) -> bool {
    node == wanted || node.strip_prefix("plug") == Some(wanted)
}

fn plugged_elsewhere(wanted: &str, devices: &[AudioDevice]) -> Option<AudioDevice> {
    let wanted = piece(wanted)?;
    let mut same = devices.iter().filter(|d| piece(&d.id) == Some(wanted));
    let found = same.next()?;
    same.next().is_none().then(|| found.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Connected(Vec<AudioDevice>);

    impl AudioDevices for Connected {
        fn list(&self, direction: Direction) -> Result<Vec<AudioDevice>, AudioError> {
            let all = self.0.iter().filter(|d| d.direction == direction);
            Ok(all.cloned().collect())
        }

        fn check(&self, _: &AudioDevice) -> Result<(), AudioError> {
            Ok(())
        }

        fn volume(&self, _: &AudioDevice) -> Result<Option<Volume>, AudioError> {
            Ok(None)
        }

        fn set_volume(&self, _: &AudioDevice, _: Volume) -> Result<bool, AudioError> {
            Ok(false)
        }
    }

    fn device(id: &str, direction: Direction) -> AudioDevice {
        AudioDevice {
            id: id.to_owned(),
            name: format!("Speak at {id}"),
            direction,
            node: "plughw:CARD=Speak,DEV=0".to_owned(),
        }
    }

    #[test]
    fn what_the_configuration_names_in_any_way_is_found() {
        let one = device("usb-5#0b0e:0412:A1/0", Direction::Capture);
        let connected = Connected(vec![one.clone()]);
        for wanted in [
            "usb-5#0b0e:0412:A1/0",
            "Speak at usb-5#0b0e:0412:A1/0",
            "hw:CARD=Speak,DEV=0",
            "plughw:CARD=Speak,DEV=0",
            // In another socket.
            "usb-1.3#0b0e:0412:A1/0",
        ] {
            let found = connected.find(wanted, Direction::Capture);
            assert_eq!(found.as_ref(), Ok(&one), "{wanted}");
        }
        for other in [
            "usb-5#0b0e:0412/0",
            "usb-1#0b0e:0412:B2/0",
            "usb-1#0b0e:0412:A1/1",
        ] {
            assert!(
                connected.find(other, Direction::Capture).is_err(),
                "{other}"
            );
        }
    }

    #[test]
    fn a_speakerphone_belongs_together_and_its_twin_does_not() {
        let microphone = device("usb-5#0b0e:0412/0", Direction::Capture);
        let own = device("usb-5#0b0e:0412/0", Direction::Playback);
        let twin = device("usb-6#0b0e:0412/0", Direction::Playback);
        let connected = Connected(vec![twin.clone(), own.clone(), microphone.clone()]);
        assert_eq!(connected.companion(&microphone), Ok(Some(own)));
        assert_eq!(connected.companion(&twin), Ok(None));
    }
}
