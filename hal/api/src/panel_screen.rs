//! The display that the panel is: pictures out, turned as it hangs, lit as somebody is there.

use serde::{Deserialize, Serialize};

use crate::{Display, DisplayError, Displays};

/// How far the picture is turned clockwise on the display, so that it stands upright for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// As the display is made.
    #[default]
    Upright,
    /// By 90 degrees: its top is at the display's right.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees: its top is at the display's left.
    ThreeQuarters,
}

impl Turn {
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::Upright,
        Self::Quarter,
        Self::Half,
        Self::ThreeQuarters,
    ];

    /// Whether width and height change places.
    #[must_use]
    pub fn is_sideways(self) -> bool {
        matches!(self, Self::Quarter | Self::ThreeQuarters)
    }

    /// The size of a picture for a display of this size, or the other way round.
    #[must_use]
    pub fn size(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.is_sideways() {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Which point of the picture stands at a point of a display of this size.
    #[must_use]
    pub fn seen(self, (x, y): (u32, u32), (width, height): (u32, u32)) -> (u32, u32) {
        let (right, bottom) = (
            (width - 1).saturating_sub(x),
            (height - 1).saturating_sub(y),
        );
        match self {
            Self::Upright => (x, y),
            Self::Quarter => (y, right),
            Self::Half => (right, bottom),
            Self::ThreeQuarters => (bottom, x),
        }
    }

    /// The part of a display of this size that a part of the picture covers.
    #[must_use]
    pub fn part(self, part: Part, (width, height): (u32, u32)) -> Part {
        let (right, bottom) = (part.x + part.width, part.y + part.height);
        let (x, y) = match self {
            Self::Upright => (part.x, part.y),
            Self::Quarter => (width.saturating_sub(bottom), part.x),
            Self::Half => (width.saturating_sub(right), height.saturating_sub(bottom)),
            Self::ThreeQuarters => (part.y, height.saturating_sub(right)),
        };
        let (width, height) = self.size((part.width, part.height));
        Part {
            x,
            y,
            width,
            height,
        }
    }
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Pixels from the left edge.
    pub x: u32,
    /// Pixels from the top edge.
    pub y: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl Part {
    /// All of a picture of this size.
    #[must_use]
    pub fn whole((width, height): (u32, u32)) -> Self {
        Self {
            x: 0,
            y: 0,
            width,
            height,
        }
    }

    /// What of it lies in a picture of this size.
    #[must_use]
    pub fn within(self, (width, height): (u32, u32)) -> Self {
        let (x, y) = (self.x.min(width), self.y.min(height));
        Self {
            x,
            y,
            width: self.width.min(width - x),
            height: self.height.min(height - y),
        }
    }

    /// The smallest one that holds both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self {
            x,
            y,
            width: right - x,
            height: bottom - y,
        }
    }

    /// Without any pixel.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// It, moved, with this much around it, as far as there is a picture.
    fn moved(self, (x, y): (i32, i32), size: (u32, u32)) -> Self {
        let start = |at: u32, by: i32| {
            at.saturating_add_signed(by)
                .saturating_sub(by.unsigned_abs())
        };
        let moved = Self {
            x: start(self.x, x),
            y: start(self.y, y),
            width: self.width + 2 * x.unsigned_abs(),
            height: self.height + 2 * y.unsigned_abs(),
        };
        moved.within(size)
    }
}

/// How the panel's display looks, whatever it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Look {
    /// Percent of its full light, 1 to 100.
    pub brightness: u8,
    /// By how many pixels the picture is moved right and down, against burnt-in edges; what comes free repeats the edge.
    pub shift: (i32, i32),
}

impl Default for Look {
    fn default() -> Self {
        Self {
            brightness: 100,
            shift: (0, 0),
        }
    }
}

/// A picture for the panel's display.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Pixels: width, height, as people see them.
    pub size: (u32, u32),
    /// Three bytes a pixel (red, green, blue), rows from the top without gaps.
    pub rgb: &'a [u8],
    /// How it is to look.
    pub look: Look,
}

/// A display that shows the panel until it is dropped.
pub trait PanelScreen: Send {
    /// Pixels: width, height of its pictures, as people see them.
    fn size(&self) -> (u32, u32);

