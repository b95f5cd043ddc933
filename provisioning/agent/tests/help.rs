//! Help from afar: server and agent in one process, over real TLS; only the room is simulated.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod support;

use std::time::Duration;

use reqwest::{Method, StatusCode};
use saal_agent::{
    discovery::Place,
    disk::Folder,
    identity::{self, Identity},
    link::{Credentials, Link},
    settings::Settings,
};
use saal_control::{HelpState, NumberedPicture};
use saal_fleet_protocol::fleet::{
    help::{HelpEnd, HelpWanted, PanelPicture, PanelTarget, Shown},
    wire::{FromDevice, FromServer, Hello},
};
use serde_json::{Value, json};
use support::fleet::{Device, Fleet, PATIENCE};

/// One pixel, with a button at it.
fn picture(number: u64, label: &str) -> NumberedPicture {
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==";
    let (label, png) = (label.to_owned(), png.to_owned());
    let targets = vec![PanelTarget { label, x: 3, y: 4 }];
    let panel = PanelPicture {
        width: 1280,
        height: 800,
        shown: Shown::Picture { png, targets },
    };
    NumberedPicture { number, panel }
}

/// A room of the fleet; returns the path of its help.
async fn room(fleet: &Fleet) -> (Device, String) {
    fleet
        .set("/", "room.time_zone", json!("Europe/Berlin"))
        .await;
    let device = fleet.unpack("SN1", None);
    let claimed = fleet.claim(&device, "kassel/rathaus/lahn").await;
    fleet.device("SN1", |d| d["online"] == true).await;
    let name = claimed["device"].as_str().unwrap();
    (device, format!("devices/{name}/help"))
}

/// How the help stands once it is so.
async fn stands(fleet: &Fleet, path: &str, fine: impl Fn(&Value) -> bool) -> Value {
    let looking = async {
        loop {
            let now = fleet.done(Method::GET, path, json!(null)).await;
            if fine(&now["state"]) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let stands = tokio::time::timeout(PATIENCE, looking).await;
    stands.expect("the help comes so far")
}

/// What the log says, oldest first: who did what, and why.
async fn log(fleet: &Fleet) -> Vec<(String, String, Value)> {
    let page = fleet.done(Method::GET, "audit", json!(null)).await;
    let items = page["items"].as_array().unwrap().iter().rev();
    let helps = items.filter(|item| item["act"].as_str().unwrap().starts_with("help_"));
    let line = |item: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        assert_eq!(item["scope"], "kassel/rathaus/lahn", "{item}");
        let why = item["after"]["why"].clone();
        (text(&item["act"]), text(&item["by"]["kind"]), why)
    };
    helps.map(line).collect()
}

fn line(act: &str, by: &str, why: impl Into<Value>) -> (String, String, Value) {
    (act.to_owned(), by.to_owned(), why.into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_allow_it_the_picture_comes_a_touch_goes_there_and_they_end_it() {
    let fleet = Fleet::start().await;
    let (device, path) = room(&fleet).await;
    device.room.says_of_help(HelpState::Asked {}, None);
    let ask = json!({"touch": true});
    fleet.done(Method::POST, &path, ask.clone()).await;
    let asked = HelpWanted::Ask {
        number: 1,
        name: "first".to_owned(),
        touch: true,
    };
    assert_eq!(device.room.wanted(1).await, [asked]);
    let panel = format!("{path}/panel");
    let seen = fleet.done(Method::GET, &panel, json!(null)).await;
    assert_eq!(seen["panel"], json!(null), "nobody has allowed it");
    let touch = format!("{path}/touch");
    let at = json!({"x": 640, "y": 400});
    let (status, problem) = fleet.ask(Method::POST, &touch, at.clone()).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("not_allowed"))
    );

    device
        .room
        .says_of_help(HelpState::Allowed {}, Some(picture(5, "Join")));
    stands(&fleet, &path, |state| state["allowed"].is_object()).await;
    let seen = fleet.done(Method::GET, &panel, json!(null)).await;
    assert_eq!(seen["panel"], json!(picture(5, "Join").panel));
    fleet.done(Method::POST, &touch, at).await;
    let (number, x, y) = (1, 640, 400);
    let wanted = device.room.wanted(2).await;
    assert_eq!(wanted[1..], [HelpWanted::Touch { number, x, y }]);

    let why = HelpEnd::Stopped;
    device.room.says_of_help(HelpState::Ended { why }, None);
    stands(&fleet, &path, |state| state["ended"]["why"] == "stopped").await;
    let (status, _) = fleet.ask(Method::GET, &panel, json!(null)).await;
    assert_eq!(status, StatusCode::CONFLICT, "nothing is shown any more");
    let lines = [
        line("help_asked", "program", json!(null)),
        line("help_allowed", "device", json!(null)),
        line("help_touched", "program", json!(null)),
        line("help_ended", "device", "stopped"),
    ];
    assert_eq!(log(&fleet).await, lines);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_over_where_the_operator_ends_it_the_room_says_no_or_the_way_is_lost() {
    let fleet = Fleet::start().await;
    let (mut device, path) = room(&fleet).await;
    let ask = json!({});
    device
        .room
        .says_of_help(HelpState::Allowed {}, Some(picture(1, "Join")));
    fleet.done(Method::POST, &path, ask.clone()).await;
    stands(&fleet, &path, |state| state["allowed"].is_object()).await;
    let (status, _) = fleet
        .ask(
            Method::POST,
            &format!("{path}/touch"),
            json!({"x": 1, "y": 1}),
        )
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "they asked to look");
    fleet.done(Method::DELETE, &path, json!(null)).await;
    let wanted = device.room.wanted(2).await;
    assert_eq!(wanted[1], HelpWanted::End { number: 1 });

    let why = HelpEnd::Unanswered;
    device.room.says_of_help(HelpState::Ended { why }, None);
    fleet.done(Method::POST, &path, ask.clone()).await;
    stands(&fleet, &path, |state| state["ended"]["why"] == "unanswered").await;

    device.room.says_of_help(HelpState::Allowed {}, None);
    fleet.done(Method::POST, &path, ask.clone()).await;
    stands(&fleet, &path, |state| state["allowed"].is_object()).await;
    Fleet::switch_off(&mut device).await;
    stands(&fleet, &path, |state| state["ended"]["why"] == "lost").await;
    fleet.device("SN1", |d| d["online"] == false).await;
    let (status, problem) = fleet.ask(Method::POST, &path, ask).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("not_connected"))
    );
    let lines = [
        line("help_asked", "program", json!(null)),
        line("help_allowed", "device", json!(null)),
        line("help_ended", "program", "left"),
        line("help_asked", "program", json!(null)),
        line("help_refused", "device", "unanswered"),
        line("help_asked", "program", json!(null)),
        line("help_allowed", "device", json!(null)),
        line("help_ended", "server", "lost"),
    ];
    assert_eq!(log(&fleet).await, lines);
}

