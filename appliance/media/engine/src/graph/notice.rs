//! A still picture with a sentence on it, in the place of a camera that gives none.

use gstreamer as gst;
use saal_media_protocol::{Ground, Label, Place, Rect, TextLine};

use super::{source_video::raw_caps, still::picture};
use crate::{lettering::Lettering, plan::PictureSize};

/// Pictures a second: people who come in later see it soon, and it costs next to nothing.
pub(super) const SPEED: u32 = 5;

/// Dark, as the tiles of those without a picture.
const LUMA: u8 = 40;
const GREY: u8 = 128;

/// A sentence in the middle of a dark picture of this size.
#[must_use]
pub fn draw_notice(text: &str, size: PictureSize) -> gst::Sample {
    let (width, height) = (size.width.max(16) & !1, size.height.max(16) & !1);
    let mut luma = vec![LUMA; (width * height) as usize];
    let mut chroma = [0; 2].map(|_| vec![GREY; (width * height / 4) as usize]);
    let label = label(text, width, height);
    if let Some(drawn) = Lettering::default().draw(&label) {
        let x = drawn.x.max(0) as u32 & !1;
        let y = (height.saturating_sub(drawn.height) / 2) & !1;
        put(&mut luma, width, &drawn.luma, drawn.width, (x, y));
        for (plane, part) in chroma.iter_mut().zip(&drawn.chroma) {
            put(plane, width / 2, part, drawn.width / 2, (x / 2, y / 2));
        }
    }
    let [blue, red] = &chroma;
    picture(width, [&luma, blue, red], &raw_caps(width, height))
}

/// In the middle, as large as a name on the television is from the back of a room.
fn label(text: &str, width: u32, height: u32) -> Label {
    let line_height = (height / 12).max(8);
    let (margin, band) = (width / 12, line_height * 5);
    let pixels = |n: u32| i32::try_from(n).unwrap_or(0);
    Label {
        area: Rect {
            x: pixels(margin),
            y: pixels(height.saturating_sub(band) / 2),
            width: width - 2 * margin,
            height: band.min(height),
        },
        place: Place::BottomCentre,
        line_height,
        lines: vec![TextLine {
            who: String::new(),
            text: text.to_owned(),
        }],
        ground: Ground::Dark,
    }
}

/// Copies the rows of a part into a plane; what does not fit is cut.
fn put(plane: &mut [u8], width: u32, part: &[u8], part_width: u32, (x, y): (u32, u32)) {
    let (width, part_width) = (width as usize, part_width as usize);
    let fits = part_width.min(width.saturating_sub(x as usize));
    let rows = plane.chunks_mut(width).skip(y as usize);
    for (to, from) in rows.zip(part.chunks(part_width.max(1))) {
        let x = x as usize;
        to[x..x + fits].copy_from_slice(&from[..fits]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_stand_in_the_middle_of_a_dark_picture_of_any_size() {
        gst::init().unwrap();
        for (width, height) in [(320, 180), (1280, 720), (640, 480), (16, 16)] {
            let size = PictureSize {
                width,
                height,
                frames_per_second: 30,
            };
            let sample = draw_notice("Kamera wurde abgezogen", size);
            let buffer = sample.buffer().unwrap().map_readable().unwrap();
            let luma = &buffer.as_slice()[..(width * height) as usize];
            let rows: Vec<usize> = luma
                .chunks(width as usize)
                .enumerate()
                .filter(|(_, row)| row.iter().any(|luma| *luma > 180))
                .map(|(row, _)| row)
                .collect();
            if width > 16 {
                let (first, last) = (rows[0], rows[rows.len() - 1]);
                let third = height as usize / 4;
                assert!(
                    first > third && last < 3 * third,
                    "{first} to {last} of {height}"
                );
            }
        }
    }
}
