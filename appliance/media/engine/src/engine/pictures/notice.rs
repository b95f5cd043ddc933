//! What stands for the camera while it gives no picture: words that say why.

use std::sync::atomic::Ordering;

use saal_media_protocol::{DeviceUse, MediaEvent, MediaTrouble};

use super::{Devices, Pictures};
use crate::{
    graph::{Graph, Part, PictureSink, VideoSource, draw_notice},
    plan::PictureSize,
};

/// The picture in the place of the camera's.
#[derive(Debug)]
pub(super) struct Notice {
    text: String,
    size: PictureSize,
    _source: VideoSource,
}

impl Pictures {
    fn draw(&mut self, text: &str, size: PictureSize) -> gstreamer::Sample {
        self.drawn.retain(|(_, of, _)| *of == size);
        let known = self.drawn.iter().find(|(of, _, _)| of == text);
        if let Some((_, _, picture)) = known {
            return picture.clone();
        }
        let picture = draw_notice(text, size);
        self.drawn.push((text.to_owned(), size, picture.clone()));
        picture
    }

    /// What the picture has to say, as long as this is wrong.
    fn words_for(&self, trouble: &MediaTrouble) -> String {
        let words = match trouble {
            MediaTrouble::Missing { .. } => &self.words.unplugged,
            MediaTrouble::Covered { .. } => &self.words.covered,
            // The second is said of sound alone.
            MediaTrouble::Busy { .. }
            | MediaTrouble::Replaced { .. }
            | MediaTrouble::Failed { .. } => &self.words.failed,
        };
        words.clone()
    }
}

impl Devices {
    /// While the camera gives no picture, its place says why: until it gives one again.
    pub(super) fn reconcile_notice(
        &mut self,
        size: PictureSize,
        graph: &Graph,
        sink: impl Fn() -> PictureSink,
    ) {
        let trouble = self.troubles.get(&DeviceUse::Camera);
        let open = self.pictures.open.get(&DeviceUse::Camera);
        let works = open.is_some_and(|open| open.works);
        let covered = matches!(trouble, Some(MediaTrouble::Covered { .. }));
        if works && !covered {
            self.pictures.notice = None;
            return;
        }
        let shown = self.pictures.notice.as_ref();
        let text = match (trouble, shown) {
            (Some(trouble), _) => self.pictures.words_for(trouble),
            // It is there again, but its first picture is not.
            (None, Some(shown)) => shown.text.clone(),
            (None, None) => return,
        };
        if shown.is_some_and(|shown| shown.text == text && shown.size == size) {
            return;
        }
        self.pictures.notice = None;
        let picture = self.pictures.draw(&text, size);
        let source = VideoSource::still(graph, Part::Notice, picture, sink());
        self.pictures.notice = Some(Notice {
            text,
            size,
            _source: source,
        });
    }

    /// Whether the camera's shutter is closed, as it says itself.
    pub(in crate::engine) fn covered(&mut self, id: &str, closed: bool) -> Option<MediaEvent> {
        let camera = self.pictures.camera.as_ref().filter(|c| c.id == id)?;
        if !closed {
            return self.uncovered();
        }
        let open = self.pictures.open.contains_key(&DeviceUse::Camera);
        if !open || self.troubles.contains_key(&DeviceUse::Camera) {
            return None;
        }
        let trouble = MediaTrouble::Covered {
            source: DeviceUse::Camera,
            device: camera.name.clone(),
        };
        self.pictures.covered.store(true, Ordering::Relaxed);
        self.troubles.insert(DeviceUse::Camera, trouble.clone());
        Some(MediaEvent::Trouble(trouble))
    }

    pub(super) fn uncovered(&mut self) -> Option<MediaEvent> {
        self.pictures.covered.store(false, Ordering::Relaxed);
        let source = DeviceUse::Camera;
        let trouble = self.troubles.get(&source);
        if !matches!(trouble, Some(MediaTrouble::Covered { .. })) {
            return None;
        }
        self.troubles.remove(&source);
        Some(MediaEvent::Recovered { source })
    }
}
