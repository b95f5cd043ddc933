//! IT looks at the room: asked for each time, told while it lasts, ended by people, and gone with those who
//! allowed it.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use common::{Bench, plain_config, with_browsers};
use saal_core::{
    Effect, EngineEvent, Event, Intent, Onlooker, ViewAction, ViewerEnd, ViewerEvent, ViewerId,
    ViewerReply,
};
use saal_media_protocol::{
    BrowserCommand, BrowserEnd, BrowserEvent, BrowserId, BrowserUse, MediaCommand, MediaEvent,
    RoomPicture,
};
use saal_meeting::{CallEvent, EndReason};

const IT: ViewerId = ViewerId(1);
const OTHER: ViewerId = ViewerId(2);
const BROWSER: BrowserId = BrowserId(1);
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// A room that lets IT ask.
fn at_home() -> Bench {
    let mut bench = Bench::at_home();
    bench.tell(Event::Config(with_browsers()));
    bench
}

fn in_call() -> Bench {
    let mut bench = at_home();
    bench.enter_call();
    bench
}

fn asks(bench: &mut Bench, viewer: ViewerId, of: RoomPicture) -> Vec<Effect> {
    let event = ViewerEvent::Asks {
        of,
        address: ADDRESS,
    };
    bench.tell(Event::Viewer(viewer, event))
}

fn touch(bench: &mut Bench, action: ViewAction) -> Vec<Effect> {
    bench.tell(Event::Intent(Intent::View(action)))
}

/// Somebody looks, with people's leave.
fn looks(bench: &mut Bench, of: RoomPicture) -> Vec<Effect> {
    asks(bench, IT, of);
    touch(bench, ViewAction::Allow(IT))
}

fn browsers(effects: &[Effect]) -> Vec<BrowserCommand> {
    let commands = effects.iter().filter_map(|effect| match effect {
        Effect::Media(MediaCommand::Browser(command)) => Some(command.clone()),
        _ => None,
    });
    commands.collect()
}

fn replies(effects: &[Effect]) -> Vec<(ViewerId, ViewerReply)> {
    let replies = effects.iter().filter_map(|effect| match effect {
        Effect::Viewer(viewer, reply) => Some((*viewer, reply.clone())),
        _ => None,
    });
    replies.collect()
}

fn end(viewer: ViewerId, why: ViewerEnd) -> [(ViewerId, ViewerReply); 1] {
    [(viewer, ViewerReply::End(why))]
}

fn opened(of: RoomPicture, browser: BrowserId) -> BrowserCommand {
    BrowserCommand::Open {
        browser,
        purpose: BrowserUse::View(of),
        address: ADDRESS,
    }
}

const CLOSED: BrowserCommand = BrowserCommand::Close { browser: BROWSER };

/// What the television says of it in a call, where that changed.
fn is_marked(effects: &[Effect]) -> bool {
    let labels = effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::SetText { labels }) => Some(labels),
        _ => None,
    });
    let lines = labels.unwrap().iter().flat_map(|label| &label.lines);
    lines.into_iter().any(|line| line.text.contains("IT"))
}

#[test]
fn nothing_is_seen_before_people_allow_it_and_they_know_until_the_last_moment() {
    let mut bench = in_call();
    let of = RoomPicture::Camera;
    let effects = asks(&mut bench, IT, of);
    assert_eq!(replies(&effects), [(IT, ViewerReply::Asking)]);
    assert_eq!(browsers(&effects), []);
    assert!(effects.contains(&Effect::Redraw));
    assert_eq!(bench.room.onlooker(), Onlooker::Asks { viewer: IT, of });
    let early = ViewerEvent::Answers("a".to_owned());
    assert_eq!(browsers(&bench.tell(Event::Viewer(IT, early))), []);

    let effects = touch(&mut bench, ViewAction::Allow(IT));
    assert_eq!(browsers(&effects), [opened(of, BROWSER)]);
    assert!(is_marked(&effects), "the television says so");
    assert_eq!(bench.room.onlooker(), Onlooker::Looks(of));
    let (browser, sdp) = (BROWSER, "o".to_owned());
    let offer = BrowserEvent::Offer { browser, sdp };
    let showing = BrowserEvent::Showing { browser };
    let offered = ViewerReply::Offer("o".to_owned());
    for (event, reply) in [(offer, offered), (showing, ViewerReply::Showing)] {
        let effects = bench.tell(Event::Media(MediaEvent::Browser(event)));
        assert_eq!(replies(&effects), [(IT, reply)]);
    }
    let answer = ViewerEvent::Answers("a".to_owned());
    let sdp = "a".to_owned();
    let answered = BrowserCommand::Answer { browser, sdp };
    assert_eq!(browsers(&bench.tell(Event::Viewer(IT, answer))), [answered]);

    let effects = bench.tell(Event::Viewer(IT, ViewerEvent::Gone));
    assert_eq!(browsers(&effects), [CLOSED]);
    assert!(!is_marked(&effects));
    assert_eq!(bench.room.onlooker(), Onlooker::Nobody);
}

