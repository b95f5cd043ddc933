//! Pictures of displays and of the panel, and how they differ.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Three bytes a pixel (red, green, blue), rows from the top.
    pub rgb: Vec<u8>,
}

impl Pixels {
    /// `P6 WIDTH HEIGHT 255`, then three bytes a pixel.
    pub(crate) fn of_ppm(file: &[u8]) -> Option<Self> {
        let mut words = file.splitn(4, |byte| byte.is_ascii_whitespace());
        let (magic, width, height, rest) =
            (words.next()?, words.next()?, words.next()?, words.next()?);
        let (most, rgb) = rest.split_at_checked(rest.iter().position(u8::is_ascii_whitespace)?)?;
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<u32>().ok();
        let (width, height) = (number(width)?, number(height)?);
        let rgb = rgb.get(1..)?.to_vec();
        let whole = rgb.len() == width as usize * height as usize * 3;
        (magic == b"P6" && most == b"255" && whole).then_some(Self { width, height, rgb })
    }

    /// A PNG without transparency, as the panel's picture is.
    pub(crate) fn of_png(file: &[u8]) -> Result<Self> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
        let mut reader = decoder.read_info()?;
        let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
        let info = reader.next_frame(&mut pixels)?;
        let rgb: Vec<u8> = match info.color_type {
            png::ColorType::Rgb => pixels,
            png::ColorType::Rgba => pixels
                .chunks_exact(4)
                .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
                .collect(),
            other => bail!("a picture in {other:?}"),
        };
        Ok(Self {
            width: info.width,
            height: info.height,
            rgb,
        })
    }

    /// How many pixels are another colour than there; all, if the sizes differ.
    #[must_use]
    pub fn differing(&self, other: &Self) -> usize {
        if (self.width, self.height) != (other.width, other.height) {
            return self.rgb.len() / 3;
        }
        let pairs = self.rgb.chunks_exact(3).zip(other.rgb.chunks_exact(3));
        pairs.filter(|(one, two)| one != two).count()
    }

    /// How many colours are in it.
    #[must_use]
    pub fn colours(&self) -> usize {
        let colours: BTreeSet<&[u8]> = self.rgb.chunks_exact(3).collect();
        colours.len()
    }

    /// How many lines of text a console shows: grey or white on black, and its lower half is black. 0 for anything else, as the panel
    /// is.
    #[must_use]
    pub fn console_lines(&self) -> usize {
        let mut pixels = self.rgb.chunks_exact(3);
        let is_grey = pixels.all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]);
        let rows = self.rgb.chunks_exact(self.width as usize * 3);
        let written: Vec<bool> = rows.map(|row| row.iter().any(|&part| part != 0)).collect();
        if !is_grey || written[written.len() / 2..].contains(&true) {
            return 0;
        }
        // From a black row to one that is not.
        let begins = written.windows(2).filter(|pair| !pair[0] && pair[1]);
        begins.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_read_and_compared() {
        let file = b"P6\n2 1\n255\n\xff\xff\xff\x00\x00\x00";
        let one = Pixels::of_ppm(file).unwrap();
        assert_eq!((one.width, one.height), (2, 1));
        let mut two = one.clone();
        assert_eq!(one.differing(&two), 0);
        two.rgb[5] = 1;
        assert_eq!(one.differing(&two), 1);
        two.width = 1;
        assert_eq!(one.differing(&two), 2);
    }

    #[test]
    fn a_console_is_told_from_a_panel() {
        let picture = |rows: &[u8]| Pixels {
            width: 1,
            height: u32::try_from(rows.len()).unwrap(),
            rgb: rows
                .iter()
                .flat_map(|&row| [row, row, row & 0xf0])
                .collect(),
        };
        assert_eq!(
            picture(&[0, 160, 160, 0, 160, 0, 0, 0, 0, 0]).console_lines(),
            2
        );
        assert_eq!(picture(&[0, 0, 0, 0]).console_lines(), 0, "nothing");
        assert_eq!(picture(&[0, 169, 0, 0]).console_lines(), 0, "a colour");
        assert_eq!(picture(&[9, 16, 0, 16]).console_lines(), 0, "a background");
    }

    #[test]
    fn png_is_read() {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 1, 1);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[1, 2, 3]).unwrap();
        writer.finish().unwrap();
        assert_eq!(Pixels::of_png(&file).unwrap().rgb, [1, 2, 3]);
    }
}
