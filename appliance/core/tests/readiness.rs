//! Whether the room is ready, before people need it.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::{collections::BTreeMap, time::Duration};

use common::{Bench, at, config, config_text, meeting, participant};
use saal_core::{Effect, Event, Finding, Intent, OtherRoom, Part, Trouble};
use saal_media_protocol::{
    CameraCheck, DeviceReport, DeviceUse, DisplayCheck, MediaCommand, MediaEvent, MediaStats,
    MediaTrouble, MicrophoneCheck,
};
use saal_meeting::{
    CallEvent, CallId, Destination, EndReason, MediaWay, Meeting, MeetingCommand, MeetingId,
    SocketWay,
};

const MINUTE: Duration = Duration::from_secs(60);

/// At 9:20, in half an hour and some of the bench (8:58:30).
fn later() -> Meeting {
    meeting(
        "later",
        Some("2026-11-23T09:20:00Z"),
        Some("2026-11-23T10:00:00Z"),
        0,
    )
}

fn bench(readiness: &str, meetings: Vec<Meeting>) -> Bench {
    let mut bench = Bench::at_home();
    bench.answers_trials = true;
    bench.tell_meetings(meetings);
    let text = format!("{}\n[readiness]\n{readiness}\n", config_text());
    bench.tell(Event::Config(config(&text)));
    // That for the bench's own meeting.
    let found = BTreeMap::new();
    bench.tell(Event::Checked { number: 1, found });
    bench
}

/// Trials: whether the loudspeaker may chirp, and where the meeting is.
fn trials(effects: &[Effect]) -> Vec<(bool, Option<Destination>)> {
    let chirps = effects.iter().filter_map(|effect| match effect {
        Effect::Media(MediaCommand::Check { chirp }) => Some(*chirp),
        _ => None,
    });
    let places = effects.iter().filter_map(|effect| match effect {
        Effect::Check(checkup) => Some(checkup.place.clone()),
        _ => None,
    });
    chirps.zip(places).collect()
}

fn devices(bench: &mut Bench, camera: CameraCheck, microphone: MicrophoneCheck) {
    report(bench, camera, microphone, DisplayCheck::Connected);
}

fn report(
    bench: &mut Bench,
    camera: CameraCheck,
    microphone: MicrophoneCheck,
    display: DisplayCheck,
) {
    let report = DeviceReport {
        camera,
        microphone,
        display,
    };
    bench.tell(Event::Media(MediaEvent::Checked(report)));
}

fn answer(bench: &mut Bench, number: u64, part: Part, bad: bool) {
    let reason = "meet.example.org: refused".to_owned();
    let finding = if bad {
        Finding::Bad { reason }
    } else {
        Finding::Good
    };
    let found = BTreeMap::from([(part, finding)]);
    bench.tell(Event::Checked { number, found });
}

#[test]
fn the_room_is_tried_ten_minutes_before_a_meeting_and_once() {
    let mut bench = bench("", vec![later()]);
    assert_eq!(trials(&bench.wait(11 * MINUTE, true)), [], "it is 9:09:30");
    let place = Some(later().destination);
    assert_eq!(trials(&bench.wait(MINUTE, true)), [(true, place)]);
    assert_eq!(trials(&bench.wait(60 * MINUTE, true)), []);
}

#[test]
fn a_late_invitation_has_it_tried_at_once() {
    let mut bench = bench("", Vec::new());
    let soon = meeting("soon", Some("2026-11-23T09:00:00Z"), None, 0);
    assert_eq!(trials(&bench.tell_meetings(vec![soon])).len(), 1);
}

#[test]
fn it_is_tried_each_morning_at_the_room_s_own_time() {
    let mut bench = bench("morning = \"10:05\"", Vec::new());
    // 10:04:30 in Berlin.
    assert_eq!(trials(&bench.wait(6 * MINUTE, true)), []);
    assert_eq!(trials(&bench.wait(MINUTE, true)), [(true, None)]);
    assert_eq!(trials(&bench.wait(23 * 60 * MINUTE, true)), []);
    assert_eq!(
        trials(&bench.wait(60 * MINUTE, true)).len(),
        1,
        "the next day"
    );
}

#[test]
fn in_the_morning_the_first_meeting_s_server_is_tried_and_again_before_it() {
    let first = meeting("first", Some("2026-11-23T14:00:00Z"), None, 0);
    let mut bench = bench("morning = \"10:05\"", vec![first.clone()]);
    let place = Some(first.destination);
    let morning = bench.wait(7 * MINUTE, true);
    assert_eq!(trials(&morning), [(true, place.clone())]);
    assert!(way(&morning).is_some());
    bench.tell(Event::Checked {
        number: 2,
        found: BTreeMap::new(),
    });
    assert_eq!(trials(&bench.wait(5 * 60 * MINUTE, true)), [(true, place)]);
}

