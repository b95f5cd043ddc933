//! What happens to the disk of a machine that is off: IT writes to it, a release was written that is no good, it fills up.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::bundle::Flaw;
use crate::disk::Disk;
use crate::kept::data_partition;
use crate::machine::{Image, in_build_root};

/// `write PARTS DISK ROOT VERITY ESP SLOT`: a system's parts, and where they go (bytes of the disk; the boot loader's partition as
/// mtools takes it).
const WRITE: &str = r#"
write() { dd if="$1" of="$2" bs=1M conv=notrunc oflag=seek_bytes seek="$3" status=none; }
write "$1/root.raw" "$2" "$3"
write "$1/verity.raw" "$2" "$4"
mcopy -D o -i "$5" "$1/kernel.efi" "::/EFI/saal/$6.efi"
rm -r "$1"
"#;

impl Image {
    /// Writes a system that is no good to a slot, whole, as an update would.
    ///
    /// # Errors
    /// When it can't be built or written.
    pub fn write_flawed(&self, disk: &Disk, slot: &str, flaw: Flaw) -> Result<()> {
        let folder = self.make_flawed(&disk.name()?, flaw)?;
        let at = |label: &str| {
            let at = disk.partition(&format!("{label}-{slot}"))?;
            anyhow::Ok(at.to_string())
        };
        let (root, verity) = (at("root")?, at("verity")?);
        let esp = in_build_root(disk, "esp")?;
        let file = format!("/work/vm/{}/disk.raw", disk.name()?);
        let words = [
            "sh", "-euc", WRITE, "write", &folder, &file, &root, &verity, &esp, slot,
        ];
        self.ask(&words).map(drop)
    }

    /// Puts a file into a folder of the partition that IT writes.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn put(&self, disk: &Disk, folder: &str, name: &str, content: &str) -> Result<()> {
        self.write(&disk.name()?, name, content)?;
        let (partition, path) = (
            in_build_root(disk, "factory")?,
            format!("/work/vm/{}/{name}", disk.name()?),
        );
        self.ask(&["mmd", "-D", "s", "-i", &partition, &format!("::/{folder}")])?;
        let to = format!("::/{folder}/{name}");
        self.ask(&["mcopy", "-i", &partition, &path, &to]).map(drop)
    }
}

impl Disk {
    /// Fills the data partition of a room without a TPM to its last block.
    ///
    /// # Errors
    /// When there is none, or it is sealed.
    pub fn fill(&self) -> Result<()> {
        let (start, _) = data_partition(self.file())?.context("the room has no data partition")?;
        let data = format!("{}?offset={start}", self.file().display());
        // As the next start does it: what was under way when the power went.
        let checked = Command::new("e2fsck").args(["-p", &data]).output();
        let checked = checked.context("there is no e2fsck")?;
        ensure!(
            checked.status.code().is_some_and(|code| code <= 2),
            "the data partition is damaged: {}",
            String::from_utf8_lossy(&checked.stdout)
        );
        let blocks = free_blocks(&data)?;
        // More than there is: it takes what it gets.
        let wanted = format!(
            "write /dev/null filled\nfallocate filled 0 {}\n",
            2 * blocks
        );
        let mut debugfs = Command::new("debugfs")
            .args(["-w", "-f", "-", &data])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("there is no debugfs")?;
        let mut orders = debugfs.stdin.take().context("it has an input")?;
        orders.write_all(wanted.as_bytes())?;
        drop(orders);
        debugfs.wait()?;
        let left = free_blocks(&data)?;
        ensure!(left == 0, "{left} of {blocks} blocks are still free");
        Ok(())
    }
}

/// Blocks of an ext4 file system that nothing uses.
fn free_blocks(data: &str) -> Result<u64> {
    let asked = Command::new("debugfs").args(["-R", "stats", data]).output();
    let said = asked.context("there is no debugfs")?.stdout;
    let said = String::from_utf8_lossy(&said);
    let Some(blocks) = said
        .lines()
        .find_map(|line| line.strip_prefix("Free blocks:"))
    else {
        bail!("no file system that can be read: {said}");
    };
    blocks.trim().parse().context("a number of blocks")
}
