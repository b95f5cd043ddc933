//! What people in the room and IT live through, told as what happens and what follows.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::time::Duration;

use common::{
    Bench, at, meeting, names, other_account, other_camera, participant, plain_config, to_service,
    weekly,
};
use jiff::SignedDuration;
use saal_core::{
    CalendarState, Effect, Enrolment, Event, Intent, KnownAuthority, Muted, SavedCall, Severity,
    Trouble, TroubleCode,
};
use saal_fleet_protocol::fleet::KeyProblem;
use saal_media_protocol::{MediaCommand, SourceKind};
use saal_meeting::{
    AccountAction, AccountState, CallEvent, CallId, EndReason, IdentityState, MeetingCommand,
    MeetingState, Participant, ResumeToken, Role, Secret, SignIn, SignInProblem, SignInWay,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn failed() -> EndReason {
    EndReason::Failed {
        reason: "no route".to_owned(),
    }
}

fn saved(bench: &Bench) -> SavedCall {
    SavedCall {
        version: SavedCall::VERSION,
        call: CallId(41),
        meeting: weekly(),
        muted: Muted {
            microphone: true,
            camera: false,
        },
        resume: Some(ResumeToken("seat 7".to_owned())),
        saved_at: bench.now.wall,
    }
}

fn last_saved(effects: &[Effect]) -> Option<Option<SavedCall>> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::SaveCall(saved) => Some(saved.as_deref().cloned()),
        _ => None,
    })
}

#[test]
fn the_first_configuration_starts_everything() {
    let mut bench = Bench::bare();
    let effects = bench.tell(Event::Config(plain_config()));
    let started = names(&effects);
    for part in ["StartWeb", "StartAccount", "StartEngine", "Redraw"] {
        assert!(started.contains(&part), "{part}: {started:?}");
    }
}

#[test]
fn one_touch_joins_and_one_leaves() {
    let mut bench = Bench::at_home();
    let effects = bench.touch_join("weekly");
    assert!(matches!(
        to_service(&effects)[..],
        [MeetingCommand::Join {
            microphone: true,
            camera: true,
            resume: None,
            ..
        }]
    ));
    assert_eq!(bench.phase(), "joining");
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Joined));
    assert_eq!(bench.phase(), "call");
    let effects = bench.touch(Intent::Leave);
    assert_eq!(to_service(&effects), [&MeetingCommand::Leave { call }]);
    assert_eq!(last_saved(&effects), Some(None), "a restart stays out");
    bench.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
    assert!(bench.is_home());
    assert_eq!(bench.trouble_codes(), [""; 0]);
}

#[test]
fn a_second_touch_on_join_does_nothing() {
    let mut bench = Bench::at_home();
    bench.touch_join("weekly");
    assert_eq!(bench.touch_join("weekly"), []);
}

#[test]
fn what_can_not_be_joined_is_not_joined() {
    let mut bench = Bench::at_home();
    let start = Some("2026-11-23T09:08:31Z");
    bench.tell_meetings(vec![meeting("later", start, None, 0)]);
    assert_eq!(
        bench.touch_join("later"),
        [],
        "ten minutes and a second ahead"
    );
    assert_eq!(bench.touch_join("unknown"), []);
    bench.turn(SECOND);
    assert!(!bench.touch_join("later").is_empty(), "ten minutes ahead");
}

#[test]
fn a_service_that_does_not_let_go_keeps_nobody() {
    let mut bench = Bench::in_call();
    bench.touch(Intent::Leave);
    assert_eq!(bench.phase(), "leaving");
    bench.wait(5 * SECOND, true);
    assert!(bench.is_home());
    assert!(
        !bench.touch_join("weekly").is_empty(),
        "the next meeting can be joined"
    );
}

#[test]
fn what_an_earlier_call_still_says_is_not_taken_for_the_new_one() {
    let mut bench = Bench::in_call();
    let old = bench.call();
    bench.touch(Intent::Leave);
    bench.wait(5 * SECOND, true);
    bench.touch_join("weekly");
    assert_ne!(bench.call(), old);
    bench.tell(Event::Call(old, CallEvent::Ended(EndReason::Left)));
    assert_eq!(bench.phase(), "joining");
}