#[test]
fn nothing_chirps_in_quiet_hours_or_where_people_meet() {
    let quiet = "quiet_from = \"22:00\"\nquiet_until = \"10:30\"";
    let mut silent = bench(quiet, vec![later()]);
    let trial = trials(&silent.wait(13 * MINUTE, true));
    assert!(matches!(trial[..], [(false, _)]), "{trial:?}");
    let here = meeting(
        "here",
        Some("2026-11-23T08:30:00Z"),
        Some("2026-11-23T09:15:00Z"),
        0,
    );
    let mut taken = bench("", vec![here, later()]);
    let trial = trials(&taken.wait(13 * MINUTE, true));
    assert!(matches!(trial[..], [(false, _)]), "{trial:?}");
    let mut never = bench("chirp = false", vec![later()]);
    assert!(matches!(
        trials(&never.wait(13 * MINUTE, true))[..],
        [(false, _)]
    ));
}

#[test]
fn what_is_broken_is_told_tried_again_and_forgotten_once_it_works() {
    let mut bench = bench("", vec![later()]);
    bench.wait(12 * MINUTE, true);
    devices(&mut bench, CameraCheck::Still, MicrophoneCheck::Deaf);
    answer(&mut bench, 2, Part::Server, true);
    let all = [
        "not_ready_camera",
        "not_ready_microphone",
        "not_ready_server",
    ];
    assert_eq!(bench.trouble_codes(), all);
    let again = trials(&bench.wait(Duration::from_secs(130), true));
    assert_eq!(again.len(), 1);
    devices(&mut bench, CameraCheck::Moving, MicrophoneCheck::Hears);
    answer(&mut bench, 3, Part::Server, false);
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);
    assert_eq!(trials(&bench.wait(10 * MINUTE, true)), []);
}

fn offers(bench: &mut Bench, names: &[&str]) {
    let room = |name: &&str| OtherRoom {
        name: (*name).to_owned(),
        until: None,
    };
    let rooms = names.iter().map(room).collect();
    bench.tell(Event::OtherRooms(rooms));
}

#[test]
fn another_room_is_sought_only_for_a_meeting_that_this_one_can_not_hold() {
    let mut bench = bench("", vec![later()]);
    let seeks = |bench: &Bench| bench.room.seeks_another(bench.now);
    bench.wait(12 * MINUTE, true);
    assert_eq!(seeks(&bench), None, "nothing is wrong");
    answer(&mut bench, 2, Part::Clock, true);
    assert_eq!(seeks(&bench), None, "the meeting can be held");
    devices(&mut bench, CameraCheck::Still, MicrophoneCheck::Hears);
    let its_time = (at("2026-11-23T09:20:00Z"), at("2026-11-23T10:00:00Z"));
    assert_eq!(seeks(&bench), Some(its_time));
    assert!(!bench.room.is_ready());
    offers(&mut bench, &["Eder", "Fulda", "Werra", "Ohm"]);
    let rooms = bench
        .room
        .troubles()
        .into_iter()
        .find_map(|trouble| match trouble {
            Trouble::OtherRoom { rooms } => Some(rooms.len()),
            _ => None,
        });
    assert_eq!(rooms, Some(3));
    let seen = ["not_ready_camera", "other_room", "not_ready_clock"];
    assert_eq!(bench.trouble_codes(), seen, "a panel shows the first two");
    devices(&mut bench, CameraCheck::Moving, MicrophoneCheck::Hears);
    assert_eq!(bench.trouble_codes(), ["not_ready_clock"]);
    offers(&mut bench, &["Eder"]);
    assert_eq!(
        bench.trouble_codes(),
        ["not_ready_clock"],
        "it came too late"
    );
}

#[test]
fn a_room_that_nobody_names_any_more_is_not_offered() {
    let mut bench = bench("", vec![later()]);
    bench.wait(12 * MINUTE, true);
    devices(&mut bench, CameraCheck::NoPictures, MicrophoneCheck::Hears);
    offers(&mut bench, &["Eder"]);
    assert_eq!(bench.trouble_codes(), ["not_ready_camera", "other_room"]);
    bench.wait(2 * MINUTE, true);
    offers(&mut bench, &[]);
    assert_eq!(bench.trouble_codes(), ["not_ready_camera"]);
    offers(&mut bench, &["Eder"]);
    bench.wait(3 * MINUTE, true);
    assert_eq!(bench.trouble_codes(), ["not_ready_camera"]);
}

