//! One node of two processes, neither of which can hold all devices: they share port, folder and database.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

#[path = "support/api.rs"]
#[allow(dead_code, reason = "another test uses the rest")]
mod api;
#[path = "support/node.rs"]
#[allow(dead_code, reason = "another test uses the rest")]
mod node;

use std::time::{Duration, Instant};

use api::Api;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use node::Node;
use reqwest::Method;
use saal_agent::simulated::{Cast, Counts, Crowd};
use saal_fleet::{Options, enrol_simulated};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(120);
const DEVICES: u32 = 80;
/// A process has room for 50 connections.
const FILES: u32 = 100;

async fn until(crowd: &Crowd, what: &str, done: impl Fn(&Counts) -> bool) {
    let begun = Instant::now();
    while !done(&crowd.counts()) {
        assert!(begun.elapsed() < PATIENCE, "{what}: {}", crowd.counts());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn ends(process: u32) {
    let process = Pid::from_raw(i32::try_from(process).unwrap());
    kill(process, Signal::SIGKILL).unwrap();
}

/// Whether it is there, and not only in the books of whoever has to ask for its end (`proc(5)`, stat).
fn lives(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after = stat.rsplit(") ").next().unwrap_or_default();
    !after.is_empty() && !after.starts_with('Z')
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_a_port_hear_each_other_and_end_with_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let (data, known) = (folder.path().join("fleet"), folder.path().join("devices"));
    let options = Options {
        data: data.clone(),
        listen: (std::net::Ipv4Addr::LOCALHOST, 0).into(),
        shared: None,
        names: Vec::new(),
    };
    enrol_simulated(&options, DEVICES, &known).await.unwrap();
    let mut node = Node::start_with_files(FILES, &data, &["--processes=2".to_owned()]);
    let server = format!("https://localhost:{}", node.port().await);
    let api = Api::of(&data, &server);
    api.tell_all().await;
    let crowd = Crowd::play(Cast {
        server,
        ca: data.join("ca.pem"),
        at: Vec::new(),
        devices: DEVICES,
        first: 0,
        serials: "SIM-".to_owned(),
        known: Some(known),
        a_second: 200,
    });
    let crowd = crowd.unwrap();
    let all = u64::from(DEVICES);
    until(&crowd, "all configured", |c| {
        c.connected == DEVICES && c.confirmed == all
    })
    .await;

    // Half of them are held by the process that was not asked.
    api.set("/", "panel.theme", json!("dark")).await;
    until(&crowd, "a change for all", |c| c.confirmed == 2 * all).await;
    assert_eq!(crowd.counts().lost, 0);

    let others = node.others();
    let [other] = others[..] else {
        panic!("it has one other process: {others:?}")
    };
    ends(other);
    until(&crowd, "all back", |c| c.lost > 0 && c.connected == DEVICES).await;
    api.set("/", "panel.theme", json!("light")).await;
    until(&crowd, "another change", |c| c.confirmed == 3 * all).await;
    assert_eq!(crowd.counts().refused, 0);
    let check = api.ask(Method::GET, "audit/check", json!(null)).await;
    assert_eq!(check["broken_at"], Value::Null, "{check}");

    let others = node.others();
    node.dies().await;
    until(&crowd, "none is left", |c| c.connected == 0).await;
    let begun = Instant::now();
    while others.iter().any(|other| lives(*other)) {
        assert!(
            begun.elapsed() < PATIENCE,
            "a process outlives the first one"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
