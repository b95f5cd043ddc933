//! Help from afar: who asks to see a room's panel, what people there said, and what the device is still to be told. Pictures
//! are never here.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId,
    api::{Act, Actor, AskHelp, Device, RoomHelp, RoomHelpState, TouchPanel},
    help::{HelpEnd, HelpNews, MOST_PIXELS, MOST_TOUCHES},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    devices, json, parsed_or_none, presence, unread,
};
use crate::{
    error::{FleetError, HelpProblem},
    store::{DatabaseError, Optional as _, Row, Tx, params},
};

/// The room ends what is not answered in a minute, and what was allowed ten minutes ago; what went on for longer than that, in
/// seconds, ended without a word.
const LONGEST: i64 = 15 * 60;
/// So long it can be read how the last one ended, in seconds.
const KEPT: i64 = 3600;
/// Touches that a device may not have been told yet; older ones nobody waits for.
const KEPT_TOUCHES: usize = 20;
/// Touches are counted within this time, in milliseconds.
const SECOND: i64 = 1000;

/// A touch for the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Touch {
    /// Counts up within a help.
    pub(crate) number: u64,
    pub(crate) x: u32,
    pub(crate) y: u32,
    /// Milliseconds since 1970.
    at: i64,
}

/// What a device is to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) number: u64,
    /// Who helps, as people read it.
    pub(crate) name: String,
    pub(crate) touch: bool,
    /// How often it was said that somebody looks.
    pub(crate) looks: u64,
    pub(crate) touches: Vec<Touch>,
}

struct Help {
    shown: RoomHelp,
    allowed: bool,
    looks: u64,
    touched: bool,
    touches: Vec<Touch>,
}

fn help(row: &Row<'_>) -> Result<Help, DatabaseError> {
    let time = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let kind: String = row.get("kind")?;
    let by = Actor {
        kind: serde_json::from_value(kind.clone().into()).map_err(|_| unread("kind", &kind))?,
        name: row.get("name")?,
    };
    let allowed = row.get::<_, Option<i64>>("allowed")?.is_some();
    let ended: Option<HelpEnd> = parsed_or_none(row, "why")?;
    let state = match (ended, allowed) {
        (Some(why), _) => RoomHelpState::Ended { why },
        (None, true) => RoomHelpState::Allowed {},
        (None, false) => RoomHelpState::Asked {},
    };
    Ok(Help {
        shown: RoomHelp {
            number: row.get("number")?,
            by,
            touch: row.get("touch")?,
            asked: time(row.get("asked")?),
            state,
        },
        allowed,
        looks: row.get("looks")?,
        touched: row.get::<_, Option<i64>>("touched")?.is_some(),
        touches: json(row, "touches")?.unwrap_or_default(),
    })
}

fn last(tx: &Tx<'_>, device: &DeviceId) -> Result<Option<Help>, FleetError> {
    let sql = "SELECT * FROM helps WHERE device = ?1";
    Ok(tx.query_row(sql, [device.as_str()], help).optional()?)
}

/// The one that goes on, or that people are asked about.
fn open(tx: &Tx<'_>, device: &DeviceId) -> Result<Option<Help>, FleetError> {
    Ok(last(tx, device)?.filter(|help| !help.shown.is_over()))
}

/// The same of this caller.
fn own(tx: &Tx<'_>, device: &DeviceId, by: &Actor) -> Result<Help, FleetError> {
    let help = open(tx, device)?.ok_or(HelpProblem::NotAllowed)?;
    if help.shown.by != *by {
        return Err(HelpProblem::Helped(help.shown.by.name).into());
    }
    Ok(help)
}

/// Asks people in the room. Whoever asks again begins anew.
///
/// # Errors
/// [`HelpProblem`] where the room is not connected, or somebody else helps.
pub(crate) fn ask(
    tx: &Tx<'_>,
    device: &Device,
    asked: AskHelp,
    stamp: &Stamp,
) -> Result<RoomHelp, FleetError> {
    let name = &device.device;
    if !presence::is_online(tx, name)? {
        return Err(HelpProblem::Away.into());
    }
    if let Some(before) = open(tx, name)? {
        let old = stamp.now.as_second() - before.shown.asked.as_second() > LONGEST;
        match old {
            true => end(tx, name, &before, HelpEnd::Lost, &Stamp::server(stamp.now))?,
            false if before.shown.by == stamp.by => {
                end(tx, name, &before, HelpEnd::Left, stamp)?;
            }
            false => return Err(HelpProblem::Helped(before.shown.by.name).into()),
        }
    }
    let sql = "INSERT INTO helps (device, number, kind, name, touch, asked, looks, touches) VALUES (?1, 1, ?2, ?3, ?4, ?5, 0, '[]') \
               ON CONFLICT (device) DO UPDATE SET number = helps.number + 1, kind = excluded.kind, name = excluded.name, \
               touch = excluded.touch, asked = excluded.asked, allowed = NULL, touched = NULL, ended = NULL, why = NULL, looks = 0, \
               touches = '[]' RETURNING *";
    let those = params![
        name.as_str(),
        stamp.by.kind.as_str(),
        stamp.by.name,
        asked.touch,
        stamp.now.as_second()
    ];
    let help = tx.query_row(sql, those, help)?.shown;
    let after = json!({"number": help.number, "touch": help.touch});
    record(tx, name, (Act::HelpAsked, after), stamp)?;
    Ok(help)
}

fn record(
    tx: &Tx<'_>,
    device: &DeviceId,
    (act, after): (Act, serde_json::Value),
    stamp: &Stamp,
) -> Result<(), FleetError> {
    let row = devices::get(tx, device)?;
    let deed = Deed {
        act,
        scope: &devices::place(&row),
        object: device.as_str(),
        before: None,
        after: Some(after),
    };
    audit::record(tx, stamp, deed)
}

