//! What a room remembers on a disk as a power cut leaves it: the data partition, opened as its next start would.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::write_log::{Entry, WriteLog};

const BLOCK: u64 = 4096;
/// What partx counts in where partitions begin, and writes are whole numbers of.
const SECTOR: u64 = 512;
/// What the daemon and the fleet's agent remember, as the partition names it.
const REMEMBERED: [&str; 2] = ["/lib/saal", "/lib/saal-agent"];

/// Files by name with what is in them.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Looks into data partitions.
#[derive(Debug)]
pub struct DataReader {
    disk: PathBuf,
    /// Blocks of the disk to which the machine wrote more than zeros at some time: all others are empty, and a machine makes
    /// gigabytes of its disk empty.
    written: BTreeSet<u64>,
    folder: PathBuf,
}

impl DataReader {
    /// For the disk in this file, as this log goes on with it. What is looked at is copied to the folder.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn new(disk: &Path, log: &WriteLog, folder: &Path) -> Result<Self> {
        let mut written = BTreeSet::new();
        for entry in &log.entries {
            let Entry::Write { at, len, data } = *entry else {
                continue;
            };
            let bytes = log.data(data, len)?;
            let sectors = bytes.chunks(usize::try_from(SECTOR)?).zip(at / SECTOR..);
            let full = sectors.filter(|(sector, _)| sector.iter().any(|&byte| byte != 0));
            written.extend(full.map(|(_, number)| number * SECTOR / BLOCK));
        }
        Ok(Self {
            disk: disk.to_owned(),
            written,
            folder: folder.to_owned(),
        })
    }

    /// What the room would find at its next start. A disk without a data partition gets one then: nothing.
    ///
    /// # Errors
    /// When the table of partitions is gone, or the room would not open the partition (`image/root/…/data`): it would forget all.
    pub fn files(&self) -> Result<Files> {
        let Some((start, len)) = data_partition(&self.disk)? else {
            return Ok(Files::new());
        };
        let copy = self.folder.join("data.raw");
        let _ = fs::remove_file(&copy);
        let (from, to) = (File::open(&self.disk)?, File::create(&copy)?);
        to.set_len(len)?;
        let mut bytes = vec![0; usize::try_from(BLOCK)?];
        for block in self.written.range(start / BLOCK..(start + len) / BLOCK) {
            from.read_exact_at(&mut bytes, block * BLOCK)?;
            to.write_all_at(&bytes, block * BLOCK - start)?;
        }
        let checked = Command::new("e2fsck").arg("-p").arg(&copy).output();
        let checked = checked.context("there is no e2fsck")?;
        ensure!(
            checked.status.code().is_some_and(|code| code <= 2),
            "the data partition is damaged: {}",
            String::from_utf8_lossy(&checked.stdout)
        );
        self.read(&copy)
    }

    /// Copies the remembered out of it, without mounting.
    fn read(&self, copy: &Path) -> Result<Files> {
        let out = self.folder.join("remembered");
        let _ = fs::remove_dir_all(&out);
        fs::create_dir_all(&out)?;
        let wanted = format!("rdump {} {}", REMEMBERED.join(" "), out.display());
        let done = Command::new("debugfs")
            .args(["-R", &wanted])
            .arg(copy)
            .output();
        done.context("there is no debugfs")?;
        let mut files = Files::new();
        let mut folders = vec![out.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else {
                    let name = entry.path().strip_prefix(&out)?.display().to_string();
                    files.insert(name, fs::read(entry.path())?);
                }
            }
        }
        Ok(files)
    }
}

/// Where the data partition of the disk in this file is, if there is one: its first byte, and how many there are.
pub(crate) fn data_partition(disk: &Path) -> Result<Option<(u64, u64)>> {
    // Of a table whose beginning is damaged it takes the copy at the disk's end, as the kernel does.
    let mut list = Command::new("partx");
    list.args(["--raw", "--noheadings", "--bytes"])
        .args(["--output", "START,SIZE,NAME"])
        .arg(disk);
    let listed = list.output().context("there is no partx")?;
    if !listed.status.success() {
        bail!("the disk has no table of partitions any more");
    }
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    // Those of the image, which a room never moves.
    ensure!(listed.lines().count() >= 6, "partitions are gone: {listed}");
    let mut data = listed.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (start, size, name) = (words.next()?, words.next()?, words.next()?);
        let start = start.parse::<u64>().ok()? * SECTOR;
        (name == "data").then_some((start, size.parse().ok()?))
    });
    Ok(data.next())
}
