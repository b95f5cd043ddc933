//! The root: who may sign what, and who may say so next.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Metadata, PublicKey, Releases, SPEC_VERSION, TrustError, check_spec, malformed, to_second,
};
use crate::fleet::Digest;

/// A root has at most so many keys, and a role as well.
const MOST_KEYS: usize = 32;
/// A device follows at most so many roots at once. One each month lasts for 80 years.
pub const LONGEST_CHAIN: usize = 1000;

/// Which keys may sign, and how many have to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// By what they are known.
    pub keyids: Vec<Digest>,
    /// How many of them are needed.
    pub threshold: u32,
}

/// What keys are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// Sign the next root.
    Root,
    /// Sign which releases there are (TUF's `targets`).
    Targets,
    /// Sign devices' configurations.
    Configuration,
}

impl RoleName {
    /// All.
    pub const ALL: [Self; 3] = [Self::Root, Self::Targets, Self::Configuration];

    /// As in the document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Targets => "targets",
            Self::Configuration => "configuration",
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// All roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Signs the next root.
    pub root: Role,
    /// Signs [`Releases`].
    pub targets: Role,
    /// Signs orders. An order has one signature, so its threshold is 1.
    pub configuration: Role,
}

impl Roles {
    /// One of them.
    #[must_use]
    pub fn of(&self, name: RoleName) -> &Role {
        match name {
            RoleName::Root => &self.root,
            RoleName::Targets => &self.targets,
            RoleName::Configuration => &self.configuration,
        }
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, name: RoleName) -> &mut Role {
        match name {
            RoleName::Root => &mut self.root,
            RoleName::Targets => &mut self.targets,
            RoleName::Configuration => &mut self.configuration,
        }
    }
}

/// The document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// `root`.
    #[serde(rename = "_type")]
    pub kind: RootKind,
    /// [`SPEC_VERSION`].
    pub spec_version: String,
    /// TUF's, for names of files; devices do not look at it.
    pub consistent_snapshot: bool,
    /// Counts up from 1 without a gap.
    pub version: u64,
    /// When people should have made the next one.
    pub expires: Timestamp,
    /// All that a role names.
    pub keys: BTreeMap<Digest, PublicKey>,
    /// Who signs what.
    pub roles: Roles,
}

/// What a root is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RootKind {
    /// A root.
    Root,
}

impl Root {
    /// One in which each role has one key.
    #[must_use]
    pub fn of_one_key(key: &VerifyingKey, expires: Timestamp) -> Self {
        let key = PublicKey::from(key);
        let role = Role {
            keyids: vec![key.id()],
            threshold: 1,
        };
        Self {
            kind: RootKind::Root,
            spec_version: SPEC_VERSION.to_owned(),
            consistent_snapshot: false,
            version: 1,
            expires: to_second(expires),
            roles: Roles {
                root: role.clone(),
                targets: role.clone(),
                configuration: role,
            },
            keys: [(key.id(), key)].into(),
        }
    }

    /// Reads one; who signed it is not looked at.
    ///
    /// # Errors
    /// [`TrustError::Malformed`].
    pub fn read(metadata: &Metadata) -> Result<Self, TrustError> {
        let root: Self = metadata.document()?;
        root.check()?;
        Ok(root)
    }

    /// Whether it can work at all.
    ///
    /// # Errors
    /// [`TrustError::Malformed`].
    pub fn check(&self) -> Result<(), TrustError> {
        check_spec(&self.spec_version)?;
        if self.version == 0 {
            return Err(malformed("versions of roots begin with 1"));
        }
        if self.keys.len() > MOST_KEYS {
            return Err(malformed(format!("more than {MOST_KEYS} keys")));
        }
        for (id, key) in &self.keys {
            key.verifying()?;
            // So that no key is there under two names, and counts twice.
            if key.id() != *id {
                return Err(malformed(format!("the key {id} is in truth {}", key.id())));
            }
        }
        for name in RoleName::ALL {
            self.check_role(name)?;
        }
        if self.roles.configuration.threshold != 1 {
            let problem = "the threshold of configuration has to be 1: an order has one signature";
            return Err(malformed(problem));
        }
        Ok(())
    }

