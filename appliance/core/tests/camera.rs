//! The room's camera: which one, where it looks, what people come back to, and what plugging in a laptop does.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::time::Duration;

use common::{Bench, config, config_text, names, to_service, with_content};
use saal_core::{Effect, Event, Intent};
use saal_media_protocol::{
    CameraAction, CameraChoice, CameraMoves, CameraState, CameraView, DeviceList, DeviceUse,
    MediaCommand, MediaEvent, MediaTrouble, PictureDevice, PictureKind, Preset, Tile, TileSource,
};
use saal_meeting::{CallEvent, MeetingAction, MeetingCommand, MeetingLink};

const RALLY: &str = "usb-1#046d:0866:A1";

fn state(id: &str) -> CameraState {
    CameraState {
        id: id.to_owned(),
        name: "Rally".to_owned(),
        view: CameraView::default(),
        moves: CameraMoves {
            zoom: true,
            pan: true,
            tilt: true,
        },
        digital: false,
        controls: Vec::new(),
    }
}

fn camera(bench: &mut Bench, id: &str) -> Vec<Effect> {
    let state = Box::new(state(id));
    bench.tell(Event::Media(MediaEvent::Camera { state: Some(state) }))
}

fn touch(bench: &mut Bench, action: CameraAction) -> Vec<Effect> {
    bench.touch(Intent::Camera(action))
}

fn looks(effects: &[Effect]) -> Option<CameraView> {
    effects.iter().find_map(|effect| match effect {
        Effect::Media(MediaCommand::Look { view }) => Some(*view),
        _ => None,
    })
}

fn uses(effects: &[Effect]) -> Option<CameraChoice> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::Configure { devices, .. }) => Some(devices.camera.clone()),
        _ => None,
    })
}

fn device(name: &str) -> CameraChoice {
    CameraChoice::Device(name.to_owned())
}

fn view(zoom: i32, pan: i32) -> CameraView {
    CameraView { zoom, pan, tilt: 0 }
}

fn own_tile(effects: &[Effect]) -> Option<Tile> {
    let tiles = effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::SetTiles { tiles }) => Some(tiles),
        _ => None,
    });
    let mut tiles = tiles?.iter();
    tiles.find(|tile| tile.source == TileSource::Own).cloned()
}

#[test]
fn each_touch_goes_on_from_where_the_last_one_led() {
    let mut bench = Bench::in_call();
    camera(&mut bench, RALLY);
    let first = touch(
        &mut bench,
        CameraAction::Look {
            view: view(100, 50),
        },
    );
    assert_eq!(looks(&first), Some(view(100, 50)));
    let there = bench.room.camera().unwrap().view;
    let on = there.moved(view(100, 2_000));
    let second = touch(&mut bench, CameraAction::Look { view: on });
    assert_eq!(looks(&second), Some(view(200, 1_000)), "as far as it goes");
}

#[test]
fn without_a_camera_nothing_is_turned() {
    let mut bench = Bench::in_call();
    let effects = touch(&mut bench, CameraAction::Look { view: view(9, 9) });
    assert_eq!(effects, []);
    assert_eq!(
        touch(&mut bench, CameraAction::Save { preset: "A".into() }),
        []
    );
}

#[test]
fn people_who_aim_the_camera_see_themselves_for_a_while() {
    let mut bench = Bench::in_call();
    camera(&mut bench, RALLY);
    let effects = touch(&mut bench, CameraAction::Look { view: view(100, 0) });
    assert!(own_tile(&effects).is_some(), "in the corner");
    let later = bench.wait(Duration::from_secs(9), true);
    assert!(names(&later).contains(&"SetTiles"));
    assert_eq!(own_tile(&later), None);
}

#[test]
fn a_saved_view_is_kept_found_again_and_forgotten() {
    let mut bench = Bench::in_call();
    camera(&mut bench, RALLY);
    touch(
        &mut bench,
        CameraAction::Look {
            view: view(400, -300),
        },
    );
    let board = || "Tafel".to_owned();
    let saved = touch(&mut bench, CameraAction::Save { preset: board() });
    let expected = vec![Preset {
        camera: RALLY.to_owned(),
        name: board(),
        view: view(400, -300),
    }];
    assert!(saved.contains(&Effect::SavePresets(expected.clone())));
    touch(&mut bench, CameraAction::Look { view: view(0, 0) });
    let gone = touch(&mut bench, CameraAction::Go { preset: board() });
    assert_eq!(looks(&gone), Some(view(400, -300)));

    // After a restart, with the camera in another socket.
    let mut bench = Bench::in_call();
    bench.tell(Event::Presets(expected));
    camera(&mut bench, "usb-7#046d:0866:A1");
    assert_eq!(bench.room.presets().count(), 1);
    let gone = touch(&mut bench, CameraAction::Go { preset: board() });
    assert_eq!(looks(&gone), Some(view(400, -300)));
    let forgotten = touch(&mut bench, CameraAction::Forget { preset: board() });
    assert!(forgotten.contains(&Effect::SavePresets(Vec::new())));
    // Another camera has its own.
    camera(&mut bench, "usb-2#046d:0866:B2");
    assert_eq!(bench.room.presets().count(), 0);
}

