//! A rollout goes on: by the clock, and by what devices have said.

use jiff::{SignedDuration, Timestamp};
use saal_fleet_protocol::fleet::{
    DeviceId, RolloutName,
    api::{Act, NewRollout, RolloutState},
    update::{Release, Step},
};
use serde_json::json;

use super::{
    Kept, get, log,
    plan::{Next, allowed, decide},
};
use crate::{
    error::FleetError,
    fleet::{audit::Stamp, parsed, places, releases, updates},
    keys::Keys,
    store::{DatabaseError, Optional as _, Row, Tx, params},
};

/// A device that has started into a release and is not heard of for so long is lost.
const LOST: SignedDuration = SignedDuration::from_mins(30);
/// So much is done in one transaction; the rest in the next.
const AT_ONCE: u64 = 500;

/// What a step did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Something is otherwise than before.
    pub(crate) changed: bool,
    /// Devices that have to hear of it.
    pub(crate) wake: Vec<DeviceId>,
}

/// Devices that a rollout is for, do not have its release, and were not let in: this of each, there or not.
fn free_ones<T>(
    tx: &Tx<'_>,
    plan: &NewRollout,
    release: &Release,
    (what, read): (&str, impl Fn(&Row<'_>) -> Result<T, DatabaseError>),
) -> Result<Vec<T>, FleetError> {
    let sql = format!(
        "SELECT {what} FROM devices WHERE revoked IS NULL AND compatible = ?1 AND runs <> ?2 AND room IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM updates u WHERE u.rollout = ?3 AND u.device = devices.device) AND ({})",
        places("room", [&plan.scope])
    );
    let those = params![
        release.compatible.as_str(),
        release.version.as_str(),
        plan.name.as_str()
    ];
    let found = tx.query_map(&sql, those, read)?;
    Ok(found)
}

/// How many devices a rollout could still let in, there or not.
pub(super) fn free(tx: &Tx<'_>, plan: &NewRollout) -> Result<u64, FleetError> {
    let release = releases::get(tx, &plan.release)?;
    let counted: Vec<u64> = free_ones(tx, plan, &release, ("COUNT(*)", |row| row.get(0)))?;
    Ok(counted.into_iter().sum())
}

/// Those of them that are there, in an order that is the rollout's own, so that no room is always the first.
fn there(
    tx: &Tx<'_>,
    plan: &NewRollout,
    release: &Release,
    is_online: &dyn Fn(&DeviceId) -> bool,
) -> Result<Vec<DeviceId>, FleetError> {
    let device = |row: &Row<'_>| parsed::<DeviceId>(row, "device");
    let mut all = free_ones(tx, plan, release, ("device", device))?;
    all.retain(is_online);
    all.sort_by_cached_key(|device| crate::hash(format!("{}\n{device}", plan.name).as_bytes()));
    Ok(all)
}

/// Lets all rollouts go on.
pub(crate) fn step(
    tx: &Tx<'_>,
    keys: &Keys,
    is_online: &dyn Fn(&DeviceId) -> bool,
    now: Timestamp,
) -> Result<Done, FleetError> {
    let mut done = Done::default();
    for kept in super::active(tx)? {
        let name = kept.rollout.plan.name.clone();
        done.changed |= lose(tx, &name, now)? > 0;
        one(tx, keys, &name, is_online, now, &mut done)?;
    }
    Ok(done)
}

/// Devices that went down into the release and did not come back.
fn lose(tx: &Tx<'_>, name: &RolloutName, now: Timestamp) -> Result<usize, FleetError> {
    let sql = "SELECT device FROM updates WHERE rollout = ?1 AND outcome = 'open' AND since <= ?2 \
               AND step IN (?3, ?4)";
    let before = now.checked_sub(LOST).unwrap_or(Timestamp::UNIX_EPOCH);
    let [restarts, tries] = [Step::Restarts {}, Step::Tries {}].map(|step| json!(step).to_string());
    let those = params![name.as_str(), before.as_second(), restarts, tries];
    let lost = tx.query_map(sql, those, |row| parsed::<DeviceId>(row, "device"))?;
    let stamp = Stamp::server(now);
    for device in &lost {
        let problem = "it started into the release and was not heard of again";
        updates::end(tx, (name, device), "lost", Some(problem), &stamp)?;
    }
    Ok(lost.len())
}

fn one(
    tx: &Tx<'_>,
    keys: &Keys,
    name: &RolloutName,
    is_online: &dyn Fn(&DeviceId) -> bool,
    now: Timestamp,
    done: &mut Done,
) -> Result<(), FleetError> {
    let kept = get(tx, name)?;
    let plan = &kept.rollout.plan;
    let release = releases::get(tx, &plan.release)?;
    let counts = &kept.rollout.counts;
    // Looking for them takes a while where there are many.
    let wave = plan.waves.get(kept.rollout.wave);
    let there = if wave.is_some_and(|wave| allowed(wave, counts.devices) > counts.let_in) {
        there(tx, plan, &release, is_online)?
    } else {
        Vec::new()
    };
    let next = decide(plan, kept.place(), counts, there.len() as u64, now);
    let stamp = Stamp::server(now);
    match next {
        Next::Wait => return Ok(()),
        // Asked already.
        Next::Ask if kept.rollout.state == RolloutState::Approval => return Ok(()),
        Next::Ask => state(tx, name, RolloutState::Approval, None)?,
        Next::LetIn(more) => {
            let more = usize::try_from(more.min(AT_ONCE)).unwrap_or(usize::MAX);
            for device in there.into_iter().take(more) {
                updates::let_in(tx, keys, &kept.rollout, &release, &device, now)?;
                done.wake.push(device);
            }
        }
        Next::Soak => soak(tx, name, Some(now))?,
        Next::Unsoak => soak(tx, name, None)?,
        Next::Advance => advance(tx, &kept, &stamp)?,
        Next::Finish => {
            state(tx, name, RolloutState::Done, None)?;
            let after = json!(counts);
            log(tx, &stamp, Act::RolloutFinished, plan, None, Some(after))?;
        }
        Next::Stop(problem) => {
            state(tx, name, RolloutState::Stopped, Some(&problem))?;
            let before = json!({"state": kept.rollout.state, "wave": kept.rollout.wave});
            let after =
                json!({"state": RolloutState::Stopped, "wave": kept.rollout.wave, "why": problem});
            let act = Act::RolloutStopped;
            log(tx, &stamp, act, plan, Some(before), Some(after))?;
            done.wake.extend(super::open(tx, name)?);
        }
    }
    done.changed = true;
    Ok(())
}

fn state(
    tx: &Tx<'_>,
    name: &RolloutName,
    state: RolloutState,
    problem: Option<&str>,
) -> Result<(), FleetError> {
    let sql = "UPDATE rollouts SET state = ?2, problem = ?3 WHERE name = ?1";
    tx.execute(sql, params![name.as_str(), state.as_str(), problem])?;
    Ok(())
}

fn soak(tx: &Tx<'_>, name: &RolloutName, since: Option<Timestamp>) -> Result<(), FleetError> {
    let sql = "UPDATE rollouts SET soaks_since = ?2 WHERE name = ?1";
    tx.execute(sql, params![name.as_str(), since.map(Timestamp::as_second)])?;
    Ok(())
}

fn advance(tx: &Tx<'_>, kept: &Kept, stamp: &Stamp) -> Result<(), FleetError> {
    let rollout = &kept.rollout;
    let sql = "UPDATE rollouts SET wave = wave + 1, soaks_since = NULL WHERE name = ?1";
    tx.execute(sql, [rollout.plan.name.as_str()])?;
    let (before, after) = (
        json!({"wave": rollout.wave}),
        json!({"wave": rollout.wave + 1}),
    );
    log(
        tx,
        stamp,
        Act::RolloutAdvanced,
        &rollout.plan,
        Some(before),
        Some(after),
    )
}

/// Whether any rollout goes on.
pub(crate) fn any(tx: &Tx<'_>) -> Result<bool, FleetError> {
    let sql = "SELECT 1 FROM rollouts WHERE state IN ('running', 'approval') LIMIT 1";
    let found = tx.query_row(sql, (), |_| Ok(())).optional()?;
    Ok(found.is_some())
}
