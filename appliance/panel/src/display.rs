//! What of the machine is the panel: which display, which touch screen, which keyboards.

use saal_fleet_protocol::{
    Config,
    config::{Device, Language, PanelKeyboard},
};
use saal_hal::{Display, KeyboardLayout, TouchScreen};

const NONE: &str = "none";
const AUTO: &str = "auto";

/// The display that is the panel, of all that are connected. `auto` is the one with the touch screen, as
/// docs/configuration.md has it; what it does not take is left for the television.
#[must_use]
pub fn panel_display<'a>(
    all: &'a [Display],
    config: &Config,
    touch_screens: &[TouchScreen],
) -> Option<&'a Display> {
    match config.panel.display.as_str() {
        NONE => None,
        AUTO if touch_screens.is_empty() => None,
        AUTO => with_the_touch_screen(all, config),
        name => Display::find(all, name),
    }
}

fn with_the_touch_screen<'a>(all: &'a [Display], config: &Config) -> Option<&'a Display> {
    let others = [
        &config.television.display,
        &config.television.content_display,
    ];
    let named = |display: &Display| {
        let of = |other: &&Device| Display::find(all, other.as_str());
        others.iter().filter_map(of).any(|other| other == display)
    };
    let free: Vec<&Display> = all.iter().filter(|display| !named(display)).collect();
    if let Some(own) = free.iter().find(|display| display.is_built_in()) {
        return Some(own);
    }
    let wanted = others.iter().filter(|other| other.as_str() == AUTO).count();
    let smallest = free.iter().min_by_key(|display| area(display));
    smallest.filter(|_| free.len() > wanted).copied()
}

/// As people see it; one that does not say how large it is counts as large.
fn area(display: &Display) -> (u64, u64) {
    let of = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
    let pixels = display.modes.first().map(|mode| (mode.width, mode.height));
    let area = display.millimetres.map_or(u64::MAX, of);
    (area, pixels.map_or(u64::MAX, of))
}

/// The touch screen in front of the panel's display.
#[must_use]
pub fn panel_touch_screen<'a>(all: &'a [TouchScreen], config: &Config) -> Option<&'a TouchScreen> {
    match config.panel.touch_screen.as_str() {
        NONE => None,
        AUTO => all.first(),
        name => all
            .iter()
            .find(|screen| screen.id == name)
            .or_else(|| all.iter().find(|screen| screen.name == name)),
    }
}

/// What is printed on the keyboards that work the panel; `None` leaves them to others. `auto` uses none while the panel is
/// not on a display of this machine: who started the room on a desk types elsewhere.
#[must_use]
pub fn panel_keyboard(config: &Config, is_on_display: bool) -> Option<KeyboardLayout> {
    match (config.panel.keyboard, config.room.language) {
        (PanelKeyboard::None, _) => None,
        (PanelKeyboard::Auto, _) if !is_on_display => None,
        (PanelKeyboard::De, _) | (PanelKeyboard::Auto, Language::De) => {
            Some(KeyboardLayout::German)
        }
        (PanelKeyboard::Us, _) | (PanelKeyboard::Auto, Language::En) => Some(KeyboardLayout::Us),
    }
}
