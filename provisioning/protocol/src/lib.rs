//! The configuration schema and wire types that fleet and room share.
//!
//! Agent and daemon share only this crate. What stands here is pushed by IT, written by hand, or
//! sent over a network, so every type is strict: unknown keys and values are refused with the
//! place and what is allowed.

pub mod authorities;
mod checked;
pub mod config;
pub mod fleet;

pub use config::{Config, ConfigError};
