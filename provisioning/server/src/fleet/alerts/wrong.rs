//! What is wrong now, as the database knows it.

use jiff::{SignedDuration, Timestamp};
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Act, ActorKind, AlertKind, AuditEntry},
    wire::RoomState,
};

use crate::{
    error::FleetError,
    fleet::{audit, authority, json, lists, parsed, presence::ONLINE, roots, signing},
    store::{DatabaseError, Row, Tx},
};

/// Codes of docs/troubles.md begin so where a room found them out before a meeting.
const READINESS: &str = "not_ready_";
/// What a room says beside a trouble, and is none of its own.
const PROPOSAL: &str = "other_room";
/// Devices renew their certificates when a third of their life, thirty days, is left.
const CERTIFICATE: SignedDuration = SignedDuration::from_hours(20 * 24);
/// People need some weeks to come together and sign.
const KEYS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// So many lines of the log are looked through at once.
const STRETCH: u64 = 1000;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) kind: AlertKind,
    /// Which device, or which rollout.
    pub(crate) object: String,
    /// Of a trouble; else empty.
    pub(crate) code: String,
    pub(crate) scope: Scope,
    pub(crate) detail: Option<String>,
    /// `None`: nobody knows, so since now.
    pub(crate) since: Option<i64>,
    /// It was so when its device went away: that neither begins nor ends.
    pub(crate) stale: bool,
}

/// What is wrong with devices. Nobody was missed before `watched`, when this server began to look.
pub(crate) fn wrong(
    tx: &Tx<'_>,
    watched: Timestamp,
    now: Timestamp,
) -> Result<Vec<Wrong>, FleetError> {
    let sql = format!(
        "SELECT device, room, state, last_seen, claimed, certificate_ends, ({ONLINE}) AS online \
         FROM devices WHERE revoked IS NULL AND room IS NOT NULL AND (NOT {ONLINE} OR certificate_ends < ?1 \
         OR state LIKE '%\"troubles\":[\"%')"
    );
    let soon = now.checked_add(CERTIFICATE).unwrap_or(Timestamp::MAX);
    let mut all = Vec::new();
    tx.look(&sql, [soon.as_second()], |row| {
        device(row, watched, soon, &mut all)?;
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    keys(tx, now, &mut all)?;
    Ok(all)
}

/// What people who hold keys, or the organisation's authority, have to do: sign what runs out, or what waits.
fn keys(tx: &Tx<'_>, now: Timestamp, all: &mut Vec<Wrong>) -> Result<(), FleetError> {
    let soon = now.checked_add(KEYS).unwrap_or(Timestamp::MAX);
    let mut add = |kind, object: &str, detail| {
        all.push(Wrong {
            kind,
            object: object.to_owned(),
            code: String::new(),
            scope: Scope::organisation(),
            detail,
            since: None,
            stale: false,
        });
    };
    let root = roots::current(tx)?.map(|root| root.root().expires);
    // The server signs the list anew at half of its life, where it holds that key.
    let list = lists::current(tx)?.map(|(_, list)| list.expires);
    for (object, expires) in [("root", root), ("releases", list)] {
        if let Some(expires) = expires.filter(|expires| *expires < soon) {
            add(
                AlertKind::Root,
                object,
                Some(format!("{object}: {expires}")),
            );
        }
    }
    let chain = authority::current(tx)?.map(|chain| chain.until);
    if let Some(until) = chain.filter(|until| *until < soon) {
        add(
            AlertKind::Authority,
            "authority",
            Some(format!("authority: {until}")),
        );
    }
    if signing::count(tx)? > 0 {
        add(AlertKind::Unsigned, "orders", None);
    }
    Ok(())
}

fn device(
    row: &Row<'_>,
    watched: Timestamp,
    soon: Timestamp,
    all: &mut Vec<Wrong>,
) -> Result<(), DatabaseError> {
    let online: bool = row.get("online")?;
    let (object, scope): (String, Scope) = (row.get("device")?, parsed(row, "room")?);
    let mut add = |kind, code: &str, since, stale| {
        all.push(Wrong {
            kind,
            object: object.clone(),
            code: code.to_owned(),
            scope: scope.clone(),
            detail: None,
            since,
            stale,
        });
    };
    if !online {
        let claimed: i64 = row.get("claimed")?;
        let seen = row.get::<_, Option<i64>>("last_seen")?.unwrap_or(claimed);
        add(
            AlertKind::Offline,
            "",
            Some(seen.max(watched.as_second())),
            false,
        );
    }
    let ends: Option<i64> = row.get("certificate_ends")?;
    if ends.is_some_and(|ends| ends < soon.as_second()) {
        add(AlertKind::Certificate, "", None, false);
    }
    let state: Option<RoomState> = json(row, "state")?;
    for code in state.iter().flat_map(|state| &state.troubles) {
        let kind = match code.as_str() {
            PROPOSAL => continue,
            code if code.starts_with(READINESS) => AlertKind::NotReady,
            _ => AlertKind::Trouble,
        };
        add(kind, code, None, !online);
    }
    Ok(())
}

/// What happened after a line of the log, and the last line that there is.
pub(super) fn events(tx: &Tx<'_>, heard: u64) -> Result<(Vec<Wrong>, u64), FleetError> {
    let last = audit::last(tx)?;
    let (mut at, mut all) = (heard, Vec::new());
    while at < last {
        let lines = audit::after(tx, at, STRETCH)?;
        at = lines.last().map_or(last, |line| line.number);
        all.extend(lines.into_iter().filter_map(stopped));
    }
    Ok((all, last))
}

/// A rollout that nobody stopped but itself.
fn stopped(line: AuditEntry) -> Option<Wrong> {
    let by_itself = line.act == Act::RolloutStopped && line.by.kind == ActorKind::Server;
    let why = line.after.as_ref().and_then(|after| after["why"].as_str());
    by_itself.then(|| Wrong {
        kind: AlertKind::RolloutStopped,
        detail: why.map(str::to_owned),
        object: line.object,
        // One that began anew may stop again.
        code: String::new(),
        scope: line.scope,
        since: Some(line.at.as_second()),
        stale: false,
    })
}

/// How many rooms there are in a place.
pub(super) fn rooms(tx: &Tx<'_>, place: &Scope) -> Result<u64, FleetError> {
    let sql = format!(
        "SELECT COUNT(*) FROM devices WHERE revoked IS NULL AND room IS NOT NULL AND ({})",
        crate::fleet::places("room", [place])
    );
    Ok(tx.query_row(&sql, (), |row| row.get(0))?)
}
