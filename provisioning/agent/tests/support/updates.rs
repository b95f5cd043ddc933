//! Bundles, releases and rollouts.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use saal_agent::update::simulated::Simulated;
use serde_json::{Value, json};

use super::{
    fleet::{Device, Fleet, PATIENCE, RoomAt},
    room::Room,
};

/// As RAUC makes them: a payload, and a signature with the manifest in it. Names that end in `large` have a large one.
pub fn bundle(version: &str) -> Vec<u8> {
    if version.ends_with("large") {
        return large(version);
    }
    with_payload(version, 200_000)
}

/// One of many pieces; those of all versions differ at their end alone.
pub fn large(version: &str) -> Vec<u8> {
    with_payload(version, 2_000_000)
}

fn with_payload(version: &str, bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut bytes: Vec<u8> = (0..bytes).map(|_| random.u8(..)).collect();
    let signature =
        format!("\u{30}[update]\ncompatible=saal\nversion={version}\n\n[bundle]\nformat=verity\n");
    bytes.extend_from_slice(signature.as_bytes());
    bytes.extend_from_slice(&(signature.len() as u64).to_be_bytes());
    bytes
}

/// With whichever release.
pub fn well(room: &Room, _: &str) {
    room.suffer(&[]);
}

pub async fn add(fleet: &Fleet, version: &str) -> (StatusCode, Value) {
    let url = format!("{}/api/v1/releases", fleet.server.url());
    let request = fleet.http.post(url).bearer_auth(&fleet.token);
    let answer = request.body(bundle(version)).send().await.unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap())
}

/// A device of the fleet in a room that may be updated at any time.
pub async fn one(fleet: &Fleet, room_at: RoomAt) -> (Simulated, Device) {
    for (key, value) in [
        ("room.time_zone", json!("Europe/Berlin")),
        ("room.name", json!("Lahn")),
        ("fleet.server", json!("fleet.example.org")),
        ("updates.windows", json!(["00:00-24:00"])),
        ("updates.kilobytes_per_second", json!(1_000_000)),
    ] {
        fleet.set("/", key, value).await;
    }
    let system = Simulated::new("saal".parse().unwrap(), &"1".parse().unwrap());
    let device = fleet.unpack_with("SN1", &system, room_at);
    fleet.claim(&device, "kassel/rathaus/lahn").await;
    fleet.device("SN1", |d| d["generation"] == 1).await;
    (system, device)
}

pub async fn begin(fleet: &Fleet, name: &str, release: &str) {
    let (status, answer) = add(fleet, release).await;
    assert!(status.is_success(), "{answer}");
    let new = json!({"name": name, "release": release, "scope": "kassel"});
    fleet.done(Method::POST, "rollouts", new).await;
}

pub async fn rollout(fleet: &Fleet, name: &str, fine: impl Fn(&Value) -> bool) -> Value {
    let path = format!("rollouts/{name}");
    let looking = async {
        loop {
            let found = fleet.done(Method::GET, &path, json!(null)).await;
            if fine(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(found) => found,
        Err(_) => {
            let devices = fleet.done(Method::GET, "devices", json!(null)).await;
            let found = fleet.done(Method::GET, &path, json!(null)).await;
            panic!("the rollout did not become so: {found:#} {devices:#}")
        }
    }
}
