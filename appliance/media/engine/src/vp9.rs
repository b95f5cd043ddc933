//! The little that we read of VP9 ourselves (VP9 Bitstream & Decoding Process Specification 0.6,
//! section 6.2, uncompressed header).

/// What a key frame has in its fourth byte and after (section 7.2: `frame_sync_byte_0` to `_2`).
const SYNC: u32 = 0x49_8342;
/// `CS_RGB`: no subsampling, no range.
const RGB: u32 = 7;

/// Width and height of a key frame's picture; `None` for other frames and for what is no frame.
#[must_use]
pub(crate) fn size(frame: &[u8]) -> Option<(u32, u32)> {
    let mut bits = Bits { frame, at: 0 };
    let marker = bits.take(2)?;
    let profile = bits.take(1)? | bits.take(1)? << 1;
    if profile == 3 {
        bits.take(1)?;
    }
    let (shows_existing, inter) = (bits.take(1)?, bits.take(1)?);
    if marker != 2 || shows_existing == 1 || inter == 1 {
        return None;
    }
    let _shown_and_resilient = bits.take(2)?;
    if bits.take(24)? != SYNC {
        return None;
    }
    if profile >= 2 {
        bits.take(1)?;
    }
    let odd = profile % 2 == 1;
    if bits.take(3)? == RGB {
        bits.take(u32::from(odd))?;
    } else {
        bits.take(if odd { 4 } else { 1 })?;
    }
    Some((bits.take(16)? + 1, bits.take(16)? + 1))
}

/// Most significant bit first.
struct Bits<'a> {
    frame: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.frame.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    /// As Chromium sends a picture of 320x180 pixels.
    const KEY: [u8; 10] = [0x83, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0, 0x0b, 0x38, 0x27];

    #[test]
    fn key_frames_say_their_size() {
        assert_eq!(size(&KEY), Some((320, 180)));
    }

    #[test]
    fn other_frames_and_pieces_say_nothing() {
        for end in 0..9 {
            assert_eq!(size(&KEY[..end]), None, "{end} bytes");
        }
        let mut inter = KEY;
        inter[0] |= 0x04;
        assert_eq!(size(&inter), None);
        let mut other = KEY;
        other[1] = 0;
        assert_eq!(size(&other), None);
        assert_eq!(size(b"\x00\x00\x00\x01\x67\x42\xe0\x1f\x00\x00\x00"), None);
    }
}
