//! What is wrong, in words: for those who are told, and for the page.

use std::fmt::Write as _;

use saal_fleet_protocol::fleet::api::{AlertGroup, AlertKind, AlertLanguage, AlertPlan};

use super::{
    Language, Words,
    forms::{id, place},
};
use crate::fleet::alerts::Message;

/// So many groups are written out; a message is read by people.
const WRITTEN: usize = 40;

/// What a kind is called.
pub(super) fn kind(words: &Words, kind: AlertKind) -> String {
    words.say(match kind {
        AlertKind::Offline => id("alert-offline"),
        AlertKind::NotReady => id("alert-not-ready"),
        AlertKind::Trouble => id("alert-trouble"),
        AlertKind::RolloutStopped => id("alert-rollout-stopped"),
        AlertKind::Certificate => id("alert-certificate"),
        AlertKind::Root => id("alert-root"),
        AlertKind::Unsigned => id("alert-unsigned"),
        AlertKind::Authority => id("alert-authority"),
    })
}

/// Subject and text of a message; `url` is where the dashboard is.
pub(crate) fn told(plan: &AlertPlan, message: &Message, url: &str) -> (String, String) {
    let words = Words::of(match plan.language {
        AlertLanguage::De => Language::De,
        AlertLanguage::En => Language::En,
    });
    let subject = format!("Saal: {}", subject(words, plan, message));
    let mut text = String::new();
    if message.began.is_empty() && message.over.is_empty() {
        text = words.tell("alert-test-text", &[("name", &plan.name)]) + "\n";
    }
    part(words, &mut text, id("alert-began"), &message.began);
    part(words, &mut text, id("alert-over"), &message.over);
    let _ = writeln!(text, "{url}/alerts");
    (subject, text)
}

fn subject(words: &Words, plan: &AlertPlan, message: &Message) -> String {
    match (&message.began[..], &message.over[..]) {
        ([], []) => words.tell("alert-test", &[("name", &plan.name)]),
        ([one], []) => sentence(words, one),
        ([], [one]) => words.tell("alert-over-one", &[("what", &sentence(words, one))]),
        (began, over) => {
            let sum = |groups: &[AlertGroup]| groups.iter().map(|group| group.count).sum();
            let counts = [
                (id("alert-count-began"), sum(began)),
                (id("alert-count-over"), sum(over)),
            ];
            let counts = counts.into_iter().filter(|(_, count)| *count > 0);
            let counts: Vec<String> = counts
                .map(|(message, count)| words.count(message, count))
                .collect();
            counts.join(", ")
        }
    }
}

fn part(words: &Words, text: &mut String, heading: &str, groups: &[AlertGroup]) {
    if groups.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}", words.say(heading));
    for group in groups.iter().take(WRITTEN) {
        let since = words.tell("alert-since", &[("when", &words.moment(group.since))]);
        let _ = writeln!(text, "- {}, {since}", sentence(words, group));
        if let Some(detail) = &group.detail {
            let _ = writeln!(text, "    {detail}");
        }
        if group.count > 1 {
            let more = group.count - group.names.len() as u64;
            let _ = write!(text, "    {}", group.names.join(", "));
            let _ = match more {
                0 => writeln!(text),
                more => writeln!(text, " {}", words.count("and-more", more)),
            };
        }
    }
    let more = groups.len().saturating_sub(WRITTEN) as u64;
    if more > 0 {
        let _ = writeln!(text, "{}", words.count("and-more", more));
    }
    text.push('\n');
}

fn sentence(words: &Words, group: &AlertGroup) -> String {
    let message = match group.kind {
        AlertKind::Offline => id("alert-offline-there"),
        AlertKind::NotReady => id("alert-not-ready-there"),
        AlertKind::Trouble => id("alert-trouble-there"),
        AlertKind::RolloutStopped => id("alert-rollout-stopped-there"),
        AlertKind::Certificate => id("alert-certificate-there"),
        AlertKind::Root if group.names.first().is_some_and(|name| name == "releases") => {
            id("alert-list-there")
        }
        AlertKind::Root => id("alert-root-there"),
        AlertKind::Unsigned => id("alert-unsigned-there"),
        AlertKind::Authority => id("alert-authority-there"),
    };
    let (place, of) = (place(words, &group.place), group.of.to_string());
    let values = [
        ("place", place.as_str()),
        ("of", &of),
        ("code", group.code.as_deref().unwrap_or_default()),
        ("name", group.names.first().map_or("", String::as_str)),
    ];
    words.counted(message, group.count, &values)
}

#[cfg(test)]
mod unit {
    use jiff::Timestamp;
    use saal_fleet_protocol::fleet::Scope;

    use super::*;

    fn offline(place: &str, count: u64) -> AlertGroup {
        AlertGroup {
            kind: AlertKind::Offline,
            code: None,
            place: place.parse().unwrap(),
            count,
            of: count,
            names: vec!["kassel/rathaus/lahn".to_owned()],
            since: Timestamp::UNIX_EPOCH,
            detail: None,
        }
    }

    #[test]
    fn a_sites_outage_is_one_subject_in_each_language() {
        let mut plan: AlertPlan = serde_json::from_value(serde_json::json!({
            "name": "night", "scope": Scope::organisation(), "channel": {"webhook": {"url": "https://example.org"}}
        }))
        .unwrap();
        let mut message = Message {
            id: String::new(),
            at: Timestamp::UNIX_EPOCH,
            began: vec![offline("kassel", 40)],
            over: Vec::new(),
        };
        let (subject, text) = told(&plan, &message, "https://fleet.example.org");
        assert_eq!(subject, "Saal: kassel: 40 of 40 rooms are offline");
        assert!(
            text.contains("and 39 more") && text.contains("https://fleet.example.org/alerts"),
            "{text}"
        );
        plan.language = AlertLanguage::De;
        message.over.push(offline("fulda/dom/lahn", 1));
        let (subject, text) = told(&plan, &message, "");
        assert_eq!(subject, "Saal: 40 neue Störungen, eine vorbei");
        assert!(
            text.contains("kassel: 40 von 40 Räumen sind offline"),
            "{text}"
        );
        (message.began, message.over) = (Vec::new(), Vec::new());
        assert!(told(&plan, &message, "").0.contains("night"));
    }
}
