//! Signing in, and staying so for a while.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::api::{Act, Actor, ActorKind};
use serde_json::json;

use super::{
    access::Caller,
    audit::Stamp,
    people::{self},
    tokens,
};
use crate::{
    error::FleetError,
    store::{Optional as _, Tx, params},
};

/// Who does nothing for so long is signed out, in seconds.
const IDLE: i64 = 2 * 60 * 60;
/// A day's work: then everybody signs in again, in seconds.
const LONGEST: i64 = 12 * 60 * 60;
/// That somebody is still there is written down only so often, in seconds.
const NOTED: i64 = 60;
/// So many wrong attempts are anybody's fingers.
const FORGIVEN: u32 = 5;
/// After more, nobody gets in by this name for so long, in seconds; twice as long each time.
const CLOSED: i64 = 60;
/// The longest, in seconds.
const LONGEST_CLOSED: i64 = 60 * 60;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) caller: Caller,
    /// Each form that changes something carries it: another site does not know it.
    pub(crate) form: String,
}

fn actor(name: &str) -> Actor {
    Actor {
        kind: ActorKind::Person,
        name: name.to_owned(),
    }
}

/// What somebody who signs in leaves in the log.
pub(crate) fn stamp(name: &str, now: Timestamp) -> Stamp {
    Stamp {
        by: actor(name),
        now,
    }
}

/// They are in; returns what their browser keeps. The code of the second factor is used up.
pub(crate) fn begin(
    tx: &Tx<'_>,
    name: &str,
    step: i64,
    now: Timestamp,
) -> Result<String, FleetError> {
    let sql = "UPDATE people SET factor_used = ?2 WHERE name = ?1 AND factor_used < ?2 AND password IS NOT NULL";
    if tx.execute(sql, params![name, step])? == 0 {
        // Somebody else was faster with the same code.
        return Err(FleetError::Unauthorised);
    }
    open(tx, name, now)
}

/// A session of somebody who has shown who they are.
pub(crate) fn open(tx: &Tx<'_>, name: &str, now: Timestamp) -> Result<String, FleetError> {
    let second = now.as_second();
    let sql = "UPDATE people SET failures = 0, closed_until = 0, last_sign_in = ?2 WHERE name = ?1";
    tx.execute(sql, params![name, second])?;
    let token = tokens::random_token("session")?;
    let form = tokens::random_token("form")?;
    let sql = "DELETE FROM sessions WHERE used < ?1 OR began < ?2";
    tx.execute(sql, [second - IDLE, second - LONGEST])?;
    let sql = "INSERT INTO sessions (hash, person, form, began, used) VALUES (?1, ?2, ?3, ?4, ?4)";
    tx.execute(
        sql,
        params![crate::hash(token.as_bytes()), name, form, second],
    )?;
    people::came(tx, &stamp(name, now), Act::SignedIn, name, None)?;
    Ok(token)
}

/// They are not. Who it was nobody knows: the log says by which name.
pub(crate) fn failed(
    tx: &Tx<'_>,
    name: &str,
    from: &str,
    now: Timestamp,
) -> Result<(), FleetError> {
    let sql = "UPDATE people SET failures = failures + 1 WHERE name = ?1 RETURNING failures";
    let failures: Option<u32> = tx.query_row(sql, [name], |row| row.get(0)).optional()?;
    // Names that are nobody's are not written down: people type passwords there.
    let Some(failures) = failures else {
        return Ok(());
    };
    if failures > FORGIVEN {
        let pause = CLOSED << (failures - FORGIVEN - 1).min(6);
        let sql = "UPDATE people SET closed_until = ?2 WHERE name = ?1";
        tx.execute(
            sql,
            params![name, now.as_second() + pause.min(LONGEST_CLOSED)],
        )?;
    }
    let after = json!({"from": from, "failures": failures});
    people::came(
        tx,
        &Stamp::server(now),
        Act::SignInFailed,
        name,
        Some(after),
    )
}

/// Whose session it is, if it is still one.
pub(crate) fn find(
    tx: &Tx<'_>,
    token: &str,
    now: Timestamp,
) -> Result<Option<(Session, bool)>, FleetError> {
    let sql =
        "SELECT person, form, used FROM sessions WHERE hash = ?1 AND used >= ?2 AND began >= ?3";
    let second = now.as_second();
    let found = tx.query_row(
        sql,
        params![
            crate::hash(token.as_bytes()),
            second - IDLE,
            second - LONGEST
        ],
        |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, i64>(2)?)),
    );
    let Some((name, form, used)) = found.optional()? else {
        return Ok(None);
    };
    let caller = Caller {
        grants: people::grants(tx, &name)?,
        by: actor(&name),
    };
    Ok(Some((Session { caller, form }, used + NOTED < second)))
}

/// They are still there.
pub(crate) fn note(tx: &Tx<'_>, token: &str, now: Timestamp) -> Result<(), FleetError> {
    let sql = "UPDATE sessions SET used = ?2 WHERE hash = ?1";
    tx.execute(sql, params![crate::hash(token.as_bytes()), now.as_second()])?;
    Ok(())
}

/// They go.
pub(crate) fn end(tx: &Tx<'_>, token: &str, now: Timestamp) -> Result<(), FleetError> {
    let sql = "DELETE FROM sessions WHERE hash = ?1 RETURNING person";
    let hash = crate::hash(token.as_bytes());
    let name: Option<String> = tx.query_row(sql, [hash], |row| row.get(0)).optional()?;
    match name {
        Some(name) => people::came(tx, &stamp(&name, now), Act::SignedOut, &name, None),
        None => Ok(()),
    }
}
