//! Whether a device holds the key that it shows.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use saal_fleet_protocol::fleet::wire::{Enrol, KeyProof, from_text, proof_of, to_text};

use crate::tls::POINT;

/// Text on a box.
const LONGEST_NAME: usize = 60;

/// Says what is wrong with a request to enrol.
pub(super) fn check(enrol: &Enrol, nonce: &str) -> Result<(), &'static str> {
    let fits = |text: &str| {
        (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.contains(char::is_control)
    };
    if !fits(&enrol.serial) || !fits(&enrol.model) {
        return Err("serial number and model have 1 to 60 characters");
    }
    if from_text(&enrol.seal_key).is_none_or(|key| key.len() != 32) {
        return Err("the key for secrets has 32 bytes");
    }
    if !proves(&enrol.key, nonce, &enrol.seal_key) {
        return Err("the proof does not fit the key");
    }
    Ok(())
}

pub(super) fn proves(proof: &KeyProof, nonce: &str, seal_key: &str) -> bool {
    let (Some(key), Some(signature)) = (from_text(&proof.key), from_text(&proof.proof)) else {
        return false;
    };
    // Written in one way only, as it is what the device is known by.
    if key.len() != POINT || to_text(&key) != proof.key {
        return false;
    }
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key);
    key.verify(&proof_of(nonce, seal_key), &signature).is_ok()
}
