//! The disk that a machine starts from: what was flashed, and what was written to it since.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::machine::Image;

/// Bytes of the machine's disk: the image, and room for its data.
const SIZE: u64 = 4 << 30;

/// A disk; its file is a copy of the image with holes.
#[derive(Debug)]
pub struct Disk {
    pub(crate) file: PathBuf,
    partitions: Vec<(String, u64)>,
}

impl Disk {
    /// A freshly flashed one in this folder.
    pub(crate) fn flash(image: &Image, folder: &Path) -> Result<Self> {
        let file = folder.join("disk.raw");
        copy(&image.raw, &file)?;
        let open = fs::File::options().write(true).open(&file);
        open.and_then(|disk| disk.set_len(SIZE))
            .with_context(|| format!("cannot enlarge {}", file.display()))?;
        Ok(Self {
            file,
            partitions: partitions(&image.raw.with_extension("json"))?,
        })
    }

    /// Another system's, of whose partitions nothing is known.
    pub(crate) fn of(file: PathBuf) -> Self {
        let partitions = Vec::new();
        Self { file, partitions }
    }

    /// Its file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The folder of its machine.
    pub(crate) fn folder(&self) -> &Path {
        self.file.parent().expect("a disk lies in a folder")
    }

    /// What its machine is called.
    pub(crate) fn name(&self) -> Result<String> {
        let name = self.folder().file_name();
        let name = name.context("a disk lies in a folder")?;
        Ok(name.to_string_lossy().into_owned())
    }

    /// Another one with the same bytes, beside it.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn copy(&self, name: &str) -> Result<Self> {
        let file = self.folder().join(name);
        copy(&self.file, &file)?;
        Ok(Self {
            file,
            partitions: self.partitions.clone(),
        })
    }

    /// Where a partition begins, in bytes.
    ///
    /// # Errors
    /// When the image has none of this label.
    pub fn partition(&self, label: &str) -> Result<u64> {
        let found = self.partitions.iter().find(|(name, _)| name == label);
        let (_, offset) = found.with_context(|| format!("the image has no partition {label}"))?;
        Ok(*offset)
    }

    /// Turns one bit over in a partition that is not to be changed, as failing flash memory does. `at` counts its bytes.
    ///
    /// # Errors
    /// When the disk can't be read or written.
    pub fn flip_bit(&self, label: &str, at: u64) -> Result<()> {
        use std::io::Read;
        let mut disk = fs::File::options()
            .read(true)
            .write(true)
            .open(&self.file)?;
        let at = SeekFrom::Start(self.partition(label)? + at);
        let mut byte = [0];
        disk.seek(at)?;
        disk.read_exact(&mut byte)?;
        byte[0] ^= 1;
        disk.seek(at)?;
        Ok(disk.write_all(&byte)?)
    }
}

impl Drop for Disk {
    /// Each takes gigabytes. What a machine said of itself lies beside it.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// With holes where there are zeros.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let copied = std::process::Command::new("cp")
        .args(["--sparse=always", "--reflink=auto"])
        .args([from, to])
        .status()
        .context("there is no cp")?;
    if !copied.success() {
        bail!("cannot copy {}", from.display());
    }
    Ok(())
}

/// What systemd-repart said of the partitions that it made: labels and offsets.
fn partitions(list: &Path) -> Result<Vec<(String, u64)>> {
    let text = fs::read(list).with_context(|| format!("cannot read {}", list.display()))?;
    let list: Vec<Value> =
        serde_json::from_slice(&text).context("the list of partitions is no JSON")?;
    let read = |one: &Value| {
        Some((
            one.get("label")?.as_str()?.to_owned(),
            one.get("offset")?.as_u64()?,
        ))
    };
    Ok(list.iter().filter_map(read).collect())
}
