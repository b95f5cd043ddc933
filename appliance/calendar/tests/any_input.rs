//! Whatever somebody writes into a room's state: no panic, no endless work, no loss of the call.

#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use jiff::Timestamp;
use proptest::{prelude::*, test_runner::RngSeed};
use saal_calendar::Calendar;
use saal_meeting::{Destination, Invitation};
use serde_json::{Map, Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
        Just(json!({"tzid": "Europe/Berlin", "value": "20261123T100000"})),
        Just(json!("FREQ=WEEKLY")),
    ];
    let key = prop_oneof![
        Just("calendar".to_owned()),
        Just("dtstart".to_owned()),
        Just("dtend".to_owned()),
        Just("uid".to_owned()),
        Just("rrule".to_owned()),
        Just("exdate".to_owned()),
        Just("recurrenceId".to_owned()),
        Just("start_time".to_owned()),
        Just("tzid".to_owned()),
        Just("value".to_owned()),
        ".*",
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|pairs| Value::from(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn any_moment() -> impl Strategy<Value = Value> {
    let zone = prop_oneof![
        Just("Europe/Berlin"),
        Just("UTC"),
        Just("Pacific/Apia"),
        Just("America/St_Johns"),
        Just("Mars/Phobos")
    ];
    let value = (0u16..=9999, 0u8..14, 0u8..33, 0u8..25, 0u8..61, 0u8..61);
    (zone, value).prop_map(|(tzid, (year, month, day, h, m, s))| {
        let value = format!("{year:04}{month:02}{day:02}T{h:02}{m:02}{s:02}");
        json!({"tzid": tzid, "value": value})
    })
}

fn number(low: i32, high: i32) -> impl Strategy<Value = String> {
    prop::collection::vec(low..=high, 1..5).prop_map(|all| {
        all.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",")
    })
}

fn any_rule() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        (0u32..=70_000).prop_map(|n| format!("INTERVAL={n}")),
        any::<u32>().prop_map(|n| format!("COUNT={n}")),
        Just("UNTIL=20261201T000000Z".to_owned()),
        Just("UNTIL=99991231".to_owned()),
        number(-400, 400).prop_map(|n| format!("BYSETPOS={n}")),
        number(0, 13).prop_map(|n| format!("BYMONTH={n}")),
        number(-32, 32).prop_map(|n| format!("BYMONTHDAY={n}")),
        number(-367, 367).prop_map(|n| format!("BYYEARDAY={n}")),
        number(-54, 54).prop_map(|n| format!("BYWEEKNO={n}")),
        number(0, 25).prop_map(|n| format!("BYHOUR={n}")),
        number(0, 61).prop_map(|n| format!("BYMINUTE={n}")),
        (-54i32..=54).prop_map(|n| format!("BYDAY=MO,{n}FR")),
        Just("BYDAY=MO,TU,WE,TH,FR".to_owned()),
        Just("WKST=SU".to_owned()),
    ];
    let freq = prop_oneof![
        Just("YEARLY"),
        Just("MONTHLY"),
        Just("WEEKLY"),
        Just("DAILY"),
        Just("HOURLY"),
        Just("SECONDLY")
    ];
    (freq, prop::collection::vec(part, 0..4))
        .prop_map(|(freq, parts)| format!("FREQ={freq};{}", parts.join(";")))
}

fn any_event() -> impl Strategy<Value = Value> {
    let entry = (
        any_moment(),
        any_moment(),
        any_rule(),
        any_moment(),
        any::<bool>(),
    )
        .prop_map(|(start, end, rule, other, moved)| {
            let mut entry = json!({"uid": "1", "dtstart": start, "dtend": end, "exdate": [other]});
            let key = if moved { "recurrenceId" } else { "rrule" };
            entry[key] = if moved { other } else { json!(rule) };
            entry
        });
    prop::collection::vec(entry, 1..4).prop_map(|all| json!({"calendar": all}))
}

fn check(event: Value, now: Timestamp, in_call: u32) {
    let mut calendar = Calendar::default();
    calendar.update(vec![Invitation {
        destination: Destination::matrix("!lahn:example.org"),
        name: "Weekly".to_owned(),
        aliases: Vec::new(),
        calendar_event: Some(event),
        jitsi_widgets: Vec::new(),
        in_call,
        part_of: None,
    }]);
    let (meetings, problems) = calendar.meetings(now);
    let others: u32 = meetings.iter().map(|m| m.in_call).sum();
    assert_eq!(
        others, in_call,
        "a call is at exactly one meeting: {meetings:?}"
    );
    let ids: std::collections::BTreeSet<_> = meetings.iter().map(|m| &m.id).collect();
    assert_eq!(
        ids.len(),
        meetings.len(),
        "identities are unique: {meetings:?}"
    );
    for meeting in &meetings {
        assert!(meeting.start <= meeting.end, "{meeting:?}");
    }
    for problem in &problems {
        assert!(problem.reason.chars().count() <= 301, "{}", problem.reason);
    }
    if let Some(next) = calendar.next_change(now) {
        assert!(next > now);
    }
}

fn any_now() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        (1_700_000_000i64..2_000_000_000).prop_map(|s| Timestamp::from_second(s).unwrap()),
        Just(Timestamp::MIN),
        Just(Timestamp::MAX),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_json_is_survived(event in any_json(), now in any_now(), in_call in 0u32..3) {
        check(event, now, in_call);
    }

    #[test]
    fn any_rule_is_survived(event in any_event(), now in any_now(), in_call in 0u32..3) {
        check(event, now, in_call);
    }
}
