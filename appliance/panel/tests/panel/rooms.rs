//! The room's state as the panel shows it.

use std::time::Duration;

use jiff::Timestamp;
use saal_core::{Event, Intent, Now, Room};
use saal_fleet_protocol::config::{Language, parse};
use saal_meeting::{AccountState, CallEvent, CallId, Meeting};
use saal_panel::{Navigation, Renderer, Screen, View};

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
width = 1024
height = 600
"#;

fn now() -> Now {
    let wall: Timestamp = scenes::NOW.parse().unwrap();
    Now {
        wall,
        mono: Duration::from_secs(60),
    }
}

fn room() -> Room {
    let mut room = Room::new();
    room.handle(now(), Event::Config(Box::new(parse(CONFIG).unwrap())));
    room
}

/// What people see who opened nothing.
fn view(room: &Room) -> View {
    View::of(room, now(), &Navigation::default())
}

fn weekly() -> Meeting {
    scenes::meeting("Weekly", scenes::at("14:00"), scenes::at("15:00"))
}

fn with_meeting() -> Room {
    let mut room = room();
    room.handle(
        now(),
        Event::Meetings {
            meetings: vec![weekly()],
            problems: Vec::new(),
            put_off: Vec::new(),
        },
    );
    room
}

#[test]
fn a_room_without_configuration_starts() {
    let view = view(&Room::new());
    assert_eq!(view.screen, Screen::Starting);
    assert!(!Renderer::new().lay_out(&view, None).overflows());
}

#[test]
fn the_configuration_decides_language_and_size() {
    let view = view(&room());
    assert_eq!(
        (view.width, view.height, view.language),
        (1024, 600, Language::En)
    );
    assert_eq!(view.room, "Raum Lahn");
}

#[test]
fn from_the_calendar_into_the_call_and_out() {
    let mut room = with_meeting();
    let layout = Renderer::new().lay_out(&view(&room), None);
    let join = layout
        .elements()
        .iter()
        .find(|e| e.label == "Join")
        .expect("it is 14:05");
    assert_eq!(join.intent, Some(Intent::Join(weekly().id)));

    room.handle(now(), Event::Intent(join.intent.clone().unwrap()));
    assert!(matches!(view(&room).screen, Screen::Joining { .. }));

    let call = room.phase().call().unwrap_or(CallId(0));
    room.handle(now(), Event::Call(call, CallEvent::Joined));
    room.handle(
        now(),
        Event::Call(call, CallEvent::Participants(scenes::people())),
    );
    let Screen::Call(shown) = view(&room).screen else {
        panic!("in the call: {:?}", room.phase());
    };
    let seen = (shown.title.as_str(), shown.participants.len());
    assert_eq!(seen, ("Weekly", 4));
    assert!(!shown.reconnecting);

    let reason = "socket closed".to_owned();
    room.handle(now(), Event::Call(call, CallEvent::Reconnecting { reason }));
    let Screen::Call(shown) = view(&room).screen else {
        panic!("reconnecting: {:?}", room.phase());
    };
    assert!(shown.reconnecting);

    room.handle(now(), Event::Intent(Intent::Leave));
    assert!(matches!(view(&room).screen, Screen::Leaving { .. }));
}

#[test]
fn an_unreachable_server_is_told_in_words() {
    let mut room = room();
    let account = AccountState::Unreachable {
        server: "matrix.example.org".to_owned(),
        reason: "connection refused".to_owned(),
    };
    room.handle(now(), Event::Account(account));
    let layout = Renderer::new().lay_out(&view(&room), None);
    let alert = layout
        .elements()
        .iter()
        .find(|e| e.id == "trouble:homeserver_unreachable");
    let alert = alert.expect("shown on the panel");
    assert_eq!(alert.label, "No connection to the server");
    assert!(
        alert
            .description
            .starts_with("matrix.example.org does not answer.")
    );

    let account = AccountState::Untrusted {
        server: "matrix.example.org".to_owned(),
        reason: "NotValidForName".to_owned(),
    };
    room.handle(now(), Event::Account(account));
    let layout = Renderer::new().lay_out(&view(&room), None);
    let mut alerts = layout.elements().iter();
    let alert = alerts.find(|e| e.id.starts_with("trouble:"));
    let alert = alert.expect("shown in its place");
    assert_eq!(alert.label, "No safe connection to the server");
    assert!(
        alert
            .description
            .contains("certificate of matrix.example.org")
    );
}
