//! What people touch in a meeting and what comes of it: room, panel and finger together.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use saal_core::{Effect, Event, Now, Room};
use saal_fleet_protocol::config::parse;
use saal_hal::{Touch, TouchPhase};
use saal_media_protocol::SourceKind;
use saal_meeting::{
    AccountAction, AccountState, CallEvent, CallId, Caption, ChatLine, Destination, EndReason,
    JoinStage, Knocker, Meeting, MeetingAction, MeetingCommand, MeetingLink, MeetingState,
    Participant, Poll, Role as MeetingRole, Secret, SignIn, SignInCode, SignInProblem, SignInWay,
    Waiting,
};
use saal_panel::{Element, Layout, Navigation, Renderer, TouchTracker, View};

use crate::scenes;

const CONFIG: &str = r#"
version = 1
[room]
name = "Raum Lahn"
language = "en"
time_zone = "Europe/Berlin"
[matrix]
homeserver = "http://127.0.0.1:8008"
oauth = true
user = "@lahn:example.org"
allowed_servers = ["example.org"]
[devices]
content = "simulated"
"#;

/// A room with a panel on its wall.
struct Wall {
    room: Room,
    navigation: Navigation,
    renderer: Renderer,
    touches: TouchTracker,
}

impl Wall {
    /// A meeting goes on.
    fn at_home() -> Self {
        let mut room = Room::new();
        room.handle(now(), Event::Config(Box::new(parse(CONFIG).unwrap())));
        let meetings = vec![scenes::meeting(
            "Weekly",
            scenes::at("14:00"),
            scenes::at("15:00"),
        )];
        room.handle(
            now(),
            Event::Meetings {
                meetings,
                problems: Vec::new(),
                put_off: Vec::new(),
            },
        );
        Self {
            room,
            navigation: Navigation::default(),
            renderer: Renderer::new(),
            touches: TouchTracker::default(),
        }
    }

    /// People touched Join.
    fn joining() -> Self {
        let mut wall = Self::at_home();
        wall.touch("join:0");
        wall
    }

    /// In a call with four others.
    fn in_call(state: MeetingState) -> Self {
        let mut wall = Self::joining();
        wall.hear(CallEvent::Participants(scenes::people()));
        wall.hear(CallEvent::Joined);
        wall.hear(CallEvent::State(Box::new(state)));
        wall
    }

    fn hear(&mut self, event: CallEvent) {
        let call = self.room.phase().call().unwrap_or(CallId(0));
        self.room.handle(now(), Event::Call(call, event));
    }

    fn look(&mut self) -> Layout {
        self.navigation.follow(&self.room);
        let view = View::of(&self.room, now(), &self.navigation);
        let layout = self.renderer.lay_out(&view, None);
        assert!(!layout.overflows(), "something is cut");
        layout
    }

    fn find(&mut self, id: &str) -> Option<Element> {
        let layout = self.look();
        layout.elements().iter().find(|e| e.id == id).cloned()
    }

    fn label(&mut self, id: &str) -> String {
        self.find(id).unwrap_or_else(|| panic!("no {id}")).label
    }

    fn description(&mut self, id: &str) -> String {
        let found = self.find(id).unwrap_or_else(|| panic!("no {id}"));
        found.description
    }

    /// A finger comes down on an element and goes up; what the meeting service is told.
    fn touch(&mut self, id: &str) -> Vec<MeetingCommand> {
        let layout = self.look();
        let found = layout.elements().iter().find(|e| e.id == id);
        let ids: Vec<&str> = layout.elements().iter().map(|e| e.id.as_str()).collect();
        let found = found.unwrap_or_else(|| panic!("no {id} in {ids:?}"));
        let (x, y) = found.rect.middle();
        while self.room.poll_effect().is_some() {}
        for phase in [TouchPhase::Down, TouchPhase::Up] {
            let touched = self.touches.touch(&layout, Touch { x, y, phase });
            if let Some(step) = touched.step {
                self.navigation.take(step);
            }
            if let Some(intent) = touched.intent {
                self.room.handle(now(), Event::Intent(intent));
            }
        }
        let effects = std::iter::from_fn(|| self.room.poll_effect());
        let commands = effects.filter_map(|effect| match effect {
            Effect::Meeting(command) => Some(command),
            _ => None,
        });
        commands.collect()
    }