#[test]
fn a_meeting_that_can_not_be_entered_says_so_until_it_is_read() {
    let mut bench = Bench::at_home();
    bench.touch_join("weekly");
    let call = bench.call();
    let effects = bench.tell(Event::Call(call, CallEvent::Ended(failed())));
    assert!(bench.is_home());
    assert_eq!(last_saved(&effects), Some(None));
    assert_eq!(bench.trouble_codes(), ["join_failed"]);
    let effects = bench.touch(Intent::Dismiss(TroubleCode::JoinFailed));
    assert_eq!(effects, [Effect::Redraw]);
    assert_eq!(bench.trouble_codes(), [""; 0]);
}

#[test]
fn trying_again_takes_the_old_message_away() {
    let mut bench = Bench::at_home();
    bench.touch_join("weekly");
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Ended(failed())));
    bench.touch_join("weekly");
    assert_eq!(bench.trouble_codes(), [""; 0]);
}

#[test]
fn what_is_not_mended_can_not_be_dismissed() {
    let mut bench = Bench::at_home();
    let (server, reason) = ("example.org".to_owned(), "no route".to_owned());
    bench.tell(Event::Account(AccountState::Unreachable { server, reason }));
    bench.touch(Intent::Dismiss(TroubleCode::Unreachable));
    assert_eq!(bench.trouble_codes(), ["homeserver_unreachable"]);
    let user = "@lahn:example.org".to_owned();
    bench.tell(Event::Account(AccountState::Online { user }));
    assert_eq!(bench.trouble_codes(), [""; 0]);
}

#[test]
fn muting_reaches_engine_others_and_the_saved_call() {
    let mut bench = Bench::in_call();
    let effects = bench.touch(Intent::Toggle(SourceKind::Microphone));
    let (source, muted) = (SourceKind::Microphone, true);
    assert_eq!(
        effects[0],
        Effect::Media(MediaCommand::SetMuted { source, muted }),
        "silence first"
    );
    let call = bench.call();
    assert_eq!(
        to_service(&effects),
        [&MeetingCommand::SetMuted {
            call,
            source,
            muted
        }]
    );
    assert!(last_saved(&effects).unwrap().unwrap().muted.microphone);
    assert_eq!(
        bench.touch(Intent::SetMuted(source, true)),
        [],
        "it is already"
    );
    bench.touch(Intent::Toggle(source));
    assert!(!bench.room.muted().microphone);
}

#[test]
fn the_next_call_begins_unmuted() {
    let mut bench = Bench::in_call();
    bench.touch(Intent::Toggle(SourceKind::Camera));
    bench.touch(Intent::Leave);
    bench.wait(5 * SECOND, true);
    let effects = bench.touch_join("weekly");
    assert!(effects.contains(&Effect::Media(MediaCommand::SetMuted {
        source: SourceKind::Camera,
        muted: false
    })));
}

#[test]
fn a_restart_goes_back_in_as_it_was() {
    let mut bench = Bench::bare();
    bench.tell(Event::Config(plain_config()));
    let saved = saved(&bench);
    let effects = bench.tell(Event::SavedCall(Box::new(saved.clone())));
    let [
        MeetingCommand::Join {
            call,
            microphone,
            camera,
            resume,
            ..
        },
    ] = to_service(&effects)[..]
    else {
        panic!("{effects:?}")
    };
    assert!(call.0 > 41, "a number that was never used");
    assert_eq!((*microphone, *camera), (false, true));
    assert_eq!(*resume, saved.resume);
    assert_eq!(bench.room.muted(), saved.muted);
    assert_eq!(bench.phase(), "joining");
}

#[test]
fn a_call_from_before_the_night_is_forgotten() {
    for hours in [1, -1] {
        let mut bench = Bench::bare();
        bench.tell(Event::Config(plain_config()));
        let age = SignedDuration::from_hours(hours);
        let saved_at = bench.now.wall.checked_sub(age).unwrap();
        let old = SavedCall {
            saved_at,
            ..saved(&bench)
        };
        let effects = bench.tell(Event::SavedCall(Box::new(old)));
        assert!(bench.is_home(), "{hours} h");
        assert_eq!(last_saved(&effects), Some(None));
    }
}

