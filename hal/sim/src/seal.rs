//! Sealing without a key that anybody could keep: for tests and simulations only.

use std::sync::atomic::{AtomicU64, Ordering};

use saal_hal::{SealError, Sealer};

/// Bytes of number and checksum before the text.
const NUMBER: usize = 8;
const HEAD: usize = 2 * NUMBER;

/// A device's sealer; two with one seed are one device. It hides nothing from anybody who knows
/// how it works.
#[derive(Debug)]
pub struct SimulatedSealer {
    seed: u64,
    sealed: AtomicU64,
}

impl SimulatedSealer {
    /// The device with this number.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            sealed: AtomicU64::new(0),
        }
    }

    fn checksum(&self, purpose: &str, number: u64, secret: &[u8]) -> u64 {
        let head = [self.seed, number, purpose.len() as u64];
        let head = head.iter().flat_map(|part| part.to_le_bytes());
        fnv(head.chain(purpose.bytes()).chain(secret.iter().copied()))
    }

    fn mask(&self, number: u64, text: &[u8]) -> Vec<u8> {
        let stream = (0_u64..).flat_map(|block| {
            fnv([self.seed, number, block]
                .iter()
                .flat_map(|p| p.to_le_bytes()))
            .to_le_bytes()
        });
        text.iter().zip(stream).map(|(a, b)| a ^ b).collect()
    }
}

/// FNV-1a with 64 bits.
fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl Sealer for SimulatedSealer {
    fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let number = self.sealed.fetch_add(1, Ordering::Relaxed);
        let checksum = self.checksum(purpose, number, secret);
        let text = self.mask(number, secret);
        Ok([&number.to_le_bytes(), &checksum.to_le_bytes(), &text[..]].concat())
    }

    fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (head, text) = sealed.split_at_checked(HEAD).ok_or(SealError::NotOurs)?;
        let part = |at: usize| {
            let bytes = head[at..at + NUMBER].try_into().unwrap_or_default();
            u64::from_le_bytes(bytes)
        };
        let secret = self.mask(part(0), text);
        let right = self.checksum(purpose, part(0), &secret) == part(NUMBER);
        right.then_some(secret).ok_or(SealError::NotOurs)
    }
}
