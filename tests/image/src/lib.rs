//! The flashed image in a virtual machine, as a room's computer would start it: UEFI firmware with Secure Boot, a TPM, two
//! displays, a touch screen, a network card. QEMU and all around it are in the image's build root; xtask says where.

#![allow(
    clippy::print_stdout,
    reason = "who waits for a machine wants to see how far it is"
)]

mod bundle;
mod disk;
mod fleet;
mod machine;
mod monitor;
mod pixels;
mod room;

pub use bundle::Bundle;
pub use disk::Disk;
pub use fleet::{Fleet, HOST};
pub use machine::{Image, Machine};
pub use monitor::Monitor;
pub use pixels::Pixels;
pub use room::Room;
