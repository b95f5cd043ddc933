//! What the room remembers over a restart.

use saal_core::{Effect, Event, SavedCall};

use super::Daemon;
use crate::{input::Input, presets};

impl Daemon {
    /// Tells the room what an earlier daemon saved; the call is for once it is configured.
    pub(super) async fn remember(&mut self) -> Option<SavedCall> {
        // Before anything is in use.
        if let Some(log) = self.saved.load_privacy() {
            self.tell(Event::SavedPrivacy(Box::new(log))).await;
        }
        if let Some(settings) = self.saved.load_settings() {
            self.tell(Event::SavedSettings(Box::new(settings))).await;
        }
        if let Some(sound) = self.saved.load_sound() {
            self.tell(Event::SavedSound(Box::new(sound))).await;
        }
        if let Some(bookings) = self.saved.load_bookings() {
            self.tell(Event::SavedBookings(Box::new(bookings))).await;
        }
        self.tell(Event::Presets(presets::load(&self.state))).await;
        if let Some(trials) = self.saved.load_trials() {
            self.tell(Event::SavedTrials(trials)).await;
        }
        self.saved.load()
    }

    /// A fault is for the log, and the room goes on.
    pub(super) fn save(&mut self, effect: Effect) {
        let (what, saved) = match effect {
            Effect::SaveCall(saved) => return self.save_call(saved.as_deref()),
            Effect::SaveBookings(bookings) => return self.saved.save_bookings(&bookings),
            Effect::SaveSound(sound) => ("the choice of sound", self.saved.save_sound(&sound)),
            Effect::SaveTrials(trials) => (
                "the trials of encoders, which are made again at the next start",
                self.saved.save_trials(trials),
            ),
            Effect::SaveSettings(settings) => (
                "what was set in the room",
                self.saved.save_settings(&settings),
            ),
            Effect::SavePrivacy(log) => ("what was in use", self.saved.save_privacy(&log)),
            Effect::SavePresets(all) => ("the cameras' views", presets::save(&self.state, all)),
            _ => return,
        };
        if let Err(error) = saved {
            let state = self.state.display().to_string();
            tracing::error!(state, %error, what, "not saved");
        }
    }

    fn save_call(&mut self, saved: Option<&SavedCall>) {
        if let Err(error) = self.saved.save(saved) {
            let path = self.saved.path().display().to_string();
            tracing::error!(path, %error, "the call is not saved");
            let reason = error.to_string();
            self.inputs
                .send(Input::Room(Event::CallNotSaved { path, reason }));
        }
    }
}
