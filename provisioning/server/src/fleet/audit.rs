//! The log of what was done: whoever changes something writes it here, in the same transaction.
//!
//! Each line's hash is over the hash of the line before and over what it says, so that a line that is
//! changed, taken out or put between others no longer fits. That lines are missing at the end sees who kept a
//! hash elsewhere ([`check`] names the last one).

use std::ops::ControlFlow;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Act, Actor, ActorKind, AuditCheck, AuditEntry, AuditPage, Grant},
};
use serde::Serialize;
use serde_json::Value;

use super::{json, parsed, places, unread};
use crate::{
    error::FleetError,
    store::{DatabaseError, Optional as _, Row, Tx, params},
};

/// Who does something, and when.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    pub(crate) by: Actor,
    pub(crate) now: Timestamp,
}

impl Stamp {
    /// The server itself.
    pub(crate) fn server(now: Timestamp) -> Self {
        let by = Actor {
            kind: ActorKind::Server,
            name: "saal-fleet".to_owned(),
        };
        Self { by, now }
    }

    /// A device.
    pub(crate) fn device(name: &impl ToString, now: Timestamp) -> Self {
        let by = Actor {
            kind: ActorKind::Device,
            name: name.to_string(),
        };
        Self { by, now }
    }
}

/// What is done.
#[derive(Debug)]
pub(crate) struct Deed<'a> {
    pub(crate) act: Act,
    pub(crate) scope: &'a Scope,
    pub(crate) object: &'a str,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

/// What the hash of a line is over, beside the one before: the columns as they lie in the database.
#[derive(Serialize)]
struct Line {
    number: u64,
    at: i64,
    kind: String,
    name: String,
    act: String,
    scope: String,
    object: String,
    before: Option<String>,
    after: Option<String>,
}

impl Line {
    fn read(row: &Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            number: row.get("number")?,
            at: row.get("at")?,
            kind: row.get("kind")?,
            name: row.get("name")?,
            act: row.get("act")?,
            scope: row.get("scope")?,
            object: row.get("object")?,
            before: row.get("before")?,
            after: row.get("after")?,
        })
    }

    fn hash(&self, before: &str) -> String {
        let line = serde_json::to_string(self).expect("plain data is JSON");
        crate::hash(format!("saal-fleet audit v1\n{before}\n{line}").as_bytes())
    }
}

/// Writes a line.
pub(crate) fn record(tx: &Tx<'_>, stamp: &Stamp, deed: Deed<'_>) -> Result<(), FleetError> {
    let sql = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1";
    let last = tx.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?)));
    let (last, before): (u64, String) = last.optional()?.unwrap_or_default();
    let text = |value: Option<Value>| value.map(|value| value.to_string());
    let line = Line {
        number: last + 1,
        at: stamp.now.as_second(),
        kind: stamp.by.kind.as_str().to_owned(),
        name: stamp.by.name.clone(),
        act: deed.act.as_str().to_owned(),
        scope: deed.scope.to_string(),
        object: deed.object.to_owned(),
        before: text(deed.before),
        after: text(deed.after),
    };
    let sql = "INSERT INTO audit (number, at, kind, name, act, scope, object, before, after, hash) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let those = params![
        line.number,
        line.at,
        line.kind,
        line.name,
        line.act,
        line.scope,
        line.object,
        line.before,
        line.after,
        line.hash(&before)
    ];
    tx.execute(sql, those)?;
    tracing::info!(by = %stamp.by, act = %deed.act, scope = %deed.scope, object = deed.object, "done");
    Ok(())
}

/// Which lines.
#[derive(Clone, Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// In the actor's name and in what it was done to.
    #[serde(default)]
    pub(crate) search: String,
    /// Only this.
    pub(crate) act: Option<Act>,
    /// Only there and below.
    #[param(value_type = Option<String>)]
    pub(crate) scope: Option<Scope>,
    /// Only lines with a smaller number.
    pub(crate) older_than: Option<u64>,
    /// So many at most.
    pub(crate) limit: Option<u64>,
}

/// Lines on a page where nobody says how many, and at most.
const USUAL: u64 = 100;
const LARGEST: u64 = 1000;

/// Lines that somebody may see, the newest first.
pub(crate) fn list(tx: &Tx<'_>, grants: &[Grant], query: &Query) -> Result<AuditPage, FleetError> {
    let limit = query.limit.unwrap_or(USUAL).clamp(1, LARGEST);
    let asked = query.scope.clone().unwrap_or_else(Scope::organisation);
    let like = format!("%{}%", query.search.trim().replace(['%', '_'], ""));
    let sql = format!(
        "SELECT * FROM audit WHERE ({}) AND ({}) AND number < ?1 AND (?2 IS NULL OR act = ?2) \
         AND (object LIKE ?3 OR name LIKE ?3) ORDER BY number DESC LIMIT ?4",
        places("scope", grants.iter().map(|grant| &grant.scope)),
        places("scope", [&asked]),
    );
    let older = query
        .older_than
        .and_then(|number| i64::try_from(number).ok());
    let found = tx.query_map(
        &sql,
        params![
            older.unwrap_or(i64::MAX),
            query.act.map(Act::as_str),
            like,
            limit + 1
        ],
        entry,
    )?;
    let mut items = found;
    let more = items.len() as u64 > limit;
    items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = items.last().map(|entry| entry.number).filter(|_| more);
    Ok(AuditPage { items, next })
}

/// Lines after one, the oldest first: what somebody has not heard yet.
pub(crate) fn after(tx: &Tx<'_>, number: u64, limit: u64) -> Result<Vec<AuditEntry>, FleetError> {
    let sql = "SELECT * FROM audit WHERE number > ?1 ORDER BY number LIMIT ?2";
    let found = tx.query_map(sql, [number, limit], entry)?;
    Ok(found)
}

/// The number of the last line; 0: there is none.
pub(crate) fn last(tx: &Tx<'_>) -> Result<u64, FleetError> {
    let sql = "SELECT COALESCE(MAX(number), 0) FROM audit";
    Ok(tx.query_row(sql, (), |row| row.get(0))?)
}

fn entry(row: &Row<'_>) -> Result<AuditEntry, DatabaseError> {
    let kind: String = row.get("kind")?;
    let by = Actor {
        kind: serde_json::from_value(kind.clone().into()).map_err(|_| unread("kind", &kind))?,
        name: row.get("name")?,
    };
    Ok(AuditEntry {
        number: row.get("number")?,
        at: Timestamp::from_second(row.get("at")?).unwrap_or(Timestamp::UNIX_EPOCH),
        by,
        act: parsed(row, "act")?,
        scope: parsed(row, "scope")?,
        object: row.get("object")?,
        before: json(row, "before")?,
        after: json(row, "after")?,
        hash: row.get("hash")?,
    })
}

/// Whether each line fits to the one before; the numbers have no gap.
pub(crate) fn check(tx: &Tx<'_>) -> Result<AuditCheck, FleetError> {
    let mut found = AuditCheck {
        entries: 0,
        head: String::new(),
        broken_at: None,
    };
    let mut each = |row: &Row<'_>| {
        found.entries += 1;
        let number: u64 = row.get("number")?;
        let hash: String = row.get("hash")?;
        // A line that is no line at all was changed too.
        let fits = Line::read(row)
            .is_ok_and(|line| number == found.entries && line.hash(&found.head) == hash);
        if !fits {
            found.broken_at = Some(number);
            return Ok(ControlFlow::Break(()));
        }
        found.head = hash;
        Ok(ControlFlow::Continue(()))
    };
    tx.look("SELECT * FROM audit ORDER BY number", (), &mut each)?;
    Ok(found)
}
