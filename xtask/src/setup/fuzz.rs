//! cargo-fuzz, and the nightly compiler that it needs.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use super::Once;
use crate::paths;
use crate::progress::step;
use crate::test::command;

const VERSION: &str = "0.13.2";

/// A nightly compiler with cargo-fuzz.
pub(crate) struct Compiler {
    rustup: PathBuf,
    cargo_fuzz: PathBuf,
}

/// From the machine where it is there, else by rustup and from crates.io.
pub(crate) fn compiler() -> anyhow::Result<Compiler> {
    let rustup = paths::find("rustup")
        .context("fuzzing needs a nightly compiler, and there is no rustup to get one")?;
    if !has_nightly(&rustup) {
        let mut install = Command::new(&rustup);
        install.args(["toolchain", "install", "nightly", "--profile", "minimal"]);
        let advice = "Check that static.rust-lang.org can be reached, then run it again.";
        step("setup-nightly", "nightly compiler", advice, &mut install)?;
    }
    let cargo_fuzz = cargo_fuzz()?;
    Ok(Compiler { rustup, cargo_fuzz })
}

fn has_nightly(rustup: &PathBuf) -> bool {
    let output = Command::new(rustup).args(["toolchain", "list"]).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("nightly"))
}

fn cargo_fuzz() -> anyhow::Result<PathBuf> {
    if let Some(found) = paths::find("cargo-fuzz") {
        return Ok(found);
    }
    let folder = Once::of("cargo-fuzz", &[VERSION]).get(|folder| {
        let mut install = command(&["install", "--locked", "--version", VERSION, "--root"]);
        install.arg(folder).arg("cargo-fuzz");
        step(
            "setup-cargo-fuzz",
            "cargo-fuzz: compile (some minutes)",
            "Check that crates.io can be reached, then run it again.",
            &mut install,
        )
    })?;
    let program = folder.join("bin/cargo-fuzz");
    if !program.is_file() {
        bail!(
            "{} is not there; remove its folder and run it again",
            program.display()
        );
    }
    Ok(program)
}

impl Compiler {
    /// `cargo fuzz` by the nightly compiler, whichever one this program was compiled by.
    pub(crate) fn cargo_fuzz(&self) -> Command {
        let mut command = Command::new(&self.rustup);
        command
            .args(["run", "nightly"])
            .arg(&self.cargo_fuzz)
            .current_dir(paths::root())
            // That of this program's own compiler.
            .env_remove("CARGO")
            .env_remove("RUSTC")
            .env_remove("CARGO_TARGET_DIR");
        command
    }
}
