//! Laptops share their screen: who is let in, what is shown, and when it ends.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use common::{Bench, with_browsers};
use saal_core::{
    Door, Effect, Event, Intent, Invitation, LaptopAction, LaptopEnd, LaptopEvent, LaptopId,
    LaptopReply, Presenting, Sharing,
};
use saal_media_protocol::{
    BrowserCommand, BrowserEnd, BrowserEvent, BrowserId, DeviceUse, MediaCommand, MediaEvent,
    MediaTrouble, TileSource,
};
use saal_meeting::{MeetingAction, MeetingCommand};

const ANNA: LaptopId = LaptopId(1);
const BERT: LaptopId = LaptopId(2);

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

fn with_laptops(bench: &mut Bench) {
    bench.tell(Event::Config(with_browsers()));
}

/// People have the panel show this code.
fn invite(bench: &mut Bench, code: &str) {
    let effects = bench.tell(Event::Intent(Intent::Laptop(LaptopAction::Invite)));
    assert!(effects.contains(&Effect::OpenDoor), "{effects:?}");
    let invitation = Invitation {
        address: "https://192.0.2.7:8443".to_owned(),
        code: code.to_owned(),
        fingerprint: None,
    };
    bench.tell(Event::Invitation(Some(invitation)));
}

fn knock(bench: &mut Bench, laptop: LaptopId, code: &str, from: IpAddr) -> LaptopReply {
    let code = code.to_owned();
    let event = Event::Laptop(laptop, LaptopEvent::Knocks { code, from });
    replies(&bench.tell(event)).pop().unwrap().1
}

fn replies(effects: &[Effect]) -> Vec<(LaptopId, LaptopReply)> {
    let replies = effects.iter().filter_map(|effect| match effect {
        Effect::Laptop(laptop, reply) => Some((*laptop, reply.clone())),
        _ => None,
    });
    replies.collect()
}

fn browsers(effects: &[Effect]) -> Vec<BrowserCommand> {
    let commands = effects.iter().filter_map(|effect| match effect {
        Effect::Media(MediaCommand::Browser(command)) => Some(command.clone()),
        _ => None,
    });
    commands.collect()
}

fn presents(effects: &[Effect]) -> Vec<bool> {
    let acts = effects.iter().filter_map(|effect| match effect {
        Effect::Meeting(MeetingCommand::Act {
            action: MeetingAction::Present { on },
            ..
        }) => Some(*on),
        _ => None,
    });
    acts.collect()
}

fn sounds(effects: &[Effect]) -> Vec<bool> {
    let acts = effects.iter().filter_map(|effect| match effect {
        Effect::Meeting(MeetingCommand::Act {
            action: MeetingAction::PresentSound { on },
            ..
        }) => Some(*on),
        _ => None,
    });
    acts.collect()
}

fn shown(effects: &[Effect]) -> Option<Vec<TileSource>> {
    let tiles = effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::SetTiles { tiles }) => Some(tiles),
        _ => None,
    });
    tiles.map(|tiles| tiles.iter().map(|tile| tile.source.clone()).collect())
}

fn beside(effects: &[Effect]) -> Option<Vec<TileSource>> {
    let tiles = effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::SetContentTiles { tiles }) => Some(tiles),
        _ => None,
    });
    tiles.map(|tiles| tiles.iter().map(|tile| tile.source.clone()).collect())
}

/// A laptop that was let in chose its screen, and its picture came. What that caused.
fn begin(bench: &mut Bench, laptop: LaptopId, browser: u64) -> Vec<Effect> {
    begin_with(bench, laptop, browser, false)
}

/// The same, with its sound or without.
fn begin_with(bench: &mut Bench, laptop: LaptopId, browser: u64, sound: bool) -> Vec<Effect> {
    let ready = LaptopEvent::Ready {
        address: address(7),
        sound,
    };
    let mut effects = bench.tell(Event::Laptop(laptop, ready));
    let browser = BrowserId(browser);
    let event = MediaEvent::Browser(BrowserEvent::Showing { browser });
    effects.extend(bench.tell(Event::Media(event)));
    effects
}

/// Anna's laptop is shown.
fn shared(bench: &mut Bench) -> Vec<Effect> {
    with_laptops(bench);
    invite(bench, "274061");
    knock(bench, ANNA, "274 061", address(1));
    begin(bench, ANNA, 1)
}

#[test]
fn the_room_listens_to_codes_only_while_the_panel_shows_one() {
    let mut bench = Bench::at_home();
    assert_eq!(bench.room.sharing(), Sharing::Impossible);
    let nothing = bench.tell(Event::Intent(Intent::Laptop(LaptopAction::Invite)));
    assert!(!nothing.contains(&Effect::OpenDoor), "not configured");
    with_laptops(&mut bench);
    assert_eq!(bench.room.sharing(), Sharing::Possible);
    let refused = LaptopReply::Refused { wait: None };
    assert_eq!(knock(&mut bench, ANNA, "", address(1)), refused);

    invite(&mut bench, "274061");
    assert!(matches!(bench.room.door(), Some(Door::Open(_))));
    assert_eq!(knock(&mut bench, ANNA, "274062", address(1)), refused);
    let room = "Raum Lahn".to_owned();
    let welcome = LaptopReply::Welcome { room, busy: false };
    assert_eq!(knock(&mut bench, ANNA, "274 061", address(1)), welcome);
    assert_eq!(bench.room.door(), None, "a code is good once");
    assert_eq!(knock(&mut bench, BERT, "274061", address(2)), refused);

    invite(&mut bench, "111111");
    bench.tell(Event::Intent(Intent::Laptop(LaptopAction::CloseDoor)));
    assert_eq!(knock(&mut bench, BERT, "111111", address(2)), refused);
}

