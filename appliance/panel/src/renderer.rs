//! From views to pictures, remembering what was drawn.

use std::sync::Arc;

use embedded_graphics::{
    prelude::{Dimensions, Point, Size},
    primitives::Rectangle,
};

use saal_hal::FontBytes;

use crate::{
    Damage, Layout, Picture, StillView, View,
    fonts::Fonts,
    layout::Paint,
    screens,
    shapes::{self},
};

/// The part outside of which both look the same; `None` where nothing changed.
fn changed(before: &[Paint], after: &[Paint]) -> Option<Rectangle> {
    let pairs = before.iter().zip(after);
    let head = pairs.take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[head..], &after[head..]);
    let pairs = before.iter().rev().zip(after.iter().rev());
    let tail = pairs.take_while(|(a, b)| a == b).count();
    let before = &before[..before.len() - tail];
    let after = &after[..after.len() - tail];
    let bounds = before.iter().chain(after).map(Paint::bounds);
    bounds.reduce(around)
}

/// The smallest rectangle that holds both.
fn around(a: Rectangle, b: Rectangle) -> Rectangle {
    let end = |of: &Rectangle| of.top_left + of.size;
    let (corner, far) = (
        a.top_left.component_min(b.top_left),
        end(&a).component_max(end(&b)),
    );
    let size = far - corner;
    Rectangle::new(
        corner,
        Size::new(size.x.unsigned_abs(), size.y.unsigned_abs()),
    )
}

/// Draws views. Keeps fonts, shaped texts and glyph pictures, so one lives as long as its panel.
pub struct Renderer {
    fonts: Fonts,
    picture: Arc<Picture>,
    drawn: Option<Layout>,
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer {
    /// Reads the compiled-in fonts, which draw the same on every machine.
    #[must_use]
    pub fn new() -> Self {
        Self::with_fonts(&[])
    }

    /// Draws scripts that the compiled-in fonts lack with these, each of which is one of [`saal_hal::stand_ins`].
    #[must_use]
    pub fn with_fonts(others: &[FontBytes]) -> Self {
        Self {
            fonts: Fonts::new(others),
            picture: Arc::default(),
            drawn: None,
        }
    }

    /// Places everything of a view; `pressed` is the id of the element under a finger
    /// ([`crate::TouchTracker::pressed`]).
    #[must_use]
    pub fn lay_out(&mut self, view: &View, pressed: Option<&str>) -> Layout {
        self.fonts.next_frame();
        screens::lay_out(view, pressed, &mut self.fonts)
    }

    /// Places what the television shows between meetings.
    #[must_use]
    pub fn lay_out_still(&mut self, still: &StillView) -> Layout {
        self.fonts.next_frame();
        screens::lay_out_still(still, &mut self.fonts)
    }

    /// Draws a layout and says what changed since the last one; drawing the same twice costs
    /// nothing.
    pub fn draw(&mut self, layout: &Layout) -> Damage {
        let size = (layout.width(), layout.height());
        let drawn = self.drawn.as_ref().filter(|_| size == self.size());
        let (mut picture, part) = match drawn {
            None => {
                let picture = Picture::new(size.0, size.1);
                let whole = picture.bounding_box();
                (picture, whole)
            }
            Some(drawn) => match changed(&drawn.paints, &layout.paints) {
                None => return Damage::Unchanged,
                Some(part) => (Picture::clone(&self.picture), part),
            },
        };
        picture.begin_part(&part);
        for paint in &layout.paints {
            if !paint.bounds().intersection(&part).is_zero_sized() {
                self.paint(&mut picture, paint);
            }
        }
        picture.end_part();
        let before = std::mem::replace(&mut self.picture, Arc::new(picture));
        self.drawn = Some(layout.clone());
        self.picture.damage_in(&before, &part)
    }

    /// Scripts that were wanted and that no font draws, by their names in Unicode (UAX #24); each is told once.
    pub fn lacking(&mut self) -> Vec<&'static str> {
        self.fonts.lacking()
    }

    fn size(&self) -> (u32, u32) {
        (self.picture.width(), self.picture.height())
    }

    /// What was drawn last; whoever keeps it shares its megabytes.
    #[must_use]
    pub fn picture(&self) -> &Arc<Picture> {
        &self.picture
    }

    fn paint(&mut self, picture: &mut Picture, paint: &Paint) {
        match paint {
            Paint::Shadow(shape, shadow) => shapes::shadow(picture, shape, *shadow),
            Paint::Fill(shape, fill) => shapes::fill(picture, shape, *fill),
            Paint::Ring(shape, width, colour) => shapes::ring(picture, shape, *width, *colour),
            Paint::Text(shaped, at, colour) => self.fonts.draw(picture, shaped, *at, *colour),
            Paint::Picture(part, (x, y)) => picture.put(part, (*x as i32, *y as i32)),
            Paint::Code(code, (x, y), module) => {
                // Parts stand on whole pixels.
                code.draw(picture, Point::new(*x as i32, *y as i32), *module);
            }
        }
    }
}
