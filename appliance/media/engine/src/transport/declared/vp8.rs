//! VP8 frames as RTP payloads (RFC 7741), with all that a bridge needs to switch between layers:
//! picture id of 15 bits, TL0PICIDX, temporal layer, key frame index.

use crate::transport::Frame;

/// What an RTP payload may have so that the datagram stays within 1,200 bytes, which every way to
/// the other side carries: without RTP header (12), extensions (16), SRTP tag (16), RTX (2).
pub(super) const PAYLOAD: usize = 1_150;
/// Bytes before the bitstream in each payload.
const DESCRIPTOR: usize = 6;
/// The topmost temporal layer of three; nothing builds on it.
const TOPMOST: u8 = 2;

/// Numbers the frames of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packetiser {
    /// 15 bits.
    picture: u16,
    /// TL0PICIDX: counts frames of temporal layer 0.
    base: u8,
    /// KEYIDX: counts key frames, 5 bits.
    key: u8,
}

impl Packetiser {
    /// `first` is the number of the first picture; any will do.
    pub(super) fn new(first: u16) -> Self {
        Self {
            picture: (first & 0x7FFF).wrapping_sub(1),
            base: 0,
            key: 0,
        }
    }

    /// The payloads of the next frame, of even size.
    pub(super) fn payloads(&mut self, frame: &Frame) -> Vec<Vec<u8>> {
        let descriptor = self.next(frame);
        let parts = frame.data.len().div_ceil(PAYLOAD - DESCRIPTOR).max(1);
        let size = frame.data.len().div_ceil(parts).max(1);
        let payload = |(index, part): (usize, &[u8])| {
            let mut payload = descriptor.to_vec();
            // S: a partition starts here, which is the whole frame as nobody looks inside.
            payload[0] |= u8::from(index == 0) << 4;
            payload.extend_from_slice(part);
            payload
        };
        frame.data.chunks(size).enumerate().map(payload).collect()
    }

    fn next(&mut self, frame: &Frame) -> [u8; DESCRIPTOR] {
        let (id, sync) = frame.temporal.map_or((0, false), |t| (t.id & 3, t.sync));
        self.picture = self.picture.wrapping_add(1) & 0x7FFF;
        self.base = self.base.wrapping_add(u8::from(id == 0));
        self.key = (self.key + u8::from(frame.key)) & 0x1F;
        let [high, low] = self.picture.to_be_bytes();
        let unused = u8::from(id == TOPMOST && !frame.key);
        [
            // X, and N where no other frame needs this one.
            0x80 | unused << 5,
            // I, L, T, K: all that follows is there.
            0xF0,
            0x80 | high,
            low,
            self.base,
            id << 6 | u8::from(sync && id > 0) << 5 | self.key,
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use saal_media_protocol::Codec;

    use super::*;
    use crate::transport::Temporal;

    fn frame(key: bool, temporal: Option<Temporal>, data: Vec<u8>) -> Frame {
        Frame {
            codec: Codec::Vp8,
            source: 0,
            rtp_time: 0,
            at: Duration::ZERO,
            key,
            contiguous: true,
            temporal,
            layers: Vec::new(),
            level: None,
            data: data.into(),
        }
    }

    fn layer(id: u8, sync: bool) -> Option<Temporal> {
        Some(Temporal { id, sync })
    }

    #[test]
    fn descriptors_say_what_a_bridge_reads() {
        let mut packetiser = Packetiser::new(0x7FFF);
        let mut next = |key, temporal| packetiser.payloads(&frame(key, temporal, vec![0xAA]));
        // X S, ILTK, M and picture id, TL0PICIDX, TID Y KEYIDX, bitstream.
        assert_eq!(
            next(true, layer(0, true)),
            [[0x90, 0xF0, 0xFF, 0xFF, 1, 0x01, 0xAA]]
        );
        assert_eq!(
            next(false, layer(2, true)),
            [[0xB0, 0xF0, 0x80, 0x00, 1, 0xA1, 0xAA]]
        );
        assert_eq!(
            next(false, layer(1, true)),
            [[0x90, 0xF0, 0x80, 0x01, 1, 0x61, 0xAA]]
        );
        assert_eq!(
            next(false, layer(2, false)),
            [[0xB0, 0xF0, 0x80, 0x02, 1, 0x81, 0xAA]]
        );
        assert_eq!(
            next(false, layer(0, false)),
            [[0x90, 0xF0, 0x80, 0x03, 2, 0x01, 0xAA]]
        );
        assert_eq!(next(true, None), [[0x90, 0xF0, 0x80, 0x04, 3, 0x02, 0xAA]]);
    }

    #[test]
    fn counters_wrap_at_their_width() {
        let mut packetiser = Packetiser::new(0);
        for _ in 0..0x8000 {
            packetiser.payloads(&frame(true, None, vec![0]));
        }
        let next = packetiser.payloads(&frame(true, None, vec![0]));
        assert_eq!(next, [[0x90, 0xF0, 0x80, 0x00, 1, 0x01, 0]]);
    }

    proptest! {
        #[test]
        fn payloads_join_to_the_frame_and_fit_a_datagram(
            data in prop::collection::vec(any::<u8>(), 1..20_000),
            first in any::<u16>(),
            id in 0_u8..3,
        ) {
            let data = data.to_vec();
            let mut packetiser = Packetiser::new(first);
            let payloads = packetiser.payloads(&frame(false, layer(id, false), data.clone()));
            let joined: Vec<u8> = payloads.iter().flat_map(|p| p[DESCRIPTOR..].to_vec()).collect();
            prop_assert_eq!(joined, data);
            let starts: Vec<_> = payloads.iter().map(|p| p[0] & 0x10 != 0).collect();
            prop_assert!(starts[0] && !starts[1..].contains(&true));
            prop_assert!(payloads.iter().all(|p| p.len() <= PAYLOAD));
            let (least, most) = payloads.iter().map(Vec::len).fold((usize::MAX, 0), |(a, b), l| (a.min(l), b.max(l)));
            prop_assert!(payloads.len() < 3 || most - least <= payloads.len(), "{least}..{most}");
        }
    }
}
