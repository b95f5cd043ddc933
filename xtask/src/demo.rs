//! `./dev demo` and `./dev bench`: the harness's programs, with everything they need built before.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, bail};

use crate::executables;
use crate::paths;
use crate::setup::{Tools, setup};
use crate::test::{cargo, command, finish};

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
    match name {
        "panel" => return panel(&tools),
        "calendar" => return calendar(&tools),
        "fleet" => return fleet(rest),
        "boot" | "powercut" => return of_the_image(name, rest),
        _ => {}
    }
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

/// Calendars alone, beside the libraries of others.
fn calendar(tools: &Tools) -> anyhow::Result<()> {
    println!("Building optimised (minutes the first time).");
    let build = ["bench", "-p", "saal-sources", "--bench", "calendar"];
    cargo(
        &[&build[..], &["--no-run"]].concat(),
        "The compiler's messages are above.",
    )?;
    let list = std::fs::read(&tools.list)?;
    let list: serde_json::Value = serde_json::from_slice(&list)?;
    let python = list["calendar_python"].as_str().context("no Python")?;
    let mut run = command(&build);
    run.args(["--", python]).current_dir(paths::root());
    finish(&mut run, "What it said is above.")
}

/// The fleet's server with 70,000 devices, or as many as `rest` says; `sqlite` and `postgres` are one of its two parts.
fn fleet(rest: &[String]) -> anyhow::Result<()> {
    println!("Building optimised (many minutes the first time).");
    let build = ["bench", "-p", "saal-fleet", "--bench", "fleet"];
    cargo(
        &[&build[..], &["--no-run"]].concat(),
        "The compiler's messages are above.",
    )?;
    let mut run = command(&build);
    run.arg("--").args(rest).current_dir(paths::root());
    finish(&mut run, "What it said is above.")
}

/// The image in a virtual machine, with optimised programs. What watches it is as in tests: the machine is what takes the time.
fn of_the_image(name: &str, rest: &[String]) -> anyhow::Result<()> {
    let made = crate::image::for_bench()?;
    let mut run = command(&["test", "-p", "saal-image-tests", "--bench", name]);
    run.arg("--").args(rest).current_dir(paths::root());
    run.envs(made.variables());
    finish(&mut run, "What it said is above.")
}

/// The panel alone, which needs nothing of the rest; everything on one core, Chromium too.
fn panel(tools: &Tools) -> anyhow::Result<()> {
    println!("Building optimised (minutes the first time).");
    let build = ["bench", "-p", "saal-panel", "--bench", "panel"];
    cargo(
        &[&build[..], &["--no-run"]].concat(),
        "The compiler's messages are above.",
    )?;
    let mut run = Command::new("taskset");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run.args(["-c", "0"]).arg(cargo).args(build).arg("--");
    let list = std::fs::read(&tools.list)?;
    let list: serde_json::Value = serde_json::from_slice(&list)?;
    for tool in ["node", "node_modules", "chromium_shell"] {
        run.arg(list[tool].as_str().with_context(|| format!("no {tool}"))?);
    }
    run.current_dir(paths::root());
    finish(&mut run, "What it said is above.")
}
