//! What others decide about the room: who lets it in, who mutes it, what it may do.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::time::Duration;

use common::{Bench, meeting, participant, to_service, weekly};
use saal_core::{Effect, Event, Intent, Notice, Obstacle, Phase};
use saal_media_protocol::{MediaCommand, SourceKind};
use saal_meeting::{
    CallEvent, Caption, ChatLine, Destination, EndReason, Meeting, MeetingAction, MeetingCommand,
    MeetingLink, MeetingState, PartOf, Role, Secret, Waiting, Watched,
};

fn says(bench: &mut Bench, event: CallEvent) -> Vec<Effect> {
    let call = bench.call();
    bench.tell(Event::Call(call, event))
}

fn obstacle(bench: &Bench) -> Option<Obstacle> {
    let Phase::Joining(joining) = bench.room.phase() else {
        panic!("not joining: {}", bench.phase());
    };
    joining.obstacle
}

fn notice(bench: &Bench) -> Option<Notice> {
    bench.room.phase().in_call().unwrap().said.notice().cloned()
}

fn state(bench: &mut Bench, state: MeetingState) {
    says(bench, CallEvent::State(Box::new(state)));
}

fn locked() -> MeetingState {
    MeetingState {
        microphone_moderated: true,
        ..MeetingState::default()
    }
}

#[test]
fn a_password_is_asked_for_given_and_asked_for_again() {
    let mut bench = Bench::at_home();
    bench.touch_join("weekly");
    let password = || Intent::GivePassword(Secret::new("s3cret"));
    assert_eq!(
        to_service(&bench.touch(password())),
        [] as [&MeetingCommand; 0],
        "nobody asked"
    );
    says(&mut bench, CallEvent::PasswordNeeded { refused: false });
    assert_eq!(
        obstacle(&bench),
        Some(Obstacle::Password { refused: false })
    );
    let effects = bench.touch(password());
    assert!(matches!(
        to_service(&effects)[..],
        [MeetingCommand::GivePassword { .. }]
    ));
    assert!(
        !format!("{effects:?}").contains("s3cret"),
        "not even in a debug line"
    );
    assert_eq!(obstacle(&bench), None);
    says(&mut bench, CallEvent::PasswordNeeded { refused: true });
    assert_eq!(obstacle(&bench), Some(Obstacle::Password { refused: true }));
}

#[test]
fn the_lobby_is_told_until_somebody_opens() {
    let mut bench = Bench::at_home();
    bench.touch_join("weekly");
    says(&mut bench, CallEvent::Waiting(Waiting::Admission));
    assert_eq!(
        obstacle(&bench),
        Some(Obstacle::Waiting(Waiting::Admission))
    );
    says(&mut bench, CallEvent::Joined);
    assert_eq!(bench.phase(), "call");
}

