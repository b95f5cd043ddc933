//! What is told together: one line for each kind and site, however many rooms it is about.

use std::collections::BTreeMap;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    Scope,
    api::{AlertGroup, AlertKind},
};

/// So many rooms are named.
const NAMED: usize = 20;

/// One thing to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) kind: AlertKind,
    pub(super) object: String,
    pub(super) code: String,
    pub(super) scope: Scope,
    pub(super) detail: Option<String>,
    pub(super) began: i64,
}

impl Told {
    fn name(&self) -> String {
        match self.kind {
            AlertKind::RolloutStopped
            | AlertKind::Root
            | AlertKind::Unsigned
            | AlertKind::Authority => self.object.clone(),
            _ => self.scope.to_string(),
        }
    }

    /// Rollouts and what keys sign stand alone.
    fn key(&self) -> (AlertKind, String, Scope, String) {
        let chain = self.scope.chain();
        let site = chain.get(1).unwrap_or(&chain[0]).clone();
        let own = if self.kind.is_event() || self.kind == AlertKind::Root {
            self.object.clone()
        } else {
            String::new()
        };
        (self.kind, self.code.clone(), site, own)
    }
}

/// The smallest place that has all of them in it.
fn common(scopes: impl IntoIterator<Item = Scope>) -> Scope {
    let both = |a: Scope, b: Scope| {
        let shared = a.chain().into_iter().rev().find(|place| b.is_within(place));
        shared.unwrap_or_else(Scope::organisation)
    };
    scopes
        .into_iter()
        .reduce(both)
        .unwrap_or_else(Scope::organisation)
}

/// One group for each kind, code and site. How many rooms there are in its place is not known yet.
pub(super) fn group(all: Vec<Told>) -> Vec<AlertGroup> {
    let mut parts: BTreeMap<_, Vec<Told>> = BTreeMap::new();
    for one in all {
        parts.entry(one.key()).or_default().push(one);
    }
    let made = parts.into_values().map(|mut part| {
        part.sort_by(|a, b| (&a.scope, &a.object).cmp(&(&b.scope, &b.object)));
        let first = part.iter().map(|one| one.began).min().unwrap_or_default();
        AlertGroup {
            kind: part[0].kind,
            code: Some(part[0].code.clone()).filter(|code| !code.is_empty()),
            place: common(part.iter().map(|one| one.scope.clone())),
            count: part.len() as u64,
            of: 0,
            names: part.iter().take(NAMED).map(Told::name).collect(),
            since: Timestamp::from_second(first).unwrap_or(Timestamp::UNIX_EPOCH),
            detail: part[0].detail.clone(),
        }
    });
    made.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: AlertKind, code: &str, room: &str) -> Told {
        Told {
            kind,
            object: room.to_owned(),
            code: code.to_owned(),
            scope: room.parse().unwrap(),
            detail: None,
            began: room.len().try_into().unwrap(),
        }
    }

    #[test]
    fn a_site_is_one_line_for_each_thing_that_is_wrong_there() {
        let mut all: Vec<Told> = (0..40)
            .map(|n| told(AlertKind::Offline, "", &format!("kassel/rathaus/r{n}")))
            .collect();
        all.push(told(AlertKind::Offline, "", "kassel/schloss/eder"));
        all.push(told(AlertKind::Offline, "", "fulda/dom/lahn"));
        all.push(told(AlertKind::Trouble, "camera", "kassel/rathaus/r1"));
        all.push(told(AlertKind::Trouble, "microphone", "kassel/rathaus/r1"));
        let groups = group(all);
        let lines: Vec<_> = groups
            .iter()
            .map(|group| {
                (
                    group.place.as_str(),
                    group.count,
                    group.names.len(),
                    group.code.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                ("fulda/dom/lahn", 1, 1, None),
                ("kassel", 41, 20, None),
                ("kassel/rathaus/r1", 1, 1, Some("camera")),
                ("kassel/rathaus/r1", 1, 1, Some("microphone")),
            ]
        );
        assert_eq!(groups[1].since.as_second(), 17, "the first of them");
    }
}
