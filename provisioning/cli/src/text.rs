//! Answers as people read them.

mod authority;
mod keys;
mod log;
mod log_of_room;
mod updates;

use saal_fleet_protocol::fleet::{
    api::{Device, Explained, IssuedToken, Page, Preview, Token, Waiting, Written},
    wire::{Outcome, Report},
};

pub(crate) use authority::authority;
pub(crate) use keys::{keys, list, root};
pub(crate) use log::{access, audit, audit_check, people, webhooks, welcome};
pub(crate) use log_of_room::log_of_room;
pub(crate) use updates::{bar, compared, releases, rollout, rollout_devices, rollouts};

/// A table with its columns under each other; nothing at all is a sentence.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>], none: &str) -> String {
    if rows.is_empty() {
        return format!("{none}\n");
    }
    let head: Vec<String> = head.iter().map(|cell| cell.to_uppercase()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
    let width = |column: usize| {
        all.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for row in all {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// On which line of a table a device is well.
fn standing(device: &Device) -> String {
    let standing = match (&device.report, &device.problem) {
        _ if device.revoked => "revoked",
        (_, Some(_)) => "no configuration",
        (
            Some(Report {
                outcome: Outcome::RolledBack { .. },
                generation,
            }),
            _,
        ) if *generation >= device.wanted => "rolled back",
        (
            Some(Report {
                outcome: Outcome::Refused { .. },
                generation,
            }),
            _,
        ) if *generation >= device.wanted => "refused",
        _ if device.wanted == 0 => "nothing to do",
        _ if device.generation == device.wanted => "up to date",
        _ => "waits",
    };
    standing.to_owned()
}

pub(crate) fn dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

/// A page of devices, so many of which were left out.
pub(crate) fn devices(page: &Page<Device>, after: u64) -> String {
    let rows: Vec<Vec<String>> = page
        .items
        .iter()
        .map(|device| {
            vec![
                dash(device.room.as_ref().map(ToString::to_string)),
                device.device.to_string(),
                device.serial.clone(),
                if device.online { "online" } else { "offline" }.to_owned(),
                format!("{}/{}", device.generation, device.wanted),
                standing(device),
            ]
        })
        .collect();
    let head = [
        "room",
        "device",
        "serial",
        "connection",
        "generation",
        "configuration",
    ];
    let mut text = table(&head, &rows, "no devices");
    let shown = after + page.items.len() as u64;
    if page.total > shown {
        text += &format!("{shown} of {}; --after {shown} shows more\n", page.total);
    }
    text
}

pub(crate) fn device(device: &Device) -> String {
    let mut lines = vec![
        ("device", device.device.to_string()),
        ("serial number", device.serial.clone()),
        ("model", device.model.clone()),
        ("room", dash(device.room.as_ref().map(ToString::to_string))),
        (
            "connection",
            if device.online { "online" } else { "offline" }.to_owned(),
        ),
        ("last seen", dash(device.last_seen.map(|at| at.to_string()))),
        ("agent", dash(device.agent.clone())),
        (
            "generation",
            format!("{} in use, {} wanted", device.generation, device.wanted),
        ),
        ("configuration", standing(device)),
    ];
    if let Some(system) = &device.system {
        lines.push((
            "system",
            format!(
                "{} in slot {}, {}",
                system.version, system.slot, system.compatible
            ),
        ));
        if let Some(update) = &system.update {
            lines.push((
                "update",
                format!("{}: {}", update.version, updates::step(&update.step)),
            ));
            if let Some(bytes) = update.fetched {
                lines.push(("fetched", updates::fetched(bytes)));
            }
        }
    }
    if let Some(problem) = &device.problem {
        lines.push(("problem", problem.clone()));
    }
    if let Some(Report {
        generation,
        outcome,
    }) = &device.report
    {
        lines.push(("last report", told(*generation, outcome)));
    }
    if let Some(state) = &device.state {
        lines.push(("phase", state.phase.clone()));
        lines.push((
            "troubles",
            dash((!state.troubles.is_empty()).then(|| state.troubles.join(", "))),
        ));
    }
    let lines = lines
        .into_iter()
        .map(|(name, value)| format!("{name:15}{value}\n"));
    lines.collect()
}

fn told(generation: u64, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Confirmed {} => format!("generation {generation} confirmed"),
        Outcome::RolledBack { to, why, detail } => {
            format!(
                "generation {generation} rolled back to {to} ({}): {detail}",
                why.as_str()
            )
        }
        Outcome::Refused { detail } => format!("generation {generation} refused: {detail}"),
    }
}

pub(crate) fn waiting(all: &[Waiting]) -> String {
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            vec![
                one.serial.clone(),
                one.model.clone(),
                one.since.to_string(),
                dash(one.replaces.as_ref().map(ToString::to_string)),
            ]
        })
        .collect();
    table(
        &["serial", "model", "since", "replaces"],
        &rows,
        "no device waits",
    )
}

