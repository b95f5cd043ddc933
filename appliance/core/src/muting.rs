//! What the room keeps to itself, and what lights say of it.

use saal_media_protocol::SourceKind;
use serde::{Deserialize, Serialize};

/// What is muted; people's choice, kept for the length of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Muted {
    /// Nobody hears the room.
    pub microphone: bool,
    /// Nobody sees the room.
    pub camera: bool,
}

impl Muted {
    /// Whether this source is muted; content is never.
    #[must_use]
    pub fn get(self, source: SourceKind) -> bool {
        match source {
            SourceKind::Microphone => self.microphone,
            SourceKind::Camera => self.camera,
            SourceKind::Content | SourceKind::ContentAudio => false,
        }
    }

    /// Sets a source and says whether that changed anything.
    pub(crate) fn set(&mut self, source: SourceKind, muted: bool) -> bool {
        let place = match source {
            SourceKind::Microphone => &mut self.microphone,
            SourceKind::Camera => &mut self.camera,
            SourceKind::Content | SourceKind::ContentAudio => return false,
        };
        std::mem::replace(place, muted) != muted
    }
}

/// What the lights of speakerphones and mute keys say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallLights {
    /// The meeting does not hear the room.
    pub muted: bool,
    /// The room is in a meeting, or on its way in or out.
    pub in_call: bool,
    /// Somebody calls the room, which is in no meeting.
    pub ringing: bool,
}
