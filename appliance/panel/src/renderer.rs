//! From views to pictures, remembering what was drawn.

use std::sync::Arc;

use embedded_graphics::{
    prelude::{Dimensions, Point},
    primitives::Rectangle,
};

use saal_hal::FontBytes;

use crate::{
    Damage, Layout, Picture, StillView, View,
    fonts::Fonts,
    layout::Paint,
    picture::around,
    screens,
    shapes::{self},
};

/// More parts than this are drawn as one.
const MOST_PARTS: usize = 12;

/// The parts outside of which both look the same; none where nothing changed.
fn changed(before: &[Paint], after: &[Paint]) -> Vec<Rectangle> {
    if before.len() != after.len() {
        return changed_between(before, after).into_iter().collect();
    }
    let pairs = before.iter().zip(after).filter(|(a, b)| a != b);
    let mut parts: Vec<Rectangle> = Vec::new();
    for (a, b) in pairs {
        let mut part = around(a.bounds(), b.bounds());
        // Those that touch each other are one.
        while let Some(at) = parts.iter().position(|other| touches(other, &part)) {
            part = around(part, parts.swap_remove(at));
        }
        parts.push(part);
    }
    if parts.len() > MOST_PARTS {
        return parts.into_iter().reduce(around).into_iter().collect();
    }
    parts
}

fn touches(a: &Rectangle, b: &Rectangle) -> bool {
    !a.intersection(b).is_zero_sized()
}

/// The same where things came or went.
fn changed_between(before: &[Paint], after: &[Paint]) -> Option<Rectangle> {
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
        let (mut picture, parts) = match drawn {
            None => {
                let picture = Picture::new(size.0, size.1);
                let whole = picture.bounding_box();
                (picture, vec![whole])
            }
            Some(drawn) => match changed(&drawn.paints, &layout.paints) {
                parts if parts.is_empty() => return Damage::Unchanged,
                parts => (Picture::clone(&self.picture), parts),
            },
        };
        for part in &parts {
            self.draw_part(&mut picture, layout, part);
        }
        let before = std::mem::replace(&mut self.picture, Arc::new(picture));
        self.drawn = Some(layout.clone());
        let damage = parts
            .iter()
            .map(|part| self.picture.damage_in(&before, part));
        damage.reduce(Damage::and).unwrap_or(Damage::Unchanged)
    }

    fn draw_part(&mut self, picture: &mut Picture, layout: &Layout, part: &Rectangle) {
        // What lies below the last thing that covers the part is not seen.
        let seen = part.intersection(&picture.bounding_box());
        let covers = |paint: &Paint| paint.covers(&seen);
        let first = layout.paints.iter().rposition(covers);
        picture.begin_part(part, first.is_some());
        for paint in &layout.paints[first.unwrap_or(0)..] {
            if !paint.bounds().intersection(part).is_zero_sized() {
                self.paint(picture, paint);
            }
        }
        picture.end_part();
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
