//! Chains that IT signed, and what becomes of those that are none.

use rcgen::{CertifiedIssuer, GeneralSubtree, NameConstraints};

use super::*;

const NAME: &str = "fleet.example.org";

fn now() -> Timestamp {
    "2026-11-28T12:00:00Z".parse().unwrap()
}

fn named(name: &str) -> CertificateParams {
    let mut about = CertificateParams::default();
    about.distinguished_name.push(DnType::CommonName, name);
    about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    about.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    lives(&mut about, now(), DAY * 365);
    about
}

/// What IT's authorities and the fleet's say of themselves.
struct About {
    root: CertificateParams,
    issuing: CertificateParams,
    own: CertificateParams,
}

/// The fleet's certificate, the one of who signed it, and the root.
type Pems = [String; 3];

fn below(
    change: impl FnOnce(&mut About),
    put: impl FnOnce(Pems) -> String,
    names: &[&str],
) -> Result<Authority, ChainError> {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::open(folder.path(), now()).unwrap();
    let mut about = About {
        root: named("Root"),
        issuing: named("Issuing"),
        own: params(authority.issuer.key(), now()),
    };
    change(&mut about);
    let key = || KeyPair::generate().unwrap();
    let root = CertifiedIssuer::self_signed(about.root, key()).unwrap();
    let issuing = CertifiedIssuer::signed_by(about.issuing, key(), &root).unwrap();
    let own = about.own.signed_by(authority.issuer.key(), &issuing);
    let chain = put([own.unwrap().pem(), issuing.pem(), root.pem()]);
    let authority = authority.below(&chain, now())?;
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    authority.check(&names, now())?;
    Ok(authority)
}

fn refused(change: impl FnOnce(&mut About), put: impl FnOnce(Pems) -> String) -> String {
    let refused = below(change, put, &[NAME]).err();
    refused.expect("it is none").to_string()
}

fn whole(pems: Pems) -> String {
    pems.concat()
}

#[test]
fn a_server_shows_all_but_the_root_and_devices_of_both_names_count() {
    let authority = below(|_| {}, whole, &[NAME, "10.1.2.3"]).unwrap();
    let shown = authority.for_server(&[NAME.to_owned()], now()).unwrap();
    assert_eq!(shown.chain.len(), 3);
    assert_eq!(
        authority.until().unwrap(),
        "2027-11-28T12:00:00Z".parse().unwrap()
    );

    let renamed = |about: &mut About| {
        let name = &mut about.own.distinguished_name;
        name.push(DnType::CommonName, "Rooms");
    };
    let authority = below(renamed, whole, &[NAME]).unwrap();
    let shown = authority.for_server(&[NAME.to_owned()], now()).unwrap();
    assert_eq!(shown.chain.len(), 4, "who knows the old name finds the way");
    assert_eq!(authority.anchors().unwrap().len(), 2);
}

#[test]
fn its_own_certificate_is_the_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::open(folder.path(), now()).unwrap();
    let own = authority.certificate().to_owned();
    let authority = authority.below(&own, now()).unwrap();
    let shown = authority.for_server(&[NAME.to_owned()], now()).unwrap();
    assert_eq!(shown.chain.len(), 1);
}

#[test]
fn what_is_no_chain_of_the_fleet_is_refused_with_what_to_do() {
    let same = |_: &mut About| {};
    let says = |text: String, what: &str| assert!(text.contains(what), "{what}: {text}");
    says(
        refused(same, |[_, issuing, root]| issuing + &root),
        "is not for the key",
    );
    says(
        refused(same, |[own, issuing, root]| own + &root + &issuing),
        "behind the one that it signed",
    );
    says(
        refused(same, |[own, issuing, _]| own + &issuing),
        "put IT's root at the end",
    );
    let key = KeyPair::generate().unwrap().serialize_pem();
    says(refused(same, |pems| pems.concat() + &key), "private key");
    says(
        refused(|about| about.own.is_ca = IsCa::NoCa, whole),
        "CA:TRUE",
    );
    says(
        refused(
            |about| about.own.key_usages = vec![KeyUsagePurpose::CrlSign],
            whole,
        ),
        "keyCertSign",
    );
    let none = IsCa::Ca(BasicConstraints::Constrained(0));
    says(
        refused(|about| about.issuing.is_ca = none, whole),
        "allows 0 authorities below it (pathLen), and there are 1",
    );
    let over = OffsetDateTime::from_unix_timestamp(now().as_second() - 1).unwrap();
    says(
        refused(|about| about.root.not_after = over, whole),
        "certificate 3 (Root) is good from",
    );
    let soon = OffsetDateTime::from_unix_timestamp(now().as_second() + 1).unwrap();
    says(
        refused(|about| about.own.not_before = soon, whole),
        "certificate 1 (Saal fleet authority",
    );
    // Somebody else of the same name.
    let other = CertifiedIssuer::self_signed(named("Root"), KeyPair::generate().unwrap()).unwrap();
    says(
        refused(same, |[own, issuing, _]| own + &issuing + &other.pem()),
        "would not believe that the server is fleet.example.org",
    );
    says(
        refused(
            |about| about.issuing.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            whole,
        ),
        "would not believe",
    );
}

fn limited(to: GeneralSubtree) -> impl FnOnce(&mut About) {
    |about| {
        about.issuing.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![to],
            excluded_subtrees: Vec::new(),
        });
    }
}

#[test]
fn limits_of_names_count_for_the_servers_and_those_of_people_are_refused() {
    let here = || limited(GeneralSubtree::DnsName("example.org".to_owned()));
    assert!(below(here(), whole, &[NAME]).is_ok());
    let elsewhere = below(here(), whole, &[NAME, "localhost"]).err();
    let elsewhere = elsewhere
        .expect("localhost is not of example.org")
        .to_string();
    assert!(elsewhere.contains("the server is localhost"), "{elsewhere}");
    assert!(elsewhere.contains("--name"), "{elsewhere}");
    let people = limited(GeneralSubtree::DirectoryName(
        named("Kreis Kassel").distinguished_name,
    ));
    let people = refused(people, whole);
    assert!(people.contains("directoryName"), "{people}");
}
