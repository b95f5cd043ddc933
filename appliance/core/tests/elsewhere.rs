//! Meetings that are not in the room's day: by typing where they are, and once more where people were lately.

mod common;

use std::time::Duration;

use common::*;
use saal_core::{Event, Intent, Room};
use saal_meeting::{CallEvent, EndReason, MeetingId, Secret};

const HOST: &str = "\n[links]\nnames_at = \"meet.example.org\"\n";

fn types(bench: &mut Bench, text: &str) -> Option<String> {
    bench.touch(Intent::JoinTyped(Secret::new(text)));
    let place = bench.room.phase().meeting()?.destination.place();
    Some(place)
}

/// Gets in and out again.
fn visits(bench: &mut Bench, text: &str) {
    types(bench, text).expect("it leads to a meeting");
    let call = bench.room.phase().call().expect("they are on the way");
    bench.tell(Event::Call(call, CallEvent::Joined));
    let over = CallEvent::Ended(EndReason::Left);
    bench.tell(Event::Call(call, over));
    assert!(bench.is_home());
}

fn lately(room: &Room, bench: &Bench) -> Vec<String> {
    let recent = room.elsewhere(bench.now).expect("IT allows it").recent;
    recent.into_iter().map(|meeting| meeting.title).collect()
}

#[test]
fn a_name_a_link_and_an_alias_lead_where_people_mean() {
    for (typed, place) in [
        ("  Jour fixe ", "https://meet.example.org/Jour%20fixe"),
        ("video.example.com/Board", "video.example.com/Board"),
        ("#bauamt:example.org", "#bauamt:example.org"),
    ] {
        let mut bench = Bench::at_home();
        bench.tell(Event::Config(config(&(config_text() + HOST))));
        assert_eq!(types(&mut bench, typed).as_deref(), Some(place), "{typed}");
    }
    // Without a place for names they lead nowhere, and nothing is entered.
    assert_eq!(types(&mut Bench::at_home(), "Jour fixe"), None);
}

#[test]
fn where_people_were_is_listed_until_it_is_forgotten() {
    let mut bench = Bench::at_home();
    bench.tell(Event::Config(config(&(config_text() + HOST))));
    visits(&mut bench, "Haushalt");
    visits(&mut bench, "Bauamt");
    visits(&mut bench, "Haushalt");
    assert_eq!(lately(&bench.room, &bench), ["Haushalt", "Bauamt"]);
    // What needs a secret is for those who know it.
    visits(&mut bench, "https://meet.example.org/Secret?jwt=abc");
    assert_eq!(lately(&bench.room, &bench).len(), 2);

    let id = MeetingId("link/https://meet.example.org/Bauamt".to_owned());
    bench.touch(Intent::JoinAgain(id));
    let call = bench.room.phase().call().expect("people are on the way");
    let over = CallEvent::Ended(EndReason::Left);
    bench.tell(Event::Call(call, over));

    bench.turn(Duration::from_secs(13 * 3600));
    assert!(lately(&bench.room, &bench).is_empty());
    visits(&mut bench, "Haushalt");
    bench.touch(Intent::ForgetRecent);
    assert!(lately(&bench.room, &bench).is_empty());
}

#[test]
fn nobody_types_where_it_does_not_want_that() {
    let mut bench = Bench::at_home();
    bench.tell(Event::Config(config(
        &(config_text() + HOST + "typed = false\n"),
    )));
    assert_eq!(bench.room.elsewhere(bench.now), None);
    assert_eq!(types(&mut bench, "Haushalt"), None);
}
