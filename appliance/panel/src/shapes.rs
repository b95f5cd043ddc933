//! Rounded rectangles, rings and shadows, anti-aliased by the distance to their outline.
//!
//! Only additions, multiplications and square roots, which IEEE 754 rounds the same everywhere.

use embedded_graphics::{
    pixelcolor::Rgb888,
    prelude::{DrawTarget, Point, RgbColor, Size},
    primitives::Rectangle,
};

use crate::picture::Picture;

/// A rectangle with round corners, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rounded {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) radius: f32,
}

impl Rounded {
    /// Negative inside, 0 on the outline, positive outside; pixels.
    fn distance(&self, x: f32, y: f32) -> f32 {
        let radius = self.radius.min(self.width / 2.0).min(self.height / 2.0);
        let dx = (x - self.x - self.width / 2.0).abs() - self.width / 2.0 + radius;
        let dy = (y - self.y - self.height / 2.0).abs() - self.height / 2.0 + radius;
        let (ox, oy) = (dx.max(0.0), dy.max(0.0));
        (ox * ox + oy * oy).sqrt() + dx.max(dy).min(0.0) - radius
    }

    /// The columns in which a row above or below it is as far from it everywhere; none beside it.
    fn evenly(&self, y: f32) -> std::ops::Range<i32> {
        let radius = self.radius.min(self.width / 2.0).min(self.height / 2.0);
        let beyond = (y - self.y - self.height / 2.0).abs() - self.height / 2.0 + radius >= 0.0;
        if !beyond {
            return 0..0;
        }
        let (left, right) = (self.x + radius, self.x + self.width - radius);
        left.ceil() as i32 + 1..right.floor() as i32 - 1
    }

    pub(crate) fn grown(&self, by: f32) -> Self {
        Self {
            x: self.x - by,
            y: self.y - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
            radius: (self.radius + by).max(0.0),
        }
    }

    /// The pixels around it.
    pub(crate) fn bounds(&self) -> Rectangle {
        let (left, top) = (self.x.floor() as i32, self.y.floor() as i32);
        let right = (self.x + self.width).ceil() as i32;
        let bottom = (self.y + self.height).ceil() as i32;
        let size = Size::new(left.abs_diff(right), top.abs_diff(bottom));
        Rectangle::new(Point::new(left, top), size)
    }

    /// The pixels it touches.
    fn columns_and_rows(&self, picture: &Picture) -> (std::ops::Range<i32>, std::ops::Range<i32>) {
        let clamp = |from: f32, length: f32, drawn: std::ops::Range<u32>| {
            let limit = |at: u32| i32::try_from(at).unwrap_or(i32::MAX);
            let (first, last) = (limit(drawn.start), limit(drawn.end));
            let end = (from + length).ceil() as i32;
            (from.floor() as i32).clamp(first, last)..end.clamp(first, last)
        };
        let (columns, rows) = picture.drawn_part();
        (
            clamp(self.x, self.width, columns),
            clamp(self.y, self.height, rows),
        )
    }
}

/// One colour, or two from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fill {
    Plain(Rgb888),
    Vertical(Rgb888, Rgb888),
}

impl Fill {
    fn at(self, part: f32) -> Rgb888 {
        match self {
            Self::Plain(colour) => colour,
            Self::Vertical(top, bottom) => {
                let part = part.clamp(0.0, 1.0);
                let mix = |a: u8, b: u8| {
                    (f32::from(a) + (f32::from(b) - f32::from(a)) * part + 0.5) as u8
                };
                Rgb888::new(
                    mix(top.r(), bottom.r()),
                    mix(top.g(), bottom.g()),
                    mix(top.b(), bottom.b()),
                )
            }
        }
    }
}

