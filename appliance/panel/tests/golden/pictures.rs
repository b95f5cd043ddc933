//! Pictures as PNG files, alone and side by side.

use std::{fs, path::Path};

use saal_panel::Picture;

/// The largest picture that people want in a repository.
const MOST_BYTES: usize = 120_000;

/// Writes a picture into the repository, unless it is there.
pub(crate) fn keep(path: &Path, picture: &Picture) {
    let known = fs::read(path).ok().and_then(|png| decode(&png));
    if known.as_ref() == Some(picture) {
        return;
    }
    let png = smallest(picture);
    assert!(
        png.len() <= MOST_BYTES,
        "{}: {} bytes is too large",
        path.display(),
        png.len()
    );
    fs::write(path, png).unwrap();
}

/// Writes a picture that is looked at once.
pub(crate) fn write(path: &Path, picture: &Picture) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let fast = png::DeflateCompression::Level(1);
    fs::write(path, encode(picture, fast, png::Filter::Up)).unwrap();
}

/// The smallest of what the filters give; flat pictures like none, gradients like the others.
fn smallest(picture: &Picture) -> Vec<u8> {
    let filters = [png::Filter::NoFilter, png::Filter::Up, png::Filter::Sub];
    let best = png::DeflateCompression::Level(9);
    let encoded = filters.map(|filter| encode(picture, best, filter));
    encoded.into_iter().min_by_key(Vec::len).unwrap()
}

fn encode(picture: &Picture, level: png::DeflateCompression, filter: png::Filter) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_deflate_compression(level);
    encoder.set_filter(filter);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(picture.rgb()).unwrap();
    writer.finish().unwrap();
    bytes
}

pub(crate) fn decode(bytes: &[u8]) -> Option<Picture> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .ok()?;
    let mut rgb = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut rgb).ok()?;
    Picture::from_rgb(info.width, info.height, rgb)
}

/// How two pictures of the same page differ.
pub(crate) struct Difference {
    /// Before, after, and what differs, in a row.
    pub(crate) beside: Picture,
    /// How many pixels.
    pub(crate) pixels: usize,
}

/// Pixels between the three.
const GAP: u32 = 16;
/// Around them.
const GROUND: [u8; 3] = [128, 128, 128];
/// A pixel that differs.
const MARK: [u8; 3] = [255, 0, 255];

/// Compares pixel by pixel; where one picture has nothing, the other differs.
pub(crate) fn compare(before: &Picture, after: &Picture) -> Difference {
    let (width, height) = (
        before.width().max(after.width()),
        before.height().max(after.height()),
    );
    let mut pixels = 0;
    let mut rgb = Vec::new();
    for y in 0..height {
        let row = |picture| (0..width).map(move |x| pixel(picture, x, y));
        let gap = std::iter::repeat_n(GROUND, GAP as usize);
        let marks = row(before).zip(row(after)).map(|(a, b)| {
            let same = a == b;
            pixels += usize::from(!same);
            let dim = a.unwrap_or(GROUND).map(|value| value / 4);
            if same { dim } else { MARK }
        });
        let marks: Vec<[u8; 3]> = marks.collect();
        let shown = |picture| row(picture).map(|pixel| pixel.unwrap_or(GROUND));
        let line = shown(before).chain(gap.clone()).chain(shown(after));
        rgb.extend(line.chain(gap).chain(marks).flatten());
    }
    let beside = Picture::from_rgb(width * 3 + GAP * 2, height, rgb).unwrap();
    Difference { beside, pixels }
}

fn pixel(picture: &Picture, x: u32, y: u32) -> Option<[u8; 3]> {
    let inside = x < picture.width() && y < picture.height();
    let at = (y as usize * picture.width() as usize + x as usize) * 3;
    inside.then(|| [0, 1, 2].map(|part| picture.rgb()[at + part]))
}
