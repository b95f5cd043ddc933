//! Past one machine: two nodes, one PostgreSQL. One serves and the other one takes over; with NATS both serve.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

#[path = "support/api.rs"]
#[allow(dead_code, reason = "the benchmark uses the rest")]
mod api;
#[path = "support/nats.rs"]
mod nats;
#[path = "support/node.rs"]
#[allow(dead_code, reason = "another test uses the rest")]
mod node;
#[path = "support/postgres.rs"]
#[allow(unreachable_pub, reason = "the tests of the operations use it as well")]
mod postgres;

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use api::Api;
use node::Node;
use reqwest::Method;
use saal_agent::simulated::{Counts, Crowd};
use saal_fleet::{Options, Server, Shared, back_up, back_up_shared, restore_shared};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};

const PATIENCE: Duration = Duration::from_secs(120);
const DEVICES: u32 = 5;
const KEYS: [&str; 4] = ["ca.pem", "ca-key.pem", "signing.key", "seal.key"];

/// What stands before the nodes: connections go to whichever serves.
async fn balancer() -> (u16, watch::Sender<u16>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (to, serves) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let serves = serves.clone();
            tokio::spawn(async move {
                let node = *serves.borrow();
                if let Ok(mut far) = TcpStream::connect((Ipv4Addr::LOCALHOST, node)).await {
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                }
            });
        }
    });
    (port, to)
}

/// What a node of a database is told.
fn with(database: &str, more: &[String]) -> Vec<String> {
    [&[format!("--database={database}")], more].concat()
}

/// A fleet that expects some devices and has something to tell them.
async fn prepare(api: &Api) {
    api.tell_all().await;
    let expected = |n: u32| json!({"serial": format!("SIM-{n}"), "room": format!("sim/g/r{n}")});
    let serials: Vec<Value> = (0..DEVICES).map(expected).collect();
    let serials = json!({"serials": serials});
    api.ask(Method::POST, "serials", serials).await;
}