    /// The last of several touches.
    fn touch_all(&mut self, ids: &[&str]) -> Vec<MeetingCommand> {
        let told = ids.iter().map(|id| self.touch(id));
        told.last().unwrap_or_default()
    }

    fn ids(&mut self) -> BTreeSet<String> {
        let layout = self.look();
        layout.elements().iter().map(|e| e.id.clone()).collect()
    }
}

fn now() -> Now {
    let wall: Timestamp = scenes::NOW.parse().unwrap();
    Now {
        wall,
        mono: Duration::from_secs(60),
    }
}

/// What the service is told to do, if that is all it is told.
fn action(told: Vec<MeetingCommand>) -> Option<MeetingAction> {
    match <[MeetingCommand; 1]>::try_from(told) {
        Ok([MeetingCommand::Act { action, .. }]) => Some(action),
        _ => None,
    }
}

fn leaves(told: &[MeetingCommand]) -> bool {
    matches!(told, [MeetingCommand::Leave { .. }])
}

fn participant() -> MeetingState {
    MeetingState {
        chat: true,
        ..MeetingState::default()
    }
}

/// A meeting that keeps everybody muted, with the room as its moderator.
fn moderator() -> MeetingState {
    let knocker = |id: &str, name: &str| Knocker {
        id: id.to_owned(),
        name: name.to_owned(),
    };
    MeetingState {
        role: MeetingRole::Moderator,
        microphone_moderated: true,
        camera_moderated: true,
        knocking: vec![knocker("k0", "Dr. Vogt"), knocker("k1", "Mehmet")],
        chat: true,
        ..MeetingState::default()
    }
}

fn poll() -> Poll {
    Poll {
        id: "p".to_owned(),
        question: "Pause?".to_owned(),
        answers: vec![("Yes".to_owned(), 3), ("No".to_owned(), 1)],
    }
}

fn chat(id: usize, text: &str, private: bool) -> CallEvent {
    CallEvent::Chat(ChatLine {
        id: id.to_string(),
        author: "Jonas Weber".to_owned(),
        text: text.to_owned(),
        private,
    })
}

#[test]
fn the_chat_comes_on_the_television_and_off_again() {
    let mut wall = Wall::in_call(participant());
    assert_eq!(wall.touch_all(&["more", "show-chat"]), []);
    let shown = |wall: &Wall| {
        let call = wall.room.phase().in_call().unwrap();
        call.said.is_chat_shown()
    };
    assert!(shown(&wall));
    assert_eq!(wall.find("show-chat").unwrap().state.pressed, Some(true));
    assert_eq!(wall.label("show-chat"), "Hide chat on TV");
    wall.touch("show-chat");
    assert!(!shown(&wall));
    assert_eq!(wall.label("show-chat"), "Show chat on TV");
}

#[test]
fn where_nobody_can_write_no_chat_is_offered() {
    let mut wall = Wall::in_call(MeetingState::default());
    assert_eq!(wall.description("more"), "Hand, people …");
    wall.touch("more");
    let ids = wall.ids();
    assert!(
        !ids.contains("chat") && !ids.contains("show-chat"),
        "{ids:?}"
    );
}

#[test]
fn waiting_for_the_host_can_be_cancelled() {
    let mut wall = Wall::joining();
    wall.hear(CallEvent::Waiting(Waiting::Host));
    assert_eq!(
        wall.label("waiting-host"),
        "Waiting for the host to start the meeting"
    );
    assert!(leaves(&wall.touch("cancel")));
}

#[test]
fn waiting_for_the_server_is_said_until_the_room_is_in_or_people_have_enough() {
    let mut wall = Wall::joining();
    wall.hear(CallEvent::Waiting(Waiting::Server));
    assert_eq!(wall.label("waiting-server"), "The meeting can’t start yet");
    wall.hear(CallEvent::Progress(JoinStage::Connecting));
    assert!(wall.find("waiting-server").is_none(), "the server is there");
    wall.hear(CallEvent::Waiting(Waiting::Server));
    assert!(leaves(&wall.touch("cancel")));
}

