//! Pictures that the daemon draws for the television, on their way to the engine.
//!
//! On the picture socket each is its width and height, four bytes each, big-endian, and its planes.

/// Width or height of the largest one.
const MOST: u32 = 7680;

/// A picture in I420 of BT.709 in studio range: luma, then blue and red difference of half the size in both directions,
/// all row by row without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StillPicture {
    width: u32,
    height: u32,
    planes: Vec<u8>,
}

/// Why there is no such picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a picture of {width}x{height} is none: sides are even, from 2 to {MOST} pixels, and bytes as many as they need"
)]
pub struct StillError {
    width: u32,
    height: u32,
}

impl StillPicture {
    /// Bytes of the header on the wire.
    pub const HEADER: usize = 8;

    /// A picture of these planes.
    ///
    /// # Errors
    /// When a side is odd, zero or too long, or the planes have another size.
    pub fn new(width: u32, height: u32, planes: Vec<u8>) -> Result<Self, StillError> {
        let fits = |side: u32| side.is_multiple_of(2) && (2..=MOST).contains(&side);
        let error = StillError { width, height };
        if !fits(width) || !fits(height) || planes.len() != bytes(width, height) {
            return Err(error);
        }
        Ok(Self {
            width,
            height,
            planes,
        })
    }

    /// From red, green and blue of each pixel; an odd last column or row is left out.
    ///
    /// # Errors
    /// When it is smaller than two pixels or too large, or there are too few bytes.
    pub fn from_rgb(width: u32, height: u32, rgb: &[u8]) -> Result<Self, StillError> {
        let error = StillError { width, height };
        let stride = width as usize * 3;
        let (width, height) = (width & !1, height & !1);
        if width == 0 || height == 0 || width > MOST || height > MOST {
            return Err(error);
        }
        let rows: Vec<&[u8]> = rgb.chunks_exact(stride).take(height as usize).collect();
        if rows.len() != height as usize {
            return Err(error);
        }
        let used = width as usize * 3;
        let mut planes = Vec::with_capacity(bytes(width, height));
        for row in &rows {
            planes.extend(row[..used].as_chunks::<3>().0.iter().map(luma));
        }
        let difference = |of: fn([i32; 3]) -> u8, planes: &mut Vec<u8>| {
            for pair in rows.as_chunks::<2>().0 {
                let [above, below] = pair.map(|row| row[..used].as_chunks::<6>().0);
                planes.extend(above.iter().zip(below).map(|(a, b)| of(sum(a, b))));
            }
        };
        difference(blue, &mut planes);
        difference(red, &mut planes);
        Self::new(width, height, planes)
    }

    /// Pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All planes.
    #[must_use]
    pub fn planes(&self) -> &[u8] {
        &self.planes
    }

    /// What goes before the planes on the wire.
    #[must_use]
    pub fn header(&self) -> [u8; Self::HEADER] {
        let number = u64::from(self.width) << 32 | u64::from(self.height);
        number.to_be_bytes()
    }

    /// Width, height and the bytes that follow a header.
    ///
    /// # Errors
    /// When there is no such picture.
    pub fn announced(header: [u8; Self::HEADER]) -> Result<(u32, u32, usize), StillError> {
        let [a, b, c, d, e, f, g, h] = header;
        let [width, height] = [[a, b, c, d], [e, f, g, h]].map(u32::from_be_bytes);
        let fits = |side: u32| side.is_multiple_of(2) && (2..=MOST).contains(&side);
        if !fits(width) || !fits(height) {
            return Err(StillError { width, height });
        }
        Ok((width, height, bytes(width, height)))
    }
}

fn bytes(width: u32, height: u32) -> usize {
    width as usize * height as usize * 3 / 2
}

/// ITU-R BT.709, in thousandths of 219 and 224 steps.
fn luma([r, g, b]: &[u8; 3]) -> u8 {
    let [r, g, b] = [*r, *g, *b].map(i32::from);
    clamp(16_000 + (183 * r + 614 * g + 62 * b))
}

/// Of four pixels.
fn sum(above: &[u8; 6], below: &[u8; 6]) -> [i32; 3] {
    [0, 1, 2].map(|c| {
        [above[c], above[c + 3], below[c], below[c + 3]]
            .map(i32::from)
            .iter()
            .sum()
    })
}

fn blue([r, g, b]: [i32; 3]) -> u8 {
    clamp(128_000 + (-101 * r - 338 * g + 439 * b) / 4)
}

fn red([r, g, b]: [i32; 3]) -> u8 {
    clamp(128_000 + (439 * r - 399 * g - 40 * b) / 4)
}

fn clamp(thousandths: i32) -> u8 {
    ((thousandths + 500) / 1_000).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_televisions() {
        let flat = |rgb: [u8; 3]| {
            let picture = StillPicture::from_rgb(3, 2, &rgb.repeat(6)).unwrap();
            assert_eq!(
                (picture.width(), picture.height()),
                (2, 2),
                "an odd column goes"
            );
            [
                picture.planes()[0],
                picture.planes()[4],
                picture.planes()[5],
            ]
        };
        assert_eq!(flat([0; 3]), [16, 128, 128]);
        assert_eq!(flat([255; 3]), [235, 128, 128]);
        // ITU-R BT.709, 100 % primaries.
        let near = |found: [u8; 3], wanted: [u8; 3]| {
            let off = found.iter().zip(wanted).map(|(a, b)| a.abs_diff(b)).max();
            assert!(off <= Some(1), "{found:?}, not {wanted:?}");
        };
        near(flat([255, 0, 0]), [63, 102, 240]);
        near(flat([0, 255, 0]), [173, 42, 26]);
        near(flat([0, 0, 255]), [32, 240, 118]);
    }

    #[test]
    fn what_is_said_before_a_picture_is_what_comes() {
        let picture = StillPicture::from_rgb(4, 2, &[200; 24]).unwrap();
        let announced = StillPicture::announced(picture.header()).unwrap();
        assert_eq!(announced, (4, 2, picture.planes().len()));
    }

    #[test]
    fn impossible_pictures_are_refused() {
        for (width, height) in [(0, 2), (3, 2), (2, 7682), (u32::MAX, u32::MAX)] {
            let number = u64::from(width) << 32 | u64::from(height);
            assert!(
                StillPicture::announced(number.to_be_bytes()).is_err(),
                "{width}x{height}"
            );
        }
        assert!(StillPicture::from_rgb(4, 2, &[0; 23]).is_err(), "too few");
        assert!(StillPicture::new(4, 2, vec![0; 13]).is_err(), "too many");
    }
}
