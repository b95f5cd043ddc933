//! What a device is told of releases, and what it says of them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId, RolloutName, Scope,
    api::{Act, Rollout, RolloutState},
    order::Signed,
    update::{Release, Step, System, UpdateOrder, VERSION},
    wire::RoomState,
};
use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    devices, json,
    orders::Signer,
    parsed, parsed_or_none, releases, rollouts,
};
use crate::{
    error::FleetError,
    keys::Keys,
    store::{Optional as _, Tx, params},
};

/// What a device should be told of releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// To have this one.
    Update(Signed),
    /// That there is none for it, for now or for good.
    None,
}

/// A device is to have a release now.
pub(crate) fn let_in(
    tx: &Tx<'_>,
    keys: &Keys,
    rollout: &Rollout,
    release: &Release,
    device: &DeviceId,
    now: Timestamp,
) -> Result<(), FleetError> {
    let sql = "SELECT state FROM devices WHERE device = ?1";
    let state: Option<RoomState> =
        tx.query_row(sql, [device.as_str()], |row| json(row, "state"))?;
    let troubles: BTreeSet<String> = state.iter().flat_map(serious).collect();
    let sql = "INSERT INTO updates (rollout, device, wave, since, outcome, troubles) VALUES (?1, ?2, ?3, ?4, 'open', ?5)";
    tx.execute(
        sql,
        params![
            rollout.plan.name.as_str(),
            device.as_str(),
            rollout.wave,
            now.as_second(),
            json!(troubles).to_string()
        ],
    )?;
    let sql = "UPDATE devices SET rollout = ?2 WHERE device = ?1";
    tx.execute(sql, [device.as_str(), rollout.plan.name.as_str()])?;
    sign(tx, keys, device, release, now)
}

fn serious(state: &RoomState) -> Vec<String> {
    state.serious().map(str::to_owned).collect()
}

/// Signs an order with a number that the device has not seen.
fn sign(
    tx: &Tx<'_>,
    keys: &Keys,
    device: &DeviceId,
    release: &Release,
    now: Timestamp,
) -> Result<(), FleetError> {
    let sql = "SELECT update_number, system FROM devices WHERE device = ?1";
    let (ours, system) = tx.query_row(sql, [device.as_str()], |row| {
        let system: Option<System> = json(row, "system")?;
        Ok((row.get::<_, u64>("update_number")?, system))
    })?;
    let theirs = system.and_then(|system| system.update);
    let number = ours.max(theirs.map_or(0, |update| update.number)) + 1;
    let order = UpdateOrder {
        version: VERSION,
        device: device.clone(),
        number,
        issued: now,
        release: release.clone(),
    };
    let signed = Signer::now(tx, keys)?.sign_update(&order);
    let pending = u32::from(signed.is_unsigned());
    let sql = "UPDATE devices SET update_number = ?2, update_signed = ?3, update_pending = ?4 WHERE device = ?1";
    let signed = json!(signed).to_string();
    tx.execute(sql, params![device.as_str(), number, signed, pending])?;
    Ok(())
}

/// What a device should be told; nothing at all is said to one that never had to do with updates.
pub(crate) fn due(tx: &Tx<'_>, device: &DeviceId) -> Result<Option<Due>, FleetError> {
    let sql = "SELECT CASE d.update_pending WHEN 0 THEN d.update_signed END AS update_signed, r.state, u.outcome FROM devices d JOIN rollouts r ON r.name = d.rollout \
               JOIN updates u ON u.rollout = d.rollout AND u.device = d.device \
               WHERE d.device = ?1 AND d.system IS NOT NULL";
    let found = tx
        .query_row(sql, [device.as_str()], |row| {
            let signed: Option<Signed> = json(row, "update_signed")?;
            let state: RolloutState = parsed(row, "state")?;
            Ok((signed, state, row.get::<_, String>("outcome")?))
        })
        .optional()?;
    Ok(match found {
        Some((Some(signed), RolloutState::Running | RolloutState::Approval, outcome))
            if outcome == "open" =>
        {
            Some(Due::Update(signed))
        }
        Some((_, _, outcome)) if outcome == "open" => Some(Due::None),
        _ => None,
    })
}

/// How its system is.
pub(crate) fn told(
    tx: &Tx<'_>,
    keys: &Keys,
    device: &DeviceId,
    system: &System,
    now: Timestamp,
) -> Result<(), FleetError> {
    let sql = "UPDATE devices SET system = ?2, compatible = ?3, runs = ?4 WHERE device = ?1 RETURNING update_number, rollout";
    let those = params![
        device.as_str(),
        json!(system).to_string(),
        system.compatible.as_str(),
        system.version.as_str()
    ];
    let (number, rollout): (u64, Option<RolloutName>) = tx.query_row(sql, those, |row| {
        Ok((row.get("update_number")?, parsed_or_none(row, "rollout")?))
    })?;
    let (Some(update), Some(rollout)) = (&system.update, rollout) else {
        return Ok(());
    };
    if update.number > number {
        // A restored back-up: what it says is of an order that this server does not know.
        return sign_again(tx, keys, device, &rollout, now);
    }
    if update.number < number {
        return Ok(());
    }
    let sql = "UPDATE updates SET step = ?3, since = ?4 WHERE rollout = ?1 AND device = ?2 \
               AND (step IS NULL OR step <> ?3) AND outcome IN ('open', 'lost')";
    let step = json!(update.step).to_string();
    let news = tx.execute(
        sql,
        params![rollout.as_str(), device.as_str(), step, now.as_second()],
    )?;
    if news == 0 {
        return Ok(());
    }
    stepped(tx, (&rollout, device), system, &update.step, now)
}

