//! The touch panel.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::values::{
    BrightnessPercent, Device, IdleMinutes, PixelCount, PrivacyDays, Rotation, ScalePercent,
    ScanSeconds,
};

/// Colours of the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
    /// White and yellow on black, every text at least 7:1 (WCAG 2.2, 1.4.6).
    Contrast,
}

/// Whether keyboards and switches that are plugged into the machine work the panel, and what is printed on their keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelKeyboard {
    /// They do while the panel is on a display of the machine; the room's language says what is printed there.
    #[default]
    Auto,
    /// They do, and are German.
    De,
    /// They do, and are American.
    Us,
    /// They are left to others.
    None,
}

/// The touch panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Panel {
    /// The display of this machine that is the panel, `auto` for the one with the touch screen.
    pub display: Device,
    /// How far the picture is turned clockwise on it.
    pub rotation: Rotation,
    /// The touch screen in front of it, `auto` for the first that is connected.
    pub touch_screen: Device,
    /// The keyboards and switches that are plugged into the machine.
    pub keyboard: PanelKeyboard,
    /// After so long without anybody the display is dimmed.
    pub dim_after_minutes: IdleMinutes,
    /// How bright the display is before that.
    pub brightness_percent: BrightnessPercent,
    /// Pixels.
    pub width: PixelCount,
    /// Pixels.
    pub height: PixelCount,
    /// Colours; people may choose others, as of all that follows.
    pub theme: Theme,
    /// How large text, and what holds it, is drawn.
    pub scale_percent: ScalePercent,
    /// What is touched stands where a left hand covers least.
    pub left_handed: bool,
    /// The panel speaks, and is explored by touch.
    pub spoken: bool,
    /// Nothing moves: what is opened is there at once.
    pub reduced_motion: bool,
    /// How long a thing stays marked while one switch works the panel; 0: no scanning.
    pub scan_seconds: ScanSeconds,
    /// File with the PIN of the settings, 4 to 12 digits; without, nobody changes on the panel what lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin_file: Option<PathBuf>,
    /// How long the room keeps what was in use and when, for its people to read.
    pub privacy_days: PrivacyDays,
}

impl Default for Panel {
    fn default() -> Self {
        Self {
            display: Device::auto(),
            rotation: Rotation::default(),
            touch_screen: Device::auto(),
            keyboard: PanelKeyboard::default(),
            dim_after_minutes: IdleMinutes::new(10),
            brightness_percent: BrightnessPercent::default(),
            width: PixelCount::new(1280),
            height: PixelCount::new(800),
            theme: Theme::default(),
            scale_percent: ScalePercent::default(),
            left_handed: false,
            spoken: false,
            reduced_motion: false,
            scan_seconds: ScanSeconds::default(),
            pin_file: None,
            privacy_days: PrivacyDays::default(),
        }
    }
}
