//! Visitors' phones: what lets them in, and that it ends with the meeting.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use common::{Bench, with_phones};
use saal_core::{
    Effect, Event, Intent, PhoneAction, PhoneDoor, PhoneTicket, SoundAction, TroubleCode,
};
use saal_media_protocol::{CameraAction, SourceKind};
use saal_meeting::{
    AccountAction, BookingSpan, CallEvent, DayAction, EndReason, MeetingAction, MeetingId, Secret,
};

fn ticket(token: &str) -> PhoneTicket {
    PhoneTicket {
        address: Secret::new(format!("https://192.0.2.7:8443/phone/{token}")),
        token: Secret::new(token),
        fingerprint: None,
    }
}

fn ask(bench: &mut Bench) -> Vec<Effect> {
    bench.tell(Event::Intent(Intent::Phone(PhoneAction::Invite)))
}

fn invite(bench: &mut Bench, token: &str) {
    assert!(ask(bench).contains(&Effect::InvitePhones));
    bench.tell(Event::PhoneTicket(Some(ticket(token))));
}

fn in_a_meeting() -> Bench {
    let mut bench = Bench::in_call();
    bench.tell(Event::Config(with_phones()));
    bench
}

#[test]
fn a_token_is_good_until_the_meeting_ends() {
    let mut bench = in_a_meeting();
    invite(&mut bench, "one");
    assert_eq!(
        bench.room.phone_door(),
        Some(&PhoneDoor::Open(ticket("one")))
    );
    // Whoever looks at the code again sees the same one.
    assert!(!ask(&mut bench).contains(&Effect::InvitePhones));
    bench.tell(Event::Intent(Intent::Leave));
    assert_eq!(bench.room.phone_door(), None, "on the way out");
    let left = CallEvent::Ended(EndReason::Left);
    bench.tell(Event::Call(bench.call(), left));
    assert_eq!(bench.room.phone_door(), None, "nor in no meeting");
    bench.enter_call();
    assert_eq!(
        bench.room.phone_door(),
        None,
        "another meeting, another token"
    );
    invite(&mut bench, "two");
    assert_eq!(
        bench.room.phone_door(),
        Some(&PhoneDoor::Open(ticket("two")))
    );
}

#[test]
fn people_send_phones_away() {
    let mut bench = in_a_meeting();
    invite(&mut bench, "one");
    bench.tell(Event::Intent(Intent::Phone(PhoneAction::Dismiss)));
    assert_eq!(bench.room.phone_door(), None);
    // What is thought of too late lets nobody in.
    bench.tell(Event::PhoneTicket(Some(ticket("late"))));
    assert_eq!(bench.room.phone_door(), None);
    invite(&mut bench, "two");
    assert_eq!(
        bench.room.phone_door(),
        Some(&PhoneDoor::Open(ticket("two")))
    );
}

#[test]
fn phones_are_let_in_only_where_the_configuration_says_so_and_the_room_listens() {
    let mut bench = Bench::in_call();
    assert!(!bench.room.takes_phones());
    assert!(!ask(&mut bench).contains(&Effect::InvitePhones));
    bench.tell(Event::Config(with_phones()));
    ask(&mut bench);
    bench.tell(Event::PhoneTicket(None));
    assert_eq!(bench.room.phone_door(), Some(&PhoneDoor::Broken));
}

#[test]
fn a_visitor_may_do_what_is_over_with_the_meeting() {
    for allowed in [
        Intent::SetMuted(SourceKind::Microphone, true),
        Intent::Leave,
        Intent::Act(MeetingAction::RaiseHand { raised: true }),
        Intent::Sound(SoundAction::Louder),
    ] {
        assert!(allowed.is_for_visitors(), "{allowed:?}");
    }
    let preset = || "Board".to_owned();
    for refused in [
        Intent::Act(MeetingAction::Consent),
        Intent::Camera(CameraAction::Save { preset: preset() }),
        Intent::Camera(CameraAction::Forget { preset: preset() }),
        Intent::Account(AccountAction::CancelSignIn),
        Intent::Phone(PhoneAction::Invite),
    ] {
        assert!(!refused.is_for_visitors(), "{refused:?}");
    }
}

#[test]
fn people_in_the_corridor_may_do_what_is_about_the_rooms_time() {
    let meeting = || MeetingId("calendar/a".to_owned());
    let span = BookingSpan::UntilNext;
    for allowed in [
        Intent::Day(DayAction::Book { span }),
        Intent::Day(DayAction::CheckIn { meeting: meeting() }),
        Intent::Day(DayAction::End { meeting: meeting() }),
        Intent::Dismiss(TroubleCode::NotInCalendar),
    ] {
        assert!(allowed.is_for_the_door(), "{allowed:?}");
    }
    for refused in [
        Intent::Join(meeting()),
        Intent::Leave,
        Intent::Day(DayAction::Stay {}),
        Intent::Day(DayAction::Read {}),
        Intent::Dismiss(TroubleCode::JoinFailed),
    ] {
        assert!(!refused.is_for_the_door(), "{refused:?}");
    }
}

