//! The room's time: booking it, keeping it, giving it back, leaving meetings and entering them by itself.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::time::Duration;

use common::{Bench, at, config, config_text, meeting, participant, to_service};
use saal_core::{Bookings, CalendarChange, ChangeRefused, DayNotice, Effect, Event, Intent};
use saal_meeting::{
    BookingSpan, CallEvent, DayAction, Destination, EndReason, Meeting, MeetingCommand, MeetingId,
    NoWay,
};

const MINUTE: Duration = Duration::from_secs(60);

/// In a calendar of the room, from and to on the morning of the bench (8:58:30).
fn appointment(id: &str, from: &str, to: &str) -> Meeting {
    let of = |clock: &str| format!("2026-11-23T{clock}:00Z");
    let mut it = meeting(id, Some(&of(from)), Some(&of(to)), 0);
    it.id = MeetingId(format!("calendar/{id}/{}", of(from)));
    it
}

/// People who meet in the room itself.
fn on_the_spot(id: &str, from: &str, to: &str) -> Meeting {
    let why = NoWay::NoLink;
    Meeting {
        destination: Destination::Nowhere { why },
        ..appointment(id, from, to)
    }
}

fn bench_with(day: &str, meetings: Vec<Meeting>) -> Bench {
    let mut bench = Bench::at_home();
    let text = format!("{}\n[day]\n{day}\n", config_text());
    bench.tell(Event::Config(config(&text)));
    bench.tell(Event::CalendarWritable(true));
    bench.tell_meetings(meetings);
    bench
}

fn touch(bench: &mut Bench, action: DayAction) -> Vec<Effect> {
    bench.touch(Intent::Day(action))
}

fn minutes(count: u16) -> BookingSpan {
    BookingSpan::Minutes(count.try_into().unwrap())
}

/// What the calendar was told.
fn written(effects: &[Effect]) -> Vec<&CalendarChange> {
    let changes = effects.iter().filter_map(|effect| match effect {
        Effect::Calendar(change) => Some(change),
        _ => None,
    });
    changes.collect()
}

fn offered(bench: &Bench) -> Vec<(BookingSpan, String)> {
    let choices = bench.room.bookable(bench.now).into_iter();
    choices.map(|c| (c.span, c.until.to_string())).collect()
}

fn under_way(bench: &Bench) -> Vec<(String, String)> {
    let agenda = bench.room.agenda(bench.now);
    let all = agenda.under_way.iter();
    all.map(|m| (m.title.clone(), m.end.unwrap().to_string()))
        .collect()
}

/// In the call of a meeting with Ada.
fn enter(bench: &mut Bench, id: &MeetingId) -> Vec<Effect> {
    let effects = bench.touch(Intent::Join(id.clone()));
    let call = bench.call();
    bench.tell(Event::Call(
        call,
        CallEvent::Participants(vec![participant("ada")]),
    ));
    bench.tell(Event::Call(call, CallEvent::Joined));
    effects
}

fn alone(bench: &mut Bench) {
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Participants(Vec::new())));
}

fn leave_is_told(effects: &[Effect]) -> bool {
    let commands = to_service(effects);
    commands
        .iter()
        .any(|c| matches!(c, MeetingCommand::Leave { .. }))
}

