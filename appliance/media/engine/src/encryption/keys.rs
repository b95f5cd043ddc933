//! Keys of frames: derived from what members exchanged, and ratcheted as senders may do.

use std::{fmt, num::NonZeroU32};

use aws_lc_rs::{hkdf, pbkdf2};
use saal_media_protocol::MediaKey;
use zeroize::Zeroizing;

use super::frame::FrameKey;

/// What LiveKit's clients derive with.
const SALT: &[u8] = b"LKFrameEncryptionKey";
const INFO: [u8; 128] = [0; 128];
const PASSWORD_ROUNDS: NonZeroU32 = NonZeroU32::new(100_000).expect("not zero");
/// How often a sender may have ratcheted its key since the last frame that was decrypted.
const WINDOW: usize = 10;
/// After so many failures in a row only one in so many looks for ratcheted keys: whoever sends
/// garbage shall not cost eleven times what a frame does.
const PATIENCE: u32 = 10;
const ONE_IN: u32 = 64;
/// One block of SHA-256.
const BLOCK: usize = 32;

/// What keys are derived from.
pub(super) struct Material {
    derivation: Derivation,
    secret: Zeroizing<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Derivation {
    /// RFC 5869.
    Hkdf,
    /// RFC 8018.
    Pbkdf2,
}

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        BLOCK
    }
}

impl Material {
    /// `None` for a key without bytes.
    pub(super) fn new(key: MediaKey) -> Option<Self> {
        let (derivation, secret) = match key {
            MediaKey::Member { bytes } => (Derivation::Hkdf, bytes),
            MediaKey::Password { text } => (Derivation::Pbkdf2, text.into_bytes()),
        };
        let secret = Zeroizing::new(secret);
        (!secret.is_empty()).then_some(Self { derivation, secret })
    }

    fn derive(&self) -> Zeroizing<Vec<u8>> {
        let mut block = Zeroizing::new(vec![0; BLOCK]);
        match self.derivation {
            Derivation::Hkdf => hkdf::Salt::new(hkdf::HKDF_SHA256, SALT)
                .extract(&self.secret)
                .expand(&[&INFO], Length)
                .and_then(|derived| derived.fill(&mut block))
                .expect("one block is never too long"),
            Derivation::Pbkdf2 => pbkdf2::derive(
                pbkdf2::PBKDF2_HMAC_SHA256,
                PASSWORD_ROUNDS,
                SALT,
                &self.secret,
                &mut block,
            ),
        }
        block
    }
}

/// A key and what it is ratcheted to.
struct Step {
    key: FrameKey,
    next: Material,
}

impl Step {
    /// The key has 128 bits of the derivation, the ratcheted secret 256; as both fit in one block
    /// of it, the shorter is the beginning of the longer.
    fn from(material: &Material) -> Self {
        let secret = material.derive();
        let key = FrameKey::new(&secret);
        let derivation = material.derivation;
        let next = Material { derivation, secret };
        Self { key, next }
    }
}

/// One of an owner's keys.
pub(super) struct Slot {
    current: Step,
    /// What the sender may have ratcheted it to, as far as it was worked out.
    ahead: Vec<Step>,
    /// In a row.
    failures: u32,
}

impl Slot {
    pub(super) fn new(material: Material) -> Self {
        Self {
            current: Step::from(&material),
            ahead: Vec::new(),
            failures: 0,
        }
    }

    pub(super) fn key(&self) -> FrameKey {
        self.current.key.clone()
    }

