//! What a room's day looks like for the entries that people and programs really write.

#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use jiff::Timestamp;
use saal_calendar::Calendar;
use saal_core::CalendarProblem;
use saal_meeting::{Destination, Invitation, Meeting};
use serde_json::{Value, json};

const BERLIN: &str = "Europe/Berlin";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn invitation(event: impl Into<Option<Value>>, in_call: u32) -> Invitation {
    Invitation {
        destination: Destination::matrix("!lahn:example.org"),
        name: "Weekly".to_owned(),
        aliases: Vec::new(),
        calendar_event: event.into(),
        jitsi_widgets: Vec::new(),
        in_call,
        part_of: None,
    }
}

fn day(now: &str, event: impl Into<Option<Value>>) -> (Vec<Meeting>, Vec<CalendarProblem>) {
    with_call(now, event, 0)
}

fn with_call(
    now: &str,
    event: impl Into<Option<Value>>,
    in_call: u32,
) -> (Vec<Meeting>, Vec<CalendarProblem>) {
    let mut calendar = Calendar::default();
    calendar.update(vec![invitation(event, in_call)]);
    calendar.meetings(at(now))
}

fn moment(value: &str) -> Value {
    json!({"tzid": BERLIN, "value": value})
}

fn entry(start: &str, end: &str) -> Value {
    json!({"uid": "1", "dtstart": moment(start), "dtend": moment(end)})
}

fn series(start: &str, end: &str, rule: &str) -> Value {
    let mut entry = entry(start, end);
    entry["rrule"] = json!(rule);
    entry
}

fn event(entries: &[Value]) -> Value {
    json!({"creator": "@ada:example.org", "calendar": entries})
}

fn starts(event: Value, now: &str) -> Vec<String> {
    let (meetings, problems) = day(now, event);
    assert_eq!(problems, []);
    meetings
        .iter()
        .map(|m| m.start.unwrap().to_string())
        .collect()
}

fn reason(event: Value) -> String {
    let (meetings, problems) = day("2026-11-23T08:00:00Z", event);
    assert_eq!(meetings, []);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].place, "Weekly");
    problems[0].reason.clone()
}

#[test]
fn one_meeting_has_the_rooms_name_and_its_own_times() {
    let (meetings, problems) = day(
        "2026-11-23T08:00:00Z",
        event(&[entry("20261123T100000", "20261123T110000")]),
    );
    assert_eq!(problems, []);
    let [meeting] = &meetings[..] else {
        panic!("{meetings:?}")
    };
    assert_eq!(meeting.title, "Weekly");
    assert_eq!(meeting.start, Some(at("2026-11-23T09:00:00Z")));
    assert_eq!(meeting.end, Some(at("2026-11-23T10:00:00Z")));
    assert_eq!(meeting.in_call, 0);
    assert_eq!(meeting.id.0, "!lahn:example.org/once");
}

#[test]
fn the_former_form_is_read_too() {
    let event = json!({"creator": "@ada:example.org",
        "start_time": "2026-11-23T10:00:00.000+01:00", "end_time": "2026-11-23T10:00:00Z"});
    assert_eq!(
        starts(event, "2026-11-23T08:00:00Z"),
        ["2026-11-23T09:00:00Z"]
    );
}

#[test]
fn an_entry_without_a_list_around_it_is_read() {
    let event = json!({"calendar": entry("20261123T100000", "20261123T110000")});
    assert_eq!(
        starts(event, "2026-11-23T08:00:00Z"),
        ["2026-11-23T09:00:00Z"]
    );
}

#[test]
fn a_nameless_room_is_called_by_its_address() {
    let mut calendar = Calendar::default();
    let name = "  ".to_owned();
    calendar.update(vec![Invitation {
        name,
        ..invitation(None, 1)
    }]);
    let (meetings, _) = calendar.meetings(at("2026-11-23T08:00:00Z"));
    assert_eq!(meetings[0].title, "!lahn:example.org");
}

#[test]
fn the_window_is_a_day_back_and_two_ahead() {
    let daily = series("20200101T100000", "20200101T110000", "FREQ=DAILY");
    assert_eq!(
        starts(event(&[daily]), "2026-11-23T09:30:00Z"),
        // Yesterday's ended 23 h 30 min ago.
        [
            "2026-11-22T09:00:00Z",
            "2026-11-23T09:00:00Z",
            "2026-11-24T09:00:00Z",
            "2026-11-25T09:00:00Z"
        ]
    );
}

