//! What pictures and sounds say about themselves: the codes of `saal_hal_sim` read back.

use std::time::SystemTime;

use saal_hal_sim::{Luma, pattern, tone};

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::farend::{Picture, Sound};

impl Picture {
    /// Reads a JPEG.
    #[must_use]
    pub fn from_jpeg(jpeg: &[u8]) -> Option<Self> {
        let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::Luma);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
        let plane = decoder.decode().ok()?;
        let (width, height) = decoder.dimensions()?;
        let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Some(Self {
            stream: String::new(),
            width,
            height,
            at_ms: now.as_secs_f64() * 1e3,
            plane,
        })
    }

    /// The code in the picture; `None` when it shows something else.
    #[must_use]
    pub fn code(&self) -> Option<pattern::Code> {
        pattern::read(&self.luma())
    }

    /// The code in a part of the picture, such as one tile of the television.
    #[must_use]
    pub fn code_in(&self, x: u32, y: u32, width: u32, height: u32) -> Option<pattern::Code> {
        pattern::read(&self.luma().part(x, y, width, height)?)
    }

    /// Mean brightness, 0 to 255.
    #[must_use]
    pub fn brightness(&self) -> f64 {
        let sum: u64 = self.plane.iter().map(|&luma| u64::from(luma)).sum();
        sum as f64 / self.plane.len().max(1) as f64
    }

    /// Mean brightness of a part of the picture; `None` when it is not wholly inside.
    #[must_use]
    pub fn brightness_in(&self, x: u32, y: u32, width: u32, height: u32) -> Option<f64> {
        let part = self.luma().part(x, y, width, height)?;
        let rows = part.data.chunks(part.stride).take(height as usize);
        let pixels = rows.flat_map(|row| &row[..width as usize]);
        let sum: u64 = pixels.map(|&luma| u64::from(luma)).sum();
        Some(sum as f64 / f64::from((width * height).max(1)))
    }

    fn luma(&self) -> Luma<'_> {
        Luma {
            data: &self.plane,
            stride: self.width as usize,
            width: self.width,
            height: self.height,
        }
    }
}

impl Sound {
    /// The code in the sound: two seconds hold one.
    #[must_use]
    pub fn code(&self) -> Option<tone::Reading> {
        if self.sample_rate != tone::SAMPLE_RATE {
            return None;
        }
        let samples: Vec<i16> = self
            .samples
            .iter()
            .map(|sample| (sample * 32767.0) as i16)
            .collect();
        tone::read(&samples)
    }

    /// Root mean square, 0 to 1.
    #[must_use]
    pub fn level(&self) -> f32 {
        let energy: f32 = self.samples.iter().map(|sample| sample * sample).sum();
        (energy / self.samples.len().max(1) as f32).sqrt()
    }
}
