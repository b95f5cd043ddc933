//! What somebody is told who gives the room an authority.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};
use saal_fleet_protocol::authorities::{self, AuthoritiesError};

/// A certificate that signed itself, and its key; PEM.
fn certificate(name: &str, is_ca: IsCa) -> [String; 2] {
    let key = KeyPair::generate().expect("randomness");
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = is_ca;
    params.not_after = date_time_ymd(2031, 2, 3);
    let certificate = params.self_signed(&key).expect("a name and a key do");
    [certificate.pem(), key.serialize_pem()]
}

fn of_authority(name: &str) -> String {
    let [pem, _] = certificate(name, IsCa::Ca(BasicConstraints::Unconstrained));
    pem
}

#[test]
fn every_authority_of_a_file_is_known_with_its_end() {
    let pem = format!(
        "Kreis Kassel\n{}\nand another\n{}",
        of_authority("Kreis Kassel Root"),
        of_authority("Landkreis Übung")
    );
    let read = authorities::read(pem.as_bytes()).unwrap();
    let told: Vec<String> = read.iter().map(|a| format!("{a:?}")).collect();
    assert_eq!(
        told,
        [
            "Kreis Kassel Root until 2031-02-03T00:00:00Z",
            "Landkreis Übung until 2031-02-03T00:00:00Z"
        ]
    );
    assert_ne!(read[0].der, read[1].der);
}

#[test]
fn what_is_no_authority_is_refused_with_what_to_do() {
    let refused = |pem: &str| authorities::read(pem.as_bytes()).unwrap_err().to_string();
    let [server, key] = certificate("meet.example.org", IsCa::NoCa);
    let [explicit, _] = certificate("a.example.org", IsCa::ExplicitNoCa);
    let good = of_authority("Root");
    for (pem, told) in [
        (String::new(), "no certificate"),
        ("\u{30}\u{82}DER".to_owned(), "no certificate"),
        (
            format!("{good}{server}"),
            "certificate 2 in it (meet.example.org) is not an authority's",
        ),
        (explicit, "certificate 1 in it (a.example.org) is not"),
        (format!("{good}{key}"), "a private key"),
        (good.replace("END", "ENDE"), "no whole PEM file"),
        (
            "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_owned(),
            "certificate 1 in it can't be read",
        ),
    ] {
        let problem = refused(&pem);
        assert!(problem.contains(told), "{told}: {problem}");
    }
    assert_eq!(
        authorities::read(b"\n").unwrap_err(),
        AuthoritiesError::Nothing
    );
}
