//! Which releases there are, as the keys of the root's `targets` sign it.

use jiff::{SignedDuration, Timestamp};
use saal_fleet_protocol::fleet::{
    ReleaseName, Scope,
    api::Act,
    trust::{Distrust, Metadata, Releases, RoleName, TrustState},
    update::Release,
};
use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    releases, roots,
};
use crate::{
    error::FleetError,
    keys::Keys,
    store::{Optional as _, Tx, params},
};

/// A list is good for a year; the server makes its own anew at half of that.
const LIFE: SignedDuration = SignedDuration::from_hours(365 * 24);

/// So far a device's list may be ahead of one that was set back.
const FURTHEST: u64 = 10_000;

/// The newest, as it was signed.
pub(crate) fn current(tx: &Tx<'_>) -> Result<Option<(Metadata, Releases)>, FleetError> {
    let sql = "SELECT document FROM release_lists ORDER BY version DESC LIMIT 1";
    let text: Option<String> = tx.query_row(sql, (), |row| row.get(0)).optional()?;
    let Some(text) = text else { return Ok(None) };
    let metadata = roots::metadata(&text)?;
    let list = Releases::read(&metadata)?;
    Ok(Some((metadata, list)))
}

/// The list of all releases that the server has, for somebody to sign. What the one before says of a release stays.
pub(crate) fn next(tx: &Tx<'_>, now: Timestamp) -> Result<Releases, FleetError> {
    let known = current(tx)?.map(|(_, list)| list);
    let all = releases::list(tx)?;
    let all = all.iter().map(|stored| &stored.release);
    let version = known.as_ref().map_or(0, |list| list.version) + 1;
    let expires = now.checked_add(LIFE).unwrap_or(Timestamp::MAX);
    let mut next = Releases::of(all, version, expires);
    for (name, target) in &mut next.targets {
        let before = known.as_ref().and_then(|list| list.targets.get(name));
        target.custom.minimum = before.and_then(|before| before.custom.minimum.clone());
    }
    Ok(next)
}

/// Signs the list anew where the server may and there is need.
pub(crate) fn renew(tx: &Tx<'_>, keys: &Keys, now: Timestamp) -> Result<(), FleetError> {
    let Some(root) = roots::current(tx)? else {
        return Ok(());
    };
    if !keys.fills(&root.root().roles.targets) {
        return Ok(());
    }
    let next = next(tx, now)?;
    let fresh = |(metadata, list): &(Metadata, Releases)| {
        let late = list.expires < now.checked_add(LIFE / 2).unwrap_or(Timestamp::MAX);
        !late && list.targets == next.targets && root.releases(metadata).is_ok()
    };
    let known = current(tx)?;
    // A fleet that has never had a release has nothing to say of them.
    let nothing = known.is_none() && next.targets.is_empty();
    if nothing || known.as_ref().is_some_and(fresh) {
        return Ok(());
    }
    sign(tx, keys, &next, now)
}

fn sign(tx: &Tx<'_>, keys: &Keys, next: &Releases, now: Timestamp) -> Result<(), FleetError> {
    let mut metadata = Metadata::unsigned(next);
    metadata.sign(&keys.signing)?;
    publish(tx, &metadata, &Stamp::server(now))?;
    Ok(())
}

/// A device knows a later list than this server, which was set back to an old back-up, or another one of the same number: the server makes
/// one that comes after both, if its key may.
pub(crate) fn outdo(
    tx: &Tx<'_>,
    keys: &Keys,
    state: &TrustState,
    now: Timestamp,
) -> Result<(), FleetError> {
    let ours = current(tx)?.map_or(0, |(_, list)| list.version);
    let problem = state.problem.as_ref().map(|problem| problem.why);
    let other = state.releases == ours && problem == Some(Distrust::OtherFleet);
    // No device makes the numbers end.
    let far = state.releases > ours.saturating_add(FURTHEST);
    if far || !(state.releases > ours || other) {
        return Ok(());
    }
    let fills = roots::current(tx)?.is_some_and(|root| keys.fills(&root.root().roles.targets));
    if !fills {
        return Ok(());
    }
    let mut next = next(tx, now)?;
    next.version = state.releases + 1;
    sign(tx, keys, &next, now)
}

/// A list takes effect.
pub(crate) fn publish(
    tx: &Tx<'_>,
    metadata: &Metadata,
    stamp: &Stamp,
) -> Result<Releases, FleetError> {
    let list = roots::in_force(tx)?.releases(metadata)?;
    if let Some((_, known)) = current(tx)? {
        known.follow(&list)?;
        if known.version == list.version {
            return Ok(list);
        }
    }
    if list.expires <= stamp.now {
        let expires = list.expires;
        return Err(FleetError::Setting(format!(
            "this list was good until {expires}; make a later one"
        )));
    }
    let sql = "INSERT INTO release_lists (version, document, published) VALUES (?1, ?2, ?3)";
    let document = json!(metadata).to_string();
    // One that no device would read is none.
    Metadata::read(document.as_bytes())?;
    tx.execute(sql, params![list.version, document, stamp.now.as_second()])?;
    // Nobody asks for those before it.
    tx.execute(
        "DELETE FROM release_lists WHERE version < ?1",
        params![list.version],
    )?;
    let names = list.targets.values().map(|target| &target.custom.version);
    let after = json!({"expires": list.expires, "releases": names.collect::<Vec<_>>()});
    let deed = Deed {
        act: Act::ReleasesSigned,
        scope: &Scope::organisation(),
        object: &list.version.to_string(),
        before: None,
        after: Some(after),
    };
    audit::record(tx, stamp, deed)?;
    Ok(list)
}

/// What devices are to hear that know another version; a list whose signatures count no more is none.
pub(crate) fn newer(tx: &Tx<'_>, known: u64) -> Result<Option<Metadata>, FleetError> {
    let sql = "SELECT document FROM release_lists WHERE version > ?1 ORDER BY version DESC LIMIT 1";
    let text: Option<String> = tx
        .query_row(sql, params![known], |row| row.get(0))
        .optional()?;
    text.map(|text| roots::metadata(&text)).transpose()
}

/// Whether devices would take a release.
pub(crate) fn check(tx: &Tx<'_>, release: &Release) -> Result<(), FleetError> {
    let Some(root) = roots::current(tx)? else {
        return Ok(());
    };
    let listed = current(tx)?.is_some_and(|(metadata, list)| {
        let signed = root.root().check_signed(RoleName::Targets, &metadata);
        signed.is_ok() && list.find(release).is_some()
    });
    if listed {
        return Ok(());
    }
    Err(FleetError::Unsigned {
        release: release.version.clone(),
    })
}

/// Releases that the server has and the list has not.
pub(crate) fn missing(tx: &Tx<'_>) -> Result<Vec<ReleaseName>, FleetError> {
    let list = current(tx)?.map(|(_, list)| list);
    let all = releases::list(tx)?.into_iter().map(|stored| stored.release);
    let all = all.filter(|release| {
        let found = list.as_ref().and_then(|list| list.find(release));
        found.is_none()
    });
    Ok(all.map(|release| release.version).collect())
}
