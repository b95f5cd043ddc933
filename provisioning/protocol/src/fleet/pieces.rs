//! What a bundle is made of: pieces that end where their content says so, and a list of their hashes.
//!
//! A device that has most of a new bundle already, in its slots or in the bundle before, cuts what it has into pieces by the
//! same rule, takes those that the list names and fetches only the others (docs/adr/0088). As the content decides where a
//! piece ends, it does not matter where in a file or partition the same bytes lie. The list needs no trust: what comes
//! of it is checked against the signed hash of the whole bundle.
//!
//! A piece ends behind the first byte, from [`SMALLEST`] on, where a hash over the last 64 bytes has 16 leading zeros, from
//! [`USUAL`] on 12, and at [`LARGEST`] at the latest (gear hash with two masks: `FastCDC`, USENIX ATC 2016).
//!
//! The list is binary: [`MAGIC`], the bundle's size (8 bytes, big endian), and for each piece its length (4 bytes, big
//! endian) and the first 16 bytes of its SHA-256, in the bundle's order.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// A piece has at least so many bytes, but the last.
pub const SMALLEST: usize = 4 * 1024;
/// And about so many.
pub const USUAL: usize = 16 * 1024;
/// And at most so many.
pub const LARGEST: usize = 64 * 1024;
/// How a list begins; the last byte is the format's version.
pub const MAGIC: [u8; 8] = *b"saalpcs\x01";

/// Bytes of the hash window.
const WINDOW: usize = 64;
/// As many as zeros before and from the usual length on.
const STRICT: u64 = u64::MAX << (64 - 16);
const LOOSE: u64 = u64::MAX << (64 - 12);
/// Of one piece in a list.
const ENTRY: usize = 20;
const HEAD: usize = 16;
/// Read at a time.
const READ: usize = 16 * LARGEST;

/// Numbers without a pattern, the same for ever: the cuts depend on them. `SplitMix64` (Steele and others, OOPSLA 2014) from 0.
const GEAR: [u64; 256] = gear();

const fn gear() -> [u64; 256] {
    let mut table = [0; 256];
    let (mut state, mut at) = (0_u64, 0);
    while at < table.len() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        table[at] = mixed ^ (mixed >> 31);
        at += 1;
    }
    table
}

/// By what a piece is known: the first half of its SHA-256.
pub type Hash = [u8; 16];

/// By what these bytes are known.
#[must_use]
pub fn hash(bytes: &[u8]) -> Hash {
    let mut short = Hash::default();
    short.copy_from_slice(&Sha256::digest(bytes)[..16]);
    short
}

/// How long the first piece of these bytes is. They have to be [`LARGEST`] ones or all that there are.
#[must_use]
pub fn cut(bytes: &[u8]) -> usize {
    let bytes = &bytes[..bytes.len().min(LARGEST)];
    if bytes.len() <= SMALLEST {
        return bytes.len();
    }
    let roll = |hash: u64, byte: &u8| (hash << 1).wrapping_add(GEAR[usize::from(*byte)]);
    let before = &bytes[SMALLEST - WINDOW..SMALLEST - 1];
    let mut rolled = before.iter().fold(0, roll);
    for (at, byte) in bytes.iter().enumerate().skip(SMALLEST - 1) {
        rolled = roll(rolled, byte);
        let mask = if at < USUAL { STRICT } else { LOOSE };
        if rolled & mask == 0 {
            return at + 1;
        }
    }
    bytes.len()
}

