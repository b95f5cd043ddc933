//! Sizes for a panel: everything is designed for 1280x800 and scaled from there, text further by what people chose.

use saal_fleet_protocol::config::ScalePercent;

/// The smallest thing that people hit with a finger, in pixels, whatever the scale.
pub(crate) const TOUCH_TARGET: f32 = 64.0;
/// The same for keys that stand close together, twice what WCAG 2.2 (2.5.8) wants of them.
pub(crate) const KEY: f32 = 48.0;
/// Where less text of the design fits side by side, things stand below each other.
const NARROW: f32 = 900.0;
/// Where less of it fits, a button stands below the words that it belongs to.
const TIGHT: f32 = 1000.0;
/// Where less of it fits, the button of a card stands below its title.
const CLOSE: f32 = 620.0;
/// Where less of it fits, two buttons do not.
const SLIM: f32 = 480.0;
/// Up to this size of the design, text grows as people chose; above, less and less, so that a title stays one.
const READING: f32 = 22.0;
/// From this size on it does not grow: it is larger than reading text at 200 % from the start.
const LARGE: f32 = 60.0;

/// How wide a panel is taken to be: less than it is, where a word of ours has no room in a line of its own otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Taken {
    /// As it is.
    AsItIs,
    /// Things stand below each other.
    Narrow,
    /// Buttons too.
    Slim,
}

/// How large things are on this panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// Pixels.
    pub(crate) width: f32,
    /// Pixels.
    pub(crate) height: f32,
    /// Of the panel.
    factor: f32,
    /// Of text, beside that.
    text: f32,
    /// Words are longer than the design has room for: they wrap as larger ones do.
    pub(crate) gives_way: bool,
    pub(crate) taken: Taken,
}

impl Scale {
    pub(crate) fn of(width: u32, height: u32, text: ScalePercent) -> Self {
        let (width, height) = (width as f32, height as f32);
        let (long, short) = (width.max(height), width.min(height));
        let factor = (long / 1280.0).min(short / 800.0);
        Self {
            width,
            height,
            factor: factor.clamp(0.7, 2.0),
            text: text.get() as f32 / 100.0,
            gives_way: false,
            taken: Taken::AsItIs,
        }
    }

    /// For a television, which is looked at from afar: designed for 1280x720, and as large on any.
    pub(crate) fn television(width: u32, height: u32) -> Self {
        let (width, height) = (width as f32, height as f32);
        let (long, short) = (width.max(height), width.min(height));
        let factor = (long / 1280.0).min(short / 720.0);
        Self {
            width,
            height,
            factor,
            text: 1.0,
            gives_way: false,
            taken: Taken::AsItIs,
        }
    }

    /// Taller than wide.
    pub(crate) fn is_portrait(&self) -> bool {
        self.height > self.width
    }

    /// Too little text fits side by side.
    pub(crate) fn is_narrow(&self) -> bool {
        self.is_portrait() || self.is_taken(Taken::Narrow, NARROW)
    }

    /// Words and a button beside them leave each other too little.
    pub(crate) fn is_tight(&self) -> bool {
        self.is_taken(Taken::Narrow, TIGHT)
    }

    /// A title and a button beside it leave each other too little.
    pub(crate) fn is_close(&self) -> bool {
        self.is_taken(Taken::Slim, CLOSE)
    }

    /// One button with a word takes all the width.
    pub(crate) fn is_slim(&self) -> bool {
        self.is_taken(Taken::Slim, SLIM)
    }

    /// Taken for one, or less text of the design fits side by side than this.
    fn is_taken(&self, taken: Taken, less: f32) -> bool {
        self.taken >= taken || self.width / (self.factor * self.text) < less
    }

    /// Text needs more room than the design gives it: people chose larger text, or a language has longer words.
    pub(crate) fn is_enlarged(&self) -> bool {
        self.text > 1.0 || self.gives_way
    }

    /// Whole pixels on this panel for pixels of the design: gaps, edges, roundings.
    pub(crate) fn px(&self, design: f32) -> f32 {
        (design * self.factor).round().max(1.0)
    }

    /// The same for what grows with text: icons, boxes that hold a word.
    pub(crate) fn em(&self, design: f32) -> f32 {
        (design * self.factor * self.text).round().max(1.0)
    }

    /// The same for text itself.
    pub(crate) fn font(&self, design: f32) -> f32 {
        let above = ((design - READING) / (LARGE - READING)).clamp(0.0, 1.0);
        let growth = 1.0 + (self.text - 1.0) * (1.0 - above);
        (design * self.factor * growth).round().max(1.0)
    }

    /// As [`Self::em`], never too small for a finger.
    pub(crate) fn touch(&self, design: f32) -> f32 {
        self.em(design).max(TOUCH_TARGET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_text_doubles_and_stays_smaller_than_titles() {
        let [normal, .., double] = ScalePercent::ALL;
        let (normal, double) = (Scale::of(1280, 800, normal), Scale::of(1280, 800, double));
        let (small, body, title) = (19.0, 22.0, 40.0);
        assert!((double.font(small) - 2.0 * normal.font(small)).abs() < 0.5);
        assert!((double.font(body) - 2.0 * normal.font(body)).abs() < 0.5);
        assert!(double.font(title) > double.font(30.0) && double.font(30.0) > double.font(body));
        assert!(
            double.font(132.0) >= 2.0 * body,
            "the clock is large as it is"
        );
    }
}
