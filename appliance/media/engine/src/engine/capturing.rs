//! What is to be captured: for tracks that are sent, for the television, for who looks at the room, and to be tried.

use saal_media_protocol::{AudioChoice, RoomPicture, SourceKind, Tile, TileSource};

use super::Engine;
use crate::plan::{self, CapturePlan};

/// What is captured, for whoever needs it.
pub(super) struct Captures {
    pub(super) camera: CapturePlan,
    pub(super) microphone: bool,
    pub(super) content: CapturePlan,
}

impl Engine {
    /// What is to be captured now.
    pub(super) fn captures(&mut self) -> Captures {
        let (sends, devices) = (self.sending.sends(), &self.wanted.devices);
        if !sends.is_empty() {
            // Nothing that people muted may be in a meeting.
            self.checking = None;
        }
        let own = |tile: &Tile| tile.source == TileSource::Own;
        let checking = self.checking.is_some();
        let own = self.wanted.tiles.iter().any(own)
            || self.browsers.sees(RoomPicture::Camera)
            || checking;
        let muted = |source| self.wanted.muted.contains(&source) && !checking;
        let presented = sends.iter().any(|send| send.source == SourceKind::Content);
        let shared = self.browsers.share(presented);
        Captures {
            camera: plan::camera(&devices.camera, muted(SourceKind::Camera), own, sends),
            microphone: plan::microphone(&devices.microphone, muted(SourceKind::Microphone), sends)
                || checking && devices.microphone != AudioChoice::None,
            content: plan::content(&devices.content, muted(SourceKind::Content), shared, sends),
        }
    }
}
