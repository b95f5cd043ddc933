//! The little of H.264 byte streams (annex B) that encryption has to know.

use std::borrow::Cow;

/// Types of NAL units (H.264 table 7-1).
const SLICE: u8 = 1;
const IDR_SLICE: u8 = 5;
const DELIMITER: u8 = 9;
const FILLER: u8 = 12;
const TYPE: u8 = 0x1F;

const START_CODE: [u8; 3] = [0, 0, 1];
/// What an encrypted frame shows of its first slice.
const SLICE_CLEAR: usize = 2;
/// Breaks what would look like a start code (H.264 section 7.4.1).
const ESCAPE: u8 = 3;

/// Where the first byte of the next unit is, from here on.
fn next_unit(data: &[u8], from: usize) -> Option<usize> {
    let found = data.get(from..)?.windows(3).position(|w| w == START_CODE)?;
    Some(from + found + START_CODE.len())
}

fn is_slice(head: u8) -> bool {
    matches!(head & TYPE, SLICE | IDR_SLICE)
}

/// How many bytes stay clear; `None` without a slice.
pub(super) fn until_first_slice(data: &[u8]) -> Option<usize> {
    let mut unit = next_unit(data, 0)?;
    while !is_slice(*data.get(unit)?) {
        unit = next_unit(data, unit)?;
    }
    Some(unit + SLICE_CLEAR)
}

/// A picture as RTP receivers put it together again: start codes of four bytes, and without units
/// that are not sent. What follows the beginning of the first slice stays as it is.
pub(super) fn as_received(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 8);
    let mut unit = next_unit(data, 0);
    while let Some(start) = unit {
        let head = data.get(start).copied().unwrap_or(FILLER);
        let next = next_unit(data, start).filter(|_| !is_slice(head));
        let end = next.map_or(data.len(), |next| next - START_CODE.len());
        if !matches!(head & TYPE, DELIMITER | FILLER) {
            out.push(0);
            out.extend_from_slice(&START_CODE);
            out.extend_from_slice(&data[start..end]);
            // A unit ends with a set bit; zeros behind it belong to the next start code.
            while next.is_some() && out.last() == Some(&0) {
                out.pop();
            }
        }
        unit = next;
    }
    out
}

/// `clear` as it is, and `rest` so that no receiver sees a start code in it.
pub(super) fn escape(clear: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(clear.len() + rest.len() + rest.len() / 64);
    out.extend_from_slice(clear);
    let mut zeros = 0;
    for byte in rest {
        if zeros >= 2 && *byte <= ESCAPE {
            out.push(ESCAPE);
            zeros = 0;
        }
        out.push(*byte);
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
    }
    out
}

/// What was escaped.
pub(super) fn unescape(data: &[u8]) -> Cow<'_, [u8]> {
    let escaped = [0, 0, ESCAPE];
    let Some(first) = data.windows(3).position(|w| w == escaped) else {
        return Cow::Borrowed(data);
    };
    let mut out = Vec::with_capacity(data.len());
    out.extend_from_slice(&data[..first]);
    let mut rest = &data[first..];
    while let Some((byte, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(&escaped) {
            out.extend_from_slice(&[0, 0]);
            rest = after;
        } else {
            out.push(*byte);
            rest = after;
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn clear_is_all_up_to_the_second_byte_of_the_first_slice() {
        let idr = [
            0, 0, 0, 1, 0x67, 9, 9, 0, 0, 1, 0x68, 9, 0, 0, 1, 0x65, 0x88, 7, 7,
        ];
        assert_eq!(until_first_slice(&idr), Some(17));
        assert_eq!(until_first_slice(&[0, 0, 1, 0x41, 0x9a, 5]), Some(5));
        assert_eq!(until_first_slice(&[0, 0, 1, 0x67, 1, 2]), None);
        assert_eq!(until_first_slice(&[0, 0, 1]), None);
        assert_eq!(until_first_slice(&[]), None);
    }

    #[test]
    fn pictures_look_as_after_their_way() {
        let sent = [
            0, 0, 0, 1, 9, 0x10, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65, 3, 0, 0, 1,
            0x65, 4, 0,
        ];
        let received = [
            0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 3, 0, 0, 1, 0x65, 4, 0,
        ];
        assert_eq!(as_received(&sent), received);
        assert_eq!(as_received(&received), received);
        assert!(as_received(&[1, 2, 3]).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_escaped_has_no_start_code_and_comes_back(
            rest in prop::collection::vec(prop_oneof![Just(0_u8), 0_u8..5, any::<u8>()], 0..200),
        ) {
            let escaped = escape(&[], &rest);
            let start_code = |w: &[u8]| w[0] == 0 && w[1] == 0 && w[2] < 3;
            prop_assert!(!escaped.windows(3).any(start_code), "{escaped:?}");
            prop_assert_eq!(&*unescape(&escaped), &rest[..]);
        }
    }
}
