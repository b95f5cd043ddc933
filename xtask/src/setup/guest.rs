//! What the virtual machine of the hardware tests boots: Debian's kernel with a few of its modules, and busybox.
//!
//! ```text
//! vmlinuz                  the kernel
//! busybox                  static
//! boot/00-virtio_ring.ko   what the root file system needs, uncompressed, in the order of loading
//! usr/lib/modules/RELEASE  the drivers that tests ask for; lib is a link to usr/lib
//! ```

mod codec;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::{Once, as_root};
use crate::paths;
use crate::progress::step;

/// The package that names the newest kernel of the release in its dependencies.
const KERNEL: &str = "linux-image-amd64";
/// The first programs, in one that needs no library.
const BUSYBOX: &str = "busybox-static";
/// What it takes to mount this machine's file system.
const BOOT: [&str; 3] = ["virtio_pci", "9pnet_virtio", "9p"];
/// Cameras, sound cards, keys and telephones that are not there, a display, and USB controllers with nothing but software behind them.
const DRIVERS: [&str; 14] = [
    "vivid",
    "snd-aloop",
    "snd-dummy",
    "uinput",
    "uhid",
    "hid-generic",
    "evdev",
    "dummy_hcd",
    "usb_f_uvc",
    "usb_f_uac2",
    "uvcvideo",
    "vhci-hcd",
    "snd-usb-audio",
    "virtio-gpu",
];
/// Changes when something above does, so that it is made anew.
const EDITION: &str = "9";

/// The folder; none on machines whose programs Debian's amd64 kernel can't run.
pub(super) fn folder() -> anyhow::Result<Option<PathBuf>> {
    if std::env::consts::ARCH != "x86_64" || paths::find("dpkg-deb").is_none() {
        println!("  guest: none here, it needs Debian on x86-64; the hardware tests will not run");
        return Ok(None);
    }
    let once = Once::of("guest", &[&release(), KERNEL, EDITION]);
    once.get(make).map(Some)
}

/// The release of the system, whose kernel is taken.
fn release() -> String {
    let about = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename = about
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    codename.unwrap_or("unknown").to_owned()
}

fn make(folder: &Path) -> anyhow::Result<()> {
    let unpacked = folder.join("unpacked");
    fs::create_dir(&unpacked).context("cannot write into the cache")?;
    download(folder)?;
    unpack(folder, "linux-image-", &unpacked)?;
    unpack(folder, BUSYBOX, &unpacked)?;
    let kernel = only_entry(&unpacked.join("boot"), "vmlinuz-")?;
    copy(&kernel, &folder.join("vmlinuz"))?;
    let places = ["bin/busybox", "usr/bin/busybox"].map(|place| unpacked.join(place));
    let busybox = places.iter().find(|place| place.exists());
    copy(
        busybox.context("no busybox in its package")?,
        &folder.join("busybox"),
    )?;
    modules(folder, &unpacked)?;
    codec::add(folder)?;
    fs::remove_dir_all(&unpacked).context("cannot tidy the cache up")
}

/// Brings the packages. apt's lists may be missing or old: then they are fetched and it is tried once more.
fn download(folder: &Path) -> anyhow::Result<()> {
    let advice = "Check that Debian's archive can be reached (apt's usual settings apply), then run it again.";
    let fetch = || {
        let kernel = package()?;
        let mut apt = Command::new("apt-get");
        apt.current_dir(folder)
            .args(["download", "-q", &kernel, BUSYBOX])
            .args(codec::packages(&kernel)?);
        step(
            "setup-guest",
            "guest: Debian's kernel and its source (220 MB)",
            advice,
            &mut apt,
        )
    };
    if fetch().is_ok() {
        return Ok(());
    }
    let mut update = as_root("apt-get");
    update.args(["update", "-q"]);
    step(
        "setup-guest",
        "guest: apt's package lists",
        advice,
        &mut update,
    )?;
    fetch()
}

/// The package of the kernel itself, whose name has its version.
fn package() -> anyhow::Result<String> {
    needed(KERNEL, "linux-image-")
}

/// The package that this one depends on whose name begins so.
fn needed(package: &str, start: &str) -> anyhow::Result<String> {
    let output = Command::new("apt-cache")
        .args(["depends", package])
        .output()
        .context("there is no apt-cache")?;
    let text = String::from_utf8_lossy(&output.stdout);
    dependency(&text, start).with_context(|| format!("apt knows no {start}* for {package}"))
}

/// `  Depends: linux-image-6.1.0-56-amd64` -> the name.
fn dependency(text: &str, start: &str) -> Option<String> {
    let names = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    names
        .map(str::trim)
        .find(|name| name.starts_with(start))
        .map(str::to_owned)
}

fn unpack(folder: &Path, start: &str, unpacked: &Path) -> anyhow::Result<()> {
    let package = only_entry(folder, start)?;
    let advice = "Check that there are 2 GB of space in the cache, then run it again.";
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--extract").arg(&package).arg(unpacked);
    step("setup-guest", "guest: unpack", advice, &mut unpack)?;
    fs::remove_file(&package).context("cannot tidy the cache up")
}

