//! Somebody of the fleet helps from afar: asked for each time, told while it lasts, ended by people, by time and by
//! whatever breaks the way to them.

mod common;

use std::time::Duration;

use common::{Bench, with_browsers};
use saal_core::{
    Effect, Event, HelpAction, HelpEvent, HelpId, HelpStage, Helper, Intent, Onlooker, Use, UseEnd,
    ViewAction, ViewerEnd, ViewerEvent, ViewerId, ViewerReply,
};
use saal_fleet_protocol::fleet::help::HelpEnd;
use saal_media_protocol::RoomPicture;

const FIRST: HelpId = HelpId(7);
const SECOND: HelpId = HelpId(8);
/// Less than the way to whoever helps may be silent.
const OFTEN: Duration = Duration::from_secs(4);

fn asks(bench: &mut Bench, help: HelpId, touch: bool) -> Vec<Effect> {
    let name = "anna".to_owned();
    bench.tell(Event::Help(help, HelpEvent::Asks { name, touch }))
}

fn people(bench: &mut Bench, action: HelpAction) -> Vec<Effect> {
    bench.tell(Event::Intent(Intent::Help(action)))
}

/// Time passes, while the agent asks how it stands.
fn followed(bench: &mut Bench, help: HelpId, seconds: u64) {
    let mut left = Duration::from_secs(seconds);
    while !left.is_zero() {
        let step = left.min(OFTEN);
        bench.wait(step, true);
        bench.tell(Event::Help(help, HelpEvent::Follows));
        left -= step;
    }
}

fn ended(bench: &Bench, help: HelpId) -> Option<HelpEnd> {
    match bench.room.help_stage(help) {
        HelpStage::Ended(why) => Some(why),
        _ => None,
    }
}

#[test]
fn nothing_is_seen_or_touched_before_people_allow_it_and_they_know_until_the_end() {
    let mut bench = Bench::at_home();
    let effects = asks(&mut bench, FIRST, true);
    assert!(effects.contains(&Effect::Redraw), "{effects:?}");
    let helper = Helper {
        help: FIRST,
        name: "anna".to_owned(),
        touch: true,
    };
    assert_eq!(bench.room.onlooker(), Onlooker::AsksToHelp(helper.clone()));
    assert_eq!(bench.room.help_stage(FIRST), HelpStage::Asked);
    assert!(!bench.room.takes_touches_of(FIRST));
    let effects = people(&mut bench, HelpAction::Allow(FIRST));
    assert!(effects.contains(&Effect::Redraw), "{effects:?}");
    assert_eq!(bench.room.onlooker(), Onlooker::Helps(helper));
    assert_eq!(bench.room.help_stage(FIRST), HelpStage::Allowed);
    assert!(bench.room.takes_touches_of(FIRST));
    assert!(!bench.room.takes_touches_of(SECOND), "only theirs");
    let effects = bench.tell(Event::Help(FIRST, HelpEvent::Follows));
    assert_eq!(effects, [], "nothing is drawn several times a second");
    let effects = bench.tell(Event::Help(FIRST, HelpEvent::Gone));
    assert!(effects.contains(&Effect::Redraw), "{effects:?}");
    assert_eq!(bench.room.onlooker(), Onlooker::Nobody);
    assert_eq!(ended(&bench, FIRST), Some(HelpEnd::Left));
    assert!(!bench.room.takes_touches_of(FIRST));
}

#[test]
fn who_asked_to_look_does_not_touch() {
    let mut bench = Bench::at_home();
    asks(&mut bench, FIRST, false);
    people(&mut bench, HelpAction::Allow(FIRST));
    assert_eq!(bench.room.help_stage(FIRST), HelpStage::Allowed);
    assert!(!bench.room.takes_touches_of(FIRST));
}

#[test]
fn a_permission_is_for_the_one_whom_people_saw_ask_and_comes_from_the_room_alone() {
    let mut bench = Bench::at_home();
    asks(&mut bench, FIRST, true);
    bench.tell(Event::Help(FIRST, HelpEvent::Gone));
    asks(&mut bench, SECOND, true);
    people(&mut bench, HelpAction::Allow(FIRST));
    assert_eq!(bench.room.help_stage(SECOND), HelpStage::Asked);
    people(&mut bench, HelpAction::Refuse(FIRST));
    assert_eq!(bench.room.help_stage(SECOND), HelpStage::Asked);
    assert!(Intent::Help(HelpAction::Allow(SECOND)).is_for_those_present());
    assert!(!Intent::Help(HelpAction::End).is_for_those_present());
    assert!(!Intent::Help(HelpAction::End).is_for_visitors());
    assert_eq!(
        ended(&bench, HelpId(1)),
        Some(HelpEnd::Lost),
        "of another life"
    );
}

