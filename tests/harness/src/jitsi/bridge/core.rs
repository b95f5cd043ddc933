//! The bridge without I/O: datagrams and orders in, datagrams and messages out, time as an argument.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::media::Mid;
use str0m::rtp::RtpPacket;

use super::super::sources::{Medium, Track};
use super::endpoint::Endpoint;
use super::messages::{self, FromClient};
use super::peer::Happened;
use super::speaker::Speakers;

/// How often the choice of sources and layers is looked at again when nothing happens.
const REVIEW_EVERY: Duration = Duration::from_millis(250);
/// How often a client is told the bandwidth that the bridge believes in.
const STATS_EVERY: Duration = Duration::from_secs(10);
/// A participant that sends nothing at all for this long has lost its line.
const SILENT_AFTER: Duration = Duration::from_secs(3);
/// What is believed of loopback, bits per second.
const BANDWIDTH: u64 = 20_000_000;

/// Conference and endpoint.
pub(super) type Key = (String, String);

/// All conferences of the bridge.
pub(super) struct Core {
    pub(super) local: SocketAddr,
    pub(super) endpoints: BTreeMap<Key, Endpoint>,
    pub(super) outgoing: Vec<(SocketAddr, Vec<u8>)>,
    speakers: BTreeMap<String, Speakers>,
    reviewed: Option<Instant>,
    stats: Option<Instant>,
}

impl Core {
    pub(super) fn new(local: SocketAddr) -> Self {
        Self {
            local,
            endpoints: BTreeMap::new(),
            outgoing: Vec::new(),
            speakers: BTreeMap::new(),
            reviewed: None,
            stats: None,
        }
    }

    pub(super) fn receive(&mut self, now: Instant, from: SocketAddr, data: &[u8]) {
        let mut endpoints = self.endpoints.values_mut();
        match endpoints
            .find_map(|endpoint| endpoint.peer.receive(now, from, data).then_some(endpoint))
        {
            Some(endpoint) => endpoint.heard = Some(now),
            None => tracing::trace!(%from, "a datagram for nobody"),
        }
    }

    /// Forgets a participant and what others were sent of it.
    pub(super) fn expire(&mut self, key: &Key) {
        if self.endpoints.remove(key).is_none() {
            return;
        }
        if let Some(speakers) = self.speakers.get_mut(&key.0) {
            speakers.leave(&key.1);
        }
        for (_, other) in self
            .endpoints
            .iter_mut()
            .filter(|(other, _)| other.0 == key.0)
        {
            other.close_streams_of(&key.1);
        }
        self.reviewed = None;
    }

    /// Lets everything come to rest; gives when to come again at the latest.
    pub(super) fn settle(&mut self, now: Instant) -> Instant {
        let due = |last: Option<Instant>, every| last.is_none_or(|at| now >= at + every);
        if due(self.stats, STATS_EVERY) {
            self.stats = Some(now);
            for endpoint in self.endpoints.values_mut() {
                endpoint.say(messages::connection_stats(BANDWIDTH));
            }
        }
        let mut next = self.drain(now);
        if due(self.reviewed, REVIEW_EVERY) {
            self.reviewed = Some(now);
            self.check_lines(now);
            self.review(now);
            next = self.drain(now);
        }
        next.min(now + REVIEW_EVERY)
    }

    /// Takes all that happened, and what follows from it, until nothing more does.
    fn drain(&mut self, now: Instant) -> Instant {
        let mut queue: VecDeque<Key> = self.endpoints.keys().cloned().collect();
        let mut deadlines: BTreeMap<Key, Instant> = BTreeMap::new();
        while let Some(key) = queue.pop_front() {
            let Some(endpoint) = self.endpoints.get_mut(&key) else {
                continue;
            };
            let mut happened = Vec::new();
            let deadline = endpoint.peer.drain(now, &mut self.outgoing, &mut happened);
            deadlines.insert(key.clone(), deadline.unwrap_or(now + REVIEW_EVERY));
            if happened.is_empty() {
                continue;
            }
            for event in happened {
                self.react(now, &key, event);
            }
            // What one sends changes what others are sent.
            queue = self.endpoints.keys().cloned().collect();
        }
        deadlines.into_values().min().unwrap_or(now + REVIEW_EVERY)
    }

