//! What is to be captured: for tracks that are sent, for the television, for who looks at the room, and to be tried.

use saal_media_protocol::{
    AudioChoice, DeviceUse, MediaEvent, RoomPicture, SourceKind, Tile, TileSource,
};

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

    pub(super) fn reconcile_encoders(&mut self, captures: &Captures) {
        let sends = self.sending.sends();
        let encoders = plan::encoders(&captures.camera, &captures.content, sends);
        self.sending.reconcile_encoders(encoders, &self.transports);
    }

    pub(super) fn reconcile_pictures(
        &mut self,
        camera: &CapturePlan,
        content: &CapturePlan,
    ) -> Vec<MediaEvent> {
        let plans = [(DeviceUse::Camera, camera), (DeviceUse::Content, content)];
        let mut said = Vec::new();
        for (device, plan) in plans {
            let (source, tile) = match device {
                DeviceUse::Content => (SourceKind::Content, TileSource::OwnContent),
                _ => (SourceKind::Camera, TileSource::Own),
            };
            let sink = || {
                let sink = self.sending.picture_sink(source, tile.clone());
                match device {
                    DeviceUse::Camera => self.seen.on_the_way(sink),
                    _ => sink,
                }
            };
            said.extend(
                self.devices
                    .reconcile_picture(device, plan, &self.graph, sink),
            );
        }
        if *content == CapturePlan::Closed {
            self.screen.forget(&TileSource::OwnContent);
        }
        said
    }
}
