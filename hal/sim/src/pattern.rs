//! A moving picture, and a still chart, that carry frame number and time in a strip of black and
//! white cells.
//!
//! # Layout
//!
//! The picture is divided into 20 columns and 15 rows of equal cells; the strip is the third to the
//! sixth row, the rest is the moving part. Cell edges are `column * width / 20` and
//! `row * height / 15`, rounded down. White has luma 220, black 30, chroma is 128 (grey). What is
//! written on a television (names, captions, signs, marks) stands at a picture's edges, so there
//! the strip is read below it or above it.
//!
//! - Column 0 holds the finder, from top to bottom: white, black, white, black. Column 19 holds
//!   black, white, black, white.
//! - Columns 1 to 18 hold 72 bits, row by row from the left, white is 1: frame number (32 bits),
//!   time in milliseconds (32 bits), both most significant bit first, then CRC-8 of those eight
//!   bytes (polynomial 0x07, initial value 0xFF, not reflected, no final XOR).
//!
//! # Reading
//!
//! Of each cell only the middle half in both directions is averaged, at least one pixel: from
//! `left + w/4` to `right - w/4` rounded down where `w` is the cell's width. The threshold is half
//! way between the mean of the four white and of the four black finder cells. The finder must
//! differ by at least 40 luma steps, each of its cells must fall on its own side, and the check
//! value must be right; otherwise there is no code. Full-range luma (a browser's
//! `0.299 R + 0.587 G + 0.114 B`) reads the same.
//!
//! At 160x90 a cell is 8 pixels wide and 6 high, which survives VP8 at 100 kbit/s, scaling and JPEG.

use std::time::SystemTime;

use crate::{Luma, PictureMut, code::crc8};

const COLUMNS: u32 = 20;
const ROWS: u32 = 15;
const STRIP_ROWS: u32 = 4;
/// The first of them.
const STRIP_ROW: u32 = 2;
const DATA_COLUMNS: u32 = COLUMNS - 2;
const WHITE: u8 = 220;
const BLACK: u8 = 30;
const GREY: u8 = 128;
/// White as studio range has it.
const PAPER: u8 = 235;
/// Odd, so that it begins and ends with a blank one.
const CHART_BANDS: usize = 15;
const LEAST_CONTRAST: u32 = 40;

/// What a picture says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Number of the frame since the source started.
    pub frame: u32,
    /// Time of the frame in milliseconds; what zero means is agreed between the two ends.
    pub time_ms: u32,
}

/// A time of the computer's clock as pictures of a simulated camera carry it: milliseconds since 1970, of which the lower 32
/// bits count.
#[must_use]
pub fn clock_ms(time: SystemTime) -> u32 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_millis() as u32
}

/// Draws the picture of this frame. The seed picks colours and paths, so that two rooms differ.
///
/// The moving part depends on `time_ms` only, so a source that drops frames moves as fast.
pub fn draw(code: Code, seed: u64, picture: &mut PictureMut<'_>) {
    draw_background(seed, picture);
    for index in 0..DISCS {
        Disc::at(index, code.time_ms, seed, picture).draw(picture);
    }
    draw_strip(code, picture);
}

/// Draws a still chart as somebody would present it, light with fine lines: groups of upright
/// stripes of one to four pixels, each group eight stripes wide, repeated over the whole width.
/// The strip is that of [`draw`].
pub fn draw_chart(code: Code, picture: &mut PictureMut<'_>) {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let row: Vec<u8> = (1..=4_usize)
        .cycle()
        .flat_map(|stripe| (0..8).flat_map(move |n| std::iter::repeat_n(n % 2 == 0, stripe)))
        .map(|white| if white { PAPER } else { BLACK })
        .take(width)
        .collect();
    for line in 0..height {
        let start = line * picture.y_stride;
        let pixels = &mut picture.y[start..start + width];
        // Every other band is blank, as between lines of writing.
        if (line * CHART_BANDS / height).is_multiple_of(2) {
            pixels.fill(PAPER);
        } else {
            pixels.copy_from_slice(&row);
        }
    }
    for plane in [&mut *picture.u, &mut *picture.v] {
        let end = plane
            .len()
            .min(picture.height.div_ceil(2) as usize * picture.chroma_stride);
        plane[..end].fill(GREY);
    }
    draw_strip(code, picture);
}

