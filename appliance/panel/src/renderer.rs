//! From views to pictures, remembering what was drawn.

use embedded_graphics::prelude::Point;

use crate::{
    Damage, Layout, Picture, View,
    fonts::Fonts,
    layout::Paint,
    screens,
    shapes::{self},
};

/// Draws views. Keeps fonts, shaped texts and glyph pictures, so one lives as long as its panel.
pub struct Renderer {
    fonts: Fonts,
    picture: Picture,
    drawn: Option<Layout>,
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer {
    /// Reads the compiled-in fonts.
    #[must_use]
    pub fn new() -> Self {
        Self {
            fonts: Fonts::new(),
            picture: Picture::default(),
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

    /// Draws a layout and says what changed since the last one; drawing the same twice costs
    /// nothing.
    pub fn draw(&mut self, layout: &Layout) -> Damage {
        if self
            .drawn
            .as_ref()
            .is_some_and(|drawn| drawn.paints == layout.paints)
            && (self.picture.width(), self.picture.height()) == (layout.width(), layout.height())
        {
            return Damage::Unchanged;
        }
        let mut picture = Picture::new(layout.width(), layout.height());
        for paint in &layout.paints {
            self.paint(&mut picture, paint);
        }
        let before = std::mem::replace(&mut self.picture, picture);
        self.drawn = Some(layout.clone());
        self.picture.damage_since(&before)
    }

    /// What was drawn last.
    #[must_use]
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    fn paint(&mut self, picture: &mut Picture, paint: &Paint) {
        match paint {
            Paint::Shadow(shape, shadow) => shapes::shadow(picture, shape, *shadow),
            Paint::Fill(shape, fill) => shapes::fill(picture, shape, *fill),
            Paint::Ring(shape, width, colour) => shapes::ring(picture, shape, *width, *colour),
            Paint::Text(shaped, at, colour) => self.fonts.draw(picture, shaped, *at, *colour),
            Paint::Code(code, (x, y), module) => {
                // Parts stand on whole pixels.
                code.draw(picture, Point::new(*x as i32, *y as i32), *module);
            }
        }
    }
}
