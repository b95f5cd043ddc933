//! The fleet's hand on the device: it keeps the device's identity, takes signed configurations, lets
//! the room try them, and goes back by itself.
//!
//! [`ledger`] is what survives a power cut, [`trial`] decides whether a configuration stays, [`Agent`]
//! brings them together with the server ([`link`]) and the room's daemon ([`room`]). [`update`] does the same for releases of
//! the system.

mod agent;
pub mod backoff;
mod beside;
pub mod discovery;
pub mod disk;
pub mod identity;
pub mod ledger;
pub mod link;
mod logs;
pub mod room;
pub mod roots;
pub mod settings;
pub mod simulated;
pub mod tpm;
pub mod trial;
pub mod update;

pub use agent::{Agent, AgentError};
