//! The media engine: capture, codecs, transport, composition.
//!
//! ```text
//! camera, microphone -> encoder -> [transform] -> transport <-> UDP
//! television, loudspeaker <- composition <- decoder <- playout <- [transform] <-+
//! ```
//!
//! The engine decides nothing about meetings: the daemon says what to send, whom to show where,
//! and passes session descriptions. Decisions about media are made in [`plan`], [`playout`],
//! [`framing`], [`handing`], [`camera_moves`] and [`motion`] (pure), frames are encrypted in [`encryption`]; `graph` carries them out and is the only place that names GStreamer elements.

pub mod browser;
pub mod camera_moves;
pub mod confinement;
pub mod control;
pub mod encryption;
pub mod engine;
pub mod framing;
pub mod freezes;
pub mod graph;
pub mod handing;
pub mod keeper;
pub mod lettering;
pub mod motion;
pub mod opus;
pub mod phase;
pub mod plan;
pub mod playout;
pub mod sound;
pub mod transport;
mod vp8;
mod vp9;
