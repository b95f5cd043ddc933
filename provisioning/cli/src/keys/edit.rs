//! The next root, as people want it.

use std::{path::PathBuf, str::FromStr};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use saal_fleet_protocol::fleet::{
    Digest,
    trust::{Metadata, PublicKey, Role, RoleName, Roles, Root, RootKind, SPEC_VERSION, to_second},
};

use super::{read, save, told};

/// So many of a root's own keys have to sign the next, where nobody says how many and so many are there.
const USUAL_THRESHOLD: u32 = 2;

/// `ROLE=SOMETHING`.
#[derive(Clone, Debug)]
pub(crate) struct FromTo<A, B>(pub(crate) A, pub(crate) B);

pub(crate) fn from_to<A: FromStr<Err: ToString>, B: FromStr<Err: ToString>>(
    text: &str,
) -> Result<FromTo<A, B>, String> {
    let (from, to) = text
        .split_once('=')
        .ok_or_else(|| format!("\"{text}\" has no \"=\""))?;
    Ok(FromTo(
        from.parse().map_err(|e: A::Err| e.to_string())?,
        to.parse().map_err(|e: B::Err| e.to_string())?,
    ))
}

/// A role as people type it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named(RoleName);

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = RoleName::ALL.into_iter().find(|name| name.as_str() == text);
        let problem = || format!("\"{text}\" is no role: root, targets, configuration");
        found.map(Self).ok_or_else(problem)
    }
}

/// What is to be another.
#[derive(Args, Debug)]
pub(crate) struct Edit {
    /// Where the next root goes.
    to: PathBuf,
    /// The root before, as `fetch` saved it.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Gives a role a key, by its FILE.pub; may be given several times. Roles are root, targets (releases) and configuration.
    #[arg(long = "add", value_name = "ROLE=FILE", value_parser = from_to::<Named, PathBuf>)]
    add: Vec<FromTo<Named, PathBuf>>,
    /// Takes a key from a role, by the beginning of its fingerprint; may be given several times.
    #[arg(long = "remove", value_name = "ROLE=FINGERPRINT", value_parser = from_to::<Named, String>)]
    remove: Vec<FromTo<Named, String>>,
    /// How many keys of a role have to sign; without it two for the root, where there are two.
    #[arg(long = "threshold", value_name = "ROLE=N", value_parser = from_to::<Named, u32>)]
    thresholds: Vec<FromTo<Named, u32>>,
    /// For how many years it is good.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=20))]
    years: u32,
}

impl Edit {
    /// Writes the next root; returns what stands in it.
    pub(super) fn make(&self) -> Result<String> {
        let before = self.from.as_deref().map(read).transpose()?;
        let mut root = match &before {
            Some(before) => Root::read(before)?,
            None => nobody_s(),
        };
        root.version += 1;
        let life = SignedDuration::from_hours(i64::from(self.years) * 365 * 24);
        let expires = Timestamp::now().checked_add(life).context("the years")?;
        root.expires = to_second(expires);
        for FromTo(Named(name), path) in &self.add {
            let place = || path.display().to_string();
            let text = std::fs::read_to_string(path).with_context(place)?;
            let key: PublicKey = serde_json::from_str(&text).with_context(place)?;
            key.verifying().with_context(place)?;
            let ids = &mut root.roles.of_mut(*name).keyids;
            if !ids.contains(&key.id()) {
                ids.push(key.id());
            }
            root.keys.insert(key.id(), key);
        }
        for FromTo(Named(name), begins) in &self.remove {
            remove(&mut root.roles.of_mut(*name).keyids, begins)?;
        }
        self.count(&mut root);
        root.tidy();
        root.check()?;
        let next = Metadata::unsigned(&root);
        save(&self.to, &next)?;
        told(&next)
    }

    /// How many have to sign.
    fn count(&self, root: &mut Root) {
        for name in RoleName::ALL {
            let said = self.thresholds.iter().find(|of| of.0.0 == name);
            let changed = |all: &[Named]| all.iter().any(|of| of.0 == name);
            let add: Vec<Named> = self.add.iter().map(|of| of.0).collect();
            let role = root.roles.of_mut(name);
            let there = u32::try_from(role.keyids.len()).unwrap_or(u32::MAX);
            role.threshold = match said {
                Some(of) => of.1,
                None if name == RoleName::Root && changed(&add) => {
                    role.threshold.max(USUAL_THRESHOLD).min(there)
                }
                None => role.threshold.min(there).max(1),
            };
        }
    }
}

/// Before the first.
fn nobody_s() -> Root {
    let nobody = || Role {
        keyids: Vec::new(),
        threshold: 1,
    };
    Root {
        kind: RootKind::Root,
        spec_version: SPEC_VERSION.to_owned(),
        consistent_snapshot: false,
        version: 0,
        expires: Timestamp::UNIX_EPOCH,
        keys: [].into(),
        roles: Roles {
            root: nobody(),
            targets: nobody(),
            configuration: nobody(),
        },
    }
}

fn remove(ids: &mut Vec<Digest>, begins: &str) -> Result<()> {
    let found: Vec<usize> = (0..ids.len())
        .filter(|at| ids[*at].as_str().starts_with(begins))
        .collect();
    match found[..] {
        [at] => {
            ids.remove(at);
            Ok(())
        }
        [] => bail!("no key of this role begins with {begins}"),
        _ => bail!("several keys of this role begin with {begins}; say more of it"),
    }
}
