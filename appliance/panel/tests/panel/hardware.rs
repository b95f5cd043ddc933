//! The panel's display and touch screen: which they are, and how they rest.

use std::time::Duration;

use jiff::Timestamp;
use saal_core::{Event, Now, Presence, Room};
use saal_fleet_protocol::{Config, config::parse};
use saal_hal::{Display, DisplayMode, KeyboardLayout, Look, Touch, TouchPhase, TouchScreen};
use saal_panel::{Rest, panel_display, panel_keyboard, panel_touch_screen};

use crate::scenes;

fn config(panel: &str, television: &str) -> Config {
    let text = format!(
        "version = 1\n[room]\nname = \"Lahn\"\ntime_zone = \"Europe/Berlin\"\n[[meetings]]\n\
         title = \"A\"\nlink = \"https://meet.example.org/a\"\n[panel]\n{panel}\n[television]\n{television}\n"
    );
    parse(&text).unwrap()
}

fn display(connector: &str, millimetres: Option<(u32, u32)>, mode: (u32, u32)) -> Display {
    Display {
        id: format!("pci-0000:00:02.0/{connector}"),
        name: format!("Display at {connector}"),
        connector: connector.to_owned(),
        node: "/dev/dri/card0".to_owned(),
        modes: vec![DisplayMode {
            width: mode.0,
            height: mode.1,
            hertz: 60,
        }],
        millimetres,
    }
}

fn touch_screen(id: &str, name: &str) -> TouchScreen {
    TouchScreen {
        id: id.to_owned(),
        name: name.to_owned(),
    }
}

/// Which connector is the panel's, of these displays, with a touch screen.
fn chosen(all: &[Display], config: &Config) -> Option<String> {
    let touch = [touch_screen("usb-1", "Glass")];
    panel_display(all, config, &touch).map(|display| display.connector.clone())
}

#[test]
fn keyboards_are_used_where_the_panel_is_on_a_display_and_write_what_the_room_speaks() {
    let used = |panel: &str, is_on_display| panel_keyboard(&config(panel, ""), is_on_display);
    assert_eq!(used("", true), Some(KeyboardLayout::German));
    assert_eq!(used("", false), None, "somebody works on that desk");
    assert_eq!(
        used("keyboard = \"us\"", false),
        Some(KeyboardLayout::Us),
        "as the configuration says"
    );
    assert_eq!(used("keyboard = \"none\"", true), None);
    let text = "version = 1\n[room]\nname = \"Lahn\"\nlanguage = \"en\"\n\
        time_zone = \"Europe/Berlin\"\n[[meetings]]\ntitle = \"A\"\nlink = \"https://meet.example.org/a\"\n";
    let english = parse(text).unwrap();
    assert_eq!(panel_keyboard(&english, true), Some(KeyboardLayout::Us));
}

#[test]
fn a_television_alone_stays_a_television() {
    let television = [display("HDMI-A-1", Some((1200, 700)), (3840, 2160))];
    for wanted in ["display = \"auto\"", "display = \"HDMI-A-1\""] {
        assert_eq!(chosen(&television, &config("", wanted)), None, "{wanted}");
    }
    let nothing_to_touch = panel_display(&television, &config("", ""), &[]);
    assert_eq!(nothing_to_touch, None, "nobody could touch it");
    let no_panel = config("display = \"none\"", "");
    assert_eq!(chosen(&television, &no_panel), None);
}

#[test]
fn the_panel_is_the_machines_own_display_else_the_smallest_that_is_left() {
    let television = display("HDMI-A-1", Some((1200, 700)), (1920, 1080));
    let panel = display("HDMI-A-2", Some((220, 130)), (1920, 1080));
    let own = display("DSI-1", None, (720, 1280));
    let some = |connector: &str| Some(connector.to_owned());
    let auto = config("", "display = \"auto\"");
    let both = [television.clone(), panel.clone()];
    assert_eq!(chosen(&both, &auto), some("HDMI-A-2"));
    assert_eq!(
        chosen(&both, &config("", "display = \"HDMI-A-2\"")),
        some("HDMI-A-1")
    );
    let all = [television.clone(), panel.clone(), own.clone()];
    assert_eq!(chosen(&all, &auto), some("DSI-1"));
    let two = config("", "display = \"auto\"\ncontent_display = \"auto\"");
    assert_eq!(chosen(&both, &two), None, "both are the television's");
    assert_eq!(
        chosen(&[own], &auto),
        some("DSI-1"),
        "the television is off"
    );
    assert_eq!(
        chosen(&[panel], &config("", "")),
        some("HDMI-A-2"),
        "no television"
    );
    let named = config("display = \"HDMI-A-1\"", "display = \"auto\"");
    assert_eq!(chosen(&both, &named), some("HDMI-A-1"));
    assert_eq!(chosen(&[], &named), None);
    assert_eq!(
        panel_display(&both, &named, &[]),
        Some(&television),
        "named, it needs no touch screen"
    );
}

