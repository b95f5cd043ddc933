//! What the device believes in the end: the root that it was given when it came into its fleet, and those that followed.
//!
//! `trust.json` beside the membership has the newest root and the newest list of releases. A device from before there were
//! roots has none and goes by the keys that its membership names, until its server shows a root that one of those keys
//! signed. Nothing here ever takes a room out of service: what is not believed is not done, and told.

use std::collections::BTreeMap;

use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    Digest, ReleaseName,
    order::key_from_text,
    trust::{
        Distrust, LONGEST_CHAIN, Metadata, Releases, RoleName, TrustError, TrustProblem,
        TrustState, Trusted,
    },
    update::Release,
    wire::Membership,
};
use serde::{Deserialize, Serialize};

use crate::{
    disk::Disk,
    identity::{IdentityError, malformed, read, write},
};

/// In the agent's folder.
pub(crate) const FILE: &str = "trust.json";
const VERSION: u32 = 1;

/// As it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    version: u32,
    root: Metadata,
    releases: Option<Metadata>,
}

/// Who may sign.
enum Known {
    /// It belongs to nobody yet.
    Nobody,
    /// Whoever has one of these keys, from before there were roots.
    Keys(Vec<VerifyingKey>),
    /// Whom the root names.
    Root(Box<Trusted>),
}

/// What a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Root,
    Releases,
    Order,
    Update,
}

/// A problem, and whether it is of an earlier connection.
struct Noted(TrustProblem, bool);

/// The roots that a server shows to a device that belongs to nobody.
#[derive(Default)]
struct Offered {
    root: Option<Trusted>,
    seen: usize,
    problem: Option<TrustError>,
}

/// What the device believes, with the disk that it is on.
pub struct Roots<D> {
    disk: D,
    known: Known,
    releases: Option<(Metadata, Releases)>,
    /// The fingerprint of a root of the fleet that the device may come into.
    pin: Option<Digest>,
    offered: Offered,
    problems: BTreeMap<About, Noted>,
}

