//! `saal-fleet`: the fleet's server.

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use saal_agent::simulated::Crowd;
use saal_fleet::{
    Announcement, Nats, Options, Server, Shared, back_up, back_up_shared, restore, restore_shared,
};
use tracing_subscriber::EnvFilter;

/// Looks after rooms: who they are, what they are told.
#[derive(Parser, Debug)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Past one machine.
#[derive(Args, Debug)]
struct SharedArguments {
    /// Keeps the fleet in PostgreSQL instead of the folder: postgres://USER@HOST/DATABASE. Past this machine it has to
    /// offer TLS, unless the address ends with ?sslmode=disable.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// A file with the database's password.
    #[arg(long, value_name = "FILE", requires = "database")]
    database_password: Option<PathBuf>,
    /// The authority of the database's certificate, in PEM; without it those that this machine trusts.
    #[arg(long, value_name = "FILE", requires = "database")]
    database_ca: Option<PathBuf>,
    /// Serves together with other nodes, which hear by NATS what this one did: nats://USER@HOST, once for each server of a cluster. All
    /// nodes have it, or none: then one serves and the others wait. Past this machine NATS has to offer TLS, unless
    /// the address ends with ?tls=disable.
    #[arg(long, value_name = "URL", requires = "database")]
    nats: Vec<String>,
    /// A file with the password of NATS' user, or with a token where there is no user.
    #[arg(long, value_name = "FILE", requires = "nats")]
    nats_password: Option<PathBuf>,
    /// The authority of NATS' certificate, in PEM; without it those that this machine trusts.
    #[arg(long, value_name = "FILE", requires = "nats")]
    nats_ca: Option<PathBuf>,
}

impl SharedArguments {
    fn given(self) -> Option<Shared> {
        let nats = Nats {
            servers: self.nats,
            password: self.nats_password,
            ca: self.nats_ca,
        };
        let nats = Some(nats).filter(|nats| !nats.servers.is_empty());
        let (password, ca) = (self.database_password, self.database_ca);
        self.database.map(|database| Shared {
            database,
            password,
            ca,
            nats,
        })
    }
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serves; an empty folder becomes a new fleet.
    Serve {
        /// Where the fleet's database and keys are.
        #[arg(long, value_name = "DIR", default_value = "/var/lib/saal-fleet")]
        data: PathBuf,
        /// Address and port; port 0 takes a free one.
        #[arg(long, value_name = "ADDRESS", default_value = "[::]:8443")]
        listen: std::net::SocketAddr,
        /// A name or address that devices and people know the server by; the first is in its own links.
        #[arg(long = "name", value_name = "NAME", default_values = ["localhost", "127.0.0.1", "::1"])]
        names: Vec<String>,
        /// Says on the link where it is (multicast DNS), so that devices without a server's address find it.
        #[arg(long)]
        announce: bool,
        #[command(flatten)]
        shared: SharedArguments,
    },
    /// Plays devices, over real TLS, for measurements: they enrol by serial number (`saal-fleetctl expect`) and
    /// confirm whatever they are told.
    Simulate {
        /// Where the fleet is.
        #[arg(long, value_name = "URL")]
        server: String,
        /// Its authority.
        #[arg(long, value_name = "FILE")]
        ca: PathBuf,
        /// How many.
        #[arg(long, value_name = "N")]
        devices: u32,
        /// Their serial numbers are this with a number from 0 behind it.
        #[arg(long, value_name = "TEXT", default_value = "SIM-")]
        serials: String,
    },
    /// Copies the database and the keys into a new folder, while the server runs. Keep it as safe as the server itself.
    Backup {
        /// The fleet's folder.
        #[arg(long, value_name = "DIR", default_value = "/var/lib/saal-fleet")]
        data: PathBuf,
        /// A folder that does not exist yet.
        to: PathBuf,
        #[command(flatten)]
        shared: SharedArguments,
    },
    /// Puts a back-up into an empty folder.
    Restore {
        /// The fleet's folder, empty or not there.
        #[arg(long, value_name = "DIR", default_value = "/var/lib/saal-fleet")]
        data: PathBuf,
        /// What `backup` made.
        from: PathBuf,
        #[command(flatten)]
        shared: SharedArguments,
    },
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        )
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
    match arguments.command {
        Command::Serve {
            data,
            listen,
            names,
            shared,
            announce,
        } => {
            let options = Options {
                data,
                listen,
                names,
                shared: shared.given(),
            };
            serve(options, announce)
        }
        Command::Simulate {
            server,
            ca,
            devices,
            serials,
        } => simulate(&server, ca, devices, &serials),
        Command::Backup { data, to, shared } => match shared.given() {
            Some(shared) => {
                runtime()?.block_on(async { Ok(back_up_shared(&data, &shared, &to).await?) })
            }
            None => Ok(back_up(&data, &to)?),
        },
        Command::Restore { data, from, shared } => match shared.given() {
            Some(shared) => {
                runtime()?.block_on(async { Ok(restore_shared(&data, &shared, &from).await?) })
            }
            None => Ok(restore(&data, &from)?),
        },
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Runtime::new().context("no runtime")
}

fn simulate(server: &str, ca: PathBuf, devices: u32, serials: &str) -> Result<()> {
    saal_fleet::open_many_files();
    let runtime = runtime()?;
    runtime.block_on(async {
        let crowd = Crowd::start(server, ca, devices, serials)?;
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                _ = second.tick() => tracing::info!(code = crowd.code(), "{}", crowd.counts()),
                _ = tokio::signal::ctrl_c() => return Ok(()),
            }
        }
    })
}

fn serve(options: Options, announce: bool) -> Result<()> {
    saal_fleet::open_many_files();
    let runtime = runtime()?;
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("no SIGTERM")?;
        let mut server = tokio::select! {
            server = Server::start(options) => server?,
            // It waited for another node to end.
            _ = terminate.recv() => return Ok(()),
            _ = tokio::signal::ctrl_c() => return Ok(()),
        };
        tracing::info!("the fleet is at {}", server.url());
        let announced = announce.then(|| Announcement::new(server.url()));
        let _announced = announced.transpose()?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
            () = server.ended() => anyhow::bail!("it serves no more"),
        }
        server.stop().await;
        Ok(())
    })
}