    fn react(&mut self, now: Instant, key: &Key, event: Happened) {
        match event {
            Happened::Packet(packet) => self.forward(now, key, &packet),
            Happened::KeyFrameWanted(mid) => self.relay_key_frame(now, key, mid),
            Happened::Message(text) => self.hear(now, key, &text),
            Happened::ChannelOpen => self.greet(key),
            Happened::Connected => {
                self.reviewed = None;
                if let Some(endpoint) = self.endpoints.get_mut(key) {
                    endpoint.probe(now);
                }
            }
        }
    }

    fn forward(&mut self, now: Instant, key: &Key, packet: &RtpPacket) {
        let ssrc = *packet.header.ssrc;
        self.forward_as(now, key, ssrc, packet);
        for double in self.doubles_of(key) {
            if let Some(own) = self.doubled(key, &double, ssrc) {
                self.forward_as(now, &double, own, packet);
            }
        }
    }

    /// Sends a packet on to all who want it, as one that this participant sent on `ssrc`.
    fn forward_as(&mut self, now: Instant, key: &Key, ssrc: u32, packet: &RtpPacket) {
        let Some(sender) = self.endpoints.get_mut(key) else {
            return;
        };
        sender.note(now, ssrc, packet);
        let track = sender
            .track_of(ssrc)
            .filter(|track| !sender.holds(track.medium));
        let Some(track) = track.cloned() else {
            return;
        };
        if track.medium == Medium::Audio {
            self.listen(now, key, packet);
        }
        let mut missing = false;
        for (receiver, endpoint) in &mut self.endpoints {
            if receiver.0 != key.0 || receiver.1 == key.1 || !endpoint.peer.is_connected() {
                continue;
            }
            let layer = match track.medium {
                Medium::Audio => {
                    endpoint.stream(&key.1, &track);
                    endpoint.map(Medium::Audio, std::slice::from_ref(&track.name));
                    ssrc
                }
                Medium::Video => match endpoint.target(&track.name) {
                    Some(layer) => layer,
                    None => continue,
                },
            };
            endpoint.forward(now, &track.name, (ssrc, packet), layer);
            missing |= endpoint.waits(&track.name);
        }
        if missing {
            self.ask_for_key_frame(now, key, &track);
        }
    }

    fn ask_for_key_frame(&mut self, now: Instant, key: &Key, track: &Track) {
        let Some((owner, track)) = self.original(key, track) else {
            return;
        };
        if let Some(sender) = self.endpoints.get_mut(&owner) {
            sender.ask_for_key_frame(now, &track);
        }
    }

    fn listen(&mut self, now: Instant, key: &Key, packet: &RtpPacket) {
        let level = packet.header.ext_vals.audio_level.map_or(-127.0, f32::from);
        let speakers = self.speakers.entry(key.0.clone()).or_default();
        if speakers.hear(now, &key.1, level) {
            let order = speakers.order();
            let message = messages::dominant_speaker(&order[0], &order[1..]);
            self.tell_all(&key.0, None, &message);
            self.reviewed = None;
        }
    }

    fn tell_all(&mut self, conference: &str, except: Option<&str>, message: &serde_json::Value) {
        for (key, endpoint) in &mut self.endpoints {
            if key.0 == conference && Some(key.1.as_str()) != except {
                endpoint.say(message.clone());
            }
        }
    }

    fn relay_key_frame(&mut self, now: Instant, key: &Key, mid: Mid) {
        let Some(receiver) = self.endpoints.get(key) else {
            return;
        };
        let source = receiver.peer.source(mid).map(str::to_owned);
        let stream = source.as_ref().and_then(|name| receiver.streams.get(name));
        let Some((source, stream)) = source.as_ref().zip(stream) else {
            return;
        };
        let owner = (key.0.clone(), stream.owner.clone());
        let sender = self.endpoints.get(&owner);
        let track = sender.and_then(|sender| sender.tracks.iter().find(|one| one.name == *source));
        if let Some(track) = track.cloned() {
            self.ask_for_key_frame(now, &owner, &track);
        }
    }

