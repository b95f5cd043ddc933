//! Codes that another device's camera reads (QR codes, ISO/IEC 18004).

use std::sync::Arc;

use embedded_graphics::{
    pixelcolor::Rgb888,
    prelude::{DrawTarget, Point, RgbColor, Size},
    primitives::Rectangle,
};
use qrcode::{Color, EcLevel, Version, bits::Bits};

use crate::picture::Picture;

/// What readers tell from each other best, whatever the theme.
const DARK: Rgb888 = Rgb888::BLACK;
/// As [`DARK`].
pub(crate) const LIGHT: Rgb888 = Rgb888::WHITE;
/// Modules that stay light around a code (ISO/IEC 18004, "quiet zone").
const QUIET: u32 = 4;
/// A seventh of the code may be covered by a reflection.
const LEVEL: EcLevel = EcLevel::M;
/// The largest version there is.
const VERSIONS: i16 = 40;

/// A code: a square of dark and light modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QrCode {
    /// Modules from edge to edge without the quiet zone.
    across: usize,
    /// Row by row.
    dark: Vec<bool>,
}

impl QrCode {
    /// The smallest code for these bytes; `None` when there is none (more than 2,331 bytes).
    ///
    /// All bytes are one segment of plain bytes: readers take what begins with a segment of letters
    /// for text and spoil the rest of it.
    pub(crate) fn of(data: &[u8]) -> Option<Arc<Self>> {
        let bits = (1..=VERSIONS).find_map(|version| {
            let mut bits = Bits::new(Version::Normal(version));
            bits.push_byte_data(data).ok()?;
            bits.push_terminator(LEVEL).ok()?;
            Some(bits)
        })?;
        let code = qrcode::QrCode::with_bits(bits, LEVEL).ok()?;
        let across = code.width();
        let colours = code.into_colors().into_iter();
        let dark = colours.map(|colour| colour == Color::Dark).collect();
        Some(Arc::new(Self { across, dark }))
    }

    /// Pixels of a module when the whole code, with its quiet zone, takes at most `side` pixels.
    /// Modules of whole pixels only: blurred edges are hard to read.
    pub(crate) fn module(&self, side: f32) -> u32 {
        ((side.max(0.0) as u32) / self.modules()).max(1)
    }

    /// Pixels from edge to edge.
    pub(crate) fn side(&self, module: u32) -> u32 {
        self.modules() * module
    }

    fn modules(&self) -> u32 {
        u32::try_from(self.across).unwrap_or(u32::MAX / 2) + 2 * QUIET
    }

    /// Draws what is dark on ground that is light already.
    pub(crate) fn draw(&self, picture: &mut Picture, corner: Point, module: u32) {
        for (y, row) in (QUIET..).zip(self.dark.chunks(self.across)) {
            for (x, _) in (QUIET..).zip(row).filter(|(_, dark)| **dark) {
                let at = |module_at: u32| i32::try_from(module_at * module).unwrap_or(i32::MAX);
                let at = corner + Point::new(at(x), at(y));
                let Ok(()) = picture.fill_solid(&Rectangle::new(at, Size::new_equal(module)), DARK);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a picture as a camera would.
    fn read(picture: &Picture) -> Vec<u8> {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let grey = |x, y| picture.rgb()[(y * width + x) * 3];
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
        let codes = image.detect_grids();
        assert_eq!(codes.len(), 1, "codes in the picture");
        let mut read = Vec::new();
        codes[0].decode_to(&mut read).unwrap();
        read
    }

    fn drawn(code: &QrCode, side: f32) -> Picture {
        let module = code.module(side);
        let mut picture = Picture::new(code.side(module), code.side(module));
        let all = Rectangle::new(Point::zero(), Size::new(picture.width(), picture.height()));
        let Ok(()) = picture.fill_solid(&all, LIGHT);
        code.draw(&mut picture, Point::zero(), module);
        picture
    }

    #[test]
    fn all_bytes_are_read_as_they_were_given() {
        for length in [1, 120, 600] {
            let data: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            let data = [&b"MATRIX"[..], &data].concat();
            let code = QrCode::of(&data).unwrap();
            assert_eq!(read(&drawn(&code, 560.0)), data, "{length} bytes");
        }
    }

    #[test]
    fn a_code_has_its_quiet_zone_and_is_no_larger_than_it_may_be() {
        let code = QrCode::of(b"anything").unwrap();
        let picture = drawn(&code, 300.0);
        assert!(picture.width() <= 300);
        let quiet = 4 * code.module(300.0);
        let row = picture.width() as usize * 3;
        let above = row * quiet as usize;
        assert!(picture.rgb()[..above].iter().all(|byte| *byte == 255));
        assert!(
            picture.rgb()[above..above + row].contains(&0),
            "the code begins below it"
        );
    }

    #[test]
    fn what_no_code_holds_is_none() {
        assert!(QrCode::of(&[0; 2_331]).is_some());
        assert!(QrCode::of(&[0; 2_332]).is_none());
    }
}
