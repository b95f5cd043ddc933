//! A camera, microphone or loudspeaker that fails before a meeting: another one, or no picture, and what becomes of that choice.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::{collections::BTreeMap, time::Duration};

use common::{Bench, config, config_text, meeting, participant, to_service};
use saal_core::{DayNotice, Effect, Event, Intent, Remedies, SoundAction};
use saal_media_protocol::{
    AudioChoice, CameraAction, CameraCheck, CameraChoice, DeviceList, DeviceReport, DeviceUse,
    DisplayCheck, MediaCommand, MediaEvent, MediaTrouble, MicrophoneCheck, PictureDevice,
    PictureKind, SoundUnit, SourceKind,
};
use saal_meeting::{
    CallEvent, Destination, EndReason, Meeting, MeetingCommand, MeetingId, MeetingLink,
};

const MINUTE: Duration = Duration::from_secs(60);
const CAMERAS: [(&str, &str); 3] = [("usb-1", "Front"), ("usb-2", "Ceiling"), ("usb-3", "Board")];

/// From 9:20 to 10:00; the bench begins at 8:58:30.
fn later() -> Meeting {
    let (start, end) = ("2026-11-23T09:20:00Z", "2026-11-23T10:00:00Z");
    meeting("later", Some(start), Some(end), 0)
}

/// Sound hardware; what has no name it does not have.
fn unit(microphone: &str, loudspeaker: &str) -> SoundUnit {
    let part = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    SoundUnit {
        microphone: part(microphone),
        loudspeaker: part(loudspeaker),
    }
}

/// Ten minutes before it, with so many cameras, of which the first is the room's.
fn before_the_meeting(cameras: usize) -> Bench {
    let mut bench = Bench::at_home();
    bench.tell_meetings(vec![later()]);
    let devices = "camera = \"Front\"\nmicrophone = \"Jabra\"\nloudspeaker = \"Jabra\"\n";
    let text = format!("{}\n[devices]\n{devices}", config_text());
    bench.tell(Event::Config(config(&text)));
    let device = |(id, name): &(&str, &str)| PictureDevice {
        id: (*id).to_owned(),
        name: (*name).to_owned(),
        kind: PictureKind::Camera,
    };
    let list = DeviceList {
        cameras: CAMERAS[..cameras].iter().map(device).collect(),
        sound_units: vec![
            unit("Jabra", "Jabra"),
            unit("Rally", "Rally"),
            unit("", "HDMI 0"),
            unit("Lectern", ""),
        ],
        ..DeviceList::default()
    };
    bench.tell(Event::Media(MediaEvent::Devices(list)));
    // That for the bench's own meeting.
    answered(&mut bench, 1, CameraCheck::Moving);
    bench.wait(12 * MINUTE, true);
    bench
}

/// What the trial of this number found.
fn answered(bench: &mut Bench, number: u64, camera: CameraCheck) -> Vec<Effect> {
    reported(bench, number, camera, MicrophoneCheck::Hears)
}

fn reported(
    bench: &mut Bench,
    number: u64,
    camera: CameraCheck,
    microphone: MicrophoneCheck,
) -> Vec<Effect> {
    let found = BTreeMap::new();
    bench.tell(Event::Checked { number, found });
    let report = DeviceReport {
        camera,
        microphone,
        display: DisplayCheck::Connected,
    };
    bench.tell(Event::Media(MediaEvent::Checked(report)))
}

fn heard(bench: &mut Bench, number: u64, microphone: MicrophoneCheck) -> Vec<Effect> {
    reported(bench, number, CameraCheck::Moving, microphone)
}

fn failing(cameras: usize) -> Bench {
    let mut bench = before_the_meeting(cameras);
    answered(&mut bench, 2, CameraCheck::NoPictures);
    bench
}

fn remedies(bench: &Bench) -> Remedies {
    bench.room.remedies(bench.now)
}

/// What people can do: the name of the other camera, whether to do without.
fn offered(bench: &Bench) -> (Option<String>, bool) {
    let remedies = remedies(bench);
    (
        remedies.camera.map(|camera| camera.name),
        remedies.without_picture,
    )
}

fn take_other(bench: &mut Bench) -> Vec<Effect> {
    let camera = remedies(bench).camera.unwrap().id;
    bench.touch(Intent::Camera(CameraAction::Use { camera }))
}

fn take_usual(bench: &mut Bench) -> Vec<Effect> {
    bench.touch(Intent::Camera(CameraAction::Usual {}))
}

