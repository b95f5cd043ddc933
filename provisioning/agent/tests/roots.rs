//! What a device believes of roots and lists of releases, whatever it is shown and whenever the power goes.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod support;

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use saal_agent::{disk::Disk as _, identity::IdentityError, roots::Roots};
use saal_fleet_protocol::fleet::{
    DeviceId,
    order::key_to_text,
    trust::{Distrust, Metadata, PublicKey, Releases, Role, Root},
    update::Release,
    wire::Membership,
};
use support::disk::Model;

/// The server's key.
const SERVER: u8 = 9;

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What people hold is the root; the server's key signs the rest.
fn root(version: u64, holders: &[u8], threshold: u32) -> Root {
    let mut root = Root::of_one_key(&key(SERVER).verifying_key(), at("2030-01-01T00:00:00Z"));
    root.version = version;
    let public = holders
        .iter()
        .map(|byte| PublicKey::from(&key(*byte).verifying_key()));
    let public: Vec<_> = public.collect();
    root.roles.root = Role {
        keyids: public.iter().map(PublicKey::id).collect(),
        threshold,
    };
    root.keys
        .extend(public.into_iter().map(|key| (key.id(), key)));
    root
}

fn signed(document: &impl serde::Serialize, by: &[u8]) -> Metadata {
    let mut metadata = Metadata::unsigned(document);
    for byte in by {
        metadata.sign(&key(*byte)).unwrap();
    }
    metadata
}

fn own() -> Metadata {
    signed(&root(1, &[SERVER], 1), &[SERVER])
}

fn second() -> Metadata {
    signed(&root(2, &[1, 2, 3], 2), &[SERVER, 1, 2])
}

fn membership() -> Membership {
    Membership {
        device: DeviceId::from_random([1; 8]),
        certificate: String::new(),
        ends: 1,
        begins: 0,
        signing_keys: vec![key_to_text(&key(SERVER).verifying_key())],
    }
}

/// A device that is in the fleet since its first root.
fn member(disk: &Model) -> Result<Roots<Model>, IdentityError> {
    let mut roots = Roots::open(disk.clone(), None)?;
    roots.take_root(own())?;
    roots.enrol()?.unwrap();
    Ok(roots)
}

fn release(version: &str, byte: &str) -> Release {
    Release {
        version: version.parse().unwrap(),
        compatible: "saal".parse().unwrap(),
        size: 9,
        sha256: byte.repeat(32).parse().unwrap(),
    }
}

fn list(version: u64, of: &[&str]) -> Releases {
    let all: Vec<_> = of.iter().map(|name| release(name, "ab")).collect();
    Releases::of(&all, version, at("2028-01-01T00:00:00Z"))
}

fn why(roots: &Roots<Model>) -> Option<Distrust> {
    roots.state().problem.map(|problem| problem.why)
}

#[test]
fn a_device_that_was_away_for_years_follows_root_after_root() {
    let disk = Model::default();
    let mut roots = member(&disk).unwrap();
    roots.take_root(second()).unwrap();
    for version in 3..=40 {
        let next = signed(&root(version, &[1, 2, 3], 2), &[2, 3]);
        roots.take_root(next).unwrap();
    }
    assert_eq!((roots.version(), why(&roots)), (40, None));
    let again = Roots::open(disk, Some(&membership())).unwrap();
    assert_eq!(again.version(), 40);
}

#[test]
fn what_is_not_believed_is_told_and_changes_nothing() {
    let disk = Model::default();
    let mut roots = member(&disk).unwrap();
    roots.take_root(second()).unwrap();
    let third = root(3, &[1, 2, 3], 2);
    let refused = [
        (signed(&third, &[SERVER]), Distrust::Signatures),
        (signed(&third, &[1]), Distrust::Signatures),
        (signed(&root(4, &[1], 1), &[1, 2, 3]), Distrust::Gap),
        (own(), Distrust::Older),
        (signed(&root(2, &[1], 1), &[1, 2]), Distrust::OtherFleet),
    ];
    for (metadata, expected) in refused {
        roots.take_root(metadata).unwrap();
        assert_eq!((roots.version(), why(&roots)), (2, Some(expected)));
        assert_eq!(roots.keys(), [key(SERVER).verifying_key()]);
    }
    // Another connection on which nothing wrong is shown.
    roots.begin();
    roots.shown();
    assert_eq!(why(&roots), None);
    roots.take_root(signed(&third, &[1, 3])).unwrap();
    assert_eq!((roots.version(), why(&roots)), (3, None));
}

