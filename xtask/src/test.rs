//! `./dev test`: every check that continuous integration makes, in stages.

use std::process::Command;

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::beside::Beside;
use crate::executables::{self, TestProgram};
use crate::setup::{Tools, setup};
use crate::stages::Stages;
use crate::{fuzz, image, paths, setup};

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// Tools from registries.
    Setup,
    /// rustfmt.
    Fmt,
    /// Lints as errors.
    Clippy,
    /// Licences, advisories and sources of dependencies.
    Deny,
    /// Unit and crate tests, but for those of the next stage.
    Unit,
    /// Picture and sound in real time: the media engine's tests.
    Media,
    /// End to end on real servers.
    E2e,
    /// Of those, a room in Jitsi conferences; takes --server.
    Jitsi,
    /// Of those, the panel that is the same for every service; takes --service.
    Uniform,
    /// The image: built with the development profile's programs, booted in a virtual machine, touched, updated.
    Image,
    /// Random input for everything that reads what strangers send; takes --seconds, and names after --.
    Fuzz,
    /// End to end with the long tests, the panel's long walk and all its screens on every panel, a hundred weeks of rooms, a thousand calls of the engine, and the fuzz targets for a fixed number of inputs.
    Deep,
}

/// What runs when no stage is named: what depends on time is by itself, one after the other.
const FIRST: [Stage; 4] = [Stage::Setup, Stage::Fmt, Stage::E2e, Stage::Media];
/// And what can wait, beside it.
const BESIDE: [Stage; 3] = [Stage::Deny, Stage::Unit, Stage::Clippy];

/// Crates whose tests start servers and browsers.
const END_TO_END: [&str; 2] = ["saal-suites", "saal-harness"];
/// Crates whose tests play and capture in real time.
const REAL_TIME: [&str; 1] = ["saal-media"];
/// The crate whose tests start the flashed image.
const OF_THE_IMAGE: &str = "saal-image-tests";

/// A meeting service.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Service {
    /// Element Call on Matrix.
    Matrix,
    /// Jitsi Meet.
    Jitsi,
}

/// What the stages are told.
#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// For `jitsi`: a real installation (https://meet.example.org) instead of the stand-in; tests that need control of the
    /// servers are skipped with a message.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// For `uniform`: one service; both without.
    #[arg(long, value_enum)]
    service: Option<Service>,
    /// For `fuzz`: how long each target runs, 60 without.
    #[arg(long)]
    seconds: Option<u64>,
    /// Passed on to the tests, as a filter of their names.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// What to do about a stage that failed.
const ALONE: &str = "`./dev test STAGE` runs one alone.";

/// Where the suites find the address of a real installation.
const JITSI_SERVER: &str = "SAAL_JITSI_SERVER";

/// Runs the stages; an empty list means all.
pub(crate) fn test(chosen: &[Stage], options: &Options) -> anyhow::Result<()> {
    check(chosen, options)?;
    let (chosen, others): (&[Stage], &[Stage]) = if chosen.is_empty() {
        (&FIRST, &BESIDE)
    } else {
        (chosen, &[])
    };
    let needs_tools = |stage: &Stage| {
        !matches!(
            stage,
            Stage::Fmt | Stage::Clippy | Stage::Unit | Stage::Media | Stage::Fuzz
        )
    };
    let mut stages = Stages::default();
    let mut tools = None;
    if chosen.iter().any(needs_tools) {
        let set_up = stages.run("setup", || setup().map(|found| tools = Some(found)));
        if !set_up {
            return stages.finish(ALONE);
        }
    }
    let mut beside = None;
    if !others.is_empty() {
        // Built before: cargo builds one thing at a time. It may build this tool anew too.
        let tool = std::env::current_exe().context("cannot tell where this program is")?;
        let others: Vec<String> = others.iter().map(|stage| name(*stage)).collect();
        let started = stages.run("build", || {
            executables::build()?;
            executables::tests()?;
            beside = Some(Beside::start(&tool, &others, &options.rest)?);
            Ok(())
        });
        if !started {
            return stages.finish(ALONE);
        }
    }
    for stage in chosen.iter().filter(|stage| **stage != Stage::Setup) {
        stages.run(&name(*stage), || run(*stage, tools.as_ref(), options));
    }
    if let Some(beside) = beside {
        stages.run("beside", || beside.finish());
    }
    stages.finish(ALONE)
}