fn without_picture(bench: &mut Bench, unseen: bool) {
    bench.touch(Intent::SetMuted(SourceKind::Camera, unseen));
}

/// The camera that the engine is told to open.
fn told(effects: &[Effect]) -> Option<String> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::Configure { devices, .. }) => match &devices.camera {
            CameraChoice::Device(name) => Some(name.clone()),
            other => Some(format!("{other:?}")),
        },
        _ => None,
    })
}

fn tries(effects: &[Effect]) -> bool {
    let check = |effect: &Effect| matches!(effect, Effect::Media(MediaCommand::Check { .. }));
    effects.iter().any(check)
}

/// Whether the room enters the meeting to be seen.
fn enters_seen(effects: &[Effect]) -> Option<bool> {
    to_service(effects)
        .into_iter()
        .find_map(|command| match command {
            MeetingCommand::Join { camera, .. } => Some(*camera),
            _ => None,
        })
}

fn notices(bench: &Bench) -> Vec<DayNotice> {
    bench.room.day_notices(bench.now)
}

fn unseen() -> DayNotice {
    DayNotice::WithoutPicture {
        meeting: later().id,
        title: later().title,
    }
}

fn leave(bench: &mut Bench) -> Vec<Effect> {
    bench.touch(Intent::Leave);
    let left = CallEvent::Ended(EndReason::Left);
    bench.tell(Event::Call(bench.call(), left))
}

#[test]
fn what_can_be_done_is_offered_while_the_camera_fails() {
    let mut bench = before_the_meeting(2);
    let nothing = (None, false);
    assert_eq!(offered(&bench), nothing, "it is being tried");
    answered(&mut bench, 2, CameraCheck::Moving);
    assert_eq!(offered(&bench), nothing, "it does its work");
    let mut failing_one = failing(2);
    let both = (Some("Ceiling".to_owned()), true);
    assert_eq!(offered(&failing_one), both);
    // It is pulled now: what was found before the meeting is not what tells of it.
    let missing = MediaTrouble::Missing {
        source: DeviceUse::Camera,
        wanted: "Front".to_owned(),
        present: Vec::new(),
    };
    bench.tell(Event::Media(MediaEvent::Trouble(missing)));
    assert_eq!(offered(&bench), both);
    let instead = MediaTrouble::Replaced {
        source: DeviceUse::Camera,
        wanted: "Front".to_owned(),
        instead: "Ceiling".to_owned(),
    };
    bench.tell(Event::Media(MediaEvent::Trouble(instead)));
    assert_eq!(
        offered(&bench),
        nothing,
        "another one does its work already"
    );
    failing_one.tell_meetings(Vec::new());
    assert_eq!(offered(&failing_one), nothing, "nobody needs it");
}

#[test]
fn where_there_is_no_other_camera_none_is_offered() {
    assert_eq!(offered(&failing(1)), (None, true));
}

#[test]
fn another_camera_is_tried_at_once_and_is_the_meeting_s() {
    let mut bench = failing(2);
    let effects = take_other(&mut bench);
    assert_eq!(told(&effects).as_deref(), Some("usb-2"));
    assert!(
        tries(&effects),
        "people want to know whether that one works"
    );
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);
    answered(&mut bench, 3, CameraCheck::Moving);
    assert_eq!(offered(&bench), (None, false));
    let chosen = DayNotice::OtherCamera {
        meeting: later().id,
        title: later().title,
        camera: "Ceiling".to_owned(),
    };
    assert_eq!(notices(&bench), std::slice::from_ref(&chosen));
    let effects = bench.touch_join("later");
    assert_eq!((told(&effects), enters_seen(&effects)), (None, Some(true)));
    let effects = leave(&mut bench);
    assert_eq!(told(&effects), None, "people may come back to it");
    assert_eq!(notices(&bench), [chosen]);
    let over = bench.wait(60 * MINUTE, true);
    assert_eq!(told(&over).as_deref(), Some("Front"), "it is over");
    assert_eq!(notices(&bench), []);
}

#[test]
fn a_touch_on_each_goes_through_all_cameras() {
    let mut bench = failing(3);
    let mut number = 2;
    for name in ["Ceiling", "Board", "Front"] {
        assert_eq!(offered(&bench).0.as_deref(), Some(name));
        assert!(tries(&take_other(&mut bench)));
        number += 1;
        answered(&mut bench, number, CameraCheck::Still);
        assert_eq!(bench.trouble_codes(), ["not_ready_camera"]);
    }
}

