//! What was in use and when: true, whatever happens to the room.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::{net::Ipv4Addr, time::Duration};

use common::{Bench, at, config, config_text, plain_config, with_browsers};
use saal_core::{
    Event, Intent, PrivacyEntry, PrivacyLog, Use, UseEnd, ViewAction, ViewerEvent, ViewerId,
};
use saal_media_protocol::{
    CameraCheck, DeviceReport, DisplayCheck, MediaEvent, MicrophoneCheck, RoomPicture, SourceKind,
};
use saal_meeting::{CallEvent, MeetingState};

const MINUTE: Duration = Duration::from_secs(60);

/// A room without the trial before its meeting.
fn at_home() -> Bench {
    let mut bench = Bench::bare();
    let text = config_text() + "\n[readiness]\nbefore_minutes = 0\nmorning = \"none\"\n";
    bench.tell(Event::Config(config(&text)));
    bench.tell(Event::Engine(saal_core::EngineEvent::Ready));
    bench.tell_meetings(vec![common::weekly()]);
    bench
}

/// How often it was in use, and how the last time stands.
fn last(bench: &Bench, what: Use) -> Option<(usize, PrivacyEntry)> {
    let (saved, log) = (bench.privacy.as_ref()?, bench.room.privacy_log());
    let ends = |log: &PrivacyLog| {
        log.entries
            .iter()
            .map(|e| (e.from, e.end))
            .collect::<Vec<_>>()
    };
    assert_eq!(ends(saved), ends(log), "what begins and ends is saved");
    let all: Vec<&PrivacyEntry> = log.entries.iter().filter(|e| e.what == what).collect();
    Some((all.len(), **all.last()?))
}

fn goes_on(bench: &Bench, what: Use) -> bool {
    last(bench, what).is_some_and(|(_, entry)| entry.end == UseEnd::Going)
}

#[test]
fn camera_and_microphone_are_in_use_while_a_meeting_sees_and_hears_the_room() {
    let mut bench = at_home();
    assert_eq!(bench.privacy, None);
    bench.enter_call();
    assert!(goes_on(&bench, Use::Camera) && goes_on(&bench, Use::Microphone));
    bench.wait(10 * MINUTE, true);
    bench.touch(Intent::Toggle(SourceKind::Camera));
    assert!(!goes_on(&bench, Use::Camera) && goes_on(&bench, Use::Microphone));
    let (count, entry) = last(&bench, Use::Camera).unwrap();
    assert_eq!((count, entry.end), (1, UseEnd::Over));
    assert_eq!(entry.until, bench.now.wall);
    bench.touch(Intent::Toggle(SourceKind::Camera));
    assert_eq!(last(&bench, Use::Camera).unwrap().0, 2);
    bench.touch(Intent::Leave);
    assert!(goes_on(&bench, Use::Microphone), "until the room is out");
    let call = bench.call();
    let left = CallEvent::Ended(saal_meeting::EndReason::Left);
    bench.tell(Event::Call(call, left));
    assert!(!goes_on(&bench, Use::Camera) && !goes_on(&bench, Use::Microphone));
}

#[test]
fn a_room_without_a_camera_uses_none() {
    let mut bench = at_home();
    bench.tell(Event::Config(common::other_camera()));
    bench.enter_call();
    assert_eq!(last(&bench, Use::Camera), None);
    assert!(goes_on(&bench, Use::Microphone));
}

#[test]
fn what_a_meeting_makes_of_the_room_is_written_down() {
    let mut bench = at_home();
    bench.enter_call();
    let call = bench.call();
    let recorded = MeetingState {
        recording: true,
        transcription: true,
        ..MeetingState::default()
    };
    bench.tell(Event::Call(call, CallEvent::State(Box::new(recorded))));
    assert!(goes_on(&bench, Use::Recording) && goes_on(&bench, Use::Transcription));
    let over = CallEvent::State(Box::default());
    bench.tell(Event::Call(call, over));
    assert!(!goes_on(&bench, Use::Recording) && !goes_on(&bench, Use::LiveStream));
}

