//! One media session, with the bridge or with a peer: an offer, a connection of the engine, what
//! is sent and what is received on it.

use std::collections::{BTreeMap, VecDeque};

use saal_media_protocol::{
    Candidate, ChannelOffer, Codec, Declared, DtlsSetup, IceServer, LocalTransport, SourceKind,
    StreamSsrc, TransportCommand, TransportId, TransportState,
};

use super::{
    jingle::{Creator, Offer},
    sending::OwnSource,
    sources::{BRIDGE, Change, Received, Source},
};

/// More candidates than any machine has.
const MAX_WAITING: usize = 256;

/// The session.
#[derive(Debug)]
pub(crate) struct MediaSession {
    /// The other side's JID in the room.
    pub(crate) with: String,
    pub(crate) offer: Offer,
    /// Our JID in the room where the offer is ours.
    ours: Option<String>,
    /// Both sides know each other: the other one has answered, or we do.
    answered: bool,
    pub(crate) transport: TransportId,
    pub(crate) state: TransportState,
    /// Our side, once the engine has made it.
    pub(crate) local: Option<LocalTransport>,
    /// What the room sends on it.
    pub(crate) sources: Vec<OwnSource>,
    /// Our candidates, until they can be told.
    pub(crate) candidates: Vec<Candidate>,
    /// What is received is shown; otherwise another session's is.
    shown: bool,
    received: Received,
    /// How high anybody needs our sources, in pixels.
    needed: BTreeMap<String, u32>,
    active: BTreeMap<String, Vec<bool>>,
    /// What the camera's picture goes out in.
    codec: Codec,
    /// Sources that the engine was told to send.
    sent: Vec<String>,
    commands: VecDeque<TransportCommand>,
}

impl MediaSession {
    /// A session that the other side offers.
    pub(crate) fn new(
        with: String,
        offer: Offer,
        transport: TransportId,
        sources: Vec<OwnSource>,
    ) -> Self {
        Self {
            with,
            offer,
            ours: None,
            answered: true,
            transport,
            state: TransportState::Connecting,
            local: None,
            sources,
            candidates: Vec::new(),
            shown: false,
            received: Received::default(),
            needed: BTreeMap::new(),
            active: BTreeMap::new(),
            codec: Codec::Vp8,
            sent: Vec::new(),
            commands: VecDeque::new(),
        }
    }

    /// The offer is ours, and this is how we are called in the room.
    pub(crate) fn offered_by(self, own: String) -> Self {
        Self {
            ours: Some(own),
            answered: false,
            ..self
        }
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.ours.is_some()
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.answered
    }

    /// JID in the room of who offered.
    pub(crate) fn initiator(&self) -> &str {
        self.ours.as_deref().unwrap_or(&self.with)
    }

    /// What we are in it.
    pub(crate) fn creator(&self) -> Creator {
        match self.ours {
            Some(_) => Creator::Initiator,
            None => Creator::Responder,
        }
    }

    /// For the engine.
    pub(crate) fn poll(&mut self) -> Option<TransportCommand> {
        self.commands.pop_front()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.state == TransportState::Connected
    }

    /// Makes the connection. False where the offer lacks what is needed for it.
    pub(crate) fn open(
        &mut self,
        ice_servers: Vec<IceServer>,
        channel: Option<ChannelOffer>,
    ) -> bool {
        let remote = self.offer.transport.remote();
        if remote.is_none() && !self.is_ours() {
            return false;
        }
        let declared = Declared {
            ice_servers,
            controlling: self.is_ours(),
            remote,
            payload_types: self.offer.payload_types(),
            telephone_event: self.offer.telephone_event(),
            extensions: self.offer.extensions(),
            channel,
        };
        self.commands.push_back(TransportCommand::OpenDeclared {
            transport: self.transport,
            declared: Box::new(declared),
        });
        let candidates = std::mem::take(&mut self.offer.transport.candidates);
        self.add_candidates(candidates);
        true
    }

