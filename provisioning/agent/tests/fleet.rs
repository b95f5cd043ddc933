//! Server and agents in one process, over real TLS; only the rooms are simulated.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod support;

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use saal_control::{DayStatus, OtherRoom, PhaseName, TakenTime};
use serde_json::{Value, json};
use support::fleet::{Device, Fleet, PATIENCE};

fn report(device: &Value) -> &Value {
    &device["report"]["outcome"]
}

async fn the_daemon_refuses(fleet: &Fleet, device: &Device) {
    fleet
        .set("kassel/rathaus", "room.language_file", json!("missing.ftl"))
        .await;
    let back = fleet
        .device("SN1", |d| d["report"]["generation"] == 2)
        .await;
    assert_eq!(report(&back)["rolled_back"]["why"], "document");
    assert!(
        report(&back)["rolled_back"]["detail"]
            .as_str()
            .unwrap()
            .contains("missing.ftl"),
        "{back}"
    );
    assert_eq!(
        (back["generation"].as_u64(), back["wanted"].as_u64()),
        (Some(1), Some(2))
    );
    assert!(
        !std::fs::read_to_string(device.folder.path().join("agent/current/saal.toml"))
            .unwrap()
            .contains("missing")
    );
}

async fn the_room_falls_ill(fleet: &Fleet, device: &Device) {
    device.room.fall_ill_of("speaker", "engine_failing");
    let edits = json!([{"unset": {"key": "room.language_file"}}, {"set": {"key": "television.layout", "value": "speaker"}}]);
    fleet
        .done(
            Method::PUT,
            "settings",
            json!({"scope": "kassel/rathaus", "edits": edits}),
        )
        .await;
    let back = fleet
        .device("SN1", |d| d["report"]["generation"] == 3)
        .await;
    assert_eq!(report(&back)["rolled_back"]["why"], "health");
    device.room.uses("Lahn").await;
}

