//! The media engine's process. The daemon starts it with two sockets and ends it by closing them.

use std::{io::Write, os::unix::net::UnixStream as StdStream};

use anyhow::{Context, Result};
use saal_hal_linux::{BorrowedDisplays, DrmDisplays, end_at_once, memory, take_inherited_fd};
use saal_media::{
    confinement::Confined,
    engine::{DisplaySource, EncoderSource},
    graph::{CALL_SIZE, TRY_ENCODER, TrialError, try_encoder},
};
use saal_media_protocol::{CONTROL_FD, DISPLAY_FD, PICTURE_FD};
use tokio::net::UnixStream;
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
    if let (Some(TRY_ENCODER), Some(factory)) = (arguments.next().as_deref(), arguments.next()) {
        return try_it(&factory, arguments.next().as_deref());
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
        .init();
    saal_media::graph::load().context("GStreamer does not start")?;
    confine();
    // One thread: network and control wait most of the time, and codecs have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (control, pictures) = (into_tokio(control)?, into_tokio(pictures)?);
        saal_media::control::serve(control, pictures, displays, EncoderSource::Machine)
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

/// An engine that is not confined is better than a room without pictures; the log and the service's
/// own rules remain.
fn confine() {
    match saal_media::confinement::confine() {
        Ok(Confined::Fully) => tracing::debug!("the engine is confined"),
        Ok(Confined::Partly) => {
            tracing::info!("the engine is confined as far as this kernel can");
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
