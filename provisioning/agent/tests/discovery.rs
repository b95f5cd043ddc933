//! A device that is told no server finds the one that its network names.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod support;

use std::{net::UdpSocket, path::Path};

use saal_agent::discovery::Network;
use saal_fleet::Announcement;
use serde_json::json;
use support::fleet::Fleet;

/// Without DHCP's word and names; multicast DNS is on a port of the test's own.
fn network(leases: &Path) -> Network {
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr();
    Network {
        leases: leases.to_owned(),
        multicast_port: free.unwrap().port(),
        ..Network::default()
    }
}

/// As systemd-networkd keeps it.
fn lease(folder: &Path, server: &str) {
    let bytes: String = server.bytes().map(|byte| format!("{byte:02x}")).collect();
    let text =
        format!("# This is private data. Do not parse.\nADDRESS=10.9.0.7\nOPTION_224={bytes}\n");
    std::fs::write(folder.join("2"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_announces_itself_is_found_and_kept() {
    let fleet = Fleet::start().await;
    let leases = tempfile::tempdir().unwrap();
    let network = network(leases.path());
    let announced = Announcement::on_port(fleet.server.url(), network.multicast_port).unwrap();
    let mut device = fleet.unpack_in(network.clone(), "SN1");
    fleet
        .set("/", "room.time_zone", json!("Europe/Berlin"))
        .await;
    let meeting = json!([{"title": "Daily", "link": "https://meet.example.org/daily"}]);
    fleet.set("/", "meetings", meeting).await;
    fleet.set("/", "room.name", json!("Lahn")).await;
    fleet.claim(&device, "kassel/rathaus/lahn").await;
    device.room.uses("Lahn").await;

    // It belongs to that fleet, whoever is announced later, and even if nobody is.
    drop(announced);
    Fleet::switch_off(&mut device).await;
    let other = Announcement::on_port("https://other.example.org", network.multicast_port).unwrap();
    fleet.set("/", "room.name", json!("Fulda")).await;
    Fleet::switch_on_in(network, &mut device);
    device.room.uses("Fulda").await;
    drop(other);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_dhcp_server_says_counts_before_what_anybody_announces() {
    let fleet = Fleet::start().await;
    let leases = tempfile::tempdir().unwrap();
    lease(leases.path(), fleet.server.url());
    let network = network(leases.path());
    let _other = Announcement::on_port("https://127.0.0.1:9", network.multicast_port).unwrap();
    let device = fleet.unpack_in(network, "SN1");
    fleet.claim(&device, "kassel/rathaus/lahn").await;
    assert_eq!(
        fleet
            .device("SN1", |device| device["room"] == "kassel/rathaus/lahn")
            .await["serial"],
        "SN1"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_names_a_server_the_room_says_so_until_somebody_does() {
    let fleet = Fleet::start().await;
    let leases = tempfile::tempdir().unwrap();
    let device = fleet.unpack_in(network(leases.path()), "SN1");
    assert_eq!(device.room.waits_at().await, "");
    // The room was put to another network, or the DHCP server was told.
    lease(leases.path(), fleet.server.url());
    device.room.code().await;
    assert_eq!(device.room.waits_at().await, "localhost");
}