#[test]
fn in_the_lobby_a_word_is_sent_to_the_moderators() {
    let mut wall = Wall::joining();
    wall.hear(CallEvent::Waiting(Waiting::Admission));
    assert_eq!(wall.label("waiting-lobby"), "A moderator will let you in");
    let text = "This is the meeting room “Raum Lahn”.".to_owned();
    assert_eq!(wall.label("message:0"), text, "read before it is sent");
    let told = wall.touch("message:0");
    assert_eq!(action(told), Some(MeetingAction::LobbyMessage { text }));
    assert_eq!(wall.description("message:0"), "Sending …");
    let text = "This is the meeting room “Raum Lahn”.".to_owned();
    wall.hear(CallEvent::LobbyMessageTaken { text });
    assert_eq!(wall.description("message:0"), "Sent");
    wall.hear(chat(1, "One moment, please.", true));
    assert_eq!(wall.label("answer:0"), "Jonas Weber: One moment, please.");
    assert_eq!(wall.description("message:1"), "send to the moderators");
    assert!(leaves(&wall.touch("cancel")));
}

#[test]
fn the_audience_sees_why_its_microphone_is_off() {
    let mut wall = Wall::in_call(MeetingState::default());
    let state = |role| {
        CallEvent::State(Box::new(MeetingState {
            role,
            ..MeetingState::default()
        }))
    };
    wall.hear(state(MeetingRole::Visitor));
    for source in ["microphone", "camera"] {
        assert!(wall.find(source).unwrap().state.disabled);
        assert_eq!(wall.description(source), "listening only");
    }
    wall.hear(state(MeetingRole::Participant));
    assert!(!wall.find("microphone").unwrap().state.disabled);
    assert_eq!(wall.label("notice"), "You may speak now.");
}

#[test]
fn a_password_is_typed_and_given() {
    let mut wall = Wall::joining();
    wall.hear(CallEvent::PasswordNeeded { refused: false });
    assert!(wall.find("enter").unwrap().state.disabled);
    let keys = [
        "key:shift",
        "key:K",
        "key:l",
        "key:x",
        "key:erase",
        "key:7",
        "key:symbols",
        "key:#",
        "key:letters",
        "key:space",
        "key:a",
    ];
    assert!(wall.touch_all(&keys).is_empty());
    assert_eq!(wall.description("password"), "6 characters");
    wall.touch("reveal");
    assert_eq!(wall.description("password"), "Kl7# a");
    let told = wall.touch("enter");
    let [MeetingCommand::GivePassword { password, .. }] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(*password, Secret::new("Kl7# a"));
    assert!(!format!("{told:?}{:?}", wall.navigation).contains("Kl7"));

    wall.hear(CallEvent::PasswordNeeded { refused: true });
    assert_eq!(
        wall.label("prompt"),
        "That password was wrong. Please try again."
    );
    assert_eq!(wall.description("password"), "empty", "typed anew");
    assert!(leaves(&wall.touch("cancel")));
}

#[test]
fn capitals_come_once_or_until_touched_again() {
    let mut wall = Wall::joining();
    wall.hear(CallEvent::PasswordNeeded { refused: false });
    wall.touch_all(&["key:shift", "key:shift", "key:A", "key:B", "key:shift"]);
    wall.touch_all(&["key:c", "reveal"]);
    assert_eq!(wall.description("password"), "ABc");
}

#[test]
fn what_was_typed_for_one_meeting_is_forgotten_in_the_next() {
    let mut wall = Wall::joining();
    wall.hear(CallEvent::PasswordNeeded { refused: false });
    wall.touch_all(&["key:a", "cancel"]);
    wall.hear(CallEvent::Ended(EndReason::Left));
    wall.touch("join:0");
    wall.hear(CallEvent::PasswordNeeded { refused: false });
    assert_eq!(wall.description("password"), "empty");
}

#[test]
fn every_control_of_a_participant_does_what_it_says() {
    let state = MeetingState {
        dial_in: true,
        ..participant()
    };
    let hand = MeetingAction::RaiseHand { raised: true };
    let cases: &[(&[&str], MeetingAction)] = &[
        (&["more", "hand"], hand),
        (
            &["more", "reaction:1"],
            MeetingAction::React {
                emoji: "👏".to_owned(),
            },
        ),
        (&["more", "present"], MeetingAction::Present { on: true }),
        (
            &["more", "keypad", "tone:#"],
            MeetingAction::Dtmf {
                tones: "#".to_owned(),
            },
        ),
    ];
    for (path, wanted) in cases {
        let mut wall = Wall::in_call(state.clone());
        assert_eq!(
            action(wall.touch_all(path)).as_ref(),
            Some(wanted),
            "{path:?}"
        );
    }
    let raised = MeetingState {
        hand_raised: true,
        presenting: true,
        ..state
    };
    let mut wall = Wall::in_call(raised);
    assert_eq!(wall.label("hand-raised"), "Your hand is raised");
    let down = MeetingAction::RaiseHand { raised: false };
    assert_eq!(action(wall.touch_all(&["more", "hand"])), Some(down));
    let stop = MeetingAction::Present { on: false };
    assert_eq!(action(wall.touch("present")), Some(stop));
}

