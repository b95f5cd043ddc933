//! The bundle's way to the device: from a cache nearby or the fleet's server, paced, and gone on with where it broke off.
//! What of it the device has already need not come ([`super::pieces`]).

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::{Client, StatusCode, header};
use saal_fleet_protocol::fleet::{
    Digest as Sha256Text,
    update::Release,
    wire::{BUNDLES, PIECES},
};
use sha2::{Digest as _, Sha256};
use tokio::{
    fs::{File, OpenOptions},
    io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, SeekFrom},
    time::{Instant, sleep},
};
use url::Url;

use crate::{
    link::{self, Credentials, LinkError},
    settings::Settings,
};

/// A server that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// Read at a time to look at what is there.
const PIECE: usize = 256 * 1024;

/// The bundle did not come.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It may come another time.
    #[error("{0}")]
    Network(String),
    /// It has no place.
    #[error("can't keep the bundle: {0}")]
    Disk(#[from] io::Error),
    /// The fleet's own server gave something else than it signed.
    #[error("the bundle is not the one that the fleet signed")]
    Checksum,
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self::Network(text)
    }
}

impl From<LinkError> for FetchError {
    fn from(error: LinkError) -> Self {
        Self::Network(error.to_string())
    }
}

/// Lets bytes through at a rate. Pure: time is an argument.
#[derive(Clone, Debug)]
pub struct Pace {
    bytes_per_second: u64,
    /// What came until now is paid for at this time since the beginning.
    paid: Duration,
}

impl Pace {
    /// So many bytes a second.
    #[must_use]
    pub fn new(bytes_per_second: u64) -> Self {
        Self {
            bytes_per_second: bytes_per_second.max(1),
            paid: Duration::ZERO,
        }
    }

    /// How long to wait after so many bytes, so long after the beginning. A pause is not made up for.
    pub fn take(&mut self, bytes: u64, now: Duration) -> Duration {
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second);
        let cost = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        self.paid = self.paid.max(now) + cost;
        self.paid.saturating_sub(now)
    }
}

/// The line to the device: bytes that came are counted, and those that come have to wait for their turn.
pub(super) struct Line {
    pace: Pace,
    began: Instant,
    fetched: u64,
    /// Keeps the number, also of what was broken off.
    file: PathBuf,
}

impl Line {
    fn open(bytes_per_second: u64, file: PathBuf) -> Self {
        Self {
            pace: Pace::new(bytes_per_second),
            began: Instant::now(),
            fetched: counted(&file).unwrap_or_default(),
            file,
        }
    }

    pub(super) async fn take(&mut self, bytes: usize) {
        self.fetched += bytes as u64;
        let wait = self.pace.take(bytes as u64, self.began.elapsed());
        sleep(wait).await;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Only people read it: a number that is lost is no harm.
        let _ = std::fs::write(&self.file, self.fetched.to_string());
    }
}

fn counted(file: &Path) -> Option<u64> {
    std::fs::read_to_string(file).ok()?.parse().ok()
}

/// How many bytes came over the network for a bundle that is or was fetched.
pub(super) fn fetched(state: &Path, sha256: &Sha256Text) -> Option<u64> {
    counted(&folder(state).join(format!("{sha256}.fetched")))
}

/// Who has a bundle.
pub(super) struct Source {
    /// The bundle itself.
    pub(super) bundle: Url,
    /// The list of its pieces.
    pub(super) pieces: Url,
    /// How it is asked.
    pub(super) client: Client,
}

/// From a cache nearby.
#[derive(Clone, Debug)]
pub struct Nearby {
    /// The bundle.
    pub bundle: Url,
    /// The list of its pieces; it need not be there.
    pub pieces: Url,
}

/// Where a bundle comes from and goes to.
pub struct Fetch {
    /// The best first; the last one is the fleet's server.
    pub(super) sources: Vec<Source>,
    pub(super) folder: PathBuf,
    pub(super) release: Release,
    /// Files and devices in which parts of it may lie.
    pub(super) seeds: Vec<PathBuf>,
    bytes_per_second: u64,
}

