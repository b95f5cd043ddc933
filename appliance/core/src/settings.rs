//! What IT sees and changes at the panel itself, behind a PIN.

mod local;
mod lock;
mod system;

use saal_fleet_protocol::config::{BrightnessPercent, Language, ScalePercent, Theme};
use saal_meeting::Secret;

pub use local::{Chosen, LocalSettings};
pub(crate) use lock::Lock;
pub use lock::LockState;
pub use system::{
    Component, Interface, Server, SlotState, SystemFacts, SystemRequest, SystemStage, Update,
};

/// What people do in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsAction {
    /// They came: the room looks how its system is.
    Look,
    /// The PIN, as it was typed.
    Unlock(Secret),
    /// They left.
    Lock,
    /// From now on this room is so, until its configuration says something new.
    Set(Setting),
    /// Try the room's parts, as before a meeting.
    Try,
    /// Ask the system for this.
    System(SystemRequest),
}

/// Something about this room that was configured otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Words of panel and television.
    Language(Language),
    /// Colours of the panel.
    Theme(Theme),
    /// How large its text is.
    Scale(ScalePercent),
    /// How bright it is.
    Brightness(BrightnessPercent),
    /// Whether televisions are woken and put to stand-by.
    Cec(bool),
}
