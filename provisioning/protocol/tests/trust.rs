//! What is believed, and all that is not.

#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    Digest,
    trust::{Distrust, LARGEST, Metadata, PublicKey, Releases, Role, Root, TrustError, Trusted},
    update::Release,
};

const ROOT_OF_TUF: &str = include_str!("tuf/root.json");
const TARGETS_OF_TUF: &str = include_str!("tuf/targets.json");

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn time() -> Timestamp {
    "2030-01-01T00:00:00Z".parse().unwrap()
}

/// A root whose own role these keys have, while key 9 signs the rest.
fn root(version: u64, holders: &[u8], threshold: u32) -> Root {
    let mut root = Root::of_one_key(&key(9).verifying_key(), time());
    root.version = version;
    root.roles.root = Role {
        keyids: Vec::new(),
        threshold,
    };
    for byte in holders {
        let public = PublicKey::from(&key(*byte).verifying_key());
        root.roles.root.keyids.push(public.id());
        root.keys.insert(public.id(), public);
    }
    root
}

fn signed(document: &impl serde::Serialize, by: &[u8]) -> Metadata {
    let mut metadata = Metadata::unsigned(document);
    for byte in by {
        metadata.sign(&key(*byte)).unwrap();
    }
    metadata
}

fn first() -> Trusted {
    Trusted::first(signed(&root(1, &[1], 1), &[1])).unwrap()
}

fn why(result: Result<Trusted, TrustError>) -> Distrust {
    result.unwrap_err().why()
}

#[test]
fn the_next_root_needs_keys_of_the_one_before_and_its_own() {
    let first = first();
    let two_of_three = root(2, &[2, 3, 4], 2);
    let second = first.follow(signed(&two_of_three, &[1, 2, 4])).unwrap();
    assert_eq!(second.root().version, 2);
    for too_few in [&[1, 2][..], &[2, 3], &[1], &[], &[1, 7, 8]] {
        let refused = first.follow(signed(&two_of_three, too_few));
        assert_eq!(why(refused), Distrust::Signatures, "{too_few:?}");
    }
    // From now on the first key alone says nothing.
    let third = root(3, &[1], 1);
    let refused = second.follow(signed(&third, &[1, 2]));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "1 of the 2 signatures that root of root 2 needs are there and right"
    );
    let third = second.follow(signed(&third, &[1, 2, 3])).unwrap();
    assert_eq!(third.root().version, 3);
}

#[test]
fn one_key_counts_once() {
    let first = first();
    let two = root(2, &[2, 3], 2);
    let mut twice = signed(&two, &[1, 2]);
    twice.signatures.push(twice.signatures[1].clone());
    assert_eq!(why(first.follow(twice)), Distrust::Signatures);
    // Nor under a second name.
    let mut named_twice = root(2, &[2], 2);
    let public = PublicKey::from(&key(2).verifying_key());
    let other: Digest = "0".repeat(64).parse().unwrap();
    named_twice.keys.insert(other.clone(), public);
    named_twice.roles.root.keyids.push(other);
    assert_eq!(
        why(first.follow(signed(&named_twice, &[1, 2]))),
        Distrust::Malformed
    );
    let mut twice_in_role = root(2, &[2], 2);
    let again = twice_in_role.roles.root.keyids[0].clone();
    twice_in_role.roles.root.keyids.push(again);
    assert_eq!(
        why(first.follow(signed(&twice_in_role, &[1, 2]))),
        Distrust::Malformed
    );
}

#[test]
fn versions_follow_each_other() {
    let first = first();
    let third = signed(&root(3, &[1], 1), &[1]);
    assert_eq!(why(first.follow(third.clone())), Distrust::Gap);
    let second = first.follow(signed(&root(2, &[1], 1), &[1])).unwrap();
    assert!(second.follow(third).is_ok());
    assert_eq!(
        why(second.follow(first.metadata().clone())),
        Distrust::Older
    );
    assert_eq!(second.follow(second.metadata().clone()).unwrap(), second);
    // The same number with other content, well signed: a fleet that was set back, or somebody with the keys.
    let other = signed(&root(2, &[1, 5], 1), &[1]);
    assert_eq!(why(second.follow(other)), Distrust::OtherFleet);
}

#[test]
fn what_was_changed_or_cut_is_not_believed() {
    let first = first();
    let second = signed(&root(2, &[1], 1), &[1]);
    let mut later = second.clone();
    later.signed["expires"] = "2040-01-01T00:00:00Z".into();
    assert_eq!(why(first.follow(later)), Distrust::Signatures);
    let mut cut = second.clone();
    cut.signatures[0].sig.truncate(100);
    assert_eq!(why(first.follow(cut)), Distrust::Signatures);
    let text = second.to_text();
    for end in (0..text.trim_end().len()).step_by(7) {
        assert!(Metadata::read(&text.as_bytes()[..end]).is_err(), "{end}");
    }
    let long = vec![b' '; LARGEST + 1];
    let error = Metadata::read(&long).unwrap_err();
    assert_eq!(error, TrustError::TooLarge(LARGEST + 1));
    let mut newer = second;
    newer.signed["spec_version"] = "2.0.0".into();
    newer.sign(&key(1)).unwrap();
    let error = first.follow(newer).unwrap_err().to_string();
    assert!(error.contains("2.0.0"), "{error}");
}

