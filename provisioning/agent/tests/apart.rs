//! The whole life of a device without internet, and without IPv4.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod support;

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream},
    process::Command,
};

use reqwest::Method;
use saal_network_sim::apart;
use serde_json::json;
use support::{
    fleet::Fleet,
    updates::{begin, one, rollout, well},
};

fn ip(words: &str) -> String {
    let done = Command::new("ip").args(words.split(' ')).output().unwrap();
    assert!(done.status.success(), "ip {words}");
    String::from_utf8(done.stdout).unwrap()
}

/// It is enrolled, configured, rolled back, updated and thrown out.
async fn lives(address: IpAddr, name: &str) {
    let fleet = Fleet::start_at(address, name).await;
    let (system, device) = one(&fleet, well).await;
    let document = device.room.uses("Lahn").await;
    assert!(document.contains("Europe/Berlin"), "{document}");

    fleet
        .set("kassel", "room.language_file", json!("missing.ftl"))
        .await;
    let back = fleet
        .device("SN1", |d| d["report"]["generation"] == 2)
        .await;
    let outcome = &back["report"]["outcome"];
    assert_eq!(outcome["rolled_back"]["why"], "document", "{back}");
    assert_eq!(back["generation"], 1);
    let edits = json!([{"unset": {"key": "room.language_file"}}]);
    let change = json!({"scope": "kassel", "edits": edits});
    fleet.done(Method::PUT, "settings", change).await;
    fleet.device("SN1", |d| d["generation"] == 3).await;

    begin(&fleet, "november", "2").await;
    rollout(&fleet, "november", |r| r["state"] == "done").await;
    assert_eq!(system.done(), ["install 2", "restart", "good b"]);

    let known = fleet.device("SN1", |d| d["online"] == true).await;
    let revoke = format!("devices/{}/revoke", known["device"].as_str().unwrap());
    fleet.done(Method::POST, &revoke, json!(null)).await;
    fleet
        .device("SN1", |d| d["revoked"] == true && d["online"] == false)
        .await;
}

#[test]
fn a_device_needs_no_internet_and_no_ipv4() {
    apart().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(ip("route show default"), "");
    assert_eq!(ip("-6 route show default"), "");
    let out = TcpStream::connect((Ipv4Addr::new(192, 0, 2, 1), 443));
    assert_eq!(out.unwrap_err().kind(), ErrorKind::NetworkUnreachable);
    runtime.block_on(lives(Ipv4Addr::LOCALHOST.into(), "localhost"));

    ip("address delete 127.0.0.1/8 dev lo");
    assert_eq!(ip("-4 address show"), "");
    runtime.block_on(lives(Ipv6Addr::LOCALHOST.into(), "::1"));
}
