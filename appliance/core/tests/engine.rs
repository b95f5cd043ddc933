//! The engine may die at any time; people in the room should hardly notice.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::time::Duration;

use common::{Bench, names, to_service};
use saal_core::{Effect, EngineEvent, EngineState, Event, Intent};
use saal_media_protocol::{
    Codec, DeviceUse, MediaCommand, MediaEvent, MediaStats, MediaTrouble, SourceKind,
};
use saal_meeting::MeetingCommand;

const SECOND: Duration = Duration::from_secs(1);

fn lost() -> Event {
    Event::Engine(EngineEvent::Lost {
        reason: "signal 11".to_owned(),
    })
}

fn missing_camera() -> Event {
    Event::Media(MediaEvent::Trouble(MediaTrouble::Missing {
        source: DeviceUse::Camera,
        wanted: "Rally".to_owned(),
        present: Vec::new(),
    }))
}

#[test]
fn a_new_engine_is_told_everything_and_the_service_makes_new_transports() {
    let mut bench = Bench::in_call();
    bench.touch(Intent::Toggle(SourceKind::Camera));
    let effects = bench.tell(lost());
    let order = names(&effects);
    assert_eq!(
        order,
        [
            "StartEngine",
            "Configure",
            "Media",
            "SetVolume",
            "SetPreview",
            "SetMuted",
            "SetMuted",
            "SetTiles",
            "MediaRestarted",
            "Redraw",
            "SetText"
        ]
    );
    let call = bench.call();
    assert_eq!(
        to_service(&effects),
        [&MeetingCommand::MediaRestarted { call }]
    );
    assert!(effects.contains(&Effect::Media(MediaCommand::SetMuted {
        source: SourceKind::Camera,
        muted: true
    })));
    assert_eq!(bench.phase(), "call");
}

#[test]
fn at_home_and_while_leaving_no_transport_is_made() {
    let mut bench = Bench::at_home();
    assert!(to_service(&bench.tell(lost())).is_empty());
    let mut bench = Bench::in_call();
    bench.touch(Intent::Leave);
    assert!(to_service(&bench.tell(lost())).is_empty());
}

#[test]
fn five_deaths_a_minute_are_answered_at_once_and_the_sixth_waits() {
    let mut bench = Bench::in_call();
    for death in 1..=5 {
        assert!(
            bench.tell(lost()).contains(&Effect::StartEngine),
            "death {death}"
        );
        bench.tell(Event::Engine(EngineEvent::Ready));
        bench.turn(SECOND);
    }
    let effects = bench.tell(lost());
    assert!(!effects.contains(&Effect::StartEngine));
    assert!(effects.contains(&Effect::Redraw));
    assert_eq!(bench.trouble_codes(), ["engine_failing"]);
    let started = bench.wait(5 * SECOND, false);
    assert!(started.contains(&Effect::StartEngine), "it is tried again");
    assert_eq!(
        bench.trouble_codes(),
        ["engine_failing"],
        "until it answers"
    );
    bench.tell(Event::Engine(EngineEvent::Ready));
    assert_eq!(bench.trouble_codes(), [""; 0]);
}

#[test]
fn deaths_of_another_minute_do_not_count() {
    let mut bench = Bench::at_home();
    for _ in 0..12 {
        assert!(bench.tell(lost()).contains(&Effect::StartEngine));
        bench.tell(Event::Engine(EngineEvent::Ready));
        bench.wait(13 * SECOND, true);
    }
}

#[test]
fn an_engine_that_hangs_is_replaced() {
    let mut bench = Bench::in_call();
    assert!(!names(&bench.wait(30 * SECOND, true)).contains(&"StartEngine"));
    let effects = bench.wait(7 * SECOND, false);
    assert!(names(&effects).contains(&"StartEngine"));
    assert!(names(&effects).contains(&"MediaRestarted"));
    assert!(
        bench.room.stats().is_none(),
        "figures of the dead are not shown"
    );
}

