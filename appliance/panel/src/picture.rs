//! Pixels, and drawing on them through embedded-graphics.

use std::convert::Infallible;

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
}

/// What drawing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Not one pixel.
    Unchanged,
    /// Nothing outside this rectangle.
    Within(Rectangle),
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
        }
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
        if (self.width, self.height) != (before.width, before.height) {
            return Damage::Within(self.bounding_box());
        }
        let row = self.width.max(1) as usize * 3;
        let pairs = || self.rgb.chunks(row).zip(before.rgb.chunks(row));
        let Some(top) = pairs().position(|(a, b)| a != b) else {
            return Damage::Unchanged;
        };
        let bottom =
            self.height as usize - 1 - pairs().rev().position(|(a, b)| a != b).unwrap_or(0);
        let (mut left, mut right) = (row, 0);
        for (a, b) in pairs().skip(top).take(bottom - top + 1) {
            let differs = |(a, b): (&u8, &u8)| a != b;
            if let Some(first) = a.iter().zip(b).position(differs) {
                left = left.min(first / 3);
                right = right.max(a.iter().zip(b).rposition(differs).unwrap_or(first) / 3);
            }
        }
        let corner = |x: usize, y: usize| Point::new(whole(x), whole(y));
        Damage::Within(Rectangle::with_corners(
            corner(left, top),
            corner(right, bottom),
        ))
    }

    fn pixel(&self, point: Point) -> Rgb888 {
        let [r, g, b] = self.offset(point).map_or([0; 3], |at| {
            [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
        });
        Rgb888::new(r, g, b)
    }

    fn offset(&self, point: Point) -> Option<usize> {
        let x = u32::try_from(point.x).ok().filter(|x| *x < self.width)?;
        let y = u32::try_from(point.y).ok().filter(|y| *y < self.height)?;
        Some((y as usize * self.width as usize + x as usize) * 3)
    }

    /// Lays a colour over a pixel; an alpha of 255 covers. Outside of the picture nothing happens.
    pub(crate) fn blend(&mut self, x: i32, y: i32, colour: Rgb888, alpha: u8) {
        let Some(at) = self.offset(Point::new(x, y)) else {
            return;
        };
        let alpha = u32::from(alpha);
        let over = [colour.r(), colour.g(), colour.b()];
        for (below, over) in self.rgb[at..at + 3].iter_mut().zip(over) {
            let mixed = (u32::from(over) * alpha + u32::from(*below) * (255 - alpha) + 127) / 255;
            *below = u8::try_from(mixed).unwrap_or(u8::MAX);
        }
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
        let area = area.intersection(&self.bounding_box());
        let bytes = [colour.r(), colour.g(), colour.b()];
        for y in area.rows() {
            let Some(from) = self.offset(Point::new(area.top_left.x, y)) else {
                continue;
            };
            let row = &mut self.rgb[from..from + area.size.width as usize * 3];
            row.as_chunks_mut::<3>().0.fill(bytes);
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
