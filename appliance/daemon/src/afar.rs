//! What whoever helps from afar sees of the panel.

use std::sync::{Arc, OnceLock};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use saal_fleet_protocol::fleet::help::{
    LARGEST_PICTURE, LONGEST_LABEL, MOST_TARGETS, PanelPicture, PanelTarget, Shown,
};
use saal_panel::{Element, Layout, Picture, View};

/// What is to be seen of a picture of the panel; of what is private there is nothing.
#[derive(Default)]
pub(crate) struct Afar {
    number: u64,
    seen: Option<(Arc<Picture>, Vec<PanelTarget>)>,
    width: u32,
    height: u32,
    made: OnceLock<PanelPicture>,
}

impl Afar {
    /// Of what was laid out and drawn now.
    pub(crate) fn new(number: u64, view: &View, layout: &Layout, picture: &Arc<Picture>) -> Self {
        let touched = layout.elements().iter().filter(|e| e.is_touchable());
        let targets = || touched.take(MOST_TARGETS).map(target).collect();
        Self {
            number,
            seen: (!view.is_private()).then(|| (Arc::clone(picture), targets())),
            width: layout.width(),
            height: layout.height(),
            made: OnceLock::new(),
        }
    }

    /// Nobody sees anything; pictures are counted on.
    pub(crate) fn hidden(number: u64) -> Self {
        Self {
            number,
            ..Self::default()
        }
    }

    /// Counts up with each picture; 0 is none.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Somebody helps.
    pub(crate) fn is_seen(&self) -> bool {
        self.width > 0
    }

    /// Only for the people in the room.
    pub(crate) fn is_private(&self) -> bool {
        self.seen.is_none()
    }

    /// As it is sent, made once; blocks for some ten milliseconds.
    pub(crate) fn picture(&self) -> PanelPicture {
        self.made.get_or_init(|| self.make()).clone()
    }

    fn make(&self) -> PanelPicture {
        let shown = match &self.seen {
            None => Shown::Hidden {},
            Some((picture, targets)) => Shown::Picture {
                png: BASE64_STANDARD.encode(small_enough(picture)),
                targets: targets.clone(),
            },
        };
        PanelPicture {
            width: self.width,
            height: self.height,
            shown,
        }
    }
}

fn target(element: &Element) -> PanelTarget {
    let (x, y) = element.rect.middle();
    PanelTarget {
        label: element.label.chars().take(LONGEST_LABEL).collect(),
        x: x.max(0).unsigned_abs(),
        y: y.max(0).unsigned_abs(),
    }
}

/// As large as it may be sent: of half the size, and half again, until it is.
fn small_enough(picture: &Picture) -> Vec<u8> {
    let mut png = encode(picture, png::Compression::Balanced);
    let mut smaller = None::<Picture>;
    while png.len() > LARGEST_PICTURE {
        let halved = halved(smaller.as_ref().unwrap_or(picture));
        png = encode(&halved, png::Compression::Balanced);
        smaller = Some(halved);
    }
    png
}

/// Each four pixels become one; an odd row or column at the end is left out.
fn halved(picture: &Picture) -> Picture {
    let (width, height) = ((picture.width() / 2).max(1), (picture.height() / 2).max(1));
    let row = picture.width() as usize * 3;
    let below = if picture.height() > 1 { row } else { 0 };
    let beside = if picture.width() > 1 { 3 } else { 0 };
    let rgb = picture.rgb();
    let mut small = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height as usize {
        for x in 0..width as usize {
            for colour in 0..3 {
                let at = 2 * y * row + 2 * x * 3 + colour;
                let four = [at, at + beside, at + below, at + below + beside];
                let sum: u16 = four.iter().map(|at| u16::from(rgb[*at])).sum();
                small.push(u8::try_from(sum / 4).unwrap_or(u8::MAX));
            }
        }
    }
    Picture::from_rgb(width, height, small).unwrap_or_else(|| Picture::new(1, 1))
}

/// A picture as PNG.
pub(crate) fn encode(picture: &Picture, compression: png::Compression) -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(compression);
    let mut writer = encoder
        .write_header()
        .expect("a panel has pixels and memory is no disk");
    writer
        .write_image_data(picture.rgb())
        .expect("the buffer has the header's size");
    drop(writer);
    png
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixels that no compression makes smaller.
    fn noise(width: u32, height: u32) -> Picture {
        let mut state = 1_u32;
        let bytes = (0..width * height * 3).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        Picture::from_rgb(width, height, bytes.collect()).unwrap()
    }

    #[test]
    fn a_picture_is_sent_at_whatever_size_keeps_to_the_bound() {
        let png = small_enough(&noise(1281, 801));
        assert!(png.len() <= LARGEST_PICTURE, "{}", png.len());
        let read = png::Decoder::new(std::io::Cursor::new(&png)).read_info();
        let read = read.unwrap();
        assert_eq!((read.info().width, read.info().height), (320, 200));
        let small = noise(64, 64);
        let png = small_enough(&small);
        let mut read = png::Decoder::new(std::io::Cursor::new(&png))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; small.rgb().len()];
        read.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, small.rgb(), "it loses nothing");
    }

    #[test]
    fn four_pixels_become_one() {
        let rgb = vec![0, 0, 0, 4, 8, 12, 8, 8, 8, 0, 0, 0];
        let four = Picture::from_rgb(2, 2, rgb).unwrap();
        assert_eq!(halved(&four).rgb(), [3, 4, 5]);
        assert_eq!(halved(&noise(1, 1)).width(), 1);
    }
}