/// Reads a picture that fills the whole of `luma`; `None` when it carries no code.
#[must_use]
pub fn read(luma: &Luma<'_>) -> Option<Code> {
    if luma.width < COLUMNS || luma.height < ROWS {
        return None;
    }
    let cell = |column, row| cell_mean(luma, column, row);
    let threshold = find(cell)?;
    let mut message = [0_u8; 9];
    for bit in 0..72_u32 {
        let white = cell(1 + bit % DATA_COLUMNS, bit / DATA_COLUMNS) > threshold;
        message[bit as usize / 8] |= u8::from(white) << (7 - bit % 8);
    }
    let [f0, f1, f2, f3, t0, t1, t2, t3, check] = message;
    (crc8(&message[..8]) == check).then_some(Code {
        frame: u32::from_be_bytes([f0, f1, f2, f3]),
        time_ms: u32::from_be_bytes([t0, t1, t2, t3]),
    })
}

/// The threshold between black and white, if the finder is there.
fn find(cell: impl Fn(u32, u32) -> u32) -> Option<u32> {
    let finder: Vec<(bool, u32)> = (0..STRIP_ROWS)
        .flat_map(|row| {
            [
                (row % 2 == 0, cell(0, row)),
                (row % 2 == 1, cell(COLUMNS - 1, row)),
            ]
        })
        .collect();
    let mean = |white: bool| {
        finder
            .iter()
            .filter(|(w, _)| *w == white)
            .map(|(_, mean)| mean)
            .sum::<u32>()
            / STRIP_ROWS
    };
    let (white, black) = (mean(true), mean(false));
    let threshold = u32::midpoint(white, black);
    let sided = finder
        .iter()
        .all(|&(white, mean)| (mean > threshold) == white);
    (white >= black + LEAST_CONTRAST && sided).then_some(threshold)
}

fn column_edge(column: u32, width: u32) -> u32 {
    column * width / COLUMNS
}

fn row_edge(row: u32, height: u32) -> u32 {
    row * height / ROWS
}

/// Left, right and top, bottom of a cell of the strip.
fn cell_box(column: u32, row: u32, width: u32, height: u32) -> ((u32, u32), (u32, u32)) {
    let row = STRIP_ROW + row;
    (
        (column_edge(column, width), column_edge(column + 1, width)),
        (row_edge(row, height), row_edge(row + 1, height)),
    )
}

fn cell_mean(luma: &Luma<'_>, column: u32, row: u32) -> u32 {
    let middle = |(from, to): (u32, u32)| {
        let margin = (to - from) / 4;
        (from + margin, to - margin)
    };
    let (x, y) = cell_box(column, row, luma.width, luma.height);
    luma.mean(middle(x), middle(y))
}

fn draw_strip(code: Code, picture: &mut PictureMut<'_>) {
    let mut message = [0_u8; 9];
    message[..4].copy_from_slice(&code.frame.to_be_bytes());
    message[4..8].copy_from_slice(&code.time_ms.to_be_bytes());
    message[8] = crc8(&message[..8]);
    for row in 0..STRIP_ROWS {
        draw_cell(0, row, row % 2 == 0, picture);
        draw_cell(COLUMNS - 1, row, row % 2 == 1, picture);
        for column in 0..DATA_COLUMNS {
            let bit = (row * DATA_COLUMNS + column) as usize;
            let white = message[bit / 8] >> (7 - bit % 8) & 1 == 1;
            draw_cell(column + 1, row, white, picture);
        }
    }
    // The strip's whole chroma rows; those that it shares stay coloured.
    let first = row_edge(STRIP_ROW, picture.height).div_ceil(2) as usize;
    let end = (row_edge(STRIP_ROW + STRIP_ROWS, picture.height) / 2) as usize;
    for plane in [&mut *picture.u, &mut *picture.v] {
        let rows = first * picture.chroma_stride..end.max(first) * picture.chroma_stride;
        if let Some(rows) = plane.get_mut(rows) {
            rows.fill(GREY);
        }
    }
}

