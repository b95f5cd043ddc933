//! Releases and rollouts.

use saal_fleet_protocol::fleet::{
    api::{Rollout, RolloutDevice, StoredRelease},
    update::{Step, Wait},
};

use super::{dash, table};

/// So many signs a bar has.
const BAR: u64 = 30;

pub(crate) fn releases(all: &[StoredRelease]) -> String {
    let line = |one: &StoredRelease| {
        let stored = if one.stored {
            "here"
        } else {
            "missing, add it again"
        };
        vec![
            one.release.version.to_string(),
            one.release.compatible.to_string(),
            one.release.size.to_string(),
            one.added.to_string(),
            stored.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(line).collect();
    let head = ["release", "for", "bytes", "added", "bundle"];
    table(&head, &rows, "no releases")
}

pub(crate) fn rollouts(all: &[Rollout]) -> String {
    let line = |one: &Rollout| {
        vec![
            one.plan.name.to_string(),
            one.plan.release.to_string(),
            one.plan.scope.to_string(),
            one.state.as_str().to_owned(),
            wave(one),
            format!("{}/{}", one.counts.done, one.counts.devices),
            one.counts.bad().to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(line).collect();
    let head = ["name", "release", "where", "state", "wave", "done", "bad"];
    table(&head, &rows, "no rollouts")
}

fn wave(rollout: &Rollout) -> String {
    format!("{} of {}", rollout.wave + 1, rollout.plan.waves.len())
}

pub(crate) fn rollout(rollout: &Rollout) -> String {
    let counts = &rollout.counts;
    let mut lines = vec![
        ("rollout", rollout.plan.name.to_string()),
        ("release", rollout.plan.release.to_string()),
        ("where", rollout.plan.scope.to_string()),
        ("state", rollout.state.as_str().to_owned()),
        ("wave", wave(rollout)),
        (
            "watched since",
            dash(rollout.soaks_since.map(|at| at.to_string())),
        ),
        (
            "devices",
            format!(
                "{} of {} let in: {} have it, {} are on the way, {} failed, {} lost, {} not well",
                counts.let_in,
                counts.devices,
                counts.done,
                counts.open(),
                counts.failed,
                counts.lost,
                counts.ill
            ),
        ),
    ];
    if let Some(problem) = &rollout.problem {
        lines.push(("why", problem.clone()));
    }
    let mut text: String = lines
        .into_iter()
        .map(|(name, value)| format!("{name:15}{value}\n"))
        .collect();
    for (number, wave) in rollout.plan.waves.iter().enumerate() {
        let approval = if wave.approval {
            ", somebody allows it"
        } else {
            ""
        };
        text += &format!(
            "wave {:10}{} %, watched for {} min{approval}\n",
            number + 1,
            wave.percent,
            wave.soak_minutes
        );
    }
    text
}

/// One line: how many of all devices have it.
pub(crate) fn bar(rollout: &Rollout) -> String {
    let counts = &rollout.counts;
    let all = counts.devices.max(1);
    let full = counts.done.min(all) * BAR / all;
    let begun = (counts.let_in.min(all) * BAR / all).saturating_sub(full);
    let rest = BAR - full - begun;
    let signs = |sign: &str, count: u64| sign.repeat(usize::try_from(count).unwrap_or_default());
    format!(
        "[{}{}{}] {} of {}, {} bad, wave {}, {}",
        signs("#", full),
        signs("-", begun),
        signs(" ", rest),
        counts.done,
        counts.devices,
        counts.bad(),
        wave(rollout),
        rollout.state.as_str()
    )
}

pub(crate) fn rollout_devices(all: &[RolloutDevice]) -> String {
    let line = |one: &RolloutDevice| {
        vec![
            dash(one.room.as_ref().map(ToString::to_string)),
            one.device.to_string(),
            (one.wave + 1).to_string(),
            dash(one.step.as_ref().map(step)),
            dash(one.fetched.map(fetched)),
            one.since.to_string(),
            dash(one.problem.clone()),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(line).collect();
    let head = [
        "room", "device", "wave", "step", "fetched", "since", "problem",
    ];
    table(&head, &rows, "no device was let in")
}

/// What came over the network of a bundle: the device had the rest.
pub(crate) fn fetched(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

/// What comes over the network of a bundle, where most of it is there already.
pub(crate) fn compared(bytes: u64, size: u64) -> String {
    let thousandths = bytes * 1000 / size.max(1);
    format!(
        "fetches {} of {} MiB, {}.{:03}\n",
        bytes.div_ceil(1 << 20),
        size.div_ceil(1 << 20),
        thousandths / 1000,
        thousandths % 1000
    )
}

pub(crate) fn step(step: &Step) -> String {
    match step {
        Step::Waits { why } => format!("waits: {}", wait(*why)),
        Step::Downloads { percent } => format!("downloads, {percent} %"),
        Step::Installs { percent } => format!("installs, {percent} %"),
        Step::Restarts {} => "restarts".to_owned(),
        Step::Tries {} => "on trial".to_owned(),
        Step::Done {} => "done".to_owned(),
        Step::Failed { why, detail } => format!("failed ({}): {detail}", why.as_str()),
    }
}

fn wait(why: Wait) -> &'static str {
    match why {
        Wait::Window => "no window is open",
        Wait::Meeting => "a meeting",
        Wait::MeetingSoon => "a meeting begins soon",
        Wait::Configuration => "a configuration is tried",
        Wait::Room => "the room does not answer",
        Wait::Network => "the bundle does not come",
        Wait::Called => "held",
        Wait::Distrust => "no signed list has it",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_an_update_fetches_is_told_in_mebibytes_and_as_a_part() {
        let told = super::compared(43 << 20, 300 << 20);
        assert_eq!(told, "fetches 43 of 300 MiB, 0.143\n");
        assert_eq!(super::compared(0, 0), "fetches 0 of 0 MiB, 0.000\n");
    }

    use saal_fleet_protocol::fleet::api::{NewRollout, RolloutCounts, RolloutState};

    use super::*;

    #[test]
    fn a_bar_shows_what_is_done_what_is_begun_and_what_is_not() {
        let plan: NewRollout = serde_json::from_str(
            r#"{"name":"november","release":"2","scope":"/","waves":[{"percent":50},{"percent":100}]}"#,
        )
        .unwrap();
        let now = Rollout {
            plan,
            state: RolloutState::Running,
            wave: 0,
            soaks_since: None,
            began: "2026-11-26T10:00:00Z".parse().unwrap(),
            problem: None,
            counts: RolloutCounts {
                devices: 30,
                let_in: 15,
                done: 10,
                failed: 1,
                ..RolloutCounts::default()
            },
        };
        let expected = format!(
            "[{}{}{}] 10 of 30, 1 bad, wave 1 of 2, running",
            "#".repeat(10),
            "-".repeat(5),
            " ".repeat(15)
        );
        assert_eq!(bar(&now), expected);
        assert!(rollout(&now).contains("15 of 30 let in: 10 have it, 4 are on the way, 1 failed"));
    }
}
