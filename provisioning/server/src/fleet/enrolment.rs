//! How a device comes into the fleet: by code, token or serial number, never over another's head.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    ClaimCode, DeviceId, Scope,
    api::{self, Act},
    wire::Enrol,
};

use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    devices::{self, DeviceRow},
    parsed, parsed_or_none, tokens,
};
use crate::{
    error::FleetError,
    store::{Optional as _, Tx, params},
};

/// So long a code is good, in seconds: a day on which somebody stands before the panel.
const CODE_LIFE: i64 = 24 * 60 * 60;

/// What becomes of a device that asks.
#[derive(Debug)]
pub(crate) enum Entry {
    /// It is in.
    Member(Box<DeviceRow>),
    /// Somebody has to claim it.
    Waits(ClaimCode),
    /// It was thrown out.
    Revoked,
}

/// A device whose key was proven asks.
pub(crate) fn ask(tx: &Tx<'_>, enrol: &Enrol, now: Timestamp) -> Result<Entry, FleetError> {
    match devices::by_key(tx, &enrol.key.key)? {
        Some(row) if row.revoked => return Ok(Entry::Revoked),
        // Claimed a moment ago, or its certificate is over.
        Some(row) => return Ok(Entry::Member(Box::new(row))),
        None => {}
    }
    let taken = devices::with_serial(tx, &enrol.serial)?.is_some();
    if !taken && let Some((room, way)) = invited(tx, enrol, now)? {
        let newcomer = Newcomer {
            key: &enrol.key.key,
            seal_key: &enrol.seal_key,
            serial: &enrol.serial,
            model: &enrol.model,
            room: room.as_ref(),
        };
        let row = insert(tx, &newcomer, &way, now)?;
        return Ok(Entry::Member(Box::new(row)));
    }
    wait(tx, enrol, now).map(Entry::Waits)
}

/// How a device came in.
enum Way<'a> {
    /// By a token, by its name.
    Token(String),
    /// Its serial number was expected.
    Serial,
    /// Somebody typed its code.
    Claimed(&'a Stamp),
}

/// A token or its serial number lets it in, once; with its room.
fn invited(
    tx: &Tx<'_>,
    enrol: &Enrol,
    now: Timestamp,
) -> Result<Option<(Option<Scope>, Way<'static>)>, FleetError> {
    if let Some(token) = &enrol.token
        && let Some((name, room)) = tokens::use_up(tx, token, now)?
    {
        return Ok(Some((free(tx, room)?, Way::Token(name))));
    }
    let sql = "UPDATE serials SET used = 1 WHERE serial = ?1 AND used = 0 RETURNING room";
    let room = tx.query_row(sql, [&enrol.serial], |row| parsed_or_none(row, "room"));
    let room = room.optional()?.map(|room| free(tx, room)).transpose()?;
    Ok(room.map(|room| (room, Way::Serial)))
}

/// A room that somebody is in already stays theirs; the newcomer is put somewhere by hand.
fn free(tx: &Tx<'_>, room: Option<Scope>) -> Result<Option<Scope>, FleetError> {
    match room {
        Some(room) if devices::in_room(tx, &room)?.is_some() => Ok(None),
        room => Ok(room),
    }
}

fn wait(tx: &Tx<'_>, enrol: &Enrol, now: Timestamp) -> Result<ClaimCode, FleetError> {
    let second = now.as_second();
    tx.execute("DELETE FROM waiting WHERE since < ?1", [second - CODE_LIFE])?;
    let sql = "SELECT code FROM waiting WHERE key = ?1";
    let found = tx.query_row(sql, [&enrol.key.key], |row| parsed(row, "code"));
    if let Some(code) = found.optional()? {
        return Ok(code);
    }
    let code = ClaimCode::from_random(crate::random()?);
    tx.execute(
        "INSERT INTO waiting (key, seal_key, serial, model, code, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![enrol.key.key, enrol.seal_key, enrol.serial, enrol.model, code.as_str(), second],
    )?;
    Ok(code)
}

