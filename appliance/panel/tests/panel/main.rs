//! The panel as people see and touch it.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests read golden pictures, measure time and may panic; the crate does neither"
)]

mod goldens;
mod hostile;
mod layouts;
mod meeting_scenes;
mod meetings;
mod rooms;
mod scenes;
