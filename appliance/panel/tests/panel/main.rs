//! The panel as people see and touch it.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests read files, measure time and may panic; the crate does neither"
)]

mod accessibility;
mod day_scenes;
mod day_time;
mod door;
mod every_page;
mod everywhere;
mod examples;
mod hardware;
mod hostile;
mod installed;
mod layouts;
mod meeting_scenes;
mod meetings;
mod motion;
mod phone;
mod private;
mod pseudo;
mod report;
mod rooms;
mod rules;
mod scenes;
mod scripts;
mod settings;
mod settings_scenes;
mod still_scenes;
mod stills;
mod support;
mod working;
