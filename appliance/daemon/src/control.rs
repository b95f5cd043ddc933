//! The control socket: where `saalctl` asks. One JSON request a line, one JSON reply a line.

use std::{
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use saal_control::{Answer, Question, Reply};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
};

use crate::input::Inputs;

/// Listens; only the daemon's user may ask.
///
/// # Errors
/// When the socket can't be made, naming its path.
pub(crate) fn listen(path: &Path, inputs: Inputs) -> Result<()> {
    let listener = own_socket(path)?;
    tokio::spawn(accept(listener, path.to_owned(), inputs));
    Ok(())
}

/// A socket that only the daemon's user may open.
///
/// # Errors
/// When it can't be made, naming its path.
pub(crate) fn own_socket(path: &Path) -> Result<UnixListener> {
    // What a killed daemon left behind; a living one would hold its state folder's lock.
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error).with_context(|| format!("can't replace {}", path.display()));
    }
    let listener =
        UnixListener::bind(path).with_context(|| format!("can't listen on {}", path.display()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("can't protect {}", path.display()))?;
    Ok(listener)
}

async fn accept(listener: UnixListener, path: PathBuf, inputs: Inputs) {
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                tokio::spawn(serve(socket, inputs.clone()));
            }
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "control socket");
                // Out of descriptors: others have to let go of some first.
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        }
    }
}

async fn serve(socket: UnixStream, inputs: Inputs) {
    let (read, mut write) = socket.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match Question::parse(&line) {
            Ok(request) => match inputs.ask(request).await {
                Some(reply) => Answer::new(reply),
                None => return,
            },
            Err(refused) => Answer::new(Reply::Error(refused)),
        };
        if write.write_all(answer.to_line().as_bytes()).await.is_err() {
            return;
        }
    }
}
