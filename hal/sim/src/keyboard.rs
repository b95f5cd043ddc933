//! Keyboards on which a test types.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use saal_hal::{Key, KeyPhase, Keyboard, KeyboardError, KeyboardLayout, Keyboards};

/// Simulated keyboards. Those who clone it share them. What a key writes is the test's, whatever the layout.
#[derive(Clone, Debug, Default)]
pub struct SimulatedKeyboards(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    layout: Option<KeyboardLayout>,
    keyboards: Vec<Keyboard>,
    held: Vec<(String, Key)>,
    happened: Vec<Key>,
    woken: bool,
}

impl SimulatedKeyboards {
    /// Connects one.
    pub fn plug(&self, id: &str, name: &str) {
        let mut state = self.state();
        state.keyboards.push(Keyboard {
            id: id.to_owned(),
            name: name.to_owned(),
        });
        state.keyboards.sort_by(|one, other| one.id.cmp(&other.id));
        self.wake(state);
    }

    /// Disconnects one; keys that are down on it come up.
    pub fn unplug(&self, id: &str) {
        let mut state = self.state();
        state.keyboards.retain(|keyboard| keyboard.id != id);
        state.release(|on| on == id);
        self.wake(state);
    }

    /// A key of the keyboard with this id does something; one that is not there or not used is not heard.
    pub fn press(&self, id: &str, key: Key) {
        let mut state = self.state();
        let there = state.keyboards.iter().any(|keyboard| keyboard.id == id);
        if !there || state.layout.is_none() {
            return;
        }
        state
            .held
            .retain(|(on, held)| on != id || held.key != key.key);
        if key.phase != KeyPhase::Up {
            state.held.push((id.to_owned(), key));
        }
        state.happened.push(key);
        self.wake(state);
    }

    /// What keyboards are used as, if they are.
    #[must_use]
    pub fn layout(&self) -> Option<KeyboardLayout> {
        self.state().layout
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        state.woken = true;
        self.0.1.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn release(&mut self, of: impl Fn(&str) -> bool) {
        let held = std::mem::take(&mut self.held);
        let (lost, left) = held.into_iter().partition(|(on, _)| of(on));
        self.held = left;
        let lost: Vec<(String, Key)> = lost;
        self.happened
            .extend(lost.into_iter().map(|(_, key)| key.up()));
    }
}

impl Keyboards for SimulatedKeyboards {
    fn list(&self) -> Vec<Keyboard> {
        let state = self.state();
        match state.layout {
            Some(_) => state.keyboards.clone(),
            None => Vec::new(),
        }
    }

    fn use_all(&self, layout: Option<KeyboardLayout>) {
        let mut state = self.state();
        if std::mem::replace(&mut state.layout, layout) != layout {
            state.release(|_| true);
        }
        self.wake(state);
    }

    fn wait(&self, at_most: Duration) -> Result<Vec<Key>, KeyboardError> {
        let quiet = |state: &mut State| !state.woken;
        let waited = self.0.1.wait_timeout_while(self.state(), at_most, quiet);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.woken = false;
        Ok(std::mem::take(&mut state.happened))
    }
}
