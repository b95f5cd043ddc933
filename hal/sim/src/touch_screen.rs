//! Touch screens that a test touches.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use saal_hal::{Contact, TouchPhase, TouchScreen, TouchScreenError, TouchScreens};

/// Simulated touch screens. Those who clone it share its screens.
#[derive(Clone, Debug, Default)]
pub struct SimulatedTouchScreens(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    screens: Vec<TouchScreen>,
    touching: Vec<(String, Contact)>,
    happened: Vec<(String, Contact)>,
}

impl SimulatedTouchScreens {
    /// Connects one.
    pub fn plug(&self, id: &str, name: &str) {
        let mut state = self.state();
        state.screens.push(TouchScreen {
            id: id.to_owned(),
            name: name.to_owned(),
        });
        state.screens.sort_by(|one, other| one.id.cmp(&other.id));
        self.0.1.notify_all();
    }

    /// Disconnects one; fingers on it are taken back.
    pub fn unplug(&self, id: &str) {
        let mut state = self.state();
        state.screens.retain(|screen| screen.id != id);
        let touching = std::mem::take(&mut state.touching);
        let (lost, left) = touching.into_iter().partition(|(on, _)| on == id);
        state.touching = left;
        let lost: Vec<(String, Contact)> = lost;
        state.happened.extend(lost.into_iter().map(|(on, contact)| {
            let phase = TouchPhase::Cancel;
            (on, Contact { phase, ..contact })
        }));
        self.0.1.notify_all();
    }

    /// A finger does something on the screen with this id; without it nothing happens.
    pub fn touch(&self, id: &str, contact: Contact) {
        let mut state = self.state();
        if !state.screens.iter().any(|screen| screen.id == id) {
            return;
        }
        let this = |(on, other): &(String, Contact)| on == id && other.finger == contact.finger;
        state.touching.retain(|entry| !this(entry));
        if matches!(contact.phase, TouchPhase::Down | TouchPhase::Move) {
            state.touching.push((id.to_owned(), contact));
        }
        state.happened.push((id.to_owned(), contact));
        self.0.1.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TouchScreens for SimulatedTouchScreens {
    fn list(&mut self) -> Vec<TouchScreen> {
        self.state().screens.clone()
    }

    fn wait(&mut self, at_most: Duration) -> Result<Vec<(String, Contact)>, TouchScreenError> {
        let quiet = |state: &mut State| state.happened.is_empty();
        let waited = self.0.1.wait_timeout_while(self.state(), at_most, quiet);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut state.happened))
    }
}
