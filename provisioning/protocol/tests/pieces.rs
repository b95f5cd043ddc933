//! Bundles in pieces: the rule of the cuts, the list of them, and lists that are not what they should be.

use std::io::{self, Read};

use proptest::{collection::vec, prelude::*};
use saal_fleet_protocol::fleet::pieces::{
    Index, IndexError, LARGEST, MAGIC, SMALLEST, USUAL, cut, each_piece,
};

/// Bytes without a pattern, the same for the same seed.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// Gives what it has in bits, as networks do.
struct Bits<'a>(&'a [u8], usize);

impl Read for Bits<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.1);
        self.0.read(&mut into[..most])
    }
}

#[test]
fn pieces_are_as_long_as_they_are_said_to_be() {
    let index = Index::of(&noise(1, 8 << 20)[..]).unwrap();
    let pieces = index.pieces();
    let (last, others) = pieces.split_last().unwrap();
    assert!(last.length <= LARGEST);
    for piece in others {
        assert!((SMALLEST..=LARGEST).contains(&piece.length), "{piece:?}");
    }
    let mean = (8 << 20) / pieces.len();
    assert!((USUAL / 2..USUAL * 2).contains(&mean), "{mean}");
    // What has no end of its own ends where the longest does.
    assert_eq!(cut(&[0; 3 * LARGEST]), LARGEST);
    assert_eq!(cut(&[7; 100]), 100);
    assert_eq!(Index::of(&[][..]).unwrap().pieces(), []);
}

/// The cuts are a format: what devices in rooms do today has to be done tomorrow.
#[test]
fn the_cuts_are_what_they_always_were() {
    let index = Index::of(&noise(2, 200_000)[..]).unwrap();
    let lengths: Vec<usize> = index.pieces().iter().map(|piece| piece.length).collect();
    let always = [21870, 26285, 16814, 18869, 20019, 19294, 46055, 21702, 9092];
    assert_eq!(lengths, always);
    assert_eq!(index.to_bytes()[..8], *b"saalpcs\x01");
}

#[test]
fn the_same_bytes_elsewhere_are_the_same_pieces() {
    let bundle = noise(3, 4 << 20);
    let index = Index::of(&bundle[..]).unwrap();
    // A partition that has the middle of it at another place, and something else around it.
    let mut seed = noise(4, 12_345);
    seed.extend_from_slice(&bundle[1 << 20..3 << 20]);
    seed.extend_from_slice(&noise(5, 54_321));
    let new = index.news([&seed[..]]).unwrap();
    let least = (2 << 20) as u64;
    assert!((least..least + 4 * LARGEST as u64).contains(&new), "{new}");
    assert_eq!(index.news([&bundle[..]]).unwrap(), 0);
    assert_eq!(index.news([&[][..]]).unwrap(), index.size());
}

#[test]
fn lists_that_are_none_are_refused() {
    let index = Index::of(&noise(6, 100_000)[..]).unwrap();
    let good = index.to_bytes();
    assert_eq!(Index::parse(&good, 100_000), Ok(index));
    assert!(good.len() as u64 <= Index::largest(100_000));
    let size = |said, wanted| Err(IndexError::Size { said, wanted });
    assert_eq!(Index::parse(&good, 99_999), size(100_000, 99_999));
    assert_eq!(
        Index::parse(&good[..good.len() - 1], 100_000),
        Err(IndexError::Short)
    );
    assert_eq!(Index::parse(&good[..12], 100_000), Err(IndexError::Short));
    assert_eq!(
        Index::parse(b"saalpcs\x02", 100_000),
        Err(IndexError::Unknown)
    );
    assert_eq!(Index::parse(b"", 0), Err(IndexError::Unknown));

    let list = |size: u64, lengths: &[u32]| {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&size.to_be_bytes());
        for length in lengths {
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&[7; 16]);
        }
        Index::parse(&bytes, size)
    };
    let length = |number, length| Err(IndexError::Length { number, length });
    assert_eq!(list(4_294_967_295, &[u32::MAX]), length(0, 4_294_967_295));
    assert_eq!(list(8192, &[4096, 0]), length(1, 0));
    assert_eq!(list(4196, &[100, 4096]), length(0, 100));
    assert_eq!(list(10_000, &[4096, 4096]), size(8192, 10_000));
    assert_eq!(list(4096, &[4096, 4096]), size(8192, 4096));
}

proptest! {
    #[test]
    fn what_is_cut_is_whole_again(
        seed in any::<u64>(), length in 0_usize..300_000, bits in 1_usize..100_000, same in 0_usize..200_000,
    ) {
        let mut bytes = noise(seed, length);
        bytes.extend(std::iter::repeat_n(7, same));
        let (mut whole, mut at_once) = (Vec::new(), Vec::new());
        each_piece(Bits(&bytes, bits), |piece| { at_once.push(piece.len()); whole.extend_from_slice(piece); Ok(()) }).unwrap();
        prop_assert_eq!(&whole, &bytes);
        let index = Index::of(&bytes[..]).unwrap();
        let lengths: Vec<usize> = index.pieces().iter().map(|piece| piece.length).collect();
        prop_assert_eq!(lengths, at_once);
        let again = Index::parse(&index.to_bytes(), bytes.len() as u64);
        prop_assert_eq!(again, Ok(index));
    }

    #[test]
    fn any_bytes_are_a_list_or_are_refused(bytes in vec(any::<u8>(), 0..200), size in 0_u64..100_000) {
        let mut list = MAGIC.to_vec();
        list.extend_from_slice(&size.to_be_bytes());
        list.extend_from_slice(&bytes);
        if let Ok(index) = Index::parse(&list, size) {
            prop_assert_eq!(index.to_bytes(), list);
            prop_assert_eq!(index.size(), size);
        }
        let _ = Index::parse(&bytes, size);
    }
}
