//! The calendar: ten years of a building's busiest room, the same on each run but for the day.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// All of it, each series as one.
pub(crate) const APPOINTMENTS: u32 = 100_000;
/// One in so many is a series.
const SERIES: u32 = 100;
/// Today's meeting, which is looked for.
pub(crate) const TITLE: &str = "Today's weekly";

/// Appointments from seven years ago to three years ahead.
pub(crate) fn year_by_year(now: Timestamp) -> String {
    let mut text = String::with_capacity(40 << 20);
    text.push_str("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//bench//EN\r\n");
    let first = now - SignedDuration::from_hours(7 * 365 * 24);
    // Ten years, one after the other.
    let step = 10 * 365 * 24 * 60 / i64::from(APPOINTMENTS);
    for number in 1..APPOINTMENTS {
        let start = first + SignedDuration::from_mins(step * i64::from(number));
        event(&mut text, number, start);
    }
    today(&mut text, now);
    text.push_str("END:VCALENDAR\r\n");
    text
}

/// Today's meeting alone.
pub(crate) fn one(now: Timestamp) -> String {
    let mut text =
        String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//bench//EN\r\n");
    today(&mut text, now);
    text.push_str("END:VCALENDAR\r\n");
    text
}

fn today(text: &mut String, now: Timestamp) {
    let start = now - SignedDuration::from_mins(5);
    write_event(text, "today@example.org", TITLE, start, "");
}

fn event(text: &mut String, number: u32, start: Timestamp) {
    // Weekly for a year, as people plan.
    let rule = if number.is_multiple_of(SERIES) {
        "RRULE:FREQ=WEEKLY;COUNT=52\r\n"
    } else {
        ""
    };
    let (uid, title) = (
        format!("{number:06}@example.org"),
        format!("Planning {number}"),
    );
    write_event(text, &uid, &title, start, rule);
}

fn write_event(text: &mut String, uid: &str, title: &str, start: Timestamp, rule: &str) {
    let utc = |at: Timestamp| {
        let civil = TimeZone::UTC.to_datetime(at);
        civil.strftime("%Y%m%dT%H%M00Z").to_string()
    };
    let (from, to) = (utc(start), utc(start + SignedDuration::from_mins(45)));
    write!(
        text,
        "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20200101T000000Z\r\nDTSTART:{from}\r\nDTEND:{to}\r\n{rule}\
         SUMMARY:{title}\r\nORGANIZER;CN=Ada:mailto:ada@example.org\r\n\
         ATTENDEE;PARTSTAT=ACCEPTED;CUTYPE=ROOM:mailto:room@example.org\r\n\
         LOCATION:https://meet.example.org/{uid}\r\n\
         DESCRIPTION:Agenda\\n1. What was\\n2. What comes\\, and who does it\r\nEND:VEVENT\r\n"
    )
    .expect("a String takes everything");
}
