//! A look: what is wrong now beside what each rule knows, and what it says next.

use std::collections::HashMap;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::api::{AlertGroup, AlertKind, AlertPlan};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    groups::{Told, group},
    plan,
    wrong::{Wrong, events, rooms},
};
use crate::{
    error::FleetError,
    fleet::parsed,
    store::{DatabaseError, Row, Tx, params},
};

/// So much is written in one transaction for each rule; the rest in the next.
const AT_ONCE: usize = 2000;
const MINUTE: i64 = 60;

/// What a rule has to say, until it is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    /// Small letters and digits.
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    /// Neither of both: it is a trial.
    pub(crate) began: Vec<AlertGroup>,
    pub(crate) over: Vec<AlertGroup>,
}

impl Message {
    pub(super) fn new(at: Timestamp) -> Result<Self, FleetError> {
        Ok(Self {
            id: crate::hex(&crate::random::<12>()?),
            at,
            began: Vec::new(),
            over: Vec::new(),
        })
    }
}

/// A rule as a look needs it.
struct Rule {
    plan: AlertPlan,
    heard: u64,
    composed: i64,
    /// What it said last has not been taken.
    waits: bool,
}

/// What a rule knows of something.
struct Known {
    told: Told,
    /// They were told, or are about to be.
    is_told: bool,
    ended: Option<i64>,
}

impl Known {
    fn read(row: &Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            told: Told {
                kind: parsed(row, "kind")?,
                object: row.get("object")?,
                code: row.get("code")?,
                scope: parsed(row, "scope")?,
                detail: row.get("detail")?,
                began: row.get("began")?,
            },
            is_told: row.get("told")?,
            ended: row.get("ended")?,
        })
    }

    /// Since when it is to be told; `None`: there is nothing to tell.
    fn due(&self, plan: &AlertPlan) -> Option<i64> {
        match self.ended {
            Some(ended) => Some(ended),
            None if self.is_told => None,
            None => Some(self.told.began + needed(plan, self.told.kind)),
        }
    }
}

/// So long something has to last before anybody is told, in seconds.
fn needed(plan: &AlertPlan, kind: AlertKind) -> i64 {
    if kind.has_to_last() {
        i64::from(plan.after_minutes) * MINUTE
    } else {
        0
    }
}

type Key<'a> = (AlertKind, &'a str, &'a str);

/// Lets each rule know what is wrong, and say what it has to say; whether there is more to do at once.
pub(crate) fn step(tx: &Tx<'_>, wrong: &[Wrong], now: Timestamp) -> Result<bool, FleetError> {
    let rules = tx.query_map("SELECT * FROM alert_rules ORDER BY name", (), |row| {
        Ok(Rule {
            plan: plan(row)?,
            heard: row.get("heard")?,
            composed: row.get("composed")?,
            waits: row.get::<_, Option<String>>("message")?.is_some(),
        })
    })?;
    let mut more = false;
    for rule in rules {
        let name = rule.plan.name.as_str();
        let sql = "SELECT * FROM alerts WHERE rule = ?1";
        let known = tx.query_map(sql, [name], Known::read)?;
        let changed = compare(tx, &rule, &known, wrong, now)? + hear(tx, &rule)?;
        if changed >= AT_ONCE {
            more = true;
        } else if changed > 0 {
            compose(tx, &rule, tx.query_map(sql, [name], Known::read)?, now)?;
        } else {
            compose(tx, &rule, known, now)?;
        }
    }
    Ok(more)
}

/// What began, ended or came back; how much was written.
fn compare(
    tx: &Tx<'_>,
    rule: &Rule,
    known: &[Known],
    wrong: &[Wrong],
    now: Timestamp,
) -> Result<usize, FleetError> {
    let (plan, second) = (&rule.plan, now.as_second());
    let mut rest: HashMap<Key<'_>, &Known> = known
        .iter()
        .filter(|one| !one.told.kind.is_event())
        .map(|one| {
            (
                (
                    one.told.kind,
                    one.told.object.as_str(),
                    one.told.code.as_str(),
                ),
                one,
            )
        })
        .collect();
    let mut written = 0;
    for one in wrong
        .iter()
        .filter(|one| plan.is_about(one.kind, &one.scope))
    {
        let found = rest.remove(&(one.kind, one.object.as_str(), one.code.as_str()));
        written += match found {
            Some(known) => again(tx, rule, known, one)?,
            None => begin(tx, rule, one, second)?,
        };
        if written >= AT_ONCE {
            return Ok(written);
        }
    }
    for (_, known) in rest {
        if known.ended.is_some() {
            continue;
        }
        end(tx, plan, known, second)?;
        written += 1;
        if written >= AT_ONCE {
            break;
        }
    }
    Ok(written)
}

