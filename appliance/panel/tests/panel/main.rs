//! The panel as people see and touch it.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read golden pictures and measure time; the crate itself does neither"
)]

mod goldens;
mod hostile;
mod layouts;
mod rooms;
mod scenes;
