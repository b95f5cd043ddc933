//! `./dev demo` and `./dev bench`: the harness's programs, with everything they need built before.

use std::os::unix::process::CommandExt;

use anyhow::bail;

use crate::setup::setup;
use crate::test::{build, command, finish};

/// Builds, then becomes the demo: Ctrl-C reaches it directly.
pub(crate) fn demo(rest: &[String]) -> anyhow::Result<()> {
    let tools = setup()?;
    println!("Building (minutes the first time, then seconds).");
    build(&["-p", "saal-harness"])?;
    let mut run = command(&[
        "run",
        "--quiet",
        "-p",
        "saal-harness",
        "--bin",
        "saal-demo",
        "--",
    ]);
    run.args(rest).env("SAAL_TOOLS", &tools.list);
    let error = run.exec();
    bail!("cannot run the demo: {error}")
}

/// Measures with optimised builds.
pub(crate) fn bench(name: &str, rest: &[String]) -> anyhow::Result<()> {
    let tools = setup()?;
    println!("Building optimised (many minutes the first time).");
    build(&["--release"])?;
    let mut run = command(&[
        "run",
        "--quiet",
        "--release",
        "-p",
        "saal-suites",
        "--bin",
        "bench",
        "--",
        name,
    ]);
    run.args(rest).env("SAAL_TOOLS", &tools.list);
    finish(&mut run, "What it said is above.")
}