/// Cuts all that is read into pieces and shows each.
///
/// # Errors
/// Reading, or what `each` says; then nothing more is read.
pub fn each_piece(
    mut from: impl Read,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = vec![0; READ];
    let (mut begin, mut end, mut more) = (0, 0, true);
    loop {
        while more && end - begin < LARGEST {
            if end == buffer.len() {
                buffer.copy_within(begin..end, 0);
                (begin, end) = (0, end - begin);
            }
            match from.read(&mut buffer[end..]) {
                Ok(0) => more = false,
                Ok(read) => end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if begin == end {
            return Ok(());
        }
        let length = cut(&buffer[begin..end]);
        each(&buffer[begin..begin + length])?;
        begin += length;
    }
}

/// A part of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins in the bundle.
    pub start: u64,
    /// Bytes.
    pub length: usize,
    /// What it is.
    pub hash: Hash,
}

/// A list of pieces can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It is none, or of another version.
    #[error("this is no list of a bundle's pieces that this version reads")]
    Unknown,
    /// It ends within a piece.
    #[error("the list of the bundle's pieces ends too early")]
    Short,
    /// A piece of a length that none has.
    #[error("piece {number} has {length} bytes, which none has")]
    Length {
        /// Which, from 0.
        number: usize,
        /// Its bytes.
        length: u64,
    },
    /// Of another bundle.
    #[error("the list is of a bundle of {said} bytes, not of one of {wanted}")]
    Size {
        /// What the list says, or how long its pieces are together.
        said: u64,
        /// The bundle's size.
        wanted: u64,
    },
}

/// All pieces of a bundle, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    pieces: Vec<Piece>,
    size: u64,
}

impl Index {
    /// Of a bundle.
    ///
    /// # Errors
    /// Reading.
    pub fn of(bundle: impl Read) -> io::Result<Self> {
        let mut index = Self::default();
        each_piece(bundle, |bytes| {
            index.push(bytes.len(), hash(bytes));
            Ok(())
        })?;
        Ok(index)
    }

    fn push(&mut self, length: usize, hash: Hash) {
        self.pieces.push(Piece {
            start: self.size,
            length,
            hash,
        });
        self.size += length as u64;
    }

    /// In the bundle's order; each begins where the one before ends.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The bundle's size, bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// A list of a bundle of so many bytes has at most so many itself.
    #[must_use]
    pub fn largest(size: u64) -> u64 {
        HEAD as u64 + ENTRY as u64 * (size / SMALLEST as u64 + 1)
    }

    /// As it is stored and sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + ENTRY * self.pieces.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for piece in &self.pieces {
            let length = u32::try_from(piece.length).expect("no piece is longer than LARGEST");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&piece.hash);
        }
        bytes
    }

    /// Reads the list of a bundle of so many bytes.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn parse(bytes: &[u8], size: u64) -> Result<Self, IndexError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(IndexError::Unknown)?;
        let (said, rest) = rest.split_first_chunk::<8>().ok_or(IndexError::Short)?;
        let wrong = |said| Err(IndexError::Size { said, wanted: size });
        let said = u64::from_be_bytes(*said);
        if said != size {
            return wrong(said);
        }
        let (entries, left) = rest.as_chunks::<ENTRY>();
        if !left.is_empty() {
            return Err(IndexError::Short);
        }
        let mut index = Self::default();
        for (number, entry) in entries.iter().enumerate() {
            let (length, hash) = entry.split_at(ENTRY - size_of::<Hash>());
            let length = length
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            let last = number + 1 == entries.len();
            let least = if last { 1 } else { SMALLEST as u64 };
            if !(least..=LARGEST as u64).contains(&length) {
                return Err(IndexError::Length { number, length });
            }
            let hash = Hash::try_from(hash).map_err(|_| IndexError::Short)?;
            index.push(usize::try_from(length).unwrap_or(LARGEST), hash);
        }
        if index.size != size {
            return wrong(index.size);
        }
        Ok(index)
    }

    /// How many bytes of the bundle are in none of these: what a device that has them fetches.
    ///
    /// # Errors
    /// Reading.
    pub fn news<R: Read>(&self, seeds: impl IntoIterator<Item = R>) -> io::Result<u64> {
        let mut known = std::collections::HashSet::new();
        for seed in seeds {
            each_piece(seed, |bytes| {
                known.insert(hash(bytes));
                Ok(())
            })?;
        }
        let new = self
            .pieces
            .iter()
            .filter(|piece| !known.contains(&piece.hash));
        Ok(new.map(|piece| piece.length as u64).sum())
    }
}
