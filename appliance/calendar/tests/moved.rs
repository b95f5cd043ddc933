//! Meetings that are moved and cancelled while people are in them, from the calendar to what the panel says.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use saal_calendar::{Calendar, CalendarFile, Reading, link::JitsiHosts};
use saal_core::{DayNotice, Effect, Event, Intent, Now, Room};
use saal_fleet_protocol::config;
use saal_meeting::{
    BookingSpan, CallEvent, CallId, DayAction, Destination, EndReason, Invitation, Meeting,
    MeetingCommand, Participant,
};
use serde_json::json;

const CONFIG: &str = "version = 1\n[room]\nname = \"Lahn\"\ntime_zone = \"Europe/Berlin\"\n\
                      [day]\ncheck_in_minutes = 15\njoin_automatically = true\n\
                      [[calendars]]\nname = \"office\"\nfolder = \"/var/calendar\"\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A room and its calendar, on the 26th of November at 10:05 in Berlin.
struct Bench {
    room: Room,
    calendar: Calendar,
    now: Now,
    effects: Vec<Effect>,
}

impl Bench {
    fn new() -> Self {
        let now = Now {
            wall: at("2026-11-26T09:05:00Z"),
            mono: Duration::from_secs(5),
        };
        let mut bench = Self {
            room: Room::new(),
            calendar: Calendar::default(),
            now,
            effects: Vec::new(),
        };
        bench.tell(Event::Config(Box::new(config::parse(CONFIG).unwrap())));
        bench.tell(Event::CalendarWritable(true));
        bench
    }

    fn tell(&mut self, event: Event) {
        self.room.handle(self.now, event);
        while let Some(effect) = self.room.poll_effect() {
            self.effects.push(effect);
        }
    }

    fn tell_meetings(&mut self) {
        let (meetings, problems) = self.calendar.meetings(self.now.wall);
        let put_off = self.calendar.put_off().to_vec();
        self.tell(Event::Meetings {
            meetings,
            problems,
            put_off,
        });
    }

    /// What the calendar has now: a `DTSTART` and what else stands in the event.
    fn reads(&mut self, events: &[(&str, &str)]) {
        let event = |(start, more): &(&str, &str)| {
            format!(
                "BEGIN:VEVENT\r\nUID:weekly@example.org\r\nDTSTART:{start}\r\nDURATION:PT1H\r\nSUMMARY:Weekly\r\n\
                 URL:https://meet.example.org/Weekly\r\n{more}END:VEVENT\r\n"
            )
        };
        let events: String = events.iter().map(event).collect();
        let text = format!("BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n");
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let reading = Reading {
            now: self.now.wall,
            zone: &zone,
            room: &[],
            jitsi: &JitsiHosts::Any,
            ahead: Reading::WEEKS,
        };
        let file = CalendarFile::read(text.as_bytes(), reading);
        self.calendar.set_source("office", Arc::new(file));
        self.tell_meetings();
    }

    fn clock(&mut self, wall: &str) {
        let by = at(wall).duration_since(self.now.wall);
        self.now.mono += by.unsigned_abs();
        self.now.wall = at(wall);
        self.tell(Event::Deadline);
    }

    fn meetings(&self) -> Vec<&Meeting> {
        let agenda = self.room.agenda(self.now);
        agenda.under_way.into_iter().chain(agenda.next).collect()
    }

    fn call(&self) -> CallId {
        self.room.phase().call().expect("a call")
    }

    /// In the meeting that is first on the panel, with Ada.
    fn enter(&mut self) {
        let id = self.meetings()[0].id.clone();
        self.tell(Event::Intent(Intent::Join(id)));
        let ada = Participant {
            id: "ada".to_owned(),
            name: "Ada".to_owned(),
            ..Participant::default()
        };
        let call = self.call();
        self.tell(Event::Call(call, CallEvent::Participants(vec![ada])));
        self.tell(Event::Call(call, CallEvent::Joined));
    }

    fn leave(&mut self) {
        let call = self.call();
        self.tell(Event::Intent(Intent::Leave));
        self.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
    }

    fn day(&mut self, action: DayAction) {
        self.tell(Event::Intent(Intent::Day(action)));
    }

    fn notices(&self) -> Vec<DayNotice> {
        self.room.day_notices(self.now)
    }

    fn asks_who_is_there(&self) -> bool {
        let asks = |notice: &DayNotice| matches!(notice, DayNotice::CheckIn { .. });
        self.notices().iter().any(asks)
    }

    fn joins(&self) -> usize {
        let join = |e: &&Effect| matches!(e, Effect::Meeting(MeetingCommand::Join { .. }));
        self.effects.iter().filter(join).count()
    }
}

