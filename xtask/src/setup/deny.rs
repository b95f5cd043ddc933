//! cargo-deny: licences, sources and known vulnerabilities of what we depend on.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use super::Once;
use crate::paths;
use crate::progress::{last_lines, step};
use crate::test::{command, finish};

const VERSION: &str = "0.20.2";

/// The program: from the machine in this very version, else compiled once.
pub(super) fn cargo_deny() -> anyhow::Result<PathBuf> {
    if let Some(found) = paths::find("cargo-deny").filter(|found| is_ours(found)) {
        return Ok(found);
    }
    let folder = Once::of("cargo-deny", &[VERSION]).get(|folder| {
        let mut install = command(&["install", "--locked", "--version", VERSION, "--root"]);
        install.arg(folder).arg("cargo-deny");
        let advice = "Check that crates.io can be reached, then run it again.";
        step(
            "setup-cargo-deny",
            "cargo-deny: compile (some minutes)",
            advice,
            &mut install,
        )
    })?;
    Ok(folder.join("bin/cargo-deny"))
}

fn is_ours(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout)
            .trim()
            .ends_with(VERSION)
    })
}

/// Checks everything; the advisories only where their database can be fetched.
pub(crate) fn check(program: &Path) -> anyhow::Result<()> {
    let deny = |what: &[&str]| {
        let mut check = Command::new(program);
        check
            .current_dir(paths::root())
            .args(["--workspace", "check", "--hide-inclusion-graph"])
            .args(what);
        check
    };
    let advice = "deny.toml says what is allowed and why.";
    finish(&mut deny(&["licenses", "bans", "sources"]), advice)?;
    let log = paths::log("deny-advisories");
    let _ = std::fs::remove_file(&log);
    match step(
        "deny-advisories",
        "advisories: fetch the database and check",
        advice,
        &mut deny(&["advisories"]),
    ) {
        Err(_) if unreachable(&log) => {
            println!(
                "  ADVISORIES WERE NOT CHECKED: their database (a git repository) cannot be reached from here."
            );
            println!("  {}", last_lines(&log, 1).trim());
            Ok(())
        }
        Err(error) => bail!(error),
        Ok(()) => Ok(()),
    }
}

/// Whether the check failed before it began.
fn unreachable(log: &Path) -> bool {
    std::fs::read_to_string(log)
        .unwrap_or_default()
        .contains("failed to fetch advisory database")
}
