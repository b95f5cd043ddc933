//! Our programs for the image: made by this machine's Rust, linked against no newer library than the image has.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::test::{cargo, command};
use crate::{executables, paths};

/// What runs in a room.
const PROGRAMS: [&str; 4] = ["saald", "saal-media", "saalctl", "saal-agent"];
/// The C library of Debian 13, the newest interface that a program may want of it.
const GLIBC: (u32, u32) = (2, 41);

/// Where they are when they are built.
pub(super) fn folder(dev_profile: bool) -> PathBuf {
    paths::target().join(if dev_profile { "debug" } else { "release" })
}

/// Builds them; with the development profile, all others of the workspace too.
pub(super) fn build(dev_profile: bool) -> anyhow::Result<()> {
    if dev_profile {
        return executables::build();
    }
    let mut arguments = vec!["build", "--release", "--bins"];
    for program in PROGRAMS {
        arguments.extend(["-p", program]);
    }
    cargo(&arguments, "The compiler's messages are above.")
}

/// Those that lie in this folder.
pub(super) fn of(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let programs: Vec<PathBuf> = PROGRAMS.iter().map(|name| folder.join(name)).collect();
    for program in &programs {
        check(program)?;
    }
    Ok(programs)
}

/// The crates in them with their licences, a line each, for the bill of materials.
pub(super) fn crates() -> anyhow::Result<Vec<u8>> {
    let mut arguments = vec![
        "tree", "--edges", "normal", "--prefix", "none", "--format", "{p}|{l}",
    ];
    for program in PROGRAMS {
        arguments.extend(["-p", program]);
    }
    let output = command(&arguments).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!(
            "cargo tree failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output.stdout)
}

/// A program of a newer system would not start in the image.
fn check(program: &Path) -> anyhow::Result<()> {
    let output = Command::new("objdump")
        .arg("-T")
        .arg(program)
        .output()
        .context("there is no objdump: install binutils")?;
    let symbols = String::from_utf8_lossy(&output.stdout);
    match newest_glibc(&symbols) {
        Some((major, minor)) if (major, minor) > GLIBC => bail!(
            "{} needs glibc {major}.{minor}, and the image has {}.{}. Build on Debian 12 or 13.",
            program.display(),
            GLIBC.0,
            GLIBC.1
        ),
        Some(_) => Ok(()),
        None => bail!("{} is not linked against glibc", program.display()),
    }
}

/// `(GLIBC_2.34) open` in a table of symbols -> the highest number.
fn newest_glibc(symbols: &str) -> Option<(u32, u32)> {
    let versions = symbols.split("GLIBC_").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (major, minor) = rest[..end].split_once('.')?;
        let minor = minor.split('.').next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    versions.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_interface_is_found() {
        let table = "0  DF *UND* (GLIBC_2.9) a\n0  DF *UND* (GLIBC_2.34) b\n0 (GLIBC_2.2.5) c\n0 (GCC_3.0) d\n";
        assert_eq!(newest_glibc(table), Some((2, 34)));
        assert_eq!(newest_glibc("no symbols"), None);
    }
}
