//! What the bridge reads in and writes into video payloads: key frames, their size, and the running numbers of VP8.

/// Payload types of the offer, as every installation has them.
pub(crate) const OPUS: u8 = 111;
pub(crate) const VP8: u8 = 100;
pub(crate) const VP9: u8 = 101;
pub(crate) const H264: u8 = 107;
pub(crate) const AV1: u8 = 41;
/// Telephone tones (RFC 4733) at 8,000 ticks a second.
pub(crate) const TONES: u8 = 126;

/// What a telephone would understand of a participant's tones.
#[derive(Debug, Default)]
pub(crate) struct Telephone {
    /// The last tone that ended, by its time.
    ended: Option<u32>,
    /// All keys, in order.
    pub(crate) keys: String,
}

impl Telephone {
    /// Takes a report in.
    pub(crate) fn hear(&mut self, time: u32, payload: &[u8]) {
        let [event, flags, high, low] = *payload else {
            return;
        };
        let long_enough = u16::from_be_bytes([high, low]) >= 40 * 8;
        if flags & 0x80 == 0 || !long_enough || self.ended == Some(time) {
            return;
        }
        self.ended = Some(time);
        self.keys
            .extend("0123456789*#ABCD".chars().nth(event.into()));
    }
}

/// The running numbers of a VP8 payload descriptor (RFC 7741, 4.2) and where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// 15 bits; offset of its two bytes.
    pub(crate) picture: Option<(u16, usize)>,
    /// The number of the frame of the lowest temporal layer; offset of its byte.
    pub(crate) base: Option<(u8, usize)>,
    /// Where the payload begins.
    header: usize,
    /// The first packet of a frame.
    first: bool,
}

impl Numbers {
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let flags = *payload.first()?;
        let mut numbers = Self {
            picture: None,
            base: None,
            header: 1,
            first: flags & 0x10 != 0 && flags & 0x07 == 0,
        };
        if flags & 0x80 == 0 {
            return Some(numbers);
        }
        let extensions = *payload.get(1)?;
        let mut at = 2;
        if extensions & 0x80 != 0 {
            let high = *payload.get(at)?;
            if high & 0x80 != 0 {
                let picture = u16::from(high & 0x7f) << 8 | u16::from(*payload.get(at + 1)?);
                numbers.picture = Some((picture, at));
                at += 1;
            }
            at += 1;
        }
        if extensions & 0x40 != 0 {
            numbers.base = Some((*payload.get(at)?, at));
            at += 1;
        }
        if extensions & 0x30 != 0 {
            at += 1;
        }
        numbers.header = at;
        Some(numbers)
    }

    /// Writes other numbers over those that are there.
    pub(crate) fn write(&self, payload: &mut [u8], picture: u16, base: u8) {
        if let Some((_, at)) = self.picture {
            payload[at..at + 2].copy_from_slice(&(picture & 0x7fff | 0x8000).to_be_bytes());
        }
        if let Some((_, at)) = self.base {
            payload[at] = base;
        }
    }
}

/// Whether a key frame begins with this packet, and how high it is where the payload says so.
pub(crate) fn key_frame(payload_type: u8, payload: &[u8]) -> Option<Option<u32>> {
    match payload_type {
        VP8 => vp8_key_frame(payload).map(Some),
        VP9 => {
            let flags = *payload.first()?;
            // Not predicted from another picture, and the first packet of its frame.
            (flags & 0x40 == 0 && flags & 0x08 != 0).then_some(None)
        }
        H264 => {
            let kind = payload.first()? & 0x1f;
            let inner = payload.get(if kind == 24 { 3 } else { 1 })? & 0x1f;
            (matches!(kind, 5 | 7) || matches!(kind, 24 | 28) && matches!(inner, 5 | 7))
                .then_some(None)
        }
        // The bit N of the aggregation header: a new coded video sequence.
        AV1 => (payload.first()? & 0x08 != 0).then_some(None),
        _ => None,
    }
}

/// RFC 6386, 9.1: the height in a key frame's header.
fn vp8_key_frame(payload: &[u8]) -> Option<u32> {
    let numbers = Numbers::read(payload)?;
    let frame = payload.get(numbers.header..)?;
    let is_key = numbers.first && frame.first()? & 1 == 0 && frame.get(3..6)? == [0x9d, 0x01, 0x2a];
    let height = u16::from_le_bytes([*frame.get(8)?, *frame.get(9)?]) & 0x3fff;
    is_key.then_some(u32::from(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 16] = [
        0x90, 0xe0, 0x81, 0x02, 0x07, 0x00, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01,
    ];

    #[test]
    fn a_vp8_key_frame_says_its_height() {
        assert_eq!(key_frame(VP8, &KEY), Some(Some(360)));
        let mut delta = KEY;
        delta[6] |= 1;
        assert_eq!(key_frame(VP8, &delta), None);
    }

    #[test]
    fn numbers_are_read_and_written_in_place() {
        let numbers = Numbers::read(&KEY).unwrap();
        assert_eq!(numbers.picture, Some((0x0102, 2)));
        assert_eq!(numbers.base, Some((7, 4)));
        let mut other = KEY;
        numbers.write(&mut other, 0x7fff, 9);
        let again = Numbers::read(&other).unwrap();
        assert_eq!(again.picture, Some((0x7fff, 2)));
        assert_eq!(again.base, Some((9, 4)));
        assert_eq!(other[5..], KEY[5..]);
    }

    #[test]
    fn a_key_counts_once_when_its_tone_has_ended() {
        let mut telephone = Telephone::default();
        for (time, payload) in [
            (7, [1, 10, 3, 32]),
            (7, [1, 0x8a, 6, 64]),
            (7, [1, 0x8a, 6, 64]),
            (9, [11, 0x8a, 0, 8]),
            (12, [1, 0x8a, 6, 64]),
            (20, [10, 0x8a, 6, 64]),
        ] {
            telephone.hear(time, &payload);
        }
        telephone.hear(30, &[5, 0x8a]);
        assert_eq!(telephone.keys, "11*");
    }

    #[test]
    fn cut_payloads_have_no_numbers() {
        for length in 0..5 {
            assert_eq!(Numbers::read(&KEY[..length]), None, "{length} bytes");
        }
    }
}
