//! This room's own keys: made, sent to everybody in the call, used, replaced.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use super::{Entropy, Generation, KeyBytes, KeyEffect, Peer};
use crate::rtc::Device;

/// A key that was sent to the others is used from then on, when they all have it (Element Call's
/// `wait_for_key_rotation_ms`).
const USE_AFTER: Duration = Duration::from_secs(5);
/// Somebody who joins gets a younger key as it is; an older one is replaced, so that what was said
/// before can't be decrypted for long (Element Call's grace period).
const YOUNG: Duration = Duration::from_secs(10);
/// A device that could not be reached is tried again after this, then after twice as long, and so on.
const RETRY_FIRST: Duration = Duration::from_secs(2);
const RETRY_AT_MOST: Duration = Duration::from_secs(30);
/// Keys that are sent and not yet used: who comes and goes faster than that gets the newest one.
const PENDING_AT_MOST: usize = 8;

#[derive(Debug)]
struct OwnKey {
    generation: Generation,
    index: u8,
    key: KeyBytes,
    made_at: Instant,
    /// Known as soon as it was sent.
    use_at: Option<Instant>,
}

/// A device that has keys or shall have them.
#[derive(Debug)]
struct Holder {
    stay: u64,
    has: BTreeSet<Generation>,
    asked: BTreeSet<Generation>,
    /// A key was on its way: even one that seems lost may have come.
    may_know: bool,
    failures: u32,
    next_try: Instant,
}

impl Holder {
    fn new(now: Instant, stay: u64) -> Self {
        Self {
            stay,
            has: BTreeSet::new(),
            asked: BTreeSet::new(),
            may_know: false,
            failures: 0,
            next_try: now,
        }
    }

    /// It decrypts with one of our keys, or soon will.
    fn listens(&self) -> bool {
        !self.has.is_empty() || !self.asked.is_empty()
    }

    fn lacks(&self, generation: Generation) -> bool {
        !self.has.contains(&generation) && !self.asked.contains(&generation)
    }
}

#[derive(Debug)]
pub(super) struct OwnKeys {
    /// The first is used, the last is the newest; never empty.
    keys: VecDeque<OwnKey>,
    holders: BTreeMap<Device, Holder>,
}

impl OwnKeys {
    pub(super) fn new(now: Instant, entropy: Entropy, effects: &mut VecDeque<KeyEffect>) -> Self {
        let mut own = Self {
            keys: VecDeque::new(),
            holders: BTreeMap::new(),
        };
        // A daemon that was killed and came back must not take the index of the key that the
        // others still have: they would try that one on its frames.
        own.make(now, entropy, entropy.index, Generation(0));
        own.repeat(effects);
        own
    }

    fn make(&mut self, now: Instant, entropy: Entropy, index: u8, generation: Generation) {
        self.keys.push_back(OwnKey {
            generation,
            index,
            key: KeyBytes(entropy.key.to_vec()),
            made_at: now,
            use_at: None,
        });
    }

    fn newest(&self) -> &OwnKey {
        self.keys.back().expect("there is always a key")
    }

    pub(super) fn repeat(&self, effects: &mut VecDeque<KeyEffect>) {
        let used = self.keys.front().expect("there is always a key");
        effects.push_back(KeyEffect::UseOwn {
            index: used.index,
            key: used.key.clone(),
        });
    }

    pub(super) fn members(
        &mut self,
        now: Instant,
        peers: &[Peer],
        entropy: Entropy,
        effects: &mut VecDeque<KeyEffect>,
    ) {
        let stays: BTreeMap<&Device, u64> =
            peers.iter().map(|peer| (&peer.device, peer.stay)).collect();
        let mut left = false;
        self.holders.retain(|device, holder| {
            let stays_on = stays.get(device) == Some(&holder.stay);
            left |= !stays_on && holder.may_know;
            stays_on
        });
        let before = self.holders.len();
        for (device, stay) in stays {
            let holder = || Holder::new(now, stay);
            self.holders.entry(device.clone()).or_insert_with(holder);
        }
        let joined = self.holders.len() > before;
        let old = now.saturating_duration_since(self.newest().made_at) > YOUNG;
        if left || (joined && old) {
            self.rotate(now, entropy, effects);
        }
        self.send_due(now, effects);
    }