#[test]
fn what_ended_a_day_ago_is_gone_and_what_starts_in_two_is_not_there_yet() {
    let daily = series("20200101T100000", "20200101T110000", "FREQ=DAILY");
    assert_eq!(
        starts(event(std::slice::from_ref(&daily)), "2026-11-23T10:00:00Z")[0],
        "2026-11-23T09:00:00Z",
        "yesterday's ended 24 h ago"
    );
    let found = starts(event(&[daily]), "2026-11-23T09:00:00Z");
    assert_eq!(
        found.last().unwrap(),
        "2026-11-24T09:00:00Z",
        "48 h are not reached"
    );
}

#[test]
fn ten_stays_ten_when_the_clocks_change() {
    let daily = series("20260101T100000", "20260101T110000", "FREQ=DAILY");
    assert_eq!(
        starts(event(std::slice::from_ref(&daily)), "2026-03-28T12:00:00Z"),
        [
            "2026-03-28T09:00:00Z",
            "2026-03-29T08:00:00Z",
            "2026-03-30T08:00:00Z"
        ]
    );
    assert_eq!(
        starts(event(&[daily]), "2026-10-24T12:00:00Z"),
        [
            "2026-10-24T08:00:00Z",
            "2026-10-25T09:00:00Z",
            "2026-10-26T09:00:00Z"
        ]
    );
}

#[test]
fn a_time_that_the_clock_skips_or_repeats_still_has_one_meeting() {
    // 2026-03-29 has no 02:30 in Berlin: RFC 5545 counts on with the offset before.
    let gap = series("20260327T023000", "20260327T030000", "FREQ=DAILY");
    let found = starts(event(&[gap]), "2026-03-28T12:00:00Z");
    assert!(
        found.contains(&"2026-03-29T01:30:00Z".to_owned()),
        "{found:?}"
    );
    // 2026-10-25 has 02:30 twice: the first counts.
    let fold = series("20261020T023000", "20261020T030000", "FREQ=DAILY");
    let found = starts(event(&[fold]), "2026-10-24T12:00:00Z");
    assert!(
        found.contains(&"2026-10-25T00:30:00Z".to_owned()),
        "{found:?}"
    );
    assert!(
        !found.contains(&"2026-10-25T01:30:00Z".to_owned()),
        "{found:?}"
    );
}

#[test]
fn other_weeks_are_counted_from_the_first() {
    let rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE";
    let fortnightly = series("20251201T100000", "20251201T110000", rule);
    // 2026-11-16 and 18 are 50 weeks later, the week of 2026-11-23 is in between.
    let event = event(&[fortnightly]);
    assert_eq!(starts(event.clone(), "2026-11-16T00:00:00Z").len(), 1);
    assert_eq!(starts(event, "2026-11-23T12:00:00Z"), [""; 0]);
}

#[test]
fn the_last_friday_of_the_month() {
    let rule = "FREQ=MONTHLY;BYDAY=-1FR";
    let monthly = series("20260130T100000", "20260130T110000", rule);
    assert_eq!(
        starts(event(&[monthly]), "2026-11-26T12:00:00Z"),
        ["2026-11-27T09:00:00Z"]
    );
}

#[test]
fn count_and_until_end_a_series() {
    let now = "2026-11-23T08:00:00Z";
    let rule = |rule: &str| {
        let daily = series("20261121T100000", "20261121T110000", rule);
        starts(event(&[daily]), now)
    };
    let until_today = ["2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z"];
    assert_eq!(rule("FREQ=DAILY;COUNT=3"), until_today);
    assert_eq!(
        rule("FREQ=DAILY;UNTIL=20261123T090000Z"),
        until_today,
        "inclusive, in UTC"
    );
    assert_eq!(rule("FREQ=DAILY;UNTIL=20261123T085959Z"), until_today[..1]);
    assert_eq!(
        rule("FREQ=DAILY;UNTIL=20261123T100000"),
        until_today,
        "inclusive, in Berlin"
    );
    assert_eq!(
        rule("RRULE:FREQ=DAILY;UNTIL=20261123"),
        until_today,
        "the whole day"
    );
    assert_eq!(rule("FREQ=DAILY;UNTIL=20200101T000000Z"), [""; 0]);
}

