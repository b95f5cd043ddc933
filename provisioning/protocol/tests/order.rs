//! Nothing but what the fleet's key signed is believed, and codes are read as people type them.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use saal_fleet_protocol::fleet::{
    ClaimCode, DeviceId, FileName,
    order::{Order, OrderError, Signed, VERSION, key_from_text, key_to_text},
};

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn order() -> Order {
    Order {
        version: VERSION,
        device: "0123456789abcdef".parse().unwrap(),
        generation: 17,
        issued: "2026-11-26T10:00:00Z".parse().unwrap(),
        document: "version = 1\n".to_owned(),
        secrets: BTreeMap::new(),
    }
}

#[test]
fn what_the_key_signed_is_read_as_it_was_and_no_other_key_s() {
    let signed = Signed::new(&order(), &key());
    let known = [key().verifying_key()];
    assert_eq!(signed.verify(&known), Ok(order()));
    let other = [SigningKey::from_bytes(&[8; 32]).verifying_key()];
    assert_eq!(signed.verify(&other), Err(OrderError::Signature));
    assert_eq!(signed.verify(&[]), Err(OrderError::Signature));
    assert_eq!(key_from_text(&key_to_text(&known[0])), Some(known[0]));
}

#[test]
fn a_newer_version_is_named_even_when_it_looks_otherwise() {
    let mut newer = Signed::new(&order(), &key());
    let text = r#"{"version":2,"whatever":true}"#;
    // Signed by hand, as a newer server would.
    let message = [b"saal-fleet order v1\n".as_slice(), text.as_bytes()].concat();
    let signature = ed25519_dalek::Signer::sign(&key(), &message);
    newer.order = text.to_owned();
    newer.signature = saal_fleet_protocol::fleet::wire::to_text(&signature.to_bytes());
    assert_eq!(
        newer.verify(&[key().verifying_key()]),
        Err(OrderError::Version { found: 2, known: 1 })
    );
}

proptest! {
    #[test]
    fn one_changed_byte_is_enough(at in 0usize..1000, bit in 0u8..7) {
        let mut signed = Signed::new(&order(), &key());
        let mut bytes = signed.order.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(text) = String::from_utf8(bytes) {
            signed.order = text;
            prop_assert_eq!(signed.verify(&[key().verifying_key()]), Err(OrderError::Signature));
        }
    }

    #[test]
    fn what_was_cut_off_is_no_order(at in 0usize..1000) {
        let whole = Signed::new(&order(), &key());
        let cut = |text: &str| text[..at % text.len()].to_owned();
        for signed in [
            Signed { order: cut(&whole.order), ..whole.clone() },
            Signed { signature: cut(&whole.signature), ..whole.clone() },
        ] {
            prop_assert_eq!(signed.verify(&[key().verifying_key()]), Err(OrderError::Signature));
        }
    }

    #[test]
    fn every_code_is_read_back_however_it_is_typed(random: [u8; 8]) {
        let code = ClaimCode::from_random(random);
        let text = code.to_string();
        prop_assert_eq!(text.len(), 9);
        let typed = text.to_lowercase().replace('-', " ");
        prop_assert_eq!(typed.parse::<ClaimCode>(), Ok(code));
        let device = DeviceId::from_random(random);
        prop_assert_eq!(device.to_string().parse::<DeviceId>(), Ok(device));
    }
}

#[test]
fn no_secret_is_a_path_or_the_document() {
    for wrong in ["", "..", ".hidden", "a/b", "saal.toml", "a\0"] {
        assert!(wrong.parse::<FileName>().is_err(), "{wrong:?}");
    }
    assert!("matrix-token".parse::<FileName>().is_ok());
    for wrong in ["AAAA-AAAA", "BCDF-GHJ", "BCDF-GHJKL", ""] {
        assert!(wrong.parse::<ClaimCode>().is_err(), "{wrong}");
    }
}
