//! Whether the camera's pictures are handed on to the encoder as they were captured: as it is now, and what came of it.

use saal_hal::PictureFormat;
use saal_media_protocol::{CameraChoice, PictureWay};

use super::{Engine, capturing::Captures};
use crate::{
    graph::TrackKey,
    handing::{self, Copies},
    plan::CapturePlan,
};

/// How the camera is to be opened.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    /// In which mode its memory is shared, or why it is not. `None`: nobody needs either; one that is open stays so.
    decided: Option<Result<PictureFormat, String>>,
    /// It was opened so and has not delivered a picture yet.
    tried: bool,
    /// How it went wrong with this camera.
    failed: Option<String>,
}

impl Sharing {
    /// The mode in which a camera that is opened now shares its memory.
    pub(super) fn begin(&mut self) -> Option<PictureFormat> {
        let shared = self.decided.as_ref()?.as_ref().ok().copied();
        self.tried = shared.is_some();
        shared
    }

    /// Whether a camera that was opened like this stays open. It is away for a moment when it is opened anew.
    pub(super) fn keeps(&self, shared: Option<PictureFormat>) -> bool {
        match &self.decided {
            None => true,
            Some(Ok(format)) => shared == Some(*format),
            Some(Err(_)) => shared.is_none(),
        }
    }

    /// It has delivered a picture.
    pub(super) fn proven(&mut self) {
        self.tried = false;
    }

    /// Whether sharing may be why it fails.
    pub(super) fn is_tried(&self) -> bool {
        self.tried
    }

    /// It does not work with this camera and encoder: from now on pictures are copied.
    pub(super) fn failed(&mut self, reason: &str) {
        tracing::warn!(
            reason,
            "a camera's memory can't be shared: its pictures are copied"
        );
        self.tried = false;
        self.failed = Some(reason.to_owned());
    }

    /// Another camera, encoder or configuration: it may work with that.
    pub(super) fn forget(&mut self) {
        self.failed = None;
    }
}

impl Engine {
    /// Decides anew how the camera's pictures get to the encoder, and says so if it is another way.
    pub(super) fn hand_on(&mut self, captures: &Captures) {
        self.devices.pictures.sharing.decided = self.way(&captures.camera);
        let shared = self.devices.pictures.shared(&captures.camera);
        self.sending.share(shared);
        let way = match (&self.devices.pictures.sharing.decided, shared) {
            (Some(Ok(_)), Some(_)) => Some(PictureWay::HandedOn {}),
            (Some(Err(reason)), _) => Some(PictureWay::Copied {
                reason: reason.clone(),
            }),
            // It is about to be opened, or something stands for it: that is no news yet.
            (Some(Ok(_)), None) => return,
            (None, _) => None,
        };
        if way != self.encoders.camera {
            self.encoders.camera = way;
            self.say_report();
        }
    }

    /// `None` where no hardware encodes a camera that is there.
    fn way(&self, camera: &CapturePlan) -> Option<Result<PictureFormat, String>> {
        let CapturePlan::Open { choice, size } = camera else {
            return None;
        };
        let intake = self.sending.intake()?;
        let pictures = &self.devices.pictures;
        let offered = match choice {
            CameraChoice::Device(_) => pictures.offers()?,
            CameraChoice::None | CameraChoice::Simulated => Err(Copies::Program),
        };
        let decided = offered.and_then(|formats| handing::shared(formats, intake, *size));
        let decided = decided.map_err(|why| why.to_string());
        Some(match &pictures.sharing.failed {
            Some(reason) if decided.is_ok() => Err(reason.clone()),
            _ => decided,
        })
    }

    /// Memory of the camera's was short, or it gave other memory than it said.
    pub(super) fn not_shared(&mut self, key: &TrackKey, layer: usize) {
        // One that ended meanwhile said so too late.
        if self.sending.drop_importing(key, layer) {
            let reason = "a picture came in memory that the encoder can't read";
            self.devices.pictures.sharing.failed(reason);
            self.reconcile();
        }
    }
}

#[cfg(test)]
mod tests {
    use saal_hal::PictureEncoding;

    use super::*;

    const FORMAT: PictureFormat = PictureFormat {
        encoding: PictureEncoding::Nv12,
        width: 1280,
        height: 720,
        frames_per_second: 30,
    };

    #[test]
    fn a_camera_is_opened_anew_only_for_another_way_that_somebody_needs() {
        let mut sharing = Sharing::default();
        assert_eq!(sharing.begin(), None);
        let both = |sharing: &Sharing| [sharing.keeps(None), sharing.keeps(Some(FORMAT))];
        assert_eq!(both(&sharing), [true, true], "nothing was decided");
        sharing.decided = Some(Ok(FORMAT));
        assert_eq!(both(&sharing), [false, true]);
        sharing.decided = Some(Err("JPEG".to_owned()));
        assert_eq!(both(&sharing), [true, false]);
    }

    #[test]
    fn sharing_is_to_blame_until_the_first_picture_and_until_something_is_another() {
        let mut sharing = Sharing {
            decided: Some(Ok(FORMAT)),
            ..Sharing::default()
        };
        assert_eq!(sharing.begin(), Some(FORMAT));
        assert!(sharing.is_tried());
        sharing.proven();
        assert!(
            !sharing.is_tried(),
            "what fails later fails for another reason"
        );
        sharing.begin();
        sharing.failed("no such memory");
        assert!(!sharing.is_tried() && sharing.failed.is_some());
        sharing.forget();
        assert_eq!(sharing.failed, None);
    }
}
