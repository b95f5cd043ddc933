//! Keys that mute the microphone, as on speakerphones, table microphones and keyboards, and their lights.

use std::time::Duration;

/// A device with such a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MuteKey {
    /// What people call it.
    pub name: String,
    /// Whether it has a light that tells that the microphone is muted.
    pub light: bool,
}

/// Why keys can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mute keys: {operation} failed: {reason}")]
pub struct MuteKeyError {
    /// What was tried.
    pub operation: String,
    /// What the kernel said.
    pub reason: String,
}

/// The mute keys of a machine. What a key means, that is whether a press mutes or unmutes, is for others to decide; they
/// say how it is now, and the lights show it.
pub trait MuteKeys: Send + Sync {
    /// Devices that are connected now.
    ///
    /// # Errors
    /// When devices can't be listed.
    fn list(&self) -> Result<Vec<MuteKey>, MuteKeyError>;

    /// Waits until a key goes down or a device comes or goes, at most this long, and returns how often keys went down. A
    /// device that was plugged in shows what was shown last.
    ///
    /// # Errors
    /// When there is nothing to wait on.
    fn wait(&self, at_most: Duration) -> Result<u32, MuteKeyError>;

    /// Has all lights say whether the microphone is muted; a device that left shows nothing.
    fn show(&self, muted: bool);
}
