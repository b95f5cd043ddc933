//! The guest's first file system: an archive in the kernel's format (Documentation/driver-api/early-userspace/buffer-format,
//! "newc"), written here because it is small and no tool for it is on every machine.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A folder; what it holds; a file that may be run; one that may only be read (stat(2)).
const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const FILE: u32 = 0o100_644;

/// Writes the archive to `out`: busybox and the kernel modules that the root file system needs, both from the set-up's
/// folder, and what starts everything.
pub(super) fn write(out: &Path, tools: &Path) -> Result<()> {
    let read = |path: PathBuf| std::fs::read(&path).map_err(Error::file("read", &path));
    let modules = tools.join("boot");
    let mut archive = Archive::create(out).map_err(Error::file("create", out))?;
    let mut add = |name: &str, mode, data: &[u8]| {
        let added = archive.add(name, mode, data);
        added.map_err(Error::file("write", out))
    };
    add("bin", FOLDER, &[])?;
    add("bin/busybox", PROGRAM, &read(tools.join("busybox"))?)?;
    add("init", PROGRAM, include_bytes!("../../guest/init"))?;
    add("agent", FILE, include_bytes!("../../guest/agent"))?;
    add("modules", FOLDER, &[])?;
    for name in names(&modules)? {
        add(
            &format!("modules/{name}"),
            FILE,
            &read(modules.join(&name))?,
        )?;
    }
    archive.finish().map_err(Error::file("write", out))
}

/// The files of a folder in the order of their names.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).map_err(Error::file("list", folder))?;
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    Ok(names)
}

struct Archive<W> {
    out: W,
    /// How many entries there are; each gets its number as inode.
    count: usize,
}

impl Archive<BufWriter<File>> {
    fn create(path: &Path) -> io::Result<Self> {
        let out = BufWriter::new(File::create(path)?);
        Ok(Self { out, count: 0 })
    }
}

impl<W: Write> Archive<W> {
    /// Adds a file or a folder; the folder it lies in comes before.
    fn add(&mut self, name: &str, mode: u32, data: &[u8]) -> io::Result<()> {
        self.count += 1;
        let links = 1;
        let (size, name_size) = (data.len(), name.len() + 1);
        write!(self.out, "070701{:08x}{mode:08x}", self.count)?;
        // User, group; links; time; then size, four device numbers, the name's size, no check sum.
        write!(self.out, "{:08x}{:08x}{links:08x}{:08x}", 0, 0, 0)?;
        write!(self.out, "{size:08x}{:032x}{name_size:08x}{:08x}", 0, 0)?;
        self.out.write_all(name.as_bytes())?;
        // The header is 110 bytes long; name and data each end on a multiple of four.
        self.pad(1, 110 + name_size)?;
        self.out.write_all(data)?;
        self.pad(0, size)
    }

    fn pad(&mut self, at_least: usize, written: usize) -> io::Result<()> {
        let zeros = at_least + written.next_multiple_of(4) - written;
        self.out.write_all(&[0; 4][..zeros])
    }

    fn finish(mut self) -> io::Result<()> {
        self.add("TRAILER!!!", 0, &[])?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_aligned_and_carry_their_sizes() {
        let mut archive = Archive {
            out: Vec::new(),
            count: 0,
        };
        archive.add("init", PROGRAM, b"12345").unwrap();
        archive.add("bin", FOLDER, &[]).unwrap();
        let out = archive.out;
        let number = |at: usize| {
            let digits = std::str::from_utf8(&out[at..at + 8]).unwrap();
            u32::from_str_radix(digits, 16).unwrap()
        };
        assert_eq!(&out[..6], b"070701");
        assert_eq!((number(14), number(54), number(94)), (PROGRAM, 5, 5));
        assert_eq!(
            &out[110..121],
            b"init\0\0 12345"
                .split(|b| *b == b' ')
                .collect::<Vec<_>>()
                .concat()
                .as_slice()
        );
        let second = 124;
        assert_eq!(&out[second..second + 6], b"070701");
        assert_eq!((number(second + 54), number(second + 94)), (0, 4));
        assert_eq!(out.len() % 4, 0);
    }
}