#[test]
fn a_meeting_that_is_moved_is_not_cancelled_for_those_in_it() {
    let mut bench = Bench::new();
    bench.reads(&[("20261126T090000Z", "")]);
    bench.enter();
    bench.reads(&[("20261126T140000Z", "SEQUENCE:1\r\n")]);
    let start = at("2026-11-26T14:00:00Z");
    assert_eq!(bench.notices(), [DayNotice::Moved { start }]);
    bench.reads(&[("20261126T140000Z", "SEQUENCE:2\r\nSTATUS:CANCELLED\r\n")]);
    assert_eq!(bench.notices(), [DayNotice::Cancelled]);
}

/// A meeting in a Matrix room, on this day of November in Berlin.
fn invitation(day: u8, hour: u8) -> Invitation {
    let moment = |hour: u8| json!({"tzid": "Europe/Berlin", "value": format!("202611{day:02}T{hour:02}0000")});
    let entry = json!({"uid": "1", "dtstart": moment(hour), "dtend": moment(hour + 1)});
    Invitation {
        destination: Destination::matrix("!lahn:example.org".to_owned()),
        name: "Weekly".to_owned(),
        aliases: Vec::new(),
        calendar_event: Some(json!({"creator": "@ada:example.org", "calendar": [entry]})),
        jitsi_widgets: Vec::new(),
        in_call: 0,
        part_of: None,
    }
}

#[test]
fn a_meeting_of_a_room_that_is_moved_is_not_cancelled_for_those_in_it() {
    let mut bench = Bench::new();
    bench.calendar.update(vec![invitation(26, 10)]);
    bench.tell_meetings();
    bench.enter();
    bench.calendar.update(vec![invitation(26, 15)]);
    bench.tell_meetings();
    assert_eq!(bench.notices(), moved_at("2026-11-26T14:00:00Z"));
    bench.calendar.update(vec![invitation(30, 15)]);
    bench.tell_meetings();
    assert_eq!(bench.notices(), moved_at("2026-11-30T14:00:00Z"));
}

#[test]
fn a_meeting_that_is_put_off_beyond_the_days_in_view_is_not_cancelled_for_those_in_it() {
    let mut bench = Bench::new();
    bench.reads(&[("20261126T090000Z", "")]);
    bench.enter();
    bench.reads(&[("20261207T090000Z", "SEQUENCE:1\r\n")]);
    assert_eq!(bench.notices(), moved_at("2026-12-07T09:00:00Z"));
    assert!(bench.meetings().is_empty(), "not these days");
    // It is found there again and again, and nobody is told twice.
    bench.day(DayAction::Read {});
    bench.tell_meetings();
    assert_eq!(bench.notices(), []);
    bench.reads(&[("20261208T090000Z", "SEQUENCE:2\r\n")]);
    assert_eq!(bench.notices(), moved_at("2026-12-08T09:00:00Z"));
    bench.reads(&[("20261208T090000Z", "SEQUENCE:3\r\nSTATUS:CANCELLED\r\n")]);
    assert_eq!(bench.notices(), [DayNotice::Cancelled]);
}

#[test]
fn what_is_put_off_beyond_the_weeks_that_are_read_is_cancelled_as_far_as_the_room_knows() {
    let mut bench = Bench::new();
    bench.reads(&[("20261126T090000Z", "")]);
    bench.enter();
    bench.reads(&[("20270126T090000Z", "SEQUENCE:1\r\n")]);
    assert_eq!(bench.notices(), [DayNotice::Cancelled]);
}

#[test]
fn a_series_or_one_of_it_that_is_put_off_for_days_is_not_cancelled_for_those_in_it() {
    let weekly = |start, more: &str| (start, format!("RRULE:FREQ=WEEKLY\r\n{more}"));
    let mut bench = Bench::new();
    let (start, series) = weekly("20261112T090000Z", "");
    bench.reads(&[(start, &series)]);
    bench.enter();
    let moved = "RECURRENCE-ID:20261126T090000Z\r\n";
    bench.reads(&[(start, &series), ("20261130T090000Z", moved)]);
    assert_eq!(bench.notices(), moved_at("2026-11-30T09:00:00Z"));
    let (start, series) = weekly("20261117T140000Z", "SEQUENCE:1\r\n");
    let mut bench = Bench::new();
    bench.reads(
        &[weekly("20261112T090000Z", "")]
            .each_ref()
            .map(|(s, m)| (*s, &**m)),
    );
    bench.enter();
    bench.reads(&[(start, &series)]);
    assert_eq!(bench.notices(), moved_at("2026-12-01T14:00:00Z"));
}

