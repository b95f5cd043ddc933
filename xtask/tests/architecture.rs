//! ARCHITECTURE.md and the manifests say the same about who depends on whom.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A member: its name, whether all of it is pure, and which of ours it depends on.
#[derive(Debug, PartialEq, Eq)]
struct Member {
    name: String,
    pure: bool,
    depends_on: BTreeSet<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The table, by folder.
fn documented() -> BTreeMap<String, Member> {
    let page = read("ARCHITECTURE.md");
    let rows = page
        .lines()
        .filter(|l| l.starts_with("| saal") || l.starts_with("| xtask"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let depends_on = cells[4].split(", ").filter(|n| !n.is_empty());
        let member = Member {
            name: cells[1].to_owned(),
            pure: cells[3] == "yes",
            depends_on: depends_on.map(str::to_owned).collect(),
        };
        (cells[2].to_owned(), member)
    })
    .collect()
}

/// The workspace's members, by folder.
fn built() -> BTreeMap<String, Member> {
    let manifest: String = read("Cargo.toml");
    let list = manifest.split("members = [").nth(1).unwrap();
    let list = list.split(']').next().unwrap();
    let folders = list.split('"').skip(1).step_by(2);
    folders
        .map(|folder| (folder.to_owned(), member(folder)))
        .collect()
}

fn member(folder: &str) -> Member {
    let manifest = read(&format!("{folder}/Cargo.toml"));
    let mut section = "";
    let mut name = String::new();
    let mut depends_on = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let Some((key, value)) = line.split_once('=') {
            let key = key.trim().trim_end_matches(".workspace");
            if section == "[package]" && key == "name" {
                name = value.trim().trim_matches('"').to_owned();
            } else if section == "[dependencies]" && key.starts_with("saal") {
                depends_on.insert(key.to_owned());
            }
        }
    }
    let rules = fs::read_to_string(root().join(folder).join("clippy.toml"));
    Member {
        name,
        pure: rules.is_ok_and(|rules| rules.contains("Instant::now")),
        depends_on,
    }
}

#[test]
fn the_table_is_what_is_built() {
    let (documented, built) = (documented(), built());
    let folders = |of: &BTreeMap<String, Member>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(folders(&documented), folders(&built));
    for (folder, member) in &built {
        assert_eq!(&documented[folder], member, "{folder}");
    }
}

/// Rule 1: what is plain types depends on nothing that does something, and nobody but the
/// daemon on what it holds together.
#[test]
fn dependencies_point_inward() {
    let built = built();
    let depends = |name: &str| {
        let member = built.values().find(|m| m.name == name).unwrap();
        member
            .depends_on
            .iter()
            .map(String::as_str)
            .collect::<BTreeSet<_>>()
    };
    let plain = [
        "saal-fleet-protocol",
        "saal-hal",
        "saal-media-protocol",
        "saal-meeting",
    ];
    for name in plain.into_iter().chain(["saal-core", "saal-control"]) {
        let outward: Vec<_> = depends(name)
            .into_iter()
            .filter(|d| !plain.contains(d))
            .collect();
        assert!(outward.is_empty(), "{name} depends on {outward:?}");
    }
    for account in [
        "saal-meeting",
        "saal-matrix",
        "saal-core",
        "saal-fleet-protocol",
    ] {
        assert!(
            !depends("saal-media").contains(account),
            "the engine knows {account}"
        );
    }
}
