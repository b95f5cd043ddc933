//! `./dev demo`: a room, its servers and a far end, until Ctrl-C.

#![allow(clippy::print_stdout, reason = "a demo tells its user where to look")]

mod jitsi;

use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use clap::{Parser, ValueEnum};
use saal_harness::{
    BrowserKind, Caller, FarEnd, FarEndOptions, JoinOptions, Room, RoomOptions, Servers, User, run,
};
use tokio::signal::unix::{SignalKind, signal};

use jitsi::JitsiDemo;

/// Where the web view is by default; IT's documentation names it too.
const WEB_PORT: u16 = 8480;
const TITLE: &str = "Weekly";

/// A meeting room on this machine, with real servers and a real far end.
#[derive(Parser)]
#[command(name = "./dev demo")]
struct Arguments {
    /// Joins a Jitsi conference: https://meet.example.org/Room, or a server alone for a room of its own; without an address
    /// a stand-in for Jitsi's servers runs here.
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "")]
    jitsi: Option<String>,
    /// Who is in the meeting: somebody in a browser without window (Element Call, or Jitsi), or nobody but a link for your
    /// own browser.
    #[arg(long, value_enum, default_value = "browser")]
    far_end: FarEndKind,
    /// Shows the far end's browser too.
    #[arg(long)]
    headed: bool,
    /// Shows the panel in a window too.
    #[arg(long)]
    window: bool,
    /// The panel's language: de or en.
    #[arg(long, default_value = "en")]
    language: String,
    /// A camera of this machine instead of the simulated one.
    #[arg(long, default_value = "simulated")]
    camera: String,
    /// A microphone of this machine instead of the simulated one.
    #[arg(long, default_value = "simulated")]
    microphone: String,
    /// A loudspeaker of this machine instead of the simulated one.
    #[arg(long, default_value = "simulated")]
    loudspeaker: String,
    /// The web view's port.
    #[arg(long)]
    port: Option<u16>,
    /// Ends by itself after so many seconds; for tests of the demo.
    #[arg(long)]
    seconds: Option<u64>,
}

impl Arguments {
    fn browser(&self) -> BrowserKind {
        if self.headed {
            BrowserKind::Window
        } else {
            BrowserKind::Shell
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FarEndKind {
    #[value(alias = "element-call")]
    Browser,
    None,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    run(async move {
        // Before anything is started, so that Ctrl-C stops what is there so far.
        let stop = stopped(arguments.seconds)?;
        tokio::pin!(stop);
        let demo = Running::start(&arguments);
        let running = tokio::select! {
            demo = demo => Some(demo?),
            () = &mut stop => None,
        };
        if let Some(demo) = running {
            stop.await;
            demo.stop().await;
        }
        println!("Everything has stopped.");
        Ok(())
    })
}

/// Ctrl-C, a polite kill, a closed terminal, or the time is up.
fn stopped(seconds: Option<u64>) -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        let time = async {
            match seconds {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            () = time => {}
        }
        println!("\nStopping ...");
    })
}

/// One of the demos.
enum Running {
    Matrix(Box<Demo>),
    Jitsi(Box<JitsiDemo>),
}

impl Running {
    async fn start(arguments: &Arguments) -> anyhow::Result<Self> {
        Ok(match &arguments.jitsi {
            None => Self::Matrix(Box::new(Demo::start(arguments).await?)),
            Some(address) => Self::Jitsi(Box::new(JitsiDemo::start(arguments, address).await?)),
        })
    }

