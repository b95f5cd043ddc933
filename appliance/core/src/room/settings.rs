//! The settings at the panel: the PIN, what was set here of what is configured, and what the system is asked for.

use std::{collections::BTreeMap, time::Duration};

use saal_fleet_protocol::Config;
use saal_meeting::Secret;

use super::Room;
use crate::{
    Effect, Finding, LocalSettings, LockState, Now, Part, Phase, Setting, SettingsAction,
    SystemFacts, SystemRequest, SystemStage, settings::Lock,
};

/// What the room knows of its settings.
#[derive(Debug, Default)]
pub(super) struct Settings {
    local: LocalSettings,
    lock: Lock,
    /// Without what was set here.
    configured: Option<Box<Config>>,
    facts: SystemFacts,
    asked: Option<(SystemRequest, SystemStage)>,
    /// Seconds of waiting for the next PIN, as people see them.
    seconds: Option<u64>,
}

/// What others may know.
impl Room {
    /// Whether whoever is at the settings may change what lasts.
    #[must_use]
    pub fn settings_lock(&self, now: Now) -> LockState {
        self.settings.lock.state(now.mono)
    }

    /// Whoever is at the settings knows the PIN.
    #[must_use]
    pub fn settings_are_open(&self) -> bool {
        self.settings.lock.is_open()
    }

    /// What was set in the room of what is configured.
    #[must_use]
    pub fn local_settings(&self) -> &LocalSettings {
        &self.settings.local
    }

    /// What the room's computer said of itself when somebody looked last.
    #[must_use]
    pub fn system_facts(&self) -> &SystemFacts {
        &self.settings.facts
    }

    /// What the system was asked for last, and what became of it.
    #[must_use]
    pub fn system_asked(&self) -> Option<(SystemRequest, &SystemStage)> {
        let (request, stage) = self.settings.asked.as_ref()?;
        Some((*request, stage))
    }

    /// What the last trial said of the room's parts; `None` while one goes on.
    #[must_use]
    pub fn findings(&self) -> Option<&BTreeMap<Part, Finding>> {
        (!self.is_trying()).then(|| self.readiness.findings())
    }
}

impl Room {
    pub(super) fn on_saved_settings(&mut self, now: Now, saved: LocalSettings) {
        self.settings.lock.remember(now.mono, saved.wrong_pins);
        self.settings.local = saved;
    }

    pub(super) fn on_settings_pin(&mut self, pin: Option<Secret>) {
        if self.settings.lock.set_pin(pin) {
            self.effect(Effect::Redraw);
        }
    }

    /// Keeps what is configured, and gives what counts here.
    pub(super) fn with_local_settings(&mut self, mut config: Box<Config>) -> Box<Config> {
        self.settings.configured = Some(config.clone());
        let before = self.settings.local.clone();
        self.settings.local.apply(&mut config);
        if self.settings.local != before {
            self.save_settings();
        }
        config
    }

    pub(super) fn on_settings(&mut self, now: Now, action: SettingsAction) {
        match action {
            SettingsAction::Look => self.effect(Effect::LookAtSystem),
            SettingsAction::Unlock(typed) => {
                self.settings.lock.unlock(now.mono, &typed);
                let wrong = self.settings.lock.wrong();
                if std::mem::replace(&mut self.settings.local.wrong_pins, wrong) != wrong {
                    self.save_settings();
                }
            }
            SettingsAction::Lock => {
                self.settings.asked = None;
                if !self.settings.lock.lock() {
                    return;
                }
            }
            // Whoever does not know the PIN finds no button for what follows.
            _ if !self.settings.lock.is_open() => return,
            SettingsAction::Set(setting) => self.set(now, setting),
            SettingsAction::Try => self.try_now(now),
            SettingsAction::System(request) => self.ask_system(now, request),
        }
        self.effect(Effect::Redraw);
    }

    fn set(&mut self, now: Now, setting: Setting) {
        let Some(mut config) = self.settings.configured.clone() else {
            return;
        };
        self.settings.local.set(&config, setting);
        self.save_settings();
        self.settings.local.apply(&mut config);
        self.use_config(now, config);
    }

    fn save_settings(&mut self) {
        self.settings.local.version = LocalSettings::VERSION;
        let local = Box::new(self.settings.local.clone());
        self.effect(Effect::SaveSettings(local));
    }

    /// The computer goes down: people in the meeting hear it from the room and not from its silence.
    pub(super) fn ask_system(&mut self, now: Now, request: SystemRequest) {
        self.settings.asked = Some((request, SystemStage::Asked));
        self.leave(now);
        self.effect(Effect::AskSystem(request));
        self.effect(Effect::Redraw);
    }

    pub(super) fn on_system_refused(&mut self, request: SystemRequest, reason: String) {
        self.settings.asked = Some((request, SystemStage::Failed { reason }));
        self.effect(Effect::Redraw);
    }

    pub(super) fn on_system_facts(&mut self, facts: SystemFacts) {
        self.settings.facts = facts;
        self.effect(Effect::Redraw);
    }

    /// After each event: who goes into a meeting leaves the settings, and who waits sees the seconds go.
    pub(super) fn follow_settings(&mut self, now: Now) {
        if self.phase != Phase::Home {
            self.settings.lock.lock();
        }
        let seconds = self.settings.lock.seconds(now.mono);
        if std::mem::replace(&mut self.settings.seconds, seconds) != seconds {
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn settings_deadline(&self, now: Now) -> Option<Duration> {
        self.settings.lock.next_deadline(now.mono)
    }
}