#[test]
fn a_saved_call_with_the_last_of_all_numbers_breaks_nothing() {
    let mut bench = Bench::bare();
    bench.tell(Event::Config(plain_config()));
    let call = CallId(u64::MAX);
    let last = SavedCall {
        call,
        ..saved(&bench)
    };
    bench.tell(Event::SavedCall(Box::new(last)));
    assert_eq!(bench.phase(), "joining");
}

#[test]
fn a_call_is_saved_again_each_minute() {
    let mut bench = Bench::in_call();
    let effects = bench.wait(3 * MINUTE, true);
    let times = names(&effects).iter().filter(|n| **n == "SaveCall").count();
    assert_eq!(times, 3);
    let token = ResumeToken("seat 8".to_owned());
    let call = bench.call();
    let effects = bench.tell(Event::Call(call, CallEvent::Resume(token.clone())));
    assert_eq!(last_saved(&effects).unwrap().unwrap().resume, Some(token));
}

#[test]
fn a_lost_connection_comes_back_with_the_same_people() {
    let mut bench = Bench::in_call();
    let call = bench.call();
    let reason = "server went away".to_owned();
    bench.tell(Event::Call(call, CallEvent::Reconnecting { reason }));
    assert_eq!(bench.phase(), "reconnecting");
    assert_eq!(bench.room.phase().in_call().unwrap().participants.len(), 1);
    bench.tell(Event::Call(call, CallEvent::Joined));
    assert_eq!(bench.phase(), "call");
}

#[test]
fn people_who_were_there_first_are_on_the_television_at_once() {
    let mut bench = Bench::in_call();
    let others = |effects: &[Effect]| {
        let tiles = effects.iter().rev().find_map(|e| match e {
            Effect::Media(MediaCommand::SetTiles { tiles }) => Some(tiles.len()),
            _ => None,
        });
        tiles.expect("the television follows")
    };
    let call = bench.call();
    let both = vec![participant("ada"), participant("bob")];
    let effects = bench.tell(Event::Call(call, CallEvent::Participants(both)));
    assert_eq!(others(&effects), 2);
    let effects = bench.touch(Intent::Leave);
    assert_eq!(others(&effects), 0, "nobody is left on the screen");
}

#[test]
fn another_account_waits_for_the_end_of_the_call() {
    let mut bench = Bench::in_call();
    let effects = bench.tell(Event::Config(other_account()));
    assert!(!effects.contains(&Effect::StartAccount));
    let call = bench.call();
    let effects = bench.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
    assert!(effects.contains(&Effect::StartAccount));
    let effects = bench.tell(Event::Config(plain_config()));
    assert!(
        effects.contains(&Effect::StartAccount),
        "at home it is at once"
    );
}

/// What the room is told of a file with one authority.
fn authorities(others: bool) -> Event {
    let known = vec![KnownAuthority {
        name: "Kreis Kassel Root".to_owned(),
        until: at("2026-11-23T09:30:00Z"),
    }];
    Event::Authorities { known, others }
}

#[test]
fn other_authorities_count_after_the_call_and_at_home_as_soon_as_whoever_brought_them_has_the_answer()
 {
    let mut bench = Bench::in_call();
    assert_eq!(bench.tell(authorities(true)), []);
    let effects = bench.wait(Duration::from_secs(60), true);
    assert!(!effects.contains(&Effect::StartAnew), "{effects:?}");
    let call = bench.call();
    let effects = bench.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
    assert_eq!(effects.last(), Some(&Effect::StartAnew));

    let mut bench = Bench::at_home();
    assert_eq!(bench.tell(authorities(false)), []);
    let effects = bench.wait(Duration::from_secs(10), true);
    assert!(!effects.contains(&Effect::StartAnew), "they count already");
    assert_eq!(bench.tell(authorities(true)), [], "the answer goes out");
    let effects = bench.wait(Duration::from_secs(10), true);
    let anew = effects.iter().filter(|e| **e == Effect::StartAnew).count();
    assert_eq!(anew, 1);
    bench.tell(authorities(true));
    bench.tell(authorities(false));
    let effects = bench.wait(Duration::from_secs(10), true);
    assert!(!effects.contains(&Effect::StartAnew), "taken back in time");
}

