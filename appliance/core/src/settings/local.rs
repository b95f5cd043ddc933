//! What was changed in the room itself of what is configured.

use saal_fleet_protocol::{
    Config,
    config::{BrightnessPercent, Language, ScalePercent, Theme},
};
use serde::{Deserialize, Serialize};

use super::Setting;

/// What was set in the room, as it is saved too. Whoever spoke last is right: once the configuration says something else
/// than it said then, that counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalSettings {
    /// Version of this format: [`Self::VERSION`].
    pub version: u32,
    /// PINs that were wrong since the last right one.
    pub wrong_pins: u32,
    /// Words of panel and television.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Chosen<Language>>,
    /// Colours of the panel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<Chosen<Theme>>,
    /// How large its text is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Chosen<ScalePercent>>,
    /// How bright it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brightness: Option<Chosen<BrightnessPercent>>,
    /// Whether televisions are woken and put to stand-by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cec: Option<Chosen<bool>>,
}

/// A value that was set in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen<T> {
    /// What the configuration said then.
    pub instead_of: T,
    /// What was set.
    pub value: T,
}

impl<T: Copy + PartialEq> Chosen<T> {
    /// What counts where the configuration says this; a choice that it has overtaken is forgotten.
    fn over(chosen: &mut Option<Self>, configured: &mut T) {
        match chosen {
            Some(one) if one.instead_of == *configured => *configured = one.value,
            _ => *chosen = None,
        }
    }

    fn of(configured: T, value: T) -> Option<Self> {
        (configured != value).then_some(Self {
            instead_of: configured,
            value,
        })
    }
}

impl LocalSettings {
    /// The format's version.
    pub const VERSION: u32 = 1;

    /// Puts what was set in the room over what is configured, and forgets what the configuration has overtaken.
    pub(crate) fn apply(&mut self, config: &mut Config) {
        Chosen::over(&mut self.language, &mut config.room.language);
        Chosen::over(&mut self.theme, &mut config.panel.theme);
        Chosen::over(&mut self.scale, &mut config.panel.scale_percent);
        Chosen::over(&mut self.brightness, &mut config.panel.brightness_percent);
        Chosen::over(&mut self.cec, &mut config.television.cec);
    }

    /// Sets a value where this is configured; the configured one is no choice.
    pub(crate) fn set(&mut self, configured: &Config, setting: Setting) {
        let panel = &configured.panel;
        match setting {
            Setting::Language(value) => {
                self.language = Chosen::of(configured.room.language, value);
            }
            Setting::Theme(value) => self.theme = Chosen::of(panel.theme, value),
            Setting::Scale(value) => self.scale = Chosen::of(panel.scale_percent, value),
            Setting::Brightness(value) => {
                self.brightness = Chosen::of(panel.brightness_percent, value);
            }
            Setting::Cec(value) => self.cec = Chosen::of(configured.television.cec, value),
        }
    }
}
