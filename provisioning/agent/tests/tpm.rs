//! Devices with a TPM, Debian's emulated one, at the real server.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod support;

use std::path::Path;

use reqwest::Method;
use saal_agent::{
    disk::Folder,
    identity::{Identity, IdentityError},
    settings::Settings,
    tpm::TpmError,
};
use saal_fleet_protocol::fleet::KeyProblem;
use serde_json::{Value, json};
use support::{
    fleet::{Device, Fleet, in_a_tpm, rewrite},
    swtpm::{Slow, Swtpm},
};

const ROOM: &str = "kassel/rathaus/lahn";

async fn fleet() -> Fleet {
    let fleet = Fleet::start().await;
    fleet
        .set("/", "room.time_zone", json!("Europe/Berlin"))
        .await;
    fleet
        .set("/", "fleet.server", json!("fleet.example.org"))
        .await;
    fleet.set(ROOM, "room.name", json!("Lahn")).await;
    secret(&fleet, "streng-geheim").await;
    fleet
}

async fn secret(fleet: &Fleet, content: &str) {
    let secret = json!({"scope": "kassel", "name": "jitsi-token", "content": content});
    fleet.done(Method::PUT, "secrets", secret).await;
}

/// What the device has of the fleet's secret.
fn opened(device: &Device) -> String {
    let beside = device.folder.path().join("agent/current/jitsi-token");
    std::fs::read_to_string(beside).unwrap()
}

