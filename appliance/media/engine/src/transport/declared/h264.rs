//! H.264 pictures as RTP payloads (RFC 6184, packetization mode 1): small units together, large ones
//! in fragments.

use super::vp8::PAYLOAD;

/// Types of NAL units and packets (H.264 table 7-1, RFC 6184 table 1).
const DELIMITER: u8 = 9;
const FILLER: u8 = 12;
const TOGETHER: u8 = 24;
const FRAGMENT: u8 = 28;
const TYPE: u8 = 0x1F;
/// How much depends on a unit (nal_ref_idc).
const IMPORTANCE: u8 = 0x60;
/// In a fragment's second byte.
const FIRST: u8 = 0x80;
const LAST: u8 = 0x40;

/// The payloads of a picture, which is a byte stream with start codes (H.264 annex B).
pub(super) fn payloads(picture: &[u8]) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    let mut together: Vec<&[u8]> = Vec::new();
    for unit in units(picture) {
        if 1 + size(&together) + 2 + unit.len() > PAYLOAD {
            flush(&mut together, &mut payloads);
        }
        if 1 + 2 + unit.len() <= PAYLOAD {
            together.push(unit);
        } else {
            payloads.extend(fragments(unit));
        }
    }
    flush(&mut together, &mut payloads);
    payloads
}

/// Of units with their lengths.
fn size(units: &[&[u8]]) -> usize {
    units.iter().map(|unit| 2 + unit.len()).sum()
}

fn flush(units: &mut Vec<&[u8]>, payloads: &mut Vec<Vec<u8>>) {
    match units[..] {
        [] => {}
        [alone] => payloads.push(alone.to_vec()),
        _ => payloads.push(aggregate(units)),
    }
    units.clear();
}

/// STAP-A: each unit behind its length.
fn aggregate(units: &[&[u8]]) -> Vec<u8> {
    let importance = units.iter().map(|unit| unit[0] & IMPORTANCE).max();
    let mut payload = vec![TOGETHER | importance.unwrap_or(0)];
    for unit in units {
        // No longer than a payload.
        let length = unit.len() as u16;
        payload.extend(length.to_be_bytes());
        payload.extend_from_slice(unit);
    }
    payload
}

/// FU-A of even size: the unit's first byte goes into the first two of each.
fn fragments(unit: &[u8]) -> Vec<Vec<u8>> {
    let (head, body) = (unit[0], &unit[1..]);
    let count = body.len().div_ceil(PAYLOAD - 2).max(1);
    let parts = body.chunks(body.len().div_ceil(count).max(1));
    let last = parts.len() - 1;
    let fragment = |(index, part): (usize, &[u8])| {
        let first = if index == 0 { FIRST } else { 0 };
        let end = if index == last { LAST } else { 0 };
        let mut payload = vec![FRAGMENT | head & IMPORTANCE, first | end | head & TYPE];
        payload.extend_from_slice(part);
        payload
    };
    parts.enumerate().map(fragment).collect()
}

/// The units between start codes, without those that say nothing to a receiver.
fn units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(found) = stream[at..].windows(3).position(|w| w == [0, 0, 1]) {
        at += found + 3;
        starts.push(at);
    }
    let ends = starts.iter().skip(1).map(|start| start - 3);
    let ends: Vec<usize> = ends.chain([stream.len()]).collect();
    let units = starts.into_iter().zip(ends).map(|(start, end)| {
        let unit = &stream[start..end];
        // A unit ends with a set bit; zeros behind it belong to the next start code. What is
        // encrypted may end with any byte.
        let before_another = end < stream.len();
        let trailing = unit.iter().rev().take_while(|byte| **byte == 0);
        let zeros = trailing.take_while(|_| before_another).count();
        &unit[..unit.len() - zeros]
    });
    units.filter(|unit| {
        unit.first()
            .is_some_and(|head| !matches!(head & TYPE, DELIMITER | FILLER))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stream(units: &[Vec<u8>]) -> Vec<u8> {
        let mut stream = Vec::new();
        for (index, unit) in units.iter().enumerate() {
            stream.extend_from_slice(if index % 2 == 0 {
                &[0, 0, 0, 1]
            } else {
                &[0, 0, 1]
            });
            stream.extend_from_slice(unit);
        }
        stream
    }

    #[test]
    fn parameters_and_a_small_picture_travel_together_without_the_delimiter() {
        let units = [
            vec![9, 0xF0],
            vec![0x67, 1, 2],
            vec![0x68, 3],
            vec![0x65, 4, 5],
        ];
        let whole = [0x78, 0, 3, 0x67, 1, 2, 0, 2, 0x68, 3, 0, 3, 0x65, 4, 5];
        assert_eq!(payloads(&stream(&units)), [whole.to_vec()]);
        let lone = [vec![0x41, 9, 9]];
        assert_eq!(payloads(&stream(&lone)), lone);
        assert!(payloads(&[]).is_empty() && payloads(&[0, 0, 1]).is_empty());
    }

    #[test]
    fn a_large_picture_comes_in_fragments_behind_its_parameters() {
        let picture = [vec![0x65], vec![7; 3_000]].concat();
        let sent = payloads(&stream(&[vec![0x67, 1], vec![0x68, 2], picture]));
        assert_eq!(sent[0], [0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2]);
        let heads: Vec<_> = sent[1..].iter().map(|p| [p[0], p[1]]).collect();
        assert_eq!(heads, [[0x7C, 0x85], [0x7C, 0x05], [0x7C, 0x45]]);
    }

    /// What a receiver puts together.
    fn received(payloads: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut units: Vec<Vec<u8>> = Vec::new();
        for payload in payloads {
            match payload[0] & TYPE {
                TOGETHER => {
                    let mut rest = &payload[1..];
                    while let [high, low, more @ ..] = rest {
                        let length = usize::from(u16::from_be_bytes([*high, *low]));
                        units.push(more[..length].to_vec());
                        rest = &more[length..];
                    }
                }
                FRAGMENT => {
                    if payload[1] & FIRST != 0 {
                        units.push(vec![payload[0] & IMPORTANCE | payload[1] & TYPE]);
                    }
                    units.last_mut().unwrap().extend_from_slice(&payload[2..]);
                }
                _ => units.push(payload.clone()),
            }
        }
        units
    }

    proptest! {
        #[test]
        fn units_arrive_as_they_were_and_fit_a_datagram(
            bodies in prop::collection::vec((1_u8..=8, prop::collection::vec(1_u8.., 1..4_000)), 1..8),
        ) {
            let units: Vec<_> = bodies.into_iter()
                .map(|(kind, body)| [vec![0x60 | kind], body].concat()).collect();
            let sent = payloads(&stream(&units));
            prop_assert!(sent.iter().all(|p| p.len() <= PAYLOAD));
            prop_assert_eq!(received(&sent), units);
        }

        #[test]
        fn no_bytes_are_too_strange(stream in prop::collection::vec(0_u8..4, 0..200)) {
            payloads(&stream);
        }
    }
}