#[test]
fn exdate_leaves_out_and_rdate_adds_whatever_their_zone() {
    let mut daily = series("20261121T100000", "20261121T110000", "FREQ=DAILY");
    daily["exdate"] = json!([{"tzid": "Europe/London", "value": "20261123T090000"}]);
    daily["rdate"] = json!([moment("20261123T150000")]);
    assert_eq!(
        starts(event(&[daily]), "2026-11-23T12:00:00Z"),
        [
            "2026-11-23T14:00:00Z",
            "2026-11-24T09:00:00Z",
            "2026-11-25T09:00:00Z"
        ]
    );
}

#[test]
fn a_moved_meeting_is_only_at_its_new_time_and_keeps_its_identity() {
    let daily = series("20261101T100000", "20261101T110000", "FREQ=DAILY");
    let mut moved = entry("20261123T160000", "20261123T163000");
    moved["recurrenceId"] = moment("20261123T100000");
    let event = event(&[daily, moved]);
    let (meetings, problems) = day("2026-11-23T12:00:00Z", event);
    assert_eq!(problems, []);
    let [today, tomorrow, _] = &meetings[..] else {
        panic!("{meetings:?}")
    };
    assert_eq!(today.start, Some(at("2026-11-23T15:00:00Z")));
    assert_eq!(today.end, Some(at("2026-11-23T15:30:00Z")));
    assert_eq!(today.id.0, "!lahn:example.org/2026-11-23T09:00:00Z");
    assert_eq!(tomorrow.start, Some(at("2026-11-24T09:00:00Z")));
}

#[test]
fn a_meeting_is_moved_into_and_out_of_the_window() {
    let weekly = series("20261102T100000", "20261102T110000", "FREQ=WEEKLY");
    let mut moved = entry("20261118T100000", "20261118T110000");
    moved["recurrenceId"] = moment("20261123T100000");
    let event = event(&[weekly, moved]);
    assert_eq!(starts(event.clone(), "2026-11-23T08:00:00Z"), [""; 0]);
    assert_eq!(
        starts(event, "2026-11-18T08:00:00Z"),
        ["2026-11-18T09:00:00Z"]
    );
}

#[test]
fn what_a_changed_series_left_behind_is_no_meeting() {
    let weekly = series("20261103T100000", "20261103T110000", "FREQ=WEEKLY");
    let mut stale = entry("20261123T160000", "20261123T163000");
    stale["recurrenceId"] = moment("20261123T100000");
    assert_eq!(
        starts(event(&[weekly, stale]), "2026-11-23T12:00:00Z"),
        ["2026-11-24T09:00:00Z"]
    );
}

#[test]
fn a_call_belongs_to_the_appointment_that_is_now() {
    let daily = event(&[series("20261101T100000", "20261101T110000", "FREQ=DAILY")]);
    let busy = |now: &str| {
        let (meetings, _) = with_call(now, daily.clone(), 3);
        let busy: Vec<_> = meetings.into_iter().filter(|m| m.in_call > 0).collect();
        assert_eq!(busy.len(), 1, "people are in one call: {busy:?}");
        assert_eq!(busy[0].in_call, 3);
        busy[0].start.map(|s| s.to_string())
    };
    let todays = Some("2026-11-23T09:00:00Z".to_owned());
    assert_eq!(busy("2026-11-23T09:30:00Z"), todays, "under way");
    assert_eq!(busy("2026-11-23T08:30:00Z"), todays, "early");
    assert_eq!(busy("2026-11-23T10:20:00Z"), todays, "running late");
    assert_eq!(busy("2026-11-23T15:00:00Z"), None, "a call of its own");
}

#[test]
fn the_later_of_two_meetings_has_the_call_when_one_follows_the_other() {
    let event = event(&[
        entry("20261123T090000", "20261123T100000"),
        entry("20261123T100000", "20261123T110000"),
    ]);
    let (meetings, _) = with_call("2026-11-23T09:00:00Z", event, 2);
    let in_call: Vec<u32> = meetings.iter().map(|m| m.in_call).collect();
    assert_eq!(in_call, [0, 2]);
}