#[test]
fn what_a_fleet_is_told_of_the_day_has_no_names() {
    let day = |from: &str, to: &str| {
        let (from, to) = (
            format!("2026-11-23T{from}:00Z"),
            format!("2026-11-23T{to}:00Z"),
        );
        meeting(&from.clone(), Some(from.as_str()), Some(to.as_str()), 0)
    };
    let meetings = vec![
        day("08:00", "08:30"),
        day("08:30", "09:15"),
        day("09:15", "09:45"),
        day("09:30", "10:00"),
        day("11:00", "12:00"),
        day("22:00", "23:00"),
    ];
    let bench = bench("", meetings);
    let time = |from: &str, to: &str| {
        let at = |time: &str| at(&format!("2026-11-23T{time}:00Z"));
        (at(from), at(to))
    };
    let taken = bench.room.taken_times(bench.now);
    assert_eq!(taken, [time("08:30", "10:00"), time("11:00", "12:00")]);
}

/// Under which number the meeting's service tries the way of picture and sound.
fn way(effects: &[Effect]) -> Option<CallId> {
    effects.iter().find_map(|effect| match effect {
        Effect::Meeting(MeetingCommand::Try { call, .. }) => Some(*call),
        _ => None,
    })
}

fn tried(bench: &mut Bench, call: CallId, way: MediaWay) {
    bench.tell(Event::Call(call, CallEvent::Tried(way)));
}

fn blocked() -> String {
    "Udp relay turn.example.org:3478: no answer".to_owned()
}

#[test]
fn a_meeting_without_udp_is_told_and_one_that_nothing_reaches() {
    let mut bench = bench("", vec![later()]);
    let call = way(&bench.wait(12 * MINUTE, true)).unwrap();
    let reason = blocked();
    tried(&mut bench, call, MediaWay::Streams { reason });
    assert_eq!(bench.trouble_codes(), ["not_ready_datagrams"]);
    let again = way(&bench.wait(Duration::from_secs(130), true)).unwrap();
    assert_ne!(again, call);
    let reason = blocked();
    tried(&mut bench, again, MediaWay::Nowhere { reason });
    assert_eq!(bench.trouble_codes(), ["not_ready_media"]);
    let again = way(&bench.wait(Duration::from_secs(130), true)).unwrap();
    tried(&mut bench, again, MediaWay::Datagrams);
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);
}

/// What services say of a connection that stays open.
fn socket(bench: &mut Bench, call: CallId, blocked: bool) {
    let way = match blocked {
        true => SocketWay::Blocked {
            server: "rtc.example.org".to_owned(),
            needed: true,
            reason: "403 Forbidden".to_owned(),
        },
        false => SocketWay::Through,
    };
    bench.tell(Event::Call(call, CallEvent::Socket(way)));
}

#[test]
fn a_network_that_blocks_websockets_is_told_before_the_meeting_and_in_it() {
    let mut bench = bench("", vec![later()]);
    let call = way(&bench.wait(12 * MINUTE, true)).unwrap();
    socket(&mut bench, call, true);
    let reason = "nothing is known of it".to_owned();
    tried(&mut bench, call, MediaWay::Unknown { reason });
    assert_eq!(bench.trouble_codes(), ["not_ready_sockets"]);
    let again = way(&bench.wait(Duration::from_secs(130), true)).unwrap();
    socket(&mut bench, again, false);
    tried(&mut bench, again, MediaWay::Datagrams);
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);

    bench.touch(Intent::Join(MeetingId("later".to_owned())));
    let call = bench.call();
    socket(&mut bench, call, true);
    assert_eq!(bench.trouble_codes(), ["socket_blocked"]);
    socket(&mut bench, call, false);
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);
    socket(&mut bench, call, true);
    let ended = CallEvent::Ended(EndReason::Left);
    bench.tell(Event::Call(call, ended));
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);
    socket(&mut bench, call, true);
    assert_eq!(bench.trouble_codes(), [] as [&str; 0], "of a call before");
}

#[test]
fn of_a_server_that_is_gone_only_that_is_told() {
    let mut bench = bench("", vec![later()]);
    let call = way(&bench.wait(12 * MINUTE, true)).unwrap();
    let reason = blocked();
    tried(&mut bench, call, MediaWay::Nowhere { reason });
    answer(&mut bench, 2, Part::Server, true);
    assert_eq!(bench.trouble_codes(), ["not_ready_server"]);
    let call = way(&bench.wait(Duration::from_secs(130), true)).unwrap();
    let reason = blocked();
    tried(&mut bench, call, MediaWay::Nowhere { reason });
    assert_eq!(bench.trouble_codes(), ["not_ready_server"]);
}

