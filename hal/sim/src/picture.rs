//! Pictures in memory: planar 4:2:0, and the luma plane alone for reading.

/// A picture that owns its planes, rows without padding, chroma rounded up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct I420Picture {
    width: u32,
    height: u32,
    data: Vec<u8>,
}

impl I420Picture {
    /// A black picture.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        let luma = (width * height) as usize;
        let chroma = 2 * (width.div_ceil(2) * height.div_ceil(2)) as usize;
        let mut data = vec![16; luma + chroma];
        data[luma..].fill(128);
        Self {
            width,
            height,
            data,
        }
    }

    /// All three planes one after the other: Y, U, V.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The picture for drawing.
    pub fn as_mut(&mut self) -> PictureMut<'_> {
        let (width, height) = (self.width, self.height);
        let chroma_stride = width.div_ceil(2) as usize;
        let (y, rest) = self.data.split_at_mut((width * height) as usize);
        let (u, v) = rest.split_at_mut(chroma_stride * height.div_ceil(2) as usize);
        PictureMut {
            width,
            height,
            y,
            u,
            v,
            y_stride: width as usize,
            chroma_stride,
        }
    }

    /// The picture as webcams send it uncompressed (YUY2): luma by pixel, and between it by turns both chroma samples of two
    /// pixels side by side; each row of chroma stands for two.
    #[must_use]
    pub fn to_yuy2(&self) -> Vec<u8> {
        let (width, height) = (self.width as usize, self.height as usize);
        let chroma_width = width.div_ceil(2);
        let (luma, chroma) = self.data.split_at(width * height);
        let (u, v) = chroma.split_at(chroma.len() / 2);
        let mut out = Vec::with_capacity(2 * width * height);
        for (row, pixels) in luma.chunks_exact(width).enumerate() {
            let beside = row / 2 * chroma_width;
            for (column, pair) in pixels.chunks(2).enumerate() {
                let second = *pair.last().unwrap_or(&0);
                out.extend([pair[0], u[beside + column], second, v[beside + column]]);
            }
        }
        out
    }

    /// The luma plane for reading.
    #[must_use]
    pub fn luma(&self) -> Luma<'_> {
        Luma {
            data: &self.data,
            stride: self.width as usize,
            width: self.width,
            height: self.height,
        }
    }
}

/// Planes of somebody else's I420 picture, such as a GStreamer buffer, to draw into.
#[derive(Debug)]
pub struct PictureMut<'a> {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Luma.
    pub y: &'a mut [u8],
    /// Blue difference, half the size in both directions.
    pub u: &'a mut [u8],
    /// Red difference, half the size in both directions.
    pub v: &'a mut [u8],
    /// Bytes from a luma row to the next.
    pub y_stride: usize,
    /// Bytes from a chroma row to the next.
    pub chroma_stride: usize,
}

/// A luma plane, or a rectangle of one.
#[derive(Clone, Copy, Debug)]
pub struct Luma<'a> {
    /// Starts at the top left pixel.
    pub data: &'a [u8],
    /// Bytes from a row to the next.
    pub stride: usize,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl<'a> Luma<'a> {
    /// The part inside a rectangle, such as a tile without its letter box; `None` when it is not
    /// wholly inside.
    #[must_use]
    pub fn part(&self, x: u32, y: u32, width: u32, height: u32) -> Option<Luma<'a>> {
        let inside = x.checked_add(width)? <= self.width && y.checked_add(height)? <= self.height;
        let start = y as usize * self.stride + x as usize;
        let data = self.data.get(start..).filter(|_| inside)?;
        Some(Luma {
            data,
            stride: self.stride,
            width,
            height,
        })
    }

    /// Mean of a rectangle of whole pixels, at least one; pixels outside count as black.
    pub(crate) fn mean(&self, x: (u32, u32), y: (u32, u32)) -> u32 {
        let mut sum = 0;
        for row in y.0..y.1 {
            let start = row as usize * self.stride;
            let pixels = start + x.0 as usize..start + x.1 as usize;
            sum += self
                .data
                .get(pixels)
                .map_or(0, |p| p.iter().map(|&v| u32::from(v)).sum());
        }
        sum / ((x.1 - x.0) * (y.1 - y.0)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::I420Picture;

    #[test]
    fn a_webcam_sends_luma_by_pixel_and_chroma_by_pairs() {
        let mut picture = I420Picture::new(4, 2);
        let planes = picture.as_mut();
        planes.y.copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
        planes.u.copy_from_slice(&[10, 11]);
        planes.v.copy_from_slice(&[20, 21]);
        let [first, second] = [[1, 10, 2, 20, 3, 11, 4, 21], [5, 10, 6, 20, 7, 11, 8, 21]];
        assert_eq!(picture.to_yuy2(), [first, second].concat());
    }
}
