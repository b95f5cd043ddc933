//! The room's daemon: one loop around saal-core.
//!
//! Everything that happens (touches, meeting service, engine, calendar, timers, signals) becomes
//! one input; the core decides; the effects are carried out. No decision stands in this crate.

mod afar;
mod authorities;
mod browsers;
mod calendar_changes;
mod calendars;
mod checkup;
mod clock;
mod comfort;
mod config_file;
mod control;
mod daemon;
mod discovery;
mod engine;
mod guests;
mod hardening;
mod input;
mod keyboards;
mod local_api;
mod output;
mod panel;
mod phone_keys;
mod presets;
mod saved;
mod screen;
mod service_manager;
mod services;
mod signage;
mod status;
mod still;
mod system;
mod televisions;
mod voice;
mod web;
mod window;

use std::{
    fs::File,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Parser;
use nix::fcntl::{Flock, FlockArg};
use tracing_subscriber::EnvFilter;

use crate::{
    authorities::Trust,
    config_file::{ConfigFile, Overrides},
    daemon::{Daemon, End},
    engine::Launcher,
    input::{Input, Inputs},
    system::Requests,
};

/// The meeting room's daemon.
#[derive(Parser, Debug)]
#[command(version)]
struct Arguments {
    /// The room's configuration (TOML, see docs/configuration.md).
    #[arg(long, value_name = "FILE", default_value = "/etc/saal/saal.toml")]
    config: PathBuf,
    /// Where the room keeps what it must remember.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/saal")]
    state: PathBuf,
    /// Where the system looks for what the room asks of it: to start anew, to forget everything.
    #[arg(long, value_name = "DIR", default_value = "/run/saal/requests")]
    requests: PathBuf,
    /// Where a service manager starts a media engine for each connection, as a user of its own; without it saald starts one itself.
    #[arg(long, value_name = "SOCKET")]
    engine_socket: Option<PathBuf>,
    /// A folder with certificates of authorities (*.pem, *.crt) that count beside the computer's and the configuration's.
    #[arg(long, value_name = "DIR")]
    authorities: Option<PathBuf>,
    /// Use this camera instead of the configured one.
    #[arg(long, value_name = "NAME")]
    camera: Option<String>,
    /// Use this microphone instead of the configured one.
    #[arg(long, value_name = "NAME")]
    microphone: Option<String>,
    /// Use this loudspeaker instead of the configured one.
    #[arg(long, value_name = "NAME")]
    loudspeaker: Option<String>,
    /// Use this source of what is presented instead of the configured one.
    #[arg(long, value_name = "NAME")]
    content: Option<String>,
    /// Show the panel in a window of this desktop too.
    #[arg(long)]
    window: bool,
}

fn main() -> ExitCode {
    saal_hal_linux::memory::hold_little();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| {
            EnvFilter::new("info,matrix_sdk=warn,matrix_sdk::http_client=off,matrix_sdk_base=warn,matrix_sdk_crypto=error")
        }))
        .init();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let overrides = Overrides {
        camera: arguments.camera,
        microphone: arguments.microphone,
        loudspeaker: arguments.loudspeaker,
        content: arguments.content,
    };
    let file = ConfigFile {
        path: arguments.config,
        authorities: arguments.authorities,
        overrides,
    };
    // Without any good configuration there is nothing to fall back to.
    let config = file.load().map_err(anyhow::Error::msg)?;
    let state = arguments.state;
    std::fs::create_dir_all(&state)
        .with_context(|| format!("can't make the state folder {}", state.display()))?;
    let own = file.authorities(&config).map_err(anyhow::Error::msg)?;
    let trust = Trust::settle(&own, &state)?;
    let _lock = lock(&state)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no runtime")?;
    let end = runtime.block_on(async {
        let (inputs, receiver) = Inputs::channel();
        forward_signals(inputs.clone())?;
        let requests = Requests::in_folder(arguments.requests);
        let launcher = Launcher::choose(arguments.engine_socket)?;
        let mut daemon = Daemon::new(file, trust, state, requests, launcher, inputs)?;
        if arguments.window {
            daemon.open_window(&config.panel)?;
        }
        daemon.run(config, receiver).await
    })?;
    drop(runtime);
    match end {
        End::Over => Ok(()),
        End::Anew => {
            tracing::info!("begins anew, with other authorities");
            authorities::reap_children();
            Err(authorities::begin_anew())
        }
    }
}

/// Two daemons on one state folder would take each other's sockets and store.
fn lock(state: &Path) -> Result<Flock<File>> {
    let path = state.join("lock");
    let file = File::create(&path).with_context(|| format!("can't make {}", path.display()))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| {
        anyhow::anyhow!(
            "another saald uses {} ({errno}); stop it first",
            state.display()
        )
    })
}

fn forward_signals(inputs: Inputs) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup()).context("no SIGHUP")?;
    let mut terminate = signal(SignalKind::terminate()).context("no SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no SIGINT")?;
    tokio::spawn(async move {
        loop {
            let input = tokio::select! {
                _ = hangup.recv() => Input::Reload,
                _ = terminate.recv() => Input::Room(saal_core::Event::Shutdown),
                _ = interrupt.recv() => Input::Room(saal_core::Event::Shutdown),
            };
            inputs.send(input);
        }
    });
    Ok(())
}
