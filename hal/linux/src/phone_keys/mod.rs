//! Keys for calls of speakerphones and keyboards, and their lights.
//!
//! The kernel reports what it knows of as keys (`evdev`); hook, hang-up and the lights of a telephone it leaves to whoever
//! reads the device's own reports (`hidraw`). A device that has those is read there, and its keys of the same meaning are
//! not heard twice (docs/adr/0054).

mod evdev;
mod hidraw;

use std::{
    io::{Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use saal_hal::{KeyName, PhoneKeyError, PhoneKeys, PhoneKeysOn, PhoneLights};

use self::{evdev::Keys, hidraw::Telephone};
use crate::input_folder::InputFolder;

/// A device that believes itself in a call, or in none, while the room is not, is told again after so long: until then what
/// somebody pressed may come of something.
const AGAIN: Duration = Duration::from_secs(1);

/// The keys for calls of this computer.
#[derive(Debug)]
pub struct LinuxPhoneKeys {
    folder: InputFolder,
    state: Mutex<State>,
    /// Ends a wait, as there are lights to set.
    wake: UnixStream,
    woken: UnixStream,
}

#[derive(Debug, Default)]
struct State {
    keys: Vec<Keys>,
    telephones: Vec<Telephone>,
    shown: PhoneLights,
}

impl LinuxPhoneKeys {
    /// Opens what is connected.
    ///
    /// # Errors
    /// When the kernel does not tell of devices that come.
    pub fn open() -> Result<Self, PhoneKeyError> {
        let folder = InputFolder::open().map_err(|error| failed("watch", &error))?;
        let (wake, woken) = UnixStream::pair().map_err(|error| failed("watch", &error))?;
        for end in [&wake, &woken] {
            let set = end.set_nonblocking(true);
            set.map_err(|error| failed("watch", &error))?;
        }
        let keys = Self {
            folder,
            state: Mutex::default(),
            wake,
            woken,
        };
        keys.look();
        Ok(keys)
    }

    /// Opens what is new; what left is dropped when it is read.
    fn look(&self) {
        let mut state = self.state();
        let state = &mut *state;
        let known: Vec<PathBuf> = state
            .telephones
            .iter()
            .map(|one| one.path.clone())
            .collect();
        for path in self.folder.raw_nodes() {
            let new = (!known.contains(&path)).then(|| Telephone::at(&path));
            let Some(mut new) = new.flatten() else {
                continue;
            };
            tracing::info!(name = new.name, lights = ?new.lights(), "a telephone");
            new.show(state.shown);
            state.telephones.push(new);
        }
        let known: Vec<PathBuf> = state.keys.iter().map(|one| one.path.clone()).collect();
        for path in self.folder.nodes() {
            let new = (!known.contains(&path)).then(|| Keys::at(&path));
            let Some(new) = new.flatten() else { continue };
            tracing::info!(name = new.name, light = new.light, "keys for calls");
            state.keys.push(new);
        }
        state.light_keys();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Descriptors of their own, so that lights are set while somebody waits.
    fn descriptors(&self) -> Vec<OwnedFd> {
        let state = self.state();
        let keys = state.keys.iter().map(Keys::as_fd);
        let telephones = state.telephones.iter().map(Telephone::as_fd);
        keys.chain(telephones)
            .filter_map(|fd| fd.try_clone_to_owned().ok())
            .collect()
    }

    /// Tells telephones what they have not been told. It may take a device seconds, and nobody waits for it but this.
    fn tell(&self) {
        let mut state = self.state();
        let due: Vec<_> = state
            .telephones
            .iter_mut()
            .filter_map(Telephone::due)
            .collect();
        drop(state);
        for told in due {
            told.write();
        }
    }
}

impl PhoneKeys for LinuxPhoneKeys {
    fn list(&self) -> Result<Vec<PhoneKeysOn>, PhoneKeyError> {
        self.look();
        let state = self.state();
        let telephones = state.telephones.iter().map(|one| PhoneKeysOn {
            name: one.name.clone(),
            lights: one.lights(),
        });
        let keys = state.keys.iter().filter(|keys| !state.is_telephone(keys));
        let keys = keys.map(|keys| PhoneKeysOn {
            name: keys.name.clone(),
            lights: PhoneLights {
                muted: keys.light,
                ..PhoneLights::default()
            },
        });
        Ok(telephones.chain(keys).collect())
    }

    fn wait(&self, at_most: Duration) -> Result<Vec<KeyName>, PhoneKeyError> {
        self.tell();
        let devices = self.descriptors();
        let mut waited_for = vec![
            PollFd::new(self.folder.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.woken.as_fd(), PollFlags::POLLIN),
        ];
        let devices = devices.iter().map(AsFd::as_fd);
        waited_for.extend(devices.map(|device| PollFd::new(device, PollFlags::POLLIN)));
        let again = self.state().telephones.iter().any(Telephone::disagrees);
        let at_most = if again { at_most.min(AGAIN) } else { at_most };
        let timeout = PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX);
        match poll(&mut waited_for, timeout) {
            Ok(0) if again && at_most == AGAIN => self.state().tell_again(),
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(failed("wait", &error)),
        }
        while (&self.woken)
            .read(&mut [0; 16])
            .is_ok_and(|count| count > 0)
        {}
        // In this order: one that left makes room for one that came at the same node.
        let pressed = self.state().presses();
        if self.folder.changed() {
            self.look();
        }
        self.tell();
        Ok(pressed)
    }

    fn show(&self, lights: PhoneLights) {
        let mut state = self.state();
        state.shown = lights;
        for telephone in &mut state.telephones {
            telephone.show(lights);
        }
        state.light_keys();
        // A full pipe has woken already.
        let _ = (&self.wake).write(&[0]);
    }
}

impl State {
    /// Whether a device's own reports are read beside these keys.
    fn is_telephone(&self, keys: &Keys) -> bool {
        let device = keys.device.as_ref();
        device.is_some_and(|device| self.telephones.iter().any(|one| one.device == *device))
    }

    /// The kernel would write all lights of a telephone when it writes one, as it remembers them.
    fn light_keys(&mut self) {
        let State {
            keys,
            telephones,
            shown,
        } = self;
        for keys in keys {
            let device = keys.device.as_ref();
            if !device.is_some_and(|device| telephones.iter().any(|one| one.device == *device)) {
                keys.show(shown.muted);
            }
        }
    }

    /// The keys that went down since they were read last.
    fn presses(&mut self) -> Vec<KeyName> {
        let mut pressed = Vec::new();
        let State {
            keys, telephones, ..
        } = self;
        let read: Vec<PathBuf> = telephones.iter().map(|one| one.device.clone()).collect();
        telephones.retain_mut(|one| match one.presses() {
            Ok(keys) => {
                pressed.extend(keys);
                true
            }
            Err(error) => {
                tracing::info!(name = one.name, %error, "the telephone left");
                false
            }
        });
        keys.retain_mut(|one| match one.presses() {
            Ok(keys) => {
                let twice = one
                    .device
                    .as_ref()
                    .is_some_and(|device| read.contains(device));
                pressed.extend(keys.into_iter().filter(|key| !twice || is_volume(*key)));
                true
            }
            Err(error) => {
                tracing::info!(name = one.name, %error, "its keys for calls left");
                false
            }
        });
        pressed
    }

    /// Once for each press: one with a cradle never agrees.
    fn tell_again(&mut self) {
        for telephone in self.telephones.iter_mut().filter(|one| one.disagrees()) {
            telephone.show_again();
        }
    }
}

fn is_volume(key: KeyName) -> bool {
    matches!(key, KeyName::AudioVolumeUp | KeyName::AudioVolumeDown)
}

fn failed(operation: &str, error: &dyn std::fmt::Display) -> PhoneKeyError {
    PhoneKeyError {
        operation: operation.to_owned(),
        reason: error.to_string(),
    }
}
