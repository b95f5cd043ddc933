//! People who sign in at a provider: who they are here, and what they may do, as the provider said it last.

use saal_fleet_protocol::fleet::api::{Act, Grant};

use super::{audit::Stamp, people, sessions};
use crate::{
    error::FleetError,
    oidc::Guest,
    store::{Optional as _, Tx, params},
};

/// Of a name.
const LONGEST: usize = 60;

/// Lets somebody in whom the provider vouches for; returns what their browser keeps. `None`: they may do nothing here, any more or
/// yet, and are signed out wherever they were in.
pub(crate) fn come(
    tx: &Tx<'_>,
    guest: &Guest,
    stamp: &Stamp,
) -> Result<Option<String>, FleetError> {
    let sql = "SELECT name FROM people WHERE subject = ?1";
    let known: Option<String> = tx
        .query_row(sql, [&guest.subject], |row| row.get(0))
        .optional()?;
    let name = match known {
        Some(name) => name,
        None if guest.grants.is_empty() => return Ok(None),
        None => add(tx, guest)?,
    };
    follow(tx, &name, &guest.grants, stamp)?;
    if guest.grants.is_empty() {
        tx.execute("DELETE FROM sessions WHERE person = ?1", [&name])?;
        return Ok(None);
    }
    sessions::open(tx, &name, stamp.now).map(Some)
}

/// They may do what the provider says, and nothing else.
fn follow(tx: &Tx<'_>, name: &str, grants: &[Grant], stamp: &Stamp) -> Result<(), FleetError> {
    let before = people::grants(tx, name)?;
    if before == grants {
        return Ok(());
    }
    people::put_grants(tx, name, grants)?;
    let told = (Some(&before[..]), Some(grants));
    people::log(tx, stamp, Act::PersonChanged, name, told)
}

/// Somebody new, under a name that nobody has: an account of this server is never theirs.
fn add(tx: &Tx<'_>, guest: &Guest) -> Result<String, FleetError> {
    let called = fitting(&guest.name);
    let sql =
        "INSERT INTO people (name, factor, subject) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    for number in 1_u32.. {
        let name = match number {
            1 => called.clone(),
            _ => format!("{called}-{number}"),
        };
        if tx.execute(sql, params![name, Vec::<u8>::new(), guest.subject])? > 0 {
            return Ok(name);
        }
    }
    Err(FleetError::Setting("there is no name left".to_owned()))
}

/// As names are here: small letters, digits and a few signs.
fn fitting(name: &str) -> String {
    let fine = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(*c);
    let small = name.to_lowercase();
    let text: String = small.chars().filter(fine).take(LONGEST - 11).collect();
    if text.is_empty() {
        "somebody".to_owned()
    } else {
        text
    }
}

/// Whether they sign in at the provider.
pub(crate) fn is_guest(tx: &Tx<'_>, name: &str) -> Result<bool, FleetError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM people WHERE name = ?1 AND subject IS NOT NULL)";
    Ok(tx.query_row(sql, [name], |row| row.get(0))?)
}
