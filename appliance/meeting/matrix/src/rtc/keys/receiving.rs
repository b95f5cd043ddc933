//! Keys of the others: believed only from a member's own device that its owner signed.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    KeyBytes, KeyEffect, Peer, VouchId,
    event::{self, Sent},
};
use crate::rtc::Device;

/// Keys that wait for their sender's membership or signature, all together and of one device. The
/// oldest makes place.
const WAITING_AT_MOST: usize = 64;
const WAITING_OF_DEVICE: usize = 8;
/// A device that nobody vouched for is looked at again after this: its owner may have verified it.
const VOUCH_AGAIN: Duration = Duration::from_secs(10);

/// Which device's Olm session a key came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub device: String,
    /// Base64, as device lists write it.
    pub curve25519: String,
}

/// A to-device event with a key.
#[derive(Clone, Debug)]
pub(crate) struct KeyEvent {
    /// `@name:server`
    pub sender: String,
    /// `None`: it was not encrypted, or nobody knows the device.
    pub origin: Option<Origin>,
    pub content: Value,
}

#[derive(Debug, PartialEq, Eq)]
enum Vouching {
    Asked,
    Doubted { again_at: Instant },
    Given,
}

#[derive(Debug)]
struct Waiting {
    id: VouchId,
    device: Device,
    curve25519: String,
    sent: Sent,
    vouching: Vouching,
    /// The doubt is in the log.
    told: bool,
}

#[derive(Debug)]
pub(super) struct Received {
    room_id: String,
    next: u64,
    waiting: VecDeque<Waiting>,
    /// In the call: participant by device.
    members: BTreeMap<Device, String>,
    keys: BTreeMap<(Device, u8), KeyBytes>,
    /// When the newest key of each device and index was sent; outlasts the member.
    newest: BTreeMap<(Device, u8), u64>,
}

impl Received {
    pub(super) fn new(room_id: &str) -> Self {
        Self {
            room_id: room_id.to_owned(),
            next: 0,
            waiting: VecDeque::new(),
            members: BTreeMap::new(),
            keys: BTreeMap::new(),
            newest: BTreeMap::new(),
        }
    }

    pub(super) fn event(&mut self, event: &KeyEvent, effects: &mut VecDeque<KeyEffect>) {
        match self.check(event) {
            Ok((origin, sent)) => self.wait(&event.sender, origin, sent, effects),
            Err(reason) => {
                let device = event.origin.as_ref().map_or("", |origin| &origin.device);
                tracing::warn!(sender = event.sender, device, reason, "refused a media key");
            }
        }
    }

    fn check(&self, event: &KeyEvent) -> Result<(Origin, Sent), String> {
        let sent = event::parse(&event.content).map_err(|error| error.to_string())?;
        if sent.room_id != self.room_id {
            return Err(format!("it is for another room, {}", sent.room_id));
        }
        let Some(origin) = event.origin.clone() else {
            return Err("it came without encryption or from an unknown device".to_owned());
        };
        if origin.device != sent.claimed_device {
            return Err(format!("it claims to come from {}", sent.claimed_device));
        }
        let device = Device {
            user: event.sender.clone(),
            device: origin.device.clone(),
        };
        self.check_age(&device, &sent)?;
        Ok((origin, sent))
    }

    fn check_age(&self, device: &Device, sent: &Sent) -> Result<(), String> {
        let place = (device.clone(), sent.index);
        let newest = self.newest.get(&place).copied().unwrap_or(0);
        let same = self.keys.get(&place) == Some(&sent.key);
        if sent.sent_ms < newest || (sent.sent_ms == newest && !same) {
            return Err("it is older than the one that is known".to_owned());
        }
        Ok(())
    }

    fn wait(
        &mut self,
        sender: &str,
        origin: Origin,
        sent: Sent,
        effects: &mut VecDeque<KeyEffect>,
    ) {
        let id = VouchId(self.next);
        self.next += 1;
        let waiting = Waiting {
            id,
            device: Device {
                user: sender.to_owned(),
                device: origin.device,
            },
            curve25519: origin.curve25519,
            sent,
            vouching: Vouching::Asked,
            told: false,
        };
        self.make_place(&waiting.device);
        effects.push_back(ask(&waiting));
        self.waiting.push_back(waiting);
    }

