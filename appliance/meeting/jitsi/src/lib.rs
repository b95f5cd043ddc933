//! Jitsi conferences: XMPP, Jingle and the bridge's channel.
//!
//! [`protocol::Conference`] decides everything and is pure: frames, texts and events of the media
//! engine go in with the time, frames and commands come out. [`Service`] is what runs around it:
//! sockets, requests, the clock.

pub mod fuzzing;
pub mod link;
pub mod protocol;
pub mod server_config;
mod service;
mod settings;
mod token;
mod transport;

pub use service::Service;
pub use settings::{JitsiSettings, Login, MatrixProof, OpenIdToken, ServerLogin};