impl Fetch {
    /// From `cache`, if there is one, else from the fleet's server with the device's certificate; what lies in one of `seeds`
    /// is taken from there.
    ///
    /// # Errors
    /// [`FetchError::Network`]: TLS can't be set up.
    pub fn new(
        settings: &Settings,
        credentials: Option<Credentials>,
        cache: Option<Nearby>,
        release: Release,
        seeds: Vec<PathBuf>,
        bytes_per_second: u64,
    ) -> Result<Self, FetchError> {
        let mut sources = Vec::new();
        if let Some(cache) = cache {
            // It is nearby, and a stranger: no proxy, and nothing of the device's own.
            let client = Client::builder()
                .tls_backend_preconfigured(link::tls(settings, None)?)
                .no_proxy();
            sources.push(Source {
                bundle: cache.bundle,
                pieces: cache.pieces,
                client: client.read_timeout(SILENCE).build()?,
            });
        }
        let mut client = Client::builder()
            .tls_backend_preconfigured(link::tls(settings, credentials)?)
            .no_proxy()
            .http1_only();
        if let Some(proxy) = &settings.proxy {
            let mut through = reqwest::Proxy::all(proxy.address.clone())?;
            if let Some(user) = &proxy.user {
                through = through.basic_auth(user, &link::password(proxy)?);
            }
            client = client.proxy(through);
        }
        if let Some(server) = &settings.server {
            let (mut bundle, mut pieces) = (server.url().clone(), server.url().clone());
            bundle.set_path(&format!("{BUNDLES}/{}", release.sha256));
            pieces.set_path(&format!("{BUNDLES}/{}/{PIECES}", release.sha256));
            sources.push(Source {
                bundle,
                pieces,
                client: client.read_timeout(SILENCE).build()?,
            });
        }
        Ok(Self {
            sources,
            folder: folder(&settings.state),
            release,
            seeds,
            bytes_per_second,
        })
    }