/// What it means for the rollout that a device is at a step.
fn stepped(
    tx: &Tx<'_>,
    (rollout, device): (&RolloutName, &DeviceId),
    system: &System,
    step: &Step,
    now: Timestamp,
) -> Result<(), FleetError> {
    let stamp = Stamp::device(device, now);
    match step {
        Step::Done {} if !runs_it(system) => {
            let problem = format!("it says that it is done, and runs {}", system.version);
            end(tx, (rollout, device), "failed", Some(&problem), &stamp)
        }
        Step::Done {} => {
            end(tx, (rollout, device), "done", None, &stamp)?;
            let sql = "SELECT state FROM devices WHERE device = ?1";
            let state: Option<RoomState> =
                tx.query_row(sql, [device.as_str()], |row| json(row, "state"))?;
            match state {
                Some(state) => room_told(tx, device, &state, now),
                None => Ok(()),
            }
        }
        Step::Failed { why, detail } => {
            let problem = format!("{}: {detail}", why.as_str());
            end(tx, (rollout, device), "failed", Some(&problem), &stamp)
        }
        // It is there again.
        _ => {
            let sql = "UPDATE updates SET outcome = 'open', problem = NULL WHERE rollout = ?1 AND device = ?2";
            tx.execute(sql, [rollout.as_str(), device.as_str()])?;
            Ok(())
        }
    }
}

fn runs_it(system: &System) -> bool {
    let update = system.update.as_ref();
    update.is_some_and(|update| update.version == system.version)
}

fn sign_again(
    tx: &Tx<'_>,
    keys: &Keys,
    device: &DeviceId,
    rollout: &RolloutName,
    now: Timestamp,
) -> Result<(), FleetError> {
    let sql = "SELECT 1 FROM updates WHERE rollout = ?1 AND device = ?2 AND outcome = 'open'";
    let open = tx.query_row(sql, [rollout.as_str(), device.as_str()], |_| Ok(()));
    if open.optional()?.is_none() {
        return Ok(());
    }
    let plan = rollouts::get(tx, rollout)?.rollout.plan;
    sign(tx, keys, device, &releases::get(tx, &plan.release)?, now)
}

/// Signs all orders anew that devices may still have to hear, as the key that did counts no more.
pub(crate) fn sign_open_again(tx: &Tx<'_>, keys: &Keys, now: Timestamp) -> Result<(), FleetError> {
    let sql = "SELECT u.device, u.rollout FROM updates u JOIN devices d ON d.device = u.device AND d.rollout = u.rollout \
               WHERE u.outcome = 'open' AND d.revoked IS NULL ORDER BY u.device";
    let open = tx.query_map(sql, (), |row| {
        Ok((
            parsed::<DeviceId>(row, "device")?,
            parsed::<RolloutName>(row, "rollout")?,
        ))
    })?;
    open.iter()
        .try_for_each(|(device, rollout)| sign_again(tx, keys, device, rollout, now))
}

/// What became of a device's update; what is bad is in the log.
pub(crate) fn end(
    tx: &Tx<'_>,
    (rollout, device): (&RolloutName, &DeviceId),
    outcome: &str,
    problem: Option<&str>,
    stamp: &Stamp,
) -> Result<(), FleetError> {
    let sql = "UPDATE updates SET outcome = ?3, problem = ?4, since = ?5 WHERE rollout = ?1 AND device = ?2";
    tx.execute(
        sql,
        params![
            rollout.as_str(),
            device.as_str(),
            outcome,
            problem,
            stamp.now.as_second()
        ],
    )?;
    let Some(problem) = problem else {
        return Ok(());
    };
    let room = devices::get(tx, device)?.room;
    let deed = Deed {
        act: Act::UpdateFailed,
        scope: &room.unwrap_or_else(Scope::organisation),
        object: device.as_str(),
        before: None,
        after: Some(json!({"rollout": rollout, "outcome": outcome, "problem": problem})),
    };
    audit::record(tx, stamp, deed)
}

/// How the room of a device is, which may have had a release lately: what is broken since then counts against it.
pub(crate) fn room_told(
    tx: &Tx<'_>,
    device: &DeviceId,
    state: &RoomState,
    now: Timestamp,
) -> Result<(), FleetError> {
    let sql = "SELECT u.rollout, u.outcome, u.troubles FROM devices d JOIN updates u ON u.rollout = d.rollout \
               AND u.device = d.device JOIN rollouts r ON r.name = d.rollout \
               WHERE d.device = ?1 AND u.outcome IN ('done', 'ill') AND r.state IN ('running', 'approval', 'paused')";
    let found = tx
        .query_row(sql, [device.as_str()], |row| {
            let before: Option<BTreeSet<String>> = json(row, "troubles")?;
            let rollout: RolloutName = parsed(row, "rollout")?;
            Ok((rollout, row.get::<_, String>("outcome")?, before))
        })
        .optional()?;
    let Some((rollout, outcome, before)) = found else {
        return Ok(());
    };
    let before = before.unwrap_or_default();
    let new: Vec<&str> = state
        .serious()
        .filter(|code| !before.contains(*code))
        .collect();
    let stamp = Stamp::device(device, now);
    match (outcome.as_str(), new.is_empty()) {
        ("done", false) => {
            let problem = format!("since then the room says: {}", new.join(", "));
            end(tx, (&rollout, device), "ill", Some(&problem), &stamp)
        }
        ("ill", true) => end(tx, (&rollout, device), "done", None, &stamp),
        _ => Ok(()),
    }
}
