//! The whole daemon on displays, touch screens, keyboards and grabbers of the kernel's: what `./dev test e2e -- hardware` runs in a virtual
//! machine.
#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

#[path = "../../../../hal/linux/tests/hdmi/mod.rs"]
mod hdmi;
#[path = "../../../../hal/linux/tests/outputs/mod.rs"]
mod outputs;
#[path = "../../../../hal/linux/tests/touching/mod.rs"]
mod touching;
#[path = "../../../../hal/linux/tests/typing/mod.rs"]
mod typing;

mod call;
mod panel;
mod seen;
