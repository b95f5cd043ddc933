//! `./dev image --flash /dev/sdX`: writes the image to a whole disk, after making sure that it is the right one.

use std::fs::{self, File};
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// Bytes written at once.
const PIECE: usize = 4 << 20;
/// How often the bar is drawn.
const REDRAW: Duration = Duration::from_millis(500);

/// A disk, as the kernel describes it.
#[derive(Debug, PartialEq, Eq)]
struct Disk {
    /// `sdb`.
    name: String,
    /// Vendor's name of it, if there is one.
    model: String,
    /// Bytes.
    size: u64,
    /// A stick or a card, says the kernel.
    removable: bool,
    /// Where it or a part of it is in use.
    mounted: Vec<String>,
}

/// Asks, and writes.
pub(super) fn flash(image: &Path, device: &Path) -> anyhow::Result<()> {
    let disk = describe(device)?;
    let size = fs::metadata(image)
        .with_context(|| format!("there is no {}", image.display()))?
        .len();
    refuse(&disk, size)?;
    println!("\n{}", question(&disk));
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .context("nobody answers")?;
    if answer.trim() != disk.name {
        bail!("Not confirmed; nothing was written.");
    }
    let opened = File::options().write(true).open(device);
    let target = opened.with_context(|| {
        format!(
            "cannot write {}. Writing to a disk needs root",
            device.display()
        )
    })?;
    let source = File::open(image).with_context(|| format!("cannot read {}", image.display()))?;
    copy(source, target, size)?;
    println!(
        "{} is ready. Its data partition is made when it starts for the first time.",
        device.display()
    );
    Ok(())
}

/// What is wrong with it, if something is: nobody wants to answer questions before hearing that.
fn refuse(disk: &Disk, image: u64) -> anyhow::Result<()> {
    if let Some(place) = disk.mounted.first() {
        bail!(
            "/dev/{} is in use: {place} is on it. Unmount all of it first, if it really is the disk to write to.",
            disk.name
        );
    }
    if disk.size < image {
        bail!(
            "/dev/{} holds {} MB, and the image needs {} MB.",
            disk.name,
            disk.size / 1_000_000,
            image / 1_000_000
        );
    }
    Ok(())
}

fn question(disk: &Disk) -> String {
    let kind = if disk.removable {
        "a removable disk"
    } else {
        "a disk that is built in"
    };
    let model = if disk.model.is_empty() {
        "of unknown make"
    } else {
        &disk.model
    };
    format!(
        "/dev/{name}: {kind}, {model}, {size} GB.\n\
         EVERYTHING on it will be gone. To go on, type its name ({name}):",
        name = disk.name,
        size = disk.size / 1_000_000_000
    )
}

fn describe(device: &Path) -> anyhow::Result<Disk> {
    let real = device
        .canonicalize()
        .with_context(|| format!("there is no {}", device.display()))?;
    if !fs::metadata(&real)?.file_type().is_block_device() {
        bail!("{} is no disk", device.display());
    }
    let name = real
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let about = PathBuf::from("/sys/block").join(&name);
    if !about.exists() {
        bail!(
            "{} is a part of a disk; give the whole disk (/dev/sdX, /dev/nvme0n1)",
            device.display()
        );
    }
    let read = |file: &str| {
        fs::read_to_string(about.join(file))
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let mounts = fs::read_to_string("/proc/mounts").context("cannot see what is in use")?;
    Ok(Disk {
        model: read("device/model"),
        // The kernel counts in blocks of 512 bytes, whatever the disk's are.
        size: read("size")
            .parse::<u64>()
            .context("a disk without a size")?
            * 512,
        removable: read("removable") == "1",
        mounted: mounted(&mounts, &name),
        name,
    })
}

/// Where the disk or parts of it are mounted: `/dev/sdb1 /media/x vfat ...`.
fn mounted(mounts: &str, name: &str) -> Vec<String> {
    let places = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let rest = words.next()?.strip_prefix("/dev/")?.strip_prefix(name)?;
        let part = rest.trim_start_matches('p');
        part.chars()
            .all(|c| c.is_ascii_digit())
            .then(|| words.next().map(str::to_owned))?
    });
    places.collect()
}

fn copy(mut source: impl Read, mut target: File, size: u64) -> anyhow::Result<()> {
    let mut piece = vec![0; PIECE];
    let (mut done, mut drawn) = (0, None);
    let terminal = io::stdout().is_terminal();
    loop {
        let read = source.read(&mut piece).context("the image can't be read")?;
        if read == 0 {
            break;
        }
        target
            .write_all(&piece[..read])
            .with_context(|| format!("the disk takes no more after {done} bytes"))?;
        // What is not on the disk yet would make the bar a lie.
        target
            .sync_data()
            .context("the disk refuses to keep what was written")?;
        done += read as u64;
        if terminal && drawn.is_none_or(|at: Instant| at.elapsed() > REDRAW) {
            print!("\r{}", bar(done, size));
            let _ = io::stdout().flush();
            drawn = Some(Instant::now());
        }
    }
    target
        .sync_all()
        .context("the disk refuses to keep what was written")?;
    println!("{}{}", if terminal { "\r" } else { "" }, bar(done, size));
    Ok(())
}

fn bar(done: u64, size: u64) -> String {
    let part = usize::try_from(done * 30 / size.max(1))
        .unwrap_or(30)
        .min(30);
    let percent = done * 100 / size.max(1);
    format!(
        "[{}{}] {percent:>3} %, {} MB",
        "#".repeat(part),
        ".".repeat(30 - part),
        done / 1_000_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stick() -> Disk {
        Disk {
            name: "sdb".to_owned(),
            model: "Stick".to_owned(),
            size: 8_000_000_000,
            removable: true,
            mounted: vec![],
        }
    }

    #[test]
    fn a_disk_in_use_or_too_small_is_refused_before_any_question() {
        let mounts = "/dev/sdb1 /media/x vfat rw 0 0\n/dev/sdbc1 /y ext4 rw 0 0\n/dev/nvme0n1p2 / ext4 rw 0 0\n";
        assert_eq!(mounted(mounts, "sdb"), ["/media/x"]);
        assert_eq!(mounted(mounts, "nvme0n1"), ["/"]);
        assert_eq!(mounted(mounts, "sda"), [""; 0]);
        let used = Disk {
            mounted: vec!["/media/x".to_owned()],
            ..stick()
        };
        assert!(
            refuse(&used, 1)
                .unwrap_err()
                .to_string()
                .contains("/media/x")
        );
        assert!(
            refuse(&stick(), 9_000_000_000)
                .unwrap_err()
                .to_string()
                .contains("8000 MB")
        );
        assert!(refuse(&stick(), 2_000_000_000).is_ok());
    }

    #[test]
    fn the_question_says_what_will_be_lost() {
        let asked = question(&stick());
        assert!(
            asked.contains("removable") && asked.contains("Stick") && asked.contains("8 GB"),
            "{asked}"
        );
    }

    #[test]
    fn all_of_the_image_is_written() {
        let path = std::env::temp_dir().join(format!("saal-flash-{}", std::process::id()));
        let image: Vec<u8> = (0..PIECE + 7).map(|n| (n % 251) as u8).collect();
        copy(&image[..], File::create(&path).unwrap(), image.len() as u64).unwrap();
        assert!(fs::read(&path).unwrap() == image);
        let _ = fs::remove_file(&path);
    }

    #[test]
    fn the_bar_ends_full() {
        assert_eq!(bar(50, 100), "[###############...............]  50 %, 0 MB");
        assert!(bar(100, 100).starts_with("[##############################] 100 %"));
    }
}