    /// The other side's answer to our offer. False where it lacks what is needed; this codec is the
    /// one that the room sends.
    pub(crate) fn answer(&mut self, answer: Offer, codec: Codec) -> bool {
        let remote = answer.transport.remote();
        // An answer decides who begins the handshake (RFC 5763 section 5).
        let decided = remote.filter(|remote| remote.setup != DtlsSetup::Actpass);
        let Some(remote) = decided.filter(|_| self.offer.is_taken_by(&answer, codec)) else {
            return false;
        };
        self.answered = true;
        self.commands.push_back(TransportCommand::Connect {
            transport: self.transport,
            remote,
        });
        let early = std::mem::take(&mut self.offer.transport.candidates);
        self.add_candidates(early);
        self.add_candidates(answer.transport.candidates);
        answer.sources.into_iter().for_each(|s| self.receive(s));
        self.send_all();
        true
    }

    /// Sends each of the session's sources.
    pub(crate) fn send_all(&mut self) {
        let kinds: Vec<SourceKind> = self.sources.iter().map(|own| own.source).collect();
        kinds.into_iter().for_each(|kind| self.send(kind));
    }

    /// The other side's candidates; those before its answer wait for it.
    pub(crate) fn add_candidates(&mut self, candidates: Vec<Candidate>) {
        if !self.answered {
            let waiting = &mut self.offer.transport.candidates;
            waiting.extend(candidates);
            waiting.truncate(MAX_WAITING);
            return;
        }
        let transport = self.transport;
        let commands = candidates
            .into_iter()
            .map(|candidate| TransportCommand::AddCandidate {
                transport,
                candidate,
            });
        self.commands.extend(commands);
    }

    /// Sends one of the session's sources, where it is not sent yet.
    pub(crate) fn send(&mut self, source: SourceKind) {
        let Some(own) = self.sources.iter().find(|own| own.source == source) else {
            return;
        };
        if self.local.is_none() || self.sent.contains(&own.name) {
            return;
        }
        let own = own.clone();
        self.sent.push(own.name.clone());
        self.tell_send(&own);
    }

    fn tell_send(&mut self, own: &OwnSource) {
        self.commands.push_back(TransportCommand::Send {
            transport: self.transport,
            track: own.name.clone(),
            source: own.source,
            video: own.video_send(self.codec),
            streams: own.streams_in(self.codec),
        });
        self.active.remove(&own.name);
        self.apply_need(own);
    }

    /// The camera's picture goes out in this codec from now on, in the same streams.
    pub(crate) fn use_codec(&mut self, codec: Codec) {
        if std::mem::replace(&mut self.codec, codec) == codec {
            return;
        }
        let mut cameras = self
            .sources
            .iter()
            .filter(|own| own.source == SourceKind::Camera);
        let sent = cameras.find(|own| self.sent.contains(&own.name)).cloned();
        if let Some(own) = sent {
            self.tell_send(&own);
        }
    }

    /// Stops sending a source; its numbers stay for the next time.
    pub(crate) fn stop(&mut self, source: SourceKind) {
        let Some(own) = self.sources.iter().find(|own| own.source == source) else {
            return;
        };
        if let Some(index) = self.sent.iter().position(|name| *name == own.name) {
            let track = self.sent.remove(index);
            self.commands.push_back(TransportCommand::Unpublish {
                transport: self.transport,
                track,
            });
        }
    }

    /// Sounds telephone tones in place of the room's voice.
    pub(crate) fn sound_tones(&mut self, tones: String) {
        let is_voice = |own: &&OwnSource| own.source == SourceKind::Microphone;
        let voice = self.sources.iter().find(is_voice);
        if let Some(own) = voice.filter(|own| self.sent.contains(&own.name)) {
            self.commands.push_back(TransportCommand::SendTones {
                transport: self.transport,
                track: own.name.clone(),
                tones,
            });
        }
    }