async fn until(crowd: &Crowd, what: &str, done: impl Fn(&Counts) -> bool) {
    let begun = Instant::now();
    while !done(&crowd.counts()) {
        assert!(begun.elapsed() < PATIENCE, "{what}: {}", crowd.counts());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn keys(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for name in KEYS {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_dies_another_one_goes_on_and_nothing_is_lost() {
    let server = postgres::Postgres::start();
    let database = server.url("postgres");
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let (port, serves) = balancer().await;

    let mut first = Node::start(&a, &with(&database, &[]));
    serves.send_replace(first.port().await);
    let api = Api::of(&a, &format!("https://localhost:{port}"));
    prepare(&api).await;
    let crowd = Crowd::start(&api.url, a.join("ca.pem"), DEVICES, "SIM-").unwrap();
    let all = u64::from(DEVICES);
    until(&crowd, "all configured", |c| c.confirmed == all).await;

    keys(&a, &b);
    let mut second = Node::start(&b, &with(&database, &[]));
    second.says("another node serves this fleet").await;
    // Said to the first one, and not heard by all when it dies.
    api.set("sim", "panel.theme", json!("dark")).await;
    first.dies().await;
    serves.send_replace(second.port().await);
    until(&crowd, "a change for all confirmed", |c| {
        c.connected == DEVICES && c.confirmed == 2 * all
    })
    .await;
    // The token of the first node, and the log of both.
    api.set("sim", "panel.theme", json!("light")).await;
    until(&crowd, "another change", |c| c.confirmed == 3 * all).await;
    let check = api.ask(Method::GET, "audit/check", json!(null)).await;
    assert_eq!(check["broken_at"], Value::Null, "{check}");
    assert_eq!(crowd.counts().refused, 0);
    assert!(
        !b.join("access.toml").exists(),
        "the fleet has one first token"
    );
}

/// Two nodes that serve; devices come to the one that leads, IT to the other one.
struct Together {
    nats: nats::Nats,
    leads: Node,
    other: Node,
    other_port: u16,
    serves: watch::Sender<u16>,
    /// Where devices come in.
    door: String,
    /// At the other node.
    api: Api,
}

impl Together {
    async fn start(folder: &Path, database: &str) -> Self {
        let nats = nats::Nats::start();
        let (a, b) = (folder.join("a"), folder.join("b"));
        let (port, serves) = balancer().await;
        let mut leads = Node::start(&a, &with(database, &nats.arguments()));
        leads.says("this node leads").await;
        serves.send_replace(leads.port().await);
        keys(&a, &b);
        let mut other = Node::start(&b, &with(database, &nats.arguments()));
        let other_port = other.port().await;
        let api = Api::of(&a, &format!("https://localhost:{other_port}"));
        Self {
            nats,
            leads,
            other,
            other_port,
            serves,
            door: format!("https://localhost:{port}"),
            api,
        }
    }

    /// How many devices are there, as the other node knows it.
    async fn online(&self, expected: u32) {
        let begun = Instant::now();
        loop {
            let page = self.api.ask(Method::GET, "devices", json!(null)).await;
            let devices = page["items"].as_array().unwrap().iter();
            let online = devices.filter(|device| device["online"] == true).count();
            if online == expected as usize {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{online} of {expected} online");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Takes a device into the fleet that waits at the node that leads.
    async fn claim(&self, waits: &Crowd, room: &str) {
        let begun = Instant::now();
        let code = loop {
            if let Some(code) = waits.code() {
                break code;
            }
            assert!(begun.elapsed() < PATIENCE, "no device waits");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let claim = json!({"code": code, "room": room});
        self.api.ask(Method::POST, "claim", claim).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_serve_together_and_none_of_them_is_needed() {
    let server = postgres::Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    let mut fleet = Together::start(folder.path(), &server.url("postgres")).await;
    prepare(&fleet.api).await;
    let ca = folder.path().join("a/ca.pem");
    let crowd = Crowd::start(&fleet.door, ca.clone(), DEVICES, "SIM-").unwrap();
    let all = u64::from(DEVICES);
    until(&crowd, "all configured", |c| c.confirmed == all).await;
    fleet.online(DEVICES).await;

    // Nothing but a wake from node to node tells devices of what follows.
    fleet.api.set("sim", "panel.theme", json!("dark")).await;
    until(&crowd, "a change for all", |c| c.confirmed == 2 * all).await;
    let late = Crowd::start(&fleet.door, ca, 1, "LATE-").unwrap();
    fleet.claim(&late, "sim/g/late").await;
    until(&late, "claimed and configured", |c| c.confirmed == 1).await;

    fleet.nats.dies();
    fleet.other.says("NATS is away").await;
    fleet.api.set("sim", "panel.theme", json!("light")).await;
    fleet.nats.comes_back();
    until(&crowd, "told once NATS is back", |c| c.confirmed == 3 * all).await;
    assert_eq!(crowd.counts().lost, 0);

    // Not heard by all of them when their node dies.
    fleet.api.set("sim", "panel.theme", json!("dark")).await;
    fleet.leads.dies().await;
    fleet.serves.send_replace(fleet.other_port);
    until(&crowd, "all told by the other node", |c| {
        c.connected == DEVICES && c.confirmed == 4 * all
    })
    .await;
    fleet.other.says("this node leads").await;
    fleet.online(DEVICES + 1).await;
    let check = fleet.api.ask(Method::GET, "audit/check", json!(null)).await;
    assert_eq!(check["broken_at"], Value::Null, "{check}");
    assert_eq!(crowd.counts().refused, 0);
}

/// The first device of a fleet, as its other node knows it.
async fn helped(fleet: &Together) -> String {
    let page = fleet.api.ask(Method::GET, "devices", json!(null)).await;
    let device = page["items"][0]["device"].as_str().unwrap();
    format!("devices/{device}/help")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panel_is_seen_and_touched_from_a_node_that_does_not_hold_its_device() {
    let server = postgres::Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    let fleet = Together::start(folder.path(), &server.url("postgres")).await;
    prepare(&fleet.api).await;
    let crowd = Crowd::start(&fleet.door, folder.path().join("a/ca.pem"), DEVICES, "SIM-");
    let crowd = crowd.unwrap();
    fleet.online(DEVICES).await;
    let path = helped(&fleet).await;
    let ask = async |method, more: &str, body| {
        let path = format!("{path}{more}");
        fleet.api.ask(method, &path, body).await
    };
    ask(Method::POST, "", json!({"touch": true})).await;
    let panel = async |what: &str, fine: fn(&Value) -> bool| {
        let begun = Instant::now();
        loop {
            let seen = ask(Method::GET, "/panel", json!(null)).await;
            let target = &seen["panel"]["shown"]["picture"]["targets"][0];
            if fine(target) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: {seen}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    panel("a picture", |target| target["label"] == "Simulated").await;
    ask(Method::POST, "/touch", json!({"x": 640, "y": 400})).await;
    panel("the touch", |target| {
        target["x"] == 640 && target["y"] == 400
    })
    .await;
    ask(Method::DELETE, "", json!(null)).await;
    let over = ask(Method::GET, "", json!(null)).await;
    assert_eq!(over["state"]["ended"]["why"], "left");
    assert_eq!(crowd.counts().lost, 0);
}

/// A system that is told what is wrong: each message, once it is taken.
async fn told() -> (String, mpsc::UnboundedReceiver<Value>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, messages) = mpsc::unbounded_channel();
    let hook = axum::routing::post(async move |axum::Json(message): axum::Json<Value>| {
        sender.send(message).unwrap();
    });
    let router = axum::Router::new().route("/", hook);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, messages)
}

/// Until these rooms were named; each of them once, and no other one.
async fn named(messages: &mut mpsc::UnboundedReceiver<Value>, part: &str, rooms: &[String]) {
    let mut named = Vec::new();
    while named.len() < rooms.len() {
        let message = tokio::time::timeout(PATIENCE, messages.recv()).await;
        let message = message.expect("somebody is told").unwrap();
        for part in ["began", "over"] {
            for group in message[part].as_array().unwrap() {
                let names = group["names"].as_array().unwrap().iter();
                named.extend(names.map(|name| format!("{part} {}", name.as_str().unwrap())));
            }
        }
    }
    named.sort();
    let expected: Vec<String> = rooms.iter().map(|room| format!("{part} {room}")).collect();
    assert_eq!(named, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_tells_people_and_another_one_goes_on_where_it_stood() {
    let server = postgres::Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    let mut fleet = Together::start(folder.path(), &server.url("postgres")).await;
    prepare(&fleet.api).await;
    let ca = folder.path().join("a/ca.pem");
    let crowd = Crowd::start(&fleet.door, ca.clone(), DEVICES, "SIM-").unwrap();
    let late = Crowd::start(&fleet.door, ca, 1, "LATE-").unwrap();
    fleet.claim(&late, "sim/g/late").await;
    until(&late, "claimed and configured", |c| c.confirmed == 1).await;
    let all = u64::from(DEVICES);
    until(&crowd, "all configured", |c| c.confirmed == all).await;
    fleet.online(DEVICES + 1).await;
    let (url, mut messages) = told().await;
    let plan = json!({"name": "night", "scope": "/", "kinds": ["offline"], "after_minutes": 0, "gather_seconds": 0,
        "pause_minutes": 0, "channel": {"webhook": {"url": url}}});
    let rule = json!({"plan": plan});
    fleet.api.ask(Method::POST, "alert-rules", rule).await;

    drop(late);
    named(&mut messages, "began", &["sim/g/late".to_owned()]).await;
    loop {
        let rules = fleet.api.ask(Method::GET, "alert-rules", json!(null)).await;
        if rules[0]["waits"] == false {
            break;
        }
        tokio::task::yield_now().await;
    }
    // Nobody gets in anywhere.
    fleet.serves.send_replace(0);
    fleet.leads.dies().await;
    fleet.other.says("this node leads").await;
    let rooms: Vec<String> = (0..DEVICES).map(|n| format!("sim/g/r{n}")).collect();
    named(&mut messages, "began", &rooms).await;
    fleet.serves.send_replace(fleet.other_port);
    named(&mut messages, "over", &rooms).await;
}

/// A database of its own on the server.
async fn database(server: &postgres::Postgres, name: &str) -> Shared {
    let config: tokio_postgres::Config = server.url("postgres").parse().unwrap();
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let create = format!("CREATE DATABASE {name}");
    client.batch_execute(&create).await.unwrap();
    Shared {
        database: server.url(name),
        password: None,
        ca: None,
        nats: None,
    }
}

fn options(data: PathBuf, shared: Option<&Shared>) -> Options {
    Options {
        data,
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        shared: shared.cloned(),
        names: vec!["localhost".to_owned()],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_moves_from_its_folder_to_postgresql_and_to_another_one() {
    let server = postgres::Postgres::start();
    let (one, two) = (
        database(&server, "one").await,
        database(&server, "two").await,
    );
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);

    let alone = Server::start(options(place("alone"), None)).await.unwrap();
    let api = Api::of(&place("alone"), alone.url());
    prepare(&api).await;
    back_up(&place("alone"), &place("copy")).unwrap();
    alone.stop().await;

    restore_shared(&place("node"), &one, &place("copy"))
        .await
        .unwrap();
    assert!(
        !place("node").join("fleet.sqlite").exists(),
        "the truth is in one place"
    );
    let again = restore_shared(&place("other"), &one, &place("copy")).await;
    assert!(again.unwrap_err().to_string().contains("holds a fleet"));
    back_up_shared(&place("node"), &one, &place("copy of node"))
        .await
        .unwrap();
    restore_shared(&place("node of two"), &two, &place("copy of node"))
        .await
        .unwrap();

    let stranger = Server::start(options(place("node of two"), Some(&two)))
        .await
        .unwrap();
    let api = api.at(stranger.url());
    let value = api.ask(Method::GET, "settings?scope=/", json!(null)).await;
    assert!(value.to_string().contains("Europe/Berlin"), "{value}");
    let check = api.ask(Method::GET, "audit/check", json!(null)).await;
    assert_eq!(check["broken_at"], Value::Null, "{check}");
    stranger.stop().await;
    // Keys that another fleet made.
    let refused = Server::start(options(place("nobody"), Some(&two))).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("copy ca-key.pem"), "{refused}");
}