#[test]
fn what_is_not_known_of_the_way_is_no_trouble() {
    let mut bench = bench("", vec![later()]);
    let call = way(&bench.wait(12 * MINUTE, true)).unwrap();
    let reason = "the server lets nobody in".to_owned();
    tried(&mut bench, call, MediaWay::Unknown { reason });
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);
}

#[test]
fn who_joins_ends_the_trial_of_the_way_first() {
    let mut bench = bench("", vec![later()]);
    let call = way(&bench.wait(12 * MINUTE, true)).unwrap();
    let effects = bench.touch(Intent::Join(MeetingId("later".to_owned())));
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Meeting(MeetingCommand::Leave { call }) => Some((false, *call)),
        Effect::Meeting(MeetingCommand::Join { call, .. }) => Some((true, *call)),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, [(false, call), (true, bench.call())]);
    let reason = blocked();
    tried(&mut bench, call, MediaWay::Nowhere { reason });
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);
}

#[test]
fn an_answer_that_nobody_waits_for_is_nothing() {
    let mut bench = bench("", vec![later()]);
    bench.wait(12 * MINUTE, true);
    answer(&mut bench, 7, Part::Server, true);
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);
}

#[test]
fn a_room_in_a_meeting_is_left_in_peace() {
    let mut bench = bench("", vec![common::weekly(), later()]);
    bench.enter_call();
    assert_eq!(trials(&bench.wait(15 * MINUTE, true)), []);
}

#[test]
fn who_joins_sees_for_themselves() {
    let mut bench = bench("", vec![later()]);
    bench.wait(12 * MINUTE, true);
    devices(&mut bench, CameraCheck::NoPictures, MicrophoneCheck::Hears);
    assert_eq!(bench.trouble_codes(), ["not_ready_camera"]);
    bench.touch(Intent::Join(MeetingId("later".to_owned())));
    let call = bench.call();
    bench.tell(Event::Call(
        call,
        CallEvent::Participants(vec![participant("ada")]),
    ));
    bench.tell(Event::Call(call, CallEvent::Joined));
    assert_eq!(bench.trouble_codes(), [] as [&str; 0]);
    assert!(at("2026-11-23T09:20:00Z") > bench.now.wall);
}

#[test]
fn a_device_that_is_plainly_gone_is_a_reason_to_meet_elsewhere() {
    let its_time = Some((at("2026-11-23T09:20:00Z"), at("2026-11-23T10:00:00Z")));
    let gone = |source| MediaTrouble::Missing {
        source,
        wanted: "usb-1".to_owned(),
        present: Vec::new(),
    };
    for source in [
        DeviceUse::Camera,
        DeviceUse::Microphone,
        DeviceUse::Loudspeaker,
        DeviceUse::Display,
    ] {
        let mut bench = bench("", vec![later()]);
        bench.wait(12 * MINUTE, true);
        bench.tell(Event::Media(MediaEvent::Trouble(gone(source))));
        // All else is well.
        let is = |device| device == source;
        let (mut camera, mut microphone) = (CameraCheck::Moving, MicrophoneCheck::Hears);
        if is(DeviceUse::Camera) {
            camera = CameraCheck::NoPictures;
        }
        if is(DeviceUse::Microphone) {
            microphone = MicrophoneCheck::Silent;
        }
        devices(&mut bench, camera, microphone);
        assert_eq!(
            bench.room.seeks_another(bench.now),
            its_time,
            "without {source:?}"
        );
        offers(&mut bench, &["Eder"]);
        assert!(bench.trouble_codes().contains(&"other_room"));
        bench.tell(Event::Media(MediaEvent::Recovered { source }));
        devices(&mut bench, CameraCheck::Moving, MicrophoneCheck::Hears);
        assert_eq!(bench.room.seeks_another(bench.now), None, "{source:?}");
    }
}

#[test]
fn what_another_device_does_and_what_people_closed_is_no_reason_to_go() {
    let mut bench = bench("", vec![later()]);
    bench.wait(12 * MINUTE, true);
    bench.tell(Event::Media(MediaEvent::Trouble(MediaTrouble::Replaced {
        source: DeviceUse::Microphone,
        wanted: "usb-1".to_owned(),
        instead: "usb-2".to_owned(),
    })));
    bench.tell(Event::Media(MediaEvent::Trouble(MediaTrouble::Covered {
        source: DeviceUse::Camera,
        device: "usb-3".to_owned(),
    })));
    assert_eq!(bench.room.seeks_another(bench.now), None);
}