#[test]
fn an_authority_that_is_over_is_told_until_there_is_another() {
    let mut bench = Bench::at_home();
    bench.tell(authorities(false));
    assert_eq!(bench.trouble_codes(), [""; 0]);
    // Half past nine comes.
    bench.wait(Duration::from_secs(32 * 60), true);
    let told = Trouble::AuthorityOver {
        names: vec!["Kreis Kassel Root".to_owned()],
    };
    assert!(bench.room.troubles().contains(&&told));
    bench.tell(Event::Authorities {
        known: Vec::new(),
        others: false,
    });
    assert!(!bench.room.troubles().contains(&&told));
}

#[test]
fn another_camera_is_used_during_the_call() {
    let mut bench = Bench::in_call();
    bench.touch(Intent::Toggle(SourceKind::Camera));
    let effects = bench.tell(Event::Config(other_camera()));
    assert!(names(&effects).starts_with(&[
        "Configure",
        "Media",
        "SetVolume",
        "SetMuted",
        "SetMuted",
        "SetTiles"
    ]));
    assert!(effects.contains(&Effect::Media(MediaCommand::SetMuted {
        source: SourceKind::Camera,
        muted: true
    })));
    assert_eq!(bench.phase(), "call");
}

#[test]
fn the_same_configuration_disturbs_nobody() {
    let mut bench = Bench::in_call();
    assert_eq!(bench.tell(Event::Config(plain_config())), [Effect::Redraw]);
}

#[test]
fn a_new_token_is_tried_when_the_old_one_was_refused() {
    let mut bench = Bench::at_home();
    let (server, reason) = ("example.org".to_owned(), "unknown token".to_owned());
    bench.tell(Event::Account(AccountState::SignedOut { server, reason }));
    assert_eq!(bench.trouble_codes(), ["signed_out"]);
    let effects = bench.tell(Event::Config(plain_config()));
    assert!(effects.contains(&Effect::StartAccount));
}

#[test]
fn a_removed_device_is_told_until_the_account_is_online_again() {
    let mut bench = Bench::at_home();
    let (server, reason) = ("example.org".to_owned(), "unknown token".to_owned());
    bench.tell(Event::Account(AccountState::Removed { server, reason }));
    assert_eq!(bench.trouble_codes(), ["device_removed"]);
    let effects = bench.tell(Event::Config(plain_config()));
    assert!(effects.contains(&Effect::StartAccount));
    let user = "@lahn:example.org".to_owned();
    bench.tell(Event::Account(AccountState::Online { user }));
    assert_eq!(bench.trouble_codes(), [""; 0]);
}

#[test]
fn a_room_that_has_to_be_signed_in_says_so_until_it_is() {
    let mut bench = Bench::at_home();
    let signing_in = |sign_in| {
        let server = "example.org".to_owned();
        Event::Account(AccountState::SigningIn { server, sign_in })
    };
    let problem = Some(SignInProblem::Expired);
    for step in [
        SignIn::Needed { problem: None },
        SignIn::Starting,
        SignIn::Digits,
        SignIn::Needed { problem },
    ] {
        let effects = bench.tell(signing_in(step.clone()));
        assert!(effects.contains(&Effect::Redraw), "{step:?} is shown");
        assert_eq!(bench.trouble_codes(), ["sign_in_needed"]);
        assert_eq!(bench.room.sign_in(), Some(&step));
    }
    let begin = AccountAction::SignIn {
        way: SignInWay::Code,
    };
    let effects = bench.touch(Intent::Account(begin.clone()));
    let wanted = Effect::Meeting(MeetingCommand::Account(begin));
    assert_eq!(effects, [wanted]);
    let user = "@lahn:example.org".to_owned();
    bench.tell(Event::Account(AccountState::Online { user }));
    assert_eq!(bench.trouble_codes(), [""; 0]);
    assert_eq!(bench.room.sign_in(), None);
}

#[test]
fn a_device_that_nobody_can_know_is_told_until_its_account_knows_it() {
    let mut bench = Bench::at_home();
    let wrong = IdentityState::RecoveryKeyNeeded { wrong: true };
    for state in [wrong, IdentityState::ResetNeeded, IdentityState::KeysLost] {
        bench.tell(Event::Identity(state));
        assert_eq!(bench.trouble_codes(), ["identity"]);
        bench.tell(Event::Identity(IdentityState::Verified));
        assert_eq!(bench.trouble_codes(), [""; 0]);
    }
    let key = Secret::new("EsTc");
    let recover = AccountAction::Recover { key };
    let effects = bench.touch(Intent::Account(recover.clone()));
    let wanted = Effect::Meeting(MeetingCommand::Account(recover));
    assert_eq!(effects, [wanted]);
}