#[test]
fn a_key_that_a_later_root_takes_away_signs_nothing_more() {
    let disk = Model::default();
    let mut roots = member(&disk).unwrap();
    let mut without = root(2, &[1, 2], 2);
    let other = PublicKey::from(&key(5).verifying_key());
    without.roles.configuration.keyids = vec![other.id()];
    without.roles.targets.keyids = vec![other.id()];
    without.keys.insert(other.id(), other);
    roots
        .take_releases(signed(&list(1, &["2"]), &[SERVER]))
        .unwrap();
    let (two, one, now) = (
        release("2", "ab"),
        "1".parse().unwrap(),
        at("2027-01-01T00:00:00Z"),
    );
    assert!(roots.allows(&two, &one, now));
    roots.take_root(signed(&without, &[SERVER, 1, 2])).unwrap();
    assert_eq!(roots.keys(), [key(5).verifying_key()]);
    assert!(
        !roots.allows(&two, &one, now),
        "its list is signed by the server's key alone"
    );
    assert_eq!(why(&roots), Some(Distrust::Signatures));
    roots
        .take_releases(signed(&list(2, &["2"]), &[SERVER]))
        .unwrap();
    assert_eq!(roots.state().releases, 1);
    roots.take_releases(signed(&list(2, &["2"]), &[5])).unwrap();
    assert!(roots.allows(&two, &one, now));
    assert_eq!(why(&roots), None);
}

#[test]
fn only_releases_of_the_newest_list_are_taken_and_none_after_its_time() {
    let disk = Model::default();
    let mut roots = member(&disk).unwrap();
    let (now, one) = (at("2027-01-01T00:00:00Z"), "1".parse().unwrap());
    let two = release("2", "ab");
    assert!(!roots.allows(&two, &one, now), "there is no list");
    assert_eq!(why(&roots), Some(Distrust::Unlisted));
    roots
        .take_releases(signed(&list(1, &["1.5", "2"]), &[SERVER]))
        .unwrap();
    assert!(roots.allows(&two, &one, now));
    assert!(roots.allows(&release("1.5", "ab"), &one, now));
    // Another file under the name of a release.
    assert!(!roots.allows(&release("2", "cd"), &one, now));
    roots
        .take_releases(signed(&list(2, &["2"]), &[SERVER]))
        .unwrap();
    assert!(
        !roots.allows(&release("1.5", "ab"), &one, now),
        "it was taken from the list"
    );
    // What a server shows again is old.
    roots
        .take_releases(signed(&list(1, &["1.5", "2"]), &[SERVER]))
        .unwrap();
    assert_eq!(roots.state().releases, 2);
    assert_eq!(why(&roots), Some(Distrust::Older));
    let late = at("2028-01-01T00:00:00Z");
    roots.begin();
    roots.shown();
    assert!(!roots.allows(&two, &one, late));
    assert_eq!(why(&roots), Some(Distrust::Expired));
    // A clock that is far off stops no configuration.
    assert_eq!(roots.keys(), [key(SERVER).verifying_key()]);
    let again = Roots::open(disk, Some(&membership())).unwrap();
    assert_eq!(again.state().releases, 2);
    let mut needs = list(3, &["2"]);
    for target in needs.targets.values_mut() {
        target.custom.minimum = Some("1.5".parse().unwrap());
    }
    roots.take_releases(signed(&needs, &[SERVER])).unwrap();
    assert!(!roots.allows(&two, &one, now));
    assert!(roots.allows(&two, &"1.5".parse().unwrap(), now));
}