#[test]
fn a_television_that_is_not_connected_is_told() {
    let mut bench = bench("", vec![later()]);
    bench.wait(12 * MINUTE, true);
    let tell = |bench: &mut Bench, display| {
        report(bench, CameraCheck::Moving, MicrophoneCheck::Hears, display);
    };
    let (number, found) = (2, BTreeMap::new());
    bench.tell(Event::Checked { number, found });
    tell(&mut bench, DisplayCheck::Missing);
    assert_eq!(bench.trouble_codes(), ["not_ready_display"]);
    assert!(bench.room.seeks_another(bench.now).is_some());
    let found = &bench.room.findings().unwrap()[&Part::Display];
    assert!(matches!(found, Finding::Bad { .. }));
    tell(&mut bench, DisplayCheck::Connected);
    assert_eq!(bench.trouble_codes(), [""; 0]);
    tell(&mut bench, DisplayCheck::Unused);
    assert_eq!(bench.trouble_codes(), [""; 0]);
}

#[test]
fn one_that_rests_is_not_taken_for_pulled_unless_it_is_named() {
    for (display, told) in [("auto", false), ("LG TV", true)] {
        let mut bench = bench("", vec![later()]);
        let text = format!(
            "{}\n[television]\ndisplay = \"{display}\"\ncec = true\n",
            config_text()
        );
        bench.tell(Event::Config(config(&text)));
        bench.wait(12 * MINUTE, true);
        let (camera, microphone) = (CameraCheck::Moving, MicrophoneCheck::Hears);
        report(&mut bench, camera, microphone, DisplayCheck::Missing);
        let codes = bench.trouble_codes();
        assert_eq!(codes.contains(&"not_ready_display"), told, "{display}");
    }
}

#[test]
fn where_nothing_may_chirp_the_microphone_counts_as_its_last_user_left_it() {
    let microphone = |bench: &mut Bench| {
        bench.wait(12 * MINUTE, true);
        let (number, found) = (2, BTreeMap::new());
        bench.tell(Event::Checked { number, found });
        devices(bench, CameraCheck::Moving, MicrophoneCheck::Sounds);
        bench
            .room
            .findings()
            .unwrap()
            .get(&Part::Microphone)
            .cloned()
    };
    let silent = "chirp = false";
    assert_eq!(
        microphone(&mut bench(silent, vec![later()])),
        None,
        "nobody knows"
    );
    let heard = |dbfs| {
        MediaEvent::Stats(MediaStats {
            microphone_dbfs: Some(dbfs),
            ..MediaStats::default()
        })
    };
    let mut noise = bench(silent, vec![later()]);
    noise.tell(Event::Media(heard(-60.0)));
    assert_eq!(microphone(&mut noise), None, "a quiet room");
    let mut people = bench(silent, vec![later()]);
    people.tell(Event::Media(heard(-30.0)));
    assert_eq!(microphone(&mut people), Some(Finding::Good));
    let mut pulled = bench(silent, vec![later()]);
    pulled.tell(Event::Media(heard(-30.0)));
    let source = DeviceUse::Microphone;
    pulled.tell(Event::Media(MediaEvent::Trouble(MediaTrouble::Missing {
        source,
        wanted: "usb-1".to_owned(),
        present: Vec::new(),
    })));
    pulled.tell(Event::Media(MediaEvent::Recovered { source }));
    assert_eq!(microphone(&mut pulled), None, "it may be another by now");
}

#[test]
fn a_login_that_is_refused_is_told_and_is_a_reason_to_meet_elsewhere() {
    let mut bench = bench("", vec![later()]);
    let effects = bench.wait(12 * MINUTE, true);
    let call = way(&effects).expect("the way is tried");
    let reason = "token expired".to_owned();
    let refused = CallEvent::Tried(MediaWay::Refused { reason });
    bench.tell(Event::Call(call, refused));
    assert_eq!(bench.trouble_codes(), ["not_ready_account"]);
    assert!(bench.room.seeks_another(bench.now).is_some());
    let call = way(&bench.wait(3 * MINUTE, true)).expect("it is tried again");
    bench.tell(Event::Call(call, CallEvent::Tried(MediaWay::Datagrams)));
    assert_eq!(bench.trouble_codes(), [""; 0]);
}
