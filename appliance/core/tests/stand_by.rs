//! When televisions are woken and put to stand-by.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::time::Duration;

use common::{Bench, config, config_text};
use saal_core::{Event, Presence, StandBy, TelevisionWish};

const MINUTE: Duration = Duration::from_secs(60);

/// A room after its start, and its television.
struct Salon {
    bench: Bench,
    presence: Presence,
    stand_by: StandBy,
}

impl Salon {
    fn with(television: &str) -> Self {
        let mut bench = Bench::at_home();
        bench.tell_meetings(Vec::new());
        let text = config_text() + "\n[television]\n" + television + "\n";
        bench.tell(Event::Config(config(&text)));
        Self {
            bench,
            presence: Presence::default(),
            stand_by: StandBy::default(),
        }
    }

    fn look(&mut self) -> Option<TelevisionWish> {
        let (room, now) = (&self.bench.room, self.bench.now);
        self.presence.follow(room, now);
        self.stand_by.follow(&self.presence, room, now)
    }

    fn touched(&mut self) -> Option<TelevisionWish> {
        self.presence.touched(self.bench.now);
        self.look()
    }

    /// Lets time pass as the daemon does, and says what was wanted meanwhile.
    fn wait(&mut self, span: Duration) -> Vec<TelevisionWish> {
        let end = self.bench.now.mono + span;
        let mut wishes = Vec::new();
        loop {
            wishes.extend(self.look());
            let now = self.bench.now;
            if now.mono >= end {
                return wishes;
            }
            let rest = self.presence.next_deadline(&self.bench.room, now);
            let due = self.bench.room.next_deadline(now);
            let next = rest.map_or(due, |at| at.min(due)).min(end);
            self.bench.turn(next.saturating_sub(now.mono));
            self.bench.tell(Event::Deadline);
        }
    }
}

#[test]
fn a_television_rests_when_nobody_came_for_long_and_wakes_for_whoever_comes() {
    let mut salon = Salon::with("display = \"auto\"\nstandby_after_minutes = 20");
    assert_eq!(salon.look(), None, "after a start nobody is there");
    assert_eq!(salon.touched(), Some(TelevisionWish::Wake));
    assert_eq!(salon.touched(), None, "once");
    assert_eq!(salon.wait(19 * MINUTE), []);
    assert_eq!(salon.wait(MINUTE), [TelevisionWish::StandBy]);
    assert_eq!(salon.wait(600 * MINUTE), [], "whoever turns it on is right");
    assert_eq!(salon.touched(), Some(TelevisionWish::Wake));
}

#[test]
fn a_room_that_started_at_night_wakes_nobody_and_rests() {
    let mut salon = Salon::with("display = \"auto\"");
    salon.presence = Presence::default();
    assert_eq!(salon.wait(120 * MINUTE), [TelevisionWish::StandBy]);
}

#[test]
fn entering_a_meeting_brings_it_back_from_whatever_it_shows() {
    let mut salon = Salon::with("display = \"HDMI-A-1\"");
    salon.bench.tell_meetings(vec![common::weekly()]);
    salon.touched();
    assert_eq!(salon.touched(), None);
    salon.bench.enter_call();
    assert_eq!(salon.look(), Some(TelevisionWish::Wake));
    assert_eq!(salon.look(), None);
    assert_eq!(salon.wait(300 * MINUTE), [], "it stays on in a meeting");
}

#[test]
fn it_is_told_nothing_where_it_is_in_a_browser_or_nobody_wants_that_or_never_rests() {
    for television in ["cec = false\ndisplay = \"auto\"", "display = \"none\""] {
        let mut salon = Salon::with(television);
        assert_eq!(salon.touched(), None, "{television}");
        assert_eq!(salon.wait(120 * MINUTE), [], "{television}");
    }
    let mut salon = Salon::with("display = \"auto\"\nstandby_after_minutes = 0");
    assert_eq!(salon.touched(), Some(TelevisionWish::Wake));
    assert_eq!(salon.wait(3_000 * MINUTE), []);
}