/// Greets the server as an agent did that knew nothing of help.
async fn older(device: &Device) -> Link {
    let folder = device.folder.path();
    let settings = Settings::read(&folder.join("agent.toml")).unwrap();
    let kept = Folder::open(&folder.join("agent")).unwrap();
    let membership = identity::membership(&kept).unwrap().unwrap();
    let credentials = Credentials {
        certificate: membership.certificate,
        key: Identity::open(&kept, &settings).unwrap().signer().unwrap(),
    };
    let to = Place::from(settings.server.clone().unwrap());
    let mut link = Link::open(&settings, &to, Some(credentials)).await.unwrap();
    link.hear().await.unwrap();
    let hello = Hello {
        agent: "0.0.9".to_owned(),
        generation: 0,
        seen: 0,
        seen_digest: String::new(),
        report: None,
        room: None,
        system: None,
        trust: None,
        helps: false,
    };
    link.say(&FromDevice::Hello(Box::new(hello))).await;
    let greeted = link.hear().await.unwrap();
    let known = matches!(greeted, FromServer::Order(_) | FromServer::Current { .. });
    assert!(known, "{greeted:?}");
    link
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_of_an_older_release_is_told_nothing_that_it_does_not_know() {
    let fleet = Fleet::start().await;
    let (mut device, path) = room(&fleet).await;
    Fleet::switch_off(&mut device).await;
    fleet.device("SN1", |d| d["online"] == false).await;
    let mut link = older(&device).await;
    fleet.device("SN1", |d| d["online"] == true).await;
    fleet.done(Method::POST, &path, json!({})).await;
    stands(&fleet, &path, |state| state["ended"]["why"] == "older").await;
    link.say(&FromDevice::Reach { nonce: 7 }).await;
    assert_eq!(link.hear().await, Ok(FromServer::Here { nonce: 7 }));
    let lines = [
        line("help_asked", "program", json!(null)),
        line("help_refused", "server", "older"),
    ];
    assert_eq!(log(&fleet).await, lines);
}
