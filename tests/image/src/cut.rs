//! A disk as a power cut leaves it, and whether a room starts from it: what firmware, boot loader and kernel would make of its
//! bytes, without a machine.

use std::cmp::Reverse;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::disk::Disk;

/// What is compared at a time.
const BLOCK: u64 = 4096;
/// What nothing writes to and every start needs.
const FIRMWARE_READS: [&str; 4] = [
    "EFI/BOOT/BOOTX64.EFI",
    "loader/loader.conf",
    "EFI/saal/a.efi.extra.d/slot.addon.efi",
    "EFI/saal/b.efi.extra.d/slot.addon.efi",
];
const SLOTS: [&str; 2] = ["a", "b"];

/// A release, as bytes on the disk.
#[derive(Debug)]
pub struct System {
    /// Its root.
    pub root: Vec<u8>,
    /// The hashes of that.
    pub verity: Vec<u8>,
    /// The kernel image that knows the hashes' hash.
    pub kernel: Vec<u8>,
}

/// A partition of a slot beside what the releases have there.
#[derive(Debug)]
struct Part {
    start: u64,
    is_root: bool,
    /// For each release.
    differing: Vec<Differing>,
}

/// Which blocks are not as they would be.
#[derive(Debug)]
struct Differing {
    blocks: Vec<bool>,
    count: usize,
}

/// A disk whose machine lost its power.
#[derive(Debug)]
pub struct CutDisk {
    file: File,
    systems: Vec<System>,
    /// Root and hashes of a, root and hashes of b.
    parts: Vec<Part>,
    esp: (u64, u64),
    firmware: Vec<Vec<u8>>,
    /// What the boot loader finds; `None` after something was written there.
    entries: Option<Vec<BootEntry>>,
}

/// What was on the disk before a write.
#[derive(Debug)]
pub struct Before {
    at: u64,
    bytes: Vec<u8>,
}

/// An entry, in the order in which the boot loader tries them: those without attempts last, then the higher version first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct BootEntry {
    has_none_left: bool,
    version: Reverse<u64>,
    slot: usize,
    /// The release whose kernel it starts; `None` for half a kernel.
    kernel: Option<usize>,
}

impl CutDisk {
    /// The disk of a machine that is off, and the releases that may be on it.
    ///
    /// # Errors
    /// When it can't be read, or no room would start from it as it is.
    pub fn open(disk: &Disk, systems: Vec<System>) -> Result<Self> {
        let path = &disk.file;
        let file = File::options().read(true).write(true).open(path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        let mut parts = Vec::new();
        for slot in SLOTS {
            for (kind, is_root) in [("root", true), ("verity", false)] {
                let start = disk.partition(&format!("{kind}-{slot}"))?;
                let differing = systems.iter().map(|system| {
                    let wanted = system.part(is_root).len() as u64;
                    Differing::none(wanted.div_ceil(BLOCK))
                });
                parts.push(Part {
                    start,
                    is_root,
                    differing: differing.collect(),
                });
            }
        }
        let esp = disk.partition("esp")?;
        let mut cut = Self {
            file,
            systems,
            esp: (esp, disk.partition("root-a")? - esp),
            parts,
            firmware: Vec::new(),
            entries: None,
        };
        for part in 0..cut.parts.len() {
            cut.compare(part, 0, u64::MAX)?;
        }
        cut.firmware = cut.firmware_reads()?;
        cut.starts().context("as it was flashed")?;
        Ok(cut)
    }

    /// Does a write of the machine, and gives what was there.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write(&mut self, at: u64, bytes: &[u8]) -> Result<Before> {
        let mut before = vec![0; bytes.len()];
        self.file.read_exact_at(&mut before, at)?;
        self.file.write_all_at(bytes, at)?;
        self.look_again(at, bytes.len() as u64)?;
        Ok(Before { at, bytes: before })
    }

