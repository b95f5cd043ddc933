//! Somebody calls the room.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use common::{Bench, other_account};
use saal_core::{CallLights, Effect, Event, Intent, Muted, Phase, Presenting};
use saal_media_protocol::MediaCommand;
use saal_meeting::{CallEvent, Destination, EndReason, MeetingCommand, Ring, RingId};

fn ring(id: &str) -> Ring {
    Ring {
        id: RingId(id.to_owned()),
        from: "Anna".to_owned(),
        meeting: None,
        pictures: true,
        destination: Destination::Caller {
            room_id: "!dm:example.org".to_owned(),
            call_id: id.to_owned(),
        },
    }
}

fn answer(id: &str, camera: bool) -> Event {
    let ring = RingId(id.to_owned());
    Event::Intent(Intent::Answer { ring, camera })
}

fn joined(effects: &[Effect]) -> Option<(&Destination, bool, bool)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Meeting(MeetingCommand::Join {
            destination,
            microphone,
            camera,
            ..
        }) => Some((destination, *microphone, *camera)),
        _ => None,
    })
}

fn television(effects: &[Effect]) -> Option<String> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::SetText { labels }) => {
            let lines = labels.iter().flat_map(|label| &label.lines);
            Some(lines.map(|line| line.text.as_str()).collect())
        }
        _ => None,
    })
}

#[test]
fn the_television_says_who_calls_until_it_is_over() {
    let mut bench = Bench::at_home();
    let effects = bench.tell(Event::Ringing(ring("a")));
    assert!(effects.contains(&Effect::Redraw));
    assert_eq!(television(&effects).as_deref(), Some("📞 Anna"));
    assert_eq!(bench.tell(Event::Ringing(ring("a"))), [], "once");
    let effects = bench.tell(Event::RingEnded(RingId("a".into())));
    assert_eq!(television(&effects).as_deref(), Some(""));
    assert_eq!(bench.room.rings(), []);
    assert_eq!(bench.tell(answer("a", true)), [], "too late");
}

#[test]
fn the_loudspeaker_rings_at_home_only() {
    let rings = |effects: &[Effect]| {
        effects.iter().rev().find_map(|effect| match effect {
            Effect::Media(MediaCommand::SetRinging { on }) => Some(*on),
            _ => None,
        })
    };
    let mut bench = Bench::at_home();
    assert_eq!(rings(&bench.tell(Event::Ringing(ring("a")))), Some(true));
    assert_eq!(rings(&bench.tell(Event::Ringing(ring("b")))), None);
    assert_eq!(rings(&bench.tell(answer("a", true))), Some(false));
    let call = bench.call();
    let over = CallEvent::Ended(EndReason::HungUp);
    assert_eq!(
        rings(&bench.tell(Event::Call(call, over))),
        Some(true),
        "b waits"
    );
    let ended = Event::RingEnded(RingId("b".into()));
    assert_eq!(rings(&bench.tell(ended)), Some(false));
    let mut bench = Bench::in_call();
    assert_eq!(rings(&bench.tell(Event::Ringing(ring("a")))), None);
}

#[test]
fn answering_enters_the_call_of_the_caller() {
    let mut bench = Bench::at_home();
    bench.tell(Event::Ringing(ring("a")));
    let effects = bench.tell(answer("a", true));
    let destination = &ring("a").destination;
    assert_eq!(joined(&effects), Some((destination, true, true)));
    assert_eq!(bench.room.phase().meeting().unwrap().title, "Anna");
    assert_eq!(bench.room.rings(), []);
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Joined));
    assert_eq!(bench.room.presenting(), Presenting::Impossible);
    let effects = bench.tell(Event::Call(call, CallEvent::Ended(EndReason::HungUp)));
    assert!(effects.contains(&Effect::SaveCall(None)));
    assert_eq!(*bench.room.phase(), Phase::Home);
    assert!(bench.room.troubles().is_empty(), "hanging up is no trouble");
}

#[test]
fn people_are_seen_only_if_they_want_and_the_caller_expects_it() {
    for (pictures, camera, seen) in [(true, false, false), (false, true, false)] {
        let mut bench = Bench::at_home();
        bench.tell(Event::Ringing(Ring {
            pictures,
            ..ring("a")
        }));
        let effects = bench.tell(answer("a", camera));
        assert_eq!(joined(&effects).map(|(_, _, camera)| camera), Some(seen));
        let muted = Muted {
            microphone: false,
            camera: !seen,
        };
        assert_eq!(bench.room.muted(), muted);
    }
}

#[test]
fn declining_goes_to_the_service() {
    let mut bench = Bench::at_home();
    bench.tell(Event::Ringing(ring("a")));
    let id = RingId("a".to_owned());
    let effects = bench.tell(Event::Intent(Intent::Decline(id.clone())));
    let declined = MeetingCommand::Decline { ring: id.clone() };
    assert!(effects.contains(&Effect::Meeting(declined)));
    assert_eq!(bench.room.rings(), []);
    assert_eq!(bench.tell(Event::Intent(Intent::Decline(id))), []);
}

#[test]
fn in_a_call_answering_leaves_it_first() {
    let mut bench = Bench::in_call();
    let before = bench.call();
    let effects = bench.tell(Event::Ringing(ring("a")));
    assert_eq!(
        television(&effects),
        None,
        "people in a meeting are not disturbed"
    );
    let effects = bench.tell(answer("a", true));
    assert_eq!(joined(&effects), None);
    let left = Effect::Meeting(MeetingCommand::Leave { call: before });
    assert!(effects.contains(&left));
    let effects = bench.tell(Event::Call(before, CallEvent::Ended(EndReason::Left)));
    assert_eq!(joined(&effects), Some((&ring("a").destination, true, true)));
    assert_ne!(bench.call(), before);
}

#[test]
fn a_caller_who_gives_up_while_the_room_leaves_is_not_waited_for() {
    let mut bench = Bench::in_call();
    let before = bench.call();
    bench.tell(Event::Ringing(ring("a")));
    bench.tell(answer("a", true));
    bench.tell(Event::RingEnded(RingId("a".to_owned())));
    bench.tell(Event::Call(before, CallEvent::Ended(EndReason::Left)));
    assert_eq!(*bench.room.phase(), Phase::Home);
}

#[test]
fn another_account_is_not_called() {
    let mut bench = Bench::at_home();
    bench.tell(Event::Ringing(ring("a")));
    bench.tell(Event::Config(other_account()));
    assert_eq!(bench.room.rings(), []);
}

#[test]
fn lights_of_telephones_ring_and_say_that_the_room_is_in_a_meeting() {
    let lights = |effects: &[Effect]| {
        effects.iter().rev().find_map(|effect| match effect {
            Effect::ShowLights(lights) => Some(*lights),
            _ => None,
        })
    };
    let ringing = CallLights {
        ringing: true,
        ..CallLights::default()
    };
    let in_call = CallLights {
        in_call: true,
        ..CallLights::default()
    };
    let mut bench = Bench::at_home();
    assert_eq!(
        lights(&bench.tell(Event::Ringing(ring("a")))),
        Some(ringing)
    );
    assert_eq!(lights(&bench.tell(answer("a", true))), Some(in_call));
    let second = bench.tell(Event::Ringing(ring("b")));
    assert_eq!(
        lights(&second),
        None,
        "who hangs up now leaves, and answers nobody"
    );
}
