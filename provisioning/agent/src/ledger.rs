//! Which configuration is in use, which one is tried, and which was good: written so that the power
//! may go at any moment.
//!
//! ```text
//! ledger.json          what is good, what is tried, what was seen
//! generations/17/      saal.toml and the secrets beside it, complete before it has this name
//! generations/18/
//! current              a link to one of them: what saald reads
//! ```
//!
//! The ledger is always written before the link is moved towards a trial, and after it is moved
//! back; [`Ledger::open`] makes the two agree again.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use saal_fleet_protocol::fleet::{
    order::DOCUMENT,
    wire::{Failure, Outcome, Report},
};
use serde::{Deserialize, Serialize};

use crate::disk::Disk;

const FILE: &str = "ledger.json";
const GENERATIONS: &str = "generations";
/// What saald's `--config` leads through.
pub const CURRENT: &str = "current";
const VERSION: u32 = 1;
/// A trial that a power cut ends begins again, but not for ever: it may be what ends it.
const STARTS: u32 = 2;

/// The ledger can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A file.
    #[error("can't {what}: {source}")]
    Disk {
        /// What was being done.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// It was written by something else.
    #[error("{FILE} is not understood ({0}); take it away, and the device asks its fleet again")]
    Malformed(String),
}

/// A configuration that is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Which.
    pub generation: u64,
    /// How often it has begun.
    pub starts: u32,
}

/// What is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    version: u32,
    /// In use before the trial, and after it if that fails; 0 is the first one, the device's own.
    good: u64,
    trying: Option<Trial>,
    /// The newest generation that a signed order had.
    seen: u64,
    /// SHA-256 of that order.
    seen_digest: String,
    /// What became of it, until the server has surely heard.
    report: Option<Report>,
}

/// The ledger with the disk that it is on.
#[derive(Debug)]
pub struct Ledger<D> {
    disk: D,
    page: Page,
}

/// Why an order is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stale {
    /// It was seen already; nothing is to be done.
    Known,
    /// It is older than one that was seen, or the same generation with other content.
    Refused(String),
}

/// What a configuration is on the disk: names and contents.
pub type Files = BTreeMap<String, Vec<u8>>;

fn failed(what: &'static str) -> impl Fn(io::Error) -> LedgerError {
    move |source| LedgerError::Disk { what, source }
}

fn folder_of(generation: u64) -> PathBuf {
    Path::new(GENERATIONS).join(generation.to_string())
}