#[test]
fn a_call_in_a_room_without_a_calendar_can_be_joined() {
    let (meetings, problems) = with_call("2026-11-23T08:00:00Z", None, 2);
    assert_eq!(problems, []);
    assert_eq!(meetings.len(), 1);
    assert_eq!((meetings[0].start, meetings[0].end), (None, None));
    assert_eq!(meetings[0].id.0, "!lahn:example.org/now");
    assert_eq!(meetings[0].in_call, 2);
}

#[test]
fn a_room_with_neither_is_no_meeting() {
    assert_eq!(day("2026-11-23T08:00:00Z", None), (vec![], vec![]));
}

#[test]
fn a_malformed_entry_names_room_and_field() {
    let cases = [
        (json!("tea"), "calendar: is missing"),
        (json!({}), "calendar: is missing"),
        (json!({"calendar": []}), "calendar: is empty"),
        (json!({"calendar": [7]}), "calendar[0].entry: invalid type"),
        (
            event(&[json!({"uid": "1"})]),
            "calendar[0].entry: missing field `dtstart`",
        ),
        (
            event(&[json!({"uid": "1", "dtstart": {"tzid": 1, "value": ""}})]),
            "calendar[0].dtstart.tzid: invalid type: integer `1`",
        ),
        (
            event(&[entry("2026-11-23 10:00", "20261123T110000")]),
            "calendar[0].dtstart.value: \"2026-11-23 10:00\" is not like",
        ),
        (
            event(&[entry("20261323T100000", "20261123T110000")]),
            "calendar[0].dtstart.value: \"20261323T100000\" is not like",
        ),
        (
            event(&[
                json!({"uid": "1", "dtstart": {"tzid": "Mars", "value": "20261123T100000"},
                "dtend": moment("20261123T110000")}),
            ]),
            "calendar[0].dtstart.tzid: \"Mars\" is no time zone",
        ),
        (
            event(&[entry("20261123T100000", "20261123T090000")]),
            "calendar[0].dtend: 2026-11-23T08:00:00Z is before dtstart",
        ),
        (
            event(&[series("20261123T100000", "20261123T110000", "FREQ=OFTEN")]),
            "calendar[0].rrule: \"FREQ=OFTEN\": ",
        ),
        (
            json!({"start_time": "2026-11-23T10:00:00Z"}),
            "entry: missing field `end_time`",
        ),
        (
            json!({"start_time": "soon", "end_time": "2026-11-23T10:00:00Z"}),
            "start_time: \"soon\" is not like",
        ),
    ];
    for (event, wanted) in cases {
        let reason = reason(event.clone());
        assert!(reason.starts_with(wanted), "{event}: {reason}");
    }
}

#[test]
fn a_malformed_entry_hides_neither_its_neighbours_nor_the_call() {
    let good = entry("20261123T180000", "20261123T190000");
    let bad = json!({"uid": "2"});
    let (meetings, problems) = with_call("2026-11-23T08:00:00Z", event(&[bad, good]), 1);
    assert_eq!(problems.len(), 1);
    let starts: Vec<_> = meetings
        .iter()
        .map(|m| (m.start.is_some(), m.in_call))
        .collect();
    assert_eq!(
        starts,
        [(false, 1), (true, 0)],
        "the call can be joined, the meeting is listed"
    );
}

#[test]
fn what_was_written_is_quoted_in_short() {
    let long = "x".repeat(100_000);
    let reason = reason(event(&[entry(&long, &long)]));
    assert!(reason.len() < 1000, "{} bytes", reason.len());
}

#[test]
fn rules_that_would_run_long_or_never_are_refused() {
    for rule in [
        "FREQ=SECONDLY".to_owned(),
        "FREQ=MINUTELY;COUNT=4000000000".to_owned(),
        "FREQ=HOURLY".to_owned(),
        "FREQ=DAILY;INTERVAL=0".to_owned(),
        format!(
            "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR={};BYMINUTE=0,30",
            list(24)
        ),
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30".to_owned(),
        format!("FREQ=DAILY;BYMINUTE={};BYSECOND={}", list(60), list(60)),
        format!("FREQ=DAILY;BYMONTHDAY={}", vec!["1"; 400].join(",")),
    ] {
        let reason = reason(event(&[series(
            "20200101T100000",
            "20200101T110000",
            &rule,
        )]));
        assert!(
            reason.starts_with("calendar[0].rrule: "),
            "{rule}: {reason}"
        );
    }
}

