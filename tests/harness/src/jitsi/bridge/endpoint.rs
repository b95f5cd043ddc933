//! A participant in the bridge's eyes: what it sends, what it wants, and what it is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use str0m::rtp::RtpPacket;
use tokio::sync::mpsc;

use super::super::sources::{Medium, Track};
use super::lane::{Arrival, Lane};
use super::messages::{self, Constraints, Mapping};
use super::packet::{self, Numbers, Telephone};
use super::peer::Peer;

/// A layer that was silent for this long is not there.
const LAYER_GONE_AFTER: Duration = Duration::from_secs(1);
/// A key frame that was asked for gets this long.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How the client wants its streams, from its features.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    /// `http://jitsi.org/ssrc-rewriting-1`.
    pub(crate) rewriting: bool,
    /// `http://jitsi.org/rtp-mid-demux`.
    pub(crate) mid_demux: bool,
    /// The channel is a data channel instead of a WebSocket.
    pub(crate) sctp: bool,
}

/// A layer as it was seen last.
#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Instant,
    /// Pixels, once a key frame has said so.
    height: Option<u32>,
}

/// A source on its way to this participant.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) owner: String,
    mid: String,
    pub(super) ssrc: u32,
    repair: Option<u32>,
    desktop: bool,
    pub(super) lane: Lane,
    /// Pixels; 0 for nothing.
    pub(super) wanted: u32,
    pub(super) packets: u64,
    /// The layer that should go through.
    target: Option<u32>,
    mapped: bool,
    medium: Medium,
}

/// A participant.
pub(super) struct Endpoint {
    pub(super) peer: Peer,
    pub(super) wants: Wants,
    pub(super) tracks: Vec<Track>,
    pub(super) muted: BTreeSet<String>,
    /// Sources that show a screen, as the participant itself says on its channel.
    pub(super) desktops: BTreeSet<String>,
    pub(super) constraints: Constraints,
    pub(super) streams: BTreeMap<String, Stream>,
    pub(super) forwarded: Vec<String>,
    /// What each of its video sources was last told to send at most.
    pub(super) told: BTreeMap<String, u32>,
    pub(super) socket: Option<mpsc::UnboundedSender<String>>,
    pub(super) open: bool,
    pub(super) password: String,
    pub(super) bridge_ssrcs: (u32, u32),
    /// Messages that were said, newest last, for tests to look at.
    pub(super) said: Vec<Value>,
    /// The tones that it sent.
    pub(super) telephone: Telephone,
    /// When the last datagram came; nothing before the first.
    pub(super) heard: Option<Instant>,
    pub(super) active: bool,
    /// Whose camera is seen in its name; it has no media of its own then.
    pub(super) double_of: Option<String>,
    held: Vec<Medium>,
    probes: u64,
    seen: BTreeMap<u32, Seen>,
    asked: Option<Instant>,
    next_mid: [u32; 2],
}

impl Endpoint {
    pub(super) fn new(
        now: Instant,
        local: SocketAddr,
        wants: Wants,
        password: String,
        bridge_ssrcs: (u32, u32),
    ) -> Self {
        let mut peer = Peer::new(now, local, wants.mid_demux, wants.sctp);
        peer.open("probe", "jvb-v0", Medium::Video, bridge_ssrcs.1, None);
        Self {
            peer,
            wants,
            tracks: Vec::new(),
            muted: BTreeSet::new(),
            desktops: BTreeSet::new(),
            constraints: Constraints::default(),
            streams: BTreeMap::new(),
            forwarded: Vec::new(),
            told: BTreeMap::new(),
            socket: None,
            open: false,
            password,
            bridge_ssrcs,
            said: Vec::new(),
            telephone: Telephone::default(),
            heard: None,
            active: true,
            double_of: None,
            held: Vec::new(),
            probes: 0,
            seen: BTreeMap::new(),
            asked: None,
            next_mid: [0; 2],
        }
    }

    /// Lets nothing through of a medium, or lets it through again.
    pub(super) fn hold(&mut self, medium: Medium, held: bool) {
        self.held.retain(|other| *other != medium);
        if held {
            self.held.push(medium);
        }
    }

    pub(super) fn holds(&self, medium: Medium) -> bool {
        self.held.contains(&medium)
    }