/// Somebody typed the code that a panel shows; returns the device and whom it replaces.
pub(crate) fn claim(
    tx: &Tx<'_>,
    claim: &api::Claim,
    stamp: &Stamp,
) -> Result<(DeviceRow, Vec<DeviceId>), FleetError> {
    if !claim.room.is_room() {
        return Err(FleetError::NotARoom(claim.room.clone()));
    }
    let sql = "DELETE FROM waiting WHERE code = ?1 AND since >= ?2 RETURNING key, seal_key, serial, model";
    let found = tx.query_row(
        sql,
        params![claim.code.as_str(), stamp.now.as_second() - CODE_LIFE],
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
            ))
        },
    );
    let (key, seal_key, serial, model) = found.optional()?.ok_or(FleetError::NoSuchCode)?;
    let mut replaced = Vec::new();
    for (what, other) in [
        (
            format!("serial number {serial}"),
            devices::with_serial(tx, &serial)?,
        ),
        (claim.room.to_string(), devices::in_room(tx, &claim.room)?),
    ] {
        match other {
            Some(device) if !claim.replace => return Err(FleetError::Taken { what, device }),
            Some(device) => {
                devices::revoke(tx, &device, stamp)?;
                replaced.push(device);
            }
            None => {}
        }
    }
    let newcomer = Newcomer {
        key: &key,
        seal_key: &seal_key,
        serial: &serial,
        model: &model,
        room: Some(&claim.room),
    };
    let row = insert(tx, &newcomer, &Way::Claimed(stamp), stamp.now)?;
    Ok((row, replaced))
}

/// Who waits.
pub(crate) fn waiting(tx: &Tx<'_>, now: Timestamp) -> Result<Vec<api::Waiting>, FleetError> {
    let sql = "SELECT serial, model, since FROM waiting WHERE since >= ?1 ORDER BY since";
    let found = tx.query_map(sql, [now.as_second() - CODE_LIFE], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, i64>(2)?,
        ))
    })?;
    let all = found.into_iter().map(|(serial, model, since)| {
        Ok(api::Waiting {
            replaces: devices::with_serial(tx, &serial)?,
            since: Timestamp::from_second(since).unwrap_or(Timestamp::UNIX_EPOCH),
            serial,
            model,
        })
    });
    all.collect()
}

/// A device that comes in.
pub(crate) struct Newcomer<'a> {
    pub(crate) key: &'a str,
    pub(crate) seal_key: &'a str,
    pub(crate) serial: &'a str,
    pub(crate) model: &'a str,
    pub(crate) room: Option<&'a Scope>,
}

/// Takes one in that was made here, for measurements.
pub(crate) fn simulated(
    tx: &Tx<'_>,
    new: &Newcomer<'_>,
    now: Timestamp,
) -> Result<DeviceRow, FleetError> {
    insert(tx, new, &Way::Serial, now)
}

/// One in a room in Kassel, for tests.
#[cfg(test)]
pub(crate) fn in_kassel(tx: &Tx<'_>, now: Timestamp) -> Result<DeviceRow, FleetError> {
    let room = "kassel/rathaus/lahn"
        .parse()
        .map_err(FleetError::Malformed)?;
    let newcomer = Newcomer {
        key: "key",
        seal_key: "",
        serial: "SN1",
        model: "Saal",
        room: Some(&room),
    };
    simulated(tx, &newcomer, now)
}

fn insert(
    tx: &Tx<'_>,
    new: &Newcomer<'_>,
    way: &Way<'_>,
    now: Timestamp,
) -> Result<DeviceRow, FleetError> {
    let device = DeviceId::from_random(crate::random()?);
    let sql = "INSERT INTO devices (device, key, seal_key, serial, model, room, claimed) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    tx.execute(
        sql,
        params![
            device.as_str(),
            new.key,
            new.seal_key,
            new.serial,
            new.model,
            new.room.map(Scope::as_str),
            now.as_second()
        ],
    )?;
    tx.execute("DELETE FROM waiting WHERE key = ?1", [new.key])?;
    log(tx, new, &device, way, now)?;
    devices::get(tx, &device)
}

fn log(
    tx: &Tx<'_>,
    new: &Newcomer<'_>,
    device: &DeviceId,
    way: &Way<'_>,
    now: Timestamp,
) -> Result<(), FleetError> {
    let itself = Stamp::device(device, now);
    let (stamp, act, by) = match way {
        Way::Token(name) => (&itself, Act::DeviceEnrolled, json!({"token": name})),
        Way::Serial => (&itself, Act::DeviceEnrolled, json!({"serial": new.serial})),
        Way::Claimed(stamp) => (*stamp, Act::DeviceClaimed, json!("code")),
    };
    let after = json!({"serial": new.serial, "model": new.model, "room": new.room, "by": by});
    let everywhere = Scope::organisation();
    let deed = Deed {
        act,
        scope: new.room.unwrap_or(&everywhere),
        object: device.as_str(),
        before: None,
        after: Some(after),
    };
    audit::record(tx, stamp, deed)
}