fn list(to: u8) -> String {
    (0..to).map(|n| n.to_string()).collect::<Vec<_>>().join(",")
}

#[test]
fn a_series_that_can_not_be_counted_is_reported() {
    let rule = format!("FREQ=DAILY;COUNT=4000000000;BYHOUR={}", list(24));
    let reason = reason(event(&[series(
        "19700101T000000",
        "19700101T000100",
        &rule,
    )]));
    assert!(
        reason.starts_with("rrule: too many meetings since 1970"),
        "{reason}"
    );
}

#[test]
fn more_moved_meetings_than_anybody_moves_are_reported() {
    let mut entries = vec![series("20260101T100000", "20260101T110000", "FREQ=DAILY")];
    for minute in 0..60 {
        let mut moved = entry(&format!("20261123T10{minute:02}00"), "20261123T120000");
        moved["recurrenceId"] = moment("20261120T100000");
        entries.push(moved);
    }
    let reason = reason(event(&entries));
    assert!(reason.starts_with("rrule: too many meetings"), "{reason}");
}

#[test]
fn more_series_than_a_room_has_are_reported() {
    let many = vec![series("20261123T100000", "20261123T110000", "FREQ=DAILY"); 17];
    let (meetings, problems) = day("2026-11-23T08:00:00Z", event(&many));
    assert!(!meetings.is_empty());
    assert_eq!(
        problems[0].reason,
        "calendar[16].rrule: only 16 series are read"
    );
}

#[test]
fn two_entries_for_the_same_time_are_one_meeting() {
    let event = event(&[
        entry("20261123T100000", "20261123T103000"),
        entry("20261123T100000", "20261123T110000"),
    ]);
    let (meetings, _) = day("2026-11-23T08:00:00Z", event);
    assert_eq!(meetings.len(), 1);
    assert_eq!(meetings[0].end, Some(at("2026-11-23T10:00:00Z")));
}

#[test]
fn the_calendar_is_asked_again_while_there_is_one() {
    let mut calendar = Calendar::default();
    let now = at("2026-11-23T08:02:00Z");
    calendar.update(vec![invitation(None, 2)]);
    assert_eq!(calendar.next_change(now), None);
    let daily = series("20261101T100000", "20261101T110000", "FREQ=DAILY");
    calendar.update(vec![invitation(event(&[daily]), 0)]);
    let next = calendar.next_change(now).unwrap();
    assert_eq!(next, at("2026-11-23T08:05:00Z"));
    assert!(calendar.next_change(next).unwrap() > next, "time goes on");
}

#[test]
fn the_day_moves_on_without_an_update() {
    let daily = event(&[series("20261101T100000", "20261101T110000", "FREQ=DAILY")]);
    let mut calendar = Calendar::default();
    calendar.update(vec![invitation(daily.clone(), 0)]);
    for minutes in (0..72 * 60).step_by(7) {
        let now = at("2026-11-23T08:00:00Z") + jiff::SignedDuration::from_mins(minutes);
        let (fresh, _) = day(&now.to_string(), daily.clone());
        assert_eq!(calendar.meetings(now).0, fresh, "{now}");
    }
}

#[test]
fn an_update_replaces_everything() {
    let mut calendar = Calendar::default();
    let now = at("2026-11-23T08:00:00Z");
    let once = event(&[entry("20261123T100000", "20261123T110000")]);
    calendar.update(vec![invitation(once.clone(), 0)]);
    calendar.update(vec![Invitation {
        name: "Renamed".to_owned(),
        ..invitation(once, 1)
    }]);
    let (meetings, _) = calendar.meetings(now);
    assert_eq!(meetings.len(), 1);
    assert_eq!(
        (meetings[0].title.as_str(), meetings[0].in_call),
        ("Renamed", 1)
    );
    let moved = event(&[entry("20261123T120000", "20261123T130000")]);
    calendar.update(vec![invitation(moved, 0)]);
    let (meetings, _) = calendar.meetings(now);
    assert_eq!(meetings[0].start, Some(at("2026-11-23T11:00:00Z")));
    calendar.update(Vec::new());
    assert_eq!(calendar.meetings(now), (vec![], vec![]));
}

