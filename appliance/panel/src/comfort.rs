//! How the panel looks and works for whoever stands before it: as the room is configured, or as they chose.

use saal_fleet_protocol::config::{Panel, ScalePercent, ScanSeconds, Theme};
use serde::{Deserialize, Serialize};

/// What people may choose about the panel, until their meeting is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comfort {
    /// The colours.
    pub theme: Theme,
    /// How large text is.
    pub scale: ScalePercent,
    /// Buttons stand on the other side.
    pub left_handed: bool,
    /// The panel speaks, and is explored by touch.
    pub spoken: bool,
    /// Nothing moves.
    #[serde(default)]
    pub reduced_motion: bool,
    /// How long each thing stays marked while one switch works the panel.
    pub scan: ScanSeconds,
}

impl Comfort {
    /// As the room is configured.
    #[must_use]
    pub fn of(panel: &Panel) -> Self {
        Self {
            theme: panel.theme,
            scale: panel.scale_percent,
            left_handed: panel.left_handed,
            spoken: panel.spoken,
            reduced_motion: panel.reduced_motion,
            scan: panel.scan_seconds,
        }
    }
}
