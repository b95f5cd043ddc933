//! People: what they may do, and how they come in the first time.

use jiff::{SignedDuration, Timestamp};
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Act, Grant, NewPerson, Person, PersonChange, Role},
};
use serde_json::{Value, json};

use super::{
    access::{Caller, role, role_text},
    audit::{self, Deed, Stamp},
    factor, guests, parsed, tokens,
};
use crate::{
    error::FleetError,
    keys::Keys,
    store::{DatabaseError, Optional as _, Row, Tx, params},
};

/// So long somebody has to follow the link of their invitation.
const WELCOME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The way in for the first time; the token is a part of the link.
#[derive(Debug)]
pub(crate) struct Invitation {
    pub(crate) token: String,
    pub(crate) expires: Timestamp,
}

fn place(name: &str) -> String {
    format!("factor\n{name}")
}

/// What somebody may do.
pub(crate) fn grants(tx: &Tx<'_>, name: &str) -> Result<Vec<Grant>, FleetError> {
    let sql = "SELECT scope, role FROM grants WHERE person = ?1 ORDER BY scope";
    let found = tx.query_map(sql, [name], |row| {
        Ok(Grant {
            role: role(row)?,
            scope: parsed(row, "scope")?,
        })
    })?;
    Ok(found)
}

/// Where lines of the log about somebody belong, and who may look after them: the one place that all they may do lies in.
fn home(grants: &[Grant]) -> Scope {
    match grants {
        [one] => one.scope.clone(),
        _ => Scope::organisation(),
    }
}

/// A person may be looked after by whoever is an administrator wherever that person is something.
fn check_all(caller: &Caller, grants: &[Grant]) -> Result<(), FleetError> {
    if grants.is_empty() {
        return caller.check(Role::Administrator, &Scope::organisation());
    }
    let mut scopes = grants.iter().map(|grant| &grant.scope);
    scopes.try_for_each(|scope| caller.check(Role::Administrator, scope))
}

/// Without what they may do.
fn person(row: &Row<'_>) -> Result<Person, DatabaseError> {
    let last: Option<i64> = row.get("last_sign_in")?;
    Ok(Person {
        name: row.get("name")?,
        grants: Vec::new(),
        ready: row.get::<_, Option<String>>("password")?.is_some()
            || row.get::<_, Option<String>>("subject")?.is_some(),
        last_sign_in: last.and_then(|second| Timestamp::from_second(second).ok()),
    })
}

/// Those whom somebody looks after.
pub(crate) fn list(tx: &Tx<'_>, caller: &Caller) -> Result<Vec<Person>, FleetError> {
    let mut all = Vec::new();
    for mut person in tx.query_map("SELECT * FROM people ORDER BY name", (), person)? {
        person.grants = grants(tx, &person.name)?;
        if check_all(caller, &person.grants).is_ok() {
            all.push(person);
        }
    }
    Ok(all)
}

/// One whom somebody looks after.
fn get(tx: &Tx<'_>, name: &str, caller: &Caller) -> Result<Person, FleetError> {
    let sql = "SELECT * FROM people WHERE name = ?1";
    let Some(mut person) = tx.query_row(sql, [name], person).optional()? else {
        let what = format!("person {name}");
        return Err(FleetError::NotFound { what });
    };
    person.grants = grants(tx, name)?;
    check_all(caller, &person.grants)?;
    Ok(person)
}

fn check_name(name: &str) -> Result<(), FleetError> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
    if (1..=60).contains(&name.len()) && name.chars().all(fine) {
        return Ok(());
    }
    let problem =
        "a person's name has 1 to 60 small letters, digits, \".\", \"-\", \"_\" and \"@\"";
    Err(FleetError::Setting(problem.to_owned()))
}

pub(super) fn put_grants(tx: &Tx<'_>, name: &str, grants: &[Grant]) -> Result<(), FleetError> {
    tx.execute("DELETE FROM grants WHERE person = ?1", [name])?;
    for grant in grants {
        let sql =
            "INSERT INTO grants (person, scope, role) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let made = tx.execute(sql, [name, grant.scope.as_str(), role_text(grant.role)])?;
        if made == 0 {
            let problem = format!("{name} has two roles for {}; say one", grant.scope);
            return Err(FleetError::Setting(problem));
        }
    }
    Ok(())
}