#[test]
fn there_are_as_many_views_as_a_touch_tells_apart_and_each_can_be_replaced() {
    let mut bench = Bench::in_call();
    camera(&mut bench, RALLY);
    let save = |n: u32| CameraAction::Save {
        preset: n.to_string(),
    };
    for n in 0..20 {
        touch(&mut bench, save(n));
    }
    assert_eq!(bench.room.presets().count(), 6);
    assert!(!bench.room.takes_preset());
    touch(&mut bench, CameraAction::Look { view: view(700, 0) });
    touch(&mut bench, save(3));
    let third = bench.room.presets().find(|p| p.name == "3").unwrap();
    assert_eq!(third.view, view(700, 0));
    assert_eq!(bench.room.presets().count(), 6);
}

fn with_meeting_camera() -> String {
    config_text()
        + "
        [[meetings]]
        title = \"Office\"
        link = \"https://meet.example.org/office\"
        camera = \"Ceiling\"
        [devices]
        camera = \"Rally\"
        "
}

fn enter_office(bench: &mut Bench) -> Vec<Effect> {
    let link = MeetingLink::new("https://meet.example.org/office");
    bench.touch(Intent::JoinLink(link))
}

#[test]
fn a_meeting_has_its_own_camera_and_people_may_choose_another() {
    let mut bench = Bench::bare();
    let begun = bench.tell(Event::Config(config(&with_meeting_camera())));
    assert_eq!(uses(&begun), Some(device("Rally")));
    assert_eq!(uses(&enter_office(&mut bench)), Some(device("Ceiling")));
    let chosen = touch(
        &mut bench,
        CameraAction::Use {
            camera: "usb-9".into(),
        },
    );
    assert_eq!(uses(&chosen), Some(device("usb-9")));
    // Their wish goes with the call; the next one begins as configured.
    bench.touch(Intent::Leave);
    let call = bench.call();
    let ended = CallEvent::Ended(saal_meeting::EndReason::Left);
    let home = bench.tell(Event::Call(call, ended));
    assert_eq!(uses(&home), Some(device("Rally")));
    assert_eq!(uses(&enter_office(&mut bench)), Some(device("Ceiling")));
}

#[test]
fn a_meeting_without_a_wish_leaves_the_camera_alone() {
    let mut bench = Bench::at_home();
    assert_eq!(uses(&bench.touch_join("weekly")), None);
}

#[test]
fn people_choose_among_cameras_and_not_among_inputs() {
    let mut bench = Bench::in_call();
    bench.tell(Event::Config(with_content()));
    let present = |id: &str, name: &str, kind| PictureDevice {
        id: id.to_owned(),
        name: name.to_owned(),
        kind,
    };
    let devices = DeviceList {
        cameras: vec![
            present("a", "Rally", PictureKind::Camera),
            present("b", "Cam Link", PictureKind::Input),
            present("c", "USB Video", PictureKind::Camera),
        ],
        ..DeviceList::default()
    };
    bench.tell(Event::Media(MediaEvent::Devices(devices)));
    let offered: Vec<&str> = bench.room.cameras().map(|c| c.name.as_str()).collect();
    assert_eq!(
        offered,
        ["Rally"],
        "what is presented from looks at no room"
    );
}

fn presents(effects: &[Effect]) -> Vec<bool> {
    let commands = to_service(effects).into_iter();
    let on = commands.filter_map(|command| match command {
        MeetingCommand::Act {
            action: MeetingAction::Present { on },
            ..
        } => Some(*on),
        _ => None,
    });
    on.collect()
}

fn plugged(bench: &mut Bench, present: bool) -> Vec<bool> {
    let signal = MediaEvent::ContentSignal { present };
    presents(&bench.tell(Event::Media(signal)))
}

#[test]
fn plugging_in_starts_a_presentation_and_pulling_out_ends_it() {
    let mut bench = Bench::in_call();
    bench.tell(Event::Config(with_content()));
    assert_eq!(plugged(&mut bench, true), [true]);
    assert_eq!(plugged(&mut bench, false), [false]);
    assert_eq!(plugged(&mut bench, true), [true]);
    let missing = MediaTrouble::Missing {
        source: DeviceUse::Content,
        wanted: "USB Video".to_owned(),
        present: Vec::new(),
    };
    let pulled = bench.tell(Event::Media(MediaEvent::Trouble(missing)));
    assert_eq!(presents(&pulled), [false], "the grabber itself");
}

#[test]
fn at_home_and_where_it_is_not_wanted_plugging_in_starts_nothing() {
    let mut bench = Bench::at_home();
    bench.tell(Event::Config(with_content()));
    assert_eq!(plugged(&mut bench, true), [false; 0]);
    let mut bench = Bench::in_call();
    let quiet = "[devices]\ncontent = \"USB Video\"\npresent_when_plugged = false\n";
    bench.tell(Event::Config(config(&(config_text() + quiet))));
    assert_eq!(plugged(&mut bench, true), [false; 0]);
    bench.touch(Intent::Act(MeetingAction::Present { on: true }));
    assert_eq!(
        plugged(&mut bench, false),
        [false],
        "nobody looks at nothing"
    );
}
