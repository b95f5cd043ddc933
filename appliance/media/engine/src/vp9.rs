//! The little that we read of VP9 ourselves (VP9 Bitstream & Decoding Process Specification 0.6,
//! section 6.2, uncompressed header; annex B, superframes).

/// What a key frame has in its fourth byte and after (section 7.2: `frame_sync_byte_0` to `_2`).
const SYNC: u32 = 0x49_8342;
/// `CS_RGB`: no subsampling, no range.
const RGB: u32 = 7;

/// The largest width and height that frames which came together claim: of spatial layers, which end at `layers`, or of
/// those that an index at their end tells apart (annex B). `None` where none says its size.
#[must_use]
pub(crate) fn largest(data: &[u8], layers: &[usize]) -> Option<(u32, u32)> {
    let starts = std::iter::once(0).chain(layers.iter().copied());
    let frames = starts
        .chain(indexed(data))
        .filter_map(|start| data.get(start..));
    let pixels = |(width, height): &(u32, u32)| u64::from(*width) * u64::from(*height);
    frames.filter_map(size).max_by_key(pixels)
}

/// Where frames begin, by the index at their end.
fn indexed(data: &[u8]) -> Vec<usize> {
    let Some(marker) = data.last().filter(|last| *last & 0xE0 == 0xC0) else {
        return Vec::new();
    };
    let (frames, bytes) = (
        usize::from(marker & 7) + 1,
        usize::from(marker >> 3 & 3) + 1,
    );
    let length = 2 + frames * bytes;
    let index = data.len().checked_sub(length).map(|start| &data[start..]);
    let Some(index) = index.filter(|index| index[0] == *marker) else {
        return Vec::new();
    };
    let sizes = index[1..length - 1].chunks(bytes);
    let sizes = sizes.map(|size| {
        size.iter()
            .rev()
            .fold(0, |all, byte| all << 8 | usize::from(*byte))
    });
    let ends = sizes.scan(0_usize, |end, size| {
        *end = end.saturating_add(size);
        Some(*end)
    });
    ends.collect()
}

/// Width and height that a frame says of itself: every key frame, and others that are of another size than those before; `None`
/// for what is no frame.
fn size(frame: &[u8]) -> Option<(u32, u32)> {
    let mut bits = Bits { frame, at: 0 };
    let marker = bits.take(2)?;
    let profile = bits.take(1)? | bits.take(1)? << 1;
    if profile == 3 {
        bits.take(1)?;
    }
    let (shows_existing, inter) = (bits.take(1)?, bits.take(1)?);
    if marker != 2 || shows_existing == 1 {
        return None;
    }
    let (shown, resilient) = (bits.take(1)?, bits.take(1)?);
    if inter == 1 {
        let intra_only = shown == 0 && bits.take(1)? == 1;
        // reset_frame_context
        bits.take(if resilient == 1 { 0 } else { 2 })?;
        if !intra_only {
            return size_beside_references(&mut bits);
        }
    }
    if bits.take(24)? != SYNC {
        return None;
    }
    // Others than key frames have no colours of their own in profile 0, and say what they refresh.
    if inter == 0 || profile > 0 {
        skip_colours(&mut bits, profile)?;
    }
    bits.take(if inter == 1 { 8 } else { 0 })?;
    Some((bits.take(16)? + 1, bits.take(16)? + 1))
}

/// `frame_size_with_refs`, after the references; `None` where it is that of a reference.
fn size_beside_references(bits: &mut Bits<'_>) -> Option<(u32, u32)> {
    let _refreshed = bits.take(8)?;
    for _ in 0..3 {
        let _index_and_sign = bits.take(4)?;
    }
    for _ in 0..3 {
        if bits.take(1)? == 1 {
            return None;
        }
    }
    Some((bits.take(16)? + 1, bits.take(16)? + 1))
}

/// `bitdepth_colorspace_sampling`.
fn skip_colours(bits: &mut Bits<'_>, profile: u32) -> Option<()> {
    if profile >= 2 {
        bits.take(1)?;
    }
    let odd = profile % 2 == 1;
    if bits.take(3)? == RGB {
        bits.take(u32::from(odd))?;
    } else {
        bits.take(if odd { 4 } else { 1 })?;
    }
    Some(())
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
    use super::{largest, size};

    /// As Chromium sends a picture of 320x180 pixels.
    const KEY: [u8; 10] = [0x83, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0, 0x0b, 0x38, 0x27];

    #[test]
    fn key_frames_say_their_size() {
        assert_eq!(size(&KEY), Some((320, 180)));
    }

    /// One that builds on others, as bits: a beginning of its own size, and which of three references has its size.
    fn inter(references: &str, size: &str) -> Vec<u8> {
        // Marker, profile 0, shown for the first time, builds on others, shown, not resilient; no reset.
        let bits = format!(
            "10000110{}{}{}{references}{size}",
            "00",
            "00000001",
            "0000".repeat(3)
        );
        let bytes = bits.as_bytes().chunks(8);
        bytes
            .map(|byte| {
                let byte = std::str::from_utf8(byte).expect("digits");
                u8::from_str_radix(&format!("{byte:0<8}"), 2).expect("digits")
            })
            .collect()
    }

    #[test]
    fn others_of_another_size_say_it_too() {
        let enormous = format!("{:016b}{:016b}", 65_535, 36_863);
        assert_eq!(size(&inter("000", &enormous)), Some((65_536, 36_864)));
        for references in ["1", "01", "001"] {
            assert_eq!(size(&inter(references, "0")), None, "as a reference");
        }
    }

    #[test]
    fn the_largest_of_several_counts_however_they_are_told_apart() {
        let large = inter("000", &format!("{:016b}{:016b}", 8_191, 4_095));
        let both = [&KEY[..], &large].concat();
        assert_eq!(
            largest(&both, &[]),
            Some((320, 180)),
            "nobody says where one ends"
        );
        assert_eq!(largest(&both, &[KEY.len()]), Some((8_192, 4_096)));
        let sizes = [KEY.len() as u8, large.len() as u8];
        let index = [&[0xC1][..], &sizes, &[0xC1]].concat();
        let indexed = [&both[..], &index].concat();
        assert_eq!(largest(&indexed, &[]), Some((8_192, 4_096)));
        for end in 0..indexed.len() {
            let _ = largest(&indexed[..end], &[KEY.len()]);
        }
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
