//! Keys for calls, as on speakerphones, table microphones and keyboards, and their lights.

use std::time::Duration;

use crate::KeyName;

/// A device with such keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneKeysOn {
    /// What people call it.
    pub name: String,
    /// Which lights it has.
    pub lights: PhoneLights,
}

/// Lights of devices for calls: what they say, or which there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhoneLights {
    /// Nobody hears the room.
    pub muted: bool,
    /// The room is in a meeting, or on its way; HID calls it off-hook.
    pub in_call: bool,
    /// Somebody calls the room.
    pub ringing: bool,
}

/// Why keys can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("keys for calls: {operation} failed: {reason}")]
pub struct PhoneKeyError {
    /// What was tried.
    pub operation: String,
    /// What the kernel said.
    pub reason: String,
}

/// The keys for calls of a machine. What a key means, that is whether a press mutes or unmutes, is for others to decide; they
/// say how it is now, and the lights show it.
pub trait PhoneKeys: Send + Sync {
    /// Devices that are connected now.
    ///
    /// # Errors
    /// When devices can't be listed.
    fn list(&self) -> Result<Vec<PhoneKeysOn>, PhoneKeyError>;

    /// Waits until a key goes down or a device comes or goes, at most this long, and gives the keys that went down, in
    /// order; one for the volume that is held goes down again and again. A device that was plugged in shows what was
    /// shown last.
    ///
    /// # Errors
    /// When there is nothing to wait on.
    fn wait(&self, at_most: Duration) -> Result<Vec<KeyName>, PhoneKeyError>;

    /// Has all lights say this; a device that left shows nothing. Some devices are told by whoever waits, so that nobody else
    /// waits for a device that is slow.
    fn show(&self, lights: PhoneLights);
}
