//! Who may sign what, from the server's own root to keys that people hold, through the real server and agent.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod support;

use ed25519_dalek::SigningKey;
use reqwest::{Method, StatusCode};
use saal_control::PhaseName;
use saal_fleet_protocol::fleet::{
    order::Signed,
    trust::{Metadata, PublicKey, Role, RoleName, Root},
};
use serde_json::{Value, json};
use support::{
    fleet::{Device, Fleet, rewrite},
    updates::{add, one, rollout, well},
};

const ROOM: &str = "kassel/rathaus/lahn";

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

/// As somebody reads it who has the server's folder.
fn server_key(fleet: &Fleet) -> SigningKey {
    let bytes = std::fs::read(fleet.folder.path().join("signing.key")).unwrap();
    SigningKey::from_bytes(&bytes.try_into().unwrap())
}

async fn roots(fleet: &Fleet) -> Vec<Metadata> {
    let all = fleet.done(Method::GET, "keys/roots", Value::Null).await;
    serde_json::from_value(all).unwrap()
}

/// The next root, changed and signed.
async fn next(fleet: &Fleet, change: impl FnOnce(&mut Root), by: &[&SigningKey]) -> Metadata {
    let mut root = Root::read(roots(fleet).await.last().unwrap()).unwrap();
    root.version += 1;
    change(&mut root);
    root.tidy();
    let mut next = Metadata::unsigned(&root);
    for key in by {
        next.sign(key).unwrap();
    }
    next
}

fn give(root: &mut Root, name: RoleName, holders: &[u8], threshold: u32) {
    let public = holders
        .iter()
        .map(|byte| PublicKey::from(&key(*byte).verifying_key()));
    let public: Vec<_> = public.collect();
    *root.roles.of_mut(name) = Role {
        keyids: public.iter().map(PublicKey::id).collect(),
        threshold,
    };
    root.keys
        .extend(public.into_iter().map(|key| (key.id(), key)));
}

async fn publish(fleet: &Fleet, root: &Metadata) -> (StatusCode, Value) {
    fleet.ask(Method::POST, "keys/roots", json!(root)).await
}

async fn claimed(fleet: &Fleet) -> Device {
    fleet
        .set("/", "room.time_zone", "Europe/Berlin".into())
        .await;
    fleet
        .set("/", "fleet.server", "fleet.example.org".into())
        .await;
    fleet.set(ROOM, "room.name", "Lahn".into()).await;
    let device = fleet.unpack("SN1", None);
    fleet.claim(&device, ROOM).await;
    fleet
        .device("SN1", |device| device["generation"] == 1)
        .await;
    device
}

