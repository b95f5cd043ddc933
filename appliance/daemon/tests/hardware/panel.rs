//! The panel on its own display, touched on its glass.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use evdev::KeyCode;
use serde_json::Value;

use crate::{
    outputs, seen,
    touching::{self, TouchScreen},
    typing::Typewriter,
};

/// A daemon; it ends with the test.
struct Daemon {
    process: Child,
    /// Where its web view listens.
    web: String,
}

impl Daemon {
    fn start(config: &str) -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("saal.toml");
        std::fs::write(&file, config).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_saald"))
            .args(["--config".as_ref(), file.as_os_str()])
            .args(["--state".as_ref(), folder.path().join("state").as_os_str()])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let web = loop {
            let line = log.next().expect("it says where it listens").unwrap();
            eprintln!("{line}");
            if let Some((_, address)) = line.split_once("panel and television: http://") {
                break address.trim_end_matches('/').to_owned();
            }
        };
        std::thread::spawn(move || {
            log.map_while(Result::ok)
                .for_each(|line| eprintln!("{line}"))
        });
        (Self { process, web }, folder)
    }

    fn get(&self, path: &str) -> Vec<u8> {
        let mut socket = TcpStream::connect(&self.web).unwrap();
        let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.web);
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n");
        answer.split_off(end.expect("an answer has a head") + 4)
    }

    fn panel(&self) -> Value {
        serde_json::from_slice(&self.get("/api/panel.json")).unwrap()
    }

    /// Waits until the panel's tree is so.
    fn until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let panel = self.panel();
            if is(&panel) {
                return panel;
            }
            eprintln!("waiting until {what}: the screen is {}", panel["screen"]);
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until the display shows what the web view does.
fn is_shown(daemon: &Daemon, name: &str) {
    let mut request = seen::Request::new(name, "png");
    while !request.ask(&daemon.get("/panel.png")) {
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn number(value: &Value) -> i32 {
    i32::try_from(value.as_i64().unwrap()).unwrap()
}

/// The middle of an element as a part of the glass, in the touch screen's numbers.
fn place(panel: &Value, id: &str) -> (i32, i32) {
    let elements = panel["elements"].as_array().unwrap();
    let element = elements.iter().find(|element| element["id"] == id);
    let area = &element.unwrap_or_else(|| panic!("no {id} in {panel:#}"))["rect"];
    let middle = |start: &str, length: &str, size: &str, most: i32| {
        (number(&area[start]) + number(&area[length]) / 2) * most / number(&panel[size])
    };
    let (right, bottom) = touching::MOST;
    (
        middle("x", "width", "width", right),
        middle("y", "height", "height", bottom),
    )
}

/// A room with a meeting on a server that never answers: it goes on joining.
fn config(silent: &TcpListener, panel: &str, television: &str) -> String {
    format!(
        "version = 1\n[room]\nname = \"Raum Lahn\"\ntime_zone = \"Europe/Berlin\"\n\
         [[meetings]]\ntitle = \"Standup\"\nlink = \"http://{}/standup\"\n\
         [devices]\ncamera = \"none\"\nmicrophone = \"none\"\nloudspeaker = \"none\"\n\
         [panel]\ndisplay = \"{panel}\"\ntouch_screen = \"Glass\"\nwidth = 1024\nheight = 768\n\
         [television]\ndisplay = \"{television}\"\n[web]\nlisten = \"127.0.0.1:0\"\n",
        silent.local_addr().unwrap(),
    )
}

/// Whether the panel has an element with this id.
fn has(id: &str) -> impl Fn(&Value) -> bool {
    move |panel| {
        let all = panel["elements"].as_array();
        all.is_some_and(|all| all.iter().any(|element| element["id"] == id))
    }
}

#[test]
#[ignore = "needs a graphics card with an output, uinput and root"]
fn a_keyboard_that_is_plugged_in_enters_a_meeting_and_leaves_it() {
    let (_plugged, television, panel) = outputs::Plugged::beside();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (daemon, _folder) = Daemon::start(&config(&silent, &panel.id, &television.id));
    daemon.until("the meeting is there", has("join:0"));
    let mut keyboard = Typewriter::plug("Keyboard");
    let mut tab_to = |id: &str| {
        let focused = |panel: &Value| panel["focus"] == id;
        // The first one may come before the daemon knows the keyboard.
        while !focused(&daemon.panel()) {
            let before = daemon.panel()["focus"].clone();
            keyboard.press(KeyCode::KEY_TAB);
            for _ in 0..20 {
                if daemon.panel()["focus"] != before {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        keyboard.press(KeyCode::KEY_ENTER);
    };
    tab_to("join:0");
    daemon.until("the room joins", |panel| panel["screen"] == "joining");
    tab_to("cancel");
    daemon.until("it is home again", |panel| panel["screen"] == "home");
}

#[test]
#[ignore = "needs a graphics card with two outputs, uinput, root, and somebody who looks at the display"]
fn the_panel_is_on_its_display_and_a_touch_on_the_glass_enters_a_meeting() {
    let (_plugged, television, panel) = outputs::Plugged::beside();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut glass = TouchScreen::plug("Glass");
    let (daemon, _folder) = Daemon::start(&config(&silent, &panel.id, &television.id));
    let home = daemon.until("the meeting is there", has("join:0"));
    is_shown(&daemon, "home");
    let join = place(&home, "join:0");
    glass.finger(0, join);
    glass.lift(0);
    daemon.until("the room joins", |panel| panel["screen"] == "joining");
    is_shown(&daemon, "joining");
    let all = daemon.panel();
    let troubled = all["elements"].as_array().unwrap().iter().find(|element| {
        let id = element["id"].as_str().unwrap_or_default();
        // On a slow machine the silent server has been given up by now.
        id.starts_with("trouble") && id != "trouble:join_failed"
    });
    assert_eq!(troubled, None, "the television's display is the engine's");
}
