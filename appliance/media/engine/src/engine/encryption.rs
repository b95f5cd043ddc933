//! Encrypted connections: which there are, with which keys, and whose media can be decrypted.

use std::collections::HashMap;

use saal_media_protocol::{
    Codec, KeyOwner, MediaEvent, MediaKey, SourceKind, TransportEvent, TransportId,
};

use super::Engine;
use crate::{
    encryption::{Health, Keys, OwnKey, Unreadable, injected, is_blank},
    graph::TrackKey,
    transport::Frame,
};

/// The keys of a call and the connections that need them.
#[derive(Debug, Default)]
pub(super) struct Encryption {
    keys: Keys,
    connections: HashMap<TransportId, Connection>,
    dropped: u64,
}

#[derive(Debug, Default)]
struct Connection {
    /// What the server's own frames end with.
    trailer: Vec<u8>,
    tracks: HashMap<String, Health>,
    /// What was said of participants.
    said: HashMap<String, bool>,
}

/// What becomes of a received frame.
enum Received {
    /// It is played; true: that is news of its track.
    Played(Frame, bool),
    /// It is dropped; true: its track is lost from now on.
    Failed(bool),
    /// It is dropped and says nothing of its track.
    Ignored,
}

impl Encryption {
    /// What a connection's streams are encrypted with; `None` where they are not.
    pub(super) fn own(&self, transport: TransportId) -> Option<OwnKey> {
        let encrypted = self.connections.contains_key(&transport);
        encrypted.then(|| self.keys.own())
    }

    /// Frames that were dropped as they could not be decrypted, since the engine's start.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn close(&mut self, transport: TransportId) {
        self.connections.remove(&transport);
    }

    /// Takes a frame in; those of plain connections pass as they are.
    fn receive(&mut self, key: &TrackKey, owner: Option<&str>, frame: Frame) -> Received {
        let Some(connection) = self.connections.get_mut(&key.transport) else {
            return Received::Played(frame, false);
        };
        if frame.data.is_empty() {
            return Received::Ignored;
        }
        if let Some(data) = injected(&frame.data, &connection.trailer) {
            if !is_blank(frame.codec, data) {
                return Received::Ignored;
            }
            let data = data.into();
            return Received::Played(Frame { data, ..frame }, false);
        }
        let opened = self
            .keys
            .open(owner, frame.codec, &frame.data, &frame.layers);
        let health = match owner {
            Some(_) => connection.tracks.entry(key.track.clone()).or_default(),
            // Whose it is, is told in a moment.
            None => &mut Health::default(),
        };
        match opened {
            Ok(data) => {
                let layers = Vec::new();
                let frame = Frame {
                    data,
                    layers,
                    ..frame
                };
                Received::Played(frame, health.succeeded())
            }
            Err(reason) => {
                self.dropped += 1;
                let lost = health.failed(frame.at);
                if lost {
                    tell_lost(key, frame.codec, reason, health);
                }
                Received::Failed(lost)
            }
        }
    }

    /// Whether a participant's media can be decrypted, given its tracks; `None` if that is no news.
    fn news<'a>(
        &mut self,
        transport: TransportId,
        participant: &str,
        tracks: impl Iterator<Item = &'a str>,
    ) -> Option<bool> {
        let connection = self.connections.get_mut(&transport)?;
        let health = tracks.filter_map(|track| connection.tracks.get(track)?.decrypts());
        let Some(decrypts) = health.reduce(|all, one| all && one) else {
            connection.said.remove(participant);
            return None;
        };
        let before = connection.said.insert(participant.to_owned(), decrypts);
        (before != Some(decrypts)).then_some(decrypts)
    }
}

fn tell_lost(key: &TrackKey, codec: Codec, reason: Unreadable, health: &Health) {
    let (transport, frames) = (key.transport.0, health.frames_failed());
    tracing::info!(transport, track = key.track, ?codec, %reason, frames, "a track can't be decrypted");
}

