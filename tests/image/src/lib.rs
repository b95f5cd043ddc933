//! The flashed image in a virtual machine, as a room's computer would start it: UEFI firmware with Secure Boot, a TPM, two
//! displays, a touch screen, a network card. QEMU and all around it are in the image's build root; xtask says where.

#![allow(
    clippy::print_stdout,
    reason = "who waits for a machine wants to see how far it is"
)]

mod alone;
mod bundle;
mod cut;
mod disk;
mod fleet;
mod kept;
mod machine;
mod monitor;
mod offline;
mod panel;
mod peer;
mod pixels;
mod room;
mod time_server;
mod write_log;

pub use alone::{GOOD, TOKEN, config};
pub use bundle::{Bundle, Flaw};
pub use cut::{Before, CutDisk, System};
pub use disk::Disk;
pub use fleet::{Fleet, HOST};
pub use kept::{DataReader, Files};
pub use machine::{Image, Machine};
pub use monitor::Monitor;
pub use panel::{Panel, STARTED_WITHIN, middle, shown, text, within};
pub use pixels::Pixels;
pub use room::Room;
pub use time_server::time_server;
pub use write_log::{Entry, WriteLog};
