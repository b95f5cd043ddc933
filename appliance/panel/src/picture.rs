//! Pixels, and drawing on them through embedded-graphics.

use std::{convert::Infallible, ops::Range};

use embedded_graphics::{
    pixelcolor::Rgb888,
    prelude::{Dimensions, DrawTarget, OriginDimensions, PixelColor, Point, RgbColor, Size},
    primitives::{PointsIter, Rectangle},
};

/// A picture of three bytes a pixel (red, green, blue), rows from the top without gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
    /// Nothing is drawn outside of this part.
    window: Window,
}

/// A part of a picture, in pixels: from and up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Window {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
}

impl Window {
    fn whole(width: u32, height: u32) -> Self {
        Self {
            left: 0,
            top: 0,
            right: width,
            bottom: height,
        }
    }
}

/// What drawing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Not one pixel.
    Unchanged,
    /// Nothing outside this rectangle.
    Within(Rectangle),
}

impl Damage {
    /// What both changed.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unchanged, damage) | (damage, Self::Unchanged) => damage,
            (Self::Within(a), Self::Within(b)) => Self::Within(around(a, b)),
        }
    }
}

/// The smallest rectangle that holds both.
pub(crate) fn around(a: Rectangle, b: Rectangle) -> Rectangle {
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

impl Picture {
    /// A black picture.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        let bytes = width as usize * height as usize * 3;
        Self {
            width,
            height,
            rgb: vec![0; bytes],
            window: Window::whole(width, height),
        }
    }

    /// A picture of these bytes, three a pixel; `None` where they are not as many as it has.
    #[must_use]
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Option<Self> {
        let bytes = (width as usize)
            .checked_mul(height as usize)?
            .checked_mul(3)?;
        let window = Window::whole(width, height);
        (rgb.len() == bytes).then_some(Self {
            width,
            height,
            rgb,
            window,
        })
    }

    /// Copies another one onto it; what is outside is cut.
    pub(crate) fn put(&mut self, part: &Self, (x, y): (i32, i32)) {
        let (left, top) = (x.max(0) as usize, y.max(0) as usize);
        let (columns, rows) = self.drawn_part();
        let from = left.max(columns.start as usize);
        let to = (left + part.width as usize).min(columns.end as usize);
        let (row, part_row) = (self.width as usize * 3, part.width as usize * 3);
        for y in rows.start as usize..rows.end as usize {
            let down = y.checked_sub(top).filter(|y| *y < part.height as usize);
            let Some(down) = down.filter(|_| from < to) else {
                continue;
            };
            let source = down * part_row + (from - left) * 3;
            let length = (to - from) * 3;
            let target = y * row + from * 3;
            self.rgb[target..target + length].copy_from_slice(&part.rgb[source..source + length]);
        }
    }

    pub(crate) fn rgb_mut(&mut self) -> &mut [u8] {
        &mut self.rgb
    }

    /// Pixels from left to right.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels from top to bottom.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All bytes.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Copies a part to a display of any colour format.
    ///
    /// # Errors
    /// What the display says.
    pub fn copy_to<D>(&self, part: &Rectangle, display: &mut D) -> Result<(), D::Error>
    where
        D: DrawTarget,
        D::Color: PixelColor + From<Rgb888>,
    {
        let part = part.intersection(&self.bounding_box());
        let pixels = part.points().map(|point| self.pixel(point).into());
        display.fill_contiguous(&part, pixels)
    }

    /// The smallest rectangle outside of which both agree; pictures of different sizes differ
    /// everywhere.
    #[must_use]
    pub fn damage_since(&self, before: &Self) -> Damage {
        self.damage_in(before, &self.bounding_box())
    }

    /// The same, where it is known that they agree above and below a part.
    pub(crate) fn damage_in(&self, before: &Self, part: &Rectangle) -> Damage {
        if (self.width, self.height) != (before.width, before.height) {
            return Damage::Within(self.bounding_box());
        }
        let row = self.width.max(1) as usize * 3;
        let part = part.intersection(&self.bounding_box());
        let first = usize::try_from(part.top_left.y).unwrap_or(0);
        let rows = part.size.height as usize;
        let bytes = first * row..(first + rows) * row;
        let (ours, theirs) = (&self.rgb[bytes.clone()], &before.rgb[bytes]);
        let pairs = || ours.chunks(row).zip(theirs.chunks(row));
        let Some(top) = pairs().position(|(a, b)| a != b) else {
            return Damage::Unchanged;
        };
        let bottom = rows - 1 - pairs().rev().position(|(a, b)| a != b).unwrap_or(0);
        let (mut left, mut right) = (row, 0);
        for (a, b) in pairs().skip(top).take(bottom - top + 1) {
            if let Some((first, last)) = differing(a, b) {
                left = left.min(first / 3);
                right = right.max(last / 3);
            }
        }
        let corner = |x: usize, y: usize| Point::new(whole(x), whole(y));
        Damage::Within(Rectangle::with_corners(
            corner(left, first + top),
            corner(right, first + bottom),
        ))
    }

    fn pixel(&self, point: Point) -> Rgb888 {
        let [r, g, b] = self.offset(point).map_or([0; 3], |at| {
            [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
        });
        Rgb888::new(r, g, b)
    }

    fn offset(&self, point: Point) -> Option<usize> {
        let window = self.window;
        let x = u32::try_from(point.x).ok()?;
        let y = u32::try_from(point.y).ok()?;
        let inside = (window.left..window.right).contains(&x);
        if !inside || !(window.top..window.bottom).contains(&y) {
            return None;
        }
        Some((y as usize * self.width as usize + x as usize) * 3)
    }

    /// Draws in this part alone from now on, and makes it black, unless it is covered anyway.
    pub(crate) fn begin_part(&mut self, part: &Rectangle, covered: bool) {
        let part = part.intersection(&self.bounding_box());
        let of = |from: i32, length: u32| {
            let from = u32::try_from(from).unwrap_or(0);
            (from, from + length)
        };
        let (left, right) = of(part.top_left.x, part.size.width);
        let (top, bottom) = of(part.top_left.y, part.size.height);
        self.window = Window {
            left,
            top,
            right,
            bottom,
        };
        if !covered {
            let Ok(()) = self.fill_solid(&part, Rgb888::BLACK);
        }
    }

    /// Draws everywhere again.
    pub(crate) fn end_part(&mut self) {
        self.window = Window::whole(self.width, self.height);
    }

    /// Where something is drawn: columns and rows.
    pub(crate) fn drawn_part(&self) -> (Range<u32>, Range<u32>) {
        let window = self.window;
        (window.left..window.right, window.top..window.bottom)
    }

    /// Lays a colour over pixels of a row, as [`Self::blend`] does over one.
    pub(crate) fn blend_row(&mut self, columns: Range<i32>, y: i32, colour: Rgb888, alpha: u8) {
        let (drawn, rows) = self.drawn_part();
        let Some(y) = u32::try_from(y).ok().filter(|y| rows.contains(y)) else {
            return;
        };
        let within = |x: i32| (i64::from(x)).clamp(drawn.start.into(), drawn.end.into()) as usize;
        let (from, to) = (within(columns.start), within(columns.end));
        if alpha == 0 || from >= to {
            return;
        }
        let row = y as usize * self.width as usize;
        let alpha = u32::from(alpha);
        let over = [colour.r(), colour.g(), colour.b()];
        for pixel in self.rgb[(row + from) * 3..(row + to) * 3]
            .as_chunks_mut::<3>()
            .0
        {
            for (below, over) in pixel.iter_mut().zip(over) {
                *below = mixed(*below, over, alpha);
            }
        }
    }

    /// Lays a colour over a pixel; an alpha of 255 covers. Outside of the picture nothing happens.
    pub(crate) fn blend(&mut self, x: i32, y: i32, colour: Rgb888, alpha: u8) {
        if alpha == 0 {
            return;
        }
        let Some(at) = self.offset(Point::new(x, y)) else {
            return;
        };
        let alpha = u32::from(alpha);
        let over = [colour.r(), colour.g(), colour.b()];
        for (below, over) in self.rgb[at..at + 3].iter_mut().zip(over) {
            *below = mixed(*below, over, alpha);
        }
    }
}

/// An alpha of 255 covers.
fn mixed(below: u8, over: u8, alpha: u32) -> u8 {
    let mixed = (u32::from(over) * alpha + u32::from(below) * (255 - alpha) + 127) / 255;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

/// The first and the last byte in which two rows differ. Most of what is equal is compared many bytes at once.
fn differing(a: &[u8], b: &[u8]) -> Option<(usize, usize)> {
    const AT_ONCE: usize = 96;
    let blocks = || a.chunks(AT_ONCE).zip(b.chunks(AT_ONCE));
    let first = blocks().position(|(a, b)| a != b)?;
    let last = blocks().rposition(|(a, b)| a != b)?;
    let differs = |(a, b): (&u8, &u8)| a != b;
    let block = |at: usize| blocks().nth(at).unwrap_or_default();
    let (a_first, b_first) = block(first);
    let (a_last, b_last) = block(last);
    let from = a_first.iter().zip(b_first).position(differs)?;
    let to = a_last.iter().zip(b_last).rposition(differs)?;
    Some((first * AT_ONCE + from, last * AT_ONCE + to))
}

/// One colour from end to end: what is there already is copied on, in ever longer pieces.
fn fill_row(row: &mut [u8], colour: [u8; 3]) {
    const AT_ONCE: usize = 16;
    let (begin, _) = row.split_at_mut(row.len().min(3 * AT_ONCE));
    begin.as_chunks_mut::<3>().0.fill(colour);
    let mut done = begin.len();
    while done < row.len() {
        let more = done.min(row.len() - done);
        row.copy_within(..more, done);
        done += more;
    }
}

fn whole(pixels: usize) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

impl OriginDimensions for Picture {
    fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

impl DrawTarget for Picture {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = embedded_graphics::Pixel<Rgb888>>,
    {
        for embedded_graphics::Pixel(point, colour) in pixels {
            self.blend(point.x, point.y, colour, u8::MAX);
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb888) -> Result<(), Infallible> {
        let (columns, rows) = self.drawn_part();
        let corner = Point::new(whole(columns.start as usize), whole(rows.start as usize));
        let size = Size::new(columns.end - columns.start, rows.end - rows.start);
        let area = area.intersection(&Rectangle::new(corner, size));
        let bytes = [colour.r(), colour.g(), colour.b()];
        for y in area.rows() {
            let Some(from) = self.offset(Point::new(area.top_left.x, y)) else {
                continue;
            };
            fill_row(
                &mut self.rgb[from..from + area.size.width as usize * 3],
                bytes,
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use embedded_graphics::mock_display::MockDisplay;

    use super::*;

    const PART: Rectangle = Rectangle::new(Point::new(2, 1), Size::new(2, 3));

    fn with_a_part() -> Picture {
        let mut picture = Picture::new(6, 5);
        let Ok(()) = picture.fill_solid(&PART, Rgb888::RED);
        picture
    }

    #[test]
    fn damage_is_the_smallest_rectangle_around_all_changes() {
        let before = Picture::new(6, 5);
        assert_eq!(with_a_part().damage_since(&before), Damage::Within(PART));
        assert_eq!(before.damage_since(&before), Damage::Unchanged);
        let larger = Picture::new(7, 5);
        assert_eq!(
            larger.damage_since(&before),
            Damage::Within(larger.bounding_box())
        );
    }

    #[test]
    fn a_part_is_copied_to_a_display_and_nothing_else() {
        let mut display = MockDisplay::<Rgb888>::new();
        with_a_part().copy_to(&PART, &mut display).unwrap();
        assert_eq!(display.affected_area(), PART);
        assert_eq!(display.get_pixel(Point::new(3, 3)), Some(Rgb888::RED));
    }

    #[test]
    fn what_is_outside_is_not_drawn() {
        let mut picture = with_a_part();
        picture.blend(-1, 0, Rgb888::WHITE, 255);
        picture.blend(6, 0, Rgb888::WHITE, 255);
        let far = Rectangle::new(Point::new(4, 3), Size::new(50, 50));
        let Ok(()) = picture.fill_solid(&far, Rgb888::WHITE);
        assert_eq!(picture.rgb()[..18], [0; 18], "the first row stays");
        assert_eq!(picture.pixel(Point::new(5, 4)), Rgb888::WHITE);
    }

    #[test]
    fn half_covering_mixes() {
        let mut picture = Picture::new(1, 1);
        picture.blend(0, 0, Rgb888::new(200, 100, 0), 128);
        assert_eq!(picture.rgb(), [100, 50, 0]);
    }
}