    /// Shows a picture. `changed` is where it differs from the one that was shown before; another [`Look`] needs no such
    /// hint. Comes back when the display has taken it, so that pictures come no faster than the display shows them.
    ///
    /// # Errors
    /// When the picture has another size, which changes nothing; and what the kernel says, after which the display is to
    /// be opened anew.
    fn present(&mut self, frame: &Frame<'_>, changed: Part) -> Result<(), DisplayError>;
}

/// Displays, one of which can be the panel.
pub trait PanelScreens: Displays + Send {
    /// Takes a display for pictures of this size, as people see them, or of its own size where it has no such mode
    /// ([`Display::mode_for`]); it is black until the first one.
    ///
    /// # Errors
    /// As [`Displays::check`].
    fn open(
        &self,
        display: &Display,
        size: (u32, u32),
        turn: Turn,
    ) -> Result<Box<dyn PanelScreen>, DisplayError>;
}

/// Draws a part of a frame into the memory of a display: four bytes a pixel (blue, green, red, nothing; `XRGB8888` of
/// drm_fourcc.h), `pitch` bytes a row. Returns the part of the display that was written.
pub fn draw(frame: &Frame<'_>, part: Part, turn: Turn, memory: &mut [u8], pitch: usize) -> Part {
    let display = turn.size(frame.size);
    let part = part.within(frame.size).moved(frame.look.shift, frame.size);
    let part = turn.part(part, display);
    let shades = shades(frame.look.brightness);
    let straight = turn == Turn::Upright && frame.look.shift.0 == 0;
    let columns: Vec<usize> = (part.x..part.x + part.width)
        .map(|x| offset(frame, turn, display, (x, part.y), true))
        .collect();
    let rows = memory.chunks_exact_mut(pitch.max(1)).enumerate();
    let wanted = part.y as usize..(part.y + part.height) as usize;
    for (y, row) in rows.skip(wanted.start).take(wanted.len()) {
        let y = u32::try_from(y).unwrap_or(u32::MAX);
        let down = offset(frame, turn, display, (part.x, y), false);
        let (pixels, _) = row[part.x as usize * 4..].as_chunks_mut::<4>();
        if let (true, Some(left)) = (straight, columns.first()) {
            let row = &frame.rgb[left + down..][..columns.len() * 3];
            if frame.look.brightness >= 100 {
                draw_row(row, pixels, |part| part);
            } else {
                draw_row(row, pixels, |part| shades[usize::from(part)]);
            }
            continue;
        }
        for (pixel, across) in pixels.iter_mut().zip(&columns) {
            let at = across + down;
            let rgb = &frame.rgb[at..at + 3];
            *pixel = [rgb[2], rgb[1], rgb[0], 0].map(|part| shades[usize::from(part)]);
        }
    }
    part
}

/// A row that stands on the display as it is in the frame: what nearly every panel shows.
fn draw_row(row: &[u8], pixels: &mut [[u8; 4]], shade: impl Fn(u8) -> u8) {
    for (pixel, [r, g, b]) in pixels.iter_mut().zip(row.as_chunks::<3>().0) {
        *pixel = [shade(*b), shade(*g), shade(*r), 0];
    }
}

/// The frame's byte for a pixel of the display is the sum of what its column and what its row say.
fn offset(
    frame: &Frame<'_>,
    turn: Turn,
    display: (u32, u32),
    point: (u32, u32),
    by_column: bool,
) -> usize {
    let (width, height) = frame.size;
    let (x, y) = turn.seen(point, display);
    let clamped = |at: u32, by: i32, most: u32| {
        (i64::from(at) - i64::from(by)).clamp(0, i64::from(most) - 1) as usize
    };
    let (dx, dy) = frame.look.shift;
    if turn.is_sideways() == by_column {
        clamped(y, dy, height) * width as usize * 3
    } else {
        clamped(x, dx, width) * 3
    }
}

/// What becomes of each shade at this brightness.
fn shades(brightness: u8) -> [u8; 256] {
    let percent = usize::from(brightness.min(100));
    std::array::from_fn(|shade| u8::try_from(shade * percent / 100).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_part_holds_the_turned_points_and_no_others() {
        let display = (7, 5);
        for turn in Turn::ALL {
            let size = turn.size(display);
            let part = Part {
                x: 1,
                y: 2,
                width: 3,
                height: 2,
            };
            let turned = turn.part(part, display);
            let mut seen = Vec::new();
            for y in turned.y..turned.y + turned.height {
                for x in turned.x..turned.x + turned.width {
                    seen.push(turn.seen((x, y), display));
                }
            }
            seen.sort_unstable_by_key(|(x, y)| (*y, *x));
            let all = [(1, 2), (2, 2), (3, 2), (1, 3), (2, 3), (3, 3)];
            assert_eq!(seen, all, "{turn:?} of {size:?}");
        }
    }

    #[test]
    fn parts_are_united_and_cut() {
        let part = |x, y, width, height| Part {
            x,
            y,
            width,
            height,
        };
        assert_eq!(part(1, 1, 2, 2).and(part(5, 0, 1, 1)), part(1, 0, 5, 3));
        assert_eq!(part(0, 0, 0, 4).and(part(2, 2, 1, 1)), part(2, 2, 1, 1));
        assert_eq!(part(8, 3, 9, 9).within((10, 5)), part(8, 3, 2, 2));
        assert_eq!(part(30, 30, 9, 9).within((10, 5)), part(10, 5, 0, 0));
        assert_eq!(part(2, 2, 2, 2).moved((-2, 1), (10, 10)), part(0, 2, 6, 4));
    }
}