#[test]
fn a_device_from_before_there_were_roots_believes_the_one_that_its_key_signed() {
    let disk = Model::default();
    let mut roots = Roots::open(disk.clone(), Some(&membership())).unwrap();
    assert_eq!((roots.version(), roots.is_before_roots()), (0, true));
    assert_eq!(roots.keys(), [key(SERVER).verifying_key()]);
    let foreign = Root::of_one_key(&key(7).verifying_key(), at("2030-01-01T00:00:00Z"));
    roots.take_root(signed(&foreign, &[7])).unwrap();
    assert_eq!(
        (roots.version(), why(&roots)),
        (0, Some(Distrust::Signatures))
    );
    roots.take_root(own()).unwrap();
    roots.take_root(second()).unwrap();
    assert_eq!((roots.version(), why(&roots)), (2, None));
    let again = Roots::open(disk, Some(&membership())).unwrap();
    assert!(!again.is_before_roots());
}

#[test]
fn a_device_that_was_told_a_fingerprint_goes_into_no_other_fleet() {
    let pin = second().fingerprint().unwrap();
    let enrol = |shown: &[Metadata]| {
        let mut roots = Roots::open(Model::default(), None).unwrap();
        roots.pin(Some(pin.clone()));
        for root in shown {
            roots.take_root(root.clone()).unwrap();
        }
        let entered = roots.enrol().unwrap().map_err(|error| error.why());
        (entered, roots.version())
    };
    let third = signed(&root(3, &[1, 2, 3], 2), &[1, 2]);
    let foreign = signed(&root(3, &[4], 1), &[4]);
    assert_eq!(enrol(&[own(), second(), third]), (Ok(()), 3));
    assert_eq!(enrol(&[own()]), (Err(Distrust::OtherFleet), 0));
    assert_eq!(
        enrol(&[own(), second(), foreign]),
        (Err(Distrust::Signatures), 0)
    );
    assert_eq!(enrol(&[]), (Err(Distrust::OtherFleet), 0));
}

#[test]
fn without_a_root_nobody_goes_into_a_fleet() {
    let mut roots = Roots::open(Model::default(), None).unwrap();
    assert!(roots.enrol().unwrap().is_err());
    let mut signed_by_nobody = own();
    signed_by_nobody.signatures.clear();
    roots.take_root(signed_by_nobody).unwrap();
    assert_eq!(
        roots.enrol().unwrap().unwrap_err().why(),
        Distrust::Signatures
    );
}

/// What a device is shown in its life.
fn live(disk: &Model) -> Result<Roots<Model>, IdentityError> {
    let known = disk.read("trust.json".as_ref()).unwrap().is_some();
    let mut roots = if known {
        Roots::open(disk.clone(), Some(&membership()))?
    } else {
        member(disk)?
    };
    if roots.version() == 1 {
        roots.take_root(second())?;
    }
    if roots.version() == 2 {
        roots.take_root(signed(&root(3, &[1, 2, 3], 2), &[1, 2]))?;
    }
    roots.take_releases(signed(&list(4, &["2"]), &[SERVER]))?;
    Ok(roots)
}

#[test]
fn a_power_cut_at_any_write_leaves_a_whole_root_and_never_an_older_one() {
    let whole = Model::default();
    live(&whole).unwrap();
    let writes = whole.writes();
    assert!(writes >= 12, "{writes} writes");
    for cut in 0..writes {
        for seed in 0..6 {
            let disk = Model::default();
            disk.cut_after(cut);
            assert!(live(&disk).is_err(), "the power went at write {cut}");
            disk.crash(seed);
            let roots = live(&disk).unwrap();
            assert_eq!(
                (roots.version(), roots.state().releases, why(&roots)),
                (3, 4, None),
                "write {cut}, seed {seed}"
            );
        }
    }
}
