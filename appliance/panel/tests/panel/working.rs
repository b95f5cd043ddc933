//! The panel worked by keyboard, by one switch, and by ear; nobody looks at pixels.

use std::time::Duration;

use saal_core::{Event, Now, Phase, Room};
use saal_fleet_protocol::config::{Language, ScanSeconds, parse};
use saal_hal::{Key, KeyName, KeyPhase, Modifiers, Touch, TouchPhase};
use saal_meeting::CallEvent;
use saal_panel::{Comfort, Console, Layout, Priority, Renderer, View};

use crate::scenes;

const CONFIG: &str = r#"
version = 1
[room]
name = "Raum Lahn"
language = "en"
time_zone = "Europe/Berlin"
[matrix]
homeserver = "http://127.0.0.1:8008"
access_token_file = "token"
allowed_servers = ["example.org"]
[panel]
"#;

/// A room, and somebody who works its panel.
struct Desk {
    room: Room,
    console: Console,
    renderer: Renderer,
    layout: Layout,
    now: Duration,
    /// Everything that was said.
    said: Vec<(String, Priority)>,
}

impl Desk {
    fn with(panel: &str) -> Self {
        let mut room = Room::new();
        let mut renderer = Renderer::new();
        let config = parse(&format!("{CONFIG}{panel}")).unwrap();
        let now = Duration::from_secs(60);
        room.handle(at(now), Event::Config(Box::new(config)));
        let meetings = vec![scenes::meeting(
            "Weekly",
            scenes::at("14:00"),
            scenes::at("15:00"),
        )];
        let problems = Vec::new();
        room.handle(
            at(now),
            Event::Meetings {
                meetings,
                problems,
                put_off: Vec::new(),
            },
        );
        let layout = renderer.lay_out(&scenes::view(Language::En, scenes::free()), None);
        let mut desk = Self {
            room,
            console: Console::default(),
            renderer,
            layout,
            now,
            said: Vec::new(),
        };
        desk.draw();
        desk
    }

    fn draw(&mut self) {
        self.console.follow(&self.room, self.now);
        for _ in 0..2 {
            let view = View::of(&self.room, at(self.now), self.console.navigation());
            self.layout = self.renderer.lay_out(&view, self.console.pressed());
            if !self.console.shown(&view, &self.layout) {
                break;
            }
        }
        while let Some(said) = self.console.next_utterance() {
            self.said.push((said.text, said.priority));
        }
    }

    fn worked(&mut self, worked: saal_panel::Worked) {
        if let Some(intent) = worked.intent {
            self.room.handle(at(self.now), Event::Intent(intent));
        }
        while self.room.poll_effect().is_some() {}
        self.draw();
    }

    fn key(&mut self, name: &str) {
        let key = Key::down(name.parse().unwrap());
        self.send(key);
        self.send(key.up());
    }

    fn send(&mut self, key: Key) {
        let worked = self.console.key(&self.layout, key, self.now);
        self.worked(worked);
    }

    fn shift_tab(&mut self) {
        let shift = true;
        let modifiers = Modifiers {
            shift,
            ..Modifiers::default()
        };
        self.send(Key {
            modifiers,
            ..Key::down(KeyName::Tab)
        });
    }

    fn finger(&mut self, x: i32, y: i32, phase: TouchPhase) {
        let worked = self
            .console
            .touch(&self.layout, Touch { x, y, phase }, self.now);
        self.worked(worked);
    }

    fn tap(&mut self, (x, y): (i32, i32)) {
        self.finger(x, y, TouchPhase::Down);
        self.pass(Duration::from_millis(60));
        self.finger(x, y, TouchPhase::Up);
    }

    fn flick(&mut self, from: i32, to: i32) {
        self.finger(from, 400, TouchPhase::Down);
        self.pass(Duration::from_millis(80));
        self.finger(to, 400, TouchPhase::Up);
        self.pass(Duration::from_secs(1));
    }