/// The next one of its series is another meeting.
#[test]
fn one_of_a_series_in_a_room_that_is_left_out_is_cancelled_for_those_in_it() {
    let series = |more: &str| {
        let mut invitation = invitation(26, 10);
        let mut entry = invitation.calendar_event.take().unwrap();
        entry["calendar"][0]["rrule"] = "FREQ=WEEKLY".into();
        if !more.is_empty() {
            entry["calendar"][0]["exdate"] = json!([{"tzid": "Europe/Berlin", "value": more}]);
        }
        invitation.calendar_event = Some(entry);
        invitation
    };
    let mut bench = Bench::new();
    bench.calendar.update(vec![series("")]);
    bench.tell_meetings();
    bench.enter();
    bench.calendar.update(vec![series("20261126T100000")]);
    bench.tell_meetings();
    assert_eq!(bench.notices(), [DayNotice::Cancelled]);
}

#[test]
fn who_is_about_to_enter_what_was_put_off_for_days_reads_when_it_is() {
    let mut bench = Bench::new();
    bench.reads(&[("20261126T091000Z", "")]);
    bench.reads(&[("20261203T091000Z", "SEQUENCE:1\r\n")]);
    let away = DayNotice::MovedAway {
        title: "Weekly".to_owned(),
        start: at("2026-12-03T09:10:00Z"),
    };
    assert_eq!(bench.notices(), [away]);
    bench.clock("2026-11-26T10:11:00Z");
    assert_eq!(bench.notices(), [], "nobody comes for it any more");
}

#[test]
fn one_of_a_series_that_is_moved_or_left_out_is_told_so() {
    let series = ("20261112T090000Z", "RRULE:FREQ=WEEKLY\r\n");
    let mut bench = Bench::new();
    bench.reads(&[series]);
    bench.enter();
    let moved = ("20261126T140000Z", "RECURRENCE-ID:20261126T090000Z\r\n");
    bench.reads(&[series, moved]);
    let start = at("2026-11-26T14:00:00Z");
    assert_eq!(bench.notices(), [DayNotice::Moved { start }]);
    let without = "RRULE:FREQ=WEEKLY\r\nEXDATE:20261126T090000Z\r\n";
    bench.reads(&[("20261112T090000Z", without)]);
    assert_eq!(bench.notices(), [DayNotice::Cancelled]);
}

#[test]
fn who_is_there_is_not_asked_again_when_the_meeting_is_moved_a_little() {
    let mut bench = Bench::new();
    bench.reads(&[("20261126T090000Z", "")]);
    assert!(bench.asks_who_is_there());
    let meeting = bench.meetings()[0].id.clone();
    bench.day(DayAction::CheckIn {
        meeting: meeting.clone(),
    });
    let span = BookingSpan::Minutes(30.try_into().unwrap());
    bench.day(DayAction::Extend { meeting, span });
    bench.reads(&[("20261126T091500Z", "SEQUENCE:1\r\n")]);
    assert!(!bench.asks_who_is_there());
    let longer = Some(at("2026-11-26T10:30:00Z"));
    assert_eq!(bench.meetings()[0].end, longer, "they wanted to stay");
}

#[test]
fn what_was_said_of_a_meeting_holds_for_no_other_day() {
    let mut bench = Bench::new();
    bench.reads(&[("20261126T090000Z", "")]);
    let meeting = bench.meetings()[0].id.clone();
    bench.day(DayAction::CheckIn {
        meeting: meeting.clone(),
    });
    let span = BookingSpan::Minutes(30.try_into().unwrap());
    bench.day(DayAction::Extend { meeting, span });
    bench.reads(&[("20261126T130000Z", "SEQUENCE:1\r\n")]);
    let end = Some(at("2026-11-26T14:00:00Z"));
    assert_eq!(bench.meetings()[0].end, end);
    bench.clock("2026-11-26T12:55:00Z");
    assert!(bench.asks_who_is_there());
}

#[test]
fn a_room_that_was_given_back_is_taken_again_when_the_meeting_is_moved() {
    let mut bench = Bench::new();
    bench.reads(&[("20261126T090000Z", "")]);
    let meeting = bench.meetings()[0].id.clone();
    bench.day(DayAction::Release { meeting });
    assert!(bench.meetings().is_empty());
    bench.reads(&[("20261126T093000Z", "SEQUENCE:1\r\n")]);
    assert_eq!(bench.meetings().len(), 1);
}

