//! What a fleet's server and its devices say to each other, and how layers become a configuration.
//!
//! [`layers`] merges what IT wrote for organisation, site, group and room. [`order`] is the signed
//! result for one device, [`update`] the same for releases of the system, [`trust`] whose signatures count. [`wire`] are the messages of a device's connection, [`api`] those of
//! people and programs. [`log`] is what devices tell whoever helps, [`help`] how their panel is seen and worked. [`discovery`] says how devices find the server. All of it is data: keys, clocks and sockets are others'.

pub mod api;
pub mod bundle;
pub mod discovery;
pub mod help;
mod key;
pub mod layers;
pub mod log;
mod names;
pub mod order;
pub mod pieces;
pub mod trust;
mod typed;
pub mod update;
pub mod wire;

pub use key::KeyProblem;
pub use names::{
    ClaimCode, Compatible, DeviceId, Digest, FileName, Key, ReleaseName, RolloutName, Scope,
};
pub use typed::typed;
