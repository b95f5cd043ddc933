//! Mute keys that a test presses, and lights that it looks at.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use saal_hal::{MuteKey, MuteKeyError, MuteKeys};

/// Simulated mute keys; the list is what was plugged, in that order.
#[derive(Debug, Default)]
pub struct SimulatedMuteKeys {
    state: Mutex<State>,
    happened: Condvar,
}

#[derive(Debug, Default)]
struct State {
    keys: Vec<(MuteKey, bool)>,
    pressed: u32,
    shown: bool,
}

impl SimulatedMuteKeys {
    /// Connects a device with a light.
    pub fn plug(&self, name: &str) {
        let mut state = self.state();
        let key = MuteKey {
            name: name.to_owned(),
            light: true,
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

    /// Presses the key of this device; without it nothing happens.
    pub fn press(&self, name: &str) {
        let mut state = self.state();
        if state.keys.iter().any(|(key, _)| key.name == name) {
            state.pressed += 1;
            self.happened.notify_all();
        }
    }

    /// Whether the light of this device is on; `None` when it is not connected.
    #[must_use]
    pub fn is_lit(&self, name: &str) -> Option<bool> {
        let state = self.state();
        let mut keys = state.keys.iter();
        keys.find(|(key, _)| key.name == name).map(|(_, lit)| *lit)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MuteKeys for SimulatedMuteKeys {
    fn list(&self) -> Result<Vec<MuteKey>, MuteKeyError> {
        Ok(self
            .state()
            .keys
            .iter()
            .map(|(key, _)| key.clone())
            .collect())
    }

    fn wait(&self, at_most: Duration) -> Result<u32, MuteKeyError> {
        let quiet = |state: &mut State| state.pressed == 0;
        let waited = self
            .happened
            .wait_timeout_while(self.state(), at_most, quiet);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut state.pressed))
    }

    fn show(&self, muted: bool) {
        let mut state = self.state();
        state.shown = muted;
        for (_, lit) in &mut state.keys {
            *lit = muted;
        }
    }
}
