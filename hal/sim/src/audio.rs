//! Microphones and loudspeakers that a test plugs, occupies and unplugs.

use std::{cell::RefCell, collections::BTreeMap};

use saal_hal::{AudioDevice, AudioDevices, AudioError, Direction, Volume};

use crate::plugged::Plugged;

/// Simulated sound devices; the list is what was plugged, in that order.
#[derive(Clone, Debug, Default)]
pub struct SimulatedAudio {
    plugged: Plugged<AudioDevice>,
    /// Controls of those that have one, by id; they stay with the device while it is away.
    volumes: RefCell<BTreeMap<String, Volume>>,
}

impl SimulatedAudio {
    /// A microphone and a loudspeaker, as in a room without hardware.
    #[must_use]
    pub fn pair() -> Self {
        let mut devices = Self::default();
        devices.plug(
            "simulated-microphone/0",
            "Simulated microphone",
            Direction::Capture,
        );
        devices.plug(
            "simulated-loudspeaker/0",
            "Simulated loudspeaker",
            Direction::Playback,
        );
        devices
    }

    /// Connects a device; one with this id that is there already is replaced. Devices with equal ids up to their last
    /// slash are one piece of hardware.
    pub fn plug(&mut self, id: &str, name: &str, direction: Direction) {
        let device = AudioDevice {
            id: id.to_owned(),
            name: name.to_owned(),
            direction,
            node: format!("simulated:{id}"),
        };
        self.plugged.plug(&key(id, direction), device);
    }

    /// Connects a speakerphone, which has a control for its volume.
    pub fn plug_speakerphone(&mut self, unit: &str, name: &str) {
        let id = format!("{unit}/0");
        self.plug(&id, name, Direction::Capture);
        self.plug(&id, name, Direction::Playback);
        let volumes = self.volumes.get_mut();
        volumes.entry(id).or_insert(Volume::new(50));
    }

    /// Disconnects what has this id; nobody needs to know whether it was there.
    pub fn unplug(&mut self, id: &str) {
        for direction in [Direction::Capture, Direction::Playback] {
            self.plugged.unplug(&key(id, direction));
        }
    }

    /// Has another program take what has this id, or give it back.
    pub fn set_busy(&mut self, id: &str, busy: bool) {
        for direction in [Direction::Capture, Direction::Playback] {
            self.plugged.set_busy(&key(id, direction), busy);
        }
    }

    fn control(&self, device: &AudioDevice) -> Result<Option<Volume>, AudioError> {
        self.find(&device.id, device.direction)?;
        let plays = device.direction == Direction::Playback;
        let volume = self.volumes.borrow().get(&device.id).copied();
        Ok(volume.filter(|_| plays))
    }
}

fn key(id: &str, direction: Direction) -> String {
    format!("{direction:?} {id}")
}

impl AudioDevices for SimulatedAudio {
    fn list(&self, direction: Direction) -> Result<Vec<AudioDevice>, AudioError> {
        let in_direction = |device: &&AudioDevice| device.direction == direction;
        Ok(self.plugged.iter().filter(in_direction).cloned().collect())
    }

    fn check(&self, device: &AudioDevice) -> Result<(), AudioError> {
        self.find(&device.id, device.direction)?;
        if self.plugged.is_busy(&key(&device.id, device.direction)) {
            return Err(AudioError::Busy {
                device: device.name.clone(),
            });
        }
        Ok(())
    }

    fn volume(&self, device: &AudioDevice) -> Result<Option<Volume>, AudioError> {
        self.control(device)
    }

    fn set_volume(&self, device: &AudioDevice, volume: Volume) -> Result<bool, AudioError> {
        let has = self.control(device)?.is_some();
        if has {
            self.volumes.borrow_mut().insert(device.id.clone(), volume);
        }
        Ok(has)
    }
}