    /// Undoes writes, the last one first.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn undo(&mut self, writes: Vec<Before>) -> Result<()> {
        for Before { at, bytes } in writes.into_iter().rev() {
            self.file.write_all_at(&bytes, at)?;
            self.look_again(at, bytes.len() as u64)?;
        }
        Ok(())
    }

    /// Whether the boot loader comes to a system that is whole, by itself: one that is not whole uses its attempts up.
    ///
    /// # Errors
    /// With what it finds, when it does not.
    pub fn starts(&mut self) -> Result<()> {
        if self.entries.is_none() {
            let found = self.firmware_reads()?;
            ensure!(
                self.firmware.is_empty() || found == self.firmware,
                "the boot loader is damaged"
            );
            self.entries = Some(self.boot_entries()?);
        }
        let entries = self.entries.as_deref().unwrap_or_default();
        let mut tried = entries.iter().filter(|entry| !entry.has_none_left);
        if tried.any(|entry| self.is_whole(entry)) {
            return Ok(());
        }
        let whole = self.parts.iter().map(|part| {
            let counts = part.differing.iter().map(|one| one.count);
            counts.collect::<Vec<_>>()
        });
        bail!(
            "nothing starts: {entries:?}; blocks that differ: {:?}",
            whole.collect::<Vec<_>>()
        )
    }

    fn is_whole(&self, entry: &BootEntry) -> bool {
        let parts = &self.parts[entry.slot * 2..entry.slot * 2 + 2];
        entry
            .kernel
            .is_some_and(|system| parts.iter().all(|part| part.differing[system].count == 0))
    }

    /// After these bytes of the disk changed.
    fn look_again(&mut self, at: u64, len: u64) -> Result<()> {
        if at < self.esp.0 + self.esp.1 && at + len > self.esp.0 {
            self.entries = None;
        }
        for index in 0..self.parts.len() {
            let start = self.parts[index].start;
            if at + len > start {
                self.compare(index, at.saturating_sub(start), at + len - start)?;
            }
        }
        Ok(())
    }

    /// Looks at the blocks of a part that these bytes of it touch.
    fn compare(&mut self, index: usize, from: u64, to: u64) -> Result<()> {
        let part = &mut self.parts[index];
        for (system, differing) in self.systems.iter().zip(&mut part.differing) {
            let wanted = system.part(part.is_root);
            let end = to.div_ceil(BLOCK).min(differing.blocks.len() as u64);
            for block in from / BLOCK..end {
                let at = usize::try_from(block * BLOCK)?;
                let wanted = &wanted[at..wanted.len().min(at + usize::try_from(BLOCK)?)];
                let mut found = vec![0; wanted.len()];
                self.file
                    .read_exact_at(&mut found, part.start + block * BLOCK)?;
                differing.set(usize::try_from(block)?, found != wanted);
            }
        }
        Ok(())
    }

    fn firmware_reads(&self) -> Result<Vec<Vec<u8>>> {
        let partition = self.boot_partition()?;
        let read = |path: &&str| content(&partition.root_dir(), path);
        FIRMWARE_READS.iter().map(read).collect()
    }

    fn boot_partition(&self) -> Result<fatfs::FileSystem<View>> {
        let view = View {
            file: self.file.try_clone()?,
            start: self.esp.0,
            len: self.esp.1,
            at: 0,
        };
        fatfs::FileSystem::new(view, fatfs::FsOptions::new())
            .context("the boot loader's partition is no FAT any more")
    }

    /// `saal-SLOT+LEFT-USED.conf`, as systemd-boot takes them (UAPI.1, boot assessment).
    fn boot_entries(&self) -> Result<Vec<BootEntry>> {
        let partition = self.boot_partition()?;
        let root = partition.root_dir();
        let mut entries = Vec::new();
        for file in root.open_dir("loader/entries")?.iter() {
            let name = file?.file_name();
            let Some(stem) = name.strip_suffix(".conf") else {
                continue;
            };
            let (id, left) = stem.split_once('+').unwrap_or((stem, "3"));
            let left = left.split('-').next().unwrap_or_default();
            let is_slot = |slot: &str| id.strip_prefix("saal-") == Some(slot);
            let Some(slot) = SLOTS.iter().position(|slot| is_slot(slot)) else {
                continue;
            };
            // A file of which only the name has reached the disk starts nothing.
            let text = content(&root, &format!("loader/entries/{name}")).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
            let path = value("efi /").unwrap_or_default();
            let kernel = content(&root, path).unwrap_or_default();
            entries.push(BootEntry {
                has_none_left: left == "0",
                version: Reverse(
                    value("version ")
                        .and_then(|text| text.parse().ok())
                        .unwrap_or(0),
                ),
                slot,
                kernel: self
                    .systems
                    .iter()
                    .position(|system| system.kernel == kernel),
            });
        }
        entries.sort();
        Ok(entries)
    }
}

impl System {
    /// What is in the build root's folder of parts, or in another where they were put aside.
    ///
    /// # Errors
    /// When one of them can't be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        Ok(Self {
            root: read("root.raw")?,
            verity: read("verity.raw")?,
            kernel: read("kernel.efi")?,
        })
    }

    fn part(&self, is_root: bool) -> &[u8] {
        if is_root { &self.root } else { &self.verity }
    }
}

impl Differing {
    fn none(blocks: u64) -> Self {
        let blocks = usize::try_from(blocks).expect("a system fits into memory");
        Self {
            blocks: vec![false; blocks],
            count: 0,
        }
    }

    fn set(&mut self, block: usize, differs: bool) {
        let before = std::mem::replace(&mut self.blocks[block], differs);
        self.count = self.count + usize::from(differs) - usize::from(before);
    }
}

/// A file's bytes.
fn content(root: &fatfs::Dir<'_, View>, path: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    root.open_file(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .with_context(|| format!("the boot loader's partition has no whole {path}"))?;
    Ok(bytes)
}

/// A partition of the disk that can be read.
#[derive(Debug)]
struct View {
    file: File,
    start: u64,
    len: u64,
    at: u64,
}

impl Read for View {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.len - self.at.min(self.len)).unwrap_or(usize::MAX);
        let most = into.len().min(rest);
        let read = self.file.read_at(&mut into[..most], self.start + self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for View {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
        };
        self.at = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl Write for View {
    /// Firmware and boot loader, who look here, write nothing.
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