#[test]
fn people_who_said_no_are_left_alone_for_a_while() {
    for (allowed, action, why) in [
        (false, HelpAction::Refuse(FIRST), HelpEnd::Refused),
        (true, HelpAction::End, HelpEnd::Stopped),
    ] {
        let mut bench = Bench::at_home();
        asks(&mut bench, FIRST, true);
        if allowed {
            people(&mut bench, HelpAction::Allow(FIRST));
        }
        people(&mut bench, action);
        assert_eq!(bench.room.onlooker(), Onlooker::Nobody);
        assert_eq!(ended(&bench, FIRST), Some(why));
        bench.turn(Duration::from_secs(299));
        asks(&mut bench, SECOND, false);
        assert_eq!(ended(&bench, SECOND), Some(HelpEnd::Unwanted));
        bench.turn(Duration::from_secs(1));
        asks(&mut bench, SECOND, false);
        assert_eq!(bench.room.help_stage(SECOND), HelpStage::Asked);
    }
}

#[test]
fn who_is_not_answered_asks_a_minute_and_a_permission_lasts_ten() {
    let mut bench = Bench::at_home();
    asks(&mut bench, FIRST, false);
    followed(&mut bench, FIRST, 59);
    assert_eq!(bench.room.help_stage(FIRST), HelpStage::Asked);
    followed(&mut bench, FIRST, 1);
    assert_eq!(ended(&bench, FIRST), Some(HelpEnd::Unanswered));
    asks(&mut bench, SECOND, false);
    people(&mut bench, HelpAction::Allow(SECOND));
    followed(&mut bench, SECOND, 599);
    assert_eq!(bench.room.help_stage(SECOND), HelpStage::Allowed);
    followed(&mut bench, SECOND, 1);
    assert_eq!(ended(&bench, SECOND), Some(HelpEnd::Over));
}

#[test]
fn it_is_over_where_nobody_asks_any_more_how_it_stands() {
    let mut bench = Bench::at_home();
    asks(&mut bench, FIRST, true);
    people(&mut bench, HelpAction::Allow(FIRST));
    bench.wait(Duration::from_secs(4), true);
    bench.tell(Event::Help(SECOND, HelpEvent::Follows));
    assert_eq!(bench.room.help_stage(FIRST), HelpStage::Allowed);
    let effects = bench.wait(Duration::from_secs(1), true);
    assert!(effects.contains(&Effect::Redraw), "{effects:?}");
    assert_eq!(ended(&bench, FIRST), Some(HelpEnd::Lost));
}

#[test]
fn one_looks_at_a_room_at_a_time_whichever_way_they_come() {
    let mut bench = Bench::at_home();
    bench.tell(Event::Config(with_browsers()));
    let viewer = ViewerId(1);
    let (of, address) = (RoomPicture::Television, [192, 0, 2, 7].into());
    let wants = || Event::Viewer(viewer, ViewerEvent::Asks { of, address });
    asks(&mut bench, FIRST, false);
    asks(&mut bench, SECOND, false);
    assert_eq!(ended(&bench, SECOND), Some(HelpEnd::Busy));
    assert_eq!(bench.room.help_stage(FIRST), HelpStage::Asked, "it goes on");
    let crowded = Effect::Viewer(viewer, ViewerReply::End(ViewerEnd::Crowded));
    assert!(bench.tell(wants()).contains(&crowded));
    bench.tell(Event::Help(FIRST, HelpEvent::Gone));
    bench.tell(wants());
    bench.tell(Event::Intent(Intent::View(ViewAction::Allow(viewer))));
    asks(&mut bench, SECOND, false);
    assert_eq!(ended(&bench, SECOND), Some(HelpEnd::Busy));
    assert_eq!(bench.room.onlooker(), Onlooker::Looks(of));
}

#[test]
fn it_stands_in_the_log_of_what_was_in_use_and_a_name_is_one_short_line() {
    let mut bench = Bench::at_home();
    let name = format!("anna\n\u{202e}{}", "x".repeat(300));
    bench.tell(Event::Help(FIRST, HelpEvent::Asks { name, touch: false }));
    let Onlooker::AsksToHelp(helper) = bench.room.onlooker() else {
        panic!("people are asked");
    };
    assert!(helper.name.starts_with("anna x"), "{}", helper.name);
    assert_eq!(helper.name.chars().count(), 25, "with the ellipsis");
    let seen = |bench: &Bench| {
        let entries = &bench.room.privacy_log().entries;
        let last = entries.iter().rfind(|entry| entry.what == Use::RemoteView);
        last.map(|entry| entry.end)
    };
    assert_eq!(seen(&bench), None);
    people(&mut bench, HelpAction::Allow(FIRST));
    assert_eq!(seen(&bench), Some(UseEnd::Going));
    people(&mut bench, HelpAction::End);
    assert_eq!(seen(&bench), Some(UseEnd::Over));
}
