//! A fleet whose authority IT signs: who knows nothing but IT's root comes in, and who was there before goes on.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod support;

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, DnValue, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm,
};
use reqwest::Method;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, pem::PemObject as _};
use saal_agent::{disk::Folder, identity};
use saal_fleet::{Options, install_authority, request_authority};
use serde_json::json;
use support::fleet::{Device, Fleet, PATIENCE};
use x509_cert::{Certificate, der::Decode as _, request::CertReq};

/// An organisation's authority, and the one below it that signs.
struct It {
    root: CertifiedIssuer<'static, KeyPair>,
    issuing: CertifiedIssuer<'static, KeyPair>,
}

struct Point(Vec<u8>);

impl PublicKeyData for Point {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

fn about(name: &str, below: u8) -> CertificateParams {
    let mut about = CertificateParams::default();
    about.distinguished_name.push(DnType::CommonName, name);
    about.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    about.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    about
}

impl It {
    fn new() -> Self {
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(about("Kreis Kassel Root", 2), key()).unwrap();
        let issuing = about("Kreis Kassel Issuing", 1);
        let issuing = CertifiedIssuer::signed_by(issuing, key(), &root).unwrap();
        Self { root, issuing }
    }

    /// Gives the authority another name, if it has names of its own.
    fn signs(&self, request: &str, other: Option<DnValue>) -> String {
        let der = CertificateSigningRequestDer::from_pem_slice(request.as_bytes()).unwrap();
        let asked = CertReq::from_der(&der).unwrap().info;
        let name = asked.subject.common_name().unwrap().unwrap();
        let mut about = about(&name.value(), 0);
        if let Some(other) = other {
            let organisation = DnValue::from("Kreis Kassel");
            about.distinguished_name.remove(DnType::CommonName);
            let name = &mut about.distinguished_name;
            name.push(DnType::OrganizationName, organisation);
            name.push(DnType::CommonName, other);
        }
        let point = Point(asked.public_key.subject_public_key.raw_bytes().to_vec());
        let own = about.signed_by(&point, &self.issuing).unwrap();
        [own.pem(), self.issuing.pem(), self.root.pem()].concat()
    }
}

fn kept(device: &Device) -> Folder {
    Folder::open(&device.folder.path().join("agent")).unwrap()
}

/// Its certificate is at the end of its life, and the device gets another one.
async fn renews(device: &mut Device) -> String {
    Fleet::switch_off(device).await;
    let mut own = identity::membership(&kept(device)).unwrap().unwrap();
    own.begins -= 3 * (own.ends - own.begins);
    identity::join(&kept(device), &own).unwrap();
    Fleet::switch_on(device);
    let looking = async {
        loop {
            let now = identity::membership(&kept(device)).unwrap().unwrap();
            if now.certificate != own.certificate {
                return now.certificate;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let renewed = tokio::time::timeout(PATIENCE, looking).await;
    renewed.expect("the device has another certificate")
}

/// At the server's folder.
async fn install(fleet: &Fleet, chain: &Path) {
    let options = Options {
        data: fleet.folder.path().to_owned(),
        listen: ([127, 0, 0, 1], 0).into(),
        shared: None,
        names: vec!["localhost".to_owned()],
    };
    install_authority(&options, chain).await.unwrap();
}

/// By the API, as `saal-fleetctl` does it; what is none changes nothing and says why.
async fn install_from_afar(fleet: &Fleet, chain: &Path) {
    let before = fleet.done(Method::GET, "authority", json!(null)).await;
    assert_eq!(before["chain"].as_array().unwrap().len(), 1);
    assert_eq!(before["shown"], true);
    let chain = std::fs::read_to_string(chain).unwrap();
    let (own, rest) = chain.split_once("-----END CERTIFICATE-----\n").unwrap();
    let turned = format!("{rest}{own}-----END CERTIFICATE-----\n");
    let wrong = [
        (json!({"chain": turned}), "is not for the key of this fleet"),
        (json!({"chain": "geheim"}), "there is no certificate in it"),
        (json!({"chain": chain, "names": ["no name"]}), "no name"),
    ];
    for (body, why) in wrong {
        let (status, problem) = fleet.ask(Method::POST, "authority", body).await;
        assert_eq!((status.as_u16(), &problem["code"]), (400, &json!("chain")));
        let says = problem["message"].as_str().unwrap();
        assert!(says.contains(why), "{says}");
    }
    let same = fleet.done(Method::GET, "authority", json!(null)).await;
    assert_eq!(same, before);
    let body = json!({"chain": chain, "names": ["rooms.example.org"]});
    let waits = fleet.done(Method::POST, "authority", body).await;
    assert_eq!(waits["chain"][2]["name"], "Kreis Kassel Root");
    assert_eq!(waits["shown"], false);
    let log = fleet.done(Method::GET, "audit", json!(null)).await;
    assert_eq!(log["items"][0]["act"], "authority_installed");
    assert_eq!(log["items"][0]["by"]["name"], "first");
}

async fn called(fleet: &Fleet, rooms: [(&Device, &str); 2], name: &str) {
    for (device, room) in rooms {
        fleet.set(room, "room.name", json!(name)).await;
        device.room.uses(name).await;
    }
}

/// From enrolment to its end; returns how certificates call who issued them, in the end.
async fn life(other: Option<DnValue>) -> String {
    const LAHN: &str = "kassel/rathaus/lahn";
    const FULDA: &str = "kassel/rathaus/fulda";
    let fleet = Fleet::start().await;
    fleet
        .set("/", "room.time_zone", json!("Europe/Berlin"))
        .await;
    let meeting = json!([{"title": "Jour fixe", "link": "https://meet.example.org/jf"}]);
    fleet.set("kassel", "meetings", meeting).await;
    fleet.set(LAHN, "room.name", json!("Lahn")).await;
    let mut old = fleet.unpack("SN1", None);
    fleet.claim(&old, LAHN).await;
    old.room.uses("Lahn").await;

    let it = It::new();
    let afar = other.is_some();
    let request = if afar {
        let asked = fleet.done(Method::GET, "authority/request", json!(null));
        asked.await["request"].as_str().unwrap().to_owned()
    } else {
        request_authority(fleet.folder.path()).unwrap()
    };
    let [chain, root] = ["chain.pem", "it.pem"].map(|name| fleet.folder.path().join(name));
    std::fs::write(&chain, it.signs(&request, other)).unwrap();
    std::fs::write(&root, it.root.pem()).unwrap();
    let mut new = fleet.unpack_believing(&root, "SN2");
    if afar {
        install_from_afar(&fleet, &chain).await;
    } else {
        install(&fleet, &chain).await;
    }
    let fleet = fleet.restart().await;
    let now = fleet.done(Method::GET, "authority", json!(null)).await;
    assert_eq!(
        (now["chain"].as_array().unwrap().len(), &now["shown"]),
        (3, &json!(true))
    );

    fleet.set(FULDA, "room.name", json!("Fulda")).await;
    fleet.claim(&new, FULDA).await;
    new.room.uses("Fulda").await;
    called(&fleet, [(&old, LAHN), (&new, FULDA)], "Eder").await;

    renews(&mut old).await;
    let renewed = renews(&mut new).await;
    for device in [&mut old, &mut new] {
        Fleet::switch_off(device).await;
        Fleet::switch_on(device);
    }
    called(&fleet, [(&old, LAHN), (&new, FULDA)], "Diemel").await;

    let known = fleet.device("SN2", |d| d["online"] == true).await;
    let revoke = format!("devices/{}/revoke", known["device"].as_str().unwrap());
    fleet.done(Method::POST, &revoke, json!(null)).await;
    let out = |d: &serde_json::Value| d["revoked"] == true && d["online"] == false;
    fleet.device("SN2", out).await;
    fleet.set(LAHN, "room.name", json!("Werra")).await;
    old.room.uses("Werra").await;

    let renewed = CertificateDer::from_pem_slice(renewed.as_bytes()).unwrap();
    let renewed = Certificate::from_der(&renewed).unwrap();
    renewed.tbs_certificate().issuer().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_believes_its_root_comes_in_and_who_was_there_goes_on() {
    let issuer = life(None).await;
    assert!(issuer.starts_with("CN=Saal fleet authority "), "{issuer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_where_it_gives_the_fleets_authority_a_name_of_its_own() {
    let name = rcgen::string::PrintableString::try_from("Meeting Rooms").unwrap();
    let issuer = life(Some(DnValue::PrintableString(name))).await;
    assert_eq!(issuer, "CN=Meeting Rooms,O=Kreis Kassel");
}