    /// Tries the key, then those it may have been ratcheted to; keeps what works.
    pub(super) fn open<T>(&mut self, attempt: impl Fn(&FrameKey) -> Option<T>) -> Option<T> {
        if let Some(opened) = attempt(&self.current.key) {
            self.failures = 0;
            return Some(opened);
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures > PATIENCE && !self.failures.is_multiple_of(ONE_IN) {
            return None;
        }
        let (steps, opened) = self.look_ahead(attempt)?;
        self.failures = 0;
        if let Some(step) = self.ahead.drain(..steps).next_back() {
            self.current = step;
        }
        Some(opened)
    }

    /// How many steps ahead a key opens it.
    fn look_ahead<T>(&mut self, attempt: impl Fn(&FrameKey) -> Option<T>) -> Option<(usize, T)> {
        // Passwords are made slow to work with: no more than one step for a frame.
        let slow = self.current.next.derivation == Derivation::Pbkdf2;
        let known = self.ahead.len();
        let most = if slow { WINDOW.min(known + 1) } else { WINDOW };
        for steps in 1..=most {
            if self.ahead.len() < steps {
                let last = self.ahead.last().unwrap_or(&self.current);
                self.ahead.push(Step::from(&last.next));
            }
            if let Some(opened) = attempt(&self.ahead[steps - 1].key) {
                return Some((steps, opened));
            }
        }
        None
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(bytes: &[u8]) -> Slot {
        let bytes = bytes.to_vec();
        Slot::new(Material::new(MediaKey::Member { bytes }).expect("not empty"))
    }

    /// Opens for this key alone.
    fn only(wanted: &FrameKey) -> impl Fn(&FrameKey) -> Option<()> {
        let sealed = sealed_with(wanted);
        move |key| {
            let sealed =
                super::super::frame::Sealed::read(saal_media_protocol::Codec::Opus, &sealed);
            sealed.expect("an encrypted frame").open(key).map(drop)
        }
    }

    fn sealed_with(key: &FrameKey) -> Vec<u8> {
        let codec = saal_media_protocol::Codec::Opus;
        let sealed = super::super::frame::seal(key, 0, [7; 12], codec, b"a voice");
        sealed.expect("Opus is encrypted").to_vec()
    }

    fn ratcheted(slot: &Slot, times: usize) -> FrameKey {
        let mut step = Step::from(&slot.current.next);
        for _ in 1..times {
            step = Step::from(&step.next);
        }
        step.key
    }

    #[test]
    fn a_ratcheted_key_is_found_and_kept() {
        let mut slot = member(b"sixteen bytes ..");
        let third = ratcheted(&slot, 3);
        let before = slot.key();
        assert!(slot.open(only(&third)).is_some());
        assert!(slot.open(only(&before)).is_none(), "there is no way back");
        assert!(slot.open(only(&third)).is_some());
    }

    #[test]
    fn no_key_is_found_beyond_the_window() {
        let mut slot = member(b"key");
        let tenth = ratcheted(&slot, WINDOW);
        let eleventh = ratcheted(&slot, WINDOW + 1);
        assert!(slot.open(only(&eleventh)).is_none());
        assert!(slot.open(only(&tenth)).is_some());
        assert!(slot.open(only(&eleventh)).is_some(), "the window moved on");
    }

    #[test]
    fn garbage_is_cheap_and_locks_nobody_out() {
        let mut slot = member(b"key");
        let attempts = std::cell::Cell::new(0);
        for _ in 0..1_000 {
            let garbage = |_: &FrameKey| {
                attempts.set(attempts.get() + 1);
                None::<()>
            };
            assert!(slot.open(garbage).is_none());
        }
        assert!(attempts.get() < 1_300, "{}", attempts.get());
        let current = slot.key();
        assert!(slot.open(only(&current)).is_some());
    }

    #[test]
    fn passwords_are_ratcheted_a_step_at_a_time() {
        let text = "correct horse".to_owned();
        let mut slot = Slot::new(Material::new(MediaKey::Password { text }).expect("not empty"));
        let second = ratcheted(&slot, 2);
        assert!(slot.open(only(&second)).is_none());
        assert!(slot.open(only(&second)).is_some());
    }

    #[test]
    fn keys_show_themselves_to_nobody() {
        let text = format!("{:?} {:?}", member(b"\x01\x02\x03"), member(b"\x01").key());
        assert_eq!(text, "Slot FrameKey");
    }
}