    /// Time passes, and everything that is due happens.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.console.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let worked = self.console.tick(&self.layout, self.now);
            self.worked(worked);
        }
        self.now = end;
    }

    fn middle(&self, id: &str) -> (i32, i32) {
        let ids: Vec<&str> = self
            .layout
            .elements()
            .iter()
            .map(|e| e.id.as_str())
            .collect();
        self.layout
            .element(id)
            .unwrap_or_else(|| panic!("no {id} in {ids:?}"))
            .rect
            .middle()
    }

    fn focus(&self) -> &str {
        self.console.navigation().focus().unwrap_or("nothing")
    }

    /// Goes on with the key until it is there, as people do who know that it is somewhere.
    fn tab_to(&mut self, id: &str) {
        for _ in 0..60 {
            if self.focus() == id {
                return;
            }
            self.key("Tab");
        }
        panic!("{id} is not reached by Tab; at {}", self.focus());
    }

    fn last_said(&self) -> &str {
        self.said.last().map_or("", |(text, _)| text.as_str())
    }

    fn heard(&self, part: &str) -> bool {
        self.said.iter().any(|(text, _)| text.contains(part))
    }

    fn come_in(&mut self) {
        let call = self.room.phase().call().unwrap();
        for event in [
            CallEvent::Participants(scenes::people()),
            CallEvent::Joined,
            CallEvent::State(Box::default()),
        ] {
            self.room.handle(at(self.now), Event::Call(call, event));
        }
        self.draw();
    }

    fn in_call(panel: &str) -> Self {
        let mut desk = Self::with(panel);
        desk.tab_to("join:0");
        desk.key("Enter");
        desk.come_in();
        desk
    }

    fn comfort(&self) -> Comfort {
        self.console.navigation().comfort().unwrap_or_default()
    }
}

fn at(mono: Duration) -> Now {
    Now {
        wall: scenes::NOW.parse().unwrap(),
        mono,
    }
}

#[test]
fn the_keyboard_alone_joins_mutes_and_leaves() {
    let mut desk = Desk::with("");
    desk.tab_to("join:0");
    desk.key("Enter");
    assert!(matches!(desk.room.phase(), Phase::Joining(_)));
    desk.come_in();
    desk.tab_to("microphone");
    desk.key(" ");
    assert!(
        desk.room.muted().microphone,
        "the space bar does what is focused"
    );
    desk.tab_to("leave");
    desk.key("Enter");
    assert!(!matches!(desk.room.phase(), Phase::Call(_)), "it leaves");
}

#[test]
fn tab_goes_round_and_shift_tab_goes_back() {
    let mut desk = Desk::in_call("");
    desk.key("Home");
    let first = desk.focus().to_owned();
    desk.shift_tab();
    let last = desk.focus().to_owned();
    assert_ne!(first, last);
    desk.key("Tab");
    assert_eq!(desk.focus(), first);
    desk.key("End");
    assert_eq!(desk.focus(), last);
}

#[test]
fn arrows_go_where_they_point() {
    let mut desk = Desk::in_call("");
    desk.tab_to("microphone");
    desk.key("ArrowRight");
    assert_eq!(desk.focus(), "camera");
    desk.key("ArrowRight");
    assert_eq!(desk.focus(), "more");
    desk.key("ArrowLeft");
    assert_eq!(desk.focus(), "camera");
    desk.key("ArrowDown");
    assert_eq!(desk.focus(), "camera", "nothing is below");
}

#[test]
fn escape_goes_back_and_leaves_no_meeting() {
    let mut desk = Desk::in_call("");
    desk.key("Escape");
    assert!(
        matches!(desk.room.phase(), Phase::Call(_)),
        "Back from a call leads nowhere"
    );
    desk.tab_to("more");
    desk.key("Enter");
    assert!(desk.layout.element("sheet").is_some());
    desk.key("Escape");
    assert!(desk.layout.element("sheet").is_none());
}

#[test]
fn what_is_focused_is_seen() {
    let mut desk = Desk::in_call("");
    desk.renderer.draw(&desk.layout);
    let before = desk.renderer.picture().clone();
    desk.tab_to("leave");
    desk.renderer.draw(&desk.layout);
    assert!(*desk.renderer.picture() != before, "a ring is drawn");
    desk.finger(5, 5, TouchPhase::Down);
    desk.renderer.draw(&desk.layout);
    assert!(
        *desk.renderer.picture() == before,
        "whoever touches needs none"
    );
}

