//! The devices that belong to the fleet.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId, Scope,
    api::Act,
    wire::{Hello, Outcome, Report, RoomState},
};
use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    parsed, parsed_or_none, roots, updates,
};
use crate::{
    error::FleetError,
    keys::Keys,
    store::{DatabaseError, Optional as _, Row, Tx, params},
};

/// A device as the operations need it.
#[derive(Clone, Debug)]
pub(crate) struct DeviceRow {
    pub(crate) device: DeviceId,
    pub(crate) key: String,
    pub(crate) seal_key: String,
    pub(crate) room: Option<Scope>,
    pub(crate) revoked: bool,
    pub(crate) wanted: u64,
    pub(crate) digest: Option<String>,
    pub(crate) seen: u64,
    /// The newest order that it has seen is the one that this server remembers.
    pub(crate) seen_is_ours: bool,
    /// Its layers made no document when they were looked at last.
    pub(crate) ill: bool,
}

impl DeviceRow {
    /// It has seen more than this server remembers, or something else: it met it before a restored back-up.
    pub(crate) fn is_behind(&self) -> bool {
        self.seen > self.wanted || (self.seen == self.wanted && !self.seen_is_ours)
    }
}

const ROW: &str = "SELECT device, key, seal_key, room, revoked, wanted, digest, seen, seen_digest = signed_digest AS ours, \
                   problem IS NOT NULL AS ill FROM devices";

fn row(row: &Row<'_>) -> Result<DeviceRow, DatabaseError> {
    Ok(DeviceRow {
        device: parsed(row, "device")?,
        key: row.get("key")?,
        seal_key: row.get("seal_key")?,
        room: parsed_or_none(row, "room")?,
        revoked: row.get::<_, Option<i64>>("revoked")?.is_some(),
        wanted: row.get("wanted")?,
        digest: row.get("digest")?,
        seen: row.get("seen")?,
        seen_is_ours: row.get("ours")?,
        ill: row.get("ill")?,
    })
}

/// By its key.
pub(crate) fn by_key(tx: &Tx<'_>, key: &str) -> Result<Option<DeviceRow>, FleetError> {
    let found = tx.query_row(&format!("{ROW} WHERE key = ?1"), [key], row);
    Ok(found.optional()?)
}

/// By its name.
pub(crate) fn get(tx: &Tx<'_>, device: &DeviceId) -> Result<DeviceRow, FleetError> {
    let found = tx.query_row(&format!("{ROW} WHERE device = ?1"), [device.as_str()], row);
    found.optional()?.ok_or_else(|| FleetError::NotFound {
        what: format!("device {device}"),
    })
}

/// Who has this serial number now.
pub(crate) fn with_serial(tx: &Tx<'_>, serial: &str) -> Result<Option<DeviceId>, FleetError> {
    let sql = "SELECT device FROM devices WHERE serial = ?1 AND revoked IS NULL";
    Ok(tx
        .query_row(sql, [serial], |row| parsed(row, "device"))
        .optional()?)
}

/// Who is in this room now.
pub(crate) fn in_room(tx: &Tx<'_>, room: &Scope) -> Result<Option<DeviceId>, FleetError> {
    let sql = "SELECT device FROM devices WHERE room = ?1 AND revoked IS NULL";
    let found = tx.query_row(sql, [room.as_str()], |row| parsed(row, "device"));
    Ok(found.optional()?)
}

/// Some of those whose configuration a layer is a part of: by their rooms, those behind another one.
pub(crate) fn page(
    tx: &Tx<'_>,
    scope: &Scope,
    behind: Option<&Scope>,
    most: usize,
) -> Result<Vec<DeviceRow>, FleetError> {
    let within = super::places("room", [scope]);
    let sql =
        format!("{ROW} WHERE revoked IS NULL AND room > ?1 AND ({within}) ORDER BY room LIMIT ?2");
    // Before each name.
    let behind = behind.map_or("", Scope::as_str);
    Ok(tx.query_map(&sql, params![behind, most], row)?)
}

/// Where the log's lines about a device belong: those without a room are the organisation's.
pub(crate) fn place(row: &DeviceRow) -> Scope {
    row.room.clone().unwrap_or_else(Scope::organisation)
}

/// It may not come back.
pub(crate) fn revoke(tx: &Tx<'_>, device: &DeviceId, stamp: &Stamp) -> Result<(), FleetError> {
    let before = get(tx, device)?;
    let sql = "UPDATE devices SET revoked = ?2 WHERE device = ?1 AND revoked IS NULL";
    if tx.execute(sql, params![device.as_str(), stamp.now.as_second()])? == 0 {
        return Ok(());
    }
    let deed = Deed {
        act: Act::DeviceRevoked,
        scope: &place(&before),
        object: device.as_str(),
        before: Some(json!({"room": before.room})),
        after: None,
    };
    audit::record(tx, stamp, deed)
}