/// After somebody who had these grants lost some: the whole organisation keeps an administrator, if it had one.
fn still_looked_after(tx: &Tx<'_>, lost: &[Grant]) -> Result<(), FleetError> {
    let everything = Scope::organisation();
    let held = |grant: &Grant| grant.role == Role::Administrator && grant.scope == everything;
    if !lost.iter().any(held) {
        return Ok(());
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM grants WHERE scope = ?1 AND role = ?2)";
    let administrator = role_text(Role::Administrator);
    let left = tx.query_row(sql, [everything.as_str(), administrator], |row| row.get(0))?;
    if left {
        return Ok(());
    }
    Err(FleetError::LastAdministrator)
}

/// Makes the way in; whatever somebody had set up is forgotten, and they are signed out.
fn invite(tx: &Tx<'_>, keys: &Keys, name: &str, now: Timestamp) -> Result<Invitation, FleetError> {
    let token = tokens::random_token("welcome")?;
    let secret: [u8; factor::SECRET] = crate::random()?;
    let expires = now.checked_add(WELCOME);
    let expires = expires.map_err(|_| FleetError::Setting("nobody lives so long".to_owned()))?;
    let sql = "UPDATE people SET password = NULL, factor = ?2, factor_used = 0, welcome = ?3, welcome_ends = ?4, \
               failures = 0, closed_until = 0 WHERE name = ?1";
    tx.execute(
        sql,
        params![
            name,
            keys.seal(&place(name), &secret)?,
            crate::hash(token.as_bytes()),
            expires.as_second()
        ],
    )?;
    tx.execute("DELETE FROM sessions WHERE person = ?1", [name])?;
    Ok(Invitation { token, expires })
}

pub(super) fn log(
    tx: &Tx<'_>,
    stamp: &Stamp,
    act: Act,
    name: &str,
    (before, after): (Option<&[Grant]>, Option<&[Grant]>),
) -> Result<(), FleetError> {
    let scope = home(after.or(before).unwrap_or_default());
    let value = |grants: Option<&[Grant]>| grants.map(|grants| json!({"grants": grants}));
    let deed = Deed {
        act,
        scope: &scope,
        object: name,
        before: value(before),
        after: value(after),
    };
    audit::record(tx, stamp, deed)
}

/// Invites somebody.
pub(crate) fn add(
    tx: &Tx<'_>,
    keys: &Keys,
    new: &NewPerson,
    caller: &Caller,
    stamp: &Stamp,
) -> Result<Invitation, FleetError> {
    check_name(&new.name)?;
    check_all(caller, &new.grants)?;
    let sql = "INSERT INTO people (name, factor) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    if tx.execute(sql, params![new.name, Vec::<u8>::new()])? == 0 {
        let what = format!("a person called {}", new.name);
        return Err(FleetError::Exists { what });
    }
    put_grants(tx, &new.name, &new.grants)?;
    let invitation = invite(tx, keys, &new.name, stamp.now)?;
    log(
        tx,
        stamp,
        Act::PersonInvited,
        &new.name,
        (None, Some(&new.grants)),
    )?;
    Ok(invitation)
}

/// Lets somebody do something else, or invites them anew.
pub(crate) fn change(
    tx: &Tx<'_>,
    keys: &Keys,
    (name, change): (&str, &PersonChange),
    caller: &Caller,
    stamp: &Stamp,
) -> Result<Option<Invitation>, FleetError> {
    let before = get(tx, name, caller)?;
    check_all(caller, &change.grants)?;
    put_grants(tx, name, &change.grants)?;
    still_looked_after(tx, &before.grants)?;
    let grants = (Some(&before.grants[..]), Some(&change.grants[..]));
    if before.grants != change.grants {
        log(tx, stamp, Act::PersonChanged, name, grants)?;
    }
    if !change.invite {
        return Ok(None);
    }
    if guests::is_guest(tx, name)? {
        let problem = format!("{name} signs in at the provider; a password here would go round it");
        return Err(FleetError::Setting(problem));
    }
    log(tx, stamp, Act::PersonInvited, name, grants)?;
    invite(tx, keys, name, stamp.now).map(Some)
}