#[test]
fn who_guesses_has_to_wait_and_the_code_changes() {
    let mut bench = Bench::at_home();
    with_laptops(&mut bench);
    invite(&mut bench, "274061");
    for _ in 0..4 {
        let reply = knock(&mut bench, ANNA, "1", address(1));
        assert_eq!(reply, LaptopReply::Refused { wait: None });
    }
    let wait = Some(Duration::from_secs(60));
    assert_eq!(
        knock(&mut bench, ANNA, "2", address(1)),
        LaptopReply::Refused { wait }
    );
    let right = knock(&mut bench, ANNA, "274061", address(1));
    assert_eq!(
        right,
        LaptopReply::Refused { wait },
        "even the right one waits"
    );
    for from in 2..6 {
        knock(&mut bench, BERT, "1", address(from));
    }
    let (code, from) = ("1".to_owned(), address(9));
    let tenth = bench.tell(Event::Laptop(BERT, LaptopEvent::Knocks { code, from }));
    assert!(tenth.contains(&Effect::OpenDoor), "another code: {tenth:?}");

    bench.turn(Duration::from_secs(61));
    let reply = knock(&mut bench, ANNA, "274061", address(1));
    assert!(matches!(reply, LaptopReply::Welcome { .. }), "{reply:?}");
}

#[test]
fn many_who_guess_together_wait_together() {
    let mut bench = Bench::at_home();
    with_laptops(&mut bench);
    invite(&mut bench, "274061");
    for from in 0..30 {
        knock(&mut bench, ANNA, "1", address(from));
    }
    let reply = knock(&mut bench, BERT, "274061", address(200));
    assert!(
        matches!(reply, LaptopReply::Refused { wait: Some(_) }),
        "{reply:?}"
    );
}

#[test]
fn outside_of_meetings_a_laptop_has_the_television() {
    let mut bench = Bench::at_home();
    let effects = shared(&mut bench);
    let open = BrowserCommand::Open {
        browser: BrowserId(1),
        purpose: saal_media_protocol::BrowserUse::Share,
        address: address(7),
    };
    assert_eq!(browsers(&effects), [open]);
    assert_eq!(replies(&effects), [(ANNA, LaptopReply::Showing)]);
    assert_eq!(shown(&effects), Some(vec![TileSource::OwnContent]));
    assert_eq!(bench.room.sharing(), Sharing::On);

    let effects = bench.tell(Event::Intent(Intent::Laptop(LaptopAction::Stop)));
    assert_eq!(
        replies(&effects),
        [(ANNA, LaptopReply::End(LaptopEnd::Stopped))]
    );
    assert_eq!(
        browsers(&effects),
        [BrowserCommand::Close {
            browser: BrowserId(1)
        }]
    );
    assert_eq!(shown(&effects), Some(Vec::new()));
    assert_eq!(bench.room.sharing(), Sharing::Possible);
}

#[test]
fn in_a_meeting_a_laptop_is_presented() {
    let mut bench = Bench::in_call();
    let effects = shared(&mut bench);
    assert_eq!(presents(&effects), [true]);
    assert_eq!(bench.room.presenting(), Presenting::On);
    assert!(shown(&effects).unwrap().contains(&TileSource::OwnContent));
    let effects = bench.tell(Event::Laptop(ANNA, LaptopEvent::Gone));
    assert_eq!(presents(&effects), [false]);
    assert!(!shown(&effects).unwrap().contains(&TileSource::OwnContent));
    assert_eq!(
        bench.room.presenting(),
        Presenting::Impossible,
        "nothing is plugged in"
    );
}

#[test]
fn a_laptop_with_sound_is_heard_in_the_meeting_while_it_is_presented() {
    let mut bench = Bench::in_call();
    with_laptops(&mut bench);
    invite(&mut bench, "274061");
    knock(&mut bench, ANNA, "274061", address(1));
    let effects = begin_with(&mut bench, ANNA, 1, true);
    assert_eq!(
        (presents(&effects), sounds(&effects)),
        (vec![true], vec![true])
    );
    invite(&mut bench, "555555");
    knock(&mut bench, BERT, "555555", address(2));
    assert_eq!(sounds(&begin(&mut bench, BERT, 2)), [false], "it has none");
    let stop = Intent::Act(MeetingAction::Present { on: false });
    assert_eq!(sounds(&bench.touch(stop)), [false; 0]);
    let again = Intent::Act(MeetingAction::PresentSound { on: true });
    assert_eq!(sounds(&bench.touch(again)), [false; 0], "nobody's button");
}

