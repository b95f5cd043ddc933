//! The room's Matrix account: who it is, what it is invited to, what its rooms hold.
//!
//! matrix-sdk syncs, keeps the store and the device's keys. Everything else in this crate
//! sees an account as two watched values: the identity and the rooms.

mod crosssigning;
mod media_keys;
mod doors;
mod rooms;
mod runner;
mod saved;
mod store;

use std::{collections::BTreeMap, sync::Arc};

pub(crate) use doors::{Doors, Standing};
pub(crate) use rooms::{RoomState, Successor};
pub(crate) use runner::{Account, run};

/// The joined rooms that the account knows, by id.
pub(crate) type Rooms = Arc<BTreeMap<String, Arc<RoomState>>>;
