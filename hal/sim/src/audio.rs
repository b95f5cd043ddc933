//! Microphones and loudspeakers that a test plugs, occupies and unplugs.

use saal_hal::{AudioDevice, AudioDevices, AudioError, Direction};

use crate::plugged::Plugged;

/// Simulated sound devices; the list is what was plugged, in that order.
#[derive(Clone, Debug, Default)]
pub struct SimulatedAudio(Plugged<AudioDevice>);

impl SimulatedAudio {
    /// A microphone and a loudspeaker, as in a room without hardware.
    #[must_use]
    pub fn pair() -> Self {
        let mut devices = Self::default();
        devices.plug(
            "simulated:microphone",
            "Simulated microphone",
            Direction::Capture,
        );
        devices.plug(
            "simulated:loudspeaker",
            "Simulated loudspeaker",
            Direction::Playback,
        );
        devices
    }

    /// Connects a device; one with this id that is there already is replaced.
    pub fn plug(&mut self, id: &str, name: &str, direction: Direction) {
        let device = AudioDevice {
            id: id.to_owned(),
            name: name.to_owned(),
            direction,
        };
        self.0.plug(id, device);
    }

    /// Disconnects the device with this id; nobody needs to know whether it was there.
    pub fn unplug(&mut self, id: &str) {
        self.0.unplug(id);
    }

    /// Has another program take the device, or give it back.
    pub fn set_busy(&mut self, id: &str, busy: bool) {
        self.0.set_busy(id, busy);
    }
}

impl AudioDevices for SimulatedAudio {
    fn list(&self, direction: Direction) -> Result<Vec<AudioDevice>, AudioError> {
        let in_direction = |device: &&AudioDevice| device.direction == direction;
        Ok(self.0.iter().filter(in_direction).cloned().collect())
    }

    fn check(&self, device: &AudioDevice) -> Result<(), AudioError> {
        self.find(&device.id, device.direction)?;
        if self.0.is_busy(&device.id) {
            return Err(AudioError::Busy {
                device: device.name.clone(),
            });
        }
        Ok(())
    }
}
