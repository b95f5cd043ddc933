//! What the appliance needs of hardware: traits, plain types and their conformance suites.
//!
//! A trait stands here only where a simulator or a second vendor implements it. Every
//! implementation runs the suite in [`conformance`]: `saal-hal-sim` always, `saal-hal-linux`
//! on machines that have a device.

mod audio;
mod camera;
mod camera_control;
mod cec;
pub mod conformance;
mod display;
mod fonts;
mod key;
mod keyboard;
mod panel_screen;
mod phone_keys;
mod seal;
pub mod selftest;
pub mod telephony;
mod touch;
mod touch_screen;
mod volume;

pub use audio::{AudioDevice, AudioDevices, AudioError, Direction, SoundPriority};
pub use camera::{
    Camera, CameraError, Cameras, PictureEncoding, PictureFormat, PictureKind, same_piece,
};
pub use camera_control::{Control, ControlState};
pub use cec::{CecAdapter, CecAdapters, CecError, TelevisionPower};
pub use display::{Display, DisplayError, DisplayMode, Displays};
pub use fonts::{FontBytes, StandIn, stand_ins};
pub use key::{Key, KeyName, KeyPhase, Modifiers, UnknownKey};
pub use keyboard::{Keyboard, KeyboardError, KeyboardLayout, Keyboards};
pub use panel_screen::{Frame, Look, PanelScreen, PanelScreens, Part, Turn, draw};
pub use phone_keys::{PhoneKeyError, PhoneKeys, PhoneKeysOn, PhoneLights};
pub use seal::{SealError, Sealer};
pub use touch::{Touch, TouchPhase};
pub use touch_screen::{Contact, FirstFinger, TouchScreen, TouchScreenError, TouchScreens};
pub use volume::Volume;
