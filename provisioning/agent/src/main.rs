//! `saal-agent`: beside `saald` on each device of a fleet.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use saal_agent::{Agent, disk::Folder, identity, settings::Settings, update::rauc::Rauc};
use tracing_subscriber::EnvFilter;

/// Keeps the device in its fleet.
#[derive(Parser, Debug)]
#[command(version)]
struct Arguments {
    /// Which server, and how to reach it (TOML, see docs/fleet.md).
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/saal/agent.toml",
        global = true
    )]
    config: PathBuf,
    /// Lets the fleet update the system by RAUC. The folder is empty after each start of the device; where a file `restart`
    /// appears in it, the device is to be started anew.
    #[arg(long, value_name = "DIR", global = true)]
    rauc: Option<PathBuf>,
    /// A slot, partition or file: what of a new bundle lies there is not fetched. May be given several times; what can't be read is
    /// passed over.
    #[arg(long, value_name = "FILE", global = true)]
    seed: Vec<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Stays in touch with the fleet; the default.
    Run,
    /// Lays down the room's first configuration, so that saald can start before the agent runs.
    Prepare,
    /// Makes a new device of this one: no keys, no fleet, the first configuration.
    Forget,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        )
        .init();
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let settings = Settings::read(&arguments.config)?;
    match arguments.command {
        Some(Command::Forget) => {
            let folder = Folder::open(&settings.state)
                .with_context(|| settings.state.display().to_string())?;
            Ok(identity::forget(&folder)?)
        }
        Some(Command::Prepare) => Ok(Agent::prepare(&settings)?),
        Some(Command::Run) | None => stay(settings, arguments.rauc.as_deref(), &arguments.seed),
    }
}

fn stay(settings: Settings, rauc: Option<&Path>, seeds: &[PathBuf]) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("no SIGTERM")?;
        let again = settings.clone();
        let mut agent = Agent::open(settings)?;
        if let Some(run) = rauc {
            let rauc = Rauc::new(run).with_seeds(seeds.to_vec());
            agent = match Box::pin(agent.with_installer(Box::new(rauc))).await {
                Ok(agent) => agent,
                // A room without updates is still a room of its fleet.
                Err(error) => {
                    tracing::error!(%error, "the system can't be updated");
                    Agent::open(again)?
                }
            };
        }
        tokio::select! {
            ended = agent.run() => ended.map_err(Into::into),
            _ = terminate.recv() => Ok(()),
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    })
}
