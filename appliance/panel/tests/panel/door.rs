//! The page at the door.

use std::time::Duration;

use saal_core::{CalendarChange, ChangeRefused, Event, Intent, Now, Room, TroubleCode};
use saal_fleet_protocol::config::{self, Language};
use saal_meeting::{BookingSpan, DayAction, Meeting, MeetingId};
use saal_panel::{DoorView, Navigation, Occupancy, Step, door, door_pressed};

use crate::scenes::{at, meeting};

fn room(titles: bool, meetings: Vec<Meeting>, clock: &str) -> (Room, Now) {
    let text = format!(
        "version = 1\n[room]\nname = \"Raum Lahn\"\ntime_zone = \"Europe/Berlin\"\n\
         [[meetings]]\ntitle = \"Standing\"\nlink = \"https://meet.example.org/Standing\"\n\
         [browsers]\nlisten = \"0.0.0.0:8443\"\n[door]\ntoken_file = \"door\"\ntitles = {titles}\n\
         [day]\ncheck_in_minutes = 10\n"
    );
    let now = Now {
        wall: at(clock),
        mono: Duration::from_secs(1),
    };
    let mut room = Room::new();
    room.handle(now, Event::Config(Box::new(config::parse(&text).unwrap())));
    let problems = Vec::new();
    room.handle(
        now,
        Event::Meetings {
            meetings,
            problems,
            put_off: Vec::new(),
        },
    );
    (room, now)
}

fn view(titles: bool, meetings: Vec<Meeting>, clock: &str, language: Language) -> DoorView {
    let (room, now) = room(titles, meetings, clock);
    DoorView::of(&room, now, &Navigation::default(), Some(language)).unwrap()
}

fn day() -> Vec<Meeting> {
    vec![
        meeting("Team <Weekly>", at("14:00"), at("15:00")),
        meeting("Jour fixe", at("16:00"), at("17:00")),
    ]
}

#[test]
fn colour_sign_and_words_say_whether_the_room_is_free() {
    for (clock, occupancy, class, words) in [
        (
            "13:00",
            Occupancy::Free {
                until: Some(at("14:00")),
            },
            "free",
            "Frei",
        ),
        (
            "13:50",
            Occupancy::Soon { from: at("14:00") },
            "soon",
            "Gleich belegt",
        ),
        (
            "14:20",
            Occupancy::Taken {
                until: Some(at("15:00")),
            },
            "taken",
            "Belegt",
        ),
        ("18:00", Occupancy::Free { until: None }, "free", "Frei"),
    ] {
        let view = view(true, day(), clock, Language::De);
        assert_eq!(view.occupancy, occupancy, "{clock}");
        let html = door(&view).main;
        assert!(
            html.contains(&format!("class=\"{class}\"")),
            "{clock}: {html}"
        );
        assert!(
            html.contains(&format!("<span id=\"what\">{words}</span>")),
            "{clock}: {html}"
        );
        assert!(html.contains("<svg"), "{clock}: {html}");
        if let Some(folder) = std::env::var_os("SAAL_PAGES") {
            let name = format!("door-{class}-{}.html", &clock[..2]);
            std::fs::write(std::path::Path::new(&folder).join(name), html).unwrap();
        }
    }
}

#[test]
fn the_corridor_reads_what_meetings_are_called_only_where_it_may() {
    let open = door(&view(true, day(), "14:20", Language::En)).main;
    assert!(
        open.contains("Team &lt;Weekly&gt;") && open.contains("Jour fixe"),
        "{open}"
    );
    let closed = door(&view(false, day(), "14:20", Language::En)).main;
    assert!(
        !closed.contains("Weekly") && !closed.contains("Jour fixe"),
        "{closed}"
    );
    assert_eq!(closed.matches("Reserved").count(), 2, "{closed}");
    let mut private = day();
    private[0].private = true;
    let some = door(&view(true, private, "14:20", Language::En)).main;
    assert!(
        !some.contains("Weekly") && some.contains("Jour fixe"),
        "{some}"
    );
}

#[test]
fn what_is_always_there_does_not_take_the_room() {
    let mut standing = meeting("Standing", at("14:00"), at("15:00"));
    (standing.start, standing.end) = (None, None);
    let view = view(true, vec![standing], "14:20", Language::En);
    assert_eq!(view.occupancy, Occupancy::Free { until: None });
}

/// Values of the buttons of a page, without how each stood.
fn buttons(html: &str) -> Vec<String> {
    let values = html.split("value=\"=").skip(1);
    let values = values.filter_map(|rest| rest.split('"').next());
    values.map(str::to_owned).collect()
}

#[test]
fn the_room_is_booked_at_the_door() {
    let (mut room, now) = room(true, day(), "13:00");
    let mut places = Navigation::default();
    let look = |room: &Room, places: &Navigation| {
        DoorView::of(room, now, places, Some(Language::En)).unwrap()
    };
    assert!(
        !door(&look(&room, &places)).main.contains("<button"),
        "no calendar takes it"
    );
    room.handle(now, Event::CalendarWritable(true));
    let free = look(&room, &places);
    assert_eq!(buttons(&door(&free).main), ["book"]);
    let (intent, step) = door_pressed(&free, "book", None).unwrap();
    assert_eq!(intent, None);
    places.take(step.unwrap());
    let choosing = look(&room, &places);
    let html = door(&choosing).main;
    assert!(
        html.contains("30 minutes") && html.contains("until 13:30"),
        "{html}"
    );
    assert!(buttons(&html).contains(&"back".to_owned()), "{html}");
    let (intent, step) = door_pressed(&choosing, "book:1", None).unwrap();
    let span = BookingSpan::Minutes(30.try_into().unwrap());
    assert_eq!(intent, Some(Intent::Day(DayAction::Book { span })));
    assert_eq!(step, Some(Step::Close));
    // What else the panel offers is for those in the room.
    assert_eq!(door_pressed(&free, "access", None), None);
}