/// Puts it into another room.
pub(crate) fn move_to(
    tx: &Tx<'_>,
    device: &DeviceId,
    room: &Scope,
    stamp: &Stamp,
) -> Result<(), FleetError> {
    if !room.is_room() {
        return Err(FleetError::NotARoom(room.clone()));
    }
    if let Some(other) = in_room(tx, room)?.filter(|other| other != device) {
        return Err(FleetError::Taken {
            what: room.to_string(),
            device: other,
        });
    }
    let before = get(tx, device)?;
    if before.room.as_ref() == Some(room) {
        return Ok(());
    }
    let sql = "UPDATE devices SET room = ?2 WHERE device = ?1";
    tx.execute(sql, [device.as_str(), room.as_str()])?;
    let deed = Deed {
        act: Act::DeviceMoved,
        scope: room,
        object: device.as_str(),
        before: Some(json!({"room": before.room})),
        after: Some(json!({"room": room})),
    };
    audit::record(tx, stamp, deed)
}

/// What it said of itself when it came.
pub(crate) fn hello(
    tx: &Tx<'_>,
    keys: &Keys,
    device: &DeviceId,
    hello: &Hello,
    now: Timestamp,
) -> Result<(), FleetError> {
    tx.execute(
        "UPDATE devices SET generation = ?2, seen = ?3, seen_digest = ?4, agent = ?5, last_seen = ?6 WHERE device = ?1",
        params![
            device.as_str(),
            hello.generation,
            hello.seen,
            hello.seen_digest,
            hello.agent,
            now.as_second()
        ],
    )?;
    if let Some(state) = &hello.room {
        room_state(tx, device, state, now)?;
    }
    roots::told(tx, keys, device, hello.trust.as_ref(), now)?;
    if let Some(system) = &hello.system {
        updates::told(tx, keys, device, system, now)?;
    }
    match &hello.report {
        Some(told) => report(tx, device, told, now),
        None => Ok(()),
    }
}

/// How its room is.
pub(crate) fn room_state(
    tx: &Tx<'_>,
    device: &DeviceId,
    state: &RoomState,
    now: Timestamp,
) -> Result<(), FleetError> {
    let sql = "UPDATE devices SET state = ?2 WHERE device = ?1";
    tx.execute(sql, [device.as_str(), &text(state)])?;
    updates::room_told(tx, device, state, now)
}

/// What became of an order.
pub(crate) fn report(
    tx: &Tx<'_>,
    device: &DeviceId,
    report: &Report,
    now: Timestamp,
) -> Result<(), FleetError> {
    let (in_use, act) = match &report.outcome {
        Outcome::Confirmed {} => (Some(report.generation), None),
        Outcome::RolledBack { to, .. } => (Some(*to), Some(Act::OrderRolledBack)),
        Outcome::Refused { .. } => (None, Some(Act::OrderRefused)),
    };
    // A device says it again each time it comes.
    let sql = "SELECT report FROM devices WHERE device = ?1";
    let known = tx.query_row(sql, [device.as_str()], |row| {
        row.get::<_, Option<String>>(0)
    })?;
    if known.as_ref() != Some(&text(report))
        && let Some(act) = act
    {
        let deed = Deed {
            act,
            scope: &place(&get(tx, device)?),
            object: device.as_str(),
            before: None,
            after: Some(json!(report)),
        };
        audit::record(tx, &Stamp::device(device, now), deed)?;
    }
    // What it had not seen when it came, it has from this server.
    let sql = "UPDATE devices SET report = ?2, generation = COALESCE(?4, generation), seen = CASE WHEN seen < ?3 THEN ?3 ELSE seen END, \
               seen_digest = CASE WHEN ?3 > seen AND ?3 = wanted THEN signed_digest ELSE seen_digest END \
               WHERE device = ?1";
    tx.execute(
        sql,
        params![device.as_str(), text(report), report.generation, in_use],
    )?;
    Ok(())
}

/// It was there until now.
pub(crate) fn left(tx: &Tx<'_>, device: &DeviceId, now: Timestamp) -> Result<(), FleetError> {
    let sql = "UPDATE devices SET last_seen = ?2 WHERE device = ?1";
    tx.execute(sql, params![device.as_str(), now.as_second()])?;
    Ok(())
}

/// It was given a certificate that ends then.
pub(crate) fn certified(tx: &Tx<'_>, device: &DeviceId, ends: i64) -> Result<(), FleetError> {
    let sql = "UPDATE devices SET certificate_ends = ?2 WHERE device = ?1";
    tx.execute(sql, params![device.as_str(), ends])?;
    Ok(())
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data is JSON")
}
