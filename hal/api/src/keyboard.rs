//! Keyboards and switches that are plugged into the machine and work its panel.

use std::time::Duration;

use crate::Key;

/// A keyboard, or a switch that calls itself one, that is used now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyboard {
    /// Stable across reboots and replugs at the same place, as of touch screens. A keyboard with keys on several of its
    /// interfaces is there several times, with one identity.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// What is printed on the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyboardLayout {
    /// DIN 2137-01, T1, as on keyboards in Germany and Austria, with dead keys for accents.
    German,
    /// ANSI, as on keyboards in the United States.
    Us,
}

/// Why keyboards can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("keyboards: {operation} failed: {reason}")]
pub struct KeyboardError {
    /// What was tried.
    pub operation: String,
    /// What the kernel said.
    pub reason: String,
}

/// The keyboards of a machine. Those that are used are nobody else's: what is typed at the panel reaches no console and no
/// other program. At first none is used.
pub trait Keyboards: Send + Sync {
    /// Those that are used now, by id.
    fn list(&self) -> Vec<Keyboard>;

    /// Uses all keyboards, with this printed on their keys, from now on; `None` leaves them to others. Keys that are down
    /// come up then.
    fn use_all(&self, layout: Option<KeyboardLayout>);

    /// Waits until a key does something or a keyboard comes or goes, at most this long. What keys did, in order. What is
    /// held repeats; what was down when its keyboard left comes up.
    ///
    /// # Errors
    /// When there is nothing to wait on.
    fn wait(&self, at_most: Duration) -> Result<Vec<Key>, KeyboardError>;
}