    /// The channel is open: the bridge says hello and what it forwards.
    pub(super) fn greet(&mut self, key: &Key) {
        let speakers = self.speakers.get(&key.0);
        let order = speakers
            .map(|speakers| speakers.order().to_vec())
            .unwrap_or_default();
        let Some(endpoint) = self.endpoints.get_mut(key) else {
            return;
        };
        endpoint.open = true;
        endpoint.said.clear();
        endpoint.say(messages::server_hello());
        endpoint.say(messages::forwarded_sources(&endpoint.forwarded.clone()));
        if let Some((first, rest)) = order.split_first() {
            endpoint.say(messages::dominant_speaker(first, rest));
        }
        self.reviewed = None;
    }

    /// A message from a participant.
    pub(super) fn hear(&mut self, now: Instant, key: &Key, text: &str) {
        let Ok(message) = serde_json::from_str::<FromClient>(text) else {
            tracing::warn!(text, "not a bridge message");
            return;
        };
        let Some(endpoint) = self.endpoints.get_mut(key) else {
            return;
        };
        match message {
            FromClient::ReceiverVideoConstraints(new) => {
                endpoint.constraints.update(new);
                self.review(now);
            }
            FromClient::LastNChangedEvent { last_n } => {
                endpoint.constraints.last_n = Some(last_n);
                self.review(now);
            }
            FromClient::SourceVideoTypeMessage {
                source_name,
                video_type,
            } => {
                if video_type == "desktop" {
                    endpoint.desktops.insert(source_name.clone());
                }
                if video_type == "none" {
                    endpoint.muted.insert(source_name);
                } else {
                    endpoint.muted.remove(&source_name);
                }
                self.review(now);
            }
            FromClient::EndpointMessage(body) => self.relay(key, "EndpointMessage", body),
            FromClient::EndpointStats(body) => self.relay(key, "EndpointStats", body),
            FromClient::ClientHello | FromClient::Other => {}
        }
    }

    /// Passes a message on: to the one it is for, or to all others.
    fn relay(&mut self, key: &Key, class: &str, mut body: serde_json::Value) {
        body["colibriClass"] = class.into();
        body["from"] = key.1.clone().into();
        let to = body
            .get("to")
            .and_then(|to| to.as_str())
            .unwrap_or_default()
            .to_owned();
        if to.is_empty() {
            self.tell_all(&key.0, Some(&key.1), &body);
        } else if let Some(endpoint) = self.endpoints.get_mut(&(key.0.clone(), to)) {
            endpoint.say(body);
        }
    }

    /// Tells the others of participants that have fallen silent or are back.
    fn check_lines(&mut self, now: Instant) {
        let mut changed = Vec::new();
        for (key, endpoint) in &mut self.endpoints {
            let Some(heard) = endpoint.heard else {
                continue;
            };
            let active = now.saturating_duration_since(heard) < SILENT_AFTER;
            if std::mem::replace(&mut endpoint.active, active) != active {
                changed.push((key.clone(), active));
            }
        }
        for (key, active) in changed {
            let message = messages::connectivity(&key.1, active);
            self.tell_all(&key.0, Some(&key.1), &message);
        }
    }

    /// Chooses again for every receiver which sources it is sent and how high, and tells senders what is needed.
    pub(super) fn review(&mut self, now: Instant) {
        let keys: Vec<Key> = self.endpoints.keys().cloned().collect();
        for key in &keys {
            let offers = self.offers(key);
            let choice = self.choose(key, &offers);
            self.apply(key, &choice);
        }
        for key in &keys {
            self.aim(now, key);
            self.tell_sender(key);
        }
    }

