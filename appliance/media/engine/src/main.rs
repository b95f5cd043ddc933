//! The media engine's process. The daemon starts it with two sockets and ends it by closing them.

use std::os::unix::net::UnixStream as StdStream;

use anyhow::{Context, Result};
use saal_hal_linux::take_inherited_fd;
use saal_media::graph::{TRY_ENCODER, try_encoder};
use saal_media_protocol::{CONTROL_FD, PICTURE_FD};
use tokio::net::UnixStream;
use tracing_subscriber::EnvFilter;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    if let (Some(TRY_ENCODER), Some(factory)) = (arguments.next().as_deref(), arguments.next()) {
        return try_encoder(&factory).context("the encoder will not do");
    }
    // First of all, before anything else opens files.
    let control = inherited(CONTROL_FD).context("no control socket; saald starts this program")?;
    let pictures = inherited(PICTURE_FD).context("no picture socket; saald starts this program")?;
    let filter = EnvFilter::try_from_env("SAAL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // It tells of every call of it.
    let filter = filter.add_directive("turn_client_proto=warn".parse()?);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    // One thread: network and control wait most of the time, and codecs have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (control, pictures) = (into_tokio(control)?, into_tokio(pictures)?);
        saal_media::control::serve(control, pictures)
            .await
            .context("the media engine ends")
    })
}

fn inherited(fd: i32) -> Result<StdStream> {
    Ok(StdStream::from(take_inherited_fd(fd)?))
}

fn into_tokio(socket: StdStream) -> Result<UnixStream> {
    socket
        .set_nonblocking(true)
        .context("a socket can't be polled")?;
    UnixStream::from_std(socket).context("a socket can't be polled")
}