#[test]
fn a_root_that_could_not_work_is_none() {
    let refused = |change: &dyn Fn(&mut Root)| {
        let mut root = root(2, &[1, 2], 2);
        change(&mut root);
        let error = first().follow(signed(&root, &[1, 2])).unwrap_err();
        assert_eq!(error.why(), Distrust::Malformed, "{error}");
        error.to_string()
    };
    assert!(refused(&|root| root.roles.root.threshold = 0).contains("needs 0 of 2"));
    assert!(refused(&|root| root.roles.root.threshold = 3).contains("needs 3 of 2"));
    assert!(refused(&|root| root.roles.targets.keyids.clear()).contains("targets"));
    assert!(refused(&|root| root.roles.configuration.threshold = 2).contains("configuration"));
    assert!(refused(&|root| root.version = 0).contains("begin with 1"));
    let nobody: Digest = "ab".repeat(32).parse().unwrap();
    assert!(refused(&|root| root.roles.targets.keyids.push(nobody.clone())).contains("among"));
}

#[test]
fn a_device_that_knows_only_the_old_key_believes_a_root_that_this_key_signed() {
    let known = [key(6).verifying_key(), key(9).verifying_key()];
    let own = signed(&Root::of_one_key(&key(9).verifying_key(), time()), &[9]);
    assert!(Trusted::after_keys(&known, own).is_ok());
    let foreign = signed(&Root::of_one_key(&key(7).verifying_key(), time()), &[7]);
    assert_eq!(
        why(Trusted::after_keys(&known, foreign)),
        Distrust::Signatures
    );
}

fn release(version: &str) -> Release {
    Release {
        version: version.parse().unwrap(),
        compatible: "saal-x86-64".parse().unwrap(),
        size: 9,
        sha256: "ab".repeat(32).parse().unwrap(),
    }
}

#[test]
fn a_list_of_releases_is_what_its_key_signed_and_a_later_one_takes_its_place() {
    let root = first();
    let (one, two) = (release("2026.11.1"), release("2026.12.1"));
    let list = Releases::of([&one], 1, time());
    let read = root.releases(&signed(&list, &[9])).unwrap();
    assert_eq!(read, list);
    assert_eq!(
        root.releases(&signed(&list, &[1])).unwrap_err().why(),
        Distrust::Signatures
    );
    // A root is no list, whoever signed it.
    assert_eq!(
        root.releases(&signed(root.root(), &[9])).unwrap_err().why(),
        Distrust::Malformed
    );
    assert!(read.find(&one).is_some() && read.find(&two).is_none());
    let foreign = Release {
        sha256: "cd".repeat(32).parse().unwrap(),
        ..one.clone()
    };
    assert!(read.find(&foreign).is_none());
    let next = Releases::of([&two], 2, time());
    read.follow(&next).unwrap();
    assert_eq!(next.follow(&read).unwrap_err().why(), Distrust::Older);
    let other = Releases::of([&two], 1, time());
    assert_eq!(read.follow(&other).unwrap_err().why(), Distrust::OtherFleet);
}

#[test]
fn a_release_may_need_another_one_before_it() {
    let mut list = Releases::of([&release("2026.12.1")], 1, time());
    let target = list.targets.values_mut().next().unwrap();
    target.custom.minimum = Some("2026.11".parse().unwrap());
    let listed = list.find(&release("2026.12.1")).unwrap();
    assert!(listed.is_for(&"2026.11".parse().unwrap()));
    assert!(listed.is_for(&"2027.1".parse().unwrap()));
    assert!(!listed.is_for(&"2026.9.5".parse().unwrap()));
}

/// Both were signed by TUF's own Python library (tuf/make.py).
#[test]
fn what_tuf_s_own_library_signs_is_believed() {
    let root = Metadata::read(ROOT_OF_TUF.as_bytes()).unwrap();
    let root = Trusted::first(root).unwrap();
    assert_eq!(root.root().roles.root.threshold, 2);
    let targets = Metadata::read(TARGETS_OF_TUF.as_bytes()).unwrap();
    let list = root.releases(&targets).unwrap();
    assert_eq!(list.targets.len(), 1);
    let mut changed = targets;
    changed.signed["version"] = 8.into();
    assert!(root.releases(&changed).is_err());
}