#[test]
fn every_control_of_a_moderator_does_what_it_says() {
    let (microphone, camera) = (SourceKind::Microphone, SourceKind::Camera);
    let person = |n: usize| scenes::people()[n].id.clone();
    let knocker = || "k1".to_owned();
    let mute = |n, source| MeetingAction::Mute {
        participant: person(n),
        source,
    };
    let allow = MeetingAction::AllowUnmute {
        participant: person(3),
        source: microphone,
    };
    let remove = MeetingAction::Remove {
        participant: person(0),
    };
    let people = ["more", "people"];
    let cases: &[(&[&str], MeetingAction)] = &[
        (&["admit:1"], MeetingAction::Admit { knocker: knocker() }),
        (&["reject:1"], MeetingAction::Reject { knocker: knocker() }),
        (&["person:0", "mute"], mute(0, microphone)),
        (&["person:1", "stop-camera"], mute(1, camera)),
        (&["person:3", "allow"], allow),
        (&["person:0", "remove", "remove"], remove),
    ];
    for (path, wanted) in cases {
        let mut wall = Wall::in_call(moderator());
        wall.touch_all(&people);
        assert_eq!(
            action(wall.touch_all(path)).as_ref(),
            Some(wanted),
            "{path:?}"
        );
    }
    let mut wall = Wall::in_call(moderator());
    assert_eq!(wall.touch("show-people"), []);
    assert!(wall.find("admit:0").is_some());
}

#[test]
fn nobody_is_removed_and_nothing_ended_by_one_touch() {
    let mut wall = Wall::in_call(moderator());
    wall.touch_all(&["more", "people", "person:0"]);
    assert!(wall.touch("remove").is_empty());
    assert_eq!(wall.label("question"), "Remove Ayşe Yılmaz?");
    assert!(wall.touch("back").is_empty());
    assert!(wall.find("mute").is_some(), "back with the person");

    let told = wall.touch_all(&["more", "more", "end-for-all"]);
    assert!(told.is_empty());
    assert_eq!(wall.label("question"), "End the meeting for everybody?");
    let told = wall.touch("end-for-all");
    assert!(matches!(
        &told[..],
        [
            MeetingCommand::Act {
                action: MeetingAction::EndForAll,
                ..
            },
            MeetingCommand::Leave { .. }
        ]
    ));
}

#[test]
fn participants_see_no_controls_of_moderators() {
    let state = MeetingState {
        role: MeetingRole::Participant,
        polls: vec![poll()],
        dial_in: true,
        ..moderator()
    };
    let mut wall = Wall::in_call(state);
    let mut seen = wall.ids();
    for sheet in ["people", "chat", "polls", "keypad"] {
        wall.touch("more");
        seen.extend(wall.ids());
        wall.touch(sheet);
        seen.extend(wall.ids());
        let layout = wall.look();
        let person = layout.elements().iter().find(|e| e.id == "person:0");
        assert!(person.is_none_or(|person| !person.is_touchable()));
        wall.touch("back");
    }
    for id in [
        "end-for-all",
        "admit:0",
        "reject:0",
        "at-the-door",
        "knocking:0",
    ] {
        assert!(!seen.contains(id), "{id}");
    }
}

#[test]
fn a_moderator_who_is_one_no_more_loses_the_controls_at_once() {
    let mut wall = Wall::in_call(moderator());
    wall.touch_all(&["more", "people", "person:0", "remove"]);
    wall.hear(CallEvent::State(Box::new(participant())));
    assert_eq!(wall.label("sheet"), "4 other people");
}

