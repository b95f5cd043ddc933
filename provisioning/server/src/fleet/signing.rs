//! Orders that wait for the signature of somebody whose key is not here.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId, Scope,
    api::{Act, OrderKind, OrderToSign, SignedOrder},
    order::Signed,
    trust::RoleName,
    update::UpdateOrder,
};
use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    parsed, parsed_or_none, roots, unread,
};
use crate::{
    error::FleetError,
    store::{DatabaseError, Optional as _, Row, Tx, params},
};

/// So many are given at once: each is a whole configuration.
const AT_ONCE: usize = 200;

fn row(row: &Row<'_>, kind: OrderKind) -> Result<OrderToSign, DatabaseError> {
    let text: String = row.get("signed")?;
    let signed: Signed = serde_json::from_str(&text).map_err(|_| unread("signed", &text))?;
    Ok(OrderToSign {
        device: parsed(row, "device")?,
        room: parsed_or_none(row, "room")?,
        kind,
        number: row.get("number")?,
        order: signed.order,
    })
}

/// Some of them.
pub(crate) fn waiting(tx: &Tx<'_>) -> Result<Vec<OrderToSign>, FleetError> {
    let sql = "SELECT d.device, d.room, d.wanted AS number, o.signed FROM orders o JOIN devices d ON d.device = o.device \
               WHERE o.pending = 1 AND d.revoked IS NULL ORDER BY d.device LIMIT ?1";
    let mut all = tx.query_map(sql, params![AT_ONCE], |found| {
        row(found, OrderKind::Configuration)
    })?;
    let sql = "SELECT device, room, update_number AS number, update_signed AS signed FROM devices \
               WHERE update_pending = 1 AND revoked IS NULL ORDER BY device LIMIT ?1";
    all.extend(tx.query_map(sql, params![AT_ONCE], |found| row(found, OrderKind::Update))?);
    Ok(all)
}

/// How many there are.
pub(crate) fn count(tx: &Tx<'_>) -> Result<u64, FleetError> {
    let sql = "SELECT (SELECT COUNT(*) FROM orders o JOIN devices d ON d.device = o.device \
               WHERE o.pending = 1 AND d.revoked IS NULL) \
               + (SELECT COUNT(*) FROM devices WHERE update_pending = 1 AND revoked IS NULL)";
    Ok(tx.query_row(sql, (), |row| row.get(0))?)
}

/// Takes signatures; returns the devices that are to hear. What has changed meanwhile stays as it is.
///
/// # Errors
/// When a signature is of no key that the root names for it; then none of them is taken.
pub(crate) fn take(
    tx: &Tx<'_>,
    all: &[SignedOrder],
    stamp: &Stamp,
) -> Result<Vec<DeviceId>, FleetError> {
    let keys = roots::in_force(tx)?.root().keys_of(RoleName::Configuration);
    let mut taken = Vec::new();
    for one in all {
        let Some(order) = find(tx, one)? else {
            continue;
        };
        let signed = Signed {
            order,
            signature: one.signature.clone(),
        };
        let checked = match one.kind {
            OrderKind::Configuration => signed.verify(&keys).map(|order| order.device),
            OrderKind::Update => UpdateOrder::verify(&signed, &keys).map(|order| order.device),
        };
        let device = checked.map_err(|e| FleetError::Setting(format!("{}: {e}", one.device)))?;
        keep(tx, one, &signed)?;
        taken.push(device);
    }
    if !taken.is_empty() {
        let deed = Deed {
            act: Act::OrdersSigned,
            scope: &Scope::organisation(),
            object: &taken.len().to_string(),
            before: None,
            after: None,
        };
        audit::record(tx, stamp, deed)?;
    }
    Ok(taken)
}

/// The text that waits, if it still does.
fn find(tx: &Tx<'_>, one: &SignedOrder) -> Result<Option<String>, FleetError> {
    let sql = match one.kind {
        OrderKind::Configuration => {
            "SELECT o.signed FROM orders o JOIN devices d ON d.device = o.device \
             WHERE d.device = ?1 AND d.wanted = ?2 AND o.pending = 1 AND d.revoked IS NULL"
        }
        OrderKind::Update => {
            "SELECT update_signed AS signed FROM devices \
             WHERE device = ?1 AND update_number = ?2 AND update_pending = 1 AND revoked IS NULL"
        }
    };
    let found = tx.query_row(sql, params![one.device.as_str(), one.number], |row| {
        let text: String = row.get(0)?;
        let signed: Signed = serde_json::from_str(&text).map_err(|_| unread("signed", &text))?;
        Ok(signed.order)
    });
    Ok(found.optional()?)
}

fn keep(tx: &Tx<'_>, one: &SignedOrder, signed: &Signed) -> Result<(), FleetError> {
    let sql = match one.kind {
        OrderKind::Configuration => "UPDATE orders SET signed = ?2, pending = 0 WHERE device = ?1",
        OrderKind::Update => {
            "UPDATE devices SET update_signed = ?2, update_pending = 0 WHERE device = ?1"
        }
    };
    tx.execute(sql, [one.device.as_str(), &json!(signed).to_string()])?;
    Ok(())
}

/// What people are shown of the keys.
pub(crate) fn now(
    tx: &Tx<'_>,
    keys: &crate::keys::Keys,
    now: Timestamp,
) -> Result<saal_fleet_protocol::fleet::api::KeysInForce, FleetError> {
    use saal_fleet_protocol::fleet::api::{KeysInForce, ListInForce, RoleKeys};
    let trusted = roots::in_force(tx)?;
    let root = trusted.root();
    let roles = RoleName::ALL.map(|name| {
        let role = root.roles.of(name);
        RoleKeys {
            role: name,
            threshold: role.threshold,
            keys: role.keyids.clone(),
            server: keys.fills(role),
        }
    });
    let list = super::lists::current(tx)?.map(|(metadata, list)| ListInForce {
        version: list.version,
        expires: list.expires,
        expired: list.expires <= now,
        counts: root.check_signed(RoleName::Targets, &metadata).is_ok(),
    });
    let (devices, doubts) = roots::known_by(tx)?;
    Ok(KeysInForce {
        root: root.version,
        fingerprint: trusted.metadata().fingerprint()?,
        expires: root.expires,
        expired: root.expires <= now,
        roles: roles.into(),
        server_key: keys.id().clone(),
        releases: list,
        unlisted: super::lists::missing(tx)?,
        waiting: count(tx)?,
        devices,
        doubts,
    })
}