/// In a meeting.
async fn nobody_is_disturbed(fleet: &Fleet, device: &Device) {
    device.room.be(PhaseName::Call);
    let edits = json!([{"unset": {"key": "television.layout"}}, {"set": {"key": "panel.theme", "value": "dark"}}]);
    fleet
        .done(
            Method::PUT,
            "settings",
            json!({"scope": "kassel/rathaus", "edits": edits}),
        )
        .await;
    fleet
        .device("SN1", |d| d["state"]["phase"] == "call" && d["wanted"] == 4)
        .await;
    device.room.be(PhaseName::Home);
    device.room.uses("dark").await;
    fleet.device("SN1", |d| d["generation"] == 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_claimed_by_its_code_configured_and_goes_back_by_itself() {
    let fleet = Fleet::start().await;
    fleet
        .set("/", "room.time_zone", json!("Europe/Berlin"))
        .await;
    let meeting = json!([{"title": "Jour fixe", "link": "https://meet.example.org/jf"}]);
    fleet.set("kassel", "meetings", meeting).await;
    fleet
        .set("kassel/rathaus/lahn", "room.name", json!("Lahn"))
        .await;
    let secret = json!({"scope": "kassel", "name": "jitsi-token", "content": "streng-geheim"});
    fleet.done(Method::PUT, "secrets", secret).await;

    let device = fleet.unpack("SN1", None);
    fleet.claim(&device, "kassel/rathaus/lahn").await;
    let document = device.room.uses("Lahn").await;
    assert!(
        document.contains("https://meet.example.org/jf"),
        "{document}"
    );
    let confirmed = fleet.device("SN1", |d| d["generation"] == 1).await;
    assert_eq!(report(&confirmed), &json!({"confirmed": {}}));
    let beside = device.folder.path().join("agent/current/jitsi-token");
    assert_eq!(std::fs::read_to_string(beside).unwrap(), "streng-geheim");
    let database = [
        std::fs::read(fleet.folder.path().join("fleet.sqlite")).unwrap(),
        std::fs::read(fleet.folder.path().join("fleet.sqlite-wal")).unwrap(),
    ]
    .concat();
    assert!(
        !database.windows(13).any(|part| part == b"streng-geheim"),
        "a dump shows the secret"
    );

    the_daemon_refuses(&fleet, &device).await;
    the_room_falls_ill(&fleet, &device).await;
    nobody_is_disturbed(&fleet, &device).await;

    // Thrown out at once.
    let name = confirmed["device"].as_str().unwrap();
    fleet
        .done(Method::POST, &format!("devices/{name}/revoke"), json!(null))
        .await;
    fleet
        .device("SN1", |d| d["revoked"] == true && d["online"] == false)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_enrols_once_and_nobody_takes_anothers_place_silently() {
    let fleet = Fleet::start().await;
    let token = json!({"name": "stick", "uses": 1, "hours": 1, "room": "kassel/rathaus/lahn"});
    let token = fleet.done(Method::POST, "tokens", token).await["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let first = fleet.unpack("SN1", Some(&token));
    let known = fleet.device("SN1", |d| d["online"] == true).await;
    assert_eq!(known["room"], "kassel/rathaus/lahn");

    let thief = fleet.unpack("SN2", Some(&token));
    let code = thief.room.code().await;
    let claim = json!({"code": code, "room": "kassel/rathaus/lahn"});
    let (status, problem) = fleet.ask(Method::POST, "claim", claim).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("taken"))
    );

    // Another device with the first one's serial number waits, even where the number is expected.
    let serials =
        json!({"serials": [{"serial": "SN1", "room": null}, {"serial": "SN3", "room": null}]});
    fleet.done(Method::POST, "serials", serials).await;
    let double = fleet.unpack("SN1", None);
    let code = double.room.code().await;
    fleet
        .device("SN1", |d| {
            d["device"] == known["device"] && d["revoked"] == false
        })
        .await;
    let claim = json!({"code": code, "room": "kassel/rathaus/lahn", "replace": true});
    fleet.done(Method::POST, "claim", claim).await;
    fleet
        .device("SN1", |d| {
            d["device"] == known["device"] && d["revoked"] == true
        })
        .await;
    fleet
        .device("SN1", |d| {
            d["device"] != known["device"] && d["online"] == true
        })
        .await;

    // An expected number comes in without anybody.
    let expected = fleet.unpack("SN3", None);
    fleet.device("SN3", |d| d["online"] == true).await;
    drop((first, expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_shown_before_it_is_made_and_locks_hold() {
    let fleet = Fleet::start().await;
    let edits = json!([
        {"set": {"key": "room.time_zone", "value": "Europe/Berlin", "locked": true}},
        {"set": {"key": "meetings", "value": [{"title": "x", "link": "https://meet.example.org/x"}]}},
        {"set": {"key": "room.name", "value": "Raum"}},
    ]);
    let change = json!({"scope": "/", "edits": edits});
    fleet.done(Method::PUT, "settings", change).await;
    let device = fleet.unpack("SN1", None);
    fleet.claim(&device, "kassel/rathaus/lahn").await;
    fleet.device("SN1", |d| d["generation"] == 1).await;

    let edit = json!({"set": {"key": "room.name", "value": "Lahn"}});
    let change = json!({"scope": "kassel", "edits": [edit]});
    let preview = fleet
        .done(Method::PUT, "settings?dry_run=true", change)
        .await;
    assert_eq!(preview["changed"], 1);
    assert_eq!(
        preview["rooms"][0]["keys"][0],
        json!({"key": "room.name", "before": "Raum", "after": "Lahn"})
    );
    let layer = fleet
        .done(Method::GET, "settings?scope=kassel", json!(null))
        .await;
    assert_eq!(layer, json!([]), "a dry run writes nothing");

    for (key, value, code) in [
        ("room.time_zone", json!("Europe/Paris"), "locked"),
        ("room.nam", json!("x"), "setting"),
        ("panel.scale_percent", json!(7), "setting"),
        ("matrix.oauth", json!(true), "breaks"),
    ] {
        let edit = json!({"set": {"key": key, "value": value}});
        let change = json!({"scope": "kassel", "edits": [edit]});
        let (_, problem) = fleet.ask(Method::PUT, "settings", change).await;
        assert_eq!(problem["code"], code, "{key}: {problem}");
    }
    let explained = fleet
        .done(
            Method::GET,
            "explain?scope=kassel/rathaus/lahn&key=room.name",
            json!(null),
        )
        .await;
    assert_eq!(explained["values"]["room.name"]["from"], "/");
}

/// Edits what the device keeps of its fleet.
fn forge(device: &Device, key: &str, value: i64) {
    let path = device.folder.path().join("agent/membership.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    kept[key] = json!(value);
    std::fs::write(&path, kept.to_string()).unwrap();
}

async fn kept(device: &Device, fine: impl Fn(&Value) -> bool) -> Value {
    let path = device.folder.path().join("agent/membership.json");
    let looking = async {
        loop {
            let kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            if fine(&kept) {
                return kept;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .expect("the membership became so")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_renewed_in_time_and_a_device_comes_back_without_one() {
    let fleet = Fleet::start().await;
    let mut device = fleet.unpack("SN1", None);
    fleet.claim(&device, "kassel/rathaus/lahn").await;
    let first = fleet.device("SN1", |d| d["online"] == true).await;
    let old = kept(&device, |_| true).await;

    Fleet::switch_off(&mut device).await;
    forge(&device, "begins", 1);
    Fleet::switch_on(&mut device);
    let new = kept(&device, |kept| kept["begins"] != 1).await;
    assert_ne!(new["certificate"], old["certificate"]);

    Fleet::switch_off(&mut device).await;
    forge(&device, "ends", 2);
    Fleet::switch_on(&mut device);
    let again = kept(&device, |kept| kept["ends"] != 2).await;
    assert_eq!(again["device"], first["device"], "it is the same device");
    fleet
        .device("SN1", |d| {
            d["device"] == first["device"] && d["online"] == true
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_was_away_gets_the_newest_configuration_at_once_and_no_other() {
    let fleet = Fleet::start().await;
    fleet
        .set("/", "room.time_zone", json!("Europe/Berlin"))
        .await;
    fleet
        .set("/", "fleet.server", json!("fleet.example.org"))
        .await;
    fleet.set("/", "room.name", json!("Raum 0")).await;
    let mut device = fleet.unpack("SN1", None);
    fleet.claim(&device, "kassel/rathaus/lahn").await;
    fleet.device("SN1", |d| d["generation"] == 1).await;
    Fleet::switch_off(&mut device).await;
    fleet.device("SN1", |d| d["online"] == false).await;
    for number in 1..=9 {
        fleet
            .set("kassel", "room.name", json!(format!("Raum {number}")))
            .await;
    }
    Fleet::switch_on(&mut device);
    fleet
        .device("SN1", |d| d["generation"] == 10 && d["wanted"] == 10)
        .await;
    let tried = device.room.tried();
    assert_eq!(
        tried.len(),
        2,
        "the ones between were never tried: {tried:?}"
    );
    assert!(tried[1].contains("Raum 9"), "{tried:?}");
}

/// A second server knows the device's serial number and stands where the first one was; then the device is wiped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_of_one_fleet_is_no_other_fleet_s_until_it_forgets_the_first() {
    let (own, other) = (Fleet::start().await, Fleet::start().await);
    for (fleet, name) in [(&own, "Lahn"), (&other, "Beute")] {
        fleet
            .set("/", "room.time_zone", json!("Europe/Berlin"))
            .await;
        fleet
            .set("/", "fleet.server", json!("fleet.example.org"))
            .await;
        fleet.set("/", "room.name", json!(name)).await;
        let expected = json!({"serials": [{"serial": "SN1", "room": "kassel/rathaus/lahn"}]});
        fleet.done(Method::POST, "serials", expected).await;
    }
    let mut device = own.unpack("SN1", None);
    device.room.uses("Lahn").await;
    own.device("SN1", |d| d["generation"] == 1).await;

    Fleet::switch_off(&mut device).await;
    other.poses_as(&own, &device);
    let refused = Fleet::tries(&device).await;
    assert!(refused.contains("UnknownCA"), "{refused}");
    let known = other.done(Method::GET, "devices", json!(null)).await;
    assert_eq!(known["items"], json!([]), "it told the other fleet nothing");
    assert_eq!(device.room.tried().len(), 1, "and took nothing from it");

    own.poses_as(&other, &device);
    Fleet::switch_on(&mut device);
    own.set("/", "room.name", json!("Eder")).await;
    device.room.uses("Eder").await;

    Fleet::switch_off(&mut device).await;
    other.poses_as(&own, &device);
    Fleet::forgets(&device);
    Fleet::switch_on(&mut device);
    device.room.uses("Beute").await;
    other.device("SN1", |d| d["generation"] == 1).await;
}

/// What the fleet knows of two other rooms is what the third one, whose camera is broken, says to its people.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_fails_names_another_of_its_site_that_is_free() {
    let fleet = Fleet::start().await;
    let hour = |hour: i64| Timestamp::from_second(1_900_000_000 + hour * 3600).unwrap();
    let time = |from, until| TakenTime {
        from: hour(from),
        until: hour(until),
    };
    let well = |taken| DayStatus {
        ready: true,
        taken,
        seeks: None,
    };
    let (lahn, eder, fulda) = (
        fleet.unpack("SN1", None),
        fleet.unpack("SN2", None),
        fleet.unpack("SN3", None),
    );
    eder.room.plan(well(vec![time(3, 4)]));
    fulda.room.plan(well(vec![time(0, 1)]));
    let places = [
        (&lahn, "kassel/rathaus/lahn"),
        (&eder, "kassel/markt/eder"),
        (&fulda, "kassel/rathaus/fulda"),
    ];
    for (device, place) in places {
        fleet.claim(device, place).await;
    }
    fleet
        .set("kassel/markt/eder", "room.name", json!("Raum Eder"))
        .await;
    for serial in ["SN2", "SN3"] {
        let told = |device: &Value| device["state"]["ready"] == true;
        let told = fleet.device(serial, told).await;
        let spans = told["state"]["taken"].as_array().unwrap();
        assert!(
            spans
                .iter()
                .all(|span| span.as_object().unwrap().len() == 2)
        );
    }
    lahn.room.plan(DayStatus {
        ready: false,
        taken: vec![time(0, 1)],
        seeks: Some(time(0, 1)),
    });
    let others = tokio::time::timeout(PATIENCE, lahn.room.others()).await;
    let eder = OtherRoom {
        name: "Raum Eder".to_owned(),
        until: Some(hour(3)),
    };
    assert_eq!(others.unwrap(), [eder]);
}

/// What the server has of a device's log once it came.
async fn log(fleet: &Fleet, path: &str) -> Value {
    let came = async {
        loop {
            let now = fleet.done(Method::GET, path, json!(null)).await;
            if !now["came"].is_null() {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let came = tokio::time::timeout(PATIENCE, came).await;
    came.expect("the device sends its log")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_sends_its_log_to_whoever_helps_without_what_is_secret() {
    let fleet = Fleet::start().await;
    fleet
        .set("/", "room.time_zone", json!("Europe/Berlin"))
        .await;
    let mut device = fleet.unpack("SN1", None);
    let claimed = fleet.claim(&device, "kassel/rathaus/lahn").await;
    fleet.device("SN1", |d| d["online"] == true).await;
    let name = claimed["device"].as_str().unwrap();
    let path = format!("devices/{name}/log");
    assert_eq!(
        fleet.done(Method::GET, &path, json!(null)).await,
        json!(null)
    );

    let own = device.folder.path().join("saald.log");
    let said = "2026-11-27T10:00:00Z  WARN saald: @anna:example.org waits token=syt_geheim\n";
    std::fs::write(&own, said).unwrap();
    let asked = fleet.done(Method::POST, &path, json!({"lines": 10})).await;
    assert_eq!((&asked["number"], &asked["log"]), (&json!(1), &json!(null)));
    let came = log(&fleet, &path).await;
    let line = json!({"at": 1_795_773_600, "text": "WARN saald: @…:example.org waits token=…"});
    assert_eq!(
        came["log"],
        json!({"lines": {"from": "file", "lines": [line]}})
    );
    let page = fleet
        .done(Method::GET, "audit?act=log_asked", json!(null))
        .await;
    assert_eq!(page["items"][0]["object"], name, "{page}");

    // A device that was away answers when it is back.
    Fleet::switch_off(&mut device).await;
    fleet.device("SN1", |d| d["online"] == false).await;
    std::fs::remove_file(&own).unwrap();
    fleet.done(Method::POST, &path, json!({})).await;
    Fleet::switch_on(&mut device);
    let came = log(&fleet, &path).await;
    assert_eq!(came["number"], 2);
    let detail = came["log"]["failed"]["detail"].as_str().unwrap();
    assert!(detail.contains("saald.log"), "{detail}");
    let (status, _) = fleet.ask(Method::POST, &path, json!({"lines": 0})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