#[test]
fn what_was_found_out_about_the_camera_before_says_nothing_of_the_one_that_was_chosen_meanwhile() {
    let mut bench = failing(3);
    take_other(&mut bench);
    // The second one is being tried, and is pulled; people go on to the third.
    let gone = MediaTrouble::Missing {
        source: DeviceUse::Camera,
        wanted: "usb-2".to_owned(),
        present: Vec::new(),
    };
    bench.tell(Event::Media(MediaEvent::Trouble(gone)));
    let effects = take_other(&mut bench);
    assert_eq!(
        (told(&effects).as_deref(), tries(&effects)),
        (Some("usb-3"), false)
    );
    let effects = answered(&mut bench, 3, CameraCheck::NoPictures);
    assert_eq!(
        bench.trouble_codes(),
        [] as [&str; 0],
        "that was the second one"
    );
    assert!(tries(&effects), "the third one");
    answered(&mut bench, 4, CameraCheck::NoPictures);
    assert_eq!(bench.trouble_codes(), ["not_ready_camera"]);
}

#[test]
fn the_usual_camera_is_taken_again_by_a_touch() {
    let mut bench = failing(2);
    take_other(&mut bench);
    answered(&mut bench, 3, CameraCheck::Moving);
    let effects = take_usual(&mut bench);
    assert_eq!(
        (told(&effects).as_deref(), tries(&effects)),
        (Some("Front"), true)
    );
    assert_eq!(notices(&bench), []);
}

#[test]
fn without_picture_the_room_is_not_seen_in_that_meeting() {
    let mut bench = failing(2);
    without_picture(&mut bench, true);
    assert_eq!(notices(&bench), [unseen()]);
    assert_eq!(offered(&bench), (None, false), "people have chosen");
    assert_eq!(
        bench.trouble_codes(),
        ["not_ready_camera"],
        "IT has to know"
    );
    assert_eq!(bench.room.seeks_another(bench.now), None, "they stay");
    assert_eq!(enters_seen(&bench.touch_join("later")), Some(false));
    leave(&mut bench);
    assert_eq!(
        enters_seen(&bench.touch_join("later")),
        Some(false),
        "again"
    );
    bench.touch(Intent::Toggle(SourceKind::Camera));
    leave(&mut bench);
    assert_eq!(notices(&bench), [], "they turned it on after all");
    assert_eq!(enters_seen(&bench.touch_join("later")), Some(true));
}

#[test]
fn that_is_taken_back_by_a_touch_and_is_for_no_other_meeting() {
    let mut bench = failing(2);
    without_picture(&mut bench, true);
    without_picture(&mut bench, false);
    assert_eq!(notices(&bench), []);
    assert_eq!(offered(&bench), (Some("Ceiling".to_owned()), true));
    without_picture(&mut bench, true);
    let (start, end) = ("2026-11-23T09:05:00Z", "2026-11-23T09:40:00Z");
    bench.tell_meetings(vec![later(), meeting("now", Some(start), Some(end), 0)]);
    assert_eq!(enters_seen(&bench.touch_join("now")), Some(true));
}

#[test]
fn the_choice_ends_where_its_meeting_is_cancelled_or_put_off() {
    let put_off = meeting(
        "later",
        Some("2026-11-23T13:20:00Z"),
        Some("2026-11-23T14:00:00Z"),
        0,
    );
    for meetings in [Vec::new(), vec![put_off]] {
        let mut bench = failing(2);
        take_other(&mut bench);
        let effects = bench.tell_meetings(meetings);
        assert_eq!(told(&effects).as_deref(), Some("Front"));
        assert_eq!(bench.room.preparation(), None);
    }
}

#[test]
fn long_before_a_meeting_nothing_is_chosen_for_it() {
    let mut bench = Bench::at_home();
    let far = meeting("far", Some("2026-11-23T13:00:00Z"), None, 0);
    bench.tell_meetings(vec![far]);
    without_picture(&mut bench, true);
    let camera = "Ceiling".to_owned();
    let effects = bench.touch(Intent::Camera(CameraAction::Use { camera }));
    assert_eq!((told(&effects), bench.room.preparation()), (None, None));
}