fn link_lib(folder: &Path) -> anyhow::Result<()> {
    let link = folder.join("lib");
    if link.exists() {
        return Ok(());
    }
    std::os::unix::fs::symlink("usr/lib", &link).context("cannot write into the cache")
}

/// Takes the modules that are needed, with what they depend on.
fn modules(folder: &Path, unpacked: &Path) -> anyhow::Result<()> {
    // Older releases have them in /lib: one way of looking at both.
    if !unpacked.join("usr/lib").exists() {
        fs::create_dir_all(unpacked.join("usr")).context("cannot write into the cache")?;
        fs::rename(unpacked.join("lib"), unpacked.join("usr/lib")).context("no modules")?;
    }
    link_lib(unpacked)?;
    let tree = only_entry(&unpacked.join("usr/lib/modules"), "")?;
    let release = tree.file_name().context("a release has a name")?.to_owned();
    depmod(unpacked, &release)?;
    let needs = |names: &[&str]| closure(unpacked, &release, names);
    fs::create_dir(folder.join("boot")).context("cannot write into the cache")?;
    for (number, module) in needs(&BOOT)?.iter().enumerate() {
        let name = module
            .file_name()
            .context("a module has a name")?
            .to_string_lossy();
        let name = format!("{number:02}-{}", name.trim_end_matches(".xz"));
        uncompress(module, &folder.join("boot").join(name))?;
    }
    let kept = folder.join("usr/lib/modules").join(&release);
    for module in needs(&DRIVERS)? {
        let inside = module
            .strip_prefix(&tree)
            .context("a module of this kernel")?;
        copy(&module, &kept.join(inside))?;
    }
    for list in [
        "modules.order",
        "modules.builtin",
        "modules.builtin.modinfo",
    ] {
        copy(&tree.join(list), &kept.join(list))?;
    }
    link_lib(folder)?;
    depmod(folder, &release)
}

/// The files of modules and of all that they depend on, each after what it needs.
fn closure(root: &Path, release: &std::ffi::OsStr, names: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for name in names {
        let output = Command::new(tool("modprobe"))
            .arg("--dirname")
            .arg(root)
            .arg("--set-version")
            .arg(release)
            .args(["--show-depends", name])
            .output()
            .context("there is no modprobe: install kmod")?;
        if !output.status.success() {
            bail!(
                "Debian's kernel has no module {name}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        for file in inserted(&String::from_utf8_lossy(&output.stdout)) {
            let file = file
                .canonicalize()
                .with_context(|| format!("no {}", file.display()))?;
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// `insmod /a/b.ko option=1` -> the path; built-in modules have none.
fn inserted(text: &str) -> Vec<PathBuf> {
    let paths = text.lines().filter_map(|line| line.strip_prefix("insmod "));
    paths
        .filter_map(|rest| rest.split_whitespace().next())
        .map(PathBuf::from)
        .collect()
}

fn depmod(root: &Path, release: &std::ffi::OsStr) -> anyhow::Result<()> {
    let mut depmod = Command::new(tool("depmod"));
    depmod.arg("--basedir").arg(root).arg(release);
    step(
        "setup-guest",
        "guest: dependencies of modules",
        "Install kmod, then run it again.",
        &mut depmod,
    )
}

/// Programs of the administrator, which are not in everybody's `PATH`.
fn tool(name: &str) -> PathBuf {
    paths::find(name).unwrap_or_else(|| Path::new("/usr/sbin").join(name))
}

fn uncompress(module: &Path, to: &Path) -> anyhow::Result<()> {
    if module.extension().is_none_or(|ending| ending != "xz") {
        return copy(module, to);
    }
    let output = Command::new("xz")
        .args(["--decompress", "--stdout"])
        .arg(module)
        .output()
        .context("there is no xz: install xz-utils")?;
    if !output.status.success() {
        bail!("cannot uncompress {}", module.display());
    }
    fs::write(to, output.stdout).with_context(|| format!("cannot write {}", to.display()))
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let parent = to.parent().context("a file lies in a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}

/// The one entry of a folder whose name begins so.
fn only_entry(folder: &Path, start: &str) -> anyhow::Result<PathBuf> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let found = entries
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with(start));
    let found = found.with_context(|| format!("{} has no {start}*", folder.display()))?;
    Ok(found.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apt_names_the_kernel_and_modprobe_the_files() {
        let apt = "linux-image-amd64\n  Depends: libc6\n  Depends: linux-image-6.1.0-56-amd64\n";
        assert_eq!(
            dependency(apt, "linux-image-").as_deref(),
            Some("linux-image-6.1.0-56-amd64")
        );
        let modprobe = "builtin usbcore\ninsmod /x/mc.ko \ninsmod /x/vivid.ko n_devs=2\n";
        assert_eq!(
            inserted(modprobe),
            ["/x/mc.ko", "/x/vivid.ko"].map(PathBuf::from)
        );
    }
}
