//! The keys of an encrypted call, pure: which key this room's media are encrypted with, who has it,
//! and which keys of others are believed (MatrixRTC's per-participant encryption, MSC4143).
//!
//! Every member makes a key of its own and sends it, Olm-encrypted, to each device in the call. The
//! driver sends, asks who a device belongs to, and reports what came of it; keys live in memory
//! only.

mod event;
mod receiving;
mod sending;

use std::{
    collections::VecDeque,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Instant,
};

pub(crate) use event::{EVENT_TYPE, content};
pub(crate) use receiving::{KeyEvent, Origin};

use super::{Device, Member};
use receiving::Received;
use sending::OwnKeys;

/// Bytes of a key that this room makes.
pub(crate) const KEY_LENGTH: usize = 16;

/// Fresh random bytes, for one key. They show themselves to nobody.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entropy {
    pub key: [u8; KEY_LENGTH],
    /// The first key's place; seen by everybody, so it is no part of the key.
    pub index: u8,
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

/// The bytes of a key, of any length but zero. They show themselves to nobody.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KeyBytes(pub Vec<u8>);

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyBytes")
    }
}

/// Another member of the call, as keys are exchanged with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub device: Device,
    /// Differs when the device left and came back: it has forgotten its keys, and ours.
    pub stay: u64,
    /// Its identity on the media servers.
    pub participant: String,
}

impl Peer {
    pub(crate) fn of(member: &Member) -> Self {
        Self {
            device: member.device.clone(),
            stay: stay(member),
            participant: member.identity.clone(),
        }
    }
}

/// A sticky membership is sent anew every hour: it is the same stay while its id is the same.
fn stay(member: &Member) -> u64 {
    let Some(id) = &member.sticky_id else {
        return member.created_ms;
    };
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// Which of this room's keys; counts on where the index wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Generation(pub u64);

/// One question to the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VouchId(pub u64);

/// What has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyEffect {
    /// Encrypt what this room sends with this key from now on.
    UseOwn { index: u8, key: KeyBytes },
    /// Decrypt what a participant sends with this key.
    UseTheirs {
        participant: String,
        index: u8,
        key: KeyBytes,
    },
    /// Send a key to devices, but only to those that their owner signed; answer with
    /// [`CallKeys::handle_sent`].
    Send {
        generation: Generation,
        index: u8,
        key: KeyBytes,
        to: Vec<Device>,
    },
    /// Find out whether the device's owner signed it and whether `curve25519` is its key; answer
    /// with [`CallKeys::handle_vouched`].
    Vouch {
        id: VouchId,
        device: Device,
        curve25519: String,
    },
}

/// The machine.
#[derive(Debug)]
pub(crate) struct CallKeys {
    own: OwnKeys,
    received: Received,
    effects: VecDeque<KeyEffect>,
}

impl CallKeys {
    /// Makes the first key, which is used at once: nobody hears this room before it has that key.
    pub(crate) fn new(now: Instant, room_id: &str, entropy: Entropy) -> Self {
        let mut effects = VecDeque::new();
        Self {
            own: OwnKeys::new(now, entropy, &mut effects),
            received: Received::new(room_id),
            effects,
        }
    }

    pub(crate) fn poll(&mut self) -> Option<KeyEffect> {
        self.effects.pop_front()
    }

    /// The other members of the call. `entropy` becomes a key when one is due.
    pub(crate) fn handle_members(&mut self, now: Instant, peers: &[Peer], entropy: Entropy) {
        self.own.members(now, peers, entropy, &mut self.effects);
        self.received.members(now, peers, &mut self.effects);
    }

    /// A key went out to `to`; `failed` did not get it.
    pub(crate) fn handle_sent(
        &mut self,
        now: Instant,
        generation: Generation,
        to: &[Device],
        failed: &[Device],
    ) {
        self.own.sent(now, generation, to, failed);
        self.handle_timeout(now);
    }

    /// Somebody sent a key.
    pub(crate) fn handle_event(&mut self, event: &KeyEvent) {
        self.received.event(event, &mut self.effects);
    }

    /// To [`KeyEffect::Vouch`]: nothing when the device is its owner's, else what is wrong.
    pub(crate) fn handle_vouched(&mut self, now: Instant, id: VouchId, doubt: Option<String>) {
        self.received.vouched(now, id, doubt, &mut self.effects);
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.own.deadline(), self.received.deadline()];
        deadlines.into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.own.timeout(now, &mut self.effects);
        self.received.timeout(now, &mut self.effects);
    }

    /// Says again which keys are in use, to an engine that knows nothing.
    pub(crate) fn repeat(&mut self) {
        self.own.repeat(&mut self.effects);
        self.received.repeat(&mut self.effects);
    }
}

#[cfg(test)]
mod tests;