    fn check_role(&self, name: RoleName) -> Result<(), TrustError> {
        let role = self.roles.of(name);
        let different: BTreeSet<_> = role.keyids.iter().collect();
        if different.len() != role.keyids.len() {
            return Err(malformed(format!("{name} names a key twice")));
        }
        if let Some(unknown) = different.iter().find(|id| !self.keys.contains_key(**id)) {
            return Err(malformed(format!(
                "{name} names {unknown}, which is not among the keys"
            )));
        }
        let most = u32::try_from(role.keyids.len()).unwrap_or(u32::MAX);
        if !(1..=most).contains(&role.threshold) {
            let needed = role.threshold;
            return Err(malformed(format!("{name} needs {needed} of {most} keys")));
        }
        Ok(())
    }

    /// The keys of a role.
    #[must_use]
    pub fn keys_of(&self, name: RoleName) -> Vec<VerifyingKey> {
        let ids = self.roles.of(name).keyids.iter();
        let keys = ids.filter_map(|id| self.keys.get(id));
        keys.filter_map(|key| key.verifying().ok()).collect()
    }

    /// Takes away keys that no role names.
    pub fn tidy(&mut self) {
        let Roles {
            root,
            targets,
            configuration,
        } = &self.roles;
        let named = [root, targets, configuration].map(|role| role.keyids.clone());
        self.keys
            .retain(|id, _| named.iter().flatten().any(|known| known == id));
    }

    /// Whether so many of a role's keys signed this.
    ///
    /// # Errors
    /// As [`Metadata::check`].
    pub fn check_signed(&self, name: RoleName, metadata: &Metadata) -> Result<(), TrustError> {
        let who = format!("{name} of root {}", self.version);
        metadata.check(&who, self.roles.of(name), &self.keys)
    }
}

/// A root that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    root: Root,
    metadata: Metadata,
}

impl Trusted {
    /// One that nothing came before, or that was believed before: it has the signatures that it asks for itself.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn first(metadata: Metadata) -> Result<Self, TrustError> {
        let root = Root::read(&metadata)?;
        root.check_signed(RoleName::Root, &metadata)?;
        Ok(Self { root, metadata })
    }

    /// One that a device believes which knows only keys that signed orders, from before there were roots: one of
    /// them has to have signed it too.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn after_keys(known: &[VerifyingKey], metadata: Metadata) -> Result<Self, TrustError> {
        let first = Self::first(metadata)?;
        let keys: BTreeMap<_, _> = known
            .iter()
            .map(PublicKey::from)
            .map(|key| (key.id(), key))
            .collect();
        let role = Role {
            keyids: keys.keys().cloned().collect(),
            threshold: 1,
        };
        first
            .metadata
            .check("the key that this device knows", &role, &keys)?;
        Ok(first)
    }

    /// The next one.
    ///
    /// # Errors
    /// [`TrustError`]; what is known stays known.
    pub fn follow(&self, next: Metadata) -> Result<Self, TrustError> {
        let root = Root::read(&next)?;
        let (known, found) = (self.root.version, root.version);
        if found == known {
            let same = next.fingerprint()? == self.metadata.fingerprint()?;
            return if same {
                Ok(self.clone())
            } else {
                Err(TrustError::Changed(known))
            };
        }
        if found < known {
            return Err(TrustError::Older { known, found });
        }
        if found != known.saturating_add(1) {
            return Err(TrustError::Order { known, found });
        }
        self.root.check_signed(RoleName::Root, &next)?;
        root.check_signed(RoleName::Root, &next)?;
        Ok(Self {
            root,
            metadata: next,
        })
    }

    /// The document.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// With its signatures.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Reads a list of releases that this root's keys signed.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn releases(&self, metadata: &Metadata) -> Result<Releases, TrustError> {
        self.root.check_signed(RoleName::Targets, metadata)?;
        Releases::read(metadata)
    }
}