#[test]
fn a_word_in_the_lobby_is_sent_when_the_server_has_it_and_the_answer_stays() {
    let mut bench = Bench::at_home();
    bench.touch_join("weekly");
    says(&mut bench, CallEvent::Waiting(Waiting::Admission));
    let text = "We are here.".to_owned();
    let action = MeetingAction::LobbyMessage { text: text.clone() };
    bench.touch(Intent::Act(action));
    let word = |bench: &Bench| match bench.room.phase() {
        Phase::Joining(joining) => joining.word.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    assert!(!word(&bench).taken, "a touch is no answer");
    let other = CallEvent::LobbyMessageTaken {
        text: "else".to_owned(),
    };
    says(&mut bench, other);
    assert!(!word(&bench).taken);
    says(&mut bench, CallEvent::LobbyMessageTaken { text });
    assert!(word(&bench).taken);
    let line = ChatLine {
        id: "1".to_owned(),
        author: String::new(),
        text: "One moment.".to_owned(),
        private: true,
    };
    says(&mut bench, CallEvent::Chat(line.clone()));
    says(&mut bench, CallEvent::Joined);
    let said = &bench.room.phase().in_call().unwrap().said;
    assert_eq!(said.chat().collect::<Vec<_>>(), [&line]);
    assert_eq!(said.unread(), 0, "it stood on the panel");
}

/// As the service of a Matrix room reads its chat.
#[test]
fn what_was_written_before_stands_first_and_what_was_taken_back_is_gone() {
    let mut bench = Bench::in_call();
    let line = |id: &str| ChatLine {
        id: id.to_owned(),
        author: "Anna".to_owned(),
        text: format!("line {id}"),
        private: false,
    };
    says(&mut bench, CallEvent::Chat(line("3")));
    let before = vec![line("1"), line("2"), line("3")];
    says(&mut bench, CallEvent::ChatBefore(before));
    says(&mut bench, CallEvent::Chat(line("4")));
    let ids = |bench: &Bench| -> Vec<String> {
        let said = &bench.room.phase().in_call().unwrap().said;
        said.chat().map(|line| line.id.clone()).collect()
    };
    let unread = |bench: &Bench| bench.room.phase().in_call().unwrap().said.unread();
    assert_eq!(ids(&bench), ["1", "2", "3", "4"]);
    assert_eq!(unread(&bench), 2, "nobody waits for what was before");
    for id in ["4", "1", "9"] {
        let id = id.to_owned();
        says(&mut bench, CallEvent::ChatRemoved { id });
    }
    assert_eq!(ids(&bench), ["2", "3"]);
    assert_eq!(unread(&bench), 1);
}

fn of_role(role: Role) -> MeetingState {
    MeetingState {
        role,
        ..MeetingState::default()
    }
}

#[test]
fn the_audience_is_quiet_and_who_may_take_part_is_told() {
    let mut bench = Bench::in_call();
    let mic = SourceKind::Microphone;
    state(&mut bench, of_role(Role::Visitor));
    assert!(bench.room.muted().microphone && bench.room.muted().camera);
    bench.touch(Intent::SetMuted(mic, false));
    assert!(bench.room.muted().microphone);
    assert_eq!(notice(&bench), Some(Notice::UnmuteRefused(mic)));
    state(&mut bench, of_role(Role::Participant));
    assert!(
        bench.room.muted().microphone,
        "nobody is on air by surprise"
    );
    assert_eq!(notice(&bench), Some(Notice::UnmuteAllowed(mic)));
    bench.touch(Intent::SetMuted(mic, false));
    assert!(!bench.room.muted().microphone);
}

#[test]
fn nothing_leaves_the_room_until_people_agree_to_being_recorded() {
    let mic = SourceKind::Microphone;
    let asked = |consent_asked| MeetingState {
        recording: true,
        consent_asked,
        ..MeetingState::default()
    };
    for agrees in [true, false] {
        let mut bench = Bench::in_call();
        bench.touch(Intent::SetMuted(SourceKind::Camera, true));
        state(&mut bench, asked(true));
        assert!(bench.room.muted().microphone);
        bench.touch(Intent::SetMuted(mic, false));
        assert!(bench.room.muted().microphone, "not before they agree");
        if agrees {
            bench.touch(Intent::Act(MeetingAction::Consent));
        } else {
            // The recording ended before anybody said anything.
            state(&mut bench, MeetingState::default());
        }
        assert!(!bench.room.muted().microphone, "as it was");
        assert!(bench.room.muted().camera, "as it was");
    }
}

#[test]
fn a_moderator_who_turns_the_room_away_is_told_as_such() {
    let mut bench = Bench::at_home();
    bench.touch_join("weekly");
    says(&mut bench, CallEvent::Ended(EndReason::Rejected));
    assert!(bench.is_home());
    assert_eq!(bench.trouble_codes(), ["join_failed"]);
}

#[test]
fn muted_by_somebody_else_stays_muted_until_the_room_unmutes() {
    let mut bench = Bench::in_call();
    let by = Some("Ada".to_owned());
    let source = SourceKind::Microphone;
    says(
        &mut bench,
        CallEvent::MutedByOther {
            source,
            by: by.clone(),
        },
    );
    assert!(bench.room.muted().microphone);
    assert_eq!(notice(&bench), Some(Notice::MutedBy(source, by)));
    says(&mut bench, CallEvent::UnmuteAllowed { source });
    assert!(
        bench.room.muted().microphone,
        "only people in the room open it"
    );
    bench.touch(Intent::Toggle(source));
    assert!(!bench.room.muted().microphone);
}

#[test]
fn where_people_enter_quietly_no_sound_leaves_the_room() {
    let mut bench = Bench::at_home();
    bench.touch_join("weekly");
    let source = SourceKind::Microphone;
    let effects = says(&mut bench, CallEvent::MutedByOther { source, by: None });
    let quiet = Effect::Media(MediaCommand::SetMuted {
        source,
        muted: true,
    });
    assert!(effects.contains(&quiet), "{effects:?}");
    says(&mut bench, CallEvent::Joined);
    assert!(bench.room.muted().microphone, "as the panel shows it");
}

#[test]
fn rules_that_keep_microphones_closed_are_explained() {
    let mut bench = Bench::in_call();
    bench.touch(Intent::SetMuted(SourceKind::Microphone, true));
    state(&mut bench, locked());
    let effects = bench.touch(Intent::Toggle(SourceKind::Microphone));
    assert!(bench.room.muted().microphone);
    assert_eq!(to_service(&effects), [] as [&MeetingCommand; 0]);
    assert_eq!(
        notice(&bench),
        Some(Notice::UnmuteRefused(SourceKind::Microphone))
    );
    state(&mut bench, MeetingState::default());
    bench.touch(Intent::Toggle(SourceKind::Microphone));
    assert!(!bench.room.muted().microphone);
}

#[test]
fn only_moderators_moderate() {
    let mut bench = Bench::in_call();
    let remove = || {
        Intent::Act(MeetingAction::Remove {
            participant: "ada".into(),
        })
    };
    assert!(to_service(&bench.touch(remove())).is_empty());
    state(
        &mut bench,
        MeetingState {
            role: Role::Moderator,
            ..MeetingState::default()
        },
    );
    let effects = bench.touch(remove());
    assert!(matches!(
        to_service(&effects)[..],
        [MeetingCommand::Act { .. }]
    ));
}

#[test]
fn ending_for_all_leaves_after_it_was_said() {
    let mut bench = Bench::in_call();
    state(
        &mut bench,
        MeetingState {
            role: Role::Moderator,
            ..MeetingState::default()
        },
    );
    let effects = bench.touch(Intent::Act(MeetingAction::EndForAll));
    assert!(matches!(
        to_service(&effects)[..],
        [MeetingCommand::Act { .. }, MeetingCommand::Leave { .. }]
    ));
}

#[test]
fn signs_and_captions_pass_and_the_chat_stays() {
    let mut bench = Bench::in_call();
    let line = ChatLine {
        id: "1".into(),
        author: "Ada".into(),
        text: "Hello".into(),
        private: false,
    };
    says(&mut bench, CallEvent::Chat(line.clone()));
    let caption = |text: &str| Caption {
        id: "c".into(),
        speaker: "Ada".into(),
        text: text.into(),
        is_final: false,
    };
    says(&mut bench, CallEvent::Caption(caption("Good")));
    says(&mut bench, CallEvent::Caption(caption("Good morning")));
    let (from, emoji) = ("Ada".to_owned(), "👏".to_owned());
    says(&mut bench, CallEvent::Reaction { from, emoji });
    let said = |bench: &Bench| bench.room.phase().in_call().unwrap().said.clone();
    let texts: Vec<_> = said(&bench).captions().map(|c| c.text.clone()).collect();
    assert_eq!(
        texts,
        ["Good morning"],
        "the sentence grew, it did not come twice"
    );
    assert_eq!(
        (said(&bench).unread(), said(&bench).reactions().count()),
        (1, 1)
    );
    bench.wait(Duration::from_secs(15), true);
    assert_eq!(
        said(&bench).captions().count() + said(&bench).reactions().count(),
        0
    );
    bench.touch(Intent::ReadChat);
    let said = said(&bench);
    assert_eq!(
        (said.unread(), said.chat().collect::<Vec<_>>()),
        (0, vec![&line])
    );
}

#[test]
fn a_flood_of_chat_keeps_the_last_lines() {
    let mut bench = Bench::in_call();
    for n in 0..5000 {
        let line = ChatLine {
            id: n.to_string(),
            author: String::new(),
            text: "x".repeat(10),
            private: false,
        };
        says(&mut bench, CallEvent::Chat(line));
    }
    let said = &bench.room.phase().in_call().unwrap().said;
    assert!(said.chat().len() < 1000);
    assert_eq!(said.chat().last().unwrap().id, "4999");
}

#[test]
fn the_service_is_told_what_the_television_shows() {
    let mut bench = Bench::in_call();
    let effects = says(
        &mut bench,
        CallEvent::Participants(vec![participant("ada"), participant("bob")]),
    );
    let [MeetingCommand::Watch { pictures, .. }] = to_service(&effects)[..] else {
        panic!("{effects:?}")
    };
    let of = |participant: &str| Watched {
        participant: participant.into(),
        source: SourceKind::Camera,
        height: 720,
    };
    assert_eq!(*pictures, [of("ada"), of("bob")]);
    let same = says(
        &mut bench,
        CallEvent::Participants(vec![participant("ada"), participant("bob")]),
    );
    assert!(to_service(&same).is_empty(), "it knows that");
}

#[test]
fn a_link_is_joined_without_a_calendar_and_shows_no_token() {
    let mut bench = Bench::at_home();
    let link = MeetingLink::new("https://meet.example.org/Jour%20fixe?jwt=abc#x");
    let effects = bench.touch(Intent::JoinLink(link));
    let [
        MeetingCommand::Join {
            destination: Destination::Jitsi { .. },
            name,
            ..
        },
    ] = to_service(&effects)[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(name, "Raum Lahn");
    assert!(!format!("{effects:?} {:?}", bench.room).contains("abc"));
    assert_eq!(bench.room.phase().meeting().unwrap().title, "Jour fixe");
}

#[test]
fn a_link_to_a_matrix_room_is_a_visit_and_one_in_the_calendar_is_not() {
    let joined = |meetings: Vec<saal_meeting::Meeting>, link: &str| {
        let mut bench = Bench::at_home();
        bench.tell_meetings(meetings);
        let effects = bench.touch(Intent::JoinLink(MeetingLink::new(link)));
        let [MeetingCommand::Join { destination, .. }] = to_service(&effects)[..] else {
            panic!("{effects:?}")
        };
        let title = bench.room.phase().meeting().unwrap().title.clone();
        (destination.clone(), title)
    };
    let link =
        "https://call.example.org/room/#/Jour%20fixe?roomId=!weekly:example.org&password=s3cret";
    let (destination, title) = joined(Vec::new(), link);
    assert!(matches!(
        &destination,
        Destination::Matrix { visit: true, password: Some(_), via, .. } if via == &["example.org"]
    ));
    assert_eq!(title, "Jour fixe");
    let (destination, title) = joined(vec![weekly()], link);
    assert!(matches!(
        destination,
        Destination::Matrix {
            visit: false,
            password: Some(_),
            ..
        }
    ));
    assert_eq!(title, "Title of weekly");
}

#[test]
fn a_link_that_leads_nowhere_is_said_and_nothing_is_entered() {
    let mut bench = Bench::at_home();
    let effects = bench.touch(Intent::JoinLink(MeetingLink::new("matrix:u/anna:hs")));
    assert!(to_service(&effects).is_empty() && bench.is_home());
    assert_eq!(bench.trouble_codes(), ["join_failed"]);
}

#[test]
fn a_voice_conference_is_entered_with_the_camera_off() {
    let mut bench = Bench::at_home();
    let mut voice = weekly();
    voice.destination = Destination::jitsi(MeetingLink::new("https://meet.example.org/W"));
    if let Destination::Jitsi { audio_only, .. } = &mut voice.destination {
        *audio_only = true;
    }
    bench.tell_meetings(vec![voice]);
    let effects = bench.touch_join("weekly");
    let [
        MeetingCommand::Join {
            camera, microphone, ..
        },
    ] = to_service(&effects)[..]
    else {
        panic!("{effects:?}")
    };
    assert!(!camera && *microphone);
}

/// The weekly and a breakout session of it, which the room is in.
fn in_breakout_session() -> Bench {
    let mut bench = Bench::at_home();
    let main = weekly();
    let mut session = meeting(
        "group",
        Some("2026-11-23T09:05:00Z"),
        Some("2026-11-23T09:20:00Z"),
        0,
    );
    session.part_of = Some(PartOf {
        id: main.id.clone(),
        title: main.title.clone(),
    });
    let mut later = meeting(
        "another",
        Some("2026-11-23T09:06:00Z"),
        Some("2026-11-23T09:30:00Z"),
        0,
    );
    later.title = "Another".to_owned();
    bench.tell_meetings(vec![session, later, main]);
    bench.touch_join("group");
    says(&mut bench, CallEvent::Joined);
    bench
}

#[test]
fn a_breakout_session_stands_under_its_meeting() {
    let bench = in_breakout_session();
    let agenda = bench.room.agenda(bench.now);
    let ids: Vec<_> = agenda.next.iter().map(|m| m.id.0.as_str()).collect();
    assert_eq!(ids, ["weekly", "group", "another"]);
}

#[test]
fn one_touch_leads_from_a_breakout_session_back_into_the_meeting() {
    let mut bench = in_breakout_session();
    assert!(
        to_service(&bench.touch_join("another")).is_empty(),
        "one leaves first"
    );
    let effects = bench.touch_join("weekly");
    assert!(
        matches!(to_service(&effects)[..], [MeetingCommand::Leave { .. }]),
        "{effects:?}"
    );
    let effects = says(&mut bench, CallEvent::Ended(EndReason::Left));
    assert!(
        to_service(&effects)
            .iter()
            .any(|c| matches!(c, MeetingCommand::Join { .. })),
        "{effects:?}"
    );
    assert_eq!(bench.room.phase().meeting().unwrap().id.0, "weekly");
    says(&mut bench, CallEvent::Joined);
    bench.touch(Intent::Leave);
    says(&mut bench, CallEvent::Ended(EndReason::Left));
    assert!(bench.is_home(), "it goes there once");
}

#[test]
fn another_place_of_the_meeting_is_entered_as_that_meeting() {
    let mut bench = Bench::at_home();
    let spare = MeetingLink::new("https://meet.example.org/Spare");
    let meeting = Meeting {
        others: vec![Destination::jitsi(spare.clone())],
        ..weekly()
    };
    bench.tell_meetings(vec![meeting]);
    let at = |place: &str| Intent::JoinAt {
        meeting: weekly().id,
        place: place.to_owned(),
    };
    bench.touch(at("https://elsewhere.example/Spare"));
    assert!(bench.is_home(), "it names no such place");
    // By its name or by its link, it is the weekly.
    for way in [at(&spare.to_string()), Intent::JoinLink(spare.clone())] {
        bench.touch(way);
        let entered = bench.room.phase().meeting().unwrap().clone();
        assert_eq!(entered.id, weekly().id);
        assert_eq!(entered.destination, Destination::jitsi(spare.clone()));
        assert_eq!(entered.others, [weekly().destination]);
        bench.touch(Intent::Leave);
        says(&mut bench, CallEvent::Ended(EndReason::Left));
    }
}
