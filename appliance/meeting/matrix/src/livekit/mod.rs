//! LiveKit: the authorisation service, the signalling socket, and the pure session that turns
//! signalling into commands for the media engine (MSC4195; livekit-protocol, client protocol 17,
//! one connection for sending and one for receiving).

pub(crate) mod publish;
pub(crate) mod roster;
pub(crate) mod session;
pub(crate) mod socket;
pub(crate) mod token;

pub(crate) use roster::Roster;
pub(crate) use session::{Output, Session, Setup};
pub(crate) use token::Grant;
