//! Calendar files after what their producers emit (`tests/fixtures/calendars`), each with the days that it means.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test, and its files"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use saal_calendar::{
    Appointment, CalendarFile, Reading,
    link::{Found, JitsiHosts},
};
use saal_meeting::{Destination, NoWay};

/// What a `.txt` says.
struct Expected {
    now: Timestamp,
    zone: TimeZone,
    room: Vec<String>,
    jitsi: JitsiHosts,
    problem: Option<String>,
    lines: Vec<String>,
}

impl Expected {
    fn read(text: &str) -> Self {
        let mut expected = Self {
            now: "2026-11-26T08:00:00Z".parse().unwrap(),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            room: vec!["room@example.org".to_owned()],
            jitsi: JitsiHosts::Any,
            problem: None,
            lines: Vec::new(),
        };
        let list = |value: &str| value.split(", ").map(str::to_owned).collect::<Vec<_>>();
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            match line.split_once(": ").filter(|(key, _)| !key.contains(' ')) {
                Some(("now", value)) => expected.now = value.parse().unwrap(),
                Some(("zone", value)) => expected.zone = TimeZone::get(value).unwrap(),
                Some(("room", value)) => expected.room = list(value),
                Some(("jitsi", value)) => expected.jitsi = JitsiHosts::Only(list(value)),
                Some(("problem", value)) => expected.problem = Some(value.to_owned()),
                _ => expected.lines.push(line.to_owned()),
            }
        }
        expected
    }
}

fn line(of: &Appointment<'_>, zone: &TimeZone) -> String {
    let local = |at: Timestamp| zone.to_datetime(at).strftime("%Y-%m-%dT%H:%M").to_string();
    let flags = [
        (of.whole_day, "all-day"),
        (of.tentative, "tentative"),
        (of.private, "private"),
        (of.free, "free"),
    ];
    let flags: Vec<&str> = flags
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, name)| *name)
        .collect();
    let flags = if flags.is_empty() {
        "-".to_owned()
    } else {
        flags.join(" ")
    };
    let (start, end) = (local(of.start), local(of.end));
    format!(
        "{start} {end} | {} | {flags} | {}",
        of.title,
        place(of.found)
    )
}

fn place(found: &Found) -> String {
    let one = |destination: &Destination| {
        let place = destination.place();
        match destination {
            Destination::Matrix {
                password: Some(word),
                ..
            }
            | Destination::Jitsi {
                password: Some(word),
                ..
            } => {
                format!("{place} password={}", word.reveal())
            }
            _ => place,
        }
    };
    if !found.destinations.is_empty() {
        let places: Vec<String> = found.destinations.iter().map(one).collect();
        return places.join(" ; ");
    }
    match found.no_way.first() {
        None | Some(NoWay::NoLink) => "-".to_owned(),
        Some(NoWay::OtherService { name }) => format!("no way: OtherService({name})"),
        Some(NoWay::Rewritten { gateway, host }) => {
            let host = host
                .as_ref()
                .map_or(String::new(), |host| format!(", {host}"));
            format!("no way: Rewritten({gateway}{host})")
        }
        Some(NoWay::NotAllowed { host }) => format!("no way: NotAllowed({host})"),
        Some(NoWay::Unreadable { .. }) => "no way: Outdated".to_owned(),
    }
}

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/calendars");
    let folders = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = folders
        .filter(|path| path.is_dir())
        .flat_map(|folder| {
            fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
        })
        .filter(|path| path.extension().is_some_and(|end| end == "ics"))
        .collect();
    files.sort();
    files
}

/// What differs, in the words of the `.txt`.
fn differences(file: &Path) -> Option<String> {
    let expected = Expected::read(&fs::read_to_string(file.with_extension("txt")).unwrap());
    let reading = Reading {
        now: expected.now,
        zone: &expected.zone,
        room: &expected.room,
        jitsi: &expected.jitsi,
        ahead: Reading::WEEKS,
    };
    let bytes = fs::read(file).unwrap();
    // What is kept of a file means the same.
    let kept = CalendarFile::reduced(&bytes, reading, SignedDuration::from_hours(24));
    [&bytes, &kept]
        .into_iter()
        .find_map(|bytes| differs(file, &expected, &CalendarFile::read(bytes, reading)))
}

fn differs(file: &Path, expected: &Expected, read: &CalendarFile) -> Option<String> {
    let (from, to) = (
        expected.now - SignedDuration::from_hours(24),
        expected.now + SignedDuration::from_hours(240),
    );
    let (found, problems) = read.appointments(from, to);
    let found: Vec<String> = found.iter().map(|a| line(a, &expected.zone)).collect();
    let told = match &expected.problem {
        Some(word) => problems
            .iter()
            .any(|p| p.to_lowercase().contains(&word.to_lowercase())),
        None => problems.is_empty(),
    };
    if found == expected.lines && told {
        return None;
    }
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let folder = file
        .parent()
        .unwrap()
        .file_name()
        .unwrap()
        .to_string_lossy();
    Some(format!(
        "{folder}/{name}\n  expected {:#?}\n  problem {:?}\n  found {found:#?}\n  problems {problems:?}",
        expected.lines, expected.problem
    ))
}

#[test]
fn every_file_means_the_days_beside_it() {
    let files = files();
    assert!(files.len() >= 200, "{} files", files.len());
    let wrong: Vec<String> = files.iter().filter_map(|file| differences(file)).collect();
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        files.len(),
        wrong.join("\n")
    );
}
