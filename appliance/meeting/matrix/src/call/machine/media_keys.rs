//! Keys of an encrypted call: handed to the engine, and who can't be decrypted.

use saal_media_protocol::{KeyOwner, MediaKey, TransportCommand};
use saal_meeting::CallEvent;

use super::{Effect, Machine, Now};
use crate::{
    rtc::{
        Device,
        keys::{CallKeys, Generation, KeyBytes, KeyEffect, KeyEvent, Peer, VouchId, content},
        membership,
    },
    settings::Secret,
};

/// How a call's media are encrypted end to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum MediaSecret {
    /// Not at all.
    #[default]
    Plain,
    /// With keys that each member makes and sends to the others.
    PerMember,
    /// With words that all have from the call's link.
    Password(Secret),
}

impl MediaSecret {
    /// The words of a link.
    pub(crate) fn of_link(words: &saal_meeting::Secret) -> Self {
        Self::Password(words.reveal().to_owned().into())
    }

    pub(crate) fn encrypts(&self) -> bool {
        *self != Self::Plain
    }

    pub(super) fn keys(&self, now: Now, room_id: &str) -> Option<CallKeys> {
        let per_member = *self == Self::PerMember;
        per_member.then(|| CallKeys::new(now.instant, room_id, now.entropy))
    }
}

impl Machine {
    /// Content of a key event of ours, as of `now_ms`.
    pub(crate) fn key_content(&self, index: u8, key: &KeyBytes, now_ms: u64) -> serde_json::Value {
        let own = &self.setup.own;
        let identity = own.identity();
        let member_id = self.setup.mode.member_id().unwrap_or(&identity);
        content(own, member_id, &self.setup.room_id, index, key, now_ms)
    }

    pub(crate) fn handle_key_event(&mut self, now: Now, event: &KeyEvent) {
        if let Some(keys) = &mut self.keys {
            keys.handle_event(event);
        }
        self.settle(now);
    }

    /// To [`Effect::SendKey`].
    pub(crate) fn handle_key_sent(
        &mut self,
        now: Now,
        generation: Generation,
        to: &[Device],
        failed: &[Device],
    ) {
        if let Some(keys) = &mut self.keys {
            keys.handle_sent(now.instant, generation, to, failed);
        }
        self.settle(now);
    }

    /// To [`Effect::Vouch`].
    pub(crate) fn handle_vouched(&mut self, now: Now, id: VouchId, doubt: Option<String>) {
        if let Some(keys) = &mut self.keys {
            keys.handle_vouched(now.instant, id, doubt);
        }
        self.settle(now);
    }

    /// Tells the keys who is in the call.
    pub(super) fn meet_peers(&mut self, now: Now) {
        let mut active = membership::active(&self.members, now.unix_ms);
        active.retain(|member| member.device != self.setup.own);
        let peers: Vec<Peer> = active.into_iter().map(Peer::of).collect();
        if let Some(keys) = &mut self.keys {
            keys.handle_members(now.instant, &peers, now.entropy);
        }
    }

    pub(super) fn set_password(&mut self) {
        if let MediaSecret::Password(password) = &self.setup.media_secret {
            let text = password.expose().to_owned();
            self.set_key(KeyOwner::Everybody, 0, MediaKey::Password { text });
        }
    }

    /// Tells an engine that knows nothing what to encrypt and decrypt with.
    pub(super) fn repeat_keys(&mut self) {
        self.undecryptable.clear();
        self.set_password();
        if let Some(keys) = &mut self.keys {
            keys.repeat();
        }
    }

    pub(super) fn forget_keys(&mut self) {
        if self.setup.media_secret.encrypts() {
            self.emit(CallEvent::Transport(TransportCommand::ForgetKeys));
        }
    }

    /// Does what the keys want done.
    pub(super) fn settle_keys(&mut self) {
        while let Some(effect) = self.keys.as_mut().and_then(CallKeys::poll) {
            match effect {
                KeyEffect::UseOwn { index, key } => {
                    tracing::info!(index, "this room's media are encrypted with another key");
                    self.set_key(KeyOwner::Own, index, MediaKey::Member { bytes: key.0 });
                }
                KeyEffect::UseTheirs {
                    participant,
                    index,
                    key,
                } => {
                    let owner = KeyOwner::Participant { participant };
                    self.set_key(owner, index, MediaKey::Member { bytes: key.0 });
                }
                KeyEffect::Send {
                    generation,
                    index,
                    key,
                    to,
                } => self.effects.push_back(Effect::SendKey {
                    generation,
                    index,
                    key,
                    to,
                }),
                KeyEffect::Vouch {
                    id,
                    device,
                    curve25519,
                } => self.effects.push_back(Effect::Vouch {
                    id,
                    device,
                    curve25519,
                }),
            }
        }
    }

    fn set_key(&mut self, owner: KeyOwner, index: u8, key: MediaKey) {
        let command = TransportCommand::SetKey { owner, index, key };
        self.emit(CallEvent::Transport(command));
    }

    /// The engine says whether somebody's media can be decrypted.
    pub(super) fn decrypts(&mut self, participant: String, decrypts: bool) {
        if decrypts {
            self.undecryptable.remove(&participant);
        } else if self.undecryptable.insert(participant.clone()) {
            tracing::warn!(participant, "media arrive that can't be decrypted");
        }
    }
}
