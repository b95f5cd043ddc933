//! `saal-fleet`: the fleet's server.

use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use saal_agent::simulated::{Cast, Crowd};
use saal_fleet::{
    Announcement, Nats, Options, Server, Shared, StartError, another, back_up, back_up_shared,
    enrol_simulated, first, install_authority, request_authority, restore, restore_shared,
    sign_file,
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

/// A crowd.
#[derive(Args, Debug)]
struct SimulateArguments {
    /// Where the fleet is.
    #[arg(long, value_name = "URL")]
    server: String,
    /// Its authority.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// Where it is instead of what its name stands for, once for each node: devices go to any of them.
    #[arg(long, value_name = "ADDRESS:PORT")]
    at: Vec<std::net::SocketAddr>,
    /// How many.
    #[arg(long, value_name = "N")]
    devices: u32,
    /// The number of the first one, where several processes play a crowd.
    #[arg(long, value_name = "N", default_value_t = 0)]
    first: u32,
    /// Their serial numbers are this with a number behind it.
    #[arg(long, value_name = "TEXT", default_value = "SIM-")]
    serials: String,
    /// They belong to the fleet already: what `enrol-simulated` wrote.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// So many come in a second at first, all processes together.
    #[arg(long, value_name = "N", default_value_t = 500)]
    a_second: u32,
    /// Tells how they stand as JSON, a line whenever a line comes; one that says `away N` sends the first N away until
    /// another one says less. Ends with its input.
    #[arg(long)]
    json: bool,
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
        /// Serves with so many processes, which share the port: each may have as many connections as files are open to it
        /// (ulimit -Hn). With --database this needs --nats.
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
        processes: u32,
        /// Which of them this one is: the first one says so.
        #[arg(long, value_name = "N", hide = true)]
        sibling: Option<u32>,
        #[command(flatten)]
        shared: SharedArguments,
    },
    /// Plays devices, over real TLS, for measurements: they enrol by serial number (`saal-fleetctl expect`), or belong to the
    /// fleet already (`enrol-simulated`), and confirm whatever they are told. To a server on this machine they come from
    /// 127.1.0.1 and the addresses behind it. A process can play as many as files are open to it (ulimit -Hn).
    Simulate(SimulateArguments),
    /// Makes devices of the fleet for `simulate`, each in a room of its own: whoever has the file that it writes can be any of
    /// them.
    EnrolSimulated {
        /// The fleet's folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// How many.
        #[arg(long, value_name = "N")]
        devices: u32,
        /// The file, which does not exist yet.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        #[command(flatten)]
        shared: SharedArguments,
    },
    /// Signs a root or a list of releases with the server's own key: a root that takes the root away from it needs that once.
    SignFile {
        /// The fleet's folder.
        #[arg(long, value_name = "DIR", default_value = "/var/lib/saal-fleet")]
        data: PathBuf,
        /// The document, as `saal-fleetctl keys` wrote it.
        file: PathBuf,
    },
    /// The fleet's own certificate authority below IT's.
    #[command(subcommand)]
    Authority(AuthorityCommand),
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

#[derive(Subcommand, Debug)]
enum AuthorityCommand {
    /// Prints what IT is to sign (PKCS #10, PEM): an authority below which there is none (pathLen 0), for the fleet's key. Also in
    /// an empty folder, before the first start.
    Request {
        /// The fleet's folder.
        #[arg(long, value_name = "DIR", default_value = "/var/lib/saal-fleet")]
        data: PathBuf,
    },
    /// Checks what IT signed and puts it into force; servers take it with their next start.
    Install {
        /// The fleet's folder.
        #[arg(long, value_name = "DIR", default_value = "/var/lib/saal-fleet")]
        data: PathBuf,
        /// A name or address of the server, as `serve` has them: devices have to believe it by each.
        #[arg(long = "name", value_name = "NAME", required = true)]
        names: Vec<String>,
        /// Certificates in PEM: the fleet's first, IT's root last. With ca.pem of the folder the fleet is its own authority again.
        chain: PathBuf,
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
            processes,
            sibling,
        } => {
            let options = Options {
                data,
                listen,
                names,
                shared: shared.given(),
            };
            serve(options, announce, (processes, sibling))
        }
        Command::Simulate(crowd) => simulate(crowd),
        Command::EnrolSimulated {
            data,
            devices,
            to,
            shared,
        } => {
            let options = Options {
                data,
                listen: (std::net::Ipv4Addr::LOCALHOST, 0).into(),
                names: Vec::new(),
                shared: shared.given(),
            };
            Ok(runtime()?.block_on(enrol_simulated(&options, devices, &to))?)
        }
        Command::SignFile { data, file } => Ok(sign_file(&data, &file)?),
        Command::Authority(command) => authority(command),
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

fn authority(command: AuthorityCommand) -> Result<()> {
    match command {
        AuthorityCommand::Request { data } => {
            let request = request_authority(&data)?;
            let mut out = std::io::stdout().lock();
            Ok(out.write_all(request.as_bytes())?)
        }
        AuthorityCommand::Install {
            data,
            names,
            chain,
            shared,
        } => {
            let options = Options {
                data,
                listen: (std::net::Ipv4Addr::LOCALHOST, 0).into(),
                names,
                shared: shared.given(),
            };
            runtime()?.block_on(install_authority(&options, &chain))?;
            tracing::info!("the chain is in force with the next start of each server");
            Ok(())
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Runtime::new().context("no runtime")
}

fn simulate(crowd: SimulateArguments) -> Result<()> {
    saal_fleet::open_many_files();
    let json = crowd.json;
    let cast = Cast {
        server: crowd.server,
        ca: crowd.ca,
        at: crowd.at,
        devices: crowd.devices,
        first: crowd.first,
        serials: crowd.serials,
        known: crowd.known,
        a_second: crowd.a_second,
    };
    let runtime = runtime()?;
    let told = runtime.block_on(async {
        let crowd = Crowd::play(cast)?;
        if json {
            return answer(&crowd).await;
        }
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                _ = second.tick() => tracing::info!(code = crowd.code(), "{}", crowd.counts()),
                _ = tokio::signal::ctrl_c() => return Ok(()),
            }
        }
    });
    // Not one by one: its connections end with the process.
    runtime.shutdown_background();
    told
}

/// Answers each line with how the crowd stands, until there is none.
async fn answer(crowd: &Crowd) -> Result<()> {
    let (tell, mut asked) = tokio::sync::mpsc::unbounded_channel();
    // Nobody waits for this thread, which waits for a line.
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = asked.recv().await {
        let line = line.context("no more lines")?;
        match line.split_once(' ') {
            Some(("away", devices)) => crowd.away(devices.trim().parse().context("away N")?),
            None if line.is_empty() => {}
            _ => anyhow::bail!("\"{line}\" is neither empty nor \"away N\""),
        }
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, &crowd.counts())?;
        writeln!(out)?;
        out.flush()?;
    }
    Ok(())
}

fn serve(options: Options, announce: bool, (processes, sibling): (u32, Option<u32>)) -> Result<()> {
    saal_fleet::open_many_files();
    let together = |shared: &Shared| shared.nats.is_some();
    if processes > 1 && !options.shared.as_ref().is_none_or(together) {
        anyhow::bail!("--processes with --database needs --nats, by which they hear each other");
    }
    let runtime = runtime()?;
    runtime.block_on(async {
        if let Some(number) = sibling {
            let siblings = another(number).context("no process of this node started this one")?;
            return live(Server::start_among(options, Some(siblings)), false, |_| {}).await;
        }
        if processes == 1 {
            return live(Server::start(options), announce, |_| {}).await;
        }
        let listening = || format!("can't listen on {}", options.listen);
        let arguments = std::env::args_os().skip(1).collect();
        let opened = first(options.listen, arguments).with_context(listening)?;
        let (siblings, others) = opened;
        // They find the keys and the tables that the first one made.
        let (is_up, up) = tokio::sync::oneshot::channel();
        let starting = Server::start_among(options, Some(siblings));
        let living = live(starting, announce, |_| {
            let _ = is_up.send(());
        });
        Box::pin(others.beside(processes - 1, up, living)).await
    })
}

/// From the start of a server to its end.
async fn live(
    starting: impl Future<Output = Result<Server, StartError>>,
    announce: bool,
    is_up: impl FnOnce(&Server),
) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("no SIGTERM")?;
    let mut server = tokio::select! {
        server = starting => server?,
        // It waited for another node to end.
        _ = terminate.recv() => return Ok(()),
        _ = tokio::signal::ctrl_c() => return Ok(()),
    };
    tracing::info!("the fleet is at {}", server.url());
    is_up(&server);
    let announced = announce.then(|| Announcement::new(server.url()));
    let _announced = announced.transpose()?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        () = server.ended() => anyhow::bail!("it serves no more"),
    }
    server.stop().await;
    Ok(())
}