#[test]
fn devices_that_are_tried_are_open_until_they_have_answered() {
    // The bench's meeting is near: the room is tried.
    let bench = &mut Bench::at_home();
    assert!(goes_on(bench, Use::Camera) && goes_on(bench, Use::Microphone));
    bench.wait(Duration::from_secs(5), true);
    let report = DeviceReport {
        camera: CameraCheck::Moving,
        microphone: MicrophoneCheck::Hears,
        display: DisplayCheck::Unused,
    };
    bench.tell(Event::Media(MediaEvent::Checked(report)));
    assert!(!goes_on(bench, Use::Camera) && !goes_on(bench, Use::Microphone));
}

#[test]
fn who_looks_in_and_who_works_the_panel_from_elsewhere_is_written_down() {
    let mut bench = at_home();
    bench.tell(Event::Config(with_browsers()));
    let viewer = ViewerId(1);
    let asks = ViewerEvent::Asks {
        of: RoomPicture::Television,
        address: Ipv4Addr::LOCALHOST.into(),
    };
    bench.tell(Event::Viewer(viewer, asks));
    assert_eq!(last(&bench, Use::RemoteView), None, "nobody allowed it");
    bench.touch(Intent::View(ViewAction::Allow(viewer)));
    assert!(goes_on(&bench, Use::RemoteView));
    bench.touch(Intent::View(ViewAction::End));
    assert!(!goes_on(&bench, Use::RemoteView));
    bench.tell(Event::TelevisionViewers(1));
    assert!(goes_on(&bench, Use::RemoteView), "by the web view too");

    bench.tell(Event::RemoteTouch);
    bench.wait(MINUTE / 2, true);
    bench.tell(Event::RemoteTouch);
    bench.wait(MINUTE - Duration::from_secs(1), true);
    assert!(goes_on(&bench, Use::RemoteTouch));
    bench.wait(Duration::from_secs(2), true);
    let (count, entry) = last(&bench, Use::RemoteTouch).unwrap();
    assert_eq!((count, entry.end), (1, UseEnd::Over), "one visit is one");
}

#[test]
fn who_fetches_pictures_again_and_again_looks_once() {
    let mut bench = at_home();
    for _ in 0..3 {
        bench.tell(Event::RemoteLook);
        assert!(goes_on(&bench, Use::RemoteView));
        bench.wait(MINUTE / 2, true);
    }
    bench.wait(MINUTE / 2 + Duration::from_secs(1), true);
    let (count, entry) = last(&bench, Use::RemoteView).unwrap();
    assert_eq!((count, entry.end), (1, UseEnd::Over));
}

#[test]
fn what_was_in_use_when_the_room_died_ended_by_a_restart() {
    let mut bench = at_home();
    bench.enter_call();
    let began = bench.now.wall;
    bench.wait(5 * MINUTE + Duration::from_secs(20), true);
    let saved = bench.privacy.unwrap();
    let mut again = Bench::bare();
    again.turn(60 * MINUTE);
    again.tell(Event::SavedPrivacy(Box::new(saved)));
    let (_, entry) = last(&again, Use::Camera).unwrap();
    assert_eq!((entry.end, entry.from), (UseEnd::Restart, began));
    let lasted = entry.until.duration_since(entry.from);
    assert!(lasted.as_secs() >= 5 * 60 - 30, "{lasted}");
    again.tell(Event::Config(plain_config()));
    assert!(!goes_on(&again, Use::Camera), "nothing is in use now");
}

#[test]
fn nothing_is_kept_longer_than_configured_and_never_without_end() {
    let old = |from: &str, until: &str| PrivacyEntry {
        what: Use::Camera,
        from: at(from),
        until: at(until),
        end: UseEnd::Over,
    };
    let mut entries = vec![
        old("2026-11-01T09:00:00Z", "2026-11-01T10:00:00Z"),
        old("2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z"),
    ];
    entries.extend(vec![entries[1]; 1_500]);
    let version = PrivacyLog::VERSION;
    let mut bench = Bench::bare();
    let log = Box::new(PrivacyLog { version, entries });
    bench.tell(Event::SavedPrivacy(log));
    bench.tell(Event::Config(plain_config()));
    bench.wait(2 * MINUTE, true);
    let kept = &bench.room.privacy_log().entries;
    assert!(kept.len() <= 1_000, "{}", kept.len());
    assert!(kept.iter().all(|e| e.from == at("2026-11-22T09:00:00Z")));
}
