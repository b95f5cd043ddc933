//! Pictures that people put on the television between meetings: read one after the other, and made as large as they are shown.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use saal_core::Event;
use saal_panel::Picture;

use crate::{
    input::{Input, Inputs},
    still::Slides,
};

/// Files of a folder that are looked at.
const MOST_FILES: usize = 100;
/// Bytes of a file.
const MOST_BYTES: u64 = 20_000_000;
/// Of a picture: what a good camera makes, 150 MB while it is read.
const MOST_PIXELS: usize = 50_000_000;

/// Why a picture is not shown, in words for whoever put it there.
type Problem = String;

/// Shows one after the other for ever. What can't be shown is told, and left out.
pub(crate) async fn show(slides: Slides, inputs: Inputs) {
    let mut problems = BTreeMap::new();
    let mut last: Option<PathBuf> = None;
    loop {
        let (before, known, of) = (last.clone(), problems.clone(), slides.clone());
        let look = move || next(&of, before.as_deref(), known);
        let Ok((shown, now_wrong)) = tokio::task::spawn_blocking(look).await else {
            return;
        };
        if now_wrong != problems {
            tell(&inputs, now_wrong.values().cloned().collect());
            problems = now_wrong;
        }
        let (path, picture) = shown.unzip();
        last = path.or(last);
        inputs.send(Input::Slide(picture));
        tokio::time::sleep(slides.each).await;
    }
}

/// Says what can't be shown, or that all can.
pub(crate) fn tell(inputs: &Inputs, problems: Vec<Problem>) {
    for problem in &problems {
        tracing::warn!("{problem}");
    }
    inputs.send(Input::Room(Event::Signage(problems)));
}

type Problems = BTreeMap<PathBuf, Problem>;
type Slide = (PathBuf, Arc<Picture>);

/// The first that can be shown behind the last one, from the beginning again where there is none.
fn next(slides: &Slides, last: Option<&Path>, mut problems: Problems) -> (Option<Slide>, Problems) {
    let files = match files(&slides.folder) {
        Ok(files) => files,
        Err(problem) => return (None, BTreeMap::from([(slides.folder.clone(), problem)])),
    };
    problems.retain(|path, _| files.contains(path));
    let behind = last.map_or(0, |last| {
        files.partition_point(|file| file.as_path() <= last)
    });
    let (before, behind) = files.split_at(behind);
    for path in behind.iter().chain(before) {
        match read(path) {
            Ok(picture) => {
                problems.remove(path);
                let picture = fitted(picture, slides.size);
                return (Some((path.clone(), Arc::new(picture))), problems);
            }
            Err(problem) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                problems.insert(path.clone(), format!("{name}: {problem}"));
            }
        }
    }
    (None, problems)
}

/// Pictures by their names, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let broken = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)
        .map_err(broken)?
        .take(10 * MOST_FILES)
    {
        let path = entry.map_err(broken)?.path();
        let extension = path.extension().map(|e| e.to_ascii_lowercase());
        let known = ["png", "jpg", "jpeg"];
        if extension.is_some_and(|e| known.iter().any(|k| e == *k)) {
            files.push(path);
        }
    }
    files.sort();
    files.truncate(MOST_FILES);
    if files.is_empty() {
        return Err(format!(
            "{}: there is no PNG or JPEG file",
            folder.display()
        ));
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Picture, Problem> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("it has more than {} MB", MOST_BYTES / 1_000_000));
    }
    if bytes.starts_with(b"\x89PNG") {
        png(&bytes)
    } else {
        jpeg(bytes)
    }
}

fn png(bytes: &[u8]) -> Result<Picture, Problem> {
    let broken = |error: png::DecodingError| format!("no PNG that can be read: {error}");
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let header = decoder.read_header_info().map_err(broken)?;
    check_size(header.width as usize, header.height as usize)?;
    let mut reader = decoder.read_info().map_err(broken)?;
    let size = reader.output_buffer_size().ok_or("it is too large")?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels).map_err(broken)?;
    pixels.truncate(info.buffer_size());
    let rgb = match info.color_type {
        png::ColorType::Rgb => pixels,
        png::ColorType::Rgba => over_white(&pixels),
        png::ColorType::Grayscale => pixels.iter().flat_map(|y| [*y; 3]).collect(),
        png::ColorType::GrayscaleAlpha => {
            let grey = pixels.as_chunks::<2>().0.iter();
            over_white(
                &grey
                    .flat_map(|[y, a]| [*y, *y, *y, *a])
                    .collect::<Vec<u8>>(),
            )
        }
        png::ColorType::Indexed => return Err("no PNG that can be read".to_owned()),
    };
    Picture::from_rgb(info.width, info.height, rgb).ok_or_else(|| "it is cut off".to_owned())
}

fn over_white(rgba: &[u8]) -> Vec<u8> {
    let pixels = rgba.as_chunks::<4>().0.iter();
    let over = |c: u8, a: u8| {
        let (c, a) = (u16::from(c), u16::from(a));
        ((c * a + 255 * (255 - a)) / 255) as u8
    };
    pixels
        .flat_map(|[r, g, b, a]| [over(*r, *a), over(*g, *a), over(*b, *a)])
        .collect()
}

fn jpeg(bytes: Vec<u8>) -> Result<Picture, Problem> {
    use zune_jpeg::{
        JpegDecoder, zune_core::bytestream::ZCursor, zune_core::colorspace::ColorSpace,
        zune_core::options::DecoderOptions,
    };
    let broken =
        |error: zune_jpeg::errors::DecodeErrors| format!("no picture that can be read: {error}");
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(broken)?;
    let (width, height) = decoder.dimensions().ok_or("it has no size")?;
    check_size(width, height)?;
    let rgb = decoder.decode().map_err(broken)?;
    let pixels = |side: usize| u32::try_from(side).unwrap_or(0);
    Picture::from_rgb(pixels(width), pixels(height), rgb).ok_or_else(|| "it is cut off".to_owned())
}

