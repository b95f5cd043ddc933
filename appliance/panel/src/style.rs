//! The type scale.

use crate::scale::Scale;

/// How a piece of text looks, apart from its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TextStyle {
    /// Pixels of an em.
    pub(crate) size: u32,
    /// 100 to 900.
    pub(crate) weight: u16,
    /// Lines after which it ends with an ellipsis.
    pub(crate) lines: u8,
    /// Centred instead of at the start of its direction.
    pub(crate) centred: bool,
    /// Times as many lines as asked for may be used, where people chose larger text.
    pub(crate) stretch: u8,
    /// All digits equally wide, so that clocks and columns stand still.
    pub(crate) figures: bool,
}

/// Sizes of the design, in pixels at 1280x800.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// The clock of the home screen.
    Clock,
    /// What a screen is about.
    Display,
    /// Titles of cards.
    Title,
    /// Beside the clock.
    Lead,
    /// Buttons, rows.
    Strong,
    /// Reading.
    Body,
    /// What supports.
    Small,
    /// Headings of groups.
    Label,
}

/// Text that is twice as large takes four times the room.
const STRETCH: u8 = 4;

impl Type {
    pub(crate) fn at(self, scale: &Scale) -> TextStyle {
        let (size, weight) = match self {
            Self::Clock => (132.0, 300),
            Self::Display => (40.0, 600),
            Self::Title => (30.0, 600),
            Self::Lead => (27.0, 400),
            Self::Strong => (22.0, 600),
            Self::Body => (22.0, 400),
            Self::Small => (19.0, 400),
            Self::Label => (19.0, 600),
        };
        let stretch = if scale.is_enlarged() { STRETCH } else { 1 };
        TextStyle {
            size: scale.font(size) as u32,
            weight,
            lines: stretch,
            stretch,
            centred: false,
            figures: false,
        }
    }
}

impl TextStyle {
    pub(crate) fn lines(self, lines: u8) -> Self {
        let lines = lines.saturating_mul(self.stretch);
        Self { lines, ..self }
    }

    pub(crate) fn centred(self) -> Self {
        Self {
            centred: true,
            ..self
        }
    }

    pub(crate) fn figures(self) -> Self {
        Self {
            figures: true,
            ..self
        }
    }

    /// No larger than this, where the width is what counts.
    pub(crate) fn at_most(self, size: f32) -> Self {
        Self {
            size: self.size.min(size as u32),
            ..self
        }
    }

    /// Pixels from one line to the next.
    pub(crate) fn line_height(self) -> f32 {
        let factor = if self.size >= 80 { 1.1 } else { 1.3 };
        (self.size as f32 * factor).round()
    }
}