    async fn stop(self) {
        match self {
            Self::Matrix(demo) => demo.stop().await,
            Self::Jitsi(demo) => demo.stop().await,
        }
    }
}

/// Everything that runs for Matrix.
struct Demo {
    room: Room,
    far_end: Option<(FarEnd, Caller)>,
    servers: Servers,
}

impl Demo {
    async fn start(arguments: &Arguments) -> anyhow::Result<Self> {
        let servers = timed(
            "Servers (Synapse, LiveKit, token service)",
            Servers::start(),
        )
        .await?;
        let account = servers.create_user("raum-lahn").await?;
        let anna = servers.create_user("anna").await?;
        let meeting = anna.create_room(TITLE, &[&account]).await?;
        let now = i64::try_from(
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)?
                .as_millis(),
        )?;
        anna.schedule(&meeting, TITLE, now - 60_000, now + 3_540_000)
            .await?;
        let room = timed(
            "The room (saald)",
            Room::start(&servers, &account, &room_options(arguments)?),
        )
        .await?;
        let far_end = match arguments.far_end {
            FarEndKind::None => None,
            FarEndKind::Browser => Some(far_end(arguments, &servers, &anna, &meeting).await?),
        };
        let demo = Self {
            room,
            far_end,
            servers,
        };
        demo.invite_people(&anna, &meeting).await?;
        Ok(demo)
    }

    /// Says where to look and what to do.
    async fn invite_people(&self, anna: &User, meeting: &str) -> anyhow::Result<()> {
        println!();
        println!(
            "Open {} and touch Join: \"{TITLE}\" is on now.",
            self.room.web()
        );
        if self.far_end.is_some() {
            println!("Anna is in it already, with Element Call.");
        } else {
            let guest = self.servers.create_user("guest").await?;
            anna.invite(meeting, &guest.user_id).await?;
            println!(
                "Join it yourself with Element Call: {}",
                self.servers.page_link(&guest, meeting)
            );
        }
        println!(
            "Logs: {}. Ctrl-C stops everything.",
            self.servers.folder().display()
        );
        Ok(())
    }

    /// Ends everything, the room first: it leaves its call.
    async fn stop(self) {
        self.room.stop().await;
        if let Some((browser, caller)) = self.far_end {
            drop(caller);
            browser.close().await;
        }
        self.servers.stop().await;
    }
}

async fn far_end(
    arguments: &Arguments,
    servers: &Servers,
    anna: &User,
    meeting: &str,
) -> anyhow::Result<(FarEnd, Caller)> {
    let options = FarEndOptions {
        browser: arguments.browser(),
        ..FarEndOptions::coded(servers.tools(), 1)?
    };
    timed("The far end (Element Call in Chromium)", async {
        let browser = FarEnd::start(servers, &options).await?;
        let caller = browser.join(anna, meeting, &JoinOptions::default()).await?;
        Ok((browser, caller))
    })
    .await
}

fn room_options(arguments: &Arguments) -> anyhow::Result<RoomOptions> {
    Ok(RoomOptions {
        language: arguments.language.clone(),
        camera: arguments.camera.clone(),
        microphone: arguments.microphone.clone(),
        loudspeaker: arguments.loudspeaker.clone(),
        web_port: Some(web_port(arguments.port)?),
        arguments: arguments
            .window
            .then(|| "--window".to_owned())
            .into_iter()
            .collect(),
        ..RoomOptions::default()
    })
}

/// The wanted port; the usual one when none is named; any other when somebody has the usual one.
fn web_port(wanted: Option<u16>) -> anyhow::Result<u16> {
    let free = |port| TcpListener::bind(("127.0.0.1", port)).and_then(|socket| socket.local_addr());
    match wanted {
        Some(port) => Ok(free(port)
            .with_context(|| format!("port {port} cannot be used"))?
            .port()),
        None => Ok(free(WEB_PORT)
            .or_else(|_| free(0))
            .context("no free port on loopback")?
            .port()),
    }
}

/// Says what is being started and how long it took.
async fn timed<T>(
    what: &str,
    work: impl Future<Output = saal_harness::Result<T>>,
) -> anyhow::Result<T> {
    use std::io::Write;
    print!("  {what} ...");
    let _ = std::io::stdout().flush();
    let started = Instant::now();
    let done = work.await;
    let word = if done.is_ok() { "" } else { " failed after" };
    println!("{word} {:.1} s", started.elapsed().as_secs_f64());
    done.with_context(|| format!("{what} did not start"))
}
