//! The bundle's way to the device: from a cache nearby or the fleet's server, paced, and gone on with where it broke off.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::{Client, StatusCode, header};
use saal_fleet_protocol::fleet::{update::Release, wire::BUNDLES};
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

/// Where a bundle comes from and goes to.
pub struct Fetch {
    /// Each with how it is asked, the best first; the last one is the fleet's server.
    sources: Vec<(Url, Client)>,
    folder: PathBuf,
    release: Release,
    bytes_per_second: u64,
}

impl Fetch {
    /// From `cache`, if there is one, else from the fleet's server with the device's certificate.
    ///
    /// # Errors
    /// [`FetchError::Network`]: TLS can't be set up.
    pub fn new(
        settings: &Settings,
        credentials: Option<Credentials>,
        cache: Option<Url>,
        release: Release,
        bytes_per_second: u64,
    ) -> Result<Self, FetchError> {
        let mut sources = Vec::new();
        if let Some(cache) = cache {
            // It is nearby, and a stranger: no proxy, and nothing of the device's own.
            let client = Client::builder()
                .tls_backend_preconfigured(link::tls(settings, None)?)
                .no_proxy();
            sources.push((cache, client.read_timeout(SILENCE).build()?));
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
            let mut bundle = server.url().clone();
            bundle.set_path(&format!("{BUNDLES}/{}", release.sha256));
            sources.push((bundle, client.read_timeout(SILENCE).build()?));
        }
        Ok(Self {
            sources,
            folder: folder(&settings.state),
            release,
            bytes_per_second,
        })
    }

    /// Fetches it; `progress` hears percents. Whoever drops this on the way goes on where it was.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn run(self, progress: impl Fn(u8)) -> Result<PathBuf, FetchError> {
        tokio::fs::create_dir_all(&self.folder).await?;
        self.tidy().await?;
        let whole = self.folder.join(format!("{}.raucb", self.release.sha256));
        if tokio::fs::try_exists(&whole).await? && self.is_right(&whole).await? {
            return Ok(whole);
        }
        let part = self.folder.join(format!("{}.part", self.release.sha256));
        let mut pace = Pace::new(self.bytes_per_second);
        let mut last = FetchError::Network("there is no source".to_owned());
        for (number, (url, client)) in self.sources.iter().enumerate() {
            let begun = length(&part).await? > 0;
            // What was begun may be from elsewhere or half written: then it counts for nothing.
            for again in 0..=u8::from(begun) {
                match self.from(url, client, &part, &mut pace, &progress).await {
                    Ok(()) if self.is_right(&part).await? => {
                        tokio::fs::rename(&part, &whole).await?;
                        File::open(&self.folder).await?.sync_all().await?;
                        return Ok(whole);
                    }
                    Ok(()) => {
                        tracing::warn!(%url, again, "what came is not the bundle that was signed");
                        tokio::fs::remove_file(&part).await?;
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
        url: &Url,
        client: &Client,
        part: &Path,
        pace: &mut Pace,
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
        let request = client.get(url.clone());
        let request = request.header(header::RANGE, format!("bytes={have}-"));
        let mut answer = request.send().await?.error_for_status()?;
        if answer.status() != StatusCode::PARTIAL_CONTENT {
            // A server that knows no ranges gives all of it.
            file.set_len(0).await?;
            have = 0;
        }
        file.seek(SeekFrom::Start(have)).await?;
        let began = Instant::now();
        while let Some(bytes) = answer.chunk().await? {
            have += bytes.len() as u64;
            if have > size {
                let problem = "the server gives more than the bundle's size".to_owned();
                return Err(FetchError::Network(problem));
            }
            file.write_all(&bytes).await?;
            progress(percent(have, size));
            sleep(pace.take(bytes.len() as u64, began.elapsed())).await;
        }
        file.sync_all().await?;
        if have < size {
            let problem = format!("the bundle broke off after {have} of {size} bytes");
            return Err(FetchError::Network(problem));
        }
        Ok(())
    }

    async fn is_right(&self, path: &Path) -> io::Result<bool> {
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

    /// What is of another release goes.
    async fn tidy(&self) -> io::Result<()> {
        let mut entries = tokio::fs::read_dir(&self.folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            if !name
                .to_string_lossy()
                .starts_with(self.release.sha256.as_str())
            {
                tokio::fs::remove_file(entry.path()).await?;
            }
        }
        Ok(())
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
