//! What a fleet trusts in the end: which keys may sign what, and who may change that (docs/adr/0084).
//!
//! The format is that of The Update Framework (TUF 1.0, theupdateframework.io): [`Metadata`] with Ed25519 signatures over
//! canonical JSON. A [`Root`] names keys and how many of them each role needs; root N+1 counts when keys of root N and
//! keys of its own say so. [`Releases`] are TUF's targets. Beside TUF's roles there is `configuration`, whose key signs
//! [orders](super::order). TUF's timestamp and snapshot are missing: a device hears all of this over one connection, and
//! orders count up by themselves.

mod canonical;
mod metadata;
mod releases;
mod root;
mod told;

use jiff::Timestamp;

pub use metadata::{KeySignature, KeyValue, LARGEST, Metadata, PublicKey};
pub use releases::{Hashes, Listed, Releases, ReleasesKind, Target};
pub use root::{LONGEST_CHAIN, Role, RoleName, Roles, Root, RootKind, Trusted};
pub use told::{Distrust, TrustProblem, TrustState};

/// As TUF's documents say it.
pub const SPEC_VERSION: &str = "1.0.31";

/// Why a document is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Longer than [`LARGEST`].
    #[error("it has {0} bytes, more than {LARGEST}")]
    TooLarge(usize),
    /// Not of this format.
    #[error("it is not understood: {0}")]
    Malformed(String),
    /// Too few of those who have to did sign it.
    #[error("{found} of the {needed} signatures that {who} needs are there and right")]
    Signatures {
        /// Whose.
        who: String,
        /// How many are right; each key counts once.
        found: u32,
        /// How many are needed.
        needed: u32,
    },
    /// Not the next one.
    #[error(
        "version {found} does not follow version {known}, which is known; each version in between is needed"
    )]
    Order {
        /// What is known.
        known: u64,
        /// What came.
        found: u64,
    },
    /// An older one.
    #[error("version {found} is older than version {known}, which is known")]
    Older {
        /// What is known.
        known: u64,
        /// What came.
        found: u64,
    },
    /// The same version with other content.
    #[error(
        "version {0} is known with other content: it is of another fleet, or of one that was set back"
    )]
    Changed(u64),
    /// Another one was expected.
    #[error("no root has the fingerprint {0}, which this device was given")]
    Pinned(super::Digest),
}

impl TrustError {
    /// For programs.
    #[must_use]
    pub fn why(&self) -> Distrust {
        match self {
            Self::TooLarge(_) | Self::Malformed(_) => Distrust::Malformed,
            Self::Signatures { .. } => Distrust::Signatures,
            Self::Order { .. } => Distrust::Gap,
            Self::Older { .. } => Distrust::Older,
            Self::Changed(_) | Self::Pinned(_) => Distrust::OtherFleet,
        }
    }
}

fn malformed(reason: impl ToString) -> TrustError {
    TrustError::Malformed(reason.to_string())
}

/// Documents are of the first version of TUF's format, whichever correction of it.
fn check_spec(spec_version: &str) -> Result<(), TrustError> {
    if spec_version.starts_with("1.0.") || spec_version == "1.0" {
        return Ok(());
    }
    Err(malformed(format!(
        "spec_version is {spec_version}, this build knows 1.0"
    )))
}

/// TUF writes times to the second.
#[must_use]
pub fn to_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