#[test]
fn who_leaves_is_no_longer_on_the_panel() {
    let mut wall = Wall::in_call(moderator());
    wall.touch_all(&["more", "people", "person:0", "remove"]);
    let rest = scenes::people().split_off(1);
    wall.hear(CallEvent::Participants(rest));
    assert_eq!(wall.label("sheet"), "3 other people");
}

#[test]
fn everybody_is_reached_page_by_page() {
    let mut wall = Wall::in_call(participant());
    let people: Vec<Participant> = (0..123)
        .map(|n| scenes::person(&format!("Person {n}")))
        .collect();
    wall.hear(CallEvent::Participants(people));
    wall.touch_all(&["more", "people"]);
    let mut seen = BTreeSet::new();
    let mut pages = 0;
    loop {
        let layout = wall.look();
        let people = layout.elements().iter();
        let people = people.filter(|e| e.id.starts_with("person:"));
        seen.extend(people.map(|e| e.label.clone()));
        pages += 1;
        if wall.find("page-behind").unwrap().state.disabled {
            break;
        }
        wall.touch("page-behind");
    }
    assert_eq!(seen.len(), 123);
    assert_eq!(wall.label("page"), format!("Page {pages} of {pages}"));
    wall.touch("page-before");
    let before = format!("Page {} of {pages}", pages - 1);
    assert_eq!(wall.label("page"), before);
}

#[test]
fn hands_come_first() {
    let mut wall = Wall::in_call(participant());
    let mut people = scenes::people();
    people[2].hand_raised = true;
    wall.hear(CallEvent::Participants(people));
    wall.touch_all(&["more", "people"]);
    assert_eq!(wall.label("person:0"), "Лена Ковальчук");
    assert!(wall.description("person:0").starts_with("hand raised"));
}

#[test]
fn chat_is_counted_read_and_turned_back() {
    let mut wall = Wall::in_call(participant());
    (0..100).for_each(|n| wall.hear(chat(n, &format!("Line {n}"), false)));
    wall.hear(chat(100, "For you only", true));
    assert_eq!(wall.description("more"), "Chat: 101 new");
    wall.touch("more");
    assert_eq!(wall.description("chat"), "101 new");
    wall.touch("chat");
    assert_eq!(
        wall.description("line:100"),
        "only to this room: For you only"
    );
    let mut seen = BTreeSet::new();
    loop {
        let layout = wall.look();
        let lines = layout.elements().iter();
        let lines = lines.filter(|e| e.id.starts_with("line:"));
        seen.extend(lines.map(|e| e.description.clone()));
        if wall.find("page-before").unwrap().state.disabled {
            break;
        }
        wall.touch("page-before");
    }
    assert_eq!(seen.len(), 101);
    wall.touch("back");
    assert_eq!(wall.description("more"), "Hand, chat …", "all is read");
}

#[test]
fn what_comes_while_the_chat_is_read_is_read() {
    let mut wall = Wall::in_call(participant());
    wall.touch_all(&["more", "chat"]);
    assert_eq!(wall.label("empty"), "No messages yet");
    wall.hear(chat(0, "Hello", false));
    assert_eq!(wall.description("line:0"), "Hello");
    wall.hear(chat(1, "", false));
    let unreadable = "A message that can’t be shown";
    assert_eq!(wall.description("line:1"), unreadable);
    wall.touch("back");
    assert_eq!(wall.description("more"), "Hand, chat …");
}

#[test]
fn polls_show_their_votes() {
    let state = MeetingState {
        polls: vec![poll()],
        ..participant()
    };
    let mut wall = Wall::in_call(state);
    wall.touch_all(&["more", "polls"]);
    assert_eq!(wall.label("poll:0"), "Pause?");
    assert_eq!(wall.description("poll:0:0"), "3 votes");
    assert_eq!(wall.description("poll:0:1"), "1 vote");
    wall.hear(CallEvent::State(Box::new(participant())));
    assert!(wall.find("title").is_some(), "no poll, no sheet");
}

