//! Touches on the panel, whatever they come from: a touch screen, the web view, a test.

use serde::{Deserialize, Serialize};

/// What a finger did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchPhase {
    /// The finger met the glass.
    Down,
    /// It moved while touching.
    Move,
    /// It left the glass.
    Up,
    /// The touch was taken back (palm, lost pointer): nothing may happen.
    Cancel,
}

/// One change of one finger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Touch {
    /// Pixels from the panel's left edge.
    pub x: i32,
    /// Pixels from the panel's top edge.
    pub y: i32,
    /// What happened.
    pub phase: TouchPhase,
}
