//! What `./dev` calls: sets tools up, runs demo, tests and benchmarks, and says how long each step took.

#![allow(
    clippy::print_stdout,
    reason = "a command line tool talks on standard output"
)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod beside;
mod demo;
mod executables;
mod fuzz;
mod golden;
mod image;
mod paths;
mod progress;
mod setup;
mod stages;
mod test;

/// Saal's one entry for people.
#[derive(Parser)]
#[command(name = "./dev", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a room, its servers and a far end, and say where to look; --jitsi URL joins a conference on any server.
    #[command(disable_help_flag = true)]
    Demo {
        /// Passed on: --jitsi URL, --far-end none, --window, --camera NAME, ...
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Run all tests, or the named stages; `deep` adds the long ones.
    Test {
        /// setup, fmt, clippy, deny, unit, e2e (with its parts jitsi and uniform), image, fuzz, deep; up to e2e without.
        stages: Vec<test::Stage>,
        #[command(flatten)]
        options: test::Options,
    },
    /// Check format, lints and dependencies.
    Lint,
    /// Measure: join, call, recover, echo, network, sync, media, invitation, panel, calendar, fleet.
    #[command(disable_help_flag = true)]
    Bench {
        /// Which benchmark.
        name: String,
        /// Passed on.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Draw every screen of the panel, show what changed since it was accepted, and accept it on confirmation.
    Golden {
        /// Accepts without a question.
        #[arg(long)]
        accept: bool,
    },
    /// Build the image that is flashed, and with --bundle the update of it.
    Image {
        #[command(flatten)]
        options: image::Options,
    },
    /// Only set the tools up.
    Setup,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Demo { rest } => demo::demo(&rest),
        Command::Test { stages, options } => test::test(&stages, &options),
        Command::Lint => test::test(
            &[test::Stage::Fmt, test::Stage::Clippy, test::Stage::Deny],
            &test::Options::default(),
        ),
        Command::Bench { name, rest } => demo::bench(&name, &rest),
        Command::Golden { accept } => golden::golden(accept),
        Command::Image { options } => image::image(&options),
        Command::Setup => setup::setup().map(drop),
    }
}
