//! What the appliance needs of hardware: traits, plain types and their conformance suites.
//!
//! A trait stands here only where a simulator or a second vendor implements it. Every
//! implementation runs the suite in [`conformance`]: `saal-hal-sim` always, `saal-hal-linux`
//! on machines that have a device.

mod audio;
mod camera;
mod camera_control;
pub mod conformance;
mod display;
mod mute_key;
mod seal;
pub mod selftest;
mod touch;
mod volume;

pub use audio::{AudioDevice, AudioDevices, AudioError, Direction};
pub use camera::{
    Camera, CameraError, Cameras, PictureEncoding, PictureFormat, PictureKind, same_piece,
};
pub use camera_control::{Control, ControlState};
pub use display::{Display, DisplayError, DisplayMode, Displays};
pub use mute_key::{MuteKey, MuteKeyError, MuteKeys};
pub use seal::{SealError, Sealer};
pub use touch::{Touch, TouchPhase};
pub use volume::Volume;