impl<D: Disk> Ledger<D> {
    /// Opens it and makes disk and ledger agree; a new device begins with `first`.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(disk: D, first: &str) -> Result<Self, LedgerError> {
        let bytes = disk
            .read(Path::new(FILE))
            .map_err(failed("read the ledger"))?;
        let Some(bytes) = bytes else {
            return Self::begin_with(disk, first);
        };
        let malformed = |reason: String| LedgerError::Malformed(reason);
        let page: Page = serde_json::from_slice(&bytes).map_err(|e| malformed(e.to_string()))?;
        if page.version != VERSION {
            return Err(malformed(format!("version {} is unknown", page.version)));
        }
        let mut ledger = Self { disk, page };
        ledger.recover()?;
        Ok(ledger)
    }

    fn begin_with(disk: D, first: &str) -> Result<Self, LedgerError> {
        let page = Page {
            version: VERSION,
            good: 0,
            trying: None,
            seen: 0,
            seen_digest: String::new(),
            report: None,
        };
        let ledger = Self { disk, page };
        let files = [(DOCUMENT.to_owned(), first.as_bytes().to_vec())];
        ledger.lay_down(0, &files.into())?;
        ledger.point_to(0)?;
        ledger.write()?;
        Ok(ledger)
    }

    /// After a start: a trial that was under way goes on, unless it did so before.
    fn recover(&mut self) -> Result<(), LedgerError> {
        let Some(trial) = &mut self.page.trying else {
            self.point_to(self.page.good)?;
            return self.tidy();
        };
        if trial.starts >= STARTS {
            let detail = format!("the device went down {STARTS} times before it was confirmed");
            return self.roll_back(Failure::Interrupted, detail);
        }
        trial.starts += 1;
        let generation = trial.generation;
        self.write()?;
        self.point_to(generation)
    }

    /// The generation that was confirmed last; 0: the device's own.
    #[must_use]
    pub fn good(&self) -> u64 {
        self.page.good
    }

    /// The newest one that was seen.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.page.seen
    }

    /// SHA-256 of its order; empty before the first.
    #[must_use]
    pub fn seen_digest(&self) -> &str {
        &self.page.seen_digest
    }

    /// What is tried now.
    #[must_use]
    pub fn trying(&self) -> Option<&Trial> {
        self.page.trying.as_ref()
    }

    /// What the server may not know yet.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        self.page.report.as_ref()
    }

    /// Whether an order is newer than all that were seen.
    ///
    /// # Errors
    /// [`Stale`] when it is not.
    pub fn is_new(&self, generation: u64, digest: &str) -> Result<(), Stale> {
        let seen = self.page.seen;
        if generation > seen {
            return Ok(());
        }
        if generation == seen && digest == self.page.seen_digest {
            return Err(Stale::Known);
        }
        let reason = if generation == seen {
            format!("generation {seen} was seen with other content")
        } else {
            format!("generation {generation} is older than {seen}, which was seen")
        };
        Err(Stale::Refused(reason))
    }

    /// Lays a configuration down and lets the room read it. The good one stays beside it.
    ///
    /// # Errors
    /// [`LedgerError`]; the room then has what it had.
    pub fn try_out(
        &mut self,
        generation: u64,
        digest: &str,
        files: &Files,
    ) -> Result<(), LedgerError> {
        self.lay_down(generation, files)?;
        let before = self.page.clone();
        self.page.trying = Some(Trial {
            generation,
            starts: 1,
        });
        self.page.seen = generation;
        digest.clone_into(&mut self.page.seen_digest);
        self.page.report = None;
        if let Err(error) = self.write() {
            self.page = before;
            return Err(error);
        }
        self.point_to(generation)
    }

    /// An order that is not even tried is not taken a second time.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn refuse(
        &mut self,
        generation: u64,
        digest: &str,
        detail: String,
    ) -> Result<(), LedgerError> {
        if generation > self.page.seen {
            self.page.seen = generation;
            digest.clone_into(&mut self.page.seen_digest);
        }
        self.page.report = Some(Report {
            generation,
            outcome: Outcome::Refused { detail },
        });
        self.write()
    }

    /// The trial is the good one now.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn confirm(&mut self) -> Result<(), LedgerError> {
        let Some(trial) = self.page.trying.take() else {
            return Ok(());
        };
        self.page.good = trial.generation;
        self.page.report = Some(Report {
            generation: trial.generation,
            outcome: Outcome::Confirmed {},
        });
        self.write()?;
        self.tidy()
    }

    /// Back to the good one.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn roll_back(&mut self, why: Failure, detail: String) -> Result<(), LedgerError> {
        let Some(trial) = self.page.trying.clone() else {
            return Ok(());
        };
        let to = self.page.good;
        self.point_to(to)?;
        self.page.trying = None;
        self.page.report = Some(Report {
            generation: trial.generation,
            outcome: Outcome::RolledBack { to, why, detail },
        });
        self.write()?;
        self.tidy()
    }

    fn write(&self) -> Result<(), LedgerError> {
        let json = serde_json::to_vec_pretty(&self.page).expect("plain data is JSON");
        self.put(FILE, &json).map_err(failed("write the ledger"))
    }

    /// Whole or not at all.
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let new = PathBuf::from(format!("{name}.new"));
        self.disk.write(&new, bytes)?;
        self.disk.rename(&new, Path::new(name))?;
        self.disk.sync(Path::new("."))
    }

    fn lay_down(&self, generation: u64, files: &Files) -> Result<(), LedgerError> {
        let put = || {
            let folder = folder_of(generation);
            let new = folder.with_extension("new");
            self.disk.create_folder(Path::new(GENERATIONS))?;
            self.disk.sync(Path::new("."))?;
            self.disk.remove(&new)?;
            self.disk.create_folder(&new)?;
            for (name, bytes) in files {
                self.disk.write(&new.join(name), bytes)?;
            }
            self.disk.sync(&new)?;
            // A folder is no name to rename onto: what a trial of the same generation left goes first.
            self.disk.remove(&folder)?;
            self.disk.rename(&new, &folder)?;
            self.disk.sync(Path::new(GENERATIONS))
        };
        put().map_err(failed("lay the configuration down"))
    }

    fn point_to(&self, generation: u64) -> Result<(), LedgerError> {
        let target = folder_of(generation);
        let put = || {
            if self.disk.target(Path::new(CURRENT))?.as_deref() == Some(target.as_path()) {
                return Ok(());
            }
            let new = Path::new("current.new");
            self.disk.remove(new)?;
            self.disk.link(&target, new)?;
            self.disk.rename(new, Path::new(CURRENT))?;
            self.disk.sync(Path::new("."))
        };
        put().map_err(failed("point to the configuration"))
    }

    /// Takes away what nothing leads to. The first one stays: it brings a reset device back.
    fn tidy(&self) -> Result<(), LedgerError> {
        let clear = || {
            let kept = [0, self.page.good].map(|generation| generation.to_string());
            for name in self.disk.list(Path::new(GENERATIONS))? {
                if !kept.contains(&name) {
                    self.disk.remove(&Path::new(GENERATIONS).join(name))?;
                }
            }
            Ok(())
        };
        clear().map_err(failed("clear old configurations"))
    }
}
