//! What two libraries, used alone, make of the files in `tests/fixtures/calendars`: calcard, and icalendar with rrule. Where
//! they read a file otherwise than the days beside it say, `known.txt` says why (docs/adr/0037).
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test, and its files"
)]

mod libraries;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

/// A file of the corpus, and when meetings begin by the words beside it.
pub(crate) struct File {
    /// `folder/name`, without its ending.
    name: String,
    pub(crate) text: String,
    pub(crate) zone: TimeZone,
    now: Timestamp,
    expected: Vec<DateTime>,
}

impl File {
    fn read(path: &Path) -> Self {
        let words = fs::read_to_string(path.with_extension("txt")).unwrap();
        let header = |key: &str| words.lines().find_map(|line| line.strip_prefix(key));
        let mut expected: Vec<DateTime> = words
            .lines()
            .filter(|line| line.contains(" | "))
            .map(|line| line.split(' ').next().unwrap().parse().unwrap())
            .collect();
        expected.sort_unstable();
        let folder = path.parent().unwrap().file_name().unwrap();
        let name = path.file_stem().unwrap().to_string_lossy();
        Self {
            name: format!("{}/{name}", folder.to_string_lossy()),
            text: String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned(),
            zone: TimeZone::get(header("zone: ").unwrap_or("Europe/Berlin")).unwrap(),
            now: header("now: ")
                .unwrap_or("2026-11-26T08:00:00Z")
                .parse()
                .unwrap(),
            expected,
        }
    }

    /// Whether something of this length, in seconds, is in the days that the words speak of.
    pub(crate) fn has(&self, start: i64, length: i64) -> bool {
        let from = self.now - SignedDuration::from_hours(24);
        let to = self.now + SignedDuration::from_hours(240);
        start < to.as_second() && start + length.max(1) > from.as_second()
    }

    fn agrees(&self, starts: Option<Vec<i64>>) -> bool {
        let Some(starts) = starts else { return false };
        let local = |second| {
            let at = self
                .zone
                .to_datetime(Timestamp::from_second(second).unwrap());
            at.with().second(0).build().unwrap()
        };
        let mut found: Vec<DateTime> = starts.into_iter().map(local).collect();
        found.sort_unstable();
        found == self.expected
    }
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/calendars");
    let entries = |path: &Path| {
        fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    let folders = entries(&root).filter(|path| path.is_dir());
    let all = folders.flat_map(|folder| entries(&folder).collect::<Vec<PathBuf>>());
    let calendars = all.filter(|path| path.extension().is_some_and(|end| end == "ics"));
    calendars.map(|path| File::read(&path)).collect()
}

/// Library and file, of those that have a reason above them.
fn known() -> BTreeSet<String> {
    let text = include_str!("known.txt");
    let (mut reason, mut all) = (false, BTreeSet::new());
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        match line {
            "" => reason = false,
            line if line.starts_with("why: ") => reason = true,
            line => {
                assert!(reason, "{line} has no reason");
                assert!(all.insert(line.to_owned()), "{line} stands there twice");
            }
        }
    }
    all
}

/// Fails when a library becomes better, too: then something of ours may be taken away.
#[test]
fn libraries_alone_differ_from_the_days_where_it_is_known() {
    let files = files();
    assert!(files.len() >= 200, "{} files", files.len());
    let mut found = BTreeSet::new();
    for file in &files {
        let answers = [
            ("calcard", Some(libraries::calcard(file))),
            ("icalendar", libraries::icalendar(file)),
        ];
        for (library, starts) in answers {
            if !file.agrees(starts) {
                found.insert(format!("{library} {}", file.name));
            }
        }
    }
    let known = known();
    let new: Vec<&String> = found.difference(&known).collect();
    let gone: Vec<&String> = known.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "differs now: {new:#?}\ndiffers no more: {gone:#?}"
    );
}
