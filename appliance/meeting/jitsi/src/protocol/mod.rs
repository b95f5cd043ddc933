//! What is said in a Jitsi conference, pure: who is asked what, and what follows from the answer.
//!
//! Observed with Prosody 0.12, Jicofo, Jitsi Videobridge and lib-jitsi-meet of August 2026.

mod bridge;
mod conference;
mod disco;
mod focus;
mod ids;
mod jingle;
mod management;
mod ns;
mod predecessor;
mod presence;
mod reactions;
mod receiving;
mod sending;
mod services;
mod session;
mod sources;
mod stream;
mod trial;
pub(crate) mod xml;

pub use conference::{
    BridgeEvent, Conference, ConferenceSetup, ConsentRule, Credentials, Hosts, LinkEvent, Output,
};
pub use predecessor::Predecessor;
pub(crate) use trial::{Trial, TrialError};