#[test]
fn the_room_goes_by_itself_to_a_meeting_that_was_moved_as_to_any_other() {
    let mut bench = Bench::new();
    bench.reads(&[("20261126T091000Z", "")]);
    bench.clock("2026-11-26T09:10:00Z");
    assert_eq!(bench.joins(), 1);
    bench.leave();
    bench.reads(&[("20261126T093000Z", "SEQUENCE:1\r\n")]);
    assert_eq!(bench.joins(), 1, "it is 9:10");
    bench.clock("2026-11-26T09:30:00Z");
    assert_eq!(bench.joins(), 2);
}

fn moved_at(time: &str) -> Vec<DayNotice> {
    vec![DayNotice::Moved { start: at(time) }]
}

#[test]
fn a_series_that_is_moved_as_a_whole_is_not_cancelled_for_those_in_it() {
    let mut bench = Bench::new();
    bench.reads(&[("20261112T090000Z", "RRULE:FREQ=WEEKLY\r\n")]);
    bench.enter();
    let later = "RRULE:FREQ=WEEKLY\r\nSEQUENCE:1\r\n";
    bench.reads(&[("20261112T140000Z", later)]);
    assert_eq!(bench.notices(), moved_at("2026-11-26T14:00:00Z"));
    let here = bench.room.phase().meeting().unwrap().clone();
    assert_eq!(here.start, Some(at("2026-11-26T14:00:00Z")));
    assert!(bench.meetings().iter().any(|meeting| meeting.id == here.id));
    // To the next day, and then that one is cancelled.
    let friday = "RRULE:FREQ=WEEKLY\r\nSEQUENCE:2\r\n";
    bench.reads(&[("20261113T090000Z", friday)]);
    assert_eq!(bench.notices(), moved_at("2026-11-27T09:00:00Z"));
    let without = "RRULE:FREQ=WEEKLY\r\nSEQUENCE:2\r\nEXDATE:20261127T090000Z\r\n";
    bench.reads(&[("20261113T090000Z", without)]);
    assert_eq!(bench.notices(), [DayNotice::Cancelled]);
}

#[test]
fn of_a_daily_series_today_s_meeting_is_moved_to_today() {
    let daily = |more: &str| format!("RRULE:FREQ=DAILY\r\n{more}");
    let mut bench = Bench::new();
    bench.reads(&[("20261101T090000Z", &daily(""))]);
    bench.clock("2026-11-26T09:10:00Z");
    let wanted = at("2026-11-26T09:00:00Z");
    let today = bench.meetings().into_iter();
    let today = today
        .map(|m| (m.id.clone(), m.start))
        .find(|(_, start)| *start == Some(wanted));
    let meeting = today.unwrap().0;
    bench.tell(Event::Intent(Intent::Join(meeting)));
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Joined));
    bench.reads(&[("20261101T113000Z", &daily("SEQUENCE:1\r\n"))]);
    assert_eq!(bench.notices(), moved_at("2026-11-26T11:30:00Z"));
}

#[test]
fn what_people_said_of_a_meeting_follows_a_series_that_is_moved_a_little() {
    let mut bench = Bench::new();
    bench.reads(&[("20261112T090000Z", "RRULE:FREQ=WEEKLY\r\n")]);
    let meeting = bench.meetings()[0].id.clone();
    bench.day(DayAction::CheckIn { meeting });
    let later = "RRULE:FREQ=WEEKLY\r\nSEQUENCE:1\r\n";
    bench.reads(&[("20261112T091500Z", later)]);
    assert!(!bench.asks_who_is_there());
    bench.reads(&[("20261112T130000Z", "RRULE:FREQ=WEEKLY\r\nSEQUENCE:2\r\n")]);
    bench.clock("2026-11-26T12:55:00Z");
    assert!(bench.asks_who_is_there(), "that was for another time");
}

#[test]
fn who_is_about_to_enter_reads_that_the_meeting_was_moved() {
    let mut bench = Bench::new();
    bench.reads(&[("20261112T091000Z", "RRULE:FREQ=WEEKLY\r\n")]);
    let later = "RRULE:FREQ=WEEKLY\r\nSEQUENCE:1\r\n";
    bench.reads(&[("20261112T140000Z", later)]);
    let away = DayNotice::MovedAway {
        title: "Weekly".to_owned(),
        start: at("2026-11-26T14:00:00Z"),
    };
    assert_eq!(bench.notices(), [away]);
    bench.day(DayAction::Read {});
    assert_eq!(bench.notices(), []);
    // Hours before it nobody stands there for it.
    bench.reads(&[("20261112T150000Z", "RRULE:FREQ=WEEKLY\r\nSEQUENCE:2\r\n")]);
    assert_eq!(bench.notices(), []);
}
