//! Which other systems are told of what happens, and how far each has got.
//!
//! A system's place in the audit log is all that is kept: what it has not taken yet, it gets again, in order.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Act, AuditEntry, NewWebhook, Role, Webhook},
};
use serde_json::json;

use super::{
    access::{self, Caller},
    audit::{self, Deed, Stamp},
    json, parsed, tokens,
};
use crate::{
    error::FleetError,
    keys::Keys,
    store::{DatabaseError, Optional as _, Row, Tx, params},
};

/// After the first failure, in seconds; then twice as long each time.
const FIRST_PAUSE: i64 = 10;
/// The longest pause, in seconds.
const LONGEST_PAUSE: i64 = 60 * 60;
/// So many lines are looked through at a time for one that a system wants.
const STRETCH: u64 = 500;
/// What a system says when it refuses is kept so far, in characters.
pub(super) const LONGEST_PROBLEM: usize = 200;

fn row(row: &Row<'_>) -> Result<Webhook, DatabaseError> {
    Ok(Webhook {
        name: row.get("name")?,
        url: row.get("url")?,
        scope: parsed(row, "scope")?,
        acts: json(row, "acts")?.unwrap_or_default(),
        delivered: row.get("delivered")?,
        failures: row.get("failures")?,
        problem: row.get("problem")?,
    })
}

/// Whether there is one at all.
pub(crate) fn any(tx: &Tx<'_>) -> Result<bool, FleetError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM webhooks)";
    Ok(tx.query_row(sql, (), |row| row.get(0))?)
}

/// Those that somebody may take away again.
pub(crate) fn list(tx: &Tx<'_>, caller: &Caller) -> Result<Vec<Webhook>, FleetError> {
    let mut all = tx.query_map("SELECT * FROM webhooks ORDER BY name", (), row)?;
    all.retain(|hook| caller.may(Role::Administrator, &hook.scope));
    Ok(all)
}

/// Whether what is sent there can be read on the way.
pub(crate) fn check_url(url: &str) -> Result<(), FleetError> {
    let no = |problem: &str| Err(FleetError::Setting(format!("\"{url}\" {problem}")));
    let Ok(parsed) = url::Url::parse(url) else {
        return no("is no address; write https://HOST/PATH");
    };
    let itself = match parsed.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if itself => Ok(()),
        "http" => no("is not encrypted; use https"),
        _ => no("is no address of the web; use https"),
    }
}

fn place(name: &str) -> String {
    format!("webhook\n{name}")
}

/// Adds one, which hears of what happens from now on; its secret is shown once.
pub(crate) fn add(
    tx: &Tx<'_>,
    keys: &Keys,
    new: &NewWebhook,
    stamp: &Stamp,
) -> Result<String, FleetError> {
    access::check_name(&new.name)?;
    check_url(&new.url)?;
    let secret = tokens::random_token("webhook")?;
    let sealed = keys.seal(&place(&new.name), secret.as_bytes())?;
    let sql = "INSERT INTO webhooks (name, url, scope, acts, secret, delivered) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
               ON CONFLICT DO NOTHING";
    let acts = json!(new.acts).to_string();
    let made = tx.execute(
        sql,
        params![
            new.name,
            new.url,
            new.scope.as_str(),
            acts,
            sealed,
            audit::last(tx)?
        ],
    )?;
    if made == 0 {
        let what = format!("a webhook called {}", new.name);
        return Err(FleetError::Exists { what });
    }
    let after = json!({"url": new.url, "scope": new.scope, "acts": new.acts});
    log(
        tx,
        stamp,
        Act::WebhookAdded,
        (&new.scope, &new.name),
        None,
        Some(after),
    )?;
    Ok(secret)
}

/// Takes one away.
pub(crate) fn remove(
    tx: &Tx<'_>,
    name: &str,
    caller: &Caller,
    stamp: &Stamp,
) -> Result<(), FleetError> {
    let sql = "SELECT * FROM webhooks WHERE name = ?1";
    let found = tx.query_row(sql, [name], row).optional()?;
    let found = found.ok_or_else(|| FleetError::NotFound {
        what: format!("webhook {name}"),
    })?;
    caller.check(Role::Administrator, &found.scope)?;
    tx.execute("DELETE FROM webhooks WHERE name = ?1", [name])?;
    let before = json!({"url": found.url, "scope": found.scope, "acts": found.acts});
    let place = (&found.scope, name);
    log(tx, stamp, Act::WebhookRemoved, place, Some(before), None)
}

