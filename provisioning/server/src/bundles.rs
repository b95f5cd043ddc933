//! Bundles of releases: files in the server's folder, each under its SHA-256.

use std::{
    io::{self, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Path as Name, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt as _, stream};
use saal_fleet_protocol::fleet::{
    Digest as Sha256Text,
    bundle::{self, BundleError, LENGTH},
    pieces::Index,
    update::{LARGEST_BUNDLE, Release},
};
use sha2::{Digest as _, Sha256};
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _},
    sync::Mutex,
};

use crate::{error::FleetError, fleet::devices, server::App, tls::Peer};

/// In the server's folder.
const FOLDER: &str = "bundles";
/// Read at a time.
const PIECE: usize = 128 * 1024;

/// Where bundles are, each with the list of its pieces beside it.
#[derive(Clone, Debug)]
pub(crate) struct Bundles {
    folder: PathBuf,
    /// One list is made at a time, however many devices ask for it.
    listing: Arc<Mutex<()>>,
}

impl Bundles {
    /// In the server's folder; what was being added when the server went down is gone.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        std::fs::create_dir_all(&folder)?;
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "part") {
                std::fs::remove_file(path)?;
            }
        }
        Ok(Self {
            folder,
            listing: Arc::default(),
        })
    }

    fn path(&self, sha256: &Sha256Text) -> PathBuf {
        self.folder.join(format!("{sha256}.raucb"))
    }

    fn pieces(&self, sha256: &Sha256Text) -> PathBuf {
        self.folder.join(format!("{sha256}.pieces"))
    }

    /// Sees to it that the list of a bundle's pieces is here, also of one that was added before there were lists, and says where.
    async fn list(&self, sha256: &Sha256Text) -> io::Result<PathBuf> {
        let (bundle, list) = (self.path(sha256), self.pieces(sha256));
        let _one = self.listing.lock().await;
        if !fs::try_exists(&list).await? {
            // Another process may share the folder: each writes a file of its own, and they are the same.
            let name = crate::random().map_err(io::Error::other)?;
            let part = self
                .folder
                .join(format!("{:016x}.part", u64::from_be_bytes(name)));
            let to = list.clone();
            let made = tokio::task::spawn_blocking(move || make_list(&bundle, &part, &to));
            made.await.map_err(io::Error::other)??;
        }
        Ok(list)
    }

    /// Whether one is here.
    pub(crate) async fn has(&self, sha256: &Sha256Text) -> bool {
        fs::try_exists(self.path(sha256)).await.unwrap_or(false)
    }

    /// Takes one away; it may be gone already.
    pub(crate) async fn remove(&self, sha256: &Sha256Text) -> Result<(), FleetError> {
        for path in [self.path(sha256), self.pieces(sha256)] {
            match fs::remove_file(path).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Keeps a bundle and tells what it says of itself. It is kept whole or not at all.
    pub(crate) async fn keep<E: std::fmt::Display>(
        &self,
        bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Release, FleetError> {
        let name = u64::from_be_bytes(crate::random()?);
        let part = self.folder.join(format!("{name:016x}.part"));
        let kept = self.write(&part, bytes).await;
        if kept.is_err() {
            let _ = fs::remove_file(&part).await;
        }
        kept
    }

    async fn write<E: std::fmt::Display>(
        &self,
        part: &Path,
        mut bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Release, FleetError> {
        let mut options = fs::OpenOptions::new();
        let options = options.read(true).write(true).create_new(true).mode(0o600);
        let mut file = options.open(part).await?;
        let (mut hash, mut size) = (Sha256::new(), 0_u64);
        while let Some(piece) = bytes.next().await {
            let piece = piece.map_err(|e| FleetError::Malformed(format!("it broke off: {e}")))?;
            size += piece.len() as u64;
            if size > LARGEST_BUNDLE {
                let problem = format!("a bundle has {LARGEST_BUNDLE} bytes at most");
                return Err(FleetError::Malformed(problem));
            }
            hash.update(&piece);
            file.write_all(&piece).await?;
        }
        let manifest = manifest(&mut file, size).await?;
        file.sync_all().await?;
        let sha256: Sha256Text = crate::hex(&hash.finalize())
            .parse()
            .map_err(FleetError::Malformed)?;
        fs::rename(part, self.path(&sha256)).await?;
        File::open(&self.folder).await?.sync_all().await?;
        // Devices that ask first need not wait for it.
        self.list(&sha256).await?;
        Ok(Release {
            version: manifest.version,
            compatible: manifest.compatible,
            size,
            sha256,
        })
    }
}

/// Writes the list of a bundle's pieces, whole or not at all.
fn make_list(bundle: &Path, part: &Path, list: &Path) -> io::Result<()> {
    use std::io::Write as _;
    let index = Index::of(std::fs::File::open(bundle)?)?;
    let write = || {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).open(part)?;
        file.write_all(&index.to_bytes())?;
        file.sync_all()?;
        std::fs::rename(part, list)
    };
    let written = write();
    if written.is_err() {
        let _ = std::fs::remove_file(part);
    }
    written
}

async fn manifest(file: &mut File, size: u64) -> Result<bundle::Manifest, FleetError> {
    let at = size.checked_sub(LENGTH).ok_or(BundleError::NoSignature)?;
    file.seek(SeekFrom::Start(at)).await?;
    let mut end = [0; 8];
    file.read_exact(&mut end).await?;
    let length = bundle::signature_length(end, size)?;
    file.seek(SeekFrom::Start(at - length)).await?;
    let mut signature = Vec::new();
    file.take(length).read_to_end(&mut signature).await?;
    Ok(bundle::manifest(&signature)?)
}

/// Gives a device a bundle, from where it asks for on.
pub(crate) async fn give(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Name(sha256): Name<Sha256Text>,
    headers: HeaderMap,
) -> Response {
    if !belongs(&app, peer.key).await {
        return StatusCode::FORBIDDEN.into_response();
    }
    answer(send(&app.bundles.path(&sha256), &headers).await, &sha256)
}

/// Gives a device the list of a bundle's pieces.
pub(crate) async fn give_pieces(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Name(sha256): Name<Sha256Text>,
    headers: HeaderMap,
) -> Response {
    if !belongs(&app, peer.key).await {
        return StatusCode::FORBIDDEN.into_response();
    }
    let given = match app.bundles.list(&sha256).await {
        Ok(list) => send(&list, &headers).await,
        Err(error) => Err(error),
    };
    answer(given, &sha256)
}

fn answer(given: io::Result<Response>, sha256: &Sha256Text) -> Response {
    match given {
        Ok(response) => response,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            StatusCode::NOT_FOUND.into_response()
        }
        Err(error) => {
            tracing::error!(%error, %sha256, "a bundle can't be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A device of the fleet; whether it still is, is the database's word.
async fn belongs(app: &App, key: Option<String>) -> bool {
    let Some(key) = key else {
        return false;
    };
    let found = app.store.read(move |tx| devices::by_key(tx, &key)).await;
    matches!(found, Ok(Some(row)) if !row.revoked)
}

async fn send(path: &Path, headers: &HeaderMap) -> io::Result<Response> {
    let mut file = File::open(path).await?;
    let size = file.metadata().await?.len();
    let range = headers
        .get(header::RANGE)
        .and_then(|range| asked(range.to_str().ok()?));
    if range.is_some_and(|(from, _)| from >= size) {
        let range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
    }
    let (at, last) = range.unwrap_or((0, None));
    let end = last.map_or(size, |last| last.saturating_add(1).min(size));
    file.seek(SeekFrom::Start(at)).await?;
    let file = file.take(end - at);
    let pieces = stream::unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece).await {
            Ok(0) => None,
            Ok(read) => {
                piece.truncate(read);
                Some((Ok(Bytes::from(piece)), file))
            }
            Err(error) => Some((Err(error), file)),
        }
    });
    let about = [
        (header::CONTENT_LENGTH, (end - at).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let body = Body::from_stream(pieces);
    Ok(if range.is_none() {
        (about, body).into_response()
    } else {
        let range = format!("bytes {at}-{}/{size}", end - 1);
        let range = [(header::CONTENT_RANGE, range)];
        (StatusCode::PARTIAL_CONTENT, range, about, body).into_response()
    })
}

/// `bytes=N-` or `bytes=N-M`, the ranges that devices ask for (RFC 9110, section 14.1.2); whoever asks for another gets all.
fn asked(range: &str) -> Option<(u64, Option<u64>)> {
    let (from, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let from = from.parse().ok()?;
    if last.is_empty() {
        return Some((from, None));
    }
    let last = last.parse().ok().filter(|last| *last >= from)?;
    Some((from, Some(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_devices_write_them() {
        assert_eq!(asked("bytes=7-"), Some((7, None)));
        assert_eq!(asked("bytes=7-7"), Some((7, Some(7))));
        for all in ["bytes=-7", "bytes=9-8", "bytes=1-2,5-6", "bits=1-2", ""] {
            assert_eq!(asked(all), None, "{all}");
        }
    }
}