fn place(meeting: &Meeting) -> String {
    meeting.destination.place()
}

#[test]
fn standing_meetings_are_matrix_rooms_and_conferences() {
    let mut calendar = Calendar::default();
    let ec = "https://call.example.org/room/#/a?roomId=!a:hs&password=s3cret";
    let other = "https://call.example.org/room/#/b?roomId=!b:hs";
    let jitsi = "https://meet.example.org/Weekly";
    calendar.set_standing([
        ("A", ec),
        ("B", other),
        ("C", jitsi),
        ("D", "matrix:u/anna:hs"),
    ]);
    let (meetings, problems) = calendar.meetings(at("2026-11-23T08:00:00Z"));
    let places: Vec<_> = meetings.iter().map(place).collect();
    assert_eq!(places, ["!a:hs", "!b:hs", jitsi]);
    let ids: std::collections::BTreeSet<_> = meetings.iter().map(|m| &m.id).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert!(!format!("{meetings:?}").contains("s3cret"));
    assert_eq!((problems.len(), problems[0].place.as_str()), (1, "D"));
    assert!(
        problems[0].reason.contains("leads to no room"),
        "{problems:?}"
    );
}

#[test]
fn a_call_in_a_standing_meetings_room_is_that_meetings() {
    for link in ["#lahn:example.org", "!lahn:example.org"] {
        let mut calendar = Calendar::default();
        calendar.set_standing([("Always", link)]);
        let aliases = vec!["#lahn:example.org".to_owned()];
        calendar.update(vec![Invitation {
            aliases,
            ..invitation(None, 3)
        }]);
        let (meetings, _) = calendar.meetings(at("2026-11-23T08:00:00Z"));
        let shown: Vec<_> = meetings
            .iter()
            .map(|m| (m.title.as_str(), m.in_call))
            .collect();
        assert_eq!(shown, [("Always", 3)], "{link}");
    }
}

#[test]
fn who_meets_in_the_room_comes_first_and_the_conference_stays_within_reach() {
    let widget =
        json!({ "type": "jitsi", "data": { "domain": "meet.example.org", "conferenceId": "W" } });
    let day = |in_call| {
        let mut calendar = Calendar::default();
        let entry = event(&[entry("20261123T090000", "20261123T100000")]);
        let mut invitation = invitation(entry, in_call);
        invitation.jitsi_widgets = vec![widget.clone()];
        calendar.update(vec![invitation]);
        let (meetings, _) = calendar.meetings(at("2026-11-23T08:15:00Z"));
        let line = |m: &Meeting| format!("{} {} {}", m.title, place(m), m.in_call);
        meetings.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(day(0), ["Weekly https://meet.example.org/W 0"]);
    assert_eq!(
        day(2),
        [
            "Weekly !lahn:example.org 2",
            "Weekly (Jitsi) https://meet.example.org/W 0"
        ]
    );
}

#[test]
fn a_breakout_session_belongs_to_the_occurrence_it_was_made_in() {
    let mut calendar = Calendar::default();
    let daily = event(&[series("20261122T090000", "20261122T100000", "FREQ=DAILY")]);
    let session = event(&[entry("20261123T092000", "20261123T094000")]);
    calendar.update(vec![
        invitation(daily, 0),
        Invitation {
            destination: Destination::matrix("!group:example.org"),
            name: "Group 1".to_owned(),
            part_of: Some("!lahn:example.org".to_owned()),
            ..invitation(session, 0)
        },
    ]);
    let (meetings, _) = calendar.meetings(at("2026-11-23T08:00:00Z"));
    let belongs: Vec<_> = meetings.iter().filter_map(|m| m.part_of.as_ref()).collect();
    let [main] = belongs[..] else {
        panic!("{meetings:?}")
    };
    assert_eq!(
        (main.id.0.as_str(), main.title.as_str()),
        ("!lahn:example.org/2026-11-23T08:00:00Z", "Weekly")
    );
}
