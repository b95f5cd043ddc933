//! A room without a fleet: what IT writes to its disk is all that it knows.

use anyhow::Result;

use crate::disk::Disk;
use crate::machine::Image;
use crate::panel::{STARTED_WITHIN, within};

/// What lets its web view be asked.
pub const TOKEN: &str = "a-token-of-the-test";
/// The boot loader's entries of a disk whose systems are both good.
pub const GOOD: [&str; 2] = ["saal-a+3.conf", "saal-b+3.conf"];
const CONFIG: &str = r#"
version = 1
[room]
name = "NAME"
language = "en"
time_zone = "Europe/Berlin"
[[meetings]]
title = "Daily"
link = "https://meet.example.org/daily"
[panel]
display = "Virtual-1"
[web]
listen = "0.0.0.0:8480"
token_file = "token"
"#;

/// The configuration of a room of this name.
#[must_use]
pub fn config(room: &str) -> String {
    CONFIG.replace("NAME", room)
}

impl Image {
    /// A disk for a machine of this name, flashed for a room that is called `Raum Lahn`.
    ///
    /// # Errors
    /// As [`Self::flash`].
    pub fn flash_alone(&self, machine: &str) -> Result<Disk> {
        let files = [("saal.toml", config("Raum Lahn")), ("token", TOKEN.into())];
        self.flash(machine, &files)
    }

    /// Waits until the boot loader's entries of a machine's disk are these.
    ///
    /// # Errors
    /// When they do not become so.
    pub fn entries_become(&self, disk: &Disk, what: &str, wanted: [&str; 2]) -> Result<()> {
        within(STARTED_WITHIN, what, || {
            // While the room writes there it can't be read.
            Ok(self.entries(disk).is_ok_and(|names| names == wanted))
        })
    }
}