/// It is over. What did not last nobody need hear of.
fn end(tx: &Tx<'_>, plan: &AlertPlan, known: &Known, now: i64) -> Result<(), FleetError> {
    let which = "WHERE rule = ?1 AND kind = ?2 AND object = ?3 AND code = ?4";
    let one = &known.told;
    let mut those = params![plan.name, one.kind.as_str(), one.object, one.code];
    let lasted = known.due(plan).is_none_or(|due| due <= now);
    if lasted {
        those.extend(params![now]);
        tx.execute(&format!("UPDATE alerts SET ended = ?5 {which}"), those)?;
    } else {
        tx.execute(&format!("DELETE FROM alerts {which}"), those)?;
    }
    Ok(())
}

/// It is known already: it may be back, or its device in another room.
fn again(tx: &Tx<'_>, rule: &Rule, known: &Known, one: &Wrong) -> Result<usize, FleetError> {
    let back = known.ended.is_some() && !one.stale;
    if !back && known.told.scope == one.scope {
        return Ok(0);
    }
    let ended = known.ended.filter(|_| !back);
    let sql = "UPDATE alerts SET ended = ?5, scope = ?6 WHERE rule = ?1 AND kind = ?2 AND object = ?3 AND code = ?4";
    let those = params![
        rule.plan.name,
        one.kind.as_str(),
        one.object,
        one.code,
        ended,
        one.scope.as_str()
    ];
    Ok(tx.execute(sql, those)?)
}

fn begin(tx: &Tx<'_>, rule: &Rule, one: &Wrong, now: i64) -> Result<usize, FleetError> {
    // Where it is known since when something is so, nothing is written before it matters.
    let lasts = |since: i64| since + needed(&rule.plan, one.kind) <= now;
    if one.stale || one.since.is_some_and(|since| !lasts(since)) {
        return Ok(0);
    }
    insert(tx, rule, one, one.since.unwrap_or(now))
}

fn insert(tx: &Tx<'_>, rule: &Rule, one: &Wrong, began: i64) -> Result<usize, FleetError> {
    let sql = "INSERT INTO alerts (rule, kind, object, code, scope, detail, began) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
               ON CONFLICT DO NOTHING";
    let those = params![
        rule.plan.name,
        one.kind.as_str(),
        one.object,
        one.code,
        one.scope.as_str(),
        one.detail,
        began
    ];
    Ok(tx.execute(sql, those)?)
}

/// What the log says that happened since; how much was written.
fn hear(tx: &Tx<'_>, rule: &Rule) -> Result<usize, FleetError> {
    let (events, last) = events(tx, rule.heard)?;
    let mut written = 0;
    for one in events
        .iter()
        .filter(|one| rule.plan.is_about(one.kind, &one.scope))
    {
        written += insert(tx, rule, one, one.since.unwrap_or_default())?;
    }
    if last != rule.heard {
        let sql = "UPDATE alert_rules SET heard = ?2 WHERE name = ?1";
        tx.execute(sql, params![rule.plan.name, last])?;
    }
    Ok(written)
}

/// What is to be told becomes a message, where none waits and the last one was long enough ago.
fn compose(tx: &Tx<'_>, rule: &Rule, known: Vec<Known>, now: Timestamp) -> Result<(), FleetError> {
    let (plan, second) = (&rule.plan, now.as_second());
    let paused = rule.composed + i64::from(plan.pause_minutes) * MINUTE > second;
    if rule.waits || paused {
        return Ok(());
    }
    let due = |one: &Known| one.due(plan).filter(|due| *due <= second);
    let Some(first) = known.iter().filter_map(due).min() else {
        return Ok(());
    };
    if first + i64::from(plan.gather_seconds) > second {
        return Ok(());
    }
    let (over, began): (Vec<Known>, Vec<Known>) = known
        .into_iter()
        .filter(|one| due(one).is_some())
        .partition(|one| one.ended.is_some());
    note(tx, rule, &began, &over)?;
    let told = |all: Vec<Known>| {
        let mut groups = group(all.into_iter().map(|one| one.told).collect());
        for group in &mut groups {
            group.of = rooms(tx, &group.place)?;
        }
        Ok::<_, FleetError>(groups)
    };
    let message = Message {
        began: told(began)?,
        over: told(over)?,
        ..Message::new(now)?
    };
    let sql = "UPDATE alert_rules SET message = ?2, composed = ?3, next_try = 0 WHERE name = ?1";
    tx.execute(sql, params![plan.name, json!(message).to_string(), second])?;
    Ok(())
}

/// They are told of these, and of what is over nobody need know any more.
fn note(tx: &Tx<'_>, rule: &Rule, began: &[Known], over: &[Known]) -> Result<(), FleetError> {
    let which = "WHERE rule = ?1 AND kind = ?2 AND object = ?3 AND code = ?4";
    let each = |sql: &str, one: &Known| {
        let one = &one.told;
        tx.execute(
            sql,
            params![rule.plan.name, one.kind.as_str(), one.object, one.code],
        )
    };
    for one in began.iter().filter(|one| !one.told.kind.is_event()) {
        each(&format!("UPDATE alerts SET told = 1 {which}"), one)?;
    }
    for one in over
        .iter()
        .chain(began.iter().filter(|one| one.told.kind.is_event()))
    {
        each(&format!("DELETE FROM alerts {which}"), one)?;
    }
    Ok(())
}
