//! What is plugged in, and what another program has, for any kind of simulated device.

use std::collections::BTreeSet;

/// Devices in the order in which they were plugged in.
#[derive(Clone, Debug)]
pub(crate) struct Plugged<T> {
    devices: Vec<(String, T)>,
    busy: BTreeSet<String>,
}

impl<T> Default for Plugged<T> {
    fn default() -> Self {
        Self {
            devices: Vec::new(),
            busy: BTreeSet::new(),
        }
    }
}

impl<T> Plugged<T> {
    /// Connects a device; one with this id that is there already is replaced.
    pub(crate) fn plug(&mut self, id: &str, device: T) {
        self.unplug(id);
        self.devices.push((id.to_owned(), device));
    }

    /// Disconnects the device with this id; nobody needs to know whether it was there.
    pub(crate) fn unplug(&mut self, id: &str) {
        self.devices.retain(|(other, _)| other != id);
        self.busy.remove(id);
    }

    /// Has another program take the device, or give it back.
    pub(crate) fn set_busy(&mut self, id: &str, busy: bool) {
        if busy {
            self.busy.insert(id.to_owned());
        } else {
            self.busy.remove(id);
        }
    }

    pub(crate) fn is_busy(&self, id: &str) -> bool {
        self.busy.contains(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.devices.iter().map(|(_, device)| device)
    }
}
