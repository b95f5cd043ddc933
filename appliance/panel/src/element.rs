//! What stands on the panel, for people who do not see it and for tests.

use saal_core::Intent;
use serde::Serialize;

use crate::Step;

/// A rectangle on the panel in pixels from its top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Area {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Area {
    /// Whether this pixel belongs to it.
    #[must_use]
    pub fn contains(&self, x: i32, y: i32) -> bool {
        let inside = |at: i32, from: i32, length: u32| at >= from && at.abs_diff(from) < length;
        inside(x, self.x, self.width) && inside(y, self.y, self.height)
    }

    /// The pixel in its middle.
    #[must_use]
    pub fn middle(&self) -> (i32, i32) {
        (
            self.x.saturating_add_unsigned(self.width / 2),
            self.y.saturating_add_unsigned(self.height / 2),
        )
    }
}

/// What an element is, in the words of WAI-ARIA 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The name of what follows.
    Heading,
    /// Words to read.
    Text,
    /// Something to look at, described by its name.
    Image,
    /// What lies over something else until people leave it.
    Dialog,
    /// The same, about something that can't be undone or has to be answered.
    AlertDialog,
    /// Several of a kind, one below the other.
    List,
    /// One of several: a meeting, a participant.
    ListItem,
    /// Touch does something.
    Button,
    /// Touch turns something on or off; [`State::pressed`] tells which.
    Switch,
    /// One of several of which one holds; [`State::pressed`] tells which.
    Radio,
    /// What was typed.
    TextBox,
    /// The clock.
    Timer,
    /// What goes on, without interrupting.
    Status,
    /// What is wrong.
    Alert,
}

impl Role {
    /// Touch does something.
    #[must_use]
    pub fn is_control(self) -> bool {
        matches!(self, Self::Button | Self::Switch | Self::Radio)
    }

    /// It only holds others.
    #[must_use]
    pub fn is_group(self) -> bool {
        matches!(self, Self::Dialog | Self::AlertDialog | Self::List)
    }

    /// How changes of it are told to people who do not see them, as WAI-ARIA has it for these roles.
    #[must_use]
    pub fn live(self) -> Live {
        match self {
            Self::Alert => Live::Assertive,
            Self::Status => Live::Polite,
            _ => Live::Off,
        }
    }
}

/// How changes are told (WAI-ARIA 1.2, `aria-live`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Live {
    /// Not by themselves.
    Off,
    /// When nothing else is being said.
    Polite,
    /// At once.
    Assertive,
}

/// The changeable properties of an element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// Can't be used now.
    pub disabled: bool,
    /// On or off, for switches.
    pub pressed: Option<bool>,
}

/// Something on the panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Element {
    /// Identity on this screen, stable while the screen lasts.
    pub id: String,
    /// The element that it is part of.
    pub within: Option<String>,
    /// What it is.
    pub role: Role,
    /// How changes of it are told.
    pub live: Live,
    /// What it is called, in the room's language.
    pub label: String,
    /// What else there is to know, in the room's language.
    pub description: String,
    /// How it is.
    pub state: State,
    /// Where it is.
    pub rect: Area,
    /// What touching it means to the room.
    #[serde(skip)]
    pub intent: Option<Intent>,
    /// What a finger that stays on it for [`crate::HOLD`] means to the room.
    #[serde(skip)]
    pub held: Option<Intent>,
    /// What touching it changes on the panel itself.
    #[serde(skip)]
    pub step: Option<Step>,
}

impl Element {
    /// Whether touching it does anything.
    #[must_use]
    pub fn is_touchable(&self) -> bool {
        (self.intent.is_some() || self.step.is_some()) && !self.state.disabled
    }
}