impl<D: Disk> Roots<D> {
    /// What is kept; nothing counts while the device belongs to nobody.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn open(disk: D, own: Option<&Membership>) -> Result<Self, IdentityError> {
        let mut roots = Self {
            disk,
            known: Known::Nobody,
            releases: None,
            pin: None,
            offered: Offered::default(),
            problems: BTreeMap::new(),
        };
        let Some(own) = own else { return Ok(roots) };
        let Some(page) = read::<Page>(&roots.disk, FILE)? else {
            let keys = own.signing_keys.iter();
            let keys = keys.filter_map(|key| key_from_text(key)).collect();
            roots.known = Known::Keys(keys);
            return Ok(roots);
        };
        if page.version != VERSION {
            let reason = format!("version {} is unknown", page.version);
            return Err(malformed(FILE, reason));
        }
        let root = Trusted::first(page.root).map_err(|e| malformed(FILE, e))?;
        // One that an older root signed still says what was seen.
        let releases: Option<Result<_, IdentityError>> = page.releases.map(|metadata| {
            let list = Releases::read(&metadata).map_err(|e| malformed(FILE, e))?;
            Ok((metadata, list))
        });
        roots.releases = releases.transpose()?;
        roots.known = Known::Root(Box::new(root));
        Ok(roots)
    }

    /// Only a fleet with this root takes the device.
    pub fn pin(&mut self, fingerprint: Option<Digest>) {
        self.pin = fingerprint;
        self.offered = Offered::default();
    }

    /// The root, if there is one.
    #[must_use]
    pub fn root(&self) -> Option<&Trusted> {
        match &self.known {
            Known::Root(root) => Some(root),
            Known::Nobody | Known::Keys(_) => None,
        }
    }

    /// Version of the root; 0: there is none.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.root().map_or(0, |root| root.root().version)
    }

    /// Who may sign orders.
    #[must_use]
    pub fn keys(&self) -> Vec<VerifyingKey> {
        match &self.known {
            Known::Nobody => Vec::new(),
            Known::Keys(keys) => keys.clone(),
            Known::Root(root) => root.root().keys_of(RoleName::Configuration),
        }
    }

    /// The device goes by the keys of its membership.
    #[must_use]
    pub fn is_before_roots(&self) -> bool {
        matches!(self.known, Known::Keys(_))
    }

    /// The server shows a root.
    ///
    /// # Errors
    /// [`IdentityError::Disk`]; a root that is not believed is none, but noted.
    pub fn take_root(&mut self, metadata: Metadata) -> Result<(), IdentityError> {
        let next = match &self.known {
            Known::Nobody => {
                self.offer(metadata);
                return Ok(());
            }
            Known::Keys(keys) => Trusted::after_keys(keys, metadata),
            Known::Root(root) => root.follow(metadata),
        };
        match next {
            Ok(next) => {
                self.problems.remove(&About::Root);
                self.keep(next, self.releases.clone())
            }
            Err(error) => {
                self.note(About::Root, error.why(), format!("a root: {error}"));
                Ok(())
            }
        }
    }

    /// Before the device belongs to anybody nothing is written.
    fn offer(&mut self, metadata: Metadata) {
        self.offered.seen += 1;
        let next = match &self.offered.root {
            _ if self.offered.seen > LONGEST_CHAIN => {
                Err(TrustError::Malformed("it has too many roots".to_owned()))
            }
            Some(root) => root.follow(metadata),
            None => match (&self.pin, metadata.fingerprint()) {
                // Those before the one that the device was given do not matter.
                (Some(pin), Ok(found)) if *pin != found => return,
                (_, Err(error)) => Err(error),
                _ => Trusted::first(metadata),
            },
        };
        match next {
            Ok(root) => self.offered.root = Some(root),
            Err(error) => self.offered.problem = self.offered.problem.take().or(Some(error)),
        }
    }

    /// The device is about to belong to who showed the roots; kept before its membership is.
    ///
    /// # Errors
    /// The disk; in the inner result why it must not belong there.
    pub fn enrol(&mut self) -> Result<Result<(), TrustError>, IdentityError> {
        if !matches!(self.known, Known::Nobody) {
            return Ok(Ok(()));
        }
        let offered = std::mem::take(&mut self.offered);
        let root = match (offered.problem, offered.root, &self.pin) {
            (Some(problem), _, _) => return Ok(Err(problem)),
            (None, None, Some(pin)) => return Ok(Err(TrustError::Pinned(pin.clone()))),
            (None, None, None) => {
                let problem = "the server shows no root; update it first".to_owned();
                return Ok(Err(TrustError::Malformed(problem)));
            }
            (None, Some(root), _) => root,
        };
        let fingerprint = root.metadata().fingerprint().ok();
        let fingerprint = fingerprint.map_or_else(String::new, |print| print.to_string());
        if self.pin.is_none() {
            tracing::warn!(
                fingerprint,
                "nothing told which fleet this is; the first server's root is believed"
            );
        }
        tracing::info!(version = root.root().version, fingerprint, "the root");
        self.keep(root, None)?;
        Ok(Ok(()))
    }

    fn keep(
        &mut self,
        root: Trusted,
        releases: Option<(Metadata, Releases)>,
    ) -> Result<(), IdentityError> {
        let page = Page {
            version: VERSION,
            root: root.metadata().clone(),
            releases: releases.as_ref().map(|(metadata, _)| metadata.clone()),
        };
        write(&self.disk, FILE, &page)?;
        self.known = Known::Root(Box::new(root));
        self.releases = releases;
        Ok(())
    }

    /// The server says which releases there are.
    ///
    /// # Errors
    /// As [`Self::take_root`].
    pub fn take_releases(&mut self, metadata: Metadata) -> Result<(), IdentityError> {
        let Known::Root(root) = &self.known else {
            return Ok(());
        };
        let checked = root.releases(&metadata).and_then(|list| {
            if let Some((_, known)) = &self.releases {
                known.follow(&list)?;
            }
            Ok(list)
        });
        match checked {
            Ok(list) => {
                self.problems.remove(&About::Releases);
                let root = (**root).clone();
                self.keep(root, Some((metadata, list)))
            }
            Err(error) => {
                let detail = format!("a list of releases: {error}");
                self.note(About::Releases, error.why(), detail);
                Ok(())
            }
        }
    }

    /// Whether a release may be fetched and written on a device that runs `runs`; why not is noted.
    pub fn allows(&mut self, release: &Release, runs: &ReleaseName, now: Timestamp) -> bool {
        let (why, detail) = match self.doubt(release, runs, now) {
            None => {
                self.problems.remove(&About::Update);
                return true;
            }
            Some(doubt) => doubt,
        };
        self.note(About::Update, why, detail);
        false
    }

    fn doubt(
        &self,
        release: &Release,
        runs: &ReleaseName,
        now: Timestamp,
    ) -> Option<(Distrust, String)> {
        let Known::Root(root) = &self.known else {
            return None;
        };
        let version = &release.version;
        let Some((metadata, list)) = &self.releases else {
            let detail = format!("release {version}: there is no signed list of releases");
            return Some((Distrust::Unlisted, detail));
        };
        // The root may have changed since the list came.
        if let Err(error) = root.root().check_signed(RoleName::Targets, metadata) {
            let detail = format!("release {version}: the list of releases: {error}");
            return Some((Distrust::Signatures, detail));
        }
        for (what, expires) in [
            ("root", root.root().expires),
            ("list of releases", list.expires),
        ] {
            if now >= expires {
                let detail = format!(
                    "release {version}: the {what} was good until {expires}, and the device's clock says {now}"
                );
                return Some((Distrust::Expired, detail));
            }
        }
        let Some(listed) = list.find(release) else {
            let number = list.version;
            let detail =
                format!("release {version}, as the server has it, is not in list {number}");
            return Some((Distrust::Unlisted, detail));
        };
        if !listed.is_for(runs) {
            let minimum = listed.minimum.as_ref().map_or("", ReleaseName::as_str);
            let detail =
                format!("release {version} needs {minimum} first; this device runs {runs}");
            return Some((Distrust::Unlisted, detail));
        }
        None
    }

    /// An order was not believed.
    pub fn doubt_order(&mut self, reason: &str) {
        self.note(
            About::Order,
            Distrust::Order,
            format!("a configuration: {reason}"),
        );
    }

    /// One was.
    pub fn believe_order(&mut self) {
        self.problems.remove(&About::Order);
    }

    /// Nothing is to be updated.
    pub fn no_update(&mut self) {
        self.problems.remove(&About::Update);
    }

    /// A connection begins: what was wrong with what the last one said may be said again, or not.
    pub fn begin(&mut self) {
        for noted in self.problems.values_mut() {
            noted.1 = true;
        }
    }

    /// The server has shown its roots and its list.
    pub fn shown(&mut self) {
        let old = |about: &About, noted: &Noted| {
            noted.1 && matches!(about, About::Root | About::Releases)
        };
        self.problems.retain(|about, noted| !old(about, noted));
    }

    fn note(&mut self, about: About, why: Distrust, detail: String) {
        let problem = TrustProblem { why, detail };
        let known = self.problems.get(&about);
        if known.is_none_or(|noted| noted.0 != problem) {
            tracing::error!(why = why.as_str(), detail = problem.detail, "not believed");
        }
        self.problems.insert(about, Noted(problem, false));
    }

    /// For the server.
    #[must_use]
    pub fn state(&self) -> TrustState {
        let problem = self.problems.values().next();
        TrustState {
            root: self.version(),
            releases: self.releases.as_ref().map_or(0, |(_, list)| list.version),
            problem: problem.map(|noted| noted.0.clone()),
        }
    }
}