#[test]
fn one_switch_reaches_everything_and_waits_for_nobody() {
    let mut desk = Desk::with("scan_seconds = 2");
    let period = Duration::from_secs(2);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..10 {
        desk.pass(period);
        seen.insert(desk.focus().to_owned());
    }
    assert!(
        seen.contains("join:0") && seen.contains("access"),
        "{seen:?}"
    );
    while desk.focus() != "join:0" {
        desk.pass(period);
    }
    desk.pass(Duration::from_secs(1));
    desk.key(" ");
    assert!(matches!(desk.room.phase(), Phase::Joining(_)));
}

#[test]
fn scanning_takes_as_long_as_people_want() {
    let mut desk = Desk::with("");
    desk.tab_to("access");
    desk.key("Enter");
    desk.tab_to("scanning");
    desk.key("Enter");
    assert_eq!(desk.comfort().scan.get(), Some(Duration::from_secs(3)));
    desk.tab_to("scan-slower");
    for _ in 0..30 {
        desk.key("Enter");
    }
    assert_eq!(desk.comfort().scan, ScanSeconds::try_from(20).unwrap());
}

#[test]
fn a_finger_hears_and_a_double_tap_does() {
    let mut desk = Desk::with("spoken = true");
    assert!(desk.heard("The panel speaks"), "{:?}", desk.said);
    desk.tap(desk.middle("join:0"));
    assert_eq!(
        desk.last_said(),
        "Join, button, Weekly, 14:00 – 15:00, started 5 minutes ago"
    );
    assert!(
        matches!(desk.room.phase(), Phase::Home),
        "one tap does nothing"
    );
    desk.pass(Duration::from_secs(2));
    // Anywhere on the panel.
    let join = desk.focus().to_owned();
    desk.tap(desk.middle("join:0"));
    desk.pass(Duration::from_millis(100));
    desk.tap((3, 3));
    assert_eq!(join, "join:0");
    assert!(matches!(desk.room.phase(), Phase::Joining(_)));
    assert!(desk.last_said().contains("Weekly"), "{}", desk.last_said());
    desk.come_in();
    assert!(desk.heard("Weekly. 4 other people"), "{:?}", desk.said);
    desk.tap(desk.middle("microphone"));
    assert_eq!(desk.last_said(), "Microphone, switch, on, Mute");
    desk.pass(Duration::from_millis(100));
    desk.tap((3, 3));
    assert!(desk.room.muted().microphone);
    assert_eq!(
        desk.last_said(),
        "Microphone, switch, off, Unmute",
        "it says how it is now"
    );
}

#[test]
fn a_flick_goes_on_and_back_and_a_moving_finger_hears_each_thing_once() {
    let mut desk = Desk::with("spoken = true");
    desk.flick(300, 600);
    let first = desk.focus().to_owned();
    desk.flick(300, 600);
    let second = desk.focus().to_owned();
    assert_ne!(first, second);
    desk.flick(600, 300);
    assert_eq!(desk.focus(), first);
    let (x, y) = desk.middle("access");
    desk.finger(x, y, TouchPhase::Down);
    desk.pass(Duration::from_millis(200));
    let said = desk.said.len();
    desk.finger(x + 2, y, TouchPhase::Move);
    desk.finger(x + 4, y, TouchPhase::Move);
    assert_eq!(desk.said.len(), said);
    assert_eq!(desk.last_said(), "Display and accessibility, button");
}

#[test]
fn by_ear_keys_read_on_through_everything() {
    let mut desk = Desk::with("spoken = true");
    desk.key("Home");
    let mut heard = vec![desk.last_said().to_owned()];
    for _ in 0..12 {
        desk.key("ArrowDown");
        heard.push(desk.last_said().to_owned());
    }
    assert!(
        heard.iter().any(|words| words.starts_with("14:05")),
        "{heard:?}"
    );
    assert!(
        heard
            .iter()
            .any(|words| words == "Weekly, 14:00 – 15:00, started 5 minutes ago")
    );
}