#[test]
fn a_free_room_is_booked_for_as_long_as_it_is_free() {
    let mut bench = bench_with("", vec![appointment("review", "09:30", "10:00")]);
    let until_review = (BookingSpan::UntilNext, "2026-11-23T09:30:00Z".to_owned());
    let fifteen = (minutes(15), "2026-11-23T09:13:00Z".to_owned());
    let thirty = (minutes(30), "2026-11-23T09:28:00Z".to_owned());
    assert_eq!(offered(&bench), [fifteen, thirty, until_review]);
    let effects = touch(&mut bench, DayAction::Book { span: minutes(30) });
    let [CalendarChange::Book(booking)] = written(&effects)[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(booking.start, at("2026-11-23T08:58:00Z"));
    let ours = (
        "Spontan gebucht".to_owned(),
        "2026-11-23T09:28:00Z".to_owned(),
    );
    assert_eq!(under_way(&bench), [ours], "before the calendar answers");
    assert_eq!(offered(&bench), [], "nobody takes it twice");
    // The calendar shows it too: there is one.
    let known = Meeting {
        title: "Spontan gebucht".to_owned(),
        ..on_the_spot("x", "08:58", "09:28")
    };
    let known = Meeting {
        id: booking.id(),
        ..known
    };
    bench.tell_meetings(vec![known, appointment("review", "09:30", "10:00")]);
    assert_eq!(under_way(&bench).len(), 1);
    // And it is gone once somebody removes it there.
    bench.tell_meetings(Vec::new());
    assert_eq!(under_way(&bench), []);
}

#[test]
fn nothing_is_booked_that_no_calendar_would_know_of() {
    let mut bench = bench_with("", Vec::new());
    bench.tell(Event::CalendarWritable(false));
    assert_eq!(offered(&bench), []);
    assert_eq!(
        written(&touch(&mut bench, DayAction::Book { span: minutes(15) })),
        [] as [&CalendarChange; 0]
    );
    let mut bench = bench_with("booking = false", Vec::new());
    assert_eq!(
        written(&touch(&mut bench, DayAction::Book { span: minutes(15) })),
        [] as [&CalendarChange; 0]
    );
}

#[test]
fn a_booking_that_the_calendar_refuses_is_taken_back_and_told() {
    let mut bench = bench_with("", Vec::new());
    let effects = touch(&mut bench, DayAction::Book { span: minutes(60) });
    let change = written(&effects)[0].clone();
    let reason = "503".to_owned();
    let refused = Some(ChangeRefused::Failed { reason });
    bench.tell(Event::CalendarChanged { change, refused });
    assert_eq!(under_way(&bench), []);
    assert_eq!(bench.trouble_codes(), ["not_in_calendar"]);
}

#[test]
fn a_meeting_keeps_the_room_longer_until_the_next_needs_it() {
    let ours = on_the_spot("ours", "08:30", "09:00");
    let mut bench = bench_with(
        "",
        vec![ours.clone(), appointment("review", "09:20", "10:00")],
    );
    let extensions = bench.room.extensions(&ours.id);
    let spans: Vec<BookingSpan> = extensions.iter().map(|c| c.span).collect();
    assert_eq!(spans, [minutes(15), BookingSpan::UntilNext]);
    let too_long = DayAction::Extend {
        meeting: ours.id.clone(),
        span: minutes(30),
    };
    assert_eq!(written(&touch(&mut bench, too_long)).len(), 0);
    let longer = DayAction::Extend {
        meeting: ours.id.clone(),
        span: minutes(15),
    };
    let effects = touch(&mut bench, longer);
    let (meeting, at) = (ours.id.clone(), at("2026-11-23T09:15:00Z"));
    assert_eq!(written(&effects), [&CalendarChange::End { meeting, at }]);
    assert_eq!(under_way(&bench)[0].1, "2026-11-23T09:15:00Z");
}

#[test]
fn the_time_after_somebody_elses_meeting_is_booked_instead() {
    let theirs = on_the_spot("theirs", "08:30", "09:00");
    let mut bench = bench_with("", vec![theirs.clone()]);
    let effects = touch(
        &mut bench,
        DayAction::Extend {
            meeting: theirs.id.clone(),
            span: minutes(15),
        },
    );
    let change = written(&effects)[0].clone();
    let refused = Some(ChangeRefused::NotOurs);
    let effects = bench.tell(Event::CalendarChanged { change, refused });
    let [CalendarChange::Book(booking)] = written(&effects)[..] else {
        panic!("{effects:?}");
    };
    let span = (booking.start.to_string(), booking.end.to_string());
    assert_eq!(
        span,
        (
            "2026-11-23T09:00:00Z".to_owned(),
            "2026-11-23T09:15:00Z".to_owned()
        )
    );
    bench.wait(5 * MINUTE, true);
    assert_eq!(
        under_way(&bench).len(),
        1,
        "the room is not free in between"
    );
}

#[test]
fn a_meeting_that_is_over_early_gives_the_room_back_and_ends_its_call() {
    let weekly = appointment("weekly", "08:30", "10:00");
    let mut bench = bench_with("", vec![weekly.clone()]);
    enter(&mut bench, &weekly.id);
    let effects = touch(
        &mut bench,
        DayAction::End {
            meeting: weekly.id.clone(),
        },
    );
    assert!(leave_is_told(&effects));
    assert!(matches!(
        written(&effects)[..],
        [CalendarChange::End { .. }]
    ));
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
    assert_eq!(under_way(&bench), []);
    assert_eq!(offered(&bench).len(), 3);
    // A daemon that starts anew knows it still.
    let saved = effects.iter().find_map(|effect| match effect {
        Effect::SaveBookings(saved) => Some(saved.clone()),
        _ => None,
    });
    let mut bench = bench_with("", Vec::new());
    bench.tell(Event::SavedBookings(saved.unwrap()));
    bench.tell_meetings(vec![weekly]);
    assert_eq!(under_way(&bench), []);
}

#[test]
fn a_room_to_which_nobody_comes_is_released_and_a_touch_keeps_it() {
    let day = "check_in_minutes = 10";
    let planned = on_the_spot("planning", "09:00", "10:00");
    let notice = DayNotice::CheckIn {
        meeting: planned.id.clone(),
        title: planned.title.clone(),
        until: at("2026-11-23T09:10:00Z"),
    };
    let mut bench = bench_with(day, vec![planned.clone()]);
    assert_eq!(
        bench.room.day_notices(bench.now),
        std::slice::from_ref(&notice)
    );
    let effects = bench.wait(11 * MINUTE, true);
    assert_eq!(written(&effects).len(), 0, "it is 9:09:30");
    let effects = bench.wait(MINUTE, true);
    let released = CalendarChange::Release {
        meeting: planned.id.clone(),
        reason: "Niemand ist gekommen; der Raum wurde freigegeben.".to_owned(),
    };
    assert_eq!(written(&effects), [&released]);
    assert_eq!(under_way(&bench), []);

    let mut bench = bench_with(day, vec![planned.clone()]);
    let effects = touch(
        &mut bench,
        DayAction::CheckIn {
            meeting: planned.id.clone(),
        },
    );
    assert!(matches!(
        written(&effects)[..],
        [CalendarChange::CheckIn { .. }]
    ));
    assert_eq!(written(&bench.wait(20 * MINUTE, true)).len(), 0);
    assert_eq!(under_way(&bench).len(), 1);
}

#[test]
fn who_joins_has_checked_in() {
    let weekly = appointment("weekly", "09:00", "10:00");
    let mut bench = bench_with("check_in_minutes = 10", vec![weekly.clone()]);
    let effects = enter(&mut bench, &weekly.id);
    assert!(matches!(
        written(&effects)[..],
        [CalendarChange::CheckIn { .. }]
    ));
    bench.touch(Intent::Leave);
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
    assert_eq!(written(&bench.wait(20 * MINUTE, true)).len(), 0);
}

#[test]
fn alone_for_five_minutes_it_leaves_after_a_warning() {
    let mut bench = bench_with("", vec![common::weekly()]);
    enter(&mut bench, &MeetingId("weekly".to_owned()));
    bench.wait(3 * MINUTE, true);
    alone(&mut bench);
    let effects = bench.wait(4 * MINUTE - Duration::from_secs(1), true);
    assert!(!leave_is_told(&effects));
    assert_eq!(bench.room.day_notices(bench.now), []);
    let effects = bench.wait(Duration::from_secs(2), true);
    assert_eq!(bench.room.day_notices(bench.now), [DayNotice::Alone]);
    assert!(effects.contains(&Effect::Redraw));
    let effects = bench.wait(MINUTE, true);
    assert!(leave_is_told(&effects));
}

#[test]
fn a_touch_on_stay_keeps_it_until_somebody_came_and_went() {
    let mut bench = bench_with("", vec![common::weekly()]);
    enter(&mut bench, &MeetingId("weekly".to_owned()));
    bench.wait(3 * MINUTE, true);
    alone(&mut bench);
    bench.wait(4 * MINUTE + Duration::from_secs(10), true);
    touch(&mut bench, DayAction::Stay {});
    assert_eq!(bench.room.day_notices(bench.now), []);
    assert!(!leave_is_told(&bench.wait(30 * MINUTE, true)));
    let call = bench.call();
    bench.tell(Event::Call(
        call,
        CallEvent::Participants(vec![participant("ada")]),
    ));
    alone(&mut bench);
    assert!(leave_is_told(&bench.wait(5 * MINUTE, true)));
}

#[test]
fn who_comes_early_waits_for_the_others() {
    let mut bench = bench_with("", vec![appointment("weekly", "09:05", "10:00")]);
    let id = appointment("weekly", "09:05", "10:00").id;
    enter(&mut bench, &id);
    alone(&mut bench);
    // To 9:09:50.
    assert!(!leave_is_told(&bench.wait(Duration::from_secs(680), true)));
    assert!(leave_is_told(&bench.wait(Duration::from_secs(20), true)));
}

#[test]
fn a_room_that_never_leaves_does_not() {
    let mut bench = bench_with("leave_alone_minutes = 0", vec![common::weekly()]);
    enter(&mut bench, &MeetingId("weekly".to_owned()));
    alone(&mut bench);
    assert!(!leave_is_told(&bench.wait(60 * MINUTE, true)));
}

#[test]
fn the_next_meeting_asks_for_the_room_and_a_touch_leads_there() {
    let weekly = appointment("weekly", "08:00", "09:00");
    let review = appointment("review", "09:04", "10:00");
    let mut bench = bench_with("", vec![weekly.clone(), review.clone()]);
    enter(&mut bench, &weekly.id);
    assert_eq!(bench.room.day_notices(bench.now), [], "it is 8:58:30");
    bench.wait(2 * MINUTE, true);
    let notice = DayNotice::Next {
        meeting: review.id.clone(),
        title: review.title.clone(),
        start: review.start.unwrap(),
        joinable: true,
    };
    assert_eq!(
        bench.room.day_notices(bench.now),
        std::slice::from_ref(&notice)
    );
    bench.wait(10 * MINUTE, true);
    assert_eq!(bench.room.day_notices(bench.now), [notice], "running over");
    let effects = bench.touch(Intent::Join(review.id.clone()));
    assert!(leave_is_told(&effects));
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
    assert_eq!(bench.room.phase().meeting().unwrap().id, review.id);
}

#[test]
fn a_meeting_that_nobody_else_needs_the_room_after_may_stay() {
    let weekly = appointment("weekly", "08:00", "09:00");
    let mut bench = bench_with("", vec![weekly.clone()]);
    enter(&mut bench, &weekly.id);
    let ends = DayNotice::Taken {
        meeting: weekly.id.clone(),
        title: weekly.title.clone(),
        end: weekly.end.unwrap(),
    };
    assert_eq!(bench.room.day_notices(bench.now), [ends]);
    bench.wait(5 * MINUTE, true);
    assert_eq!(bench.room.day_notices(bench.now), []);
    assert_eq!(bench.phase(), "call");
}

#[test]
fn a_meeting_that_is_moved_or_cancelled_tells_those_who_are_in_it() {
    let weekly = appointment("weekly", "08:00", "10:00");
    let mut bench = bench_with("", vec![weekly.clone()]);
    enter(&mut bench, &weekly.id);
    let start = at("2026-11-23T14:00:00Z");
    let moved = Meeting {
        start: Some(start),
        end: None,
        ..weekly.clone()
    };
    bench.tell_meetings(vec![moved]);
    assert_eq!(
        bench.room.day_notices(bench.now),
        [DayNotice::Moved { start }]
    );
    touch(&mut bench, DayAction::Read {});
    assert_eq!(bench.room.day_notices(bench.now), []);
    bench.tell_meetings(Vec::new());
    assert_eq!(bench.room.day_notices(bench.now), [DayNotice::Cancelled]);
    bench.tell_meetings(vec![weekly]);
    assert!(
        !bench
            .room
            .day_notices(bench.now)
            .contains(&DayNotice::Cancelled)
    );
    assert_eq!(bench.phase(), "call", "they decide");
}

#[test]
fn a_meeting_that_a_call_without_appointment_has_no_news_of_is_left_alone() {
    let mut bench = bench_with("", vec![meeting("call", None, None, 2)]);
    enter(&mut bench, &MeetingId("call".to_owned()));
    bench.tell_meetings(Vec::new());
    assert_eq!(bench.room.day_notices(bench.now), []);
}

#[test]
fn it_enters_a_meeting_by_itself_unheard_unseen_and_once() {
    let weekly = appointment("weekly", "09:00", "10:00");
    let mut bench = bench_with("join_automatically = true", vec![weekly.clone()]);
    let effects = bench.wait(MINUTE, true);
    assert!(to_service(&effects).is_empty(), "it is 8:59:30");
    let effects = bench.wait(MINUTE, true);
    let join = to_service(&effects);
    assert!(
        matches!(
            join[0],
            MeetingCommand::Join {
                microphone: false,
                camera: false,
                ..
            }
        ),
        "{join:?}"
    );
    bench.touch(Intent::Leave);
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
    bench.wait(5 * MINUTE, true);
    assert!(bench.is_home(), "people left it");
}

#[test]
fn a_room_that_starts_in_the_middle_of_a_meeting_does_not_fall_into_it() {
    let running = appointment("weekly", "08:00", "10:00");
    let mut bench = bench_with("join_automatically = true", vec![running]);
    bench.wait(5 * MINUTE, true);
    assert!(bench.is_home());
}

#[test]
fn what_was_changed_is_forgotten_when_it_is_long_over() {
    let mut bench = bench_with("", Vec::new());
    touch(&mut bench, DayAction::Book { span: minutes(15) });
    bench.turn(20 * 60 * MINUTE);
    let effects = bench.tell_meetings(Vec::new());
    let empty = Bookings {
        version: 1,
        ..Bookings::default()
    };
    assert!(effects.contains(&Effect::SaveBookings(Box::new(empty))));
}
