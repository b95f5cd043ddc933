//! Roots and lists of releases, as a server shows them to a device: nothing that was changed is believed.

use saal_fleet_protocol::fleet::trust::{Metadata, Releases, Root, Trusted};
use serde_json::Value;

use crate::{Target, json};

/// A root that two keys signed, and its list of releases.
const KNOWN: &str = include_str!("seeds/trust.json");

pub(crate) const TRUST: Target = Target {
    name: "trust",
    read: |data| {
        let _ = Metadata::read(data);
        let known: Vec<Metadata> = serde_json::from_str(KNOWN).expect("they were signed once");
        let [root, list] = &known[..] else {
            panic!("a root and a list")
        };
        let trusted = Trusted::first(root.clone()).expect("two keys signed it");
        assert!(trusted.releases(list).is_ok(), "its key signed it");
        for one in json::documents(KNOWN, data) {
            shown(&trusted, (root, list), &one);
        }
    },
    seeds: || json::seeds(KNOWN),
};

fn shown(trusted: &Trusted, (root, list): (&Metadata, &Metadata), one: &Value) {
    let Ok(metadata) = Metadata::read(one.to_string().as_bytes()) else {
        return;
    };
    let same = |other: &Metadata| metadata.fingerprint() == other.fingerprint();
    if trusted.follow(metadata.clone()).is_ok() {
        assert!(same(root), "a root that nobody signed is believed: {one}");
    }
    if trusted.releases(&metadata).is_ok() {
        assert!(same(list), "a list that nobody signed is believed: {one}");
    }
    // What is read can be written, and says the same again.
    if let Ok(read) = Root::read(&metadata) {
        let again = Metadata::unsigned(&read);
        assert_eq!(Root::read(&again), Ok(read));
    }
    if let Ok(read) = Releases::read(&metadata) {
        let again = Metadata::unsigned(&read);
        assert_eq!(Releases::read(&again), Ok(read));
    }
}
