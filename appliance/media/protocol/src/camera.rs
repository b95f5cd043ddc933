//! Where a camera looks, and what people do with it.

use saal_hal::{Control, ControlState, PictureKind, same_piece};
use serde::{Deserialize, Serialize};

/// A camera or an input for presentations that is connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureDevice {
    /// Stable across reboots and replugs.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is there for.
    pub kind: PictureKind,
}

/// Where a camera looks, in thousandths of its ranges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraView {
    /// 0 is the widest picture, 1000 the narrowest.
    pub zoom: i32,
    /// -1000 is as far to the left as it goes, as the camera sees it, 1000 to the right.
    pub pan: i32,
    /// -1000 is as far down as it goes, 1000 up.
    pub tilt: i32,
}

impl CameraView {
    /// This much further, as far as it goes.
    #[must_use]
    pub fn moved(self, by: Self) -> Self {
        Self {
            zoom: self.zoom.saturating_add(by.zoom),
            pan: self.pan.saturating_add(by.pan),
            tilt: self.tilt.saturating_add(by.tilt),
        }
        .within()
    }

    /// The nearest that exists.
    #[must_use]
    pub fn within(self) -> Self {
        Self {
            zoom: self.zoom.clamp(0, 1_000),
            pan: self.pan.clamp(-1_000, 1_000),
            tilt: self.tilt.clamp(-1_000, 1_000),
        }
    }
}

/// Which ways a camera moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraMoves {
    /// It makes the picture narrower and wider.
    pub zoom: bool,
    /// It turns left and right.
    pub pan: bool,
    /// It turns up and down.
    pub tilt: bool,
}

impl CameraMoves {
    /// In any way.
    #[must_use]
    pub fn any(self) -> bool {
        self.zoom || self.pan || self.tilt
    }
}

/// The room's camera as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraState {
    /// Its identity.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it looks.
    pub view: CameraView,
    /// Which ways it moves.
    pub moves: CameraMoves,
    /// The engine cuts the view out of a picture that stands still.
    pub digital: bool,
    /// Everything that it lets be turned, in its own numbers.
    pub controls: Vec<ControlState>,
}

/// A view that people come back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The camera's identity.
    pub camera: String,
    /// What people call it; one of a camera's.
    pub name: String,
    /// Where the camera looks.
    pub view: CameraView,
}

impl Preset {
    /// Whether it is one of this camera's, wherever that is plugged now.
    #[must_use]
    pub fn is_of(&self, camera: &str) -> bool {
        self.camera == camera || same_piece(&self.camera, camera)
    }
}

/// What people do with the camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CameraAction {
    /// Looks there.
    Look {
        /// Where.
        view: CameraView,
    },
    /// Turns something of its own.
    Set {
        /// What.
        control: Control,
        /// In the camera's numbers.
        value: i32,
    },
    /// Takes another camera for this call, or for the meeting that comes.
    Use {
        /// Its identity or name.
        camera: String,
    },
    /// Takes the camera again that the room has for this meeting.
    Usual {},
    /// Looks where it looked when this was saved.
    Go {
        /// As people call it.
        preset: String,
    },
    /// Saves where it looks; replaces one of this name.
    Save {
        /// As people call it.
        preset: String,
    },
    /// Forgets a saved view.
    Forget {
        /// As people call it.
        preset: String,
    },
}