fn log(
    tx: &Tx<'_>,
    stamp: &Stamp,
    act: Act,
    (scope, object): (&Scope, &str),
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
) -> Result<(), FleetError> {
    let deed = Deed {
        act,
        scope,
        object,
        before,
        after,
    };
    audit::record(tx, stamp, deed)
}

/// What a system is to be told next.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) entry: AuditEntry,
}

fn wants(hook: &Webhook, entry: &AuditEntry) -> bool {
    entry.scope.is_within(&hook.scope) && (hook.acts.is_empty() || hook.acts.contains(&entry.act))
}

/// The next line for each system that may be tried now.
pub(crate) fn due(tx: &Tx<'_>, keys: &Keys, now: Timestamp) -> Result<Vec<Delivery>, FleetError> {
    let sql = "SELECT * FROM webhooks WHERE next_try <= ?1 ORDER BY name";
    let found = tx.query_map(sql, [now.as_second()], |line| {
        Ok((row(line)?, line.get::<_, Vec<u8>>("secret")?))
    })?;
    let mut due = Vec::new();
    for (hook, sealed) in found {
        let Some(entry) = next(tx, &hook)? else {
            continue;
        };
        due.push(Delivery {
            secret: keys.open_sealed(&place(&hook.name), &sealed)?,
            name: hook.name,
            url: hook.url,
            entry,
        });
    }
    Ok(due)
}

/// The next line that a system wants; what it does not want it has got.
fn next(tx: &Tx<'_>, hook: &Webhook) -> Result<Option<AuditEntry>, FleetError> {
    let mut at = hook.delivered;
    loop {
        let lines = audit::after(tx, at, STRETCH)?;
        let Some(last) = lines.last().map(|entry| entry.number) else {
            break;
        };
        if let Some(entry) = lines.into_iter().find(|entry| wants(hook, entry)) {
            return Ok(Some(entry));
        }
        at = last;
    }
    if at > hook.delivered {
        let sql = "UPDATE webhooks SET delivered = ?2 WHERE name = ?1";
        tx.execute(sql, params![hook.name, at])?;
    }
    Ok(None)
}

/// It has taken a line.
pub(crate) fn took(tx: &Tx<'_>, name: &str, number: u64) -> Result<(), FleetError> {
    let sql = "UPDATE webhooks SET delivered = ?2, failures = 0, next_try = 0, problem = NULL WHERE name = ?1";
    tx.execute(sql, params![name, number])?;
    Ok(())
}

/// It has not; it is tried again later, each time after a longer pause.
pub(crate) fn failed(
    tx: &Tx<'_>,
    name: &str,
    problem: &str,
    now: Timestamp,
) -> Result<(), FleetError> {
    let sql = "SELECT failures FROM webhooks WHERE name = ?1";
    let failures: Option<u32> = tx.query_row(sql, [name], |row| row.get(0)).optional()?;
    let pause = pause(failures.unwrap_or_default());
    let problem: String = problem.chars().take(LONGEST_PROBLEM).collect();
    let sql =
        "UPDATE webhooks SET failures = failures + 1, next_try = ?2, problem = ?3 WHERE name = ?1";
    tx.execute(sql, params![name, now.as_second() + pause, problem])?;
    Ok(())
}

/// After so many failures before this one, in seconds.
pub(super) fn pause(failures: u32) -> i64 {
    let factor = 1_i64.checked_shl(failures).filter(|factor| *factor > 0);
    let pause = factor.and_then(|factor| FIRST_PAUSE.checked_mul(factor));
    pause.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_and_stay_there() {
        let pauses: Vec<i64> = [0, 1, 2, 8, 9, 63, 64, u32::MAX].map(pause).to_vec();
        assert_eq!(pauses, [10, 20, 40, 2560, 3600, 3600, 3600, 3600]);
    }

    #[test]
    fn only_what_nobody_reads_on_the_way_is_an_address() {
        for fine in [
            "https://hooks.example.org/x",
            "http://127.0.0.1:9/x",
            "http://localhost/",
            "http://[::1]/",
        ] {
            check_url(fine).unwrap();
        }
        for wrong in [
            "http://example.org/",
            "ftp://example.org/",
            "x",
            "http://127.0.0.1.example.org/",
        ] {
            assert!(check_url(wrong).is_err(), "{wrong}");
        }
    }
}