#[test]
fn an_alert_comes_before_what_is_being_said_and_a_status_after() {
    let mut desk = Desk::in_call("spoken = true");
    let call = desk.room.phase().call().unwrap();
    desk.said.clear();
    desk.room.handle(
        at(desk.now),
        Event::Call(call, CallEvent::Participants(Vec::new())),
    );
    desk.draw();
    let status = desk
        .said
        .iter()
        .find(|(text, _)| text.contains("Nobody") || text.contains("alone"));
    assert_eq!(
        status.map(|(_, priority)| *priority),
        Some(Priority::Polite),
        "{:?}",
        desk.said
    );
    desk.said.clear();
    desk.room.handle(
        at(desk.now),
        Event::Call(
            call,
            CallEvent::Reconnecting {
                reason: String::new(),
            },
        ),
    );
    desk.draw();
    assert_eq!(
        desk.said.first().map(|(_, priority)| *priority),
        Some(Priority::Assertive)
    );
}

#[test]
fn keys_for_calls_mean_the_same_on_every_screen() {
    let mut desk = Desk::with("");
    for key in ["HeadsetHook", "Call", "EndCall", "MicrophoneMuteToggle"] {
        desk.key(key);
        assert_eq!(
            desk.room.phase(),
            &Phase::Home,
            "there is nothing to answer"
        );
    }
    let mut desk = Desk::in_call("");
    let muted = |desk: &Desk| desk.room.muted().microphone;
    let before = muted(&desk);
    let mute = Key::down(KeyName::MicrophoneMuteToggle);
    desk.send(mute);
    assert_ne!(muted(&desk), before);
    desk.send(Key {
        phase: KeyPhase::Repeat,
        ..mute
    });
    desk.send(mute.up());
    assert_ne!(muted(&desk), before, "once, however long it is held");
    let volume = |desk: &Desk| desk.room.sound().volume;
    let loud = volume(&desk);
    desk.key("AudioVolumeDown");
    desk.key("AudioVolumeDown");
    assert!(volume(&desk) < loud);
    let quiet = volume(&desk);
    desk.key("AudioVolumeUp");
    assert!(volume(&desk) > quiet);
    desk.key("Call");
    assert!(desk.room.phase().in_call().is_some(), "it is picked up");
    desk.key("HeadsetHook");
    assert!(desk.room.phase().in_call().is_none(), "hung up");
    let mut desk = Desk::in_call("");
    desk.key("EndCall");
    assert!(desk.room.phase().in_call().is_none(), "hung up");
}

#[test]
fn the_hook_answers_who_calls_the_room() {
    let rings = || {
        let mut desk = Desk::with("");
        let ring = Event::Ringing(scenes::ring(None, true));
        desk.room.handle(at(desk.now), ring);
        desk.draw();
        desk
    };
    for key in ["HeadsetHook", "Call"] {
        let mut desk = rings();
        desk.key(key);
        let phase = desk.room.phase();
        assert!(phase.call().is_some(), "{key}: {phase:?}");
    }
    let mut desk = rings();
    desk.key("EndCall");
    assert!(desk.room.rings().is_empty(), "declined");
    assert_eq!(desk.room.phase(), &Phase::Home);
}

#[test]
fn passwords_are_stars() {
    let mut desk = Desk::with("spoken = true");
    desk.tab_to("join:0");
    desk.key("Enter");
    let call = desk.room.phase().call().unwrap();
    let asked = CallEvent::PasswordNeeded { refused: false };
    desk.room.handle(at(desk.now), Event::Call(call, asked));
    desk.draw();
    desk.said.clear();
    for key in ["K", "l", "ü"] {
        desk.key(key);
    }
    assert!(
        desk.said.iter().filter(|(text, _)| text == "star").count() == 3,
        "{:?}",
        desk.said
    );
    assert!(!desk.heard("K") && !desk.heard("ü"), "{:?}", desk.said);
    assert_eq!(desk.console.navigation().typing().text.reveal(), "Klü");
    desk.key("Backspace");
    assert_eq!(desk.last_said(), "deleted");
}

