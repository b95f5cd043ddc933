//! A screen laid out: what to draw, what is where and what touching it means.

use std::sync::Arc;

use embedded_graphics::{
    pixelcolor::Rgb888,
    prelude::{Point, RgbColor, Size},
    primitives::Rectangle,
};

use crate::{
    Picture,
    element::{Area, Element},
    fonts::Shaped,
    plain::is_foreign,
    qr_code::QrCode,
    shapes::{Fill, Rounded, Shadow},
};

/// One thing to draw, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Paint {
    Shadow(Rounded, Shadow),
    Fill(Rounded, Fill),
    Ring(Rounded, f32, Rgb888),
    Text(Arc<Shaped>, (f32, f32), Rgb888),
    Code(Arc<QrCode>, (f32, f32), u32),
    Picture(Arc<Picture>, (f32, f32)),
}

impl Paint {
    /// The pixels that it may touch.
    pub(crate) fn bounds(&self) -> Rectangle {
        match self {
            Self::Shadow(shape, shadow) => shadow.caster(shape).grown(shadow.blur).bounds(),
            Self::Fill(shape, _) | Self::Ring(shape, ..) => shape.bounds(),
            Self::Text(shaped, (x, y), _) => {
                let shape = Rounded {
                    x: *x,
                    y: *y,
                    width: shaped.room(),
                    height: shaped.height,
                    radius: 0.0,
                };
                shape.grown(shaped.overhang()).bounds()
            }
            Self::Code(code, (x, y), module) => {
                let side = code.side(*module);
                Rectangle::new(Point::new(*x as i32, *y as i32), Size::new_equal(side))
            }
            Self::Picture(picture, (x, y)) => {
                let size = Size::new(picture.width(), picture.height());
                Rectangle::new(Point::new(*x as i32, *y as i32), size)
            }
        }
    }

    /// Nothing of this part is to be seen below it.
    pub(crate) fn covers(&self, part: &Rectangle) -> bool {
        let Self::Fill(shape, _) = self else {
            return false;
        };
        let (left, top) = (part.top_left.x as f32, part.top_left.y as f32);
        shape.radius == 0.0
            && shape.x <= left
            && shape.y <= top
            && shape.x + shape.width >= left + part.size.width as f32
            && shape.y + shape.height >= top + part.size.height as f32
    }

    /// What is to be seen of an area below it, where it goes across: pages that are turned end below their bar.
    fn leaves(&self, area: Area) -> Option<Area> {
        let Self::Fill(shape, _) = self else {
            return Some(area);
        };
        let (left, right) = (area.x as f32, (area.x + area.width as i32) as f32);
        let across = shape.x <= left && shape.x + shape.width >= right;
        if shape.radius != 0.0 || !across {
            return Some(area);
        }
        let (top, bottom) = (area.y, area.y + area.height as i32);
        let (from, to) = (
            shape.y.floor() as i32,
            (shape.y + shape.height).ceil() as i32,
        );
        let (y, end) = match (from <= top, to >= bottom) {
            (true, _) => (to.max(top), bottom),
            (_, true) => (top, from.min(bottom)),
            (false, false) => (top, bottom),
        };
        let height = u32::try_from(end - y).ok().filter(|high| *high > 0)?;
        Some(Area { y, height, ..area })
    }
}

/// A text or an icon as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink {
    /// Where its lines are; a stroke may go a little over the edge.
    pub area: Area,
    /// Red, green and blue of what is covered whole.
    pub colour: [u8; 3],
}

/// A text that there is not enough room for: it ends with an ellipsis, or a word of it is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortened {
    /// The whole text.
    pub text: String,
    /// The innermost element that it stands in, by [`Element::id`].
    pub within: Option<String>,
}

impl Shortened {
    /// All of it is ours; what came from outside is isolated (UAX #9).
    #[must_use]
    pub fn is_ours(&self) -> bool {
        !is_foreign(&self.text)
    }
}

