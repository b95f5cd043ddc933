//! Which chain of authorities is in force, for all nodes.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{Scope, api::Act};
use serde_json::json;

use super::audit::{self, Deed, Stamp};
use crate::{
    error::FleetError,
    store::{Optional as _, Tx, params},
};

/// What is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InForce {
    /// PEM: the fleet's own certificate, or a chain that IT signed.
    pub(crate) chain: String,
    /// From then on it does not count.
    pub(crate) until: Timestamp,
}

/// What is in force; `None` before the fleet's first start.
pub(crate) fn current(tx: &Tx<'_>) -> Result<Option<InForce>, FleetError> {
    let sql = "SELECT chain, ends FROM authority WHERE number = 1";
    let found = tx.query_row(sql, (), |row| {
        let ends: i64 = row.get("ends")?;
        Ok(InForce {
            chain: row.get("chain")?,
            until: Timestamp::from_second(ends).unwrap_or(Timestamp::MAX),
        })
    });
    Ok(found.optional()?)
}

/// The fleet's own certificate is in force where there is nothing else yet; says what is.
pub(crate) fn begin(tx: &Tx<'_>, own: &InForce) -> Result<InForce, FleetError> {
    if let Some(known) = current(tx)? {
        return Ok(known);
    }
    put(tx, own)?;
    Ok(own.clone())
}

/// Puts a chain into force that was checked.
pub(crate) fn install(tx: &Tx<'_>, new: &InForce, stamp: &Stamp) -> Result<(), FleetError> {
    let before = current(tx)?.map(|before| json!({"until": before.until}));
    put(tx, new)?;
    let deed = Deed {
        act: Act::AuthorityInstalled,
        scope: &Scope::organisation(),
        object: &crate::hash(new.chain.as_bytes()),
        before,
        after: Some(json!({"until": new.until})),
    };
    audit::record(tx, stamp, deed)
}

fn put(tx: &Tx<'_>, new: &InForce) -> Result<(), FleetError> {
    let sql = "INSERT INTO authority (number, chain, ends) VALUES (1, ?1, ?2) \
               ON CONFLICT (number) DO UPDATE SET chain = excluded.chain, ends = excluded.ends";
    tx.execute(sql, params![new.chain, new.until.as_second()])?;
    Ok(())
}
