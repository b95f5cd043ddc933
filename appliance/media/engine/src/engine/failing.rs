//! Parts of the graph that fail or hang: taken down, told, and brought back.

use std::time::Duration;

use saal_media_protocol::BrowserEnd;

use super::Engine;
use crate::graph::{Fault, Part};

/// A part that is fed so long and makes nothing hangs; software under load is slower than one thinks.
const HANGS: Duration = Duration::from_secs(5);
/// Hardware that encodes hangs sooner: the others see a still picture meanwhile, and a program can take over within a
/// second of its last one.
const HARDWARE_HANGS: Duration = Duration::from_millis(600);
/// So often it is looked at. A camera's pictures come faster; content that changes seldom is not encoded by hardware.
pub const GLANCE: Duration = Duration::from_millis(150);

impl Engine {
    /// A part failed: it is taken down, and brought back by [`Engine::reconcile`].
    pub(super) fn failed(&mut self, part: &Part, fault: Fault, reason: &str) {
        tracing::warn!(?part, ?fault, reason, "a part of the graph failed");
        match part {
            Part::Camera | Part::Content | Part::Microphone | Part::Loudspeaker => {
                if *part == Part::Loudspeaker {
                    self.levels.clear();
                }
                let event = self
                    .devices
                    .failed(part, fault, reason, &self.wanted.devices);
                if let Some(event) = event {
                    self.say(event);
                }
            }
            Part::Encoder(key, layer) => {
                if self.sending.drop_importing(key, *layer) {
                    self.devices.pictures.sharing.failed(reason);
                } else if self.sending.drop_encoder(key, *layer) {
                    self.demote(reason);
                }
            }
            // The next reconciliation makes another one.
            Part::Notice => {}
            Part::Decoder(key) => self.receiving.restart(key, &self.transports),
            Part::Sound(key) => self.receiving.restart_sound(key, self.devices.sound()),
            Part::Television(role) => self.televisions.failed(*role),
            Part::Browser(id) => self.browser_ended(*id, BrowserEnd::Failed),
        }
    }

    pub(super) fn replace_what_hangs(&mut self) {
        let readings = self.receiving.progress(HANGS);
        let readings = readings.chain(self.sending.progress(false, HANGS));
        let readings = readings.chain(self.televisions.progress(HANGS)).collect();
        for part in self.progress.observe(self.graph.time(), readings) {
            self.failed(
                &part,
                Fault::Other,
                "it makes no pictures of what it is fed",
            );
        }
    }

    /// Whether [`Engine::glance`] has anything to look at.
    #[must_use]
    pub fn encodes_in_hardware(&self) -> bool {
        self.sending.progress(true, HARDWARE_HANGS).next().is_some()
    }

    /// Several times a second: a program takes over from hardware that encodes and hangs.
    pub fn glance(&mut self) {
        let readings = self.sending.progress(true, HARDWARE_HANGS).collect();
        let hang = self.hardware.observe(self.graph.time(), readings);
        for part in &hang {
            self.failed(part, Fault::Other, "it makes no pictures of what it is fed");
        }
        if !hang.is_empty() {
            self.reconcile();
        }
    }

    /// Displays that were pulled or plugged are taken anew, at once.
    pub(super) fn watch_displays(&mut self) {
        if self.televisions.watch() {
            for event in self.devices.configure(&self.wanted.devices) {
                self.say(event);
            }
        }
    }

    pub(super) fn recovered(&mut self, part: &Part) {
        if let Some(event) = self.devices.recovered(part) {
            self.say(event);
        }
    }
}
