//! Several calendars side by side.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use saal_calendar::{Calendar, CalendarFile, Reading, link::JitsiHosts};
use saal_meeting::{Destination, Meeting, NoWay};

fn now() -> Timestamp {
    "2026-11-26T08:00:00Z".parse().unwrap()
}

fn file(events: &[&str]) -> Arc<CalendarFile> {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let reading = Reading {
        now: now(),
        zone: &zone,
        room: &[],
        jitsi: &JitsiHosts::Any,
        ahead: Reading::WEEKS,
    };
    let events: String = events
        .iter()
        .map(|e| format!("BEGIN:VEVENT\r\n{e}END:VEVENT\r\n"))
        .collect();
    let text = format!("BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n");
    Arc::new(CalendarFile::read(text.as_bytes(), reading))
}

fn event(uid: &str, title: &str, more: &str) -> String {
    format!(
        "UID:{uid}\r\nDTSTART:20261126T090000Z\r\nDTEND:20261126T100000Z\r\nSUMMARY:{title}\r\n{more}"
    )
}

fn meetings(calendar: &mut Calendar) -> Vec<Meeting> {
    let (meetings, problems) = calendar.meetings(now());
    assert!(problems.is_empty(), "{problems:?}");
    meetings
}

#[test]
fn an_appointment_in_two_calendars_is_one_and_has_its_link() {
    let lost = event(
        "a",
        "Weekly",
        "LOCATION:https://protect-eu.mimecast.com/s/x\r\n",
    );
    let whole = event(
        "a",
        "Weekly",
        "LOCATION:https://meet.example.org/Weekly\r\n",
    );
    for (first, second) in [(&lost, &whole), (&whole, &lost)] {
        let mut calendar = Calendar::default();
        calendar.set_source("exchange", file(&[first]));
        calendar.set_source("matrix", file(&[second]));
        let found = meetings(&mut calendar);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            found[0].destination.place(),
            "https://meet.example.org/Weekly"
        );
    }
}

#[test]
fn the_same_place_at_the_same_time_is_one_meeting() {
    let mut calendar = Calendar::default();
    let of = |uid| event(uid, "Weekly", "URL:https://meet.example.org/Weekly\r\n");
    calendar.set_source("a", file(&[&of("one"), &of("two")]));
    assert_eq!(meetings(&mut calendar).len(), 1);
}

#[test]
fn what_can_not_be_joined_is_there_with_its_reason() {
    let mut calendar = Calendar::default();
    let teams = event(
        "a",
        "Deal",
        "LOCATION:https://teams.microsoft.com/l/meetup-join/x\r\n",
    );
    let table = event("b", "Lunch", "");
    calendar.set_source("a", file(&[&teams, &table]));
    let found = meetings(&mut calendar);
    let why = |meeting: &Meeting| match &meeting.destination {
        Destination::Nowhere { why } => why.clone(),
        other => panic!("{other:?}"),
    };
    let name = "Microsoft Teams".to_owned();
    assert_eq!(why(&found[0]), NoWay::OtherService { name });
    assert_eq!(why(&found[1]), NoWay::NoLink);
}

#[test]
fn a_private_appointment_keeps_its_title_to_itself() {
    let mut calendar = Calendar::default();
    let secret = event("a", "Dismissal of Max", "CLASS:PRIVATE\r\n");
    calendar.set_source("a", file(&[&secret]));
    let found = meetings(&mut calendar);
    assert!(found[0].private && found[0].title.is_empty());
    assert!(!format!("{found:?}").contains("Max"));
}

#[test]
fn birthdays_take_no_room_unless_they_have_a_link() {
    let mut calendar = Calendar::default();
    let birthday = event("a", "Ada's birthday", "TRANSP:TRANSPARENT\r\n");
    let open = event(
        "b",
        "Open hour",
        "TRANSP:TRANSPARENT\r\nURL:https://meet.example.org/Open\r\n",
    );
    calendar.set_source("a", file(&[&birthday, &open]));
    let titles: Vec<String> = meetings(&mut calendar)
        .into_iter()
        .map(|m| m.title)
        .collect();
    assert_eq!(titles, ["Open hour"]);
}

