//! Whether anybody is there, as far as the room can tell.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::time::Duration;

use common::{Bench, config, config_text};
use saal_core::{Event, Intent, Presence};
use saal_fleet_protocol::config::IdleMinutes;
use saal_meeting::{CallEvent, EndReason};

/// It neither came to rest nor woke.
const NEVER: [bool; 0] = [];
const MINUTE: Duration = Duration::from_secs(60);

/// A room whose panel rests after half an hour, and nobody there.
fn room() -> (Bench, Presence) {
    let mut bench = Bench::at_home();
    bench.tell_meetings(Vec::new());
    let text = config_text() + "\n[panel]\ndim_after_minutes = 30\n";
    bench.tell(Event::Config(config(&text)));
    (bench, Presence::default())
}

/// Lets time pass as the daemon does, and says how often the panel came to rest or woke.
fn wait(bench: &mut Bench, presence: &mut Presence, span: Duration) -> Vec<bool> {
    let end = bench.now.mono + span;
    let rests = |presence: &Presence, bench: &Bench| {
        let after = bench.room.config().unwrap().panel.dim_after_minutes;
        presence.rests(after, bench.now)
    };
    let mut last = rests(presence, bench);
    let mut changes = Vec::new();
    loop {
        presence.follow(&bench.room, bench.now);
        let now = rests(presence, bench);
        if std::mem::replace(&mut last, now) != now {
            changes.push(now);
        }
        if bench.now.mono >= end {
            return changes;
        }
        let rest = presence.next_deadline(&bench.room, bench.now);
        let due = bench.room.next_deadline(bench.now);
        let next = rest.map_or(due, |at| at.min(due)).min(end);
        bench.turn(next.saturating_sub(bench.now.mono));
        bench.tell(Event::Deadline);
    }
}

#[test]
fn a_panel_rests_when_nobody_came_for_long_and_a_touch_wakes_it() {
    let (mut bench, mut presence) = room();
    presence.touched(bench.now);
    assert_eq!(wait(&mut bench, &mut presence, 29 * MINUTE), NEVER);
    presence.touched(bench.now);
    assert_eq!(wait(&mut bench, &mut presence, 29 * MINUTE), NEVER);
    assert_eq!(wait(&mut bench, &mut presence, MINUTE), [true]);
    assert_eq!(presence.idle(bench.now), 30 * MINUTE);
    presence.touched(bench.now);
    assert_eq!(presence.idle(bench.now), Duration::ZERO);
}

#[test]
fn it_never_rests_in_a_call_and_counts_from_its_end() {
    let (mut bench, mut presence) = room();
    bench.tell_meetings(vec![common::weekly()]);
    bench.touch_join("weekly");
    let call = bench.call();
    let people = vec![common::participant("ada")];
    bench.tell(Event::Call(call, CallEvent::Participants(people)));
    bench.tell(Event::Call(call, CallEvent::Joined));
    assert_eq!(wait(&mut bench, &mut presence, 200 * MINUTE), NEVER);
    bench.tell(Event::Intent(Intent::Leave));
    let ended = CallEvent::Ended(EndReason::Left);
    bench.tell(Event::Call(call, ended));
    bench.tell_meetings(Vec::new());
    assert!(bench.is_home());
    assert_eq!(wait(&mut bench, &mut presence, 29 * MINUTE), NEVER);
    assert_eq!(wait(&mut bench, &mut presence, MINUTE), [true]);
}

#[test]
fn a_meeting_wakes_it_ten_minutes_ahead_and_only_once() {
    let (mut bench, mut presence) = room();
    presence.touched(bench.now);
    assert_eq!(wait(&mut bench, &mut presence, 40 * MINUTE), [true]);
    // At 9:38:30.
    let (start, end) = ("2026-11-23T10:00:00Z", "2026-11-23T12:00:00Z");
    bench.tell_meetings(vec![common::meeting("planning", Some(start), Some(end), 0)]);
    assert_eq!(wait(&mut bench, &mut presence, 11 * MINUTE), NEVER);
    assert_eq!(wait(&mut bench, &mut presence, MINUTE), [false]);
    let after = wait(&mut bench, &mut presence, 60 * MINUTE);
    assert_eq!(after, [true], "nobody came, although it goes on");
}

#[test]
fn what_never_rests_does_not_however_long_nobody_comes() {
    let (mut bench, presence) = room();
    bench.turn(10_000 * MINUTE);
    let after = |minutes: u32| IdleMinutes::try_from(minutes).unwrap();
    assert!(!presence.rests(after(0), bench.now));
    assert!(presence.rests(after(1440), bench.now));
}