#[test]
fn a_laptop_without_sound_is_seen_alone() {
    let mut bench = Bench::in_call();
    assert_eq!(sounds(&shared(&mut bench)), [false; 0]);
}

#[test]
fn a_second_laptop_is_told_and_takes_over_when_its_user_says_so() {
    let mut bench = Bench::in_call();
    shared(&mut bench);
    invite(&mut bench, "555555");
    let reply = knock(&mut bench, BERT, "555555", address(2));
    assert!(
        matches!(reply, LaptopReply::Welcome { busy: true, .. }),
        "{reply:?}"
    );
    let effects = begin(&mut bench, BERT, 2);
    let ended = (ANNA, LaptopReply::End(LaptopEnd::Replaced));
    assert_eq!(replies(&effects), [ended, (BERT, LaptopReply::Showing)]);
    assert_eq!(presents(&effects), [false; 0], "the presentation goes on");
    // What is left of the first one ends nothing.
    let effects = bench.tell(Event::Laptop(ANNA, LaptopEvent::Gone));
    assert_eq!(presents(&effects), [false; 0]);
    assert_eq!(bench.room.sharing(), Sharing::On);
}

#[test]
fn nobody_shares_who_was_not_let_in() {
    let mut bench = Bench::at_home();
    with_laptops(&mut bench);
    assert_eq!(browsers(&begin(&mut bench, ANNA, 1)), []);
    let answer = LaptopEvent::Answers("v=0".to_owned());
    assert_eq!(browsers(&bench.tell(Event::Laptop(ANNA, answer))), []);
    invite(&mut bench, "274061");
    knock(&mut bench, ANNA, "274061", address(1));
    bench.turn(Duration::from_secs(601));
    let effects = bench.tell(Event::Deadline);
    assert_eq!(
        replies(&effects),
        [(ANNA, LaptopReply::End(LaptopEnd::Late))]
    );
    assert_eq!(browsers(&begin(&mut bench, ANNA, 1)), []);
}

#[test]
fn a_connection_that_fails_ends_the_presentation_and_a_new_engine_gets_a_new_one() {
    let mut bench = Bench::in_call();
    shared(&mut bench);
    let reason = "gone".to_owned();
    let effects = bench.tell(Event::Engine(saal_core::EngineEvent::Lost { reason }));
    let opened = browsers(&effects);
    assert!(
        matches!(
            opened[..],
            [BrowserCommand::Open {
                browser: BrowserId(2),
                ..
            }]
        ),
        "{opened:?}"
    );
    let (browser, reason) = (BrowserId(1), BrowserEnd::Lost);
    let old = MediaEvent::Browser(BrowserEvent::Ended { browser, reason });
    assert_eq!(replies(&bench.tell(Event::Media(old))), []);
    let (browser, reason) = (BrowserId(2), BrowserEnd::Untrusted);
    let ended = MediaEvent::Browser(BrowserEvent::Ended { browser, reason });
    let effects = bench.tell(Event::Media(ended));
    assert_eq!(
        replies(&effects),
        [(ANNA, LaptopReply::End(LaptopEnd::Failed))]
    );
    assert_eq!(presents(&effects), [false]);
}

#[test]
fn switching_it_off_ends_all() {
    let mut bench = Bench::at_home();
    shared(&mut bench);
    let effects = bench.tell(Event::Config(common::plain_config()));
    assert_eq!(
        replies(&effects),
        [(ANNA, LaptopReply::End(LaptopEnd::Stopped))]
    );
    assert!(effects.contains(&Effect::StartBrowsers));
    assert_eq!(bench.room.sharing(), Sharing::Impossible);
}

#[test]
fn a_grabber_that_goes_ends_no_laptop() {
    let mut bench = Bench::in_call();
    shared(&mut bench);
    let missing = MediaTrouble::Missing {
        source: DeviceUse::Content,
        wanted: "USB Video".to_owned(),
        present: Vec::new(),
    };
    let effects = bench.tell(Event::Media(MediaEvent::Trouble(missing)));
    assert_eq!(presents(&effects), [false; 0]);
    assert_eq!(bench.room.presenting(), Presenting::On);
}

#[test]
fn at_home_a_laptop_is_on_the_second_display_where_there_is_one() {
    let mut bench = Bench::at_home();
    let display =
        |bench: &mut Bench, shows| bench.tell(Event::Media(MediaEvent::ContentDisplay { shows }));
    display(&mut bench, true);
    let laptop = [TileSource::OwnContent];
    let effects = shared(&mut bench);
    assert_eq!(shown(&effects).unwrap(), []);
    assert_eq!(beside(&effects).unwrap(), laptop);
    let effects = display(&mut bench, false);
    assert_eq!(shown(&effects).unwrap(), laptop, "pulled");
    assert_eq!(beside(&effects).unwrap(), []);
    display(&mut bench, true);
    let effects = bench.tell(Event::Intent(Intent::Laptop(LaptopAction::Stop)));
    assert_eq!(beside(&effects).unwrap(), []);
}
