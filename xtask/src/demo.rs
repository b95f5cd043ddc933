//! `./dev demo` and `./dev bench`: the harness's programs, with everything they need built before.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::bail;

use crate::executables;
use crate::paths;
use crate::setup::setup;
use crate::test::{cargo, finish};

/// Builds, then becomes the demo: Ctrl-C reaches it directly.
pub(crate) fn demo(rest: &[String]) -> anyhow::Result<()> {
    let tools = setup()?;
    println!("Building (minutes the first time, then seconds).");
    executables::build()?;
    let mut run = Command::new(paths::target().join("debug/saal-demo"));
    run.args(rest).env("SAAL_TOOLS", &tools.list);
    let error = run.exec();
    bail!("cannot run the demo: {error}")
}

/// Measures with optimised builds.
pub(crate) fn bench(name: &str, rest: &[String]) -> anyhow::Result<()> {
    let tools = setup()?;
    println!("Building optimised (many minutes the first time).");
    cargo(
        &["build", "--workspace", "--bins", "--release"],
        "The compiler's messages are above.",
    )?;
    let mut run = Command::new(paths::target().join("release/bench"));
    run.arg(name).args(rest).env("SAAL_TOOLS", &tools.list);
    if name == "echo" {
        run.arg("--python").arg(crate::setup::speechmos()?);
    }
    finish(&mut run, "What it said is above.")
}