impl Engine {
    /// Media on this connection are encrypted from now on.
    pub(super) fn encrypt(
        &mut self,
        transport: TransportId,
        trailer: &[u8],
    ) -> Result<(), (TransportId, String)> {
        if !self.transports.contains_key(&transport) {
            return Err((transport, format!("transport {} is not open", transport.0)));
        }
        let connection = self.encryption.connections.entry(transport).or_default();
        trailer.clone_into(&mut connection.trailer);
        if self
            .sending
            .sends()
            .iter()
            .any(|s| s.transport == transport)
        {
            self.sending.close(transport);
            let reason = "what was sent before it was encrypted is not sent any more";
            return Err((transport, reason.to_owned()));
        }
        Ok(())
    }

    pub(super) fn set_key(&mut self, owner: KeyOwner, index: u8, key: MediaKey) {
        let encrypts = matches!(owner, KeyOwner::Own | KeyOwner::Everybody);
        let whose = match &owner {
            KeyOwner::Own => None,
            KeyOwner::Participant { participant } => Some(Some(participant.clone())),
            KeyOwner::Everybody => Some(None),
        };
        if let Err(error) = self.encryption.keys.set(owner, index, key) {
            // Services check what they are given; the call goes on with the other keys.
            tracing::error!(%error, index, "a key is not used");
            return;
        }
        if encrypts {
            for transport in self.encryption.connections.keys() {
                self.sending.begin(*transport);
            }
        }
        if let Some(participant) = whose {
            self.ask_for_beginnings(participant.as_deref());
        }
    }

    pub(super) fn forget_keys(&mut self) {
        self.encryption.keys.forget();
    }

    /// Asks for key frames of what could not be decrypted until now.
    fn ask_for_beginnings(&mut self, participant: Option<&str>) {
        for (transport, connection) in &self.encryption.connections {
            let failing = connection.tracks.iter().filter(|(_, h)| h.is_failing());
            for (track, _) in failing {
                let key = TrackKey {
                    transport: *transport,
                    track: track.clone(),
                };
                let owner = self.receiving.owner(&key);
                if owner.is_some() && (participant.is_none() || participant == owner) {
                    self.receiving.ask_for_beginning(&key, &self.transports);
                }
            }
        }
    }

    /// What is left of a received frame after decryption.
    pub(super) fn decrypted(&mut self, key: &TrackKey, frame: Frame) -> Option<Frame> {
        let owner = self.receiving.owner(key);
        match self.encryption.receive(key, owner, frame) {
            Received::Played(frame, news) => {
                if news {
                    self.tell_of_track(key);
                }
                Some(frame)
            }
            Received::Failed(lost) => {
                self.receiving.interrupt(key);
                if lost {
                    self.receiving.blank(key);
                    self.tell_of_track(key);
                }
                None
            }
            Received::Ignored => None,
        }
    }

    /// A track is somebody's, maybe somebody else's than before.
    pub(super) fn assign(&mut self, key: &TrackKey, participant: &str, source: SourceKind) {
        let before = self.receiving.owner(key).map(str::to_owned);
        if let Some(event) = self.receiving.assign(key, participant.to_owned(), source) {
            self.say(event);
        }
        if let Some(before) = before.filter(|before| before != participant) {
            self.forget_track(key, &before);
        }
    }

    pub(super) fn unassign(&mut self, key: &TrackKey) {
        let before = self.receiving.owner(key).map(str::to_owned);
        self.receiving.unassign(key, self.devices.sound());
        if let Some(before) = before {
            self.forget_track(key, &before);
        }
    }

    fn forget_track(&mut self, key: &TrackKey, owner: &str) {
        if let Some(connection) = self.encryption.connections.get_mut(&key.transport) {
            connection.tracks.remove(&key.track);
            self.tell_of(key.transport, owner);
        }
    }

    fn tell_of_track(&mut self, key: &TrackKey) {
        if let Some(owner) = self.receiving.owner(key).map(str::to_owned) {
            self.tell_of(key.transport, &owner);
        }
    }

    fn tell_of(&mut self, transport: TransportId, participant: &str) {
        let tracks = self.receiving.tracks_of(transport, participant);
        if let Some(decrypts) = self.encryption.news(transport, participant, tracks) {
            self.say(MediaEvent::Transport(TransportEvent::Decrypts {
                transport,
                participant: participant.to_owned(),
                decrypts,
            }));
        }
    }
}