#[test]
fn in_its_call_another_camera_takes_the_place_of_the_chosen_one() {
    let mut bench = failing(3);
    take_other(&mut bench);
    answered(&mut bench, 3, CameraCheck::Moving);
    bench.touch_join("later");
    let people = CallEvent::Participants(vec![participant("ada")]);
    bench.tell(Event::Call(bench.call(), people));
    bench.tell(Event::Call(bench.call(), CallEvent::Joined));
    let camera = "usb-3".to_owned();
    let effects = bench.touch(Intent::Camera(CameraAction::Use { camera }));
    assert_eq!(told(&effects).as_deref(), Some("usb-3"));
    assert_eq!(told(&leave(&mut bench)), None, "it stays the meeting's");
    assert_eq!(
        bench.room.preparation().unwrap().camera.as_deref(),
        Some("usb-3")
    );
    assert_eq!(
        bench.room.preparation().unwrap().meeting,
        MeetingId("later".to_owned())
    );
}

/// Microphone and loudspeaker that the engine is told to use.
fn told_sound(effects: &[Effect]) -> Option<[String; 2]> {
    let name = |choice: &AudioChoice| match choice {
        AudioChoice::Device(name) => name.clone(),
        other => format!("{other:?}"),
    };
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::Configure { devices, .. }) => {
            Some([name(&devices.microphone), name(&devices.loudspeaker)])
        }
        _ => None,
    })
}

fn sound(microphone: &str, loudspeaker: &str) -> Option<[String; 2]> {
    Some([microphone.to_owned(), loudspeaker.to_owned()])
}

/// The chirp of the trial that begins.
fn chirps(effects: &[Effect]) -> Option<bool> {
    effects.iter().find_map(|effect| match effect {
        Effect::Media(MediaCommand::Check { chirp }) => Some(*chirp),
        _ => None,
    })
}

fn take_unit(bench: &mut Bench, unit: SoundUnit) -> Vec<Effect> {
    bench.touch(Intent::Sound(SoundAction::Use(unit)))
}

fn deaf() -> Bench {
    let mut bench = before_the_meeting(1);
    heard(&mut bench, 2, MicrophoneCheck::Deaf);
    bench
}

fn other_sound(unit: SoundUnit) -> DayNotice {
    DayNotice::OtherSound {
        meeting: later().id,
        title: later().title,
        unit,
    }
}

#[test]
fn where_the_microphone_fails_another_one_is_offered_tried_aloud_and_the_meeting_s() {
    let mut bench = before_the_meeting(1);
    heard(&mut bench, 2, MicrophoneCheck::Hears);
    assert_eq!(remedies(&bench), Remedies::default());
    let mut bench = deaf();
    let offered = Remedies {
        microphone: Some(unit("Rally", "Rally")),
        ..Remedies::default()
    };
    assert_eq!(remedies(&bench), offered);
    let effects = take_unit(&mut bench, unit("Rally", "Rally"));
    assert_eq!(told_sound(&effects), sound("Rally", "Rally"));
    assert_eq!(chirps(&effects), Some(true), "nobody has heard that one");
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);
    heard(&mut bench, 3, MicrophoneCheck::Hears);
    let notice = other_sound(unit("Rally", "Rally"));
    assert_eq!(notices(&bench), std::slice::from_ref(&notice));
    let effects = bench.touch_join("later");
    assert_eq!(told_sound(&effects), None, "it is in use already");
    leave(&mut bench);
    assert_eq!(notices(&bench), [notice]);
    let over = bench.wait(60 * MINUTE, true);
    assert_eq!(told_sound(&over), sound("Jabra", "Jabra"), "it is over");
}

#[test]
fn a_touch_on_each_goes_through_all_microphones_and_one_without_loudspeaker_leaves_that() {
    let mut bench = deaf();
    let mut number = 2;
    for (next, used) in [
        (unit("Rally", "Rally"), sound("Rally", "Rally")),
        (unit("Lectern", ""), sound("Lectern", "Rally")),
        (unit("Jabra", "Jabra"), sound("Jabra", "Jabra")),
    ] {
        let offered = remedies(&bench).microphone.unwrap();
        assert_eq!(offered, next);
        assert_eq!(told_sound(&take_unit(&mut bench, offered)), used);
        number += 1;
        heard(&mut bench, number, MicrophoneCheck::Silent);
        assert_eq!(bench.trouble_codes(), ["not_ready_microphone"]);
    }
}

