//! Whoever looks after the room stands before its panel: what they touch and what comes of it.

use std::time::Duration;

use saal_core::{Effect, Event, Intent, Now, Room, SystemFacts, SystemRequest};
use saal_fleet_protocol::config::{Theme, parse};
use saal_hal::{Key, KeyName, Touch, TouchPhase};
use saal_meeting::Secret;
use saal_panel::{Console, Element, HOLD, Layout, Renderer, Screen, View};

use crate::scenes;

const CONFIG: &str = r#"
version = 1
[room]
name = "Raum Lahn"
language = "en"
time_zone = "Europe/Berlin"
[[meetings]]
title = "Weekly"
link = "https://meet.example.org/weekly"
[television]
display = "auto"
"#;

/// A room, its panel and somebody before it.
struct Wall {
    room: Room,
    console: Console,
    renderer: Renderer,
    at: Duration,
    asked: Vec<Effect>,
}

impl Wall {
    /// A room whose computer does what it asks for.
    fn at_home(pin: Option<&str>) -> Self {
        let mut wall = Self {
            room: Room::new(),
            console: Console::default(),
            renderer: Renderer::new(),
            at: Duration::from_secs(60),
            asked: Vec::new(),
        };
        wall.tell(Event::Config(Box::new(parse(CONFIG).unwrap())));
        wall.tell(Event::SettingsPin(pin.map(Secret::new)));
        let facts = SystemFacts {
            takes_requests: true,
            version: "0.1.0".to_owned(),
            ..SystemFacts::default()
        };
        wall.tell(Event::SystemFacts(Box::new(facts)));
        wall
    }

    /// Somebody opened the settings with the PIN.
    fn open() -> Self {
        let mut wall = Self::at_home(Some("4711"));
        wall.touch_all(&["access", "settings"]);
        wall.types("4711");
        assert!(wall.find("network").is_some());
        wall
    }

    fn now(&self) -> Now {
        Now {
            wall: scenes::NOW.parse().unwrap(),
            mono: self.at,
        }
    }

    fn tell(&mut self, event: Event) {
        let now = self.now();
        self.room.handle(now, event);
        self.asked
            .extend(std::iter::from_fn(|| self.room.poll_effect()));
    }

    fn look(&mut self) -> Layout {
        self.console.follow(&self.room, self.at);
        let view = View::of(&self.room, self.now(), self.console.navigation());
        let layout = self.renderer.lay_out(&view, self.console.pressed());
        assert!(!layout.overflows(), "something is cut");
        layout
    }

    fn find(&mut self, id: &str) -> Option<Element> {
        self.look().element(id).cloned()
    }

    fn finger(&mut self, id: &str, phase: TouchPhase) {
        let layout = self.look();
        let ids: Vec<&str> = layout.elements().iter().map(|e| e.id.as_str()).collect();
        let found = layout.element(id);
        let found = found.unwrap_or_else(|| panic!("no {id} in {ids:?}"));
        let (x, y) = found.rect.middle();
        let touch = Touch { x, y, phase };
        let worked = self.console.touch(&layout, touch, self.at);
        self.follow(worked.intent);
    }

    fn follow(&mut self, intent: Option<Intent>) {
        if let Some(intent) = intent {
            self.tell(Event::Intent(intent));
        }
        if let Some(lock) = self.console.left(&self.room) {
            self.tell(Event::Intent(lock));
        }
    }

    fn touch(&mut self, id: &str) {
        self.finger(id, TouchPhase::Down);
        self.finger(id, TouchPhase::Up);
    }

    fn touch_all(&mut self, ids: &[&str]) {
        ids.iter().for_each(|id| self.touch(id));
    }

    fn types(&mut self, pin: &str) {
        for digit in pin.chars() {
            self.touch(&format!("key:{digit}"));
        }
        self.touch("enter");
    }

    fn key(&mut self, name: KeyName) {
        let layout = self.look();
        for key in [Key::down(name), Key::down(name).up()] {
            let worked = self.console.key(&layout, key, self.at);
            self.follow(worked.intent);
        }
    }

    fn wait(&mut self, time: Duration) {
        self.at += time;
        let layout = self.look();
        let worked = self.console.tick(&layout, self.at);
        self.follow(worked.intent);
        self.tell(Event::Deadline);
    }

    fn was_asked(&self, request: SystemRequest) -> bool {
        self.asked.contains(&Effect::AskSystem(request))
    }
}

#[test]
fn the_settings_open_with_the_pin_and_lock_behind_who_leaves() {
    let mut wall = Wall::open();
    wall.touch("look");
    wall.touch("theme-dark");
    assert_eq!(wall.room.config().unwrap().panel.theme, Theme::Dark);
    assert_eq!(wall.find("theme-dark").unwrap().state.pressed, Some(true));
    wall.touch_all(&["back", "back", "back"]);
    assert!(wall.find("clock").is_some() && wall.find("settings").is_none());
    wall.touch_all(&["access", "settings"]);
    assert!(wall.find("digits").is_some(), "the PIN is asked for again");
}

#[test]
fn escape_leads_out_and_locks_too() {
    let mut wall = Wall::open();
    wall.touch("network");
    for _ in 0..4 {
        wall.key(KeyName::Escape);
    }
    assert!(!wall.room.settings_are_open());
    wall.look();
    assert_eq!(wall.console.navigation().sheet(), None);
}