    /// Fetches it; `progress` hears percents. Whoever drops this on the way goes on where it was.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn run(self, progress: impl Fn(u8)) -> Result<PathBuf, FetchError> {
        tokio::fs::create_dir_all(&self.folder).await?;
        let whole = self.named("raucb");
        if tokio::fs::try_exists(&whole).await? && self.is_right(&whole).await? {
            self.tidy().await?;
            return Ok(whole);
        }
        let mut line = Line::open(self.bytes_per_second, self.named("fetched"));
        let mut file = self.named("assembly");
        if !self.in_pieces(&file, &mut line, &progress).await? {
            remove(&file).await?;
            // The bundle before is of no use then, and may have the place.
            self.tidy().await?;
            file = self.named("part");
            self.whole(&file, &mut line, &progress).await?;
        }
        tokio::fs::rename(&file, &whole).await?;
        File::open(&self.folder).await?.sync_all().await?;
        self.tidy().await?;
        let (fetched, size) = (line.fetched, self.release.size);
        tracing::info!(fetched, size, "the bundle is here");
        Ok(whole)
    }

    fn named(&self, kind: &str) -> PathBuf {
        self.folder.join(format!("{}.{kind}", self.release.sha256))
    }

    /// All of it over the network.
    async fn whole(
        &self,
        part: &Path,
        line: &mut Line,
        progress: &impl Fn(u8),
    ) -> Result<(), FetchError> {
        let mut last = FetchError::Network("there is no source".to_owned());
        for (number, source) in self.sources.iter().enumerate() {
            let url = &source.bundle;
            let begun = length(part).await? > 0;
            // What was begun may be from elsewhere or half written: then it counts for nothing.
            for again in 0..=u8::from(begun) {
                match self.from(source, part, line, progress).await {
                    Ok(()) if self.is_right(part).await? => return Ok(()),
                    Ok(()) => {
                        tracing::warn!(%url, again, "what came is not the bundle that was signed");
                        tokio::fs::remove_file(part).await?;
                        last = FetchError::Checksum;
                    }
                    Err(FetchError::Network(problem)) => {
                        tracing::info!(%url, number, problem, "the bundle does not come from here");
                        last = FetchError::Network(problem);
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Err(last)
    }

    async fn from(
        &self,
        source: &Source,
        part: &Path,
        line: &mut Line,
        progress: &impl Fn(u8),
    ) -> Result<(), FetchError> {
        let mut file = open(part).await?;
        let size = self.release.size;
        let mut have = file.seek(SeekFrom::End(0)).await?;
        if have > size {
            file.set_len(0).await?;
            have = 0;
        }
        if have == size {
            return Ok(());
        }
        let request = source.client.get(source.bundle.clone());
        let request = request.header(header::RANGE, format!("bytes={have}-"));
        let mut answer = request.send().await?.error_for_status()?;
        if answer.status() != StatusCode::PARTIAL_CONTENT {
            // A server that knows no ranges gives all of it.
            file.set_len(0).await?;
            have = 0;
        }
        file.seek(SeekFrom::Start(have)).await?;
        while let Some(bytes) = answer.chunk().await? {
            have += bytes.len() as u64;
            if have > size {
                let problem = "the server gives more than the bundle's size".to_owned();
                return Err(FetchError::Network(problem));
            }
            file.write_all(&bytes).await?;
            progress(percent(have, size));
            line.take(bytes.len()).await;
        }
        file.sync_all().await?;
        if have < size {
            let problem = format!("the bundle broke off after {have} of {size} bytes");
            return Err(FetchError::Network(problem));
        }
        Ok(())
    }

    pub(super) async fn is_right(&self, path: &Path) -> io::Result<bool> {
        use std::fmt::Write as _;
        let mut file = File::open(path).await?;
        let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
        loop {
            match file.read(&mut piece).await? {
                0 => break,
                read => hash.update(&piece[..read]),
            }
        }
        let mut text = String::with_capacity(64);
        for byte in hash.finalize() {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(text == self.release.sha256.as_str())
    }

    /// What is of another release goes, and what this one was made of.
    async fn tidy(&self) -> io::Result<()> {
        let whole = tokio::fs::try_exists(self.named("raucb")).await?;
        for path in self.others().await? {
            tokio::fs::remove_file(path).await?;
        }
        if whole {
            remove(&self.named("assembly")).await?;
            remove(&self.named("part")).await?;
        }
        Ok(())
    }

    /// Files of other releases.
    async fn others(&self) -> io::Result<Vec<PathBuf>> {
        let mut others = Vec::new();
        let mut entries = tokio::fs::read_dir(&self.folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            if !name
                .to_string_lossy()
                .starts_with(self.release.sha256.as_str())
            {
                others.push(entry.path());
            }
        }
        Ok(others)
    }

    /// Where parts of the bundle may lie, what is most like it first.
    pub(super) async fn all_seeds(&self) -> io::Result<Vec<PathBuf>> {
        let mut seeds = vec![self.named("part")];
        seeds.extend(self.others().await?);
        seeds.extend_from_slice(&self.seeds);
        Ok(seeds)
    }
}

async fn remove(path: &Path) -> io::Result<()> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Where bundles are in the agent's folder.
pub(super) fn folder(state: &Path) -> PathBuf {
    state.join("updates")
}

async fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    options.open(path).await
}

async fn length(path: &Path) -> io::Result<u64> {
    match tokio::fs::metadata(path).await {
        Ok(about) => Ok(about.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// In steps of five, so that the server does not hear of each packet.
pub(super) fn percent(have: u64, size: u64) -> u8 {
    let percent = have.min(size) * 100 / size.max(1);
    u8::try_from(percent / 5 * 5).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_and_a_pause_is_not_made_up_for() {
        let mut pace = Pace::new(1000);
        let second = Duration::from_secs(1);
        assert_eq!(pace.take(1000, Duration::ZERO), second);
        assert_eq!(pace.take(500, second), second / 2);
        // Nothing came for a minute.
        assert_eq!(pace.take(1000, 60 * second), second);
        let mut total = Duration::ZERO;
        let mut pace = Pace::new(1_000_000);
        for _ in 0..1000 {
            total += pace.take(10_000, total);
        }
        assert_eq!(total, 10 * second);
    }

    #[test]
    fn percents_come_in_steps() {
        let seen: Vec<u8> = [0, 49, 50, 99, 100]
            .map(|have| percent(have, 1000))
            .to_vec();
        assert_eq!(seen, [0, 0, 5, 5, 10]);
        assert_eq!((percent(1000, 1000), percent(7, 0)), (100, 0));
    }
}
