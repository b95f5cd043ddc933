//! By what the keys of a fleet's nodes are known, where nodes share a database.

use crate::{
    error::FleetError,
    store::{Optional as _, Tx},
};

const KEYS: &str = "keys";

/// What the first node noted.
pub(crate) fn known(tx: &Tx<'_>) -> Result<Option<String>, FleetError> {
    let sql = "SELECT digest FROM identity WHERE name = ?1";
    let found = tx.query_row(sql, [KEYS], |row| row.get(0));
    Ok(found.optional()?)
}

/// Notes it, once and for all; false where another node noted others meanwhile.
pub(crate) fn note(tx: &Tx<'_>, digest: &str) -> Result<bool, FleetError> {
    if let Some(known) = known(tx)? {
        return Ok(known == digest);
    }
    let sql = "INSERT INTO identity (name, digest) VALUES (?1, ?2)";
    tx.execute(sql, [KEYS, digest])?;
    Ok(true)
}
