//! The pixels of a desktop by Xvfb, read from the file in which it keeps them (`-fbdir`): what is there has been drawn.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use saal_hal_sim::{Luma, pattern};
use serde::Deserialize;

use crate::error::{Error, Result};

/// Rows of the grid in which pictures carry their code (`saal_hal_sim::pattern`): one line of pixels of each is enough.
const ROWS: u32 = 15;
/// The first rows of the grid, among which the code is.
const READ: u32 = 6;
/// Four bytes each: blue, green, red, nothing.
const PIXEL: usize = 4;

/// A part of a screen, in pixels from its left upper corner; of a picture that is cut off, it may reach beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
}

/// What a desktop shows.
#[derive(Debug)]
pub struct Screen {
    file: File,
    /// Where the first pixel is.
    begins: u64,
    /// Bytes of a line.
    stride: u64,
    width: u32,
    height: u32,
}

impl Screen {
    /// Reads the header (XWDFile.h, version 7: big-endian words).
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::file("open", path))?;
        let mut header = [0; 100];
        file.read_exact_at(&mut header, 0)
            .map_err(Error::file("read", path))?;
        let words = header.as_chunks::<4>().0;
        let word = |index: usize| u32::from_be_bytes(words[index]);
        let (size, version, bits, colours) = (word(0), word(1), word(11), word(19));
        if (version, bits) != (7, 32) {
            return Err(Error::Answer {
                what: path.display().to_string(),
                answer: format!("version {version} with {bits} bits a pixel"),
            });
        }
        Ok(Self {
            file,
            begins: u64::from(size) + 12 * u64::from(colours),
            stride: word(12).into(),
            width: word(4),
            height: word(5),
        })
    }

    /// Pixels across and down.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The code of the picture that is shown in this place now; `None` where there is none, or one that is being drawn.
    #[must_use]
    pub fn code(&self, place: Place) -> Option<pattern::Code> {
        let (width, left) = (place.width as usize, u32::try_from(place.x).ok()?);
        if left + place.width > self.width {
            return None;
        }
        let mut plane = vec![0; width * ROWS as usize];
        let mut line = vec![0; width * PIXEL];
        for row in 0..READ {
            // The middle of the row.
            let down = (2 * row + 1) * place.height / (2 * ROWS);
            let y = place.y.checked_add_unsigned(down)?;
            // What lies above the screen carries no code.
            let Ok(y) = u32::try_from(y) else { continue };
            if y >= self.height {
                return None;
            }
            let at = self.begins + u64::from(y) * self.stride + u64::from(left) * PIXEL as u64;
            self.file.read_exact_at(&mut line, at).ok()?;
            let row = &mut plane[row as usize * width..][..width];
            for (luma, pixel) in row.iter_mut().zip(line.as_chunks::<PIXEL>().0) {
                let [blue, green, red, _] = pixel.map(u32::from);
                *luma = ((299 * red + 587 * green + 114 * blue) / 1_000) as u8;
            }
        }
        pattern::read(&Luma {
            data: &plane,
            stride: width,
            width: place.width,
            height: ROWS,
        })
    }
}
