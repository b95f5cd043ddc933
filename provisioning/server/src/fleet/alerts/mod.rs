//! Who is told of what is wrong: rules, what each of them knows, and the message that waits for whom.
//!
//! All of it lies in the database, so that a restart neither loses a message nor tells anything anew.

pub(crate) mod check;
mod groups;
mod step;
#[cfg(test)]
mod tests;
mod wrong;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::api::{
    Act, Alert, AlertChannel, AlertPlan, AlertRule, Grant, NewAlertRule, Role,
};
use serde_json::{Value, json};

pub(crate) use self::{
    step::{Message, step},
    wrong::wrong,
};
use super::{
    access::Caller,
    audit::{self, Deed, Stamp},
    hooks::{LONGEST_PROBLEM, pause},
    json, parsed, places, tokens,
};
use crate::{
    error::FleetError,
    keys::Keys,
    store::{DatabaseError, Optional as _, Row, Tx, params},
};

/// A page has so many at most.
const LISTED: u64 = 1000;

/// Where a rule's secret is sealed to.
fn place(name: &str) -> String {
    format!("alert\n{name}")
}

fn moment(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>, DatabaseError> {
    let second: Option<i64> = row.get(column)?;
    Ok(second.and_then(|second| Timestamp::from_second(second).ok()))
}

fn plan(row: &Row<'_>) -> Result<AlertPlan, DatabaseError> {
    json(row, "plan")?.ok_or(DatabaseError::NoRow)
}

fn rule(row: &Row<'_>) -> Result<AlertRule, DatabaseError> {
    let failures: u32 = row.get("failures")?;
    Ok(AlertRule {
        plan: plan(row)?,
        open: row.get("open")?,
        waits: row.get::<_, Option<String>>("message")?.is_some(),
        delivered: moment(row, "delivered")?,
        failures,
        problem: row.get("problem")?,
        next_try: moment(row, "next_try")?.filter(|_| failures > 0),
    })
}

const RULES: &str = "SELECT *, (SELECT COUNT(*) FROM alerts WHERE alerts.rule = alert_rules.name AND ended IS NULL) AS open FROM alert_rules";

/// Whether there is one at all.
pub(crate) fn any(tx: &Tx<'_>) -> Result<bool, FleetError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM alert_rules)";
    Ok(tx.query_row(sql, (), |row| row.get(0))?)
}

/// Those that somebody may take away again.
pub(crate) fn rules(tx: &Tx<'_>, caller: &Caller) -> Result<Vec<AlertRule>, FleetError> {
    let mut all = tx.query_map(&format!("{RULES} ORDER BY name"), (), rule)?;
    all.retain(|rule| caller.may(Role::Administrator, &rule.plan.scope));
    Ok(all)
}

/// What is wrong where somebody may look, as far as any rule is about it; the newest first.
pub(crate) fn open(tx: &Tx<'_>, grants: &[Grant]) -> Result<Vec<Alert>, FleetError> {
    let sql = format!(
        "SELECT kind, scope, object, code, MIN(began) AS began FROM alerts WHERE ended IS NULL AND ({}) \
         GROUP BY kind, scope, object, code ORDER BY began DESC, scope, code LIMIT ?1",
        places("scope", grants.iter().map(|grant| &grant.scope))
    );
    let found = tx.query_map(&sql, [LISTED], |row| {
        let code: String = row.get("code")?;
        Ok(Alert {
            kind: parsed(row, "kind")?,
            scope: parsed(row, "scope")?,
            object: row.get("object")?,
            code: Some(code).filter(|code| !code.is_empty()),
            since: moment(row, "began")?.unwrap_or(Timestamp::UNIX_EPOCH),
        })
    })?;
    Ok(found)
}

/// Adds a rule, which is about what is wrong from now on; returns a webhook's secret, which is shown once.
pub(crate) fn add(
    tx: &Tx<'_>,
    keys: &Keys,
    new: &NewAlertRule,
    stamp: &Stamp,
) -> Result<Option<String>, FleetError> {
    check::rule(new)?;
    let plan = &new.plan;
    let made = match &plan.channel {
        AlertChannel::Webhook { .. } => Some(tokens::random_token("webhook")?),
        _ => None,
    };
    let secret = made.as_ref().or(new.secret.as_ref());
    let sealed = secret.map(|secret| keys.seal(&place(&plan.name), secret.as_bytes()));
    let sql = "INSERT INTO alert_rules (name, scope, plan, secret, heard) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    let those = params![
        plan.name,
        plan.scope.as_str(),
        json!(plan).to_string(),
        sealed.transpose()?,
        audit::last(tx)?
    ];
    if tx.execute(sql, those)? == 0 {
        let what = format!("an alert rule called {}", plan.name);
        return Err(FleetError::Exists { what });
    }
    log(tx, stamp, Act::AlertRuleAdded, plan, true)?;
    Ok(made)
}

