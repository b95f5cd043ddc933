//! How releases come to devices: in waves, watched, and stopped when they do harm.

pub(crate) mod plan;
pub(crate) mod step;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId, RolloutName, Scope,
    api::{Act, NewRollout, Rollout, RolloutCounts, RolloutDevice, RolloutState, Wave},
    update::System,
};
use serde_json::{Value, json};

use self::plan::Place;
use super::{
    access::Caller,
    audit::{self, Deed, Stamp},
    json, lists, parsed, parsed_or_none, places, releases, unread,
};
use crate::{
    error::FleetError,
    store::{DatabaseError, Optional as _, Row, Tx, params},
};

/// A rollout with what only the server needs.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) rollout: Rollout,
    /// Waves up to this one were allowed, from 0.
    pub(crate) approved: usize,
}

impl Kept {
    pub(crate) fn place(&self) -> Place {
        Place {
            wave: self.rollout.wave,
            approved: self.approved,
            soaks_since: self.rollout.soaks_since,
        }
    }
}

fn row(row: &Row<'_>) -> Result<Kept, DatabaseError> {
    let plan: Option<NewRollout> = json(row, "plan")?;
    let plan = plan.ok_or_else(|| unread("plan", "nothing"))?;
    let time = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Kept {
        rollout: Rollout {
            plan,
            state: parsed(row, "state")?,
            wave: row.get("wave")?,
            soaks_since: row.get::<_, Option<i64>>("soaks_since")?.map(time),
            began: time(row.get("began")?),
            problem: row.get("problem")?,
            counts: RolloutCounts::default(),
        },
        approved: row.get("approved")?,
    })
}

/// Those that somebody may see, the newest first.
pub(crate) fn list(tx: &Tx<'_>, caller: &Caller) -> Result<Vec<Rollout>, FleetError> {
    let sql = format!(
        "SELECT * FROM rollouts WHERE {} ORDER BY began DESC, name",
        places("scope", caller.grants.iter().map(|grant| &grant.scope))
    );
    let found = tx.query_map(&sql, (), row)?;
    let counted = found.into_iter().map(|kept| counted(tx, kept.rollout));
    counted.collect()
}

/// Those that go on.
pub(crate) fn active(tx: &Tx<'_>) -> Result<Vec<Kept>, FleetError> {
    let sql = "SELECT * FROM rollouts WHERE state IN ('running', 'approval') ORDER BY began, name";
    let found = tx.query_map(sql, (), row)?;
    Ok(found)
}

/// By its name.
pub(crate) fn get(tx: &Tx<'_>, name: &RolloutName) -> Result<Kept, FleetError> {
    let sql = "SELECT * FROM rollouts WHERE name = ?1";
    let found = tx.query_row(sql, [name.as_str()], row).optional()?;
    let mut kept = found.ok_or_else(|| FleetError::NotFound {
        what: format!("rollout {name}"),
    })?;
    kept.rollout = counted(tx, kept.rollout)?;
    Ok(kept)
}

fn counted(tx: &Tx<'_>, mut rollout: Rollout) -> Result<Rollout, FleetError> {
    let mut counts = RolloutCounts::default();
    let sql = "SELECT outcome, COUNT(*) FROM updates WHERE rollout = ?1 GROUP BY outcome";
    let found = tx.query_map(sql, [rollout.plan.name.as_str()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?))
    })?;
    for (outcome, count) in found {
        counts.let_in += count;
        match outcome.as_str() {
            "done" => counts.done = count,
            "failed" => counts.failed = count,
            "lost" => counts.lost = count,
            "ill" => counts.ill = count,
            _ => {}
        }
    }
    counts.devices = counts.let_in;
    if !rollout.state.is_over() {
        counts.devices += step::free(tx, &rollout.plan)?;
    }
    rollout.counts = counts;
    Ok(rollout)
}

/// Devices that were let in, what wants somebody first.
pub(crate) fn devices(
    tx: &Tx<'_>,
    name: &RolloutName,
    limit: u64,
) -> Result<Vec<RolloutDevice>, FleetError> {
    let sql = "SELECT u.device, d.room, u.wave, u.step, u.since, u.problem, CASE d.rollout WHEN u.rollout THEN d.system END AS system FROM updates u JOIN devices d ON d.device = u.device \
               WHERE u.rollout = ?1 ORDER BY CASE u.outcome WHEN 'lost' THEN 0 WHEN 'failed' THEN 1 WHEN 'ill' THEN 2 \
               WHEN 'open' THEN 3 ELSE 4 END, u.since DESC, u.device LIMIT ?2";
    let found = tx.query_map(sql, params![name.as_str(), limit], |row| {
        let system: Option<System> = json(row, "system")?;
        Ok(RolloutDevice {
            device: parsed::<DeviceId>(row, "device")?,
            room: parsed_or_none(row, "room")?,
            wave: row.get("wave")?,
            step: json(row, "step")?,
            since: Timestamp::from_second(row.get("since")?).unwrap_or(Timestamp::UNIX_EPOCH),
            problem: row.get("problem")?,
            fetched: system
                .and_then(|system| system.update)
                .and_then(|update| update.fetched),
        })
    })?;
    Ok(found)
}

