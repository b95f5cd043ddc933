//! What a machine wrote to its disk, in order, as QEMU's `blklogwrites` records it. The format is that of the kernel's dm-log-writes
//! (Documentation/admin-guide/device-mapper/log-writes.rst): little-endian, a superblock, then an entry and its data by turns, each
//! from a sector's beginning.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};

const MAGIC: u64 = 0x006a_7366_7773_6872;
const VERSION: u64 = 1;
/// What entries count in, whatever the log's own sectors are.
const SECTOR: u64 = 512;
const FLUSH: u64 = 1;
const DISCARD: u64 = 4;

/// One thing that the machine asked of its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// What was written before is on the disk from now on.
    Flush,
    /// Bytes of the disk.
    Write {
        /// Where they go.
        at: u64,
        /// How many.
        len: u64,
        /// Where they are in the log.
        data: u64,
    },
}

/// The record.
#[derive(Debug)]
pub struct WriteLog {
    file: File,
    /// In order. A discard says that nobody needs what is there: it is not among these.
    pub entries: Vec<Entry>,
}

impl WriteLog {
    /// Reads what is in this file, to its end or to where the machine was stopped.
    ///
    /// # Errors
    /// When it can't be read or is none.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut head = [0; 28];
        file.read_exact_at(&mut head, 0)?;
        ensure!(
            number(&head, 0) == MAGIC && number(&head, 8) == VERSION,
            "{} is no log of writes",
            path.display()
        );
        let sector = u64::from(u32::from_le_bytes([head[24], head[25], head[26], head[27]]));
        ensure!(sector >= SECTOR, "a log of sectors of {sector} bytes");
        let entries = entries(&file, sector)?;
        Ok(Self { file, entries })
    }

    /// The bytes of a write.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn data(&self, data: u64, len: u64) -> Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(len)?];
        self.file.read_exact_at(&mut bytes, data)?;
        Ok(bytes)
    }
}

fn entries(file: &File, sector: u64) -> Result<Vec<Entry>> {
    let end = file.metadata()?.len();
    let mut entries = Vec::new();
    let mut at = sector;
    while at + sector <= end {
        let mut head = [0; 32];
        file.read_exact_at(&mut head, at)?;
        let (to, sectors, flags) = (number(&head, 0), number(&head, 8), number(&head, 16));
        // Past the end there are zeros, which no entry is made of.
        if flags & FLUSH == 0 && sectors == 0 {
            break;
        }
        let data = at + sector;
        if flags & FLUSH != 0 {
            entries.push(Entry::Flush);
        }
        at = data;
        if flags & DISCARD == 0 && sectors > 0 {
            let len = sectors * SECTOR;
            entries.push(Entry::Write {
                at: to * SECTOR,
                len,
                data,
            });
            at += len.next_multiple_of(sector);
        }
    }
    Ok(entries)
}

fn number(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes[at..at + 8].try_into();
    u64::from_le_bytes(eight.expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(entries: &[(u64, u64, u64)]) -> Vec<u8> {
        let mut file = Vec::new();
        for number in [MAGIC, VERSION, entries.len() as u64] {
            file.extend(number.to_le_bytes());
        }
        file.extend(512_u32.to_le_bytes());
        file.resize(512, 0);
        for &(sector, sectors, flags) in entries {
            let start = file.len();
            for number in [sector, sectors, flags, 0] {
                file.extend(number.to_le_bytes());
            }
            file.resize(start + 512, 0);
            if flags & DISCARD == 0 {
                file.resize(file.len() + usize::try_from(sectors).unwrap() * 512, 7);
            }
        }
        file.resize(file.len() + 4096, 0);
        file
    }

    #[test]
    fn writes_and_flushes_come_in_order_and_discards_are_nothing() {
        let folder = std::env::temp_dir().join(format!("saal-log-{}", std::process::id()));
        std::fs::write(&folder, log(&[(8, 2, 0), (0, 0, 1), (16, 4, 4), (1, 1, 0)])).unwrap();
        let log = WriteLog::open(&folder).unwrap();
        std::fs::remove_file(&folder).unwrap();
        let [
            Entry::Write {
                at: 4096,
                len: 1024,
                data,
            },
            Entry::Flush,
            Entry::Write {
                at: 512, len: 512, ..
            },
        ] = log.entries[..]
        else {
            panic!("{:?}", log.entries);
        };
        assert_eq!(log.data(data, 1024).unwrap(), [7; 1024]);
    }
}