    fn rotate(&mut self, now: Instant, entropy: Entropy, effects: &mut VecDeque<KeyEffect>) {
        let newest = self.newest();
        let (index, generation) = (
            newest.index.wrapping_add(1),
            Generation(newest.generation.0 + 1),
        );
        self.make(now, entropy, index, generation);
        if self.keys.len() > PENDING_AT_MOST + 1 {
            self.keys.remove(1);
        }
        let nobody_listens = !self.holders.values().any(Holder::listens);
        if nobody_listens {
            self.use_from(self.keys.len() - 1, effects);
        }
    }

    /// Uses the key at this place and forgets those before it.
    fn use_from(&mut self, place: usize, effects: &mut VecDeque<KeyEffect>) {
        self.keys.drain(..place);
        let oldest = self.keys.front().map(|key| key.generation);
        for holder in self.holders.values_mut() {
            holder.has.retain(|generation| Some(*generation) >= oldest);
        }
        self.repeat(effects);
    }

    /// Sends each key to those who lack it; somebody who joins gets the used one too, so that
    /// nothing is dark until the newest is used.
    fn send_due(&mut self, now: Instant, effects: &mut VecDeque<KeyEffect>) {
        for key in &self.keys {
            let due = |holder: &Holder| holder.lacks(key.generation) && holder.next_try <= now;
            let mut to = Vec::new();
            for (device, holder) in self.holders.iter_mut().filter(|(_, holder)| due(holder)) {
                holder.asked.insert(key.generation);
                holder.may_know = true;
                to.push(device.clone());
            }
            if !to.is_empty() {
                effects.push_back(KeyEffect::Send {
                    generation: key.generation,
                    index: key.index,
                    key: key.key.clone(),
                    to,
                });
            }
        }
        // Who can't be reached now keeps nobody waiting.
        let holders = &self.holders;
        let under_way = |key: &OwnKey| {
            let mut holders = holders.values();
            holders.any(|holder| holder.asked.contains(&key.generation))
        };
        for key in self.keys.iter_mut().skip(1) {
            if key.use_at.is_none() && !under_way(key) {
                key.use_at = Some(now + USE_AFTER);
            }
        }
    }

    pub(super) fn sent(
        &mut self,
        now: Instant,
        generation: Generation,
        to: &[Device],
        failed: &[Device],
    ) {
        for device in to {
            let Some(holder) = self.holders.get_mut(device) else {
                continue;
            };
            // What was asked for an earlier stay says nothing about this one.
            if !holder.asked.remove(&generation) {
                continue;
            }
            if failed.contains(device) {
                let wait = RETRY_FIRST * 2_u32.saturating_pow(holder.failures.min(8));
                holder.next_try = now + wait.min(RETRY_AT_MOST);
                holder.failures += 1;
            } else {
                holder.failures = 0;
                holder.has.insert(generation);
            }
        }
        let pending = self.keys.iter_mut().skip(1);
        for key in pending.filter(|key| key.generation == generation) {
            key.use_at.get_or_insert(now + USE_AFTER);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let uses = self.keys.iter().skip(1).filter_map(|key| key.use_at);
        let lacks_some = |holder: &&Holder| {
            let mut keys = self.keys.iter();
            keys.any(|key| holder.lacks(key.generation))
        };
        let tries = self.holders.values().filter(lacks_some);
        uses.chain(tries.map(|holder| holder.next_try)).min()
    }

    pub(super) fn timeout(&mut self, now: Instant, effects: &mut VecDeque<KeyEffect>) {
        let due = |key: &OwnKey| key.use_at.is_some_and(|at| at <= now);
        if let Some(place) = self.keys.iter().rposition(due)
            && place > 0
        {
            self.use_from(place, effects);
        }
        self.send_due(now, effects);
    }
}
