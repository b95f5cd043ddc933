//! Microphones and loudspeakers that a test plugs, occupies and unplugs.

use std::collections::BTreeSet;

use saal_hal::{AudioDevice, AudioDevices, AudioError, Direction};

/// Simulated sound devices; the list is what was plugged, in that order.
#[derive(Clone, Debug, Default)]
pub struct SimulatedAudio {
    plugged: Vec<AudioDevice>,
    busy: BTreeSet<String>,
}

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
        self.unplug(id);
        self.plugged.push(AudioDevice {
            id: id.to_owned(),
            name: name.to_owned(),
            direction,
        });
    }

    /// Disconnects the device with this id; nobody needs to know whether it was there.
    pub fn unplug(&mut self, id: &str) {
        self.plugged.retain(|device| device.id != id);
        self.busy.remove(id);
    }

    /// Has another program take the device, or give it back.
    pub fn set_busy(&mut self, id: &str, busy: bool) {
        if busy {
            self.busy.insert(id.to_owned());
        } else {
            self.busy.remove(id);
        }
    }
}

impl AudioDevices for SimulatedAudio {
    fn list(&self, direction: Direction) -> Result<Vec<AudioDevice>, AudioError> {
        Ok(self
            .plugged
            .iter()
            .filter(|d| d.direction == direction)
            .cloned()
            .collect())
    }

    fn check(&self, device: &AudioDevice) -> Result<(), AudioError> {
        self.find(&device.id, device.direction)?;
        if self.busy.contains(&device.id) {
            return Err(AudioError::Busy {
                device: device.name.clone(),
            });
        }
        Ok(())
    }
}
