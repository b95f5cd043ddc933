//! The simulated picture and sound as files, for browsers' fake devices (Y4M and WAV).

use std::io::{self, Write};

use crate::{I420Picture, pattern, tone};

/// A Y4M clip.
#[derive(Clone, Copy, Debug)]
pub struct VideoClip {
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Frames a second.
    pub frames_per_second: u32,
    /// Length.
    pub seconds: u32,
    /// Colours and paths.
    pub seed: u64,
}

/// Writes an uncompressed YUV4MPEG2 clip whose frame `n` carries number `n` and its time from the
/// clip's start.
///
/// # Errors
/// What the writer says.
pub fn write_y4m(clip: &VideoClip, out: &mut impl Write) -> io::Result<()> {
    let VideoClip {
        width,
        height,
        frames_per_second,
        seconds,
        seed,
    } = *clip;
    writeln!(
        out,
        "YUV4MPEG2 W{width} H{height} F{frames_per_second}:1 Ip A1:1 C420jpeg"
    )?;
    let mut picture = I420Picture::new(width, height);
    for frame in 0..frames_per_second * seconds {
        let time_ms = frame * 1_000 / frames_per_second;
        pattern::draw(
            pattern::Code { frame, time_ms },
            seed,
            &mut picture.as_mut(),
        );
        out.write_all(b"FRAME\n")?;
        out.write_all(picture.data())?;
    }
    out.flush()
}

/// Writes the tone as 16 bit mono WAV at 48 kHz.
///
/// # Errors
/// What the writer says; [`io::ErrorKind::InvalidInput`] when it is longer than a WAV file can be.
pub fn write_wav(seconds: u32, seed: u64, out: &mut impl Write) -> io::Result<()> {
    let bytes = seconds
        .checked_mul(2 * tone::SAMPLE_RATE)
        .filter(|bytes| *bytes < u32::MAX - 36)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "more than 4 GiB of sound"))?;
    out.write_all(b"RIFF")?;
    out.write_all(&(36 + bytes).to_le_bytes())?;
    out.write_all(b"WAVEfmt ")?;
    out.write_all(&16_u32.to_le_bytes())?;
    out.write_all(&[1, 0, 1, 0])?; // PCM, one channel
    out.write_all(&tone::SAMPLE_RATE.to_le_bytes())?;
    out.write_all(&(2 * tone::SAMPLE_RATE).to_le_bytes())?;
    out.write_all(&[2, 0, 16, 0])?; // bytes a frame, bits a sample
    out.write_all(b"data")?;
    out.write_all(&bytes.to_le_bytes())?;
    let mut second = vec![0_i16; tone::SAMPLE_RATE as usize];
    for number in 0..u64::from(seconds) {
        tone::generate(number * u64::from(tone::SAMPLE_RATE), seed, &mut second);
        let bytes: Vec<u8> = second
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        out.write_all(&bytes)?;
    }
    out.flush()
}
