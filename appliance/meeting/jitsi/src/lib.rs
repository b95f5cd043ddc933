//! Jitsi conferences: XMPP, Jingle and the bridge's channel.
//!
//! [`protocol::Conference`] decides everything and is pure: frames, texts and events of the media
//! engine go in with the time, frames and commands come out.

pub mod link;
pub mod protocol;
pub mod server_config;