#[test]
fn the_first_start_may_take_long() {
    let mut bench = Bench::bare();
    bench.tell(Event::Config(common::plain_config()));
    assert_eq!(bench.room.engine(), EngineState::Starting);
    assert!(!names(&bench.wait(29 * SECOND, false)).contains(&"StartEngine"));
    assert!(names(&bench.wait(2 * SECOND, false)).contains(&"StartEngine"));
}

#[test]
fn a_device_is_trouble_until_it_works_again() {
    let mut bench = Bench::in_call();
    let effects = bench.tell(missing_camera());
    assert_eq!(effects, [Effect::Redraw]);
    assert_eq!(bench.trouble_codes(), ["camera"]);
    assert_eq!(bench.tell(missing_camera()), [], "it is known");
    let source = DeviceUse::Camera;
    let effects = bench.tell(Event::Media(MediaEvent::Recovered { source }));
    assert_eq!(effects, [Effect::Redraw]);
    assert_eq!(bench.trouble_codes(), [""; 0]);
    assert_eq!(bench.phase(), "call");
}

#[test]
fn a_replaced_engine_finds_out_anew_what_is_missing() {
    let mut bench = Bench::in_call();
    bench.tell(missing_camera());
    let effects = bench.wait(7 * SECOND, false);
    assert!(names(&effects).contains(&"StartEngine"));
    assert_eq!(bench.trouble_codes(), [""; 0]);
    assert!(effects.contains(&Effect::Redraw), "the panel shows that");
}

#[test]
fn the_television_is_only_sent_while_somebody_looks() {
    let mut bench = Bench::at_home();
    let rate = |effects: Vec<Effect>| match effects[..] {
        [] => None,
        [
            Effect::Media(MediaCommand::SetPreview {
                pictures_per_second,
            }),
        ] => Some(pictures_per_second),
        _ => panic!("{effects:?}"),
    };
    assert!(rate(bench.tell(Event::TelevisionViewers(1))).unwrap() > 0);
    assert_eq!(rate(bench.tell(Event::TelevisionViewers(2))), None);
    let effects = bench.tell(lost());
    let preview = |e: &&Effect| matches!(e, Effect::Media(MediaCommand::SetPreview { .. }));
    let Some(Effect::Media(MediaCommand::SetPreview {
        pictures_per_second,
    })) = effects.iter().find(preview)
    else {
        panic!("{effects:?}")
    };
    assert!(*pictures_per_second > 0, "a new engine goes on with it");
    assert_eq!(rate(bench.tell(Event::TelevisionViewers(0))), Some(0));
}

#[test]
fn figures_are_kept_until_the_next() {
    let mut bench = Bench::in_call();
    let stats = MediaStats {
        microphone_dbfs: Some(-20.0),
        ..MediaStats::default()
    };
    assert_eq!(
        bench.tell(Event::Media(MediaEvent::Stats(stats.clone()))),
        []
    );
    assert_eq!(bench.room.stats(), Some(&stats));
}

#[test]
fn what_the_engine_encodes_is_known_to_the_call_that_begins_and_to_the_one_that_runs() {
    let encodes = |codecs: &[Codec]| {
        let codecs = codecs.to_vec();
        Event::Media(MediaEvent::Encodes { codecs })
    };
    let both = [Codec::Vp8, Codec::H264];
    let mut bench = Bench::at_home();
    assert!(to_service(&bench.tell(encodes(&both))).is_empty());
    let effects = bench.touch_join("weekly");
    let [MeetingCommand::Join { encodes: told, .. }] = to_service(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(*told, both);
    let call = bench.call();
    assert!(
        to_service(&bench.tell(encodes(&both))).is_empty(),
        "it knows"
    );
    let effects = bench.tell(lost());
    let told = |codecs: &[Codec]| MeetingCommand::Encodes {
        call,
        codecs: codecs.to_vec(),
    };
    assert_eq!(
        to_service(&effects),
        [
            &told(&[Codec::Vp8]),
            &MeetingCommand::MediaRestarted { call }
        ],
        "until the next engine has tried"
    );
    let effects = bench.tell(encodes(&both));
    assert_eq!(to_service(&effects), [&told(&both)]);
}
