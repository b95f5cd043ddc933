//! Somebody helps a room from afar: sees its panel, and works it, once people in the room allowed it (docs/adr/0079).
//!
//! [`HelpWanted`] goes from whoever helps to the room, [`HelpSaid`] comes back. Each help has a number, which is its own for
//! good: what comes for another one is nobody's any more.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A picture is sent at most so often.
pub const PICTURE_EVERY: Duration = Duration::from_millis(250);
/// A picture's file has at most so many bytes; as text in a message it is a third more.
pub const LARGEST_PICTURE: usize = 384 * 1024;
/// So many buttons are named beside a picture at most.
pub const MOST_TARGETS: usize = 64;
/// A button's name has at most so many characters.
pub const LONGEST_LABEL: usize = 200;
/// More touches a second are no finger's.
pub const MOST_TOUCHES: usize = 5;
/// No panel has more pixels in a row or a column.
pub const MOST_PIXELS: u32 = 16_384;

/// What the room is told by whoever helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HelpWanted {
    /// People in the room are to be asked whether somebody may see the panel.
    Ask {
        /// Which help.
        number: u64,
        /// Who asks, as people there read it.
        name: String,
        /// They want to work it too.
        touch: bool,
    },
    /// Whoever helps still looks; the picture is wanted once more. What is not said for a while is over.
    Look {
        /// Which help.
        number: u64,
    },
    /// A finger taps the panel.
    Touch {
        /// Which help.
        number: u64,
        /// Pixels of the panel from its left edge.
        x: u32,
        /// Pixels of the panel from its top edge.
        y: u32,
    },
    /// It is over.
    End {
        /// Which help.
        number: u64,
    },
}

/// What the room says to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelpSaid {
    /// Which help.
    pub number: u64,
    /// What.
    pub news: HelpNews,
}

/// How a help goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HelpNews {
    /// People in the room allowed it.
    Allowed {},
    /// It is over, or does not begin.
    Ended {
        /// Why.
        why: HelpEnd,
    },
    /// How the panel looks now.
    Panel(PanelPicture),
}

/// Why a help is over, or did not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HelpEnd {
    /// People in the room said no.
    Refused,
    /// Nobody in the room said anything for a minute.
    Unanswered,
    /// People in the room said no, or ended one, a moment ago.
    Unwanted,
    /// Somebody else looks at the room, or asks to.
    Busy,
    /// People in the room ended it.
    Stopped,
    /// Whoever helped ended it, or went away.
    Left,
    /// Ten minutes are over.
    Over,
    /// The room, its agent or the way to it is gone.
    Lost,
    /// The device's release can't be helped from afar.
    Older,
}

impl HelpEnd {
    /// All there are.
    pub const ALL: [Self; 9] = [
        Self::Refused,
        Self::Unanswered,
        Self::Unwanted,
        Self::Busy,
        Self::Stopped,
        Self::Left,
        Self::Over,
        Self::Lost,
        Self::Older,
    ];

    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
            Self::Unwanted => "unwanted",
            Self::Busy => "busy",
            Self::Stopped => "stopped",
            Self::Left => "left",
            Self::Over => "over",
            Self::Lost => "lost",
            Self::Older => "older",
        }
    }
}

impl std::str::FromStr for HelpEnd {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|end| end.as_str() == text);
        found.ok_or_else(|| format!("\"{text}\" ends no help"))
    }
}

/// How the panel looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PanelPicture {
    /// The panel's pixels from left to right; the picture may have fewer.
    pub width: u32,
    /// The panel's pixels from top to bottom.
    pub height: u32,
    /// What is to be seen.
    pub shown: Shown,
}

/// What of the panel is to be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Shown {
    /// A PIN, a password or a code stands on it; that is for the people in the room.
    Hidden {},
    /// The picture, and what can be touched.
    Picture {
        /// A PNG in base64 (RFC 4648, section 4).
        png: String,
        /// In reading order.
        targets: Vec<PanelTarget>,
    },
}

/// Something on the panel that can be touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PanelTarget {
    /// What it is called.
    pub label: String,
    /// Its middle, pixels of the panel from the left edge.
    pub x: u32,
    /// Its middle, pixels of the panel from the top edge.
    pub y: u32,
}

impl PanelPicture {
    /// What is wrong with one that came from elsewhere; `None`: it keeps to the bounds.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        if self.width == 0 || self.height == 0 || self.width.max(self.height) > MOST_PIXELS {
            return Some("no panel has this size");
        }
        let Shown::Picture { png, targets } = &self.shown else {
            return None;
        };
        if png.len() > LARGEST_PICTURE.div_ceil(3) * 4 {
            return Some("the picture is too large");
        }
        let is_png = BASE64_STANDARD
            .decode(png)
            .is_ok_and(|bytes| bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
        if !is_png {
            return Some("the picture is no PNG");
        }
        let long = |target: &PanelTarget| target.label.chars().count() > LONGEST_LABEL;
        (targets.len() > MOST_TARGETS || targets.iter().any(long))
            .then_some("more is named beside it than fits")
    }
}