/// A room whose calendar takes changes, and in it one meeting of that calendar.
fn in_a_calendar(titles: bool, clock: &str) -> (Room, Now, MeetingId) {
    let id = MeetingId("calendar/team".to_owned());
    let mut team = meeting("Team", at("14:00"), at("15:00"));
    team.id = id.clone();
    let (mut room, now) = room(titles, vec![team], clock);
    room.handle(now, Event::CalendarWritable(true));
    (room, now, id)
}

fn seen(room: &Room, now: Now, places: &Navigation) -> DoorView {
    DoorView::of(room, now, places, Some(Language::En)).unwrap()
}

#[test]
fn who_stands_at_the_door_says_that_they_are_there_and_keeps_the_room() {
    let (mut room, now, meeting) = in_a_calendar(true, "14:02");
    let mut places = Navigation::default();
    let early = seen(&room, now, &places);
    let html = door(&early).main;
    assert!(
        html.contains("Are you here for \u{201c}Team\u{201d}?"),
        "{html}"
    );
    assert_eq!(buttons(&html), ["release", "check-in", "time"]);
    let here = Intent::Day(DayAction::CheckIn {
        meeting: meeting.clone(),
    });
    let pressed = door_pressed(&early, "check-in", None);
    assert_eq!(pressed, Some((Some(here.clone()), None)));
    room.handle(now, Event::Intent(here));
    let checked_in = seen(&room, now, &places);
    assert_eq!(buttons(&door(&checked_in).main), ["time"]);
    assert_eq!(
        door_pressed(&checked_in, "check-in", None),
        None,
        "that was said"
    );

    places.take(door_pressed(&checked_in, "time", None).unwrap().1.unwrap());
    let choosing = seen(&room, now, &places);
    let html = door(&choosing).main;
    assert!(html.contains("until 15:15"), "{html}");
    let (intent, _) = door_pressed(&choosing, "extend:0", None).unwrap();
    let span = BookingSpan::Minutes(15.try_into().unwrap());
    let longer = DayAction::Extend {
        meeting: meeting.clone(),
        span,
    };
    assert_eq!(intent, Some(Intent::Day(longer)));
    let (intent, step) = door_pressed(&choosing, "end-now", None).unwrap();
    assert_eq!(intent, Some(Intent::Day(DayAction::End { meeting })));
    room.handle(now, Event::Intent(intent.unwrap()));
    places.take(step.unwrap());
    let free = seen(&room, now, &places);
    assert_eq!(free.occupancy, Occupancy::Free { until: None });
    assert_eq!(buttons(&door(&free).main), ["book"]);
}

#[test]
fn what_can_be_done_names_no_meeting_that_the_corridor_may_not_read_of() {
    let (room, now, _) = in_a_calendar(false, "14:02");
    let html = door(&seen(&room, now, &Navigation::default())).main;
    assert!(
        html.contains("Are you here") && !html.contains("Team"),
        "{html}"
    );
}

#[test]
fn what_the_calendar_did_not_take_is_said_at_the_door_until_it_was_read() {
    let (mut room, now, meeting) = in_a_calendar(true, "14:02");
    let change = CalendarChange::Release {
        meeting,
        reason: String::new(),
    };
    let refused = Some(ChangeRefused::Failed {
        reason: String::new(),
    });
    room.handle(now, Event::CalendarChanged { change, refused });
    let places = Navigation::default();
    let told = seen(&room, now, &places);
    let html = door(&told).main;
    assert!(html.contains("The calendar did not take this"), "{html}");
    let read = Intent::Dismiss(TroubleCode::NotInCalendar);
    let pressed = door_pressed(&told, "dismiss:not_in_calendar", None);
    assert_eq!(pressed, Some((Some(read.clone()), None)));
    room.handle(now, Event::Intent(read));
    let html = door(&seen(&room, now, &places)).main;
    assert!(!html.contains("The calendar did not take this"), "{html}");
}

#[test]
fn a_choice_that_is_gone_is_not_offered_any_more() {
    let (mut room, mut now) = room(true, day(), "13:00");
    room.handle(now, Event::CalendarWritable(true));
    let mut places = Navigation::default();
    places.take(
        door_pressed(&seen(&room, now, &places), "book", None)
            .unwrap()
            .1
            .unwrap(),
    );
    now.wall = at("14:00");
    let taken = seen(&room, now, &places);
    let html = door(&taken).main;
    assert!(
        html.contains("Taken") && html.contains("Jour fixe"),
        "{html}"
    );
    assert_eq!(door_pressed(&taken, "book:1", None), None);
}

#[test]
fn a_meeting_that_is_not_sure_yet_says_so() {
    let mut meetings = day();
    meetings[1].tentative = true;
    let html = door(&view(true, meetings, "14:20", Language::De)).main;
    let (now, next) = html.split_once("id=\"next\"").unwrap();
    assert!(!now.contains("unter Vorbehalt"), "{html}");
    assert!(next.contains("unter Vorbehalt"), "{html}");
}
