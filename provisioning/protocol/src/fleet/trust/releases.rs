//! Which releases there are (TUF's targets): what no server can add to by itself.

use std::{cmp::Ordering, collections::BTreeMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Metadata, SPEC_VERSION, TrustError, check_spec, malformed, to_second};
use crate::fleet::{Compatible, Digest, ReleaseName, update::Release};

/// The document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Releases {
    /// `targets`.
    #[serde(rename = "_type")]
    pub kind: ReleasesKind,
    /// [`SPEC_VERSION`].
    pub spec_version: String,
    /// Counts up.
    pub version: u64,
    /// From then on no device begins an update by it.
    pub expires: Timestamp,
    /// By the names of their files: `RELEASE.raucb`.
    pub targets: BTreeMap<String, Target>,
}

/// What the document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleasesKind {
    /// TUF's word.
    Targets,
}

/// A bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Bytes.
    pub length: u64,
    /// Of the whole file.
    pub hashes: Hashes,
    /// What TUF leaves to whom it concerns.
    pub custom: Listed,
}

/// Digests by their kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashes {
    /// SHA-256.
    pub sha256: Digest,
}

/// What a bundle is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Which release.
    pub version: ReleaseName,
    /// For which hardware.
    pub compatible: Compatible,
    /// A device has to run this release or a later one to take it; `None`: whatever it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<ReleaseName>,
}

impl Releases {
    /// A list of these.
    #[must_use]
    pub fn of<'a>(
        all: impl IntoIterator<Item = &'a Release>,
        version: u64,
        expires: Timestamp,
    ) -> Self {
        let target = |release: &Release| Target {
            length: release.size,
            hashes: Hashes {
                sha256: release.sha256.clone(),
            },
            custom: Listed {
                version: release.version.clone(),
                compatible: release.compatible.clone(),
                minimum: None,
            },
        };
        let all = all.into_iter();
        let named = all.map(|release| (file_of(&release.version), target(release)));
        Self {
            kind: ReleasesKind::Targets,
            spec_version: SPEC_VERSION.to_owned(),
            version,
            expires: to_second(expires),
            targets: named.collect(),
        }
    }

    /// Reads one; who signed it is not looked at.
    ///
    /// # Errors
    /// [`TrustError::Malformed`].
    pub fn read(metadata: &Metadata) -> Result<Self, TrustError> {
        let list: Self = metadata.document()?;
        check_spec(&list.spec_version)?;
        if list.version == 0 {
            return Err(malformed("versions of lists begin with 1"));
        }
        for (name, target) in &list.targets {
            if *name != file_of(&target.custom.version) {
                let version = &target.custom.version;
                return Err(malformed(format!(
                    "{name} is no name for release {version}"
                )));
            }
        }
        Ok(list)
    }

    /// Whether a newer list may take this one's place.
    ///
    /// # Errors
    /// [`TrustError::Older`], [`TrustError::Changed`].
    pub fn follow(&self, next: &Self) -> Result<(), TrustError> {
        let (known, found) = (self.version, next.version);
        match found.cmp(&known) {
            Ordering::Less => Err(TrustError::Older { known, found }),
            Ordering::Equal if self != next => Err(TrustError::Changed(known)),
            _ => Ok(()),
        }
    }

    /// The bundle of a release, if it is here as it is there.
    #[must_use]
    pub fn find(&self, release: &Release) -> Option<&Listed> {
        let target = self.targets.get(&file_of(&release.version))?;
        let same = target.length == release.size
            && target.hashes.sha256 == release.sha256
            && target.custom.version == release.version
            && target.custom.compatible == release.compatible;
        same.then_some(&target.custom)
    }
}

impl Listed {
    /// Whether a device that runs this may take it.
    #[must_use]
    pub fn is_for(&self, runs: &ReleaseName) -> bool {
        let minimum = self.minimum.as_ref();
        minimum.is_none_or(|minimum| compare(runs, minimum) != Ordering::Less)
    }
}

fn file_of(version: &ReleaseName) -> String {
    format!("{version}.raucb")
}

/// Part by part, `2026.9.1` before `2026.11`; what is missing comes first.
fn compare(one: &ReleaseName, other: &ReleaseName) -> Ordering {
    let parts = |name: &ReleaseName| -> Vec<(u64, String)> {
        let parts = name.as_str().split(['.', '-', '_', '+', '~']);
        parts
            .map(|part| match part.parse() {
                Ok(number) => (number, String::new()),
                Err(_) => (0, part.to_owned()),
            })
            .collect()
    };
    parts(one).cmp(&parts(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_older_and_newer_part_by_part() {
        let is_less = |one: &str, other: &str| {
            compare(&one.parse().unwrap(), &other.parse().unwrap()) == Ordering::Less
        };
        assert!(is_less("2026.9.1", "2026.11"));
        assert!(is_less("2026.11", "2026.11.1"));
        assert!(!is_less("2026.11.1", "2026.11.1"));
        assert!(!is_less("2027.1", "2026.12.9"));
    }
}
