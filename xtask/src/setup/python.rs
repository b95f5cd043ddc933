//! Virtual environments of Python: Synapse's own, and those that carry Go or Node.js where the machine has none.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::progress::step;

const NETWORK: &str =
    "Check that PyPI can be reached (pip's usual settings apply), then run it again.";

/// Makes a virtual environment in `folder` and installs `packages` there (arguments of pip install).
pub(super) fn environment(folder: &Path, name: &str, packages: &[&str]) -> anyhow::Result<()> {
    let log = format!("setup-{name}");
    let advice = "Python 3.10 or newer with the package python3-venv is needed.";
    let what = format!("{name}: virtual environment");
    step(
        &log,
        &what,
        advice,
        Command::new("python3").args(["-m", "venv"]).arg(folder),
    )?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
    ])
    .args(packages);
    step(
        &log,
        &format!("{name}: packages from PyPI"),
        NETWORK,
        &mut pip,
    )
}

/// The version of Python, which decides what a virtual environment is good for.
pub(super) fn version() -> anyhow::Result<String> {
    let output = Command::new("python3")
        .arg("--version")
        .output()
        .context("there is no python3")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
