//! The media engine's process. The daemon, or its keeper, starts it with two sockets; it ends when they are closed.

use std::{
    io::{IsTerminal as _, Write},
    os::unix::net::UnixStream as StdStream,
};

use anyhow::{Context, Result};
use nix::{sys::signal::Signal, unistd::getuid};
use saal_hal::SoundPriority;
use saal_hal_linux::{
    BorrowedDisplays, DrmDisplays, Priorities, end_at_once, memory, take_inherited_fd,
};
use saal_media::{
    confinement::Confined,
    control::{House, serve},
    engine::DisplaySource,
    graph::{CALL_SIZE, TRY_ENCODER, TrialError, try_encoder},
    keeper::{ACCEPTED, keep},
};
use saal_media_protocol::{CONTROL_FD, DISPLAY_FD, PICTURE_FD};
use tokio::{
    net::UnixStream,
    signal::unix::{Signal as Overruns, SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

/// Ends at once when all is said: codecs and drivers have threads of their own, which a library that is taken down at a
/// process's end does not wait for.
fn main() {
    let outcome = run();
    if let Err(error) = &outcome {
        // Who reads that is gone with this process at the latest.
        let _ = writeln!(std::io::stderr(), "Error: {error:?}");
    }
    let _ = std::io::stdout().flush();
    end_at_once(u8::from(outcome.is_err()))
}

fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some(TRY_ENCODER), Some(factory)) => {
            return try_it(&factory, arguments.next().as_deref());
        }
        (Some(ACCEPTED), None) => return Ok(keep()?),
        _ => {}
    }
    memory::hold_little();
    // First of all, before anything else opens files.
    let control = inherited(CONTROL_FD).context("no control socket; saald starts this program")?;
    let pictures = inherited(PICTURE_FD).context("no picture socket; saald starts this program")?;
    let displays = displays().context("the daemon's displays can't be borrowed")?;
    let filter = EnvFilter::try_from_env("SAAL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // It tells of every call of it.
    let filter = filter.add_directive("turn_client_proto=warn".parse()?);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    saal_media::graph::load().context("GStreamer does not start")?;
    confine();
    // One thread: network and control wait most of the time, and codecs have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (control, pictures) = (into_tokio(control)?, into_tokio(pictures)?);
        let house = House {
            priorities: priorities()?,
            ..House::real(displays)
        };
        serve(control, pictures, house)
            .await
            .context("the media engine ends")
    })
}

/// Tells on standard output what the encoder does not do; the engine reads that.
fn try_it(factory: &str, size: Option<&str>) -> Result<()> {
    let size = match size {
        Some(text) => text.split_once('x').context("a size is WIDTHxHEIGHT")?,
        None => return say(try_encoder(factory, CALL_SIZE)),
    };
    say(try_encoder(factory, (size.0.parse()?, size.1.parse()?)))
}

fn say(outcome: Result<(), TrialError>) -> Result<()> {
    if let Err(reason) = &outcome {
        writeln!(std::io::stdout(), "{reason}")?;
    }
    outcome.context("the encoder will not do")
}

/// Sound comes before pictures, as far as this process may have it so, and as long as it does not take the processor for itself.
fn priorities() -> Result<Priorities> {
    let number = SignalKind::from_raw(Signal::SIGXCPU as i32);
    let mut overruns = signal(number).context("no signal can be waited for")?;
    let priorities = Priorities::of_this_process();
    match priorities.preferred() {
        SoundPriority::RealTime => tracing::info!("sound comes before pictures, in real time"),
        SoundPriority::Nicer => tracing::info!("sound comes before pictures, but not in real time"),
        SoundPriority::Ordinary => tracing::warn!(
            "sound does not come before pictures: this process may neither (RLIMIT_RTPRIO, RLIMIT_NICE)"
        ),
    }
    let watched = priorities.clone();
    // In a thread of its own: that of network and control may wait for the one that takes the processor.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    std::thread::spawn(move || runtime.block_on(watch(&watched, &mut overruns)));
    Ok(priorities)
}

/// Ends real time when a thread of sound ran for too long; in real time itself, for nothing else runs then on a single processor.
async fn watch(priorities: &Priorities, overruns: &mut Overruns) {
    priorities.prefer();
    while overruns.recv().await.is_some() {
        if priorities.overrun() {
            tracing::warn!("a thread of sound never paused: it has real time no more");
            priorities.prefer();
        } else {
            tracing::error!(
                "threads of sound never pause: sound does not come before pictures any more"
            );
        }
    }
}

/// An engine that is not confined is better than a room without pictures; the log and the service's
/// own rules remain.
fn confine() {
    let user = getuid().as_raw();
    match saal_media::confinement::confine() {
        Ok(Confined::Fully) => tracing::info!(user, "the engine is confined"),
        Ok(Confined::Partly) => {
            tracing::info!(user, "the engine is confined as far as this kernel can");
        }
        Ok(Confined::No) => {
            tracing::warn!("the engine is not confined: this kernel has no Landlock");
        }
        Err(error) => tracing::error!(%error, "the engine is not confined"),
    }
}

fn inherited(fd: i32) -> Result<StdStream> {
    Ok(StdStream::from(take_inherited_fd(fd)?))
}

/// A daemon lends its displays; who starts an engine by itself, as tests do, leaves them to it.
fn displays() -> Result<DisplaySource> {
    match take_inherited_fd(DISPLAY_FD) {
        Ok(socket) => Ok(DisplaySource::Daemon(BorrowedDisplays::over(socket)?)),
        Err(_) => Ok(DisplaySource::Own(DrmDisplays::default())),
    }
}

fn into_tokio(socket: StdStream) -> Result<UnixStream> {
    socket
        .set_nonblocking(true)
        .context("a socket can't be polled")?;
    UnixStream::from_std(socket).context("a socket can't be polled")
}