#[test]
fn what_is_found_of_the_microphone_before_says_nothing_of_the_one_that_was_chosen_meanwhile() {
    let mut bench = deaf();
    take_unit(&mut bench, unit("Rally", "Rally"));
    let effects = take_unit(&mut bench, unit("Lectern", ""));
    assert_eq!(chirps(&effects), None, "one is being tried");
    let effects = heard(&mut bench, 3, MicrophoneCheck::Deaf);
    assert_eq!(bench.trouble_codes(), [] as [&str; 0], "that was Rally");
    assert_eq!(chirps(&effects), Some(true), "the lectern's");
    heard(&mut bench, 4, MicrophoneCheck::Deaf);
    assert_eq!(bench.trouble_codes(), ["not_ready_microphone"]);
}

#[test]
fn what_was_chosen_while_the_server_was_still_asked_is_tried_after_that() {
    let mut bench = before_the_meeting(2);
    let report = DeviceReport {
        camera: CameraCheck::NoPictures,
        microphone: MicrophoneCheck::Hears,
        display: DisplayCheck::Connected,
    };
    bench.tell(Event::Media(MediaEvent::Checked(report)));
    assert!(!tries(&take_other(&mut bench)), "one goes on");
    let found = BTreeMap::new();
    let effects = bench.tell(Event::Checked { number: 2, found });
    assert!(tries(&effects));
    assert_eq!(chirps(&effects), Some(false), "the microphone was heard");
}

fn missing(source: DeviceUse) -> Event {
    Event::Media(MediaEvent::Trouble(MediaTrouble::Missing {
        source,
        wanted: "Jabra".to_owned(),
        present: Vec::new(),
    }))
}

#[test]
fn a_pulled_speakerphone_has_one_button_and_a_pulled_loudspeaker_its_own() {
    let mut bench = before_the_meeting(1);
    heard(&mut bench, 2, MicrophoneCheck::Hears);
    bench.tell(missing(DeviceUse::Loudspeaker));
    let other = Some(unit("Rally", "Rally"));
    assert_eq!(remedies(&bench).loudspeaker, other);
    bench.tell(missing(DeviceUse::Microphone));
    assert_eq!(remedies(&bench).microphone, other);
    assert_eq!(remedies(&bench).loudspeaker, None, "it comes with that");
    take_unit(&mut bench, unit("Rally", "Rally"));
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);
    bench.tell(missing(DeviceUse::Loudspeaker));
    let offered = remedies(&bench).loudspeaker.unwrap();
    assert_eq!(offered, unit("", "HDMI 0"));
    let effects = take_unit(&mut bench, offered);
    assert_eq!(told_sound(&effects), sound("Rally", "HDMI 0"));
    assert_eq!(notices(&bench), [other_sound(unit("Rally", "HDMI 0"))]);
}

#[test]
fn the_usual_sound_is_taken_again_by_a_touch_and_a_choice_in_the_call_is_for_good() {
    let mut bench = deaf();
    take_unit(&mut bench, unit("Rally", "Rally"));
    heard(&mut bench, 3, MicrophoneCheck::Hears);
    let effects = bench.touch(Intent::Sound(SoundAction::Usual));
    assert_eq!(told_sound(&effects), sound("Jabra", "Jabra"));
    assert_eq!(notices(&bench), []);
    heard(&mut bench, 4, MicrophoneCheck::Deaf);
    take_unit(&mut bench, unit("Rally", "Rally"));
    heard(&mut bench, 5, MicrophoneCheck::Hears);
    bench.touch_join("later");
    let effects = take_unit(&mut bench, unit("Lectern", ""));
    assert_eq!(told_sound(&effects), sound("Lectern", "Rally"));
    leave(&mut bench);
    assert_eq!(notices(&bench), [], "that is the room's now");
    assert_eq!(bench.room.sound_devices(), Some(["Lectern", "Rally"]));
    bench.touch_join("later");
    let effects = bench.touch(Intent::Sound(SoundAction::Usual));
    assert_eq!(told_sound(&effects), sound("Jabra", "Jabra"));
}

#[test]
fn a_meeting_of_sound_alone_has_another_microphone_and_no_other_camera() {
    let mut bench = before_the_meeting(2);
    let mut spoken = later();
    let link = MeetingLink::new("https://meet.example.org/Talk");
    spoken.destination = Destination::jitsi(link);
    if let Destination::Jitsi { audio_only, .. } = &mut spoken.destination {
        *audio_only = true;
    }
    bench.tell_meetings(vec![spoken]);
    reported(&mut bench, 2, CameraCheck::Still, MicrophoneCheck::Deaf);
    let offered = Remedies {
        microphone: Some(unit("Rally", "Rally")),
        ..Remedies::default()
    };
    assert_eq!(remedies(&bench), offered);
}