fn end(
    tx: &Tx<'_>,
    device: &DeviceId,
    help: &Help,
    why: HelpEnd,
    stamp: &Stamp,
) -> Result<(), FleetError> {
    let sql = "UPDATE helps SET ended = ?2, why = ?3, touches = '[]' WHERE device = ?1";
    tx.execute(
        sql,
        params![device.as_str(), stamp.now.as_second(), why.as_str()],
    )?;
    let act = match help.allowed {
        true => Act::HelpEnded,
        false => Act::HelpRefused,
    };
    let after = json!({"number": help.shown.number, "of": help.shown.by.name, "why": why});
    record(tx, device, (act, after), stamp)
}

/// Somebody who may ask there ends it. What is over stays so.
pub(crate) fn stop(tx: &Tx<'_>, device: &DeviceId, stamp: &Stamp) -> Result<(), FleetError> {
    match open(tx, device)? {
        Some(help) => end(tx, device, &help, HelpEnd::Left, stamp),
        None => Ok(()),
    }
}

/// What the room said of this help. Pictures are nothing to be kept.
pub(crate) fn said(
    tx: &Tx<'_>,
    device: &DeviceId,
    (number, news): (u64, &HelpNews),
    now: Timestamp,
) -> Result<(), FleetError> {
    let Some(help) = open(tx, device)?.filter(|help| help.shown.number == number) else {
        return Ok(());
    };
    let stamp = Stamp::device(device, now);
    match news {
        HelpNews::Panel(_) => Ok(()),
        HelpNews::Ended { why } => end(tx, device, &help, *why, &stamp),
        HelpNews::Allowed {} if help.allowed => Ok(()),
        HelpNews::Allowed {} => {
            let sql = "UPDATE helps SET allowed = ?2 WHERE device = ?1";
            tx.execute(sql, params![device.as_str(), now.as_second()])?;
            let after =
                json!({"number": number, "of": help.shown.by.name, "touch": help.shown.touch});
            record(tx, device, (Act::HelpAllowed, after), &stamp)
        }
    }
}

/// The server notices that this one is over, or any where no number is given.
pub(crate) fn noticed(
    tx: &Tx<'_>,
    device: &DeviceId,
    number: Option<u64>,
    (why, now): (HelpEnd, Timestamp),
) -> Result<(), FleetError> {
    let found = open(tx, device)?;
    match found.filter(|help| number.is_none_or(|number| number == help.shown.number)) {
        Some(help) => end(tx, device, &help, why, &Stamp::server(now)),
        None => Ok(()),
    }
}

/// Whoever helps looks; the device sends its picture again.
///
/// # Errors
/// [`HelpProblem`] where they do not help any more.
pub(crate) fn look(tx: &Tx<'_>, device: &DeviceId, by: &Actor) -> Result<RoomHelp, FleetError> {
    let help = own(tx, device, by)?;
    let sql = "UPDATE helps SET looks = looks + 1 WHERE device = ?1";
    tx.execute(sql, [device.as_str()])?;
    Ok(help.shown)
}

/// Whoever helps touches the panel; the first time is in the log.
///
/// # Errors
/// [`HelpProblem`] where people in the room have not allowed it, or a finger is not so fast.
pub(crate) fn touch(
    tx: &Tx<'_>,
    device: &DeviceId,
    at: TouchPanel,
    stamp: &Stamp,
) -> Result<(), FleetError> {
    let mut help = own(tx, device, &stamp.by)?;
    if !(help.allowed && help.shown.touch) {
        return Err(HelpProblem::NotAllowed.into());
    }
    if at.x.max(at.y) >= MOST_PIXELS {
        return Err(FleetError::Malformed(
            "no panel has so many pixels".to_owned(),
        ));
    }
    let now = stamp.now.as_millisecond();
    let recent = help.touches.iter().filter(|touch| now - touch.at < SECOND);
    if recent.count() >= MOST_TOUCHES {
        return Err(HelpProblem::TooFast.into());
    }
    help.touches.push(Touch {
        number: help.touches.last().map_or(1, |last| last.number + 1),
        x: at.x,
        y: at.y,
        at: now,
    });
    let old = help.touches.len().saturating_sub(KEPT_TOUCHES);
    help.touches.drain(..old);
    let touches = serde_json::to_string(&help.touches).expect("plain data is JSON");
    let sql = "UPDATE helps SET touches = ?2, touched = COALESCE(touched, ?3) WHERE device = ?1";
    tx.execute(
        sql,
        params![device.as_str(), touches, stamp.now.as_second()],
    )?;
    if help.touched {
        return Ok(());
    }
    let after = json!({"number": help.shown.number});
    record(tx, device, (Act::HelpTouched, after), stamp)
}

/// What a device is to know; `None`: nobody helps it.
pub(crate) fn due(tx: &Tx<'_>, device: &DeviceId) -> Result<Option<Due>, FleetError> {
    let due = |help: Help| Due {
        number: help.shown.number,
        name: help.shown.by.name,
        touch: help.shown.touch,
        looks: help.looks,
        touches: help.touches,
    };
    Ok(open(tx, device)?.map(due))
}

/// How the last one stands, or ended within an hour.
pub(crate) fn show(
    tx: &Tx<'_>,
    device: &DeviceId,
    now: Timestamp,
) -> Result<Option<RoomHelp>, FleetError> {
    let shown = last(tx, device)?.map(|help| help.shown);
    let fresh = |help: &RoomHelp| now.as_second() - help.asked.as_second() < KEPT;
    Ok(shown.filter(fresh))
}

#[cfg(test)]
mod tests;
