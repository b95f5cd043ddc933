//! Which devices are connected, at whichever node.

use std::collections::HashSet;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::DeviceId;

use super::parsed;
use crate::{
    error::FleetError,
    store::{Tx, params},
};

/// A condition of SQL on a row of `devices`.
pub(crate) const ONLINE: &str =
    "EXISTS (SELECT 1 FROM connections WHERE connections.device = devices.device)";

/// What a node has to say: who came to it, and who went.
pub(crate) fn note(
    tx: &Tx<'_>,
    node: u32,
    came: &[DeviceId],
    went: &[DeviceId],
) -> Result<(), FleetError> {
    let sql = "INSERT INTO connections (device, node) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    for device in came {
        tx.execute(sql, params![device.as_str(), node])?;
    }
    let sql = "DELETE FROM connections WHERE device = ?1 AND node = ?2";
    for device in went {
        tx.execute(sql, params![device.as_str(), node])?;
    }
    Ok(())
}

/// The nodes that hold connections, as far as anybody has noted.
pub(crate) fn nodes(tx: &Tx<'_>) -> Result<Vec<u32>, FleetError> {
    let sql = "SELECT DISTINCT node FROM connections ORDER BY node";
    Ok(tx.query_map(sql, (), |row| row.get("node"))?)
}

/// Forgets what nodes held that are no more; those devices were there until now, as far as anybody knows.
pub(crate) fn forget(tx: &Tx<'_>, ended: &[u32], now: Timestamp) -> Result<(), FleetError> {
    let seen = "UPDATE devices SET last_seen = ?2 WHERE device IN (SELECT device FROM connections WHERE node = ?1)";
    for node in ended {
        tx.execute(seen, params![*node, now.as_second()])?;
        tx.execute("DELETE FROM connections WHERE node = ?1", params![*node])?;
    }
    Ok(())
}

/// All that are connected.
pub(crate) fn all(tx: &Tx<'_>) -> Result<HashSet<DeviceId>, FleetError> {
    let sql = "SELECT DISTINCT device FROM connections";
    let found = tx.query_map(sql, (), |row| parsed(row, "device"))?;
    Ok(found.into_iter().collect())
}

/// How many are connected.
pub(crate) fn count(tx: &Tx<'_>) -> Result<u64, FleetError> {
    let sql = "SELECT COUNT(DISTINCT device) FROM connections";
    Ok(tx.query_row(sql, (), |row| row.get(0))?)
}

/// Whether one is connected.
pub(crate) fn is_online(tx: &Tx<'_>, device: &DeviceId) -> Result<bool, FleetError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM connections WHERE device = ?1)";
    Ok(tx.query_row(sql, [device.as_str()], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Fresh;

    #[test]
    fn a_device_is_there_for_as_long_as_any_living_node_holds_it() {
        let [one, two] = [1, 2].map(|number| DeviceId::from_random([number; 8]));
        let store = Fresh::new();
        let store = store.store();
        let look = |expected: &[&DeviceId]| {
            let found = store.now(|tx| Ok((all(tx)?, count(tx)?, is_online(tx, &two)?)));
            let (all, count, second) = found.unwrap();
            assert_eq!(all, expected.iter().copied().cloned().collect());
            assert_eq!(
                (count, second),
                (expected.len() as u64, expected.contains(&&two))
            );
        };
        let note = |node, came: &[DeviceId], went: &[DeviceId]| {
            store.now(|tx| note(tx, node, came, went)).unwrap();
        };
        note(7, &[one.clone(), two.clone()], &[]);
        look(&[&one, &two]);
        // It comes to another node before the first one notices that it went.
        note(8, std::slice::from_ref(&two), &[]);
        note(7, &[], std::slice::from_ref(&two));
        look(&[&one, &two]);
        store
            .now(|tx| forget(tx, &[7], Timestamp::UNIX_EPOCH))
            .unwrap();
        look(&[&two]);
        assert_eq!(store.now(nodes).unwrap(), [8]);
        store
            .now(|tx| forget(tx, &[7, 8], Timestamp::UNIX_EPOCH))
            .unwrap();
        look(&[]);
    }
}
