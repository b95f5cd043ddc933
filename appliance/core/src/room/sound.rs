//! The room's sound: how loud, which devices, trying them, and the lights of devices for calls.

use saal_media_protocol::{MediaCommand, SoundUnit};

use super::Room;
use crate::{CallLights, ChosenDevices, Effect, Phase, SoundAction, SoundChoice};

/// What people try at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Trial {
    meter: bool,
    tone: bool,
    level: Option<f64>,
}

impl Room {
    /// What people chose for the sound.
    #[must_use]
    pub fn sound(&self) -> &SoundChoice {
        &self.sound
    }

    /// Whether the test tone plays.
    #[must_use]
    pub fn plays_tone(&self) -> bool {
        self.trial.tone
    }

    /// How loud the microphone is, dB below full scale, while people look at it.
    #[must_use]
    pub fn microphone_level(&self) -> Option<f64> {
        self.trial.level.filter(|_| !self.muted.microphone)
    }

    /// Names of microphone and loudspeaker that are to be used.
    #[must_use]
    pub fn sound_devices(&self) -> Option<[&str; 2]> {
        let devices = &self.config.as_ref()?.devices;
        let configured = [devices.microphone.as_str(), devices.loudspeaker.as_str()];
        Some(self.sound.devices(configured))
    }

    pub(super) fn on_saved_sound(&mut self, saved: SoundChoice) {
        self.sound = saved;
    }

    pub(super) fn on_sound(&mut self, action: SoundAction) {
        match action {
            SoundAction::Louder => self.set_volume(self.sound.louder()),
            SoundAction::Quieter => self.set_volume(self.sound.quieter()),
            SoundAction::Volume(percent) => self.set_volume(percent.min(100)),
            SoundAction::Use(unit) => self.use_unit(unit),
            SoundAction::Meter(meter) => self.try_sound(Trial {
                meter,
                // Who leaves has heard enough.
                tone: self.trial.tone && meter,
                level: None,
            }),
            SoundAction::Tone(tone) => self.try_sound(Trial { tone, ..self.trial }),
        }
    }

    fn set_volume(&mut self, percent: u8) {
        self.sound.volume = percent;
        self.send_volume();
        self.save_sound();
    }

    pub(super) fn send_volume(&mut self) {
        let percent = self.sound.volume;
        self.effect(Effect::Media(MediaCommand::SetVolume { percent }));
    }

    /// Microphone and loudspeaker of one piece of hardware come together.
    fn use_unit(&mut self, unit: SoundUnit) {
        let Some([microphone, loudspeaker]) = self.sound_devices() else {
            return;
        };
        let (microphone, loudspeaker) = (
            unit.microphone.unwrap_or_else(|| microphone.to_owned()),
            unit.loudspeaker.unwrap_or_else(|| loudspeaker.to_owned()),
        );
        let Some(config) = &self.config else { return };
        let configured = [&config.devices.microphone, &config.devices.loudspeaker];
        self.sound.devices = Some(ChosenDevices {
            microphone,
            loudspeaker,
            instead_of: configured.map(|device| device.as_str().to_owned()),
        });
        self.configure_devices();
        self.save_sound();
    }

    fn save_sound(&mut self) {
        self.effect(Effect::SaveSound(Box::new(self.sound.clone())));
        self.effect(Effect::Redraw);
    }

    fn try_sound(&mut self, trial: Trial) {
        self.trial = trial;
        let (meter, tone) = (trial.meter, trial.tone);
        self.effect(Effect::Media(MediaCommand::TrySound { meter, tone }));
        self.effect(Effect::Redraw);
    }

    pub(super) fn on_microphone_level(&mut self, dbfs: f64) {
        if self.trial.meter {
            self.trial.level = Some(dbfs);
            self.effect(Effect::Redraw);
        }
    }

    /// After each event: nobody tries sound outside of a call, and lights of devices show what is. That of the mute key is about
    /// what a meeting hears, so it is out where there is none.
    pub(super) fn follow_sound(&mut self) {
        let in_call = self.phase.in_call().is_some();
        if !in_call && self.trial != Trial::default() {
            self.try_sound(Trial::default());
        }
        let lit = CallLights {
            muted: in_call && self.muted.microphone,
            in_call: self.phase != Phase::Home,
            ringing: self.phase == Phase::Home && !self.rings.is_empty(),
        };
        if std::mem::replace(&mut self.lit, lit) != lit {
            self.effect(Effect::ShowLights(lit));
        }
    }
}
