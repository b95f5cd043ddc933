//! The agenda and the television: pure functions that people look at all day.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use common::{at, meeting};
use saal_core::Agenda;
use saal_meeting::Meeting;

const NINE: &str = "2026-11-23T09:00:00Z";
const TEN: &str = "2026-11-23T10:00:00Z";

fn ids<'a>(meetings: &[&'a Meeting]) -> Vec<&'a str> {
    meetings.iter().map(|m| m.id.0.as_str()).collect()
}

#[test]
fn the_day_is_in_order_and_what_is_over_is_gone() {
    let all = [
        meeting("b", Some(TEN), None, 0),
        meeting(
            "over",
            Some("2026-11-23T07:00:00Z"),
            Some("2026-11-23T08:00:00Z"),
            0,
        ),
        meeting(
            "overrun",
            Some("2026-11-23T07:00:00Z"),
            Some("2026-11-23T08:00:00Z"),
            2,
        ),
        meeting("now", Some(NINE), Some(TEN), 0),
        meeting("a", Some(TEN), None, 0),
        meeting("call", None, None, 1),
        meeting("early", Some("2026-11-23T12:00:00Z"), None, 1),
    ];
    let agenda = Agenda::at(at(NINE), &all);
    assert_eq!(ids(&agenda.under_way), ["call", "overrun", "now", "early"]);
    assert_eq!(ids(&agenda.next), ["a", "b"]);
}

#[test]
fn a_meeting_is_over_at_its_end_and_not_before() {
    let all = [meeting("m", Some(NINE), Some(TEN), 0)];
    let shown = |now| !Agenda::at(at(now), &all).under_way.is_empty();
    assert!(shown("2026-11-23T09:59:59Z"));
    assert!(!shown(TEN));
    assert!(!Agenda::can_join(at(TEN), &all[0], saal_core::JOIN_BEFORE));
}

#[test]
fn joining_opens_ten_minutes_before() {
    let m = meeting("m", Some(NINE), Some(TEN), 0);
    assert!(!Agenda::can_join(
        at("2026-11-23T08:49:59Z"),
        &m,
        saal_core::JOIN_BEFORE
    ));
    assert!(Agenda::can_join(
        at("2026-11-23T08:50:00Z"),
        &m,
        saal_core::JOIN_BEFORE
    ));
    let busy = Meeting { in_call: 1, ..m };
    assert!(
        Agenda::can_join(at("2026-11-23T01:00:00Z"), &busy, saal_core::JOIN_BEFORE),
        "somebody is there"
    );
}

#[test]
fn times_at_the_ends_of_time_break_nothing() {
    for now in [jiff::Timestamp::MIN, jiff::Timestamp::MAX] {
        let m = meeting("m", Some(NINE), Some(TEN), 0);
        assert!(!Agenda::can_join(now, &m, saal_core::JOIN_BEFORE));
    }
}
