//! The television, in a meeting and between them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::values::{Device, DialIn, IdleMinutes, PageText, PixelCount, SlideSeconds};

/// The television.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Television {
    /// Pixels.
    pub width: PixelCount,
    /// Pixels.
    pub height: PixelCount,
    /// The display of this machine that shows it, `auto` for the first that is connected.
    pub display: Device,
    /// A second display for what is presented; `auto` for the first that is connected and not the television.
    pub content_display: Device,
    /// Televisions are woken and put to stand-by over the HDMI cable.
    pub cec: bool,
    /// After so long without anybody they are put to stand-by.
    pub standby_after_minutes: IdleMinutes,
    /// How others are shown when a call begins; people change it on the panel.
    pub layout: Layout,
    /// The room sees itself beside them when a call begins.
    pub self_view: bool,
    /// What changes does so at once and nothing glides.
    pub reduced_motion: bool,
    /// Between meetings it shows the titles of those that come; else only that the room is busy.
    pub meeting_titles: bool,
    /// The room's number, with its PIN: who has no laptop dials in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dial_in: Option<DialIn>,
    /// What it shows between meetings beside them.
    #[serde(skip_serializing_if = "Signage::is_empty")]
    pub signage: Signage,
}

impl Television {
    /// After how long without anybody the televisions of this machine rest; `None` where they are not told anything.
    #[must_use]
    pub fn rests_after(&self) -> Option<IdleMinutes> {
        let none = Device::none();
        let any = self.display != none || self.content_display != none;
        (self.cec && any).then_some(self.standby_after_minutes)
    }
}

/// What the television shows between meetings, beside the room's day: pictures or a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Signage {
    /// Folder with PNG and JPEG files, shown in the order of their names; relative to the configuration's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pictures: Option<PathBuf>,
    /// How long each stays.
    pub seconds: SlideSeconds,
    /// A page of text; the first line is its heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<PageText>,
}

impl Signage {
    /// Nothing is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// There is one place for it.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.pictures.is_some() && self.text.is_some() {
            let problem = "pictures and text have one place; leave one of them out";
            return Err(("television.signage", problem.to_owned()));
        }
        Ok(())
    }
}

/// How the others are shown on the television.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// All as large as each other, beside what is presented.
    #[default]
    Grid,
    /// Who speaks large, or alone beside what is presented.
    Speaker,
    /// What is presented alone; all as large as each other while nothing is.
    Content,
}

impl Default for Television {
    fn default() -> Self {
        Self {
            width: PixelCount::new(1280),
            height: PixelCount::new(720),
            display: Device::none(),
            content_display: Device::none(),
            cec: true,
            standby_after_minutes: IdleMinutes::new(30),
            layout: Layout::default(),
            self_view: false,
            reduced_motion: false,
            meeting_titles: true,
            dial_in: None,
            signage: Signage::default(),
        }
    }
}