fn coverage(distance: f32) -> u8 {
    ((0.5 - distance).clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

/// Fills a shape.
pub(crate) fn fill(picture: &mut Picture, shape: &Rounded, fill: Fill) {
    let (columns, rows) = shape.columns_and_rows(picture);
    for y in rows {
        let middle = y as f32 + 0.5;
        let colour = fill.at((middle - shape.y) / shape.height);
        // Only the ends of a row are near the outline; what is between is filled at once.
        let edge = (shape.radius.ceil() as i32 + 1).min(columns.len() as i32 / 2);
        let inner = columns.start + edge..columns.end - edge;
        if shape.distance(inner.start as f32 + 0.5, middle) <= -0.5 && !inner.is_empty() {
            let size = Size::new(inner.len() as u32, 1);
            let row = Rectangle::new(Point::new(inner.start, y), size);
            let Ok(()) = picture.fill_solid(&row, colour);
        } else {
            blend_row(picture, shape, inner.clone(), y, colour);
        }
        blend_row(picture, shape, columns.start..inner.start, y, colour);
        blend_row(picture, shape, inner.end..columns.end, y, colour);
    }
}

fn blend_row(
    picture: &mut Picture,
    shape: &Rounded,
    columns: std::ops::Range<i32>,
    y: i32,
    colour: Rgb888,
) {
    for x in columns {
        let alpha = coverage(shape.distance(x as f32 + 0.5, y as f32 + 0.5));
        picture.blend(x, y, colour, alpha);
    }
}

/// Draws a line of this width along the inside of the outline.
pub(crate) fn ring(picture: &mut Picture, shape: &Rounded, width: f32, colour: Rgb888) {
    let (columns, rows) = shape.columns_and_rows(picture);
    let hole = shape.grown(-width);
    for y in rows {
        for x in columns.clone() {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            let outer = coverage(shape.distance(px, py));
            let inner = coverage(hole.distance(px, py));
            picture.blend(x, y, colour, outer.saturating_sub(inner));
        }
    }
}

/// A soft shadow around a shape, to be drawn before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shadow {
    pub(crate) colour: Rgb888,
    /// 0.0 to 1.0 where it is darkest.
    pub(crate) strength: f32,
    /// Pixels from dark to nothing.
    pub(crate) blur: f32,
    /// Pixels that it falls down.
    pub(crate) drop: f32,
}

impl Shadow {
    /// What throws it, where it falls.
    pub(crate) fn caster(self, shape: &Rounded) -> Rounded {
        Rounded {
            y: shape.y + self.drop,
            ..*shape
        }
    }
}

/// Draws a shadow.
pub(crate) fn shadow(picture: &mut Picture, shape: &Rounded, shadow: Shadow) {
    let caster = shadow.caster(shape);
    let (columns, rows) = caster.grown(shadow.blur).columns_and_rows(picture);
    for y in rows {
        let middle = y as f32 + 0.5;
        let below = |x: &i32| shape.distance(*x as f32 + 0.5, middle) < -1.0;
        let alpha = |x: i32| {
            let part = 0.5 - caster.distance(x as f32 + 0.5, middle) / (2.0 * shadow.blur);
            let part = part.clamp(0.0, 1.0);
            let soft = part * part * (3.0 - 2.0 * part);
            (soft * shadow.strength * 255.0 + 0.5) as u8
        };
        // From both ends to where the shape itself covers it, which it does in one piece.
        let from_left = columns.clone().take_while(|x| !below(x));
        let left = columns.start + from_left.count() as i32;
        let from_right = (left..columns.end).rev().take_while(|x| !below(x));
        let right = columns.end - from_right.count() as i32;
        // Between the round corners it is the same along a row above and below.
        let even = caster.evenly(middle);
        let even = even.start.clamp(columns.start, left)..even.end.clamp(columns.start, left);
        for x in (columns.start..even.start)
            .chain(even.end..left)
            .chain(right..columns.end)
        {
            picture.blend(x, y, shadow.colour, alpha(x));
        }
        if !even.is_empty() {
            picture.blend_row(even.clone(), y, shadow.colour, alpha(even.start));
        }
    }
}
