//! The room presents: what people touch, what they are offered, and what ends it.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use common::{Bench, plain_config, to_service, with_content};
use saal_core::{Effect, Event, Intent, Presenting};
use saal_media_protocol::{
    CameraChoice, DeviceUse, MediaCommand, MediaEvent, MediaTrouble, Tile, TileSource,
};
use saal_meeting::{CallEvent, MeetingAction, MeetingCommand, MeetingState, Role};

fn room() -> Bench {
    let mut bench = Bench::in_call();
    bench.tell(Event::Config(with_content()));
    bench
}

fn present(bench: &mut Bench, on: bool) -> Vec<Effect> {
    bench.touch(Intent::Act(MeetingAction::Present { on }))
}

fn state(bench: &mut Bench, presenting: bool, role: Role) -> Vec<Effect> {
    let state = MeetingState {
        presenting,
        role,
        ..MeetingState::default()
    };
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::State(Box::new(state))))
}

fn trouble(bench: &mut Bench, trouble: MediaTrouble) -> Vec<Effect> {
    bench.tell(Event::Media(MediaEvent::Trouble(trouble)))
}

fn missing() -> MediaTrouble {
    MediaTrouble::Missing {
        source: DeviceUse::Content,
        wanted: "USB Video".to_owned(),
        present: Vec::new(),
    }
}

fn failed() -> MediaTrouble {
    MediaTrouble::Failed {
        source: DeviceUse::Content,
        device: "USB Video".to_owned(),
        reason: "no signal".to_owned(),
    }
}

/// What the service is asked to do about presenting.
fn asked(effects: &[Effect]) -> Vec<bool> {
    let commands = to_service(effects).into_iter();
    let presents = commands.filter_map(|command| match command {
        MeetingCommand::Act {
            action: MeetingAction::Present { on },
            ..
        } => Some(*on),
        _ => None,
    });
    presents.collect()
}

/// What the television shows largest.
fn first_tile(effects: &[Effect]) -> Option<&Tile> {
    let last = effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::SetTiles { tiles }) => Some(tiles),
        _ => None,
    });
    last?.first()
}

#[test]
fn a_room_without_a_device_for_it_offers_nothing_and_does_nothing() {
    let mut bench = Bench::in_call();
    assert_eq!(bench.room.presenting(), Presenting::Impossible);
    assert_eq!(present(&mut bench, true), []);
}

#[test]
fn the_engine_is_told_which_device_to_present_from() {
    let mut bench = Bench::in_call();
    let effects = bench.tell(Event::Config(with_content()));
    let told = effects.iter().find_map(|effect| match effect {
        Effect::Media(MediaCommand::Configure { devices, .. }) => Some(devices.content.clone()),
        _ => None,
    });
    assert_eq!(told, Some(CameraChoice::Device("USB Video".to_owned())));
}

#[test]
fn one_touch_presents_and_one_ends_it() {
    let mut bench = room();
    assert_eq!(bench.room.presenting(), Presenting::Possible);
    let effects = present(&mut bench, true);
    assert_eq!(asked(&effects), [true]);
    assert_eq!(
        first_tile(&effects).unwrap().source,
        TileSource::OwnContent,
        "people in the room see it too"
    );
    assert_eq!(bench.room.presenting(), Presenting::On);
    assert_eq!(present(&mut bench, true), [], "it is on");
    let effects = present(&mut bench, false);
    assert_eq!(asked(&effects), [false]);
    assert_ne!(first_tile(&effects).unwrap().source, TileSource::OwnContent);
    assert_eq!(bench.room.presenting(), Presenting::Possible);
}

#[test]
fn what_the_service_says_counts() {
    let mut bench = room();
    present(&mut bench, true);
    let effects = state(&mut bench, false, Role::Participant);
    assert_eq!(
        bench.room.presenting(),
        Presenting::Possible,
        "a moderator ended it"
    );
    assert_ne!(first_tile(&effects).unwrap().source, TileSource::OwnContent);
}

#[test]
fn an_audience_presents_nothing() {
    let mut bench = room();
    state(&mut bench, false, Role::Visitor);
    assert_eq!(bench.room.presenting(), Presenting::Impossible);
    assert_eq!(asked(&present(&mut bench, true)), [false; 0]);
}

#[test]
fn a_cable_that_is_pulled_ends_the_presentation_and_is_said() {
    let mut bench = room();
    present(&mut bench, true);
    let effects = trouble(&mut bench, missing());
    assert_eq!(asked(&effects), [false]);
    assert_eq!(bench.trouble_codes(), ["content"]);
    assert_eq!(bench.room.presenting(), Presenting::Impossible);
    let again = trouble(&mut bench, missing());
    assert_eq!(asked(&again), [false; 0], "once is enough");
    bench.tell(Event::Media(MediaEvent::Recovered {
        source: DeviceUse::Content,
    }));
    assert_eq!(bench.trouble_codes(), [""; 0]);
    assert_eq!(
        bench.room.presenting(),
        Presenting::Possible,
        "people decide whether to go on"
    );
}

#[test]
fn a_device_that_failed_can_be_tried_again() {
    let mut bench = room();
    present(&mut bench, true);
    assert_eq!(asked(&trouble(&mut bench, failed())), [false]);
    assert_eq!(bench.trouble_codes(), ["content"]);
    assert_eq!(bench.room.presenting(), Presenting::Possible);
    assert_eq!(asked(&present(&mut bench, true)), [true]);
    assert_eq!(bench.trouble_codes(), [""; 0], "nothing is wrong so far");
    assert_eq!(asked(&trouble(&mut bench, failed())), [false]);
    assert_eq!(bench.trouble_codes(), ["content"]);
}

#[test]
fn a_configuration_without_the_device_ends_the_presentation() {
    let mut bench = room();
    present(&mut bench, true);
    let effects = bench.tell(Event::Config(plain_config()));
    assert_eq!(asked(&effects), [false]);
    assert_eq!(bench.room.presenting(), Presenting::Impossible);
}