fn draw_cell(column: u32, row: u32, white: bool, picture: &mut PictureMut<'_>) {
    let (x, y) = cell_box(column, row, picture.width, picture.height);
    for line in y.0..y.1 {
        let start = line as usize * picture.y_stride;
        picture.y[start + x.0 as usize..start + x.1 as usize].fill(if white {
            WHITE
        } else {
            BLACK
        });
    }
}

/// A calm vertical gradient, so that an encoder has a still background as in a real room.
fn draw_background(seed: u64, picture: &mut PictureMut<'_>) {
    let height = picture.height;
    let (width, chroma_width) = (picture.width as usize, picture.width.div_ceil(2) as usize);
    let [hue_u, hue_v, ..] = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
    for row in 0..height {
        let shade = 60 + (row * 110 / height) as u8;
        let start = row as usize * picture.y_stride;
        picture.y[start..start + width].fill(shade);
    }
    for row in 0..height.div_ceil(2) {
        let start = row as usize * picture.chroma_stride;
        let drift = (row * 40 / height) as u8;
        picture.u[start..start + chroma_width].fill(100 + hue_u % 56 + drift);
        picture.v[start..start + chroma_width].fill(100 + hue_v % 56 - drift);
    }
}

const DISCS: u32 = 5;

/// A coloured disc on its way between the edges.
struct Disc {
    x: i32,
    y: i32,
    radius: i32,
    luma: u8,
    u: u8,
    v: u8,
}

impl Disc {
    fn at(index: u32, time_ms: u32, seed: u64, picture: &PictureMut<'_>) -> Self {
        let (width, height) = (picture.width, picture.height);
        let random = (seed ^ u64::from(index + 1)).wrapping_mul(0xD1B5_4A32_D192_ED03);
        let [_, _, phase_x, phase_y, speed, luma, u, v] = random.to_le_bytes();
        let radius = height / (9 + index);
        // Crossing takes between 2 and 4 seconds in one direction, a little more in the other.
        let period = 2000 + u32::from(speed) * 8;
        let swing = |phase: u8, period: u32, room: u32| {
            let at = time_ms.wrapping_add(u32::from(phase) * 40) % (2 * period);
            let there = if at < period { at } else { 2 * period - at };
            i32::try_from(u64::from(there) * u64::from(room) / u64::from(period)).unwrap_or(0)
        };
        Self {
            x: swing(phase_x, period, width),
            y: swing(phase_y, period + 700, height),
            radius: i32::try_from(radius).unwrap_or(0),
            luma: 90 + luma % 130,
            u,
            v,
        }
    }

    fn draw(&self, picture: &mut PictureMut<'_>) {
        let (width, height) = (picture.width, picture.height);
        let (stride, chroma) = (picture.y_stride, picture.chroma_stride);
        fill_disc(picture.y, stride, (width, height), self, self.luma);
        let half = Self {
            x: self.x / 2,
            y: self.y / 2,
            radius: self.radius / 2,
            ..*self
        };
        let room = (width.div_ceil(2), height.div_ceil(2));
        fill_disc(picture.u, chroma, room, &half, self.u);
        fill_disc(picture.v, chroma, room, &half, self.v);
    }
}

fn fill_disc(plane: &mut [u8], stride: usize, room: (u32, u32), disc: &Disc, value: u8) {
    let clamp = |v: i32, most: u32| u32::try_from(v).unwrap_or(0).min(most);
    for line in clamp(disc.y - disc.radius, room.1)..clamp(disc.y + disc.radius + 1, room.1) {
        let dy = i64::from(line) - i64::from(disc.y);
        let square = i64::from(disc.radius).pow(2) - dy * dy;
        let half = i32::try_from(square.max(0).unsigned_abs().isqrt()).unwrap_or(0);
        let (from, to) = (
            clamp(disc.x - half, room.0),
            clamp(disc.x + half + 1, room.0),
        );
        let start = line as usize * stride;
        plane[start + from as usize..start + to as usize].fill(value);
    }
}