#[test]
fn a_wrong_pin_is_said_and_after_three_people_see_how_long_they_wait() {
    let mut wall = Wall::at_home(Some("4711"));
    wall.touch_all(&["access", "settings"]);
    assert!(
        wall.find("enter").unwrap().state.disabled,
        "nothing is typed"
    );
    wall.types("1234");
    let hint = wall.find("hint").unwrap();
    assert_eq!(hint.label, "That PIN is wrong. Please try again.");
    assert_eq!(wall.find("digits").unwrap().description, "empty");
    wall.types("1234");
    wall.types("1234");
    let said = |wall: &mut Wall| wall.find("hint").unwrap().label;
    let wait = "Too many wrong PINs. You can try again in ";
    assert_eq!(said(&mut wall), format!("{wait}30 seconds."));
    assert!(wall.find("key:4").unwrap().state.disabled);
    wall.wait(Duration::from_secs(29));
    assert_eq!(said(&mut wall), format!("{wait}1 second."));
    wall.wait(Duration::from_secs(1));
    wall.types("4711");
    assert!(wall.find("network").is_some());
}

#[test]
fn what_is_typed_is_on_no_picture_and_in_no_tree() {
    let mut wall = Wall::at_home(Some("4711"));
    wall.touch_all(&["access", "settings", "key:4", "key:7"]);
    let field = wall.find("digits").unwrap();
    assert_eq!(field.description, "2 characters");
    let tree = format!("{:?}", wall.look().elements());
    assert!(!tree.contains("47"), "{tree}");
    wall.key(KeyName::Character('1'));
    assert_eq!(wall.find("digits").unwrap().description, "3 characters");
}

#[test]
fn without_a_pin_people_learn_why_there_is_nothing() {
    let mut wall = Wall::at_home(None);
    wall.touch_all(&["access", "settings"]);
    let why = wall.find("no-pin").unwrap();
    assert!(why.label.starts_with("No PIN is set up"), "{}", why.label);
    assert!(wall.find("network").is_none());
    wall.touch("access");
    assert!(wall.find("theme-dark").is_some());
}

#[test]
fn settings_close_when_nobody_is_there() {
    let mut wall = Wall::open();
    wall.wait(Duration::from_secs(4 * 60));
    let soon = wall.find("forgets-soon").unwrap();
    assert!(soon.label.starts_with("In a minute the settings close"));
    wall.finger("network", TouchPhase::Down);
    wall.finger("sheet", TouchPhase::Up);
    assert!(wall.find("forgets-soon").is_none(), "somebody is there");
    wall.wait(Duration::from_secs(4 * 60));
    wall.wait(Duration::from_secs(60));
    assert!(!wall.room.settings_are_open());
    assert_eq!(wall.console.navigation().sheet(), None);
}

#[test]
fn a_restart_is_asked_about_and_then_the_panel_says_what_happens() {
    let mut wall = Wall::open();
    wall.touch_all(&["system", "restart"]);
    assert!(!wall.was_asked(SystemRequest::Restart));
    wall.touch("restart");
    assert!(wall.was_asked(SystemRequest::Restart));
    let down = wall.find("going-down").unwrap();
    assert_eq!(down.label, "The computer restarts");
    let (request, reason) = (SystemRequest::Restart, "nobody looks".to_owned());
    wall.tell(Event::SystemRefused { request, reason });
    wall.touch("back");
    let note = wall.find("system-note").unwrap();
    assert!(note.label.starts_with("It was not restarted."));
}

#[test]
fn a_factory_reset_takes_three_seconds_or_two_touches() {
    let reset = SystemRequest::FactoryReset;
    let mut wall = Wall::open();
    wall.touch_all(&["system", "factory-reset"]);
    let lost = wall.find("question").unwrap();
    assert!(lost.description.contains("encryption keys"));
    // A touch is not enough, nor is a finger that goes too soon or elsewhere.
    wall.touch("factory-reset");
    wall.finger("factory-reset", TouchPhase::Down);
    wall.wait(HOLD - Duration::from_millis(100));
    wall.finger("back", TouchPhase::Move);
    wall.wait(HOLD);
    wall.finger("question", TouchPhase::Up);
    assert!(!wall.was_asked(reset));
    wall.finger("factory-reset", TouchPhase::Down);
    wall.wait(HOLD);
    assert!(wall.was_asked(reset));
    let view = View::of(&wall.room, wall.now(), wall.console.navigation());
    assert_eq!(view.screen, Screen::GoingDown(reset));

    let mut wall = Wall::open();
    wall.touch_all(&["system", "factory-reset", "understood"]);
    assert_eq!(wall.find("understood").unwrap().state.pressed, Some(true));
    assert!(!wall.was_asked(reset));
    wall.touch("factory-reset");
    assert!(wall.was_asked(reset));
}

#[test]
fn who_goes_back_from_a_factory_reset_understands_anew() {
    let mut wall = Wall::open();
    wall.touch_all(&["system", "factory-reset", "understood", "back"]);
    wall.touch("factory-reset");
    assert_eq!(wall.find("understood").unwrap().state.pressed, Some(false));
}

#[test]
fn a_computer_that_takes_no_requests_offers_none() {
    let mut wall = Wall::open();
    wall.tell(Event::SystemFacts(Box::default()));
    wall.touch("system");
    assert!(wall.find("restart").is_none() && wall.find("factory-reset").is_none());
    let note = wall.find("system-note").unwrap();
    assert!(note.label.contains("does not let the room restart"));
}

#[test]
fn everybody_reads_what_was_in_use() {
    let mut wall = Wall::at_home(None);
    wall.tell(Event::RemoteTouch);
    wall.touch_all(&["access", "about", "privacy"]);
    let used = wall.find("use:0").unwrap();
    assert_eq!(used.label, "Somebody worked the panel from elsewhere");
    assert_eq!(used.description, "Today, since 14:05, still going on");
    wall.touch_all(&["back", "components", "back", "licences"]);
    assert!(wall.find("licence-saal").is_some());
}
