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
    update::{LARGEST_BUNDLE, Release},
};
use sha2::{Digest as _, Sha256};
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _},
};

use crate::{error::FleetError, fleet::devices, server::App, tls::Peer};

/// In the server's folder.
const FOLDER: &str = "bundles";
/// Read at a time.
const PIECE: usize = 128 * 1024;

/// Where bundles are.
#[derive(Clone, Debug)]
pub(crate) struct Bundles(PathBuf);

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
        Ok(Self(folder))
    }

    fn path(&self, sha256: &Sha256Text) -> PathBuf {
        self.0.join(format!("{sha256}.raucb"))
    }

    /// Whether one is here.
    pub(crate) async fn has(&self, sha256: &Sha256Text) -> bool {
        fs::try_exists(self.path(sha256)).await.unwrap_or(false)
    }

    /// Takes one away; it may be gone already.
    pub(crate) async fn remove(&self, sha256: &Sha256Text) -> Result<(), FleetError> {
        match fs::remove_file(self.path(sha256)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Keeps a bundle and tells what it says of itself. It is kept whole or not at all.
    pub(crate) async fn keep<E: std::fmt::Display>(
        &self,
        bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Release, FleetError> {
        let name = u64::from_be_bytes(crate::random()?);
        let part = self.0.join(format!("{name:016x}.part"));
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
        File::open(&self.0).await?.sync_all().await?;
        Ok(Release {
            version: manifest.version,
            compatible: manifest.compatible,
            size,
            sha256,
        })
    }
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
    match send(&app.bundles.path(&sha256), &headers).await {
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
    let from = headers
        .get(header::RANGE)
        .and_then(|range| first(range.to_str().ok()?));
    let from = match from {
        Some(from) if from >= size => {
            let range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
        from => from,
    };
    let at = from.unwrap_or_default();
    file.seek(SeekFrom::Start(at)).await?;
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
        (header::CONTENT_LENGTH, (size - at).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let body = Body::from_stream(pieces);
    Ok(match from {
        None => (about, body).into_response(),
        Some(from) => {
            let range = format!("bytes {from}-{}/{size}", size - 1);
            let range = [(header::CONTENT_RANGE, range)];
            (StatusCode::PARTIAL_CONTENT, range, about, body).into_response()
        }
    })
}

/// `bytes=N-`, the one range that devices ask for (RFC 9110, section 14.1.2); whoever asks for another gets all.
fn first(range: &str) -> Option<u64> {
    range
        .strip_prefix("bytes=")?
        .strip_suffix('-')?
        .parse()
        .ok()
}
