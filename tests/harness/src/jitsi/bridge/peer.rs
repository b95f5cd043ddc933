//! One participant's connection to the bridge: str0m in RTP mode, set up without SDP.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

use str0m::channel::ChannelId;
use str0m::format::{Codec, FormatParams};
use str0m::media::{Frequency, KeyframeRequestKind, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, ExtensionMap, ExtensionValues, RtpPacket, RtpWrite, Ssrc};
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc, RtcConfig};

use super::super::sources::{Medium, Track};
use super::packet;

/// Everything that the participant sends belongs to one of these.
const INCOMING: [(&str, MediaKind); 2] = [("in-a", MediaKind::Audio), ("in-v", MediaKind::Video)];

/// What str0m reports, in the bridge's terms.
#[derive(Debug)]
pub(super) enum Happened {
    Packet(Box<RtpPacket>),
    KeyFrameWanted(Mid),
    Message(String),
    ChannelOpen,
    Connected,
}

/// What the other side says in its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remote {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
    /// `sha-256 AB:CD:…`.
    pub(crate) fingerprint: String,
    /// Whether it starts DTLS.
    pub(crate) active: bool,
}

/// A connection.
pub(super) struct Peer {
    rtc: Rtc,
    local: SocketAddr,
    channel: Option<ChannelId>,
    names: HashMap<Mid, String>,
}

impl Peer {
    /// `with_mid`: writes the media's id into each packet (the feature rtp-mid-demux).
    pub(super) fn new(now: Instant, local: SocketAddr, with_mid: bool, sctp: bool) -> Self {
        let mut config = RtcConfig::new()
            .set_rtp_mode(true)
            .clear_codecs()
            .set_extension_map(extensions(with_mid))
            .set_sctp_max_message_size(256 * 1024);
        codecs(&mut config);
        let mut rtc = config.build(now);
        let candidate =
            Candidate::host(local, "udp").expect("an address with a port is a candidate");
        rtc.add_local_candidate(candidate);
        let mut api = rtc.direct_api();
        api.set_ice_controlling(true);
        for (mid, kind) in INCOMING {
            api.declare_media(mid.into(), kind);
        }
        api.enable_twcc_feedback();
        if sctp {
            api.start_sctp(false);
        }
        Self {
            rtc,
            local,
            channel: None,
            names: HashMap::new(),
        }
    }

    /// `ufrag`, `pwd` and the fingerprint without the name of its hash.
    pub(super) fn credentials(&mut self) -> (String, String, String) {
        let api = self.rtc.direct_api();
        let creds = api.local_ice_credentials();
        let fingerprint = api.local_dtls_fingerprint().to_string();
        let fingerprint = fingerprint
            .split(' ')
            .next_back()
            .unwrap_or_default()
            .to_owned();
        (creds.ufrag, creds.pass, fingerprint)
    }

    /// Takes the answer; an unreadable one leaves the connection without a peer.
    pub(super) fn accept(&mut self, remote: &Remote) {
        let Ok(fingerprint) = remote.fingerprint.parse() else {
            tracing::warn!(remote.fingerprint, "no fingerprint");
            return;
        };
        let mut api = self.rtc.direct_api();
        api.set_remote_ice_credentials(IceCreds {
            ufrag: remote.ufrag.clone(),
            pass: remote.pwd.clone(),
        });
        api.set_remote_fingerprint(fingerprint);
        if let Err(error) = api.start_dtls(!remote.active) {
            tracing::warn!(%error, "no DTLS");
        }
    }

    /// Lets the SSRCs of a source in.
    pub(super) fn expect(&mut self, track: &Track) {
        let mid: Mid = match track.medium {
            Medium::Audio => INCOMING[0].0.into(),
            Medium::Video => INCOMING[1].0.into(),
        };
        let mut api = self.rtc.direct_api();
        for (ssrc, repair) in &track.layers {
            api.expect_stream_rx((*ssrc).into(), repair.map(Into::into), mid, None);
        }
    }

    pub(super) fn forget(&mut self, track: &Track) {
        let mut api = self.rtc.direct_api();
        for (ssrc, _) in &track.layers {
            api.remove_stream_rx((*ssrc).into());
        }
    }

    /// Prepares a stream to this participant.
    pub(super) fn open(
        &mut self,
        mid: &str,
        source: &str,
        medium: Medium,
        ssrc: u32,
        repair: Option<u32>,
    ) {
        let kind = match medium {
            Medium::Audio => MediaKind::Audio,
            Medium::Video => MediaKind::Video,
        };
        let mid: Mid = mid.into();
        let mut api = self.rtc.direct_api();
        api.declare_media(mid, kind);
        api.declare_stream_tx(ssrc.into(), repair.map(Into::into), mid, None);
        self.names.insert(mid, source.to_owned());
    }

    pub(super) fn close(&mut self, mid: &str) {
        let mid: Mid = mid.into();
        self.rtc.direct_api().remove_media(mid);
        self.names.remove(&mid);
    }

    /// The source that goes out on a media.
    pub(super) fn source(&self, mid: Mid) -> Option<&str> {
        self.names.get(&mid).map(String::as_str)
    }

    pub(super) fn ask_for_key_frame(&mut self, ssrc: u32) {
        if let Some(stream) = self.rtc.direct_api().stream_rx(&Ssrc::from(ssrc)) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }

    /// Sends a packet with other numbers.
    pub(super) fn send(
        &mut self,
        now: Instant,
        ssrc: u32,
        numbers: (u64, u32),
        packet: &RtpPacket,
        payload: Vec<u8>,
    ) {
        let seen = &packet.header.ext_vals;
        let extensions = ExtensionValues {
            audio_level: seen.audio_level,
            voice_activity: seen.voice_activity,
            video_orientation: seen.video_orientation,
            ..ExtensionValues::default()
        };
        let (sequence, time) = numbers;
        let write = RtpWrite::new(
            packet.header.payload_type,
            sequence.into(),
            time,
            now,
            payload,
        );
        let write = write.marker(packet.header.marker).ext_vals(extensions);
        if let Some(stream) = self.rtc.direct_api().stream_tx(&ssrc.into()) {
            // What is lost is sent again on the repair stream; sources without one lose it.
            let write = write.nackable(stream.rtx().is_some());
            stream.write_rtp(write);
        }
    }

    /// Sends a packet without content, which measures the way and decodes to nothing.
    pub(super) fn probe(&mut self, now: Instant, ssrc: u32, sequence: u64) {
        let write = RtpWrite::new(packet::VP8.into(), sequence.into(), 0, now, Vec::new());
        if let Some(stream) = self.rtc.direct_api().stream_tx(&ssrc.into()) {
            stream.write_rtp(write);
        }
    }

    /// Says something on the data channel; false when there is none.
    pub(super) fn say(&mut self, text: &str) -> bool {
        let Some(mut channel) = self.channel.and_then(|id| self.rtc.channel(id)) else {
            return false;
        };
        channel.write(false, text.as_bytes()).unwrap_or(false)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.rtc.is_connected()
    }

    /// Takes a datagram if it is for this participant.
    pub(super) fn receive(&mut self, now: Instant, from: SocketAddr, data: &[u8]) -> bool {
        let Ok(received) = Receive::new(Protocol::Udp, from, self.local, data) else {
            return false;
        };
        let input = Input::Receive(now, received);
        let ours = self.rtc.accepts(&input);
        if ours && let Err(error) = self.rtc.handle_input(input) {
            tracing::debug!(%error, "datagram refused");
        }
        ours
    }

    /// Moves time on and takes all outputs; gives when to come again.
    pub(super) fn drain(
        &mut self,
        now: Instant,
        outgoing: &mut Vec<(SocketAddr, Vec<u8>)>,
        happened: &mut Vec<Happened>,
    ) -> Option<Instant> {
        if let Err(error) = self.rtc.handle_input(Input::Timeout(now)) {
            tracing::debug!(%error, "a connection of the bridge has ended");
        }
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => return self.rtc.is_alive().then_some(at),
                Ok(Output::Transmit(datagram)) => {
                    outgoing.push((datagram.destination, datagram.contents.to_vec()));
                }
                Ok(Output::Event(event)) => happened.extend(self.understand(event)),
                Err(error) => {
                    tracing::warn!(%error, "a connection of the bridge broke");
                    return None;
                }
            }
        }
    }

    fn understand(&mut self, event: Event) -> Option<Happened> {
        Some(match event {
            Event::RtpPacket(packet) => Happened::Packet(Box::new(packet)),
            Event::KeyframeRequest(request) => Happened::KeyFrameWanted(request.mid),
            Event::Connected => Happened::Connected,
            Event::ChannelOpen(id, label) => {
                tracing::debug!(label, "the data channel is open");
                self.channel = Some(id);
                Happened::ChannelOpen
            }
            Event::ChannelData(data) => {
                Happened::Message(String::from_utf8_lossy(&data.data).into_owned())
            }
            _ => return None,
        })
    }
}

/// The header extensions of the offer by their numbers there.
fn extensions(with_mid: bool) -> ExtensionMap {
    let mut map = ExtensionMap::empty();
    map.set(1, Extension::AudioLevel);
    map.set(3, Extension::AbsoluteSendTime);
    map.set(5, Extension::TransportSequenceNumber);
    if with_mid {
        map.set(10, Extension::RtpMid);
    }
    map
}

fn codecs(config: &mut RtcConfig) {
    let ninety = Frequency::NINETY_KHZ;
    let list = config.codec_config();
    let opus = FormatParams {
        min_p_time: Some(10),
        use_inband_fec: Some(true),
        ..FormatParams::default()
    };
    list.add_config(
        packet::OPUS.into(),
        None,
        Codec::Opus,
        Frequency::FORTY_EIGHT_KHZ,
        Some(2),
        opus,
    );
    let plain = FormatParams::default();
    list.add_config(
        packet::TONES.into(),
        None,
        Codec::Tele,
        Frequency::EIGHT_KHZ,
        None,
        plain,
    );
    for (number, repair, codec) in [
        (packet::AV1, 42, Codec::Av1),
        (packet::VP8, 96, Codec::Vp8),
        (packet::VP9, 97, Codec::Vp9),
    ] {
        let plain = FormatParams::default();
        list.add_config(
            number.into(),
            Some(repair.into()),
            codec,
            ninety,
            None,
            plain,
        );
    }
    list.add_h264(packet::H264.into(), Some(99.into()), true, 0x42_e0_1f);
}
