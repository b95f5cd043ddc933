//! Which releases there are.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    ReleaseName, Scope,
    api::{Act, StoredRelease},
    update::Release,
};
use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    parsed,
};
use crate::{
    error::FleetError,
    store::{DatabaseError, Optional as _, Row, Tx, params},
};

fn row(row: &Row<'_>) -> Result<StoredRelease, DatabaseError> {
    Ok(StoredRelease {
        release: Release {
            version: parsed(row, "version")?,
            compatible: parsed(row, "compatible")?,
            size: row.get("size")?,
            sha256: parsed(row, "sha256")?,
        },
        added: Timestamp::from_second(row.get("added")?).unwrap_or(Timestamp::UNIX_EPOCH),
        // Whoever asks looks.
        stored: true,
    })
}

/// All, the newest first.
pub(crate) fn list(tx: &Tx<'_>) -> Result<Vec<StoredRelease>, FleetError> {
    let sql = "SELECT * FROM releases ORDER BY added DESC, version DESC";
    let found = tx.query_map(sql, (), row)?;
    Ok(found)
}

/// By its name.
pub(crate) fn get(tx: &Tx<'_>, version: &ReleaseName) -> Result<Release, FleetError> {
    let sql = "SELECT * FROM releases WHERE version = ?1";
    let found = tx.query_row(sql, [version.as_str()], row).optional()?;
    let found = found.ok_or_else(|| FleetError::NotFound {
        what: format!("release {version}"),
    })?;
    Ok(found.release)
}

/// Adds one whose bundle is here. The same bundle once more is no error: it may have been lost.
pub(crate) fn add(tx: &Tx<'_>, release: &Release, stamp: &Stamp) -> Result<(), FleetError> {
    let sql = "INSERT INTO releases (version, compatible, size, sha256, added) VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT DO NOTHING";
    let made = tx.execute(
        sql,
        params![
            release.version.as_str(),
            release.compatible.as_str(),
            release.size,
            release.sha256.as_str(),
            stamp.now.as_second()
        ],
    )?;
    if made == 0 {
        if get(tx, &release.version).is_ok_and(|known| known == *release) {
            return Ok(());
        }
        let what = format!(
            "a release called {}, or this bundle under another name,",
            release.version
        );
        return Err(FleetError::Exists { what });
    }
    log(tx, stamp, Act::ReleaseAdded, release)
}

/// Takes one away that no rollout is about.
pub(crate) fn remove(
    tx: &Tx<'_>,
    version: &ReleaseName,
    stamp: &Stamp,
) -> Result<Release, FleetError> {
    let release = get(tx, version)?;
    let sql = "SELECT name FROM rollouts WHERE release = ?1 ORDER BY began LIMIT 1";
    let user: Option<String> = tx
        .query_row(sql, [version.as_str()], |row| row.get(0))
        .optional()?;
    if let Some(rollout) = user {
        return Err(FleetError::InUse {
            what: format!("release {version}"),
            by: format!("rollout {rollout}"),
        });
    }
    tx.execute(
        "DELETE FROM releases WHERE version = ?1",
        [version.as_str()],
    )?;
    log(tx, stamp, Act::ReleaseRemoved, &release)?;
    Ok(release)
}

fn log(tx: &Tx<'_>, stamp: &Stamp, act: Act, release: &Release) -> Result<(), FleetError> {
    let value = Some(json!({
        "compatible": release.compatible,
        "size": release.size,
        "sha256": release.sha256,
    }));
    let (before, after) = match act {
        Act::ReleaseRemoved => (value, None),
        _ => (None, value),
    };
    let deed = Deed {
        act,
        scope: &Scope::organisation(),
        object: release.version.as_str(),
        before,
        after,
    };
    audit::record(tx, stamp, deed)
}