/// The rule of a name, where somebody may look after it.
fn get(tx: &Tx<'_>, name: &str, caller: &Caller) -> Result<AlertPlan, FleetError> {
    let sql = "SELECT plan FROM alert_rules WHERE name = ?1";
    let found = tx.query_row(sql, [name], plan).optional()?;
    let found = found.ok_or_else(|| FleetError::NotFound {
        what: format!("alert rule {name}"),
    })?;
    caller.check(Role::Administrator, &found.scope)?;
    Ok(found)
}

/// Takes a rule away, with what it has not told.
pub(crate) fn remove(
    tx: &Tx<'_>,
    name: &str,
    caller: &Caller,
    stamp: &Stamp,
) -> Result<(), FleetError> {
    let found = get(tx, name, caller)?;
    tx.execute("DELETE FROM alert_rules WHERE name = ?1", [name])?;
    log(tx, stamp, Act::AlertRuleRemoved, &found, false)
}

fn log(
    tx: &Tx<'_>,
    stamp: &Stamp,
    act: Act,
    plan: &AlertPlan,
    added: bool,
) -> Result<(), FleetError> {
    let told: Value =
        json!({"kinds": plan.kinds, "by": plan.channel.as_str(), "to": plan.channel.to()});
    let deed = Deed {
        act,
        scope: &plan.scope,
        object: &plan.name,
        before: Some(told.clone()).filter(|_| !added),
        after: Some(told).filter(|_| added),
    };
    audit::record(tx, stamp, deed)
}

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) plan: AlertPlan,
    pub(crate) secret: Option<String>,
    pub(crate) message: Message,
}

fn secret(keys: &Keys, name: &str, row: &Row<'_>) -> Result<Option<String>, FleetError> {
    let sealed: Option<Vec<u8>> = row.get("secret")?;
    let opened = sealed.map(|sealed| keys.open_sealed(&place(name), &sealed));
    let text = opened.transpose()?.map(String::from_utf8).transpose();
    text.map_err(|_| FleetError::Crypto(format!("the secret of alert rule {name} is no text")))
}

/// The messages that may be tried now.
pub(crate) fn due(tx: &Tx<'_>, keys: &Keys, now: Timestamp) -> Result<Vec<Delivery>, FleetError> {
    let sql =
        "SELECT * FROM alert_rules WHERE message IS NOT NULL AND next_try <= ?1 ORDER BY name";
    let mut due = Vec::new();
    let found = tx.query_map(sql, [now.as_second()], |row| {
        let plan = plan(row)?;
        let secret = secret(keys, &plan.name, row);
        Ok((plan, secret, json(row, "message")?))
    })?;
    for (plan, secret, message) in found {
        let Some(message) = message else { continue };
        due.push(Delivery {
            plan,
            secret: secret?,
            message,
        });
    }
    Ok(due)
}

/// What is sent to see whether it arrives.
pub(crate) fn trial(
    tx: &Tx<'_>,
    keys: &Keys,
    name: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Delivery, FleetError> {
    let plan = get(tx, name, caller)?;
    let sql = "SELECT secret FROM alert_rules WHERE name = ?1";
    let secret = tx.query_row(sql, [name], |row| Ok(secret(keys, name, row)))??;
    Ok(Delivery {
        plan,
        secret,
        message: Message::new(now)?,
    })
}

/// It was taken; `refused` says by whom it was not, where it has several receivers.
pub(crate) fn took(
    tx: &Tx<'_>,
    (name, id): (&str, &str),
    refused: Option<&str>,
    now: Timestamp,
) -> Result<(), FleetError> {
    let sql = "UPDATE alert_rules SET message = NULL, failures = 0, next_try = 0, problem = ?3, delivered = ?4 \
               WHERE name = ?1 AND message LIKE ?2";
    let those = params![name, pattern(id), refused.map(short), now.as_second()];
    tx.execute(sql, those)?;
    Ok(())
}

/// It was not. It is tried again after a pause that grows; `random` is evenly spread over 0 to 255 and keeps rules that failed together
/// from coming back together.
pub(crate) fn failed(
    tx: &Tx<'_>,
    (name, id): (&str, &str),
    problem: &str,
    (now, random): (Timestamp, u8),
) -> Result<(), FleetError> {
    let sql = "SELECT failures FROM alert_rules WHERE name = ?1";
    let failures: Option<u32> = tx.query_row(sql, [name], |row| row.get(0)).optional()?;
    let pause = pause(failures.unwrap_or_default());
    let jittered = pause / 2 + pause * i64::from(random) / 510;
    let sql = "UPDATE alert_rules SET failures = failures + 1, next_try = ?3, problem = ?4 WHERE name = ?1 AND message LIKE ?2";
    let those = params![
        name,
        pattern(id),
        now.as_second() + jittered,
        short(problem)
    ];
    tx.execute(sql, those)?;
    Ok(())
}

/// A message with this id, which is of small letters and digits: another one may wait by now.
fn pattern(id: &str) -> String {
    format!("%\"{id}\"%")
}

fn short(problem: &str) -> String {
    problem.chars().take(LONGEST_PROBLEM).collect()
}