/// Somebody is gone, and signed out at once.
pub(crate) fn remove(
    tx: &Tx<'_>,
    name: &str,
    caller: &Caller,
    stamp: &Stamp,
) -> Result<(), FleetError> {
    let before = get(tx, name, caller)?;
    tx.execute("DELETE FROM people WHERE name = ?1", [name])?;
    still_looked_after(tx, &before.grants)?;
    log(
        tx,
        stamp,
        Act::PersonRemoved,
        name,
        (Some(&before.grants), None),
    )
}

/// Somebody who came by the link of their invitation.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) name: String,
    /// For their authenticator.
    pub(crate) secret: Vec<u8>,
}

/// Whose link it is.
pub(crate) fn newcomer(
    tx: &Tx<'_>,
    keys: &Keys,
    token: &str,
    now: Timestamp,
) -> Result<Newcomer, FleetError> {
    let sql = "SELECT name, factor FROM people WHERE welcome = ?1 AND welcome_ends > ?2";
    let hash = crate::hash(token.as_bytes());
    let found = tx.query_row(sql, params![hash, now.as_second()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
    });
    let (name, sealed) = found.optional()?.ok_or_else(|| FleetError::NotFound {
        what: "invitation with this link; ask for another one".to_owned(),
    })?;
    let secret = keys.open_sealed(&place(&name), &sealed)?;
    Ok(Newcomer { name, secret })
}

/// They chose a password and typed a code; the link is over.
pub(crate) fn welcome(
    tx: &Tx<'_>,
    newcomer: &Newcomer,
    password: &str,
    step: i64,
    stamp: &Stamp,
) -> Result<(), FleetError> {
    let sql = "UPDATE people SET password = ?2, factor_used = ?3, welcome = NULL WHERE name = ?1 AND welcome IS NOT NULL";
    if tx.execute(sql, params![newcomer.name, password, step])? == 0 {
        let what = "invitation with this link; ask for another one".to_owned();
        return Err(FleetError::NotFound { what });
    }
    let scope = home(&grants(tx, &newcomer.name)?);
    let deed = Deed {
        act: Act::PersonWelcomed,
        scope: &scope,
        object: &newcomer.name,
        before: None,
        after: None,
    };
    audit::record(tx, stamp, deed)
}

/// A line of the log about somebody who comes or goes.
pub(crate) fn came(
    tx: &Tx<'_>,
    stamp: &Stamp,
    act: Act,
    name: &str,
    after: Option<Value>,
) -> Result<(), FleetError> {
    let scope = home(&grants(tx, name)?);
    let deed = Deed {
        act,
        scope: &scope,
        object: name,
        before: None,
        after,
    };
    audit::record(tx, stamp, deed)
}

/// What signing in is checked against.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) password: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) used: i64,
    pub(crate) closed_until: i64,
}

/// `None`: there is nobody of that name who has come in for the first time.
pub(crate) fn credentials(
    tx: &Tx<'_>,
    keys: &Keys,
    name: &str,
) -> Result<Option<Credentials>, FleetError> {
    let sql = "SELECT password, factor, factor_used, closed_until FROM people WHERE name = ?1 AND password IS NOT NULL";
    let found = tx.query_row(sql, [name], |row| {
        Ok((
            row.get(0)?,
            row.get::<_, Vec<u8>>(1)?,
            row.get(2)?,
            row.get(3)?,
        ))
    });
    let Some((password, sealed, used, closed_until)) = found.optional()? else {
        return Ok(None);
    };
    Ok(Some(Credentials {
        password,
        secret: keys.open_sealed(&place(name), &sealed)?,
        used,
        closed_until,
    }))
}