    /// The video sources of the others, with their owners, in the order of preference.
    fn offers(&self, key: &Key) -> Vec<(String, Track)> {
        let others = self
            .endpoints
            .iter()
            .filter(|(other, _)| other.0 == key.0 && other.1 != key.1);
        let mut offers: Vec<(String, Track)> = others
            .filter(|(_, endpoint)| endpoint.sends())
            .flat_map(|(other, endpoint)| {
                let videos = endpoint.tracks.iter().filter(|track| {
                    track.medium == Medium::Video && !endpoint.muted.contains(&track.name)
                });
                videos.map(|track| {
                    let mut track = track.clone();
                    track.desktop |= endpoint.desktops.contains(&track.name);
                    (other.1.clone(), track)
                })
            })
            .collect();
        let order = self
            .speakers
            .get(&key.0)
            .map(Speakers::order)
            .unwrap_or_default();
        let spoke = |owner: &str| {
            order
                .iter()
                .position(|name| name == owner)
                .unwrap_or(usize::MAX)
        };
        let wants = &self.endpoints[key].constraints;
        offers.sort_by_key(|(owner, track)| (wants.rank(&track.name, owner), spoke(owner)));
        offers
    }

    fn choose(&self, key: &Key, offers: &[(String, Track)]) -> Vec<(String, Track, u32)> {
        let endpoint = &self.endpoints[key];
        if !endpoint.open && !endpoint.peer.is_connected() {
            return Vec::new();
        }
        let wanted = offers.iter().map(|(owner, track)| {
            let height = endpoint.constraints.height(&track.name, owner);
            (owner.clone(), track.clone(), height)
        });
        wanted
            .filter(|(_, _, height)| *height > 0)
            .take(endpoint.constraints.count())
            .collect()
    }

    fn apply(&mut self, key: &Key, choice: &[(String, Track, u32)]) {
        let Some(endpoint) = self.endpoints.get_mut(key) else {
            return;
        };
        for stream in endpoint.streams.values_mut() {
            stream.wanted = 0;
        }
        for (owner, track, height) in choice {
            endpoint.stream(owner, track).wanted = *height;
        }
        let names: Vec<String> = choice
            .iter()
            .map(|(_, track, _)| track.name.clone())
            .collect();
        endpoint.map(Medium::Video, &names);
        if endpoint.forwarded != names {
            endpoint.say(messages::forwarded_sources(&names));
            endpoint.forwarded = names;
        }
    }

    /// Aims every video lane at a layer, and asks senders for key frames where one is awaited.
    fn aim(&mut self, now: Instant, key: &Key) {
        let Some(receiver) = self.endpoints.get(key) else {
            return;
        };
        let wishes = receiver
            .streams
            .iter()
            .map(|(name, stream)| (name.clone(), stream.owner.clone(), stream.wanted));
        let mut aims = Vec::new();
        for (name, owner, wanted) in wishes.collect::<Vec<_>>() {
            let Some(sender) = self.endpoints.get_mut(&(key.0.clone(), owner)) else {
                continue;
            };
            let track = sender
                .tracks
                .iter()
                .find(|track| track.name == name)
                .cloned();
            let Some(track) = track.filter(|track| track.medium == Medium::Video) else {
                continue;
            };
            let layer = (wanted > 0)
                .then(|| sender.layer_for(now, &track, wanted))
                .flatten();
            aims.push((name, layer));
        }
        if let Some(receiver) = self.endpoints.get_mut(key) {
            for (name, layer) in aims {
                receiver.aim(&name, layer);
            }
        }
    }

    /// Tells a sender how high each of its sources is needed by anybody.
    fn tell_sender(&mut self, key: &Key) {
        let Some(sender) = self.endpoints.get(key) else {
            return;
        };
        let videos = sender
            .tracks
            .iter()
            .filter(|track| track.medium == Medium::Video);
        let names: Vec<String> = videos.map(|track| track.name.clone()).collect();
        for name in names {
            let others = self.endpoints.iter().filter(|(other, _)| other.0 == key.0);
            let aliases = self.names_of(key, &name);
            let streams = others.flat_map(|(_, endpoint)| {
                let named = |alias| endpoint.streams.get(alias);
                aliases.iter().filter_map(named)
            });
            let needed = streams.map(|stream| stream.wanted).max();
            let needed = needed.unwrap_or(0).min(2160);
            let Some(sender) = self.endpoints.get_mut(key).filter(|sender| sender.open) else {
                return;
            };
            if sender.told.insert(name.clone(), needed) != Some(needed) {
                sender.say(messages::sender_constraints(&name, needed));
            }
        }
    }
}
