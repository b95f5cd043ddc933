//! The room's sound: how loud, which devices, trying them, and the lights of devices for calls.

use saal_media_protocol::{DeviceUse, MediaCommand, SoundUnit};

use super::Room;
use crate::{CallLights, ChosenDevices, Effect, Now, Phase, SoundAction, SoundChoice};

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
        let [microphone, loudspeaker] = self.sound.devices(configured);
        let prepared = self.prepared_here().map(|prepared| &prepared.sound);
        let chosen = |part: fn(&SoundUnit) -> &Option<String>, usual| {
            prepared
                .and_then(|unit| part(unit).as_deref())
                .unwrap_or(usual)
        };
        Some([
            chosen(|unit| &unit.microphone, microphone),
            chosen(|unit| &unit.loudspeaker, loudspeaker),
        ])
    }

    /// The piece of hardware after the one in use that has such a device, so that a touch on each goes through all.
    pub(super) fn other_unit(&self, device: DeviceUse) -> Option<&SoundUnit> {
        let [microphone, loudspeaker] = self.sound_devices()?;
        let (part, used): (fn(&SoundUnit) -> Option<&str>, _) = match device {
            DeviceUse::Microphone => (|unit| unit.microphone.as_deref(), microphone),
            DeviceUse::Loudspeaker => (|unit| unit.loudspeaker.as_deref(), loudspeaker),
            _ => return None,
        };
        let all = self.devices.sound_units.iter();
        let all: Vec<&SoundUnit> = all.filter(|unit| part(unit).is_some()).collect();
        let place = all.iter().position(|unit| part(unit) == Some(used));
        let next = place.map_or(0, |place| (place + 1) % all.len());
        all.get(next).copied().filter(|_| Some(next) != place)
    }

    pub(super) fn on_saved_sound(&mut self, saved: SoundChoice) {
        self.sound = saved;
    }

    pub(super) fn on_sound(&mut self, now: Now, action: SoundAction) {
        match action {
            SoundAction::Louder => self.set_volume(self.sound.louder()),
            SoundAction::Quieter => self.set_volume(self.sound.quieter()),
            SoundAction::Volume(percent) => self.set_volume(percent.min(100)),
            SoundAction::Use(unit) if self.coming(now).is_some() => {
                self.prepare_sound(now, Some(unit));
            }
            SoundAction::Use(unit) => self.use_unit(unit),
            SoundAction::Usual if self.phase.call().is_some() => self.use_configured(),
            SoundAction::Usual => self.prepare_sound(now, None),
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
        self.forget_prepared_sound();
        self.configure_devices();
        self.save_sound();
    }

    /// Nothing that people chose holds any more.
    fn use_configured(&mut self) {
        self.sound.devices = None;
        self.forget_prepared_sound();
        self.follow_device_choice();
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
