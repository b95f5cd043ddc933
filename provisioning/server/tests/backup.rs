//! A back-up is a whole fleet, taken while the server runs.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::net::{Ipv4Addr, SocketAddr};

use saal_fleet::{BackupError, Options, Server, back_up, restore};

fn options(data: &std::path::Path) -> Options {
    Options {
        data: data.to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        shared: None,
        names: vec!["localhost".to_owned()],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_fleet_has_the_same_authority_keys_and_database() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy, new) = (
        folder.path().join("a"),
        folder.path().join("b"),
        folder.path().join("c"),
    );
    let server = Server::start(options(&data)).await.unwrap();
    back_up(&data, &copy).unwrap();
    server.stop().await;
    restore(&new, &copy).unwrap();
    for file in ["ca.pem", "ca-key.pem", "signing.key", "seal.key"] {
        assert_eq!(
            std::fs::read(data.join(file)).unwrap(),
            std::fs::read(new.join(file)).unwrap(),
            "{file}"
        );
    }
    Server::start(options(&new)).await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_overwritten_and_a_damaged_copy_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("a"), folder.path().join("b"));
    Server::start(options(&data)).await.unwrap().stop().await;
    back_up(&data, &copy).unwrap();
    assert!(matches!(
        restore(&data, &copy),
        Err(BackupError::NotEmpty { .. })
    ));
    assert!(matches!(
        back_up(&folder.path().join("none"), &copy),
        Err(BackupError::Missing { .. })
    ));
    let database = copy.join("fleet.sqlite");
    let mut bytes = std::fs::read(&database).unwrap();
    let middle = bytes.len() / 2;
    bytes[100..middle].fill(0xff);
    std::fs::write(&database, bytes).unwrap();
    assert!(restore(&folder.path().join("c"), &copy).is_err());
    assert!(
        !folder.path().join("c").exists(),
        "nothing is half restored"
    );
}