#[test]
fn a_calendar_that_is_no_longer_configured_is_forgotten() {
    let mut calendar = Calendar::default();
    calendar.set_source("a", file(&[&event("a", "Weekly", "")]));
    calendar.set_source("b", file(&[&event("b", "Board", "")]));
    calendar.keep_sources(&["b"]);
    let titles: Vec<String> = meetings(&mut calendar)
        .into_iter()
        .map(|m| m.title)
        .collect();
    assert_eq!(titles, ["Board"]);
}

#[test]
fn every_place_that_an_invitation_names_is_kept_the_likeliest_first() {
    let mut calendar = Calendar::default();
    let both = event(
        "a",
        "Weekly",
        "LOCATION:https://meet.example.org/Weekly\r\n\
         DESCRIPTION:If that fails: https://matrix.to/#/#weekly:example.org\r\n",
    );
    let copy = event("a", "Weekly", "URL:https://meet.example.org/Spare\r\n");
    calendar.set_source("a", file(&[&both]));
    calendar.set_source("b", file(&[&copy]));
    let found = meetings(&mut calendar);
    let [meeting] = &found[..] else {
        panic!("{found:?}")
    };
    let places: Vec<String> = meeting.places().map(Destination::place).collect();
    assert_eq!(
        places,
        [
            "https://meet.example.org/Weekly",
            "#weekly:example.org",
            "https://meet.example.org/Spare"
        ]
    );
    let other = meeting.at_place("#weekly:example.org").unwrap();
    assert_eq!(other.destination.place(), "#weekly:example.org");
    assert_eq!(other.others[0].place(), "https://meet.example.org/Weekly");
    assert_eq!(meeting.at_place("https://elsewhere.example/"), None);
}

#[test]
fn what_is_not_sure_yet_says_so() {
    let mut calendar = Calendar::default();
    let unsure = event("a", "Perhaps", "STATUS:TENTATIVE\r\n");
    calendar.set_source("a", file(&[&unsure, &event("b", "Surely", "")]));
    let found = meetings(&mut calendar);
    let told: Vec<bool> = found.iter().map(|meeting| meeting.tentative).collect();
    assert_eq!(told, [true, false]);
}

/// Starts and places of what is on the panel, with CalDAV and a feed that is slower.
fn told(caldav: &[&str], feed: &[&str]) -> Vec<(String, String)> {
    // Whichever is looked at first.
    let told = |first: &str, second: &str| {
        let mut calendar = Calendar::default();
        calendar.set_source(first, file(caldav));
        calendar.set_source(second, file(feed));
        let found = meetings(&mut calendar).into_iter();
        let line = |m: Meeting| (m.start.unwrap().to_string(), m.destination.place());
        found.map(line).collect::<Vec<_>>()
    };
    let one = told("a caldav", "b feed");
    assert_eq!(one, told("z caldav", "b feed"));
    one
}

fn weekly(start: &str, more: &str) -> String {
    format!(
        "UID:a\r\nDTSTART:{start}\r\nDURATION:PT1H\r\nURL:https://meet.example.org/Weekly\r\n{more}"
    )
}

fn at_weekly(start: &str) -> (String, String) {
    (
        start.to_owned(),
        "https://meet.example.org/Weekly".to_owned(),
    )
}

#[test]
fn what_a_slower_source_still_has_at_the_old_time_is_not_shown() {
    let old = weekly("20261126T090000Z", "SEQUENCE:0\r\n");
    let moved = weekly("20261126T130000Z", "SEQUENCE:1\r\n");
    let expected = [at_weekly("2026-11-26T13:00:00Z")];
    assert_eq!(told(&[&moved], &[&old]), expected);
    assert_eq!(told(&[&old], &[&moved]), expected, "the feed was faster");
}