    /// Whether its sources can be had.
    pub(super) fn sends(&self) -> bool {
        self.double_of.is_some() || self.peer.is_connected()
    }

    /// Takes the sources that the focus says this participant sends.
    pub(super) fn set_tracks(&mut self, tracks: Vec<Track>) {
        for gone in self.tracks.iter().filter(|track| !tracks.contains(track)) {
            self.peer.forget(gone);
        }
        for new in tracks.iter().filter(|track| !self.tracks.contains(track)) {
            self.peer.expect(new);
        }
        self.tracks = tracks;
    }

    /// The source that an SSRC belongs to.
    pub(super) fn track_of(&self, ssrc: u32) -> Option<&Track> {
        let has = |track: &&Track| track.layers.iter().any(|(layer, _)| *layer == ssrc);
        self.tracks.iter().find(has)
    }

    /// Notes that a layer is there.
    pub(super) fn note(&mut self, now: Instant, ssrc: u32, packet: &RtpPacket) {
        let payload_type = *packet.header.payload_type;
        if payload_type == packet::TONES {
            let time = packet.header.timestamp;
            self.telephone.hear(time, &packet.payload);
        }
        let height = packet::key_frame(payload_type, &packet.payload).flatten();
        let seen = self.seen.entry(ssrc).or_insert(Seen {
            at: now,
            height: None,
        });
        seen.at = now;
        seen.height = height.or(seen.height);
    }

    /// The layer to send to somebody who wants `height` pixels: the highest that is no higher, else the lowest there is.
    pub(super) fn layer_for(&self, now: Instant, track: &Track, height: u32) -> Option<u32> {
        let there = track
            .layers
            .iter()
            .enumerate()
            .filter_map(|(index, (ssrc, _))| {
                let seen = self.seen.get(ssrc)?;
                let fresh = now.saturating_duration_since(seen.at) < LAYER_GONE_AFTER;
                fresh.then(|| (*ssrc, seen.height.unwrap_or(180 << index)))
            });
        let there: Vec<(u32, u32)> = there.collect();
        let fitting = there
            .iter()
            .filter(|(_, high)| *high <= height)
            .max_by_key(|(_, high)| *high);
        let lowest = there.iter().min_by_key(|(_, high)| *high);
        fitting.or(lowest).map(|(ssrc, _)| *ssrc)
    }

    /// Asks the participant for a key frame of a source, by its first SSRC, unless it was just asked.
    pub(super) fn ask_for_key_frame(&mut self, now: Instant, track: &Track) {
        let recent = |at: Instant| now.saturating_duration_since(at) < ASK_AGAIN_AFTER;
        if self.asked.is_some_and(recent) {
            return;
        }
        self.asked = Some(now);
        if let Some((ssrc, _)) = track.layers.first() {
            self.peer.ask_for_key_frame(*ssrc);
        }
    }

    /// Says something on whichever channel there is.
    pub(super) fn say(&mut self, message: Value) {
        if !self.open {
            return;
        }
        let text = message.to_string();
        match &self.socket {
            // A closed socket is noticed by its reader.
            Some(socket) => drop(socket.send(text)),
            None => drop(self.peer.say(&text)),
        }
        self.said.push(message);
    }

    /// A WebSocket has ended. After a move its word may come when the next session's is there already, which stays open.
    pub(super) fn disconnect(&mut self) {
        let ended = |socket: &mpsc::UnboundedSender<String>| socket.is_closed();
        if self.socket.as_ref().is_none_or(ended) {
            self.socket = None;
            self.open = false;
        }
    }

    /// Prepares the way of a source to this participant: the sender's own SSRCs, or new ones where it understands maps.
    pub(super) fn stream(&mut self, owner: &str, track: &Track) -> &mut Stream {
        if !self.streams.contains_key(&track.name) {
            let stream = self.new_stream(owner, track);
            self.peer.open(
                &stream.mid,
                &track.name,
                track.medium,
                stream.ssrc,
                stream.repair,
            );
            self.streams.insert(track.name.clone(), stream);
        }
        self.streams.get_mut(&track.name).expect("inserted above")
    }

