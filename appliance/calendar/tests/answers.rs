//! What the room answers to invitations, and what is written back.
#![allow(clippy::unwrap_used, reason = "a test")]

use jiff::{Timestamp, tz::TimeZone};
use saal_calendar::{
    CalendarFile, Reading,
    answer::{Answer, Reply, answers},
    edit::{self, Context, Edit, EditError, Edited},
    link::JitsiHosts,
};

const ROOM: &str = "room@example.org";
const REASON: &str = "The room is taken at that time.";

fn now() -> Timestamp {
    "2026-11-26T08:00:00Z".parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn read(text: &str) -> CalendarFile {
    let (zone, room) = (zone(), [ROOM.to_owned()]);
    let reading = Reading {
        now: now(),
        zone: &zone,
        room: &room,
        jitsi: &JitsiHosts::Any,
        ahead: Reading::YEAR,
    };
    CalendarFile::read(text.as_bytes(), reading)
}

fn object(events: &[String]) -> String {
    let events: String = events
        .iter()
        .map(|event| format!("BEGIN:VEVENT\r\n{event}END:VEVENT\r\n"))
        .collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\n{events}END:VCALENDAR\r\n")
}

/// An hour of the room, at these local times.
fn event(uid: &str, start: &str, end: &str, more: &str) -> String {
    format!(
        "UID:{uid}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART;TZID=Europe/Berlin:{start}\r\n\
         DTEND;TZID=Europe/Berlin:{end}\r\nSUMMARY:{uid}\r\n{more}"
    )
}

fn invited(status: &str) -> String {
    format!(
        "ORGANIZER;CN=Alice:mailto:alice@example.org\r\n\
         ATTENDEE;CN=\"Room; large\";CUTYPE=ROOM{status};RSVP=TRUE:mailto:Room@example.org\r\n\
         ATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.org\r\n"
    )
}

fn decline() -> Reply {
    Reply::Decline {
        reason: REASON.to_owned(),
    }
}

fn answer_to(events: &[String], uid: &str) -> Answer {
    let file = read(&object(events));
    answers(&file, &[], now(), REASON)
        .remove(uid)
        .unwrap_or_default()
}

fn context(zone: &TimeZone) -> (Timestamp, &TimeZone, [String; 1]) {
    (now(), zone, [ROOM.to_owned()])
}

fn with(text: &str, by: impl Fn(Context<'_>) -> Result<Edited, EditError>) -> String {
    let zone = zone();
    let (now, zone, room) = context(&zone);
    let edited = by(Context {
        now,
        zone,
        room: &room,
    });
    match edited.unwrap() {
        Edited::Text(text) => text,
        other => panic!("{other:?} of {text}"),
    }
}

fn applied(text: &str, uid: &str, planned: Timestamp, edit: &Edit) -> Result<Edited, EditError> {
    let (zone, room) = (zone(), [ROOM.to_owned()]);
    let context = Context {
        now: now(),
        zone: &zone,
        room: &room,
    };
    edit::apply(text, uid, Some(planned), edit, context)
}

/// Titles and times of a day in Berlin.
fn day(text: &str, date: &str) -> Vec<String> {
    let from: jiff::civil::Date = date.parse().unwrap();
    let midnight = |date: jiff::civil::Date| {
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        zone().to_timestamp(midnight).unwrap()
    };
    let to = midnight(from.tomorrow().unwrap());
    let file = read(text);
    let (found, problems) = file.appointments(midnight(from), to);
    assert!(problems.is_empty(), "{problems:?}");
    let clock = |at: Timestamp| zone().to_datetime(at).strftime("%H:%M").to_string();
    let line = |a: &saal_calendar::Appointment<'_>| {
        format!("{} {}-{}", a.title, clock(a.start), clock(a.end))
    };
    found.iter().map(line).collect()
}

#[test]
fn a_room_that_is_free_comes_and_one_that_is_taken_does_not() {
    let board = event("board", "20261127T090000", "20261127T100000", "");
    let free = event("free", "20261127T100000", "20261127T110000", &invited(""));
    let late = event(
        "late",
        "20261127T093000",
        "20261127T103000",
        &invited(";PARTSTAT=NEEDS-ACTION"),
    );
    let events = [board, free.clone(), late.clone()];
    assert_eq!(answer_to(&events, "free").whole, Some(Reply::Accept));
    assert_eq!(answer_to(&events, "late").whole, Some(decline()));
    // Nobody waits for an answer to this.
    assert_eq!(answer_to(&events, "board"), Answer::default());
}

#[test]
fn who_was_invited_first_comes_first() {
    let one = event("one", "20261127T090000", "20261127T100000", &invited(""));
    let two = event("two", "20261127T090000", "20261127T100000", &invited(""));
    let two = two.replace("DTSTAMP:20261101", "DTSTAMP:20261031");
    let events = [one, two];
    assert_eq!(answer_to(&events, "two").whole, Some(Reply::Accept));
    assert_eq!(answer_to(&events, "one").whole, Some(decline()));
}

#[test]
fn another_calendar_of_the_room_counts_and_another_copy_of_the_meeting_does_not() {
    let own = event("one", "20261127T090000", "20261127T100000", &invited(""));
    let copy = event("one", "20261127T090000", "20261127T100000", "");
    let taken = event("board", "20261127T093000", "20261127T100000", "");
    let own = read(&object(&[own]));
    let of = |other: String| {
        let other = read(&object(&[other]));
        answers(&own, &[&other], now(), REASON)
            .remove("one")
            .unwrap()
    };
    assert_eq!(of(copy).whole, Some(Reply::Accept));
    assert_eq!(of(taken).whole, Some(decline()));
}

#[test]
fn what_takes_no_time_what_is_declined_and_what_is_over_stand_in_nobodys_way() {
    let holiday = event(
        "holiday",
        "20261127T000000",
        "20261128T000000",
        "TRANSP:TRANSPARENT\r\n",
    );
    let no = event(
        "no",
        "20261127T090000",
        "20261127T100000",
        &invited(";PARTSTAT=DECLINED"),
    );
    let off = event(
        "off",
        "20261127T090000",
        "20261127T100000",
        "STATUS:CANCELLED\r\n",
    );
    let new = event("new", "20261127T090000", "20261127T100000", &invited(""));
    let over = event("over", "20261125T090000", "20261125T100000", &invited(""));
    let events = [holiday, no, off, new, over];
    assert_eq!(answer_to(&events, "new").whole, Some(Reply::Accept));
    assert_eq!(answer_to(&events, "over"), Answer::default());
}

#[test]
fn a_series_is_accepted_and_what_collides_in_it_declined() {
    let series = event(
        "weekly",
        "20261130T090000",
        "20261130T100000",
        &format!("RRULE:FREQ=WEEKLY;COUNT=5\r\n{}", invited("")),
    );
    let board = event("board", "20261207T083000", "20261207T093000", "");
    let answer = answer_to(&[series.clone(), board], "weekly");
    let planned = at("2026-12-07T08:00:00Z");
    assert_eq!(answer.whole, Some(Reply::Accept));
    assert_eq!(answer.meetings, [(planned, decline())]);

    let text = object(&[series]);
    let text = with(&text, |context| {
        edit::answered(&text, "weekly", &answer, context)
    });
    assert_eq!(day(&text, "2026-12-07"), Vec::<String>::new());
    assert_eq!(day(&text, "2026-12-14"), ["weekly 09:00-10:00"]);
    // Whoever reads it finds the organiser's words as they were, and the room's own.
    assert!(
        text.contains("CN=\"Room; large\";CUTYPE=ROOM;RSVP=TRUE"),
        "{text}"
    );
    assert_eq!(text.matches("PARTSTAT=DECLINED").count(), 1, "{text}");
    assert!(
        text.contains("COMMENT:The room is taken at that time."),
        "{text}"
    );
    assert!(
        text.contains("RECURRENCE-ID;TZID=Europe/Berlin:20261207T090000"),
        "{text}"
    );
    // Nothing is left to answer.
    assert!(answers(&read(&text), &[], now(), REASON).is_empty());
}

#[test]
fn a_series_whose_every_meeting_collides_is_declined() {
    let daily = |uid: &str, more: &str| {
        let more = format!("RRULE:FREQ=DAILY\r\n{more}");
        event(uid, "20261127T090000", "20261127T100000", &more)
    };
    let answer = answer_to(
        &[daily("ours", ""), daily("theirs", &invited(""))],
        "theirs",
    );
    assert_eq!(answer.whole, Some(decline()));
    assert!(answer.meetings.is_empty());
}

#[test]
fn one_meeting_of_an_accepted_series_that_was_moved_is_answered_alone() {
    let yes = invited(";PARTSTAT=ACCEPTED");
    let series = event(
        "weekly",
        "20261130T090000",
        "20261130T100000",
        &format!("RRULE:FREQ=WEEKLY;COUNT=5\r\n{yes}"),
    );
    let moved = event(
        "weekly",
        "20261207T140000",
        "20261207T150000",
        &format!(
            "RECURRENCE-ID;TZID=Europe/Berlin:20261207T090000\r\n{}",
            invited("")
        ),
    );
    let answer = answer_to(&[series, moved], "weekly");
    assert_eq!(answer.whole, None);
    assert_eq!(
        answer.meetings,
        [(at("2026-12-07T08:00:00Z"), Reply::Accept)]
    );
}

#[test]
fn a_booking_can_be_extended_ended_and_released() {
    let booking = edit::NewEvent {
        uid: "booked".to_owned(),
        title: "Booked; here, now\\".to_owned(),
        start: at("2026-11-26T08:00:00Z"),
        end: at("2026-11-26T08:30:00Z"),
        link: None,
    };
    let text = edit::new_object(&booking, now());
    assert_eq!(
        day(&text, "2026-11-26"),
        ["Booked; here, now\\ 09:00-09:30"]
    );
    let end = Edit::End {
        at: at("2026-11-26T09:00:00Z"),
    };
    let Edited::Text(longer) = applied(&text, "booked", booking.start, &end).unwrap() else {
        panic!("not extended");
    };
    assert_eq!(
        day(&longer, "2026-11-26"),
        ["Booked; here, now\\ 09:00-10:00"]
    );
    let before = Edit::End { at: booking.start };
    let refused = applied(&text, "booked", booking.start, &before);
    assert_eq!(refused, Err(EditError::TooEarly));
    let release = Edit::Release {
        reason: "Nobody came.".to_owned(),
    };
    assert_eq!(
        applied(&longer, "booked", booking.start, &release),
        Ok(Edited::Gone)
    );
    let other = applied(&longer, "another", booking.start, &release);
    assert_eq!(other, Err(EditError::Unknown));
}

#[test]
fn one_meeting_of_an_own_series_is_released_and_another_ends_early() {
    let series = event(
        "weekly",
        "20261130T090000",
        "20261130T100000",
        "RRULE:FREQ=WEEKLY;COUNT=5\r\nX-OF-OTHERS;X-P=\"a:b;c\":stays\r\n\
         BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n",
    );
    let text = object(&[series]);
    let release = Edit::Release {
        reason: "Nobody came.".to_owned(),
    };
    let Edited::Text(text) =
        applied(&text, "weekly", at("2026-12-07T08:00:00Z"), &release).unwrap()
    else {
        panic!("not released");
    };
    assert_eq!(day(&text, "2026-12-07"), Vec::<String>::new());
    let end = Edit::End {
        at: at("2026-12-14T08:15:00Z"),
    };
    let Edited::Text(text) = applied(&text, "weekly", at("2026-12-14T08:00:00Z"), &end).unwrap()
    else {
        panic!("not ended");
    };
    assert_eq!(day(&text, "2026-11-30"), ["weekly 09:00-10:00"]);
    assert_eq!(day(&text, "2026-12-14"), ["weekly 09:00-09:15"]);
    assert_eq!(day(&text, "2026-12-21"), ["weekly 09:00-10:00"]);
    assert!(text.contains("X-OF-OTHERS;X-P=\"a:b;c\":stays"), "{text}");
}

#[test]
fn an_invitation_is_released_by_declining_and_never_made_longer() {
    let yes = invited(";PARTSTAT=ACCEPTED");
    let text = object(&[event("theirs", "20261126T090000", "20261126T100000", &yes)]);
    let planned = at("2026-11-26T08:00:00Z");
    let end = Edit::End {
        at: at("2026-11-26T10:00:00Z"),
    };
    assert_eq!(
        applied(&text, "theirs", planned, &end),
        Err(EditError::NotOurs)
    );
    let release = Edit::Release {
        reason:
            "Niemand kam, auch nicht später; der Raum ist wieder frei für alle, die ihn brauchen."
                .to_owned(),
    };
    let Edited::Text(text) = applied(&text, "theirs", planned, &release).unwrap() else {
        panic!("not declined");
    };
    assert_eq!(day(&text, "2026-11-26"), Vec::<String>::new());
    assert!(text.lines().all(|line| line.len() <= 75), "{text}");
    assert!(
        text.replace("\r\n ", "")
            .contains("auch nicht später\\; der Raum"),
        "{text}"
    );
    // Somebody else's, to which the room is not invited.
    let foreign = event(
        "far",
        "20261126T090000",
        "20261126T100000",
        "ORGANIZER:mailto:a@b.example\r\n",
    );
    let refused = applied(&object(&[foreign]), "far", planned, &release);
    assert_eq!(refused, Err(EditError::NotOurs));
}

#[test]
fn who_came_is_known_to_everybody_who_reads_the_calendar() {
    let text = object(&[event(
        "weekly",
        "20261119T090000",
        "20261119T100000",
        &format!("RRULE:FREQ=WEEKLY\r\n{}", invited(";PARTSTAT=NEEDS-ACTION")),
    )]);
    let (planned, came) = (at("2026-11-26T08:00:00Z"), at("2026-11-26T08:03:00Z"));
    let check_in = Edit::CheckIn { at: came };
    let Edited::Text(text) = applied(&text, "weekly", planned, &check_in).unwrap() else {
        panic!("not checked in");
    };
    let file = read(&text);
    let (found, _) = file.appointments(planned, at("2026-12-04T00:00:00Z"));
    let came_to: Vec<_> = found.iter().map(|a| (a.planned, a.checked_in)).collect();
    assert_eq!(
        came_to,
        [(planned, Some(came)), (at("2026-12-03T08:00:00Z"), None)]
    );
    assert_eq!(
        applied(&text, "weekly", planned, &check_in),
        Ok(Edited::Same)
    );
}

#[test]
fn what_a_slower_calendar_still_has_at_the_old_time_keeps_nobody_out() {
    let taken = |start: &str, end: &str, sequence: u8| {
        let more = format!("SEQUENCE:{sequence}\r\n{}", invited(";PARTSTAT=ACCEPTED"));
        event("board", start, end, &more)
    };
    let asks = event(
        "weekly",
        "20261126T090000",
        "20261126T100000",
        &invited(";PARTSTAT=NEEDS-ACTION"),
    );
    let moved = taken("20261126T130000", "20261126T140000", 1);
    let own = read(&object(&[moved, asks]));
    let slower = read(&object(&[taken("20261126T090000", "20261126T100000", 0)]));
    let answer = &answers(&own, &[&slower], now(), REASON)["weekly"];
    assert_eq!(answer.whole, Some(Reply::Accept));
}
