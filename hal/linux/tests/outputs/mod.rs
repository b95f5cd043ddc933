//! Outputs of a graphics card, plugged and pulled by the kernel's own switch (`/sys/class/drm/CARD-CONNECTOR/status`).

use std::{
    fs,
    path::{Path, PathBuf},
};

use saal_hal::{Display, Displays};
use saal_hal_linux::DrmDisplays;

const CLASS: &str = "/sys/class/drm";

/// An output that was plugged; it is as before when it is dropped.
pub(crate) struct Plugged(PathBuf);

impl Plugged {
    /// Plugs a display into the free output of a card that has one; that display, and another one of the same card.
    pub(crate) fn beside() -> (Self, Display, Display) {
        let displays = DrmDisplays::default();
        let before = displays.list().unwrap();
        let free = fs::read_dir(CLASS)
            .unwrap()
            .flatten()
            .map(|entry| entry.path());
        let free = free
            .into_iter()
            .find(|output| word(&output.join("status")) == "disconnected");
        let output = Self(free.expect("a card with a free output"));
        output.switch("on");
        let after = displays.list().unwrap();
        let new = after.into_iter().find(|display| !before.contains(display));
        let new = new.expect("what was plugged is listed");
        let beside = before.into_iter().find(|display| display.node == new.node);
        (output, new, beside.expect("the card's first output"))
    }

    /// `on`, `off`, or `detect`, as the kernel calls it.
    pub(crate) fn switch(&self, status: &str) {
        fs::write(self.0.join("status"), status).unwrap();
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        self.switch("detect");
    }
}

fn word(file: &Path) -> String {
    fs::read_to_string(file)
        .unwrap_or_default()
        .trim()
        .to_owned()
}