/// Begins one; devices are let in by [`step::step`].
pub(crate) fn start(tx: &Tx<'_>, new: &NewRollout, stamp: &Stamp) -> Result<Rollout, FleetError> {
    let mut plan = new.clone();
    if plan.waves.is_empty() {
        plan.waves = vec![Wave {
            percent: 100,
            soak_minutes: 0,
            approval: false,
        }];
    }
    plan::check(&plan).map_err(FleetError::Setting)?;
    let release = releases::get(tx, &plan.release)?;
    lists::check(tx, &release)?;
    not_two(tx, &plan)?;
    let sql = "INSERT INTO rollouts (name, plan, release, scope, state, wave, approved, began) \
               VALUES (?1, ?2, ?3, ?4, 'running', 0, 0, ?5) ON CONFLICT DO NOTHING";
    let made = tx.execute(
        sql,
        params![
            plan.name.as_str(),
            json!(plan).to_string(),
            release.version.as_str(),
            plan.scope.as_str(),
            stamp.now.as_second()
        ],
    )?;
    if made == 0 {
        let what = format!("a rollout called {}", plan.name);
        return Err(FleetError::Exists { what });
    }
    log(
        tx,
        stamp,
        Act::RolloutStarted,
        &plan,
        None,
        Some(json!(plan)),
    )?;
    Ok(get(tx, &plan.name)?.rollout)
}

/// A device is in one rollout at a time.
fn not_two(tx: &Tx<'_>, plan: &NewRollout) -> Result<(), FleetError> {
    let release = releases::get(tx, &plan.release)?;
    let sql = "SELECT r.name, r.scope FROM rollouts r JOIN releases x ON x.version = r.release \
               WHERE r.state IN ('running', 'approval', 'paused') AND x.compatible = ?1";
    let found = tx.query_map(sql, [release.compatible.as_str()], |row| {
        Ok((
            parsed::<RolloutName>(row, "name")?,
            parsed::<Scope>(row, "scope")?,
        ))
    })?;
    for (name, scope) in found {
        if name != plan.name && (scope.is_within(&plan.scope) || plan.scope.is_within(&scope)) {
            return Err(FleetError::Overlaps(name));
        }
    }
    Ok(())
}

/// What people do with a rollout that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Pause,
    Resume,
    Approve,
    Stop,
}

/// Does it; the devices that have to hear of it.
pub(crate) fn order(
    tx: &Tx<'_>,
    name: &RolloutName,
    order: Order,
    stamp: &Stamp,
) -> Result<Vec<DeviceId>, FleetError> {
    use RolloutState as S;
    let kept = get(tx, name)?;
    let state = kept.rollout.state;
    let not = |problem| Err(FleetError::Rollout { state, problem });
    let (to, act) = match (order, state) {
        (Order::Pause, S::Running | S::Approval) => (S::Paused, Act::RolloutPaused),
        (Order::Resume, S::Paused) => (S::Running, Act::RolloutResumed),
        (Order::Approve, S::Approval) => (S::Running, Act::RolloutApproved),
        (Order::Stop, S::Running | S::Approval | S::Paused) => (S::Stopped, Act::RolloutStopped),
        (Order::Pause, _) => return not("only one that goes on can be held"),
        (Order::Resume, _) => return not("only one that is held can go on"),
        (Order::Approve, _) => return not("nothing has to be allowed"),
        (Order::Stop, _) => return not("it is over"),
    };
    let approved = match order {
        Order::Approve => kept.rollout.wave,
        _ => kept.approved,
    };
    let sql = "UPDATE rollouts SET state = ?2, approved = ?3 WHERE name = ?1";
    tx.execute(sql, params![name.as_str(), to.as_str(), approved])?;
    let wave = |state: S| json!({"state": state, "wave": kept.rollout.wave});
    log(
        tx,
        stamp,
        act,
        &kept.rollout.plan,
        Some(wave(state)),
        Some(wave(to)),
    )?;
    open(tx, name)
}

/// Devices that were let in and are not at the end.
pub(crate) fn open(tx: &Tx<'_>, name: &RolloutName) -> Result<Vec<DeviceId>, FleetError> {
    let sql = "SELECT device FROM updates WHERE rollout = ?1 AND outcome = 'open'";
    let found = tx.query_map(sql, [name.as_str()], |row| parsed(row, "device"))?;
    Ok(found)
}

pub(crate) fn log(
    tx: &Tx<'_>,
    stamp: &Stamp,
    act: Act,
    plan: &NewRollout,
    before: Option<Value>,
    after: Option<Value>,
) -> Result<(), FleetError> {
    let deed = Deed {
        act,
        scope: &plan.scope,
        object: plan.name.as_str(),
        before,
        after,
    };
    audit::record(tx, stamp, deed)
}