/// As it is named on the command line.
fn name(stage: Stage) -> String {
    let value = stage.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// An option that would do nothing is a mistake.
fn check(chosen: &[Stage], options: &Options) -> anyhow::Result<()> {
    if options.server.is_some() && !chosen.contains(&Stage::Jitsi) {
        bail!("--server is for the stage jitsi: ./dev test jitsi --server URL");
    }
    if options.service.is_some() && !chosen.contains(&Stage::Uniform) {
        bail!("--service is for the stage uniform: ./dev test uniform --service matrix");
    }
    if options.seconds.is_some() && !chosen.contains(&Stage::Fuzz) {
        bail!("--seconds is for the stage fuzz: ./dev test fuzz --seconds 600");
    }
    Ok(())
}

fn run(stage: Stage, tools: Option<&Tools>, options: &Options) -> anyhow::Result<()> {
    let tools = || tools.context("set up before");
    let rest = &options.rest;
    match stage {
        Stage::Setup => Ok(()),
        Stage::Fmt => cargo(&["fmt", "--all", "--check"], "Run `cargo fmt`."),
        Stage::Clippy => cargo(
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ],
            "Each lint above names its line and a way out.",
        ),
        Stage::Deny => setup::deny::check(&tools()?.cargo_deny),
        Stage::Unit => unit(rest),
        Stage::Media => media(rest),
        Stage::Image => of_the_image(tools()?, rest),
        Stage::E2e => end_to_end(tools()?, |_| true, rest, |_| {}),
        Stage::Fuzz => {
            let seconds = options.seconds.unwrap_or(fuzz::SECONDS);
            fuzz::run(rest, fuzz::Length::Seconds(seconds))
        }
        Stage::Deep => {
            let suites = end_to_end(
                tools()?,
                |_| true,
                rest,
                |program| {
                    program.arg("--include-ignored");
                },
            );
            let fuzzed = fuzz::run_if_possible(fuzz::Length::Inputs(fuzz::INPUTS));
            suites.and(long_tests()).and(fuzzed)
        }
        Stage::Jitsi => end_to_end(
            tools()?,
            |suite| suite == "jitsi",
            rest,
            |program| {
                if let Some(server) = &options.server {
                    program.env(JITSI_SERVER, server);
                }
            },
        ),
        Stage::Uniform => end_to_end(
            tools()?,
            |suite| suite == "uniform",
            rest,
            |program| {
                // The names of the tests begin with their service.
                program.args(options.service.map(|service| match service {
                    Service::Matrix => "matrix",
                    Service::Jitsi => "jitsi",
                }));
            },
        ),
    }
}

fn unit(rest: &[String]) -> anyhow::Result<()> {
    let elsewhere = [&END_TO_END[..], &REAL_TIME, &[OF_THE_IMAGE]].concat();
    let failed = failures_of(|package| !elsewhere.contains(&package), rest)?;
    let documents = cargo(
        &["test", "--workspace", "--doc"],
        "The failed examples are listed above.",
    );
    report(failed + usize::from(documents.is_err()))
}

fn media(rest: &[String]) -> anyhow::Result<()> {
    report(failures_of(|package| REAL_TIME.contains(&package), rest)?)
}

/// How many of the chosen packages' test programs fail; all that they need is built.
fn failures_of(chosen: impl Fn(&str) -> bool, rest: &[String]) -> anyhow::Result<usize> {
    executables::build()?;
    let programs = executables::tests()?;
    let programs = programs.iter().filter(|program| chosen(&program.package));
    Ok(count_failures(programs, |program| {
        program.args(rest);
    }))
}

/// The panel's random days, ten times as many, all its screens on every panel, the room's weeks, twenty times as many, and a thousand calls of the engine alone.
fn long_tests() -> anyhow::Result<()> {
    const LONG: [(&str, &str); 4] = [
        ("saal-panel", "walk"),
        ("saal-panel", "panel"),
        ("saal-calendar", "week"),
        ("saal-media", "again"),
    ];
    let programs = executables::tests()?;
    let long = programs.iter().filter(|program| {
        LONG.iter()
            .any(|(package, name)| program.package == *package && program.name == *name)
    });
    report(count_failures(long, |program| {
        program.arg("--ignored");
    }))
}

/// The image as it is flashed, in a virtual machine; one test at a time.
fn of_the_image(tools: &Tools, rest: &[String]) -> anyhow::Result<()> {
    // Who meets the flashed room is a room of this computer's.
    executables::build()?;
    let programs = executables::tests()?;
    let machines = programs
        .iter()
        .filter(|program| program.package == OF_THE_IMAGE);
    let made = image::for_tests()?;
    report(count_failures(machines, |program| {
        program
            .args(["--test-threads=1", "--nocapture"])
            .args(rest)
            .env("SAAL_TOOLS", &tools.list)
            .envs(made.variables());
    }))
}

/// The suites, one test at a time: each has servers, a browser and a room to itself on two cores.
fn end_to_end(
    tools: &Tools,
    chosen: impl Fn(&str) -> bool,
    rest: &[String],
    prepare: impl Fn(&mut Command),
) -> anyhow::Result<()> {
    executables::build()?;
    let programs = executables::tests()?;
    let suites = programs
        .iter()
        .filter(|program| END_TO_END.contains(&program.package.as_str()) && chosen(&program.name));
    report(count_failures(suites, |program| {
        program
            .arg("--test-threads=1")
            .args(rest)
            .env("SAAL_TOOLS", &tools.list);
        prepare(program);
    }))
}

/// All of them run, whatever fails, so that one run shows everything.
fn count_failures<'a>(
    programs: impl Iterator<Item = &'a TestProgram>,
    prepare: impl Fn(&mut Command),
) -> usize {
    let failures = programs.filter_map(|program| program.run(&prepare).err());
    failures.inspect(|error| println!("{error:#}")).count()
}

fn report(failed: usize) -> anyhow::Result<()> {
    if failed > 0 {
        bail!(
            "{failed} test programs failed; each is named above, with the ends of the logs it needs."
        );
    }
    Ok(())
}

/// Runs cargo in the clone, with its output as it is.
pub(crate) fn cargo(arguments: &[&str], advice: &str) -> anyhow::Result<()> {
    finish(&mut command(arguments), advice)
}

/// A cargo command in the clone.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(paths::root());
    command
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command, advice: &str) -> anyhow::Result<()> {
    let shown = format!("{command:?}").replace('"', "");
    let status = command
        .status()
        .with_context(|| format!("cannot run {shown}"))?;
    if status.success() {
        return Ok(());
    }
    bail!("{shown} ended with {status}. {advice}")
}
