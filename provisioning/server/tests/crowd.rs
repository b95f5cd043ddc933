//! Many devices at once, over real TLS: all of them come, all are told, and all come back.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]
#![allow(clippy::print_stdout, reason = "how long it took")]

#[path = "support/api.rs"]
#[allow(dead_code, reason = "the benchmark uses the rest")]
mod api;

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use api::Api;
use reqwest::Method;
use saal_agent::simulated::{Counts, Crowd};
use saal_fleet::{Options, Server, open_many_files};
use serde_json::{Value, json};

const DEVICES: u32 = 2000;
const PATIENCE: Duration = Duration::from_secs(600);

async fn until(crowd: &Crowd, what: &str, done: impl Fn(&Counts) -> bool) {
    let begun = Instant::now();
    loop {
        let counts = crowd.counts();
        if done(&counts) {
            println!(
                "{what} after {:.1} s: {counts}",
                begun.elapsed().as_secs_f64()
            );
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: {counts}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Some of them miss three changes, and are told the newest when they come back, and nothing else. Returns how many orders
/// all of them have confirmed.
async fn away_for_three_changes(api: &Api, crowd: &Crowd, mut told: u64) -> u64 {
    // One in twenty of them is in the group that is changed, as is one in twenty of all.
    let gone = 100;
    let (group, there) = (u64::from(DEVICES / 20), u64::from((DEVICES - gone) / 20));
    crowd.away(gone);
    until(crowd, "some away", |c| c.connected == DEVICES - gone).await;
    for theme in ["light", "dark", "light"] {
        let preview = api.set("sim/g0", "panel.theme", json!(theme)).await;
        assert_eq!(preview["changed"], group);
        told += there;
        until(crowd, "the others told", |c| c.confirmed == told).await;
    }
    crowd.away(0);
    told += group - there;
    until(crowd, "back and told", |c| {
        c.connected == DEVICES && c.confirmed == told
    })
    .await;
    told
}

fn options(data: &std::path::Path, port: u16) -> Options {
    Options {
        data: data.to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        shared: None,
        names: vec!["localhost".to_owned()],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_devices_come_are_told_and_come_back_after_a_restart() {
    open_many_files();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let server = Server::start(options(data, 0)).await.unwrap();
    let api = Api::of(data, server.url());
    api.tell_all().await;
    let expected = |number: u32| json!({"serial": format!("SIM-{number}"), "room": format!("sim/g{}/r{number}", number % 20)});
    let serials: Vec<Value> = (0..DEVICES).map(expected).collect();
    api.ask(Method::POST, "serials", json!({"serials": serials}))
        .await;

    let crowd = Crowd::start(server.url(), data.join("ca.pem"), DEVICES, "SIM-").unwrap();
    let all = u64::from(DEVICES);
    until(&crowd, "all configured", |c| {
        c.connected == DEVICES && c.confirmed == all
    })
    .await;
    let preview = api.set("sim", "panel.theme", json!("dark")).await;
    assert_eq!(preview["changed"], DEVICES);
    until(&crowd, "a change for all confirmed", |c| {
        c.confirmed == 2 * all
    })
    .await;

    let told = away_for_three_changes(&api, &crowd, 2 * all).await;

    let port = server.url().rsplit(':').next().unwrap().parse().unwrap();
    server.stop().await;
    until(&crowd, "the server gone", |c| c.connected == 0).await;
    let server = Server::start(options(data, port)).await.unwrap();
    until(&crowd, "all back", |c| c.connected == DEVICES).await;
    let counts = crowd.counts();
    assert_eq!(
        (counts.enrolled, counts.confirmed, counts.refused),
        (DEVICES, told, 0)
    );
    let page = api
        .ask(
            Method::GET,
            "devices?search=SIM-1980&sort=serial",
            json!(null),
        )
        .await;
    assert_eq!(page["items"][0]["generation"], 5, "{page}");
    assert_eq!(api.figure("saal_fleet_devices_behind").await, 0);
    drop(crowd);
    server.stop().await;
}
