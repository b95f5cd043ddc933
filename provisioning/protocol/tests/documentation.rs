//! docs/configuration.md and the schema say the same.

use std::collections::BTreeSet;

use saal_fleet_protocol::config;

const GOLDEN: &str = include_str!("golden/v1.toml");
/// The other ways to log in; each excludes the others.
const LOG_INS: [&str; 4] = [
    include_str!("golden/v1-password.toml"),
    include_str!("golden/v1-login-token.toml"),
    include_str!("golden/v1-registration.toml"),
    include_str!("golden/v1-oauth.toml"),
];
const PAGE: &str = include_str!("../../../docs/configuration.md");

/// Keys of a document that has them all: `version`, `room.name`, …
fn keys(document: &str) -> BTreeSet<String> {
    let mut section = String::new();
    let mut keys = BTreeSet::new();
    for line in document.lines() {
        if line.starts_with('[') {
            section = format!("{}.", line.trim_matches(['[', ']']));
        } else if let Some((key, _)) = line.split_once(" = ") {
            keys.insert(format!("{section}{key}"));
        }
    }
    keys
}

/// Keys of all documents.
fn all_keys() -> BTreeSet<String> {
    let documents = LOG_INS.into_iter().chain([GOLDEN]);
    documents.flat_map(keys).collect()
}

/// First column of the page's table.
fn documented() -> BTreeSet<String> {
    let rows = PAGE.lines().filter_map(|l| l.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_golden_document_has_every_key() {
    let config = config::parse(GOLDEN).unwrap();
    let written = toml::to_string(&config).unwrap();
    assert_eq!(keys(GOLDEN), keys(&written));
    for document in LOG_INS {
        let written = toml::to_string(&config::parse(document).unwrap()).unwrap();
        assert!(keys(document).is_subset(&keys(&written)), "{document}");
    }
}

#[test]
fn every_key_is_explained_and_no_other() {
    assert_eq!(documented(), all_keys());
}

#[test]
fn the_example_is_a_configuration() {
    let example = PAGE.split("```toml").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    assert_eq!(
        config::parse(example).unwrap().room.name.as_str(),
        "Raum Lahn"
    );
}

#[test]
fn defaults_are_the_documented_ones() {
    let example = PAGE.split("```toml").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let config = config::parse(example).unwrap();
    let default = |key: &str| {
        let row = PAGE
            .lines()
            .find(|l| l.starts_with(&format!("| `{key}` |")))
            .unwrap();
        row.split('|')
            .nth(2)
            .unwrap()
            .trim()
            .trim_matches(['`', '"'])
            .to_owned()
    };
    let written: toml::Table = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
    for key in [
        "devices.camera",
        "devices.microphone",
        "devices.loudspeaker",
        "devices.content",
        "devices.encoder",
        "devices.mains_hertz",
        "devices.digital_framing",
        "devices.present_when_plugged",
        "panel.keyboard",
        "panel.width",
        "panel.height",
        "panel.theme",
        "panel.brightness_percent",
        "panel.privacy_days",
        "television.width",
        "television.height",
        "web.listen",
        "room.language",
        "matrix.leave_delay_seconds",
    ] {
        let (section, name) = key.split_once('.').unwrap();
        let value = written[section][name].to_string();
        assert_eq!(value.trim_matches('"'), default(key), "{key}");
    }
}