fn kept(device: &Device, file: &str) -> Value {
    let text = std::fs::read(device.folder.path().join("agent").join(file)).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// Who a device is that its folder and its file make.
fn who(folder: &Path) -> Result<Identity, IdentityError> {
    let settings = Settings::read(&folder.join("agent.toml")).unwrap();
    Identity::open(&Folder::open(&settings.state).unwrap(), &settings)
}

fn why(folder: &Path) -> String {
    match who(folder) {
        Ok(_) => panic!("it has its keys"),
        Err(error) => error.to_string(),
    }
}

/// All that the agent keeps, as bytes.
fn all(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes.extend(all(&path));
        } else {
            bytes.extend(std::fs::read(&path).unwrap());
        }
    }
    bytes
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_lives_with_a_key_that_never_leaves_its_tpm() {
    let (fleet, mut tpm) = (fleet().await, Swtpm::start().await);
    let mut device = fleet.unpack_on(&tpm.path(), "SN1");
    fleet.claim(&device, ROOM).await;
    device.room.uses("Lahn").await;
    fleet.device("SN1", |d| d["generation"] == 1).await;
    assert_eq!(opened(&device), "streng-geheim");

    assert_eq!(kept(&device, "identity.json")["version"], 2);
    assert!(who(device.folder.path()).unwrap().key_der().is_none());
    let files = all(&device.folder.path().join("agent"));
    assert!(has(&files, b"BEGIN CERTIFICATE"));
    assert!(!has(&files, b"PRIVATE KEY"), "a private key is in a file");

    // The computer starts anew, and the certificate is at two thirds of its life.
    let old = kept(&device, "membership.json");
    Fleet::switch_off(&mut device).await;
    tpm.recover().await;
    let mut membership = old.clone();
    membership["begins"] = json!(1);
    let path = device.folder.path().join("agent/membership.json");
    std::fs::write(path, membership.to_string()).unwrap();
    Fleet::switch_on(&mut device);
    secret(&fleet, "neues-geheimnis").await;
    let back = |d: &Value| d["generation"] == 2 && d["online"] == true;
    fleet.device("SN1", back).await;
    assert_eq!(opened(&device), "neues-geheimnis");
    let new = kept(&device, "membership.json");
    assert_eq!(new["device"], old["device"]);
    assert_ne!(new["certificate"], old["certificate"], "it was not renewed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_folder_is_worth_nothing_on_another_board() {
    let (fleet, tpm, other) = (fleet().await, Swtpm::start().await, Swtpm::start().await);
    let mut device = fleet.unpack_on(&tpm.path(), "SN1");
    fleet.claim(&device, ROOM).await;
    fleet.device("SN1", |d| d["generation"] == 1).await;
    Fleet::switch_off(&mut device).await;
    fleet.device("SN1", |d| d["online"] == false).await;

    let (own, others) = (in_a_tpm(&tpm.path()), in_a_tpm(&other.path()));
    rewrite(device.folder.path(), &own, &others);
    let why = why(device.folder.path());
    assert!(
        why.contains("another TPM") && why.contains("saal-agent forget"),
        "{why}"
    );
    // It stays, without the fleet: the room has what it had.
    Fleet::switch_on(&mut device);
    device.room.uses("Lahn").await;
    Fleet::switch_off(&mut device).await;

    rewrite(device.folder.path(), &others, &own);
    Fleet::switch_on(&mut device);
    fleet.device("SN1", |d| d["online"] == true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_goes_on_without_its_tpm_and_its_device_comes_back_with_it() {
    let (fleet, mut tpm) = (fleet().await, Swtpm::start().await);
    let mut device = fleet.unpack_on(&tpm.path(), "SN1");
    fleet.claim(&device, ROOM).await;
    fleet.device("SN1", |d| d["generation"] == 1).await;

    // The connection that is there needs no signature.
    tpm.fail();
    fleet.set(ROOM, "room.name", json!("Eder")).await;
    device.room.uses("Eder").await;
    Fleet::switch_off(&mut device).await;
    let missing = why(device.folder.path());
    assert!(missing.contains("there is no TPM at"), "{missing}");

    // It fails between the agent's start and its next connection.
    tpm.recover().await;
    let key = who(device.folder.path()).unwrap();
    tpm.fail();
    let refused = Fleet::tries_as(&device, &key).await;
    assert!(refused.contains("there is no TPM at"), "{refused}");

    Fleet::switch_on(&mut device);
    fleet.device("SN1", |d| d["online"] == false).await;
    device.room.says_of_its_key(Some(KeyProblem::Missing)).await;
    let document = device.folder.path().join("agent/current/saal.toml");
    assert!(std::fs::read_to_string(document).unwrap().contains("Eder"));
    tpm.recover().await;
    fleet.device("SN1", |d| d["online"] == true).await;
    device.room.says_of_its_key(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_whose_tpm_was_cleared_says_so_goes_on_and_is_set_up_anew() {
    let (fleet, mut tpm) = (fleet().await, Swtpm::start().await);
    let mut device = fleet.unpack_on(&tpm.path(), "SN1");
    fleet.claim(&device, ROOM).await;
    fleet.device("SN1", |d| d["generation"] == 1).await;
    device.room.says_of_its_key(None).await;

    // While the agent runs: the next connection finds it.
    tpm.clear().await;
    let fleet = fleet.restart().await;
    device.room.says_of_its_key(Some(KeyProblem::Foreign)).await;
    Fleet::switch_off(&mut device).await;
    // And while it does not.
    Fleet::switch_on(&mut device);
    device.room.is_looked_at(2).await;
    device.room.says_of_its_key(Some(KeyProblem::Foreign)).await;
    let document = device.folder.path().join("agent/current/saal.toml");
    assert!(std::fs::read_to_string(document).unwrap().contains("Lahn"));

    // As the factory state does.
    Fleet::switch_off(&mut device).await;
    Fleet::forgets(&device);
    Fleet::switch_on(&mut device);
    device.room.says_of_its_key(None).await;
    let (code, claim) = (device.room.code().await, "claim");
    let again = json!({"code": code, "room": ROOM, "replace": true});
    fleet.done(Method::POST, claim, again).await;
    let back = |d: &Value| d["revoked"] == false && d["generation"] == 1 && d["online"] == true;
    fleet.device("SN1", back).await;
    assert_eq!(opened(&device), "streng-geheim");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_looks_after_a_room_while_its_tpm_takes_its_time() {
    let (fleet, tpm) = (fleet().await, Swtpm::start().await);
    let slow = Slow::before(&tpm);
    let device = fleet.unpack_on(&slow.path(), "SN1");
    // It is asked to sign the request for a certificate, and does not.
    slow.is_asked().await;
    device.room.is_looked_at(2).await;
    slow.signs();
    fleet.claim(&device, ROOM).await;
    device.room.uses("Lahn").await;
}

/// A device's file, and no fleet.
fn alone(folder: &Path, keys: &str, tpm: &Path) {
    let text = format!(
        "version = 1\nkeys = {keys:?}\ntpm = {tpm:?}\nstate = \"agent\"\n[first]\nname = \"Neu\"\ntime_zone = \"UTC\"\n"
    );
    std::fs::write(folder.join("agent.toml"), text).unwrap();
}

#[tokio::test]
async fn keys_stay_where_they_were_made_and_a_device_says_what_to_do() {
    let (tpm, folder) = (Swtpm::start().await, tempfile::tempdir().unwrap());
    let (path, nowhere) = (folder.path(), folder.path().join("nowhere"));

    alone(path, "tpm", &nowhere);
    assert!(matches!(
        who(path),
        Err(IdentityError::Tpm(TpmError::Missing { .. }))
    ));
    alone(path, "auto", &nowhere);
    let file = who(path).unwrap();
    assert!(file.key_der().is_some());
    // The device gets a TPM.
    alone(path, "auto", &tpm.path());
    assert_eq!(who(path).unwrap().key_der(), file.key_der());
    alone(path, "tpm", &tpm.path());
    let elsewhere = why(path);
    assert!(
        elsewhere.contains("in a file") && elsewhere.contains("forget"),
        "{elsewhere}"
    );

    saal_agent::identity::forget(&Folder::open(&path.join("agent")).unwrap()).unwrap();
    alone(path, "auto", &tpm.path());
    let own = who(path).unwrap();
    assert!(own.key_der().is_none());
    alone(path, "tpm", &tpm.path());
    assert_eq!(who(path).unwrap().seal_key(), own.seal_key());
    alone(path, "file", &tpm.path());
    assert!(why(path).contains("in a TPM"));
}

/// Something that is no TPM: a file that takes what is written, and gives nothing back.
#[tokio::test]
async fn a_new_device_whose_tpm_is_none_keeps_its_keys_in_a_file_unless_it_must_not() {
    let folder = tempfile::tempdir().unwrap();
    let (path, none) = (folder.path(), folder.path().join("none"));
    std::fs::write(&none, "").unwrap();
    alone(path, "tpm", &none);
    let why = why(path);
    assert!(why.contains("none"), "{why}");
    assert!(!path.join("agent/identity.json").exists());
    alone(path, "auto", &none);
    assert!(who(path).unwrap().key_der().is_some());
}
