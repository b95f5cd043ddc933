//! How somebody's help from afar stands, for the fleet's agent.

use saal_fleet_protocol::fleet::help::{HelpEnd, PanelPicture};
use serde::{Deserialize, Serialize};

/// How a help stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelpStatus {
    /// Whether it goes on.
    pub state: HelpState,
    /// Where it goes on: the panel, if it looks another way than in the picture that was seen.
    pub picture: Option<NumberedPicture>,
}

/// Whether a help goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HelpState {
    /// People in the room are asked.
    Asked {},
    /// They allowed it.
    Allowed {},
    /// It is over, or never began.
    Ended {
        /// Why.
        why: HelpEnd,
    },
}

/// How the panel looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberedPicture {
    /// Which of the daemon's pictures it is; never 0.
    pub number: u64,
    /// The picture.
    pub panel: PanelPicture,
}