#[test]
fn holding_the_clock_or_three_keys_turns_speech_on_and_off() {
    let mut desk = Desk::with("");
    let (x, y) = desk.middle("clock");
    desk.finger(x, y, TouchPhase::Down);
    desk.pass(Duration::from_millis(2_900));
    assert!(!desk.comfort().spoken, "not by accident");
    desk.pass(Duration::from_millis(200));
    assert!(desk.comfort().spoken);
    assert!(desk.last_said().starts_with("The panel speaks") || desk.heard("The panel speaks"));
    desk.finger(x, y, TouchPhase::Up);
    let modifiers = Modifiers {
        ctrl: true,
        alt: true,
        shift: false,
    };
    let key = Key {
        modifiers,
        ..Key::down(KeyName::Character('s'))
    };
    desk.send(key);
    desk.pass(Duration::from_secs(3));
    desk.send(key.up());
    assert!(!desk.comfort().spoken);
    assert!(desk.heard("no longer speaks"));
}

#[test]
fn what_people_chose_is_theirs_until_they_left() {
    let mut desk = Desk::with("");
    desk.tab_to("access");
    desk.key("Enter");
    desk.tab_to("text-larger");
    desk.key("Enter");
    assert_eq!(desk.comfort().scale.get(), 125);
    desk.key("Escape");
    desk.tab_to("join:0");
    desk.key("Enter");
    desk.come_in();
    assert_eq!(desk.comfort().scale.get(), 125, "in their meeting");
    desk.tab_to("leave");
    desk.key("Enter");
    let call = desk.room.phase().call().unwrap();
    desk.room.handle(
        at(desk.now),
        Event::Call(call, CallEvent::Ended(saal_meeting::EndReason::Left)),
    );
    desk.draw();
    assert_eq!(
        desk.console.navigation().comfort(),
        None,
        "and then as the room is set"
    );
}

/// No time limit without a word, and a touch anywhere extends it.
#[test]
fn nobody_there_for_long_and_the_room_is_as_it_is_set() {
    let mut desk = Desk::with("");
    desk.tab_to("access");
    desk.key("Enter");
    desk.tab_to("theme-contrast");
    desk.key("Enter");
    desk.pass(Duration::from_secs(4 * 60 + 1));
    assert!(
        desk.layout.element("forgets-soon").is_some(),
        "it says so a minute before"
    );
    desk.finger(3, 3, TouchPhase::Down);
    assert!(desk.layout.element("forgets-soon").is_none());
    desk.pass(Duration::from_secs(4 * 60 - 1));
    assert!(
        desk.console.navigation().comfort().is_some(),
        "kept for whoever is there"
    );
    desk.pass(Duration::from_secs(62));
    assert_eq!(desk.console.navigation().comfort(), None);
}

#[test]
fn typing_on_a_keyboard_needs_no_focus() {
    let mut desk = Desk::with("");
    desk.tab_to("join:0");
    desk.key("Enter");
    let call = desk.room.phase().call().unwrap();
    desk.room.handle(
        at(desk.now),
        Event::Call(call, CallEvent::PasswordNeeded { refused: false }),
    );
    desk.draw();
    desk.finger(3, 3, TouchPhase::Down);
    for key in ["p", "w", " ", "1"] {
        desk.key(key);
    }
    assert_eq!(desk.console.navigation().typing().text.reveal(), "pw 1");
    desk.key("Enter");
    assert_eq!(
        desk.console.navigation().typing().text.reveal(),
        "",
        "it was given"
    );
}

#[test]
fn a_held_key_does_a_thing_once() {
    let mut desk = Desk::in_call("");
    desk.tab_to("microphone");
    let space = Key::down(KeyName::Character(' '));
    desk.send(space);
    let repeat = Key {
        phase: saal_hal::KeyPhase::Repeat,
        ..space
    };
    desk.send(repeat);
    desk.send(repeat);
    assert!(desk.room.muted().microphone, "not on and off and on");
}
