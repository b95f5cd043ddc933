//! Who vouches for the server and for devices.

use saal_fleet_protocol::fleet::api::{AuthorityCertificate, AuthorityInForce};

use super::table;

pub(crate) fn authority(authority: &AuthorityInForce) -> String {
    let row = |one: &AuthorityCertificate| {
        let until = one.until.to_string();
        vec![one.name.clone(), until, one.fingerprint.to_string()]
    };
    let rows: Vec<Vec<String>> = authority.chain.iter().map(row).collect();
    let mut text = table(
        &["authority", "good until", "sha-256"],
        &rows,
        "no authority",
    );
    if authority.chain.len() == 1 {
        text += "\nThe fleet is its own authority.\n";
    }
    if !authority.shown {
        text +=
            "\nThe server shows this with its next start: start each server of the fleet anew.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(names: &[&str], shown: bool) -> String {
        let until = "2027-11-28T12:00:00Z".parse().unwrap();
        let certificate = |name: &&str| AuthorityCertificate {
            name: (*name).to_owned(),
            until,
            fingerprint: "ab".repeat(32).parse().unwrap(),
        };
        authority(&AuthorityInForce {
            chain: names.iter().map(certificate).collect(),
            until,
            shown,
        })
    }

    #[test]
    fn a_chain_is_told_from_an_authority_of_its_own_and_from_one_that_waits() {
        let own = told(&["Saal fleet authority"], true);
        assert!(own.contains("its own authority") && !own.contains("next start"));
        let waits = told(&["Rooms", "Issuing", "Root"], false);
        assert!(waits.contains("next start") && !waits.contains("its own authority"));
        let place = |name| waits.find(name).unwrap();
        assert!(place("Rooms") < place("Issuing") && place("Issuing") < place("Root"));
    }
}