#[test]
fn a_permission_is_for_the_one_whom_people_saw_ask_and_for_once() {
    let mut bench = at_home();
    let of = RoomPicture::Television;
    asks(&mut bench, IT, of);
    bench.tell(Event::Viewer(IT, ViewerEvent::Gone));
    asks(&mut bench, OTHER, RoomPicture::Camera);
    let late = touch(&mut bench, ViewAction::Allow(IT));
    assert_eq!(browsers(&late), [], "meant for somebody else");
    let late = touch(&mut bench, ViewAction::Refuse(IT));
    assert_eq!(replies(&late), []);
    bench.tell(Event::Viewer(OTHER, ViewerEvent::Gone));

    assert_eq!(browsers(&looks(&mut bench, of)).len(), 1);
    bench.tell(Event::Viewer(IT, ViewerEvent::Gone));
    let again = asks(&mut bench, IT, of);
    assert_eq!(replies(&again), [(IT, ViewerReply::Asking)]);
    assert_eq!(browsers(&again), []);
    assert!(Intent::View(ViewAction::Allow(IT)).is_for_those_present());
    assert!(!Intent::View(ViewAction::End).is_for_those_present());
}

#[test]
fn people_who_said_no_are_left_alone_for_a_while() {
    for (allowed, action, why) in [
        (false, ViewAction::Refuse(IT), ViewerEnd::Refused),
        (true, ViewAction::End, ViewerEnd::Stopped),
    ] {
        let mut bench = at_home();
        let of = RoomPicture::Television;
        asks(&mut bench, IT, of);
        if allowed {
            touch(&mut bench, ViewAction::Allow(IT));
        }
        let effects = touch(&mut bench, action);
        assert_eq!(replies(&effects), end(IT, why));
        assert_eq!(browsers(&effects).len(), usize::from(allowed));
        bench.turn(Duration::from_secs(299));
        let effects = asks(&mut bench, OTHER, of);
        assert_eq!(replies(&effects), end(OTHER, ViewerEnd::Unwanted));
        bench.turn(Duration::from_secs(1));
        let effects = asks(&mut bench, OTHER, of);
        assert_eq!(replies(&effects), [(OTHER, ViewerReply::Asking)]);
    }
}

#[test]
fn who_is_not_answered_asks_a_minute_and_who_looks_half_an_hour() {
    let mut bench = at_home();
    let of = RoomPicture::Television;
    let after = |bench: &mut Bench, seconds: u64| bench.wait(Duration::from_secs(seconds), true);
    asks(&mut bench, IT, of);
    assert_eq!(replies(&after(&mut bench, 59)), []);
    assert_eq!(
        replies(&after(&mut bench, 1)),
        end(IT, ViewerEnd::Unanswered)
    );
    looks(&mut bench, of);
    assert_eq!(replies(&after(&mut bench, 1799)), []);
    let over = after(&mut bench, 1);
    assert_eq!(replies(&over), end(IT, ViewerEnd::Over));
    assert_eq!(browsers(&over), [CLOSED]);
}

#[test]
fn it_goes_along_into_a_meeting_and_ends_with_it() {
    let over = end(IT, ViewerEnd::Over);
    let mut bench = at_home();
    looks(&mut bench, RoomPicture::Television);
    let effects = bench.enter_call();
    assert_eq!(browsers(&effects), []);
    assert!(is_marked(&effects), "the television says so from the start");
    let effects = bench.tell(Event::Intent(Intent::Leave));
    assert_eq!(replies(&effects), over);
    assert_eq!(browsers(&effects), [CLOSED]);

    let mut bench = in_call();
    looks(&mut bench, RoomPicture::Camera);
    let removed = CallEvent::Ended(EndReason::Left);
    let call = bench.room.phase().call().unwrap();
    assert_eq!(replies(&bench.tell(Event::Call(call, removed))), over);
}

#[test]
fn one_looks_at_a_time_and_nobody_at_an_engine_that_is_gone() {
    let mut bench = at_home();
    looks(&mut bench, RoomPicture::Television);
    for viewer in [IT, OTHER] {
        let effects = asks(&mut bench, viewer, RoomPicture::Camera);
        assert_eq!(replies(&effects), end(viewer, ViewerEnd::Crowded));
    }
    let (browser, reason) = (BROWSER, BrowserEnd::Untrusted);
    let ended = MediaEvent::Browser(BrowserEvent::Ended { browser, reason });
    let effects = bench.tell(Event::Media(ended));
    assert_eq!(replies(&effects), end(IT, ViewerEnd::Failed));
    assert_eq!(bench.room.onlooker(), Onlooker::Nobody);

    looks(&mut bench, RoomPicture::Television);
    let reason = "gone".to_owned();
    let effects = bench.tell(Event::Engine(EngineEvent::Lost { reason }));
    assert_eq!(replies(&effects), end(IT, ViewerEnd::Failed));
    assert_eq!(bench.room.onlooker(), Onlooker::Nobody);
}

#[test]
fn switching_it_off_ends_it_and_nobody_asks_any_more() {
    let mut bench = at_home();
    looks(&mut bench, RoomPicture::Television);
    let effects = bench.tell(Event::Config(plain_config()));
    assert_eq!(replies(&effects), end(IT, ViewerEnd::Failed));
    assert_eq!(browsers(&effects), [CLOSED]);
    let late = asks(&mut bench, OTHER, RoomPicture::Camera);
    assert_eq!(replies(&late), end(OTHER, ViewerEnd::Failed));
    assert_eq!(bench.room.onlooker(), Onlooker::Nobody);
}