    fn new_stream(&mut self, owner: &str, track: &Track) -> Stream {
        let (letter, counter) = match track.medium {
            Medium::Audio => ('a', 0),
            Medium::Video => ('v', 1),
        };
        let mid = format!("{letter}{}", self.next_mid[counter]);
        self.next_mid[counter] += 1;
        let first = track.layers.first().copied().unwrap_or_default();
        let (ssrc, repair) = match self.wants.rewriting {
            true => (
                super::random_ssrc(),
                (track.medium == Medium::Video).then(super::random_ssrc),
            ),
            false => first,
        };
        let clock_rate = if track.medium == Medium::Audio {
            48_000
        } else {
            90_000
        };
        Stream {
            owner: owner.to_owned(),
            mid,
            ssrc,
            repair,
            desktop: track.desktop,
            lane: Lane::new(clock_rate),
            wanted: 0,
            packets: 0,
            target: None,
            mapped: false,
            medium: track.medium,
        }
    }

    /// Says which layer of a source should go through from the next key frame on; nothing at once with `None`.
    pub(super) fn aim(&mut self, source: &str, layer: Option<u32>) {
        if let Some(stream) = self.streams.get_mut(source) {
            stream.target = layer;
            if layer.is_none() {
                stream.lane.close();
            }
        }
    }

    /// The layer that should go through.
    pub(super) fn target(&self, source: &str) -> Option<u32> {
        self.streams.get(source)?.target
    }

    /// Whether a source needs a key frame to go through as it should.
    pub(super) fn waits(&self, source: &str) -> bool {
        let waiting =
            |stream: &Stream| stream.target.is_some() && stream.lane.layer() != stream.target;
        self.streams.get(source).is_some_and(waiting)
    }

    /// Ends what this participant is sent of another one.
    pub(super) fn close_streams_of(&mut self, owner: &str) {
        for (_, stream) in self
            .streams
            .extract_if(.., |_, stream| stream.owner == owner)
        {
            self.peer.close(&stream.mid);
        }
    }

    /// Tells the SSRCs of sources that were not told yet, to a client that understands it.
    pub(super) fn map(&mut self, medium: Medium, sources: &[String]) {
        if !self.wants.rewriting || !self.open {
            return;
        }
        let mid_demux = self.wants.mid_demux;
        let mut mappings = Vec::new();
        for source in sources {
            let Some(stream) = self.streams.get_mut(source).filter(|one| !one.mapped) else {
                continue;
            };
            if stream.medium != medium {
                continue;
            }
            stream.mapped = true;
            mappings.push(Mapping {
                source: source.clone(),
                owner: stream.owner.clone(),
                ssrc: stream.ssrc,
                repair: stream.repair,
                desktop: stream.desktop,
                mid: mid_demux.then(|| stream.mid.clone()),
            });
        }
        if mappings.is_empty() {
            return;
        }
        self.say(match medium {
            Medium::Audio => messages::audio_sources(&mappings),
            Medium::Video => messages::video_sources(&mappings),
        });
    }

    /// Sends a packet of a source on, which came on `ssrc`, if its lane lets it through. `wanted` is the layer that should go through.
    pub(super) fn forward(
        &mut self,
        now: Instant,
        source: &str,
        (ssrc, packet): (u32, &RtpPacket),
        wanted: u32,
    ) {
        let Some(stream) = self.streams.get_mut(source) else {
            return;
        };
        let payload_type = *packet.header.payload_type;
        let is_audio = matches!(payload_type, packet::OPUS | packet::TONES);
        let numbers = (payload_type == packet::VP8)
            .then(|| Numbers::read(&packet.payload))
            .flatten();
        let arrival = Arrival {
            ssrc,
            sequence: *packet.seq_no,
            time: packet.header.timestamp,
            at: now,
            starts: is_audio || packet::key_frame(payload_type, &packet.payload).is_some(),
            numbers,
        };
        let Some(departure) = stream.lane.pass(&arrival, wanted) else {
            return;
        };
        let mut payload = packet.payload.to_vec();
        if let Some(numbers) = numbers {
            numbers.write(&mut payload, departure.picture, departure.base);
        }
        stream.packets += 1;
        let own = stream.ssrc;
        self.peer.send(
            now,
            own,
            (departure.sequence, departure.time),
            packet,
            payload,
        );
    }

    /// Sends some probes; the real bridge does so to measure the way.
    pub(super) fn probe(&mut self, now: Instant) {
        for _ in 0..5 {
            self.probes += 1;
            self.peer.probe(now, self.bridge_ssrcs.1, self.probes);
        }
    }
}
