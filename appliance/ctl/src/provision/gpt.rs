//! The table of partitions of a disk with UEFI (UEFI Specification 2.10, section 5.3): where a partition of a name lies.

use std::{
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

/// Bytes of a logical block; the image is made for these.
const BLOCK: u64 = 512;
const SIGNATURE: &[u8] = b"EFI PART";
/// Larger tables are believed no more; usual are 128 entries of 128 bytes.
const MOST_ENTRIES: u32 = 1_024;
const LARGEST_ENTRY: u32 = 4_096;
/// Where things are in an entry.
const FIRST: usize = 32;
const LAST: usize = 40;
const NAME: Range<usize> = 56..128;

/// Why there is no such partition.
#[derive(Debug, thiserror::Error)]
pub(super) enum GptError {
    /// It is not read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// Something else than a disk.
    #[error("it has no table of partitions (GPT)")]
    NoTable,
    /// A table that can't be.
    #[error("its table of partitions is damaged")]
    Damaged,
    /// A disk of something else.
    #[error("it has no partition {0}")]
    Missing(String),
}

/// The bytes of the partition of this name.
pub(super) fn partition(disk: &mut (impl Read + Seek), name: &str) -> Result<Range<u64>, GptError> {
    let mut header = [0; 92];
    disk.seek(SeekFrom::Start(BLOCK))?;
    disk.read_exact(&mut header)
        .map_err(|_| GptError::NoTable)?;
    if !header.starts_with(SIGNATURE) {
        return Err(GptError::NoTable);
    }
    let (entries, count, size) = (long(&header, 72), word(&header, 80), word(&header, 84));
    let believed = count <= MOST_ENTRIES && (128..=LARGEST_ENTRY).contains(&size);
    let start = entries.checked_mul(BLOCK).filter(|_| believed);
    disk.seek(SeekFrom::Start(start.ok_or(GptError::Damaged)?))?;
    let mut entry = vec![0; size as usize];
    for _ in 0..count {
        disk.read_exact(&mut entry)?;
        if called(&entry) == name {
            return bytes(&entry).ok_or(GptError::Damaged);
        }
    }
    Err(GptError::Missing(name.to_owned()))
}

/// From the first block to behind the last.
fn bytes(entry: &[u8]) -> Option<Range<u64>> {
    let start = long(entry, FIRST).checked_mul(BLOCK)?;
    let end = long(entry, LAST).checked_add(1)?.checked_mul(BLOCK)?;
    (start < end).then_some(start..end)
}

/// UTF-16, ended by a zero.
fn called(entry: &[u8]) -> String {
    let units = entry[NAME]
        .chunks_exact(2)
        .map(|two| u16::from_le_bytes([two[0], two[1]]));
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    String::from_utf16_lossy(&units)
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Cursor;

    use super::*;

    /// The first blocks of a disk with these partitions: name, first and last block.
    pub(crate) fn table(partitions: &[(&str, u64, u64)]) -> Vec<u8> {
        let mut disk = vec![0; 34 * 512];
        disk[512..520].copy_from_slice(SIGNATURE);
        disk[512 + 72..512 + 80].copy_from_slice(&2_u64.to_le_bytes());
        disk[512 + 80..512 + 84].copy_from_slice(&128_u32.to_le_bytes());
        disk[512 + 84..512 + 88].copy_from_slice(&128_u32.to_le_bytes());
        for (number, (name, first, last)) in partitions.iter().enumerate() {
            let entry = &mut disk[1_024 + number * 128..][..128];
            entry[FIRST..FIRST + 8].copy_from_slice(&first.to_le_bytes());
            entry[LAST..LAST + 8].copy_from_slice(&last.to_le_bytes());
            for (unit, place) in name.encode_utf16().zip(entry[NAME].chunks_exact_mut(2)) {
                place.copy_from_slice(&unit.to_le_bytes());
            }
        }
        disk
    }

    fn find(disk: Vec<u8>, name: &str) -> Result<Range<u64>, GptError> {
        partition(&mut Cursor::new(disk), name)
    }

    #[test]
    fn a_partition_is_found_by_its_name() {
        let disk = table(&[("esp", 34, 99), ("factory", 100, 199)]);
        assert_eq!(find(disk.clone(), "factory").unwrap(), 51_200..102_400);
        assert!(matches!(find(disk, "data"), Err(GptError::Missing(_))));
    }

    #[test]
    fn nonsense_is_no_disk() {
        assert!(matches!(
            find(vec![0; 10_000], "esp"),
            Err(GptError::NoTable)
        ));
        assert!(matches!(
            find(b"short".to_vec(), "esp"),
            Err(GptError::NoTable)
        ));
        let mut huge = table(&[]);
        huge[512 + 80..512 + 84].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(find(huge, "esp"), Err(GptError::Damaged)));
        let backwards = table(&[("esp", 99, 34)]);
        assert!(matches!(find(backwards, "esp"), Err(GptError::Damaged)));
        let beyond = table(&[("esp", u64::MAX, u64::MAX)]);
        assert!(matches!(find(beyond, "esp"), Err(GptError::Damaged)));
    }
}
