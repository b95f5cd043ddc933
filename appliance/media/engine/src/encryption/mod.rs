//! End-to-end encrypted media, frame by frame, as LiveKit's clients do it in MatrixRTC calls.
//!
//! ```text
//! frame:  clear bytes | ciphertext | tag (16) | IV (12) | 0x0C | key index
//! key:    AES-128-GCM; the clear bytes are additional data
//! ```
//!
//! What stays clear is what servers and RTP payload formats look at: VP8 10 bytes of key frames and
//! 3 of others, Opus 1, VP9 none, H.264 all up to the second byte of the first slice. Nobody says
//! how AV1 is encrypted, so it is not.
//!
//! Pure but for the keys that encoders' threads share: IVs and times are arguments. Keys show
//! themselves to nobody and are wiped when they are forgotten (docs/adr/0011).

mod frame;
pub mod fuzzing;
mod health;
mod keys;
mod nal;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use frame::{FrameKey, IV_LENGTH, seal};
pub use frame::{injected, is_blank};
pub use health::Health;
use keys::{Material, Slot};
use saal_media_protocol::{Codec, KeyOwner, MediaKey};

/// Why a frame can't be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its sender's key has not come.
    #[error("there is no key {0}")]
    NoKey(u8),
    /// Encrypted with another key than the one that is there, or changed on its way.
    #[error("the key {0} does not fit")]
    Wrong(u8),
    /// No encrypted frame.
    #[error("it is not encrypted as agreed")]
    Malformed,
    /// Of a codec that has no encryption.
    #[error("{0:?} can't be encrypted")]
    Codec(Codec),
}

/// A key of no bytes, which is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key is empty")]
pub struct EmptyKey;

/// All keys of a call.
#[derive(Debug, Default)]
pub struct Keys {
    own: OwnKey,
    everybody: Ring,
    participants: HashMap<String, Ring>,
}

/// One owner's keys by their index, 256 at most.
type Ring = HashMap<u8, Slot>;

impl Keys {
    /// Takes a key in, in place of the one with the same index. What was set last for this room, or
    /// for everybody, encrypts from now on.
    ///
    /// # Errors
    /// When the key is empty; nothing changes.
    pub fn set(&mut self, owner: KeyOwner, index: u8, key: MediaKey) -> Result<(), EmptyKey> {
        let slot = Slot::new(Material::new(key).ok_or(EmptyKey)?);
        let ring = match owner {
            KeyOwner::Own => {
                self.own.set(index, slot.key());
                return Ok(());
            }
            KeyOwner::Everybody => {
                self.own.set(index, slot.key());
                &mut self.everybody
            }
            KeyOwner::Participant { participant } => {
                self.participants.entry(participant).or_default()
            }
        };
        ring.insert(index, slot);
        Ok(())
    }

    /// Forgets all of them; whoever encrypts stops.
    pub fn forget(&mut self) {
        self.own.forget();
        self.everybody.clear();
        self.participants.clear();
    }

    /// What this room encrypts with, now and later.
    #[must_use]
    pub fn own(&self) -> OwnKey {
        self.own.clone()
    }

    /// Decrypts a frame of this participant; of an unknown one, if everybody has the same key.
    ///
    /// The spatial layers of a VP9 picture are encrypted one by one: `layers` says where each of
    /// them ends, and is empty for everything else.
    ///
    /// # Errors
    /// Why it can't be decrypted.
    pub fn open(
        &mut self,
        participant: Option<&str>,
        codec: Codec,
        data: &[u8],
        layers: &[usize],
    ) -> Result<Arc<[u8]>, Unreadable> {
        if layers.len() < 2 {
            return self.open_one(participant, codec, data);
        }
        let mut opened = Vec::with_capacity(data.len());
        let mut start = 0;
        for end in layers {
            let layer = data.get(start..*end).ok_or(Unreadable::Malformed)?;
            opened.extend_from_slice(&self.open_one(participant, codec, layer)?);
            start = *end;
        }
        let complete = start == data.len();
        complete.then(|| opened.into()).ok_or(Unreadable::Malformed)
    }

    fn open_one(
        &mut self,
        participant: Option<&str>,
        codec: Codec,
        data: &[u8],
    ) -> Result<Arc<[u8]>, Unreadable> {
        // Encoders that have nothing to say say that to everybody.
        if data.is_empty() {
            return Ok(data.into());
        }
        let sealed = frame::Sealed::read(codec, data)?;
        let index = sealed.index();
        let slot = self.slot(participant, index);
        let slot = slot.ok_or(Unreadable::NoKey(index))?;
        slot.open(|key| sealed.open(key))
            .ok_or(Unreadable::Wrong(index))
    }

    fn slot(&mut self, participant: Option<&str>, index: u8) -> Option<&mut Slot> {
        let theirs = participant.and_then(|p| self.participants.get_mut(p));
        let theirs = theirs.and_then(|ring| ring.get_mut(&index));
        theirs.or_else(|| self.everybody.get_mut(&index))
    }
}

/// What this room encrypts with; all clones are the same one.
#[derive(Clone, Default)]
pub struct OwnKey(Arc<Mutex<Option<Arc<Own>>>>);

struct Own {
    index: u8,
    key: FrameKey,
}

impl OwnKey {
    fn set(&self, index: u8, key: FrameKey) {
        *self.lock() = Some(Arc::new(Own { index, key }));
    }

    fn forget(&self) {
        *self.lock() = None;
    }

    fn get(&self) -> Option<Arc<Own>> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Own>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnKey")
    }
}

/// Encrypts the frames of one stream.
///
/// An IV must never come twice with the same key, which all streams of this room share, and with a
/// password all rooms. Receivers take it from the frame, so it need not be made as clients do, of
/// SSRC and RTP time, which both repeat when an engine starts anew: it is a random number of the
/// stream and the frame's number.
#[derive(Debug)]
pub struct Sealer {
    own: OwnKey,
    stream: [u8; 8],
    frames: AtomicU64,
}

impl Sealer {
    /// For a stream with this random number.
    #[must_use]
    pub fn new(own: OwnKey, stream: [u8; 8]) -> Self {
        Self {
            own,
            stream,
            frames: AtomicU64::new(0),
        }
    }

    /// The encrypted frame; `None` before this room has a key, and for what can't be encrypted.
    pub fn seal(&self, codec: Codec, data: &[u8]) -> Option<Arc<[u8]>> {
        let own = self.own.get()?;
        let number = self.frames.fetch_add(1, Ordering::Relaxed);
        // Used up after four years of pictures.
        let number = u32::try_from(number).ok()?;
        let mut iv = [0; IV_LENGTH];
        iv[..8].copy_from_slice(&self.stream);
        iv[8..].copy_from_slice(&number.to_be_bytes());
        seal(&own.key, own.index, iv, codec, data)
            .inspect_err(|error| tracing::debug!(%error, "a frame is not sent"))
            .ok()
    }
}