fn typed(text: &str) -> Secret {
    Secret::new(text)
}

fn offer(bench: &mut Bench, text: &str) {
    let action = PhoneAction::Offer(typed(text));
    bench.tell(Event::Intent(Intent::Phone(action)));
}

fn at_home() -> Bench {
    let mut bench = Bench::at_home();
    bench.tell(Event::Config(with_phones()));
    bench
}

#[test]
fn a_phone_says_where_to_go_and_people_at_the_panel_go_there() {
    let mut bench = at_home();
    let link = "https://meet.example.org/Jour%20fixe?jwt=secret";
    offer(&mut bench, link);
    assert_eq!(bench.room.offer(), None, "nobody wanted a phone");
    invite(&mut bench, "one");
    offer(&mut bench, "nonsense");
    assert_eq!(bench.room.offer(), None, "that leads nowhere");
    offer(&mut bench, link);
    let shown = bench.room.offer().unwrap();
    assert_eq!(shown.place, "https://meet.example.org/Jour%20fixe");
    assert!(bench.is_home(), "nothing is joined by it");
    let intent = Intent::JoinTyped(shown.typed.clone());
    bench.tell(Event::Intent(intent));
    assert_eq!(bench.phase(), "joining");
    assert_eq!((bench.room.phone_door(), bench.room.offer()), (None, None));
}

#[test]
fn what_people_do_not_want_is_gone_and_the_last_phone_counts() {
    let mut bench = at_home();
    invite(&mut bench, "one");
    offer(&mut bench, "https://meet.example.org/one");
    offer(&mut bench, "https://meet.example.org/two");
    let place = &bench.room.offer().unwrap().place;
    assert_eq!(place, "https://meet.example.org/two");
    bench.tell(Event::Intent(Intent::Phone(PhoneAction::Decline)));
    assert_eq!(bench.room.offer(), None);
    assert!(bench.room.phone_door().is_some(), "it may say another");
}

#[test]
fn a_code_that_nobody_uses_is_good_for_ten_minutes() {
    let mut bench = at_home();
    invite(&mut bench, "one");
    bench.wait(std::time::Duration::from_secs(599), true);
    assert!(bench.room.phone_door().is_some());
    bench.wait(std::time::Duration::from_secs(2), true);
    assert_eq!(bench.room.phone_door(), None);
}

#[test]
fn where_nobody_may_type_no_phone_may_either() {
    let mut bench = Bench::at_home();
    let phones = "\n[browsers]\nlisten = \"0.0.0.0:8443\"\nphone = true\n[links]\ntyped = false\n";
    let text = common::config_text() + phones;
    bench.tell(Event::Config(common::config(&text)));
    assert!(!bench.room.takes_phones());
    assert!(!ask(&mut bench).contains(&Effect::InvitePhones));
}

/// The code on the television as a token.
fn board(bench: &Bench) -> Option<&str> {
    let ticket = bench.room.phone_board();
    ticket.map(|ticket| ticket.token.reveal())
}

#[test]
fn between_meetings_a_code_on_the_television_lets_phones_in_and_changes() {
    let mut bench = Bench::at_home();
    let effects = bench.tell(Event::Config(with_phones()));
    assert!(effects.contains(&Effect::InvitePhones), "{effects:?}");
    let effects = bench.tell(Event::PhoneTicket(Some(ticket("first"))));
    assert!(effects.contains(&Effect::Redraw));
    assert_eq!(board(&bench), Some("first"));
    let link = "https://meet.example.org/one";
    offer(&mut bench, link);
    assert_eq!(bench.room.offer().unwrap().place, link);
    bench.wait(std::time::Duration::from_secs(601), true);
    assert_eq!(bench.room.offer(), None, "nobody came to the panel");

    // Whoever scanned the one before goes on typing.
    bench.tell(Event::PhoneTicket(Some(ticket("second"))));
    let tokens = |bench: &Bench| {
        let all = bench.room.phone_tickets();
        all.map(|ticket| ticket.token.reveal().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(tokens(&bench), ["second", "first"]);
    bench.wait(std::time::Duration::from_secs(601), true);
    bench.tell(Event::PhoneTicket(Some(ticket("third"))));
    assert_eq!(tokens(&bench), ["third", "second"]);

    // What people ask for at the panel is another, and leaving that takes nothing from the television.
    invite(&mut bench, "panel");
    bench.tell(Event::Intent(Intent::Phone(PhoneAction::Dismiss)));
    assert_eq!(tokens(&bench), ["third", "second"]);
    bench.enter_call();
    assert_eq!(tokens(&bench), Vec::<String>::new(), "the room is taken");
}

#[test]
fn where_the_room_does_not_listen_yet_the_code_comes_later() {
    let mut bench = at_home();
    bench.tell(Event::PhoneTicket(None));
    assert_eq!(board(&bench), None);
    bench.wait(std::time::Duration::from_secs(31), true);
    bench.tell(Event::PhoneTicket(Some(ticket("late"))));
    assert_eq!(board(&bench), Some("late"));
}