async fn root_of_device(fleet: &Fleet, version: u64) -> Value {
    fleet
        .device("SN1", |device| device["trust"]["root"] == version)
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_goes_over_to_keys_that_people_hold_and_the_server_signs_nothing_more() {
    let fleet = Fleet::start().await;
    let _device = claimed(&fleet).await;
    root_of_device(&fleet, 1).await;
    let (server, one, two) = (server_key(&fleet), key(1), key(2));
    let two_of_three = |root: &mut Root| give(root, RoleName::Root, &[1, 2, 3], 2);
    let too_few = next(&fleet, two_of_three, &[&server, &one]).await;
    let (status, problem) = publish(&fleet, &too_few).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("signatures"))
    );
    let second = next(&fleet, two_of_three, &[&server, &one, &two]).await;
    assert!(publish(&fleet, &second).await.0.is_success());
    // It is connected, and hears of it.
    root_of_device(&fleet, 2).await;
    fleet.set(ROOM, "panel.theme", "dark".into()).await;
    fleet
        .device("SN1", |device| device["generation"] == 2)
        .await;

    // Whoever has the server can't take the root back.
    let alone = next(
        &fleet,
        |root| give(root, RoleName::Root, &[9], 1),
        &[&server, &key(9)],
    )
    .await;
    assert_eq!(publish(&fleet, &alone).await.0, StatusCode::CONFLICT);

    let elsewhere = |root: &mut Root| give(root, RoleName::Configuration, &[4], 1);
    let third = next(&fleet, elsewhere, &[&two, &key(3)]).await;
    assert!(publish(&fleet, &third).await.0.is_success());
    root_of_device(&fleet, 3).await;
    fleet.set(ROOM, "panel.theme", "light".into()).await;
    let waiting = fleet.done(Method::GET, "keys/orders", Value::Null).await;
    assert_eq!(waiting[0]["room"], ROOM);
    let order = waiting[0]["order"].as_str().unwrap();
    assert!(order.contains("light"), "{order}");
    let sign = |key: &SigningKey| {
        let signed = Signed::of_text(order, key);
        json!([{"device": waiting[0]["device"], "kind": "configuration",
                "number": waiting[0]["number"], "signature": signed.signature}])
    };
    let (status, problem) = fleet.ask(Method::POST, "keys/orders", sign(&server)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    let taken = fleet.done(Method::POST, "keys/orders", sign(&key(4))).await;
    assert_eq!(taken["taken"], 1);
    fleet
        .device("SN1", |device| device["generation"] == 3)
        .await;
    let keys = fleet.done(Method::GET, "keys", Value::Null).await;
    assert_eq!(
        (&keys["root"], &keys["waiting"], &keys["doubts"]),
        (&json!(3), &json!(0), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_knew_only_the_old_key_and_was_away_follows_all_roots_in_one_go() {
    let fleet = Fleet::start().await;
    let mut device = claimed(&fleet).await;
    Fleet::switch_off(&mut device).await;
    // As an agent from before there were roots left it.
    std::fs::remove_file(device.folder.path().join("agent/trust.json")).unwrap();
    let (server, one, two) = (server_key(&fleet), key(1), key(2));
    let people = |root: &mut Root| {
        give(root, RoleName::Root, &[1, 2], 2);
        give(root, RoleName::Configuration, &[4], 1);
    };
    for _ in 0..12 {
        let root = next(&fleet, people, &[&server, &one, &two]).await;
        let (status, problem) = publish(&fleet, &root).await;
        assert!(status.is_success(), "{problem}");
    }
    Fleet::switch_on(&mut device);
    let found = root_of_device(&fleet, 13).await;
    assert_eq!(
        (&found["trust"]["problem"], &found["generation"]),
        (&Value::Null, &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stick_that_names_the_root_lets_the_device_into_that_fleet_alone() {
    let (fleet, other) = (Fleet::start().await, Fleet::start().await);
    let new = json!({"name": "stick", "uses": 2, "hours": 1});
    let issued = fleet.done(Method::POST, "tokens", new.clone()).await;
    let foreign = other.done(Method::POST, "tokens", new).await;
    let file = |root: &Value| {
        let token = issued["token"].as_str().unwrap();
        format!("{token} root:{}\n", root.as_str().unwrap())
    };
    let mut device = fleet.unpack("SN1", Some(&file(&foreign["root"])));
    // The server takes it in; it does not go.
    fleet.device("SN1", |_| true).await;
    Fleet::switch_off(&mut device).await;
    assert!(!device.folder.path().join("agent/membership.json").exists());
    std::fs::write(device.folder.path().join("token"), file(&issued["root"])).unwrap();
    Fleet::switch_on(&mut device);
    root_of_device(&fleet, 1).await;
    let root = format!("root = {}\n{}", issued["root"], support::fleet::IN_A_FILE);
    Fleet::switch_off(&mut device).await;
    rewrite(device.folder.path(), support::fleet::IN_A_FILE, &root);
    Fleet::switch_on(&mut device);
    root_of_device(&fleet, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_comes_only_while_a_list_that_people_signed_has_it() {
    let fleet = Fleet::start().await;
    let (_system, device) = one(&fleet, well).await;
    let elsewhere = |root: &mut Root| give(root, RoleName::Targets, &[5], 1);
    let second = next(&fleet, elsewhere, &[&server_key(&fleet)]).await;
    assert!(publish(&fleet, &second).await.0.is_success());
    assert!(add(&fleet, "2").await.0.is_success());
    let rollout_of_2 = json!({"name": "november", "release": "2", "scope": "kassel"});
    let start = async || {
        fleet
            .ask(Method::POST, "rollouts", rollout_of_2.clone())
            .await
    };
    let (status, problem) = start().await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("unsigned"))
    );

    let sign = async |by: &SigningKey, change: &dyn Fn(&mut Value)| {
        let list = fleet.done(Method::GET, "keys/releases", Value::Null).await;
        let mut list: Metadata = serde_json::from_value(list).unwrap();
        change(&mut list.signed);
        list.sign(by).unwrap();
        fleet.ask(Method::POST, "keys/releases", json!(list)).await
    };
    let (status, problem) = sign(&server_key(&fleet), &|_| {}).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("signatures"))
    );
    assert!(sign(&key(5), &|_| {}).await.0.is_success());
    device.room.be(PhaseName::Call);
    assert!(start().await.0.is_success());
    let waits = async |why: &str| {
        let fine = |device: &Value| device["system"]["update"]["step"]["waits"]["why"] == why;
        fleet.device("SN1", fine).await
    };
    waits("meeting").await;
    let empty = |list: &mut Value| list["targets"] = json!({});
    assert!(sign(&key(5), &empty).await.0.is_success());
    waits("distrust").await;
    device.room.be(PhaseName::Home);
    let doubts = |device: &Value| device["trust"]["problem"]["why"] == "unlisted";
    let found = fleet.device("SN1", doubts).await;
    assert_eq!(found["online"], true, "{found}");
    assert!(sign(&key(5), &|_| {}).await.0.is_success());
    rollout(&fleet, "november", |found| found["state"] == "done").await;
    let fine =
        |device: &Value| device["trust"]["problem"] == Value::Null && device["online"] == true;
    fleet.device("SN1", fine).await;
}