    /// Somebody needs a source of ours this high, in pixels; 0: nobody does.
    pub(crate) fn need(&mut self, name: &str, max_height: u32) {
        let Some(own) = self
            .sources
            .iter()
            .find(|own| own.name == name && own.picture)
        else {
            return;
        };
        let own = own.clone();
        self.needed.insert(own.name.clone(), max_height);
        self.apply_need(&own);
    }

    fn apply_need(&mut self, own: &OwnSource) {
        let Some(height) = self.needed.get(&own.name) else {
            return;
        };
        let active = own.active_layers(*height);
        if self.sent.contains(&own.name) && self.active.get(&own.name) != Some(&active) {
            self.active.insert(own.name.clone(), active.clone());
            self.commands.push_back(TransportCommand::SetActiveLayers {
                transport: self.transport,
                track: own.name.clone(),
                active,
            });
        }
    }

    /// A source of somebody can be received, or is elsewhere now.
    pub(crate) fn receive(&mut self, source: Source) {
        let changes = self.received.put(source);
        self.apply(changes);
    }

    /// Follows what somebody's pictures are said to be now; `kind` tells it of a source's name.
    pub(crate) fn retype(&mut self, owner: &str, kind: impl Fn(&str) -> Option<SourceKind>) {
        let pictures = self.received.iter().filter(|s| s.owner == owner);
        let pictures: Vec<Source> = pictures.filter(|s| s.is_picture()).cloned().collect();
        let mut changed = false;
        for picture in &pictures {
            if let Some(kind) = kind(&picture.name).filter(|kind| *kind != picture.kind) {
                let picture = picture.clone();
                self.receive(Source { kind, ..picture });
                changed = true;
            }
        }
        // One that was taken for the other has been shown in its place.
        if changed && self.shown {
            let pictures: Vec<Source> = self.received.iter().cloned().collect();
            let pictures = pictures
                .iter()
                .filter(|s| s.owner == owner && s.is_picture());
            pictures.for_each(|picture| self.assign(picture));
        }
    }

    /// A source is gone.
    pub(crate) fn remove(&mut self, name: &str) {
        let change = self.received.remove(name);
        self.apply(change.into_iter().collect());
    }

    /// Somebody left.
    pub(crate) fn remove_owner(&mut self, owner: &str) {
        let changes = self.received.remove_owner(owner);
        self.apply(changes);
    }

    fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Receive(source, new) => {
                    self.expect(&source.name, source.stream, source.is_picture());
                    if new && self.shown {
                        self.assign(&source);
                    }
                }
                Change::Gone(track) => self.commands.push_back(TransportCommand::Unassign {
                    transport: self.transport,
                    track,
                }),
            }
        }
    }

    fn expect(&mut self, track: &str, stream: StreamSsrc, picture: bool) {
        self.commands.push_back(TransportCommand::Receive {
            transport: self.transport,
            track: track.to_owned(),
            stream,
            picture,
        });
    }

    /// The bridge's own probing is received and shown to nobody.
    fn assign(&mut self, source: &Source) {
        if source.owner != BRIDGE {
            self.commands.push_back(TransportCommand::Assign {
                transport: self.transport,
                track: source.name.clone(),
                participant: source.owner.clone(),
                source: source.kind,
            });
        }
    }

    /// Shows what is received, or hides it while another session's is shown.
    pub(crate) fn show(&mut self, shown: bool) {
        if self.shown == shown {
            return;
        }
        self.shown = shown;
        let sources: Vec<Source> = self.received.iter().cloned().collect();
        for source in sources.iter().filter(|s| s.owner != BRIDGE) {
            if shown {
                // The engine has forgotten the names of hidden streams.
                self.expect(&source.name, source.stream, source.is_picture());
                self.assign(source);
                continue;
            }
            self.commands.push_back(TransportCommand::Unassign {
                transport: self.transport,
                track: source.name.clone(),
            });
        }
    }

    /// Gives the connection back.
    pub(crate) fn close(&mut self) {
        self.commands.push_back(TransportCommand::Close {
            transport: self.transport,
        });
    }
}