#[test]
fn recording_is_asked_for_and_seen_wherever_people_are() {
    let recording = |consent_asked| MeetingState {
        recording: true,
        live_stream: true,
        transcription: true,
        consent_asked,
        dial_in: true,
        polls: vec![poll()],
        ..moderator()
    };
    let mut wall = Wall::in_call(recording(true));
    assert_eq!(wall.label("question"), "May this be recorded?");
    assert!(wall.find("recording").is_some());
    assert!(wall.find("microphone").unwrap().state.disabled);
    assert_eq!(wall.description("camera"), "after your answer");
    let told = wall.touch("agree");
    let agrees = |command: &MeetingCommand| {
        matches!(
            command,
            MeetingCommand::Act {
                action: MeetingAction::Consent,
                ..
            }
        )
    };
    assert!(told.iter().any(agrees), "{told:?}");
    for path in [
        &["microphone"][..],
        &["more"],
        &["people"],
        &["person:0"],
        &["remove"],
        &["back", "more", "more", "chat"],
        &["more", "more", "polls"],
        &["more", "more", "keypad"],
        &["more", "more", "end-for-all"],
    ] {
        wall.touch_all(path);
        for id in ["recording", "live-stream", "transcription"] {
            assert!(wall.find(id).is_some(), "no {id} at {path:?}");
        }
    }
    let mut wall = Wall::in_call(recording(true));
    assert!(leaves(&wall.touch("leave")), "who does not agree leaves");
}

#[test]
fn who_was_muted_reads_by_whom() {
    let mut wall = Wall::in_call(participant());
    wall.hear(CallEvent::MutedByOther {
        source: SourceKind::Microphone,
        by: Some("Ayşe Yılmaz".to_owned()),
    });
    assert_eq!(
        wall.label("notice"),
        "Ayşe Yılmaz turned this room’s microphone off."
    );
    assert_eq!(wall.find("microphone").unwrap().state.pressed, Some(false));
    wall.touch("microphone");
    assert!(wall.find("notice").is_none(), "it is on again");
}

#[test]
fn the_floor_is_asked_for_given_and_taken() {
    let kept_muted = MeetingState {
        microphone_moderated: true,
        ..participant()
    };
    let mut wall = Wall::in_call(kept_muted.clone());
    wall.hear(CallEvent::MutedByOther {
        source: SourceKind::Microphone,
        by: None,
    });
    assert!(wall.touch("microphone").is_empty(), "not allowed");
    assert!(wall.label("notice").starts_with("Moderators decide"));
    let raise = MeetingAction::RaiseHand { raised: true };
    assert_eq!(action(wall.touch("raise-hand")), Some(raise));
    let hand_raised = true;
    wall.hear(CallEvent::State(Box::new(MeetingState {
        hand_raised,
        ..kept_muted
    })));
    assert!(wall.find("raise-hand").is_none(), "it is up");
    assert!(wall.label("notice").ends_with("Your hand is raised."));

    wall.hear(CallEvent::UnmuteAllowed {
        source: SourceKind::Microphone,
    });
    assert_eq!(wall.label("notice"), "You may speak now.");
    assert_eq!(wall.find("microphone").unwrap().state.pressed, Some(false));
    let told = wall.touch("unmute");
    assert!(matches!(
        &told[..],
        [MeetingCommand::SetMuted { muted: false, .. }]
    ));
    assert!(wall.find("notice").is_none());
}

#[test]
fn what_is_said_and_signed_is_seen() {
    let mut wall = Wall::in_call(participant());
    wall.hear(CallEvent::Caption(Caption {
        id: "c".to_owned(),
        speaker: "Jonas Weber".to_owned(),
        text: format!("{} and now the end", "word ".repeat(500)),
        is_final: false,
    }));
    wall.hear(CallEvent::Reaction {
        from: "Ayşe Yılmaz".to_owned(),
        emoji: "👏".to_owned(),
    });
    let line = wall.label("caption:0");
    assert!(line.starts_with("Jonas Weber: …"), "{line}");
    assert!(line.ends_with("and now the end"), "{line}");
    assert_eq!(wall.label("sign:0"), "Ayşe Yılmaz");
    assert_eq!(wall.description("sign:0"), "👏");
}

#[test]
fn a_new_call_begins_with_nothing_open() {
    let mut wall = Wall::in_call(participant());
    wall.touch_all(&["more", "people", "leave"]);
    wall.hear(CallEvent::Ended(EndReason::Left));
    wall.touch("join:0");
    wall.hear(CallEvent::Joined);
    assert!(wall.find("sheet").is_none());
    assert!(wall.find("title").is_some());
}