#[test]
fn what_a_slower_source_still_has_of_a_cancelled_meeting_is_not_shown() {
    let old = weekly("20261126T090000Z", "SEQUENCE:0\r\n");
    let cancelled = weekly(
        "20261126T090000Z",
        "SEQUENCE:1\r\nSTATUS:CANCELLED\r\nDTSTAMP:20261126T070000Z\r\n",
    );
    assert_eq!(told(&[&cancelled], &[&old]), []);
    let held = weekly("20261126T090000Z", "SEQUENCE:1\r\n");
    assert_eq!(told(&[&held], &[&cancelled]), [], "the stamp decides");
}

#[test]
fn one_of_a_series_is_told_as_its_latest_version_has_it() {
    let series = weekly("20261119T090000Z", "RRULE:FREQ=WEEKLY\r\n");
    let moved = weekly(
        "20261126T130000Z",
        "SEQUENCE:1\r\nRECURRENCE-ID:20261126T090000Z\r\n",
    );
    let expected = [at_weekly("2026-11-26T13:00:00Z")];
    assert_eq!(told(&[&series, &moved], &[&series]), expected);
    let without = weekly(
        "20261119T090000Z",
        "SEQUENCE:1\r\nRRULE:FREQ=WEEKLY\r\nEXDATE:20261126T090000Z\r\n",
    );
    assert_eq!(told(&[&without], &[&series]), []);
}

#[test]
fn of_versions_without_a_number_the_one_that_was_changed_last_counts() {
    let changed = |start: &str, at: &str, stamp: &str| {
        weekly(
            start,
            &format!("LAST-MODIFIED:20261126T{at}00Z\r\nDTSTAMP:20261126T{stamp}00Z\r\n"),
        )
    };
    // Some write the time at which somebody asked into every stamp.
    let old = changed("20261126T090000Z", "0600", "0755");
    let moved = changed("20261126T130000Z", "0700", "0700");
    assert_eq!(
        told(&[&moved], &[&old]),
        [at_weekly("2026-11-26T13:00:00Z")]
    );
}

#[test]
fn the_stamp_of_a_published_calendar_says_nothing_of_its_events() {
    let moved = weekly("20261126T130000Z", "DTSTAMP:20261126T070000Z\r\n");
    let old = weekly("20261126T090000Z", "DTSTAMP:20261126T075500Z\r\n");
    let published = {
        let zone = TimeZone::UTC;
        let reading = Reading {
            now: now(),
            zone: &zone,
            room: &[],
            jitsi: &JitsiHosts::Any,
            ahead: Reading::WEEKS,
        };
        let text = format!(
            "BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\n{old}END:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        // As it is kept on the disk too.
        let kept = CalendarFile::reduced(text.as_bytes(), reading, Reading::WEEKS);
        Arc::new(CalendarFile::read(&kept, reading))
    };
    let mut calendar = Calendar::default();
    calendar.set_source("feed", published);
    calendar.set_source("room", file(&[&moved]));
    let starts: Vec<_> = meetings(&mut calendar)
        .iter()
        .map(|m| m.start.unwrap().to_string())
        .collect();
    assert_eq!(starts, ["2026-11-26T13:00:00Z"]);
}

#[test]
fn a_link_that_the_latest_version_has_lost_is_taken_from_the_one_before() {
    let lost =
        "UID:a\r\nDTSTART:20261126T090000Z\r\nDURATION:PT30M\r\nSUMMARY:Weekly\r\nSEQUENCE:1\r\n";
    let before = weekly("20261126T090000Z", "SEQUENCE:0\r\n");
    assert_eq!(
        told(&[lost], &[&before]),
        [at_weekly("2026-11-26T09:00:00Z")]
    );
}
