//! `./dev bench calendar`: a calendar of 100,000 appointments. From the start of a room to its first screen and to today's
//! meeting on it, a day's view, and memory; beside it python-icalendar and recurring-ical-events, in the same run, with the
//! same file. Prints what is wanted, what is, and what the peer needs.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures and may panic"
)]

mod file;
mod room;

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use saal_calendar::{CalendarFile, Reading, link::JitsiHosts};
use serde::Deserialize;

/// How often each thing of ours is done.
const TURNS: usize = 10;
/// Days that are looked at, from today on.
const DAYS: i64 = 10;

/// What the peer says, in milliseconds and MiB.
#[derive(Deserialize)]
struct Peer {
    read: f64,
    days: Vec<f64>,
    meetings: Vec<usize>,
    grown: f64,
}

/// One start of a room, in milliseconds and MiB.
struct Start {
    screen: f64,
    day: f64,
    grown: f64,
    peak: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, calendar, keep] = arguments.as_slice()
        && flag == "--start"
    {
        return room::start(Path::new(calendar), Path::new(keep));
    }
    let python = arguments
        .iter()
        .find(|argument| !argument.starts_with("--"));
    let folder = tempfile::tempdir().unwrap();
    let calendar = folder.path().join("calendar");
    std::fs::create_dir(&calendar).unwrap();
    let now = Timestamp::now();
    let text = file::year_by_year(now);
    let path = calendar.join("room.ics");
    std::fs::write(&path, &text).unwrap();
    let mib = text.len() as f64 / 1024.0 / 1024.0;
    println!(
        "{} appointments of ten years, {mib:.0} MiB; today's is at {}",
        file::APPOINTMENTS,
        file::TITLE
    );

    let days: Vec<Date> = days(now).collect();
    let (read, views, counts) = ours(text.as_bytes(), now, &days);
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let keep = folder.path().join(format!("keep-{turn}"));
        first.push(start(&calendar, &keep));
        again.push(start(&calendar, &keep));
    }
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(empty.join("room.ics"), file::one(now)).unwrap();
    let alone = start(&empty, &folder.path().join("keep-empty"));

    let peer = python.map(|python| peer(python, &path, &days));
    if let Some(peer) = &peer {
        assert_eq!(counts, peer.meetings, "both see the same days");
    }

    let starts = Starts {
        first,
        again,
        alone,
        mib,
    };
    report(read, views, &starts, peer.as_ref());
}

/// Starts with all appointments, nothing kept and something kept, and one with a single appointment.
struct Starts {
    first: Vec<Start>,
    again: Vec<Start>,
    alone: Start,
    /// What the file has.
    mib: f64,
}

fn peer(python: &String, path: &Path, days: &[Date]) -> Peer {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/calendar/peers.py");
    let days = days.iter().map(ToString::to_string);
    let mut run = Command::new(python);
    let output = run.arg(script).arg(path).args(days).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice::<Peer>(&output.stdout).expect(&said)
}

fn report(read: Vec<f64>, views: Vec<f64>, starts: &Starts, from: Option<&Peer>) {
    let of = |all: &[Start], get: fn(&Start) -> f64| median(all.iter().map(get));
    println!(
        "\n{:<52} {:>10} {:>10} {:>12} {:>7}",
        "", "goal", "Saal", "Python", "ratio"
    );
    say("read it all [ms]", None, median(read), from.map(|p| p.read));
    let theirs = from.map(|p| median(p.days.iter().copied()));
    say("a day's view [ms]", Some(10.0), median(views), theirs);
    say(
        "start -> first screen, nothing kept [ms]",
        Some(1000.0),
        of(&starts.first, |s| s.screen),
        None,
    );
    say(
        "start -> today's meeting, nothing kept [ms]",
        None,
        of(&starts.first, |s| s.day),
        None,
    );
    say(
        "next start -> today's meeting [ms]",
        Some(1000.0),
        of(&starts.again, |s| s.day),
        None,
    );
    let grown = of(&starts.first, |s| s.grown) - starts.alone.grown;
    say(
        "memory more than with one appointment [MiB]",
        Some(16.0),
        grown,
        from.map(|p| p.grown),
    );
    let peak = of(&starts.first, |s| s.peak) - starts.alone.peak;
    say(
        "the same while it is read, of what the file has [x]",
        Some(3.0),
        peak / starts.mib,
        None,
    );
    println!(
        "\nMedian of {TURNS} turns, days of {DAYS}; Python reads once. A start is a process with the room's sources, core \
         and panel, and a frame that is drawn."
    );
}

fn days(now: Timestamp) -> impl Iterator<Item = Date> {
    let today = TimeZone::UTC.to_datetime(now).date();
    (0..DAYS).map(move |day| today.saturating_add(jiff::Span::new().days(day)))
}

/// Milliseconds to read, milliseconds for each day, and how many meetings each day has.
fn ours(bytes: &[u8], now: Timestamp, days: &[Date]) -> (Vec<f64>, Vec<f64>, Vec<usize>) {
    let reading = Reading {
        now,
        zone: &TimeZone::UTC,
        room: &[],
        jitsi: &JitsiHosts::Any,
        ahead: Reading::WEEKS,
    };
    let (mut read, mut views, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let started = Instant::now();
        let file = CalendarFile::read(bytes, reading);
        read.push(milliseconds(started));
        for day in days {
            let from = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap();
            let started = Instant::now();
            let (found, problems) = file.appointments(from, from + SignedDuration::from_hours(24));
            views.push(milliseconds(started));
            assert!(problems.is_empty(), "{problems:?}");
            if turn == 0 {
                counts.push(found.len());
            }
        }
    }
    (read, views, counts)
}

/// A process of its own, from its start.
fn start(calendar: &Path, keep: &Path) -> Start {
    let started = Instant::now();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("--start")
        .args([calendar, keep])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = |word: &str| {
        let line = lines.next().expect("it says how far it is").unwrap();
        let rest = line.strip_prefix(word);
        rest.unwrap_or_else(|| panic!("{word}: {line}")).to_owned()
    };
    next("screen");
    let screen = milliseconds(started);
    next("day");
    let day = milliseconds(started);
    let number = |text: String| text.trim().parse::<f64>().unwrap();
    let (grown, peak) = (number(next("memory")), number(next("peak")));
    assert!(child.wait().unwrap().success());
    Start {
        screen,
        day,
        grown,
        peak,
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn say(what: &str, goal: Option<f64>, ours: f64, theirs: Option<f64>) {
    let missed = goal.is_some_and(|goal| ours > goal);
    let goal = goal.map_or_else(String::new, |goal| goal.to_string());
    let (peer, ratio) = match theirs {
        Some(theirs) => (format!("{theirs:.2}"), format!("{:.3}", ours / theirs)),
        None => (String::new(), String::new()),
    };
    let verdict = if missed { "  missed" } else { "" };
    println!("{what:<52} {goal:>10} {ours:>10.2} {peer:>12} {ratio:>7}{verdict}");
}