#[test]
fn a_refused_configuration_is_told_until_a_good_one_comes() {
    let mut bench = Bench::at_home();
    let problem = "saal.toml:3: room.nam".to_owned();
    let effects = bench.tell(Event::ConfigRefused { problem });
    assert_eq!(effects, [Effect::Redraw]);
    assert_eq!(bench.trouble_codes(), ["config_refused"]);
    bench.tell(Event::Config(plain_config()));
    assert_eq!(bench.trouble_codes(), [""; 0]);
}

#[test]
fn a_room_whose_device_lost_its_key_says_so_and_joins_as_before() {
    let mut bench = Bench::at_home();
    let lost = |problem| Event::DeviceKey(Some(problem));
    assert_eq!(bench.tell(lost(KeyProblem::Missing)), [Effect::Redraw]);
    assert_eq!(bench.tell(lost(KeyProblem::Missing)), []);
    assert_eq!(bench.tell(lost(KeyProblem::Foreign)), [Effect::Redraw]);
    assert_eq!(bench.trouble_codes(), ["device_key"]);
    let told = bench.room.troubles()[0].severity();
    assert_eq!(told, Severity::Notice, "meetings are possible");
    assert_eq!(bench.tell(Event::DeviceKey(None)), [Effect::Redraw]);
    assert_eq!(bench.trouble_codes(), [""; 0]);
}

#[test]
fn a_device_that_nobody_claimed_shows_its_code_until_somebody_does() {
    let mut bench = Bench::at_home();
    let waits = |code: Option<&str>| {
        Event::Enrolment(Some(Enrolment {
            server: "fleet.example.org".to_owned(),
            code: code.map(str::to_owned),
        }))
    };
    assert_eq!(bench.tell(waits(None)), [Effect::Redraw]);
    assert_eq!(bench.tell(waits(Some("BCDF-GHJK"))), [Effect::Redraw]);
    assert_eq!(bench.tell(waits(Some("BCDF-GHJK"))), []);
    assert_eq!(bench.trouble_codes(), ["enrolment"]);
    assert_eq!(bench.tell(Event::Enrolment(None)), [Effect::Redraw]);
    assert_eq!(bench.trouble_codes(), [""; 0]);
}

#[test]
fn a_disk_that_was_full_during_a_call_is_no_trouble_after_it() {
    let mut bench = Bench::in_call();
    let (path, reason) = ("/var/lib/saal".to_owned(), "full".to_owned());
    bench.tell(Event::CallNotSaved { path, reason });
    assert_eq!(bench.trouble_codes(), ["call_not_saved"]);
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
    assert_eq!(bench.trouble_codes(), [""; 0]);
}

#[test]
fn stopping_the_daemon_leaves_first() {
    let mut bench = Bench::in_call();
    let effects = bench.tell(Event::Shutdown);
    assert!(names(&effects).contains(&"Leave") && !names(&effects).contains(&"Exit"));
    let call = bench.call();
    let effects = bench.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
    assert_eq!(names(&effects).iter().filter(|n| **n == "Exit").count(), 1);
    let effects = Bench::at_home().tell(Event::Shutdown);
    assert_eq!(effects, [Effect::Exit]);
}

#[test]
fn stopping_while_leaving_exits_even_if_the_service_is_silent() {
    let mut bench = Bench::in_call();
    bench.touch(Intent::Leave);
    bench.tell(Event::Shutdown);
    assert!(names(&bench.wait(5 * SECOND, true)).contains(&"Exit"));
}

#[test]
fn participants_may_be_anything() {
    let mut bench = Bench::in_call();
    let call = bench.call();
    let name = "\u{202e}\u{0}\n".repeat(5000);
    let odd = Participant {
        name,
        ..participant("")
    };
    bench.tell(Event::Call(
        call,
        CallEvent::Participants(vec![odd.clone(), odd]),
    ));
    assert_eq!(bench.room.phase().in_call().unwrap().participants.len(), 2);
}