#[test]
fn the_touch_screen_is_the_named_one_else_the_first() {
    let all = [
        touch_screen("usb-1", "Glass"),
        touch_screen("usb-2", "Television"),
    ];
    let named = |panel: &str| panel_touch_screen(&all, &config(panel, "")).map(|s| s.id.as_str());
    assert_eq!(named(""), Some("usb-1"));
    assert_eq!(named("touch_screen = \"Television\""), Some("usb-2"));
    assert_eq!(named("touch_screen = \"usb-2\""), Some("usb-2"));
    assert_eq!(named("touch_screen = \"none\""), None);
    assert_eq!(named("touch_screen = \"Other\""), None);
}

fn at(seconds: u64) -> Now {
    let start: Timestamp = scenes::NOW.parse().unwrap();
    let span = Duration::from_secs(seconds);
    Now {
        wall: start.checked_add(span).unwrap(),
        mono: span,
    }
}

fn room(panel: &str) -> Room {
    let mut room = Room::new();
    room.handle(at(0), Event::Config(Box::new(config(panel, ""))));
    room
}

fn finger(phase: TouchPhase) -> Touch {
    Touch { x: 5, y: 5, phase }
}

#[test]
fn a_panel_dims_when_nobody_is_there_and_the_touch_that_wakes_it_means_nothing_else() {
    let room = room("dim_after_minutes = 5");
    let (mut rest, mut presence) = (Rest::default(), Presence::default());
    presence.touched(at(0));
    assert_eq!(rest.look(&presence, &room, at(299)).brightness, 100);
    let due = presence.next_deadline(&room, at(299));
    assert_eq!(due, Some(Duration::from_secs(300)));
    assert!(rest.look(&presence, &room, at(300)).brightness < 50);
    // The daemon is told of the touch first, and looks again before the finger is lifted.
    presence.touched(at(900));
    assert_eq!(rest.touch(finger(TouchPhase::Down)), None);
    assert_eq!(rest.look(&presence, &room, at(900)).brightness, 100);
    assert_eq!(rest.touch(finger(TouchPhase::Move)), None);
    assert_eq!(rest.touch(finger(TouchPhase::Up)), None);
    let next = finger(TouchPhase::Down);
    assert_eq!(rest.touch(next), Some(next));
    let never = self::room("dim_after_minutes = 0");
    assert_eq!(rest.look(&presence, &never, at(90_000)).brightness, 100);
}

#[test]
fn the_picture_moves_now_and_then_a_little_and_never_under_anybodys_eyes() {
    let room = room("dim_after_minutes = 0");
    let (mut rest, mut presence) = (Rest::default(), Presence::default());
    let shift = |rest: &mut Rest, presence: &Presence, now| rest.look(presence, &room, now).shift;
    for second in (0..900).step_by(30) {
        presence.touched(at(second));
        assert_eq!(
            shift(&mut rest, &presence, at(second)),
            (0, 0),
            "somebody is there"
        );
    }
    let mut seen = vec![(0, 0)];
    let mut now = at(900);
    while now.mono < Duration::from_secs(20_000) {
        let due = rest.next_deadline(&presence, now);
        assert!(due > now.mono, "a deadline lies ahead");
        now = at(due.as_secs());
        let Look { shift, .. } = rest.look(&presence, &room, now);
        let last = *seen.last().unwrap();
        assert_ne!(shift, last, "it moves when it said so");
        let (dx, dy) = (shift.0 - last.0, shift.1 - last.1);
        assert!(dx.abs() <= 1 && dy.abs() <= 1, "by a pixel at a time");
        assert!(shift.0.abs() <= 2 && shift.1.abs() <= 2, "{shift:?}");
        seen.push(shift);
    }
    assert!(seen.len() > 8, "{seen:?}");
}