pub(crate) fn written(all: &[Written]) -> String {
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| vec![one.key.to_string(), one.value.to_string(), lock(one.locked)])
        .collect();
    table(&["key", "value", "lock"], &rows, "this layer says nothing")
}

fn lock(locked: bool) -> String {
    if locked { "locked" } else { "" }.to_owned()
}

pub(crate) fn explained(explained: &Explained) -> String {
    let rows: Vec<Vec<String>> = explained
        .values
        .iter()
        .map(|(key, origin)| {
            vec![
                key.to_string(),
                origin.value.to_string(),
                origin.from.to_string(),
                lock(origin.locked),
            ]
        })
        .collect();
    let mut text = table(
        &["key", "value", "from", "lock"],
        &rows,
        "no layer says anything",
    );
    for one in &explained.overruled {
        text += &format!(
            "{}: what {} says does not count, {} locked it\n",
            one.key, one.scope, one.locked_by
        );
    }
    for (name, scope) in &explained.secrets {
        text += &format!("secret {name} from {scope}\n");
    }
    if let Some(problem) = &explained.problem {
        text += &format!("no configuration yet: {problem}\n");
    }
    text
}

pub(crate) fn preview(preview: &Preview, dry_run: bool) -> String {
    let what = if dry_run { "would change" } else { "changed" };
    let mut text = format!("{} {what}\n", rooms(preview.changed));
    for room in &preview.rooms {
        text += &format!("{}\n", room.room);
        for key in &room.keys {
            let value = |value: &Option<toml::Value>| dash(value.as_ref().map(ToString::to_string));
            text += &format!(
                "  {}: {} -> {}\n",
                key.key,
                value(&key.before),
                value(&key.after)
            );
        }
        if let Some(problem) = &room.problem {
            text += &format!("  no configuration yet: {problem}\n");
        }
    }
    text
}

fn rooms(count: u64) -> String {
    if count == 1 {
        "1 room".to_owned()
    } else {
        format!("{count} rooms")
    }
}

pub(crate) fn tokens(all: &[Token]) -> String {
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            vec![
                one.name.clone(),
                format!("{}/{}", one.used, one.uses),
                one.expires.to_string(),
                dash(one.room.as_ref().map(ToString::to_string)),
            ]
        })
        .collect();
    table(&["name", "used", "expires", "room"], &rows, "no tokens")
}

pub(crate) fn issued(issued: &IssuedToken) -> String {
    let root = issued.root.as_ref();
    let root = root.map_or_else(String::new, |root| format!(" root:{root}"));
    format!(
        "{}{root}\nThis is shown once. It is good until {}. The whole line is for token_file: with what stands behind the token a \
         device goes into no other fleet.\n",
        issued.token, issued.expires
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = [
            vec!["kassel/rathaus/lahn".to_owned(), "1".to_owned()],
            vec!["-".to_owned(), "22".to_owned()],
        ];
        let text = table(&["room", "n"], &rows, "none");
        assert_eq!(
            text,
            "ROOM                 N\nkassel/rathaus/lahn  1\n-                    22\n"
        );
        assert_eq!(table(&["room"], &[], "none"), "none\n");
    }
}
