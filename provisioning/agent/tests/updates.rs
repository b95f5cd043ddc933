//! Releases from the server to the slots of devices, over real TLS; the slots and the rooms are simulated.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod support;

use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use saal_control::PhaseName;
use serde_json::{Value, json};
use support::{
    fleet::Fleet,
    room::Room,
    updates::{add, begin, bundle, one, rollout, well},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

fn ill_of_release_3(room: &Room, release: &str) {
    room.suffer(if release == "3" {
        &["engine_failing"]
    } else {
        &[]
    });
}

fn waits(device: &Value, why: &str) -> bool {
    device["system"]["update"]["step"]["waits"]["why"] == why
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_comes_when_nobody_is_in_a_meeting_and_stays_when_the_room_is_well() {
    let fleet = Fleet::start().await;
    let (system, device) = one(&fleet, well).await;
    device.room.be(PhaseName::Call);
    begin(&fleet, "november", "2").await;
    fleet.device("SN1", |d| waits(d, "meeting")).await;
    let soon = Timestamp::now() + jiff::SignedDuration::from_mins(20);
    device.room.expects(Some(soon));
    device.room.be(PhaseName::Home);
    fleet.device("SN1", |d| waits(d, "meeting_soon")).await;
    fleet.set("kassel", "updates.windows", json!([])).await;
    fleet.device("SN1", |d| waits(d, "window")).await;
    assert_eq!(system.done(), [""; 0], "nothing was begun");

    device.room.expects(None);
    fleet
        .set("kassel", "updates.windows", json!(["00:00-24:00"]))
        .await;
    rollout(&fleet, "november", |r| r["state"] == "done").await;
    assert_eq!(system.done(), ["install 2", "restart", "good b"]);
    let after = fleet
        .device("SN1", |d| {
            d["system"]["version"] == "2" && d["online"] == true
        })
        .await;
    assert_eq!(after["system"]["slot"], "b");
    assert_eq!(after["system"]["update"]["step"], json!({"done": {}}));

    // What nobody signed is not taken for a bundle, and a release is what it was.
    let url = format!("{}/api/v1/releases", fleet.server.url());
    let request = fleet.http.post(url).bearer_auth(&fleet.token);
    let answer = request.body("no bundle at all").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let (status, _) = add(&fleet, "2").await;
    assert_eq!(status, StatusCode::OK, "the same once more");
    // Bundles are for devices.
    let release = fleet.done(Method::GET, "releases", json!(null)).await;
    let sha256 = release[0]["release"]["sha256"].as_str().unwrap();
    let url = format!("{}/device/v1/bundles/{sha256}", fleet.server.url());
    let answer = fleet.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_with_which_the_room_is_not_well_is_taken_back_and_stops_the_rollout() {
    let fleet = Fleet::start().await;
    let (system, _device) = one(&fleet, ill_of_release_3).await;
    begin(&fleet, "bad", "3").await;
    let stopped = rollout(&fleet, "bad", |r| r["state"] == "stopped").await;
    assert_eq!(stopped["counts"]["failed"], 1);
    let devices = fleet
        .done(Method::GET, "rollouts/bad/devices", json!(null))
        .await;
    let problem = devices[0]["problem"].as_str().unwrap();
    assert!(
        problem.contains("health") && problem.contains("engine_failing"),
        "{problem}"
    );
    fleet
        .device("SN1", |d| {
            d["system"]["version"] == "1" && d["online"] == true
        })
        .await;
    assert_eq!(system.done(), ["install 3", "restart", "bad b", "restart"]);
    assert_eq!(system.running().0, "a");

    // One that does not even start.
    system.is_broken("4");
    begin(&fleet, "worse", "4").await;
    rollout(&fleet, "worse", |r| r["state"] == "stopped").await;
    let devices = fleet
        .done(Method::GET, "rollouts/worse/devices", json!(null))
        .await;
    let problem = devices[0]["problem"].as_str().unwrap();
    assert!(problem.contains("not_started"), "{problem}");
    let log = fleet
        .done(Method::GET, "audit?act=update_failed", json!(null))
        .await;
    assert_eq!(log["items"].as_array().unwrap().len(), 2, "{log}");
}

/// A cache that has no list of pieces and breaks off in the middle of the bundle; what it was asked for then.
async fn breaks_off(listener: TcpListener, bytes: Vec<u8>) -> String {
    loop {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        if head.contains(".pieces ") {
            let none = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            socket.write_all(none.as_bytes()).await.unwrap();
            continue;
        }
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len());
        socket.write_all(answer.as_bytes()).await.unwrap();
        socket.write_all(&bytes[..bytes.len() / 2]).await.unwrap();
        return head;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_cache_begins_the_server_ends() {
    let fleet = Fleet::start().await;
    let (system, _device) = one(&fleet, well).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let cache = format!("http://{}/saal", listener.local_addr().unwrap());
    let asked = tokio::spawn(breaks_off(listener, bundle("2")));
    fleet.set("kassel", "updates.cache", json!(cache)).await;
    fleet.device("SN1", |d| d["generation"] == 2).await;
    begin(&fleet, "november", "2").await;
    rollout(&fleet, "november", |r| r["state"] == "done").await;
    let asked = asked.await.unwrap();
    assert!(
        asked.starts_with("GET /saal/") && asked.contains(".raucb HTTP/1.1"),
        "{asked}"
    );
    assert_eq!(system.running().1, "2");
}
