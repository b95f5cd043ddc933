//! The little that we read of VP8 ourselves (RFC 6386, section 9.1).

/// Width and height of a key frame's picture; `None` for other frames.
#[must_use]
pub(crate) fn size(frame: &[u8]) -> Option<(u16, u16)> {
    let [first, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1, ..] = *frame else {
        return None;
    };
    // Bit 0 is clear in key frames; the upper two bits of each size are a scaling hint.
    let size = |bytes| u16::from_le_bytes(bytes) & 0x3FFF;
    (first & 1 == 0).then_some((size([w0, w1]), size([h0, h1])))
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn key_frames_say_their_size() {
        assert_eq!(
            size(&[0x10, 0, 0, 0x9d, 0x01, 0x2a, 0, 5, 0xd0, 0x42, 9]),
            Some((1280, 720))
        );
        assert_eq!(
            size(&[0x11, 0, 0, 0x9d, 0x01, 0x2a, 0, 5, 0xd0, 0x42, 9]),
            None
        );
        assert_eq!(size(&[0x10, 0, 0]), None);
        assert_eq!(size(&[]), None);
    }
}
