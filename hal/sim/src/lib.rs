//! Simulated hardware: a seeded moving picture and a tone that machines can read at the far end,
//! and cameras and sound devices that are plugged and unplugged by a test.
//!
//! Nothing here reads a clock: frame number, time and sample index are arguments. The layouts in
//! [`pattern`] and [`tone`] are exact, so that a browser at the far end can read them too.

pub mod acoustics;
mod audio;
mod camera;
mod cec;
pub mod clip;
mod code;
mod display;
mod keyboard;
mod panel_screen;
pub mod pattern;
mod phone_keys;
mod picture;
mod plugged;
mod seal;
pub mod tone;
mod touch_screen;
pub mod voice;

pub use audio::SimulatedAudio;
pub use camera::SimulatedCameras;
pub use cec::SimulatedCecAdapters;
pub use display::SimulatedDisplays;
pub use keyboard::SimulatedKeyboards;
pub use panel_screen::SimulatedPanelScreens;
pub use phone_keys::SimulatedPhoneKeys;
pub use picture::{I420Picture, Luma, PictureMut};
pub use seal::SimulatedSealer;
pub use touch_screen::SimulatedTouchScreens;