    fn make_place(&mut self, device: &Device) {
        let of_device = |waiting: &Waiting| waiting.device == *device;
        let count = self.waiting.iter().filter(|one| of_device(one)).count();
        let oldest = if count >= WAITING_OF_DEVICE {
            self.waiting.iter().position(of_device)
        } else {
            (self.waiting.len() >= WAITING_AT_MOST).then_some(0)
        };
        if let Some(dropped) = oldest.and_then(|at| self.waiting.remove(at)) {
            tracing::warn!(device = %dropped.device.identity(), "dropped a media key that waited too long");
        }
    }

    pub(super) fn vouched(
        &mut self,
        now: Instant,
        id: VouchId,
        doubt: Option<String>,
        effects: &mut VecDeque<KeyEffect>,
    ) {
        let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.id == id) else {
            return;
        };
        waiting.vouching = match doubt {
            None => Vouching::Given,
            Some(reason) => {
                if !std::mem::replace(&mut waiting.told, true) {
                    tracing::warn!(
                        device = %waiting.device.identity(), reason,
                        "refused a media key: what this device sends is not shown"
                    );
                }
                let again_at = now + VOUCH_AGAIN;
                Vouching::Doubted { again_at }
            }
        };
        self.accept(effects);
    }

    pub(super) fn members(
        &mut self,
        now: Instant,
        peers: &[Peer],
        effects: &mut VecDeque<KeyEffect>,
    ) {
        let member = |peer: &Peer| (peer.device.clone(), peer.participant.clone());
        self.members = peers.iter().map(member).collect();
        let members = &self.members;
        self.keys
            .retain(|(device, _), _| members.contains_key(device));
        self.accept(effects);
        self.timeout(now, effects);
    }

    /// Takes what waited for nothing but a membership or a signature that is there now.
    fn accept(&mut self, effects: &mut VecDeque<KeyEffect>) {
        let (ready, waiting) =
            std::mem::take(&mut self.waiting)
                .into_iter()
                .partition(|one: &Waiting| {
                    one.vouching == Vouching::Given && self.members.contains_key(&one.device)
                });
        self.waiting = waiting;
        for Waiting { device, sent, .. } in ready {
            // One that overtook it meanwhile counts.
            if let Err(reason) = self.check_age(&device, &sent) {
                tracing::warn!(device = %device.identity(), reason, "refused a media key");
                continue;
            }
            let participant = self.members[&device].clone();
            let place = (device, sent.index);
            self.newest.insert(place.clone(), sent.sent_ms);
            if self.keys.insert(place, sent.key.clone()).as_ref() != Some(&sent.key) {
                effects.push_back(KeyEffect::UseTheirs {
                    participant,
                    index: sent.index,
                    key: sent.key,
                });
            }
        }
    }

    /// Only members are looked at again: nobody else's signature matters.
    fn again_at(&self, waiting: &Waiting) -> Option<Instant> {
        match waiting.vouching {
            Vouching::Doubted { again_at } if self.members.contains_key(&waiting.device) => {
                Some(again_at)
            }
            _ => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let again = self.waiting.iter().filter_map(|one| self.again_at(one));
        again.min()
    }

    pub(super) fn timeout(&mut self, now: Instant, effects: &mut VecDeque<KeyEffect>) {
        for at in 0..self.waiting.len() {
            let again = self.again_at(&self.waiting[at]);
            if again.is_some_and(|again| again <= now) {
                self.waiting[at].vouching = Vouching::Asked;
                effects.push_back(ask(&self.waiting[at]));
            }
        }
    }

    pub(super) fn repeat(&self, effects: &mut VecDeque<KeyEffect>) {
        for ((device, index), key) in &self.keys {
            if let Some(participant) = self.members.get(device) {
                effects.push_back(KeyEffect::UseTheirs {
                    participant: participant.clone(),
                    index: *index,
                    key: key.clone(),
                });
            }
        }
    }
}

fn ask(waiting: &Waiting) -> KeyEffect {
    KeyEffect::Vouch {
        id: waiting.id,
        device: waiting.device.clone(),
        curve25519: waiting.curve25519.clone(),
    }
}