#[test]
fn a_moderator_gives_the_floor_and_the_rules_take_it_again() {
    let source = SourceKind::Microphone;
    let state = |microphone_moderated, role| {
        CallEvent::State(Box::new(MeetingState {
            microphone_moderated,
            role,
            ..MeetingState::default()
        }))
    };
    let mut bench = Bench::in_call();
    let call = bench.call();
    let unmute = Intent::SetMuted(source, false);
    bench.tell(Event::Call(call, state(true, Role::Participant)));
    bench.touch(Intent::SetMuted(source, true));
    assert!(to_service(&bench.touch(unmute.clone())).is_empty());
    bench.tell(Event::Call(call, CallEvent::UnmuteAllowed { source }));
    assert!(bench.room.muted().microphone, "people unmute, nobody else");
    assert_eq!(to_service(&bench.touch(unmute.clone())).len(), 1);

    bench.tell(Event::Call(call, state(false, Role::Participant)));
    bench.tell(Event::Call(call, state(true, Role::Participant)));
    bench.touch(Intent::SetMuted(source, true));
    let told = bench.touch(unmute.clone());
    assert!(to_service(&told).is_empty(), "the next time is another");
    bench.tell(Event::Call(call, state(true, Role::Moderator)));
    assert_eq!(
        to_service(&bench.touch(unmute)).len(),
        1,
        "no rule for them"
    );
}

#[test]
fn another_home_server_waits_until_the_call_is_over() {
    let mut bench = Bench::at_home();
    let effects = bench.tell(Event::HomeserverFound);
    assert!(names(&effects).contains(&"StartAccount"), "{effects:?}");
    let mut bench = Bench::in_call();
    let effects = bench.tell(Event::HomeserverFound);
    assert!(!names(&effects).contains(&"StartAccount"), "{effects:?}");
    bench.touch(Intent::Leave);
    let call = bench.call();
    let effects = bench.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
    assert!(names(&effects).contains(&"StartAccount"), "{effects:?}");
}

fn calendar(bench: &mut Bench, name: &str, at: Option<jiff::Timestamp>, failure: Option<&str>) {
    bench.tell(Event::Calendar(CalendarState {
        name: name.to_owned(),
        at,
        failure: failure.map(str::to_owned),
    }));
}

fn told_of_calendars(bench: &Bench) -> Option<(Vec<String>, Option<jiff::Timestamp>)> {
    let troubles = bench.room.troubles();
    troubles.into_iter().find_map(|trouble| match trouble {
        Trouble::CalendarUnreachable { names, at } => Some((names.clone(), *at)),
        _ => None,
    })
}

#[test]
fn a_calendar_that_fails_says_so_with_the_age_of_what_is_shown() {
    let mut bench = Bench::at_home();
    let start = bench.now.wall;
    calendar(&mut bench, "Lahn", Some(start), None);
    calendar(&mut bench, "Lahn", None, Some("no network"));
    // A server that is started anew is nobody's trouble.
    assert_eq!(told_of_calendars(&bench), None);
    bench.wait(3 * MINUTE, false);
    let lahn = vec!["Lahn".to_owned()];
    assert_eq!(told_of_calendars(&bench), Some((lahn.clone(), Some(start))));
    // What was never read is told at once, and hides nothing of the others.
    calendar(&mut bench, "Werra", None, Some("no such host"));
    let both = vec!["Lahn".to_owned(), "Werra".to_owned()];
    assert_eq!(told_of_calendars(&bench), Some((both, None)));
    assert!(
        !bench.room.agenda(bench.now).next.is_empty()
            || !bench.room.agenda(bench.now).under_way.is_empty()
    );
    let now = bench.now.wall;
    calendar(&mut bench, "Werra", Some(now), None);
    assert_eq!(told_of_calendars(&bench), Some((lahn, Some(start))));
    calendar(&mut bench, "Lahn", Some(now), None);
    assert_eq!(told_of_calendars(&bench), None);
    // After a restart without a network: what was kept, with its age.
    let mut bench = Bench::at_home();
    let yesterday = bench.now.wall - SignedDuration::from_hours(20);
    calendar(&mut bench, "Lahn", Some(yesterday), None);
    calendar(&mut bench, "Lahn", None, Some("no network"));
    assert_eq!(
        told_of_calendars(&bench),
        Some((vec!["Lahn".to_owned()], Some(yesterday)))
    );
}