#[test]
fn subject_and_breakout_room_are_read() {
    let mut wall = Wall::in_call(MeetingState {
        subject: Some("Budget".to_owned()),
        breakout: Some("North".to_owned()),
        role: MeetingRole::Visitor,
        ..participant()
    });
    assert_eq!(wall.label("subject"), "Budget");
    assert_eq!(wall.label("breakout"), "Breakout room: North");
    assert_eq!(
        wall.label("visitor"),
        "Listening and watching only – raise a hand to take part"
    );
}

#[test]
fn a_room_is_signed_in_by_what_people_touch_and_enter() {
    let mut wall = Wall::at_home();
    let step = |wall: &mut Wall, sign_in| {
        let server = "example.org".to_owned();
        let account = AccountState::SigningIn { server, sign_in };
        wall.room.handle(now(), Event::Account(account));
    };
    let act = |action| vec![MeetingCommand::Account(action)];
    let begin = |way| act(AccountAction::SignIn { way });
    step(&mut wall, SignIn::Needed { problem: None });
    assert_eq!(wall.touch("sign-in"), begin(SignInWay::Code));
    step(&mut wall, SignIn::Starting);
    assert_eq!(wall.touch("cancel"), act(AccountAction::CancelSignIn));
    // Somebody else is at it: a look does not begin anew.
    assert_eq!(wall.touch("sign-in"), []);
    let code = SignInCode {
        address: "https://account.example.org/link".to_owned(),
        link: "https://account.example.org/link?code=WDJB".to_owned(),
        code: "WDJB".to_owned(),
        expires: scenes::at("14:25"),
        by_device: true,
    };
    step(&mut wall, SignIn::Code(code));
    assert_eq!(wall.label("user-code"), "WDJB");
    assert_eq!(wall.label("until"), "Good until 14:25.");
    assert!(wall.label("whose").contains("@lahn:example.org"));
    assert_eq!(wall.touch("new-code"), begin(SignInWay::Code));
    assert_eq!(wall.touch("by-device"), begin(SignInWay::Device));
    step(&mut wall, SignIn::Scan { qr: vec![7; 100] });
    assert!(wall.find("code").is_some());
    step(&mut wall, SignIn::Digits);
    assert!(wall.find("enter").unwrap().state.disabled);
    assert!(wall.touch_all(&["key:0", "key:5", "key:erase"]).is_empty());
    assert!(wall.find("enter").unwrap().state.disabled);
    wall.touch("key:7");
    let digits = AccountAction::SignInDigits { digits: 7 };
    assert_eq!(wall.touch("enter"), act(digits));
    assert_eq!(wall.description("digits"), "", "the next one begins anew");
    let problem = Some(SignInProblem::WrongDigits);
    step(&mut wall, SignIn::Needed { problem });
    assert_eq!(wall.touch("sign-in"), begin(SignInWay::Code));
    let user = "@lahn:example.org".to_owned();
    let online = AccountState::Online { user };
    wall.room.handle(now(), Event::Account(online));
    assert!(wall.find("join:0").is_some(), "back at home by itself");
}

#[test]
fn another_link_of_the_meeting_is_one_touch_away() {
    let mut wall = Wall::at_home();
    let spare = MeetingLink::new("https://meet.example.org/Spare");
    let meeting = Meeting {
        others: vec![Destination::jitsi(spare.clone())],
        ..scenes::meeting("Weekly", scenes::at("14:00"), scenes::at("15:00"))
    };
    let plan = |meetings| Event::Meetings {
        meetings,
        problems: Vec::new(),
        put_off: Vec::new(),
    };
    wall.room.handle(now(), plan(vec![meeting.clone()]));
    wall.touch("ways:0");
    assert_eq!(wall.label("way:0"), "Matrix call");
    assert_eq!(wall.label("way:1"), "Jitsi on meet.example.org");
    let told = wall.touch("way:1");
    let [MeetingCommand::Join { destination, .. }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(*destination, Destination::jitsi(spare));
    // Back home after it failed, all links are there again, until the invitation names one only.
    wall.hear(CallEvent::Ended(EndReason::NotFound));
    wall.touch("ways:0");
    let alone = Meeting {
        others: Vec::new(),
        ..meeting
    };
    wall.room.handle(now(), plan(vec![alone]));
    assert_eq!(wall.find("way:1"), None);
    assert_eq!(wall.find("ways:0"), None);
    assert!(wall.find("join:0").is_some());
}