/// What is the same for every part of a screen.
#[derive(Clone, Copy)]
pub(crate) struct Finish<'a> {
    /// What is touched stands on the other side of what only stands there.
    pub(crate) hands: bool,
    /// Rows run from right to left.
    pub(crate) reading: bool,
    /// Text needs more room than the design gives it.
    pub(crate) enlarged: bool,
    /// A text of ours that does not fit is no layout.
    pub(crate) strict: bool,
    /// The element that a keyboard or switch is at.
    pub(crate) focus: Option<&'a str>,
    /// Pixels, and the colours of the ring around it, the outer one first.
    pub(crate) focus_ring: (f32, Rgb888, Rgb888),
    /// A line around everything that can be touched.
    pub(crate) edge: Option<(f32, Rgb888)>,
}

/// A screen laid out: pixels to be, touch targets and semantics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) paints: Vec<Paint>,
    pub(crate) elements: Vec<Element>,
    pub(crate) overflow: bool,
    pub(crate) shortened: Vec<Shortened>,
    pub(crate) broken: Vec<Shortened>,
    /// Texts of ours that end early and are nowhere else.
    pub(crate) cut: usize,
    /// Texts of ours that are written smaller, because a word of them would be broken.
    pub(crate) lessened: usize,
    /// From where to where things stand that no page may cut in two, in pixels from the top.
    pub(crate) solid: Vec<(f32, f32)>,
    /// Those of headings.
    pub(crate) leads: Vec<(f32, f32)>,
}

impl Layout {
    /// The panel's width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The panel's height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All that can be seen, in reading order.
    #[must_use]
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The element of this identity.
    #[must_use]
    pub fn element(&self, id: &str) -> Option<&Element> {
        self.elements.iter().find(|e| e.id == id)
    }

    /// What a finger at this pixel touches: the element that does something, if it can be used.
    #[must_use]
    pub fn hit(&self, x: i32, y: i32) -> Option<&Element> {
        self.elements
            .iter()
            .filter(|e| e.is_touchable())
            .rfind(|e| e.rect.contains(x, y))
    }

    /// What is under a finger at this pixel, whether it does something or not: the innermost element.
    #[must_use]
    pub fn under(&self, x: i32, y: i32) -> Option<&Element> {
        self.elements
            .iter()
            .filter(|e| !e.role.is_group())
            .rfind(|e| e.rect.contains(x, y))
    }

    /// Whether something does not fit, and how many texts of ours end early that people can't read elsewhere, or have a word
    /// that goes on in the next line or would, were they not written smaller.
    pub(crate) fn flaws(&self) -> (bool, usize) {
        let broken = self.broken.iter().filter(|broken| broken.is_ours());
        (self.overflow, broken.count() + self.lessened + self.cut)
    }

    /// Something did not fit into its parent: the panel is too small for this screen.
    #[must_use]
    pub fn overflows(&self) -> bool {
        self.overflow
    }

    /// Every text and icon of which something is to be seen.
    #[must_use]
    pub fn inks(&self) -> Vec<Ink> {
        let paints = self.paints.iter().enumerate();
        let seen = paints.filter_map(|(at, paint)| {
            let Paint::Text(shaped, (x, y), colour) = paint else {
                return None;
            };
            let area = Area {
                x: *x as i32,
                y: *y as i32,
                width: shaped.room() as u32,
                height: shaped.height as u32,
            };
            let colour = [colour.r(), colour.g(), colour.b()];
            let above = &self.paints[at + 1..];
            let area = above
                .iter()
                .try_fold(area, |area, above| above.leaves(area))?;
            Some(Ink { area, colour })
        });
        seen.collect()
    }

    /// The same without any text or icon: what they stand on.
    #[must_use]
    pub fn ground(&self) -> Self {
        let mut ground = self.clone();
        let written = |paint: &Paint| matches!(paint, Paint::Text(..));
        ground.paints.retain(|paint| !written(paint));
        ground
    }

    /// Texts that are not drawn to their end.
    #[must_use]
    pub fn shortened(&self) -> &[Shortened] {
        &self.shortened
    }

    /// Texts with a word that goes on in the next line.
    #[must_use]
    pub fn broken(&self) -> &[Shortened] {
        &self.broken
    }
}
