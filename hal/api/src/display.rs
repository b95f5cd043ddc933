//! Displays: televisions that hang on this machine, and whether one can be used now.

use serde::{Deserialize, Serialize};

use crate::camera::list;

/// A way in which a display can be driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DisplayMode {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whole pictures a second.
    pub hertz: u32,
}

/// A display that is connected now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Display {
    /// Stable across reboots and replugs at the same place: where the graphics card is, and its connector, as in
    /// `pci-0000:00:02.0/HDMI-A-1`.
    pub id: String,
    /// What people call it: the monitor's own name, else its connector.
    pub name: String,
    /// The connector as the kernel names it, `HDMI-A-1`; empty for simulated ones.
    pub connector: String,
    /// Where the operating system has its graphics card now (`/dev/dri/card0`); empty for simulated ones.
    pub node: String,
    /// All modes, the one that the display prefers first.
    pub modes: Vec<DisplayMode>,
    /// Millimetres, width and height, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millimetres: Option<(u32, u32)>,
}

impl Display {
    /// The one of these with this id, name or connector, in this order.
    #[must_use]
    pub fn find<'a>(displays: &'a [Self], wanted: &str) -> Option<&'a Self> {
        let by = |key: fn(&Self) -> &str| displays.iter().find(|d| key(d) == wanted);
        by(|d| &d.id)
            .or_else(|| by(|d| &d.name))
            .or_else(|| by(|d| &d.connector))
    }

    /// Whether it is part of the machine, as the glass of a tablet or of a panel computer is.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        let kinds = ["DSI-", "eDP-", "LVDS-", "DPI-"];
        kinds.iter().any(|kind| self.connector.starts_with(kind))
    }

    /// The mode for a picture of this size: exactly it if there is one, at its highest rate up to 60; else what the display
    /// prefers, into which the picture is fitted.
    #[must_use]
    pub fn mode_for(&self, width: u32, height: u32) -> Option<DisplayMode> {
        let exact = self
            .modes
            .iter()
            .filter(|m| (m.width, m.height) == (width, height) && m.hertz <= 60);
        exact
            .max_by_key(|m| m.hertz)
            .or_else(|| self.modes.first())
            .copied()
    }
}

/// Why a display can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "error")]
pub enum DisplayError {
    /// Nothing with this identity is connected; `present` lists what is.
    #[error("no display \"{wanted}\"; there is {}", list(.present))]
    NotFound {
        /// What was asked for.
        wanted: String,
        /// Names of the connected displays.
        present: Vec<String>,
    },
    /// Another program, such as a desktop, has the graphics card.
    #[error("display \"{display}\" is in use by another program")]
    Busy {
        /// The display's name.
        display: String,
    },
    /// The graphics card answered with an error.
    #[error("display \"{display}\": {operation} failed: {reason}")]
    Device {
        /// The display's name.
        display: String,
        /// What was tried.
        operation: String,
        /// What the kernel said.
        reason: String,
    },
}

/// The displays of a machine.
pub trait Displays {
    /// Everything that is connected now, by connector; an empty list is no error.
    ///
    /// # Errors
    /// [`DisplayError::Device`] when a graphics card that is there can't be asked.
    fn list(&self) -> Result<Vec<Display>, DisplayError>;

    /// Finds a display by id, by name, or by connector, in this order.
    ///
    /// # Errors
    /// [`DisplayError::NotFound`] with what there is.
    fn find(&self, wanted: &str) -> Result<Display, DisplayError> {
        let displays = self.list()?;
        let found = Display::find(&displays, wanted).cloned();
        found.ok_or_else(|| DisplayError::NotFound {
            wanted: wanted.to_owned(),
            present: displays.iter().map(|d| d.name.clone()).collect(),
        })
    }

    /// Takes the display and gives it back: the proof that it is usable now. It may flicker.
    ///
    /// # Errors
    /// [`DisplayError::Busy`] when somebody else has it, [`DisplayError::NotFound`] when it left.
    fn check(&self, display: &Display) -> Result<(), DisplayError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_of_the_pictures_size_is_better_than_what_the_display_prefers() {
        let mode = |width, height, hertz| DisplayMode {
            width,
            height,
            hertz,
        };
        let display = Display {
            id: "a".to_owned(),
            name: "TV".to_owned(),
            connector: "HDMI-A-1".to_owned(),
            node: String::new(),
            modes: vec![
                mode(3840, 2160, 60),
                mode(1920, 1080, 120),
                mode(1920, 1080, 50),
                mode(1920, 1080, 60),
            ],
            millimetres: None,
        };
        assert_eq!(display.mode_for(1920, 1080), Some(mode(1920, 1080, 60)));
        assert_eq!(display.mode_for(1280, 720), Some(mode(3840, 2160, 60)));
        let nothing = Display {
            modes: Vec::new(),
            ..display
        };
        assert_eq!(nothing.mode_for(1280, 720), None);
    }
}