fn check_size(width: usize, height: usize) -> Result<(), Problem> {
    match width.saturating_mul(height) {
        0 => Err("it has no pixels".to_owned()),
        pixels if pixels > MOST_PIXELS => Err(format!(
            "it has {width}x{height} pixels; at most {} megapixels are shown",
            MOST_PIXELS / 1_000_000
        )),
        _ => Ok(()),
    }
}

/// As large as fits, its aspect kept; each pixel is the mean of those that it stands for.
fn fitted(picture: Picture, (width, height): (u32, u32)) -> Picture {
    let (from_width, from_height) = (u64::from(picture.width()), u64::from(picture.height()));
    let (wide, high) = (
        u64::from(width) * from_height,
        u64::from(height) * from_width,
    );
    let (to_width, to_height) = if wide <= high {
        (u64::from(width), (wide / from_width).max(1))
    } else {
        ((high / from_height).max(1), u64::from(height))
    };
    let span = |at: u64, from: u64, to: u64| {
        let begin = at * from / to;
        begin as usize..((at + 1) * from / to).max(begin + 1) as usize
    };
    let mut rgb = Vec::with_capacity((to_width * to_height * 3) as usize);
    for y in 0..to_height {
        let rows = span(y, from_height, to_height);
        for x in 0..to_width {
            let columns = span(x, from_width, to_width);
            rgb.extend(mean(&picture, rows.clone(), columns));
        }
    }
    Picture::from_rgb(to_width as u32, to_height as u32, rgb).unwrap_or(picture)
}

fn mean(
    picture: &Picture,
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
) -> [u8; 3] {
    let (stride, count) = (
        picture.width() as usize * 3,
        (rows.len() * columns.len()) as u64,
    );
    let mut sum = [0_u64; 3];
    for row in rows {
        let pixels = &picture.rgb()[row * stride..][columns.start * 3..columns.end * 3];
        for pixel in pixels.as_chunks::<3>().0 {
            for (sum, value) in sum.iter_mut().zip(pixel) {
                *sum += u64::from(*value);
            }
        }
    }
    sum.map(|sum| (sum / count) as u8)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn png(width: u32, height: u32, rgb: [u8; 3]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        let pixels = rgb.repeat((width * height) as usize);
        writer.write_image_data(&pixels).unwrap();
        writer.finish().unwrap();
        bytes
    }

    fn folder(files: &[(&str, Vec<u8>)]) -> (tempfile::TempDir, Slides) {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let slides = Slides {
            folder: folder.path().to_owned(),
            each: Duration::from_secs(10),
            size: (160, 90),
        };
        (folder, slides)
    }

    fn names(problems: &Problems) -> Vec<&str> {
        let problems = problems.values();
        problems
            .map(|problem| problem.split(':').next().unwrap())
            .collect()
    }

    #[test]
    fn pictures_follow_each_other_by_name_and_bad_ones_are_told() {
        let (folder, slides) = folder(&[
            ("b.png", png(320, 180, [200, 0, 0])),
            ("a.PNG", png(90, 90, [0, 200, 0])),
            ("c.jpg", b"no picture at all".to_vec()),
            ("notes.txt", b"not looked at".to_vec()),
        ]);
        let mut problems = Problems::new();
        let mut last = None;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let (slide, wrong) = next(&slides, last.as_deref(), problems);
            let (path, picture) = slide.unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            seen.push((name, picture.width(), picture.height(), picture.rgb()[0]));
            (last, problems) = (Some(path), wrong);
        }
        let of = |name: &str, width, height, red| (name.to_owned(), width, height, red);
        let order = [
            of("a.PNG", 90, 90, 0),
            of("b.png", 160, 90, 200),
            of("a.PNG", 90, 90, 0),
        ];
        assert_eq!(seen, order);
        assert_eq!(names(&problems), ["c.jpg"]);
        std::fs::remove_file(folder.path().join("c.jpg")).unwrap();
        let (_, problems) = next(&slides, None, problems);
        assert!(problems.is_empty(), "it is gone");
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_read() {
        let mut header = png(1, 1, [0; 3]);
        header[16..24].copy_from_slice(&[0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
        // The checksum of IHDR, for a picture of 65535 x 65535.
        let crc = crc(&header[12..29]);
        header[29..33].copy_from_slice(&crc.to_be_bytes());
        let (_folder, slides) = folder(&[("huge.png", header)]);
        let (slide, problems) = next(&slides, None, Problems::new());
        assert!(slide.is_none());
        let problem = problems.values().next().unwrap();
        assert!(problem.contains("megapixels"), "{problem}");
    }

    /// As PNG has it (ISO 3309).
    fn crc(bytes: &[u8]) -> u32 {
        let step = |crc: u32, byte: &u8| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
            })
        };
        !bytes.iter().fold(u32::MAX, step)
    }

    #[test]
    fn a_folder_that_is_missing_or_empty_is_told() {
        let (folder, mut slides) = folder(&[]);
        let (_, problems) = next(&slides, None, Problems::new());
        let problem = problems.values().next().unwrap();
        assert!(
            problem.ends_with("there is no PNG or JPEG file"),
            "{problem}"
        );
        slides.folder = folder.path().join("nowhere");
        let (slide, problems) = next(&slides, None, problems);
        assert!(slide.is_none() && problems.len() == 1);
    }
}
