//! Help from afar: a room's panel, with leave of the people there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Actor;
use crate::fleet::help::{HelpEnd, PanelPicture};

/// Asks people in a room whether somebody may see its panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskHelp {
    /// Whether they may work it too.
    #[serde(default)]
    pub touch: bool,
}

/// How a help stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomHelp {
    /// Counts up with each time.
    pub number: u64,
    /// Who helps, or asked to.
    pub by: Actor,
    /// They work the panel too.
    pub touch: bool,
    /// When people in the room were asked.
    #[schema(value_type = String, format = DateTime)]
    pub asked: Timestamp,
    /// Whether it goes on.
    pub state: RoomHelpState,
}

/// Whether a help goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RoomHelpState {
    /// People in the room have not answered.
    Asked {},
    /// They allowed it.
    Allowed {},
    /// It is over, or did not begin.
    Ended {
        /// Why.
        why: HelpEnd,
    },
}

impl RoomHelp {
    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, RoomHelpState::Ended { .. })
    }
}

/// How a help stands, and the panel where it was allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomPanel {
    /// How it stands.
    pub help: RoomHelp,
    /// How the panel looks; `None`: no picture has come yet.
    pub panel: Option<PanelPicture>,
}

/// A finger taps the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TouchPanel {
    /// Pixels of the panel from its left edge.
    pub x: u32,
    /// Pixels of the panel from its top edge.
    pub y: u32,
}
