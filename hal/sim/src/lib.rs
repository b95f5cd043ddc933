//! Simulated hardware: a seeded moving picture and a tone that machines can read at the far end,
//! and cameras and sound devices that are plugged and unplugged by a test.
//!
//! Nothing here reads a clock: frame number, time and sample index are arguments. The layouts in
//! [`pattern`] and [`tone`] are exact, so that a browser at the far end can read them too.

pub mod acoustics;
mod audio;
mod camera;
pub mod clip;
mod code;
mod display;
mod mute_key;
pub mod pattern;
mod picture;
mod plugged;
mod seal;
pub mod tone;
pub mod voice;

pub use audio::SimulatedAudio;
pub use camera::SimulatedCameras;
pub use display::SimulatedDisplays;
pub use mute_key::SimulatedMuteKeys;
pub use picture::{I420Picture, Luma, PictureMut};
pub use seal::SimulatedSealer;
