//! Keys for calls that a test presses, and lights that it looks at.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use saal_hal::{KeyName, PhoneKeyError, PhoneKeys, PhoneKeysOn, PhoneLights};

/// Simulated devices with keys for calls; the list is what was plugged, in that order.
#[derive(Debug, Default)]
pub struct SimulatedPhoneKeys {
    state: Mutex<State>,
    happened: Condvar,
}

#[derive(Debug, Default)]
struct State {
    keys: Vec<(PhoneKeysOn, PhoneLights)>,
    pressed: Vec<KeyName>,
    shown: PhoneLights,
}

impl SimulatedPhoneKeys {
    /// Connects a device with all lights.
    pub fn plug(&self, name: &str) {
        let mut state = self.state();
        let key = PhoneKeysOn {
            name: name.to_owned(),
            lights: PhoneLights {
                muted: true,
                in_call: true,
                ringing: true,
            },
        };
        let lit = state.shown;
        state.keys.push((key, lit));
        self.happened.notify_all();
    }

    /// Disconnects it.
    pub fn unplug(&self, name: &str) {
        self.state().keys.retain(|(key, _)| key.name != name);
        self.happened.notify_all();
    }

    /// Presses a key of this device; without it nothing happens.
    pub fn press(&self, name: &str, key: KeyName) {
        let mut state = self.state();
        if state.keys.iter().any(|(key, _)| key.name == name) {
            state.pressed.push(key);
            self.happened.notify_all();
        }
    }

    /// The lights of this device that are on; `None` when it is not connected.
    #[must_use]
    pub fn lit(&self, name: &str) -> Option<PhoneLights> {
        let state = self.state();
        let mut keys = state.keys.iter();
        keys.find(|(key, _)| key.name == name).map(|(_, lit)| *lit)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PhoneKeys for SimulatedPhoneKeys {
    fn list(&self) -> Result<Vec<PhoneKeysOn>, PhoneKeyError> {
        Ok(self
            .state()
            .keys
            .iter()
            .map(|(key, _)| key.clone())
            .collect())
    }

    fn wait(&self, at_most: Duration) -> Result<Vec<KeyName>, PhoneKeyError> {
        let quiet = |state: &mut State| state.pressed.is_empty();
        let waited = self
            .happened
            .wait_timeout_while(self.state(), at_most, quiet);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut state.pressed))
    }

    fn show(&self, lights: PhoneLights) {
        let mut state = self.state();
        state.shown = lights;
        for (_, lit) in &mut state.keys {
            *lit = lights;
        }
    }
}
