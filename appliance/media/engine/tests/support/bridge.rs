//! The other side of a declared connection: str0m without anything of ours, which offers, sends
//! clips and looks at what it gets, as a bridge would.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests call this")]

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

use saal_media_protocol::{
    Candidate as ToldCandidate, ChannelOffer, Codec, Declared, DtlsSetup, Fingerprint,
    HeaderExtension, IceCredentials, LocalTransport, MediaEvent, PayloadType, RemoteTransport,
    StreamSsrc, TransportCommand, TransportEvent, TransportId,
};
use str0m::{
    Candidate, Event, IceCreds, Input, Output, Rtc, RtcConfig,
    channel::{ChannelConfig, ChannelId},
    config::Fingerprint as RtcFingerprint,
    format::{Codec as RtcCodec, CodecConfig, CodecSpec, FormatParams, PayloadParams},
    media::{Frequency, KeyframeRequestKind, MediaData, MediaKind, MediaTime, Mid},
    net::{Protocol, Receive},
    rtp::{Extension, ExtensionMap, RawPacket, rtcp::Rtcp},
};
use tokio::net::UdpSocket;

use super::{DEADLINE, Daemon, clip::Clip};

/// 20 ms of Opus that decode to silence (RFC 6716).
const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];

/// Payload types as Jitsi numbers them: id, retransmissions, codec.
const TYPES: [(u8, Option<u8>, Codec); 5] = [
    (111, None, Codec::Opus),
    (100, Some(96), Codec::Vp8),
    (101, Some(97), Codec::Vp9),
    (41, Some(42), Codec::Av1),
    (107, Some(99), Codec::H264),
];

/// Payload type of telephone tones.
pub(crate) const TONES: u8 = 126;

/// What the bridge sends over and over, from its key frame on when it is asked for one.
struct Show {
    mid: Mid,
    ssrc: u32,
    payload: u8,
    clip: Option<Clip>,
    next: usize,
    time: u64,
}

pub(crate) struct Bridge {
    pub(crate) rtc: Rtc,
    socket: UdpSocket,
    shows: Vec<Show>,
    named: u32,
    /// One of this many datagrams with media is lost, each way; 0 for none.
    pub(crate) lose_sent: u32,
    pub(crate) lose_received: u32,
    counted: (u32, u32),
    events: VecDeque<Event>,
    /// Key frames that were asked of us, by SSRC of the show.
    pub(crate) asked: BTreeMap<u32, u32>,
    pub(crate) channel: Option<ChannelId>,
    /// Whose datagrams arrive; everybody's without.
    pub(crate) hears: Option<Box<dyn Fn(SocketAddr) -> bool + Send>>,
    /// Where media came from.
    pub(crate) media_from: BTreeSet<SocketAddr>,
    /// Packets of this payload type are looked at from outside alone: what is in them is none of its codec's.
    pub(crate) unread: Option<u8>,
    /// Payload type and RTP time of the pictures and sounds that came, those that are not read as well.
    pub(crate) came: Vec<(u8, u32)>,
}

impl Bridge {
    /// Also what it offers.
    pub(crate) async fn new() -> (Self, Declared) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut exts = ExtensionMap::empty();
        exts.set(1, Extension::AudioLevel);
        exts.set(5, Extension::TransportSequenceNumber);
        let mut config = RtcConfig::new()
            .clear_codecs()
            .set_extension_map(exts)
            .enable_raw_packets(true);
        *config.codec_config() = codecs();
        let mut rtc = config.build(Instant::now());
        let candidate = Candidate::host(socket.local_addr().unwrap(), "udp").unwrap();
        rtc.add_local_candidate(candidate);
        rtc.direct_api().set_ice_controlling(true);
        rtc.direct_api().enable_twcc_feedback();
        let declared = offer(&mut rtc);
        let bridge = Self {
            rtc,
            socket,
            shows: Vec::new(),
            named: 0,
            lose_sent: 0,
            lose_received: 0,
            counted: (0, 0),
            events: VecDeque::new(),
            asked: BTreeMap::new(),
            channel: None,
            hears: None,
            media_from: BTreeSet::new(),
            unread: None,
            came: Vec::new(),
        };
        (bridge, declared)
    }

    /// Offers to an engine, takes its answer, connects.
    pub(crate) async fn join(daemon: &mut Daemon, transport: TransportId) -> Self {
        let (mut bridge, declared) = Self::new().await;
        bridge.offer_to(daemon, transport, declared).await;
        bridge.until_daemon(daemon.connected(transport)).await;
        bridge
    }

    /// Where its media go.
    pub(crate) fn at(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub(crate) async fn offer_to(
        &mut self,
        daemon: &mut Daemon,
        transport: TransportId,
        declared: Declared,
    ) {
        let declared = Box::new(declared);
        daemon
            .transport(TransportCommand::OpenDeclared {
                transport,
                declared,
            })
            .await;
        let local = daemon.opened(transport).await;
        let candidate = format!(
            "candidate:1 1 udp 2130706431 127.0.0.1 {} typ host",
            self.at().port()
        );
        let candidate = ToldCandidate {
            candidate,
            mid: None,
        };
        daemon
            .transport(TransportCommand::AddCandidate {
                transport,
                candidate,
            })
            .await;
        self.accept(&local);
    }

    fn accept(&mut self, local: &LocalTransport) {
        assert_eq!(local.setup, DtlsSetup::Passive);
        let mut api = self.rtc.direct_api();
        api.set_remote_ice_credentials(IceCreds {
            ufrag: local.ice.ufrag.clone(),
            pass: local.ice.pwd.clone(),
        });
        let bytes = local.fingerprint.value.split(':');
        api.set_remote_fingerprint(RtcFingerprint {
            hash_func: local.fingerprint.hash.clone(),
            bytes: bytes.map(|b| u8::from_str_radix(b, 16).unwrap()).collect(),
        });
        api.start_dtls(true).unwrap();
        api.start_sctp(false);
    }

    /// Opens the channel that bridges open.
    pub(crate) fn open_channel(&mut self) {
        self.rtc.direct_api().create_data_channel(ChannelConfig {
            label: "JVB data channel".to_owned(),
            protocol: "http://jitsi.org/protocols/colibri".to_owned(),
            ..ChannelConfig::default()
        });
        self.drain();
    }

    pub(crate) fn say(&mut self, text: &str) {
        let id = self.channel.expect("the channel is open");
        let mut channel = self.rtc.channel(id).expect("the channel is open");
        assert!(channel.write(false, text.as_bytes()).unwrap());
        self.drain();
    }

    /// Sends this from now on, 30 pictures a second or 50 pieces of sound; `None` sends silence.
    pub(crate) fn show(&mut self, numbers: StreamSsrc, clip: Option<Clip>) {
        let codec = clip.as_ref().map_or(Codec::Opus, |clip| clip.codec);
        let mid = self.section(codec != Codec::Opus);
        let rtx = numbers.rtx.map(Into::into);
        let mut api = self.rtc.direct_api();
        api.declare_stream_tx(numbers.ssrc.into(), rtx, mid, None);
        self.drain();
        let (payload, ..) = TYPES.into_iter().find(|t| t.2 == codec).unwrap();
        self.shows.push(Show {
            mid,
            ssrc: numbers.ssrc,
            payload,
            clip,
            next: 0,
            time: u64::from(numbers.ssrc),
        });
    }

    /// Goes on with another clip in the same stream.
    pub(crate) fn switch(&mut self, ssrc: u32, clip: Clip) {
        let show = self.shows.iter_mut().find(|s| s.ssrc == ssrc).unwrap();
        show.payload = TYPES.into_iter().find(|t| t.2 == clip.codec).unwrap().0;
        (show.clip, show.next) = (Some(clip), 0);
    }

    pub(crate) fn stop(&mut self, ssrc: u32) {
        self.shows.retain(|show| show.ssrc != ssrc);
    }

    /// Takes a stream of the engine; its frames come with this section.
    pub(crate) fn expect(&mut self, numbers: StreamSsrc, picture: bool) -> Mid {
        let mid = self.section(picture);
        let rtx = numbers.rtx.map(Into::into);
        let mut api = self.rtc.direct_api();
        api.expect_stream_rx(numbers.ssrc.into(), rtx, mid, None)
            .suppress_nack(!picture);
        self.drain();
        mid
    }

    pub(crate) fn request_key_frame(&mut self, ssrc: u32) {
        let mut api = self.rtc.direct_api();
        let stream = api.stream_rx(&ssrc.into()).unwrap();
        stream.request_keyframe(KeyframeRequestKind::Pli);
        self.drain();
    }

    fn section(&mut self, picture: bool) -> Mid {
        self.named += 1;
        let mid = Mid::from(format!("m{}", self.named).as_str());
        let kind = if picture {
            MediaKind::Video
        } else {
            MediaKind::Audio
        };
        self.rtc.direct_api().declare_media(mid, kind);
        mid
    }

    /// Runs the bridge until this is done.
    pub(crate) async fn until_daemon<T>(&mut self, done: impl Future<Output = T>) -> T {
        tokio::select! {
            done = done => done,
            () = self.run() => unreachable!("a bridge runs until it is dropped"),
            () = tokio::time::sleep(DEADLINE) => panic!("not in time"),
        }
    }

    /// Runs the bridge until one of its events is the one that is wanted.
    pub(crate) async fn until<T>(&mut self, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let search = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(10));
            loop {
                while let Some(event) = self.events.pop_front() {
                    if let Some(found) = wanted(&event) {
                        return found;
                    }
                }
                self.step(&mut ticks).await;
            }
        };
        let found = tokio::time::timeout(DEADLINE, search).await;
        found.expect("the engine does in time what the bridge waits for")
    }

    /// The next frames of these sections, until `enough` of what came so far.
    pub(crate) async fn frames(
        &mut self,
        mids: &[Mid],
        mut enough: impl FnMut(&[Seen]) -> bool,
    ) -> Vec<Seen> {
        let mut seen = Vec::new();
        self.until(|event| {
            if let Event::MediaData(data) = event
                && mids.contains(&data.mid)
            {
                seen.push(Seen::new(data));
            }
            enough(&seen).then_some(())
        })
        .await;
        seen
    }

    async fn run(&mut self) {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        loop {
            self.step(&mut ticks).await;
            // Nobody looks.
            self.events.clear();
        }
    }

    async fn step(&mut self, ticks: &mut tokio::time::Interval) {
        let deadline = self.drain();
        let mut buffer = [0; 2_000];
        tokio::select! {
            _ = ticks.tick() => self.play(),
            received = self.socket.recv_from(&mut buffer) => {
                let (length, source) = received.unwrap();
                let datagram = &buffer[..length];
                let lost = lose(datagram, self.lose_received, &mut self.counted.0);
                let unheard = self.hears.as_ref().is_some_and(|hears| !hears(source));
                let mut read = !lost && !unheard;
                if is_rtp(datagram) {
                    self.media_from.insert(source);
                    let came = outside(datagram);
                    if self.came.last() != Some(&came) {
                        self.came.push(came);
                    }
                    read &= self.unread != Some(came.0);
                }
                if read {
                    let to = self.socket.local_addr().unwrap();
                    let received =
                        Receive::new(Protocol::Udp, source, to, &buffer[..length]).unwrap();
                    self.rtc.handle_input(Input::Receive(Instant::now(), received)).unwrap();
                }
            }
            () = tokio::time::sleep_until(deadline.into()) => {
                self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
            }
        }
    }

    /// Sends what is due: every 10 ms sound counts on by 10 ms, pictures by a third of a frame.
    fn play(&mut self) {
        if !self.rtc.is_connected() {
            return;
        }
        for show in &mut self.shows {
            let tick = show.time;
            show.time += 1;
            let data = match &show.clip {
                None => SILENCE.to_vec(),
                Some(clip) => clip.frames[show.next % clip.frames.len()].clone(),
            };
            let of_sound = show.clip.as_ref().is_none_or(|c| c.codec == Codec::Opus);
            let (every, clock) = match of_sound {
                true => (2, Frequency::FORTY_EIGHT_KHZ),
                false => (3, Frequency::NINETY_KHZ),
            };
            if !tick.is_multiple_of(every) {
                continue;
            }
            show.next += 1;
            let time = MediaTime::new(tick * u64::from(clock.get()) / 100, clock);
            let writer = self.rtc.writer(show.mid).unwrap();
            let written = writer.write(show.payload.into(), Instant::now(), time, data);
            written.unwrap();
            drain(
                &mut self.rtc,
                &self.socket,
                self.lose_sent,
                &mut self.counted.1,
                &mut self.events,
            );
        }
    }

    fn drain(&mut self) -> Instant {
        let before = self.events.len();
        let deadline = drain(
            &mut self.rtc,
            &self.socket,
            self.lose_sent,
            &mut self.counted.1,
            &mut self.events,
        );
        let new: Vec<_> = self
            .events
            .range(before..)
            .filter_map(asked_or_opened)
            .collect();
        for seen in new {
            match seen {
                Noted::Asked(mid) => self.start_over(mid),
                Noted::Opened(id) => self.channel = Some(id),
            }
        }
        deadline
    }

    fn start_over(&mut self, mid: Mid) {
        for show in self.shows.iter_mut().filter(|show| show.mid == mid) {
            show.next = 0;
            *self.asked.entry(show.ssrc).or_default() += 1;
        }
    }
}

enum Noted {
    Asked(Mid),
    Opened(ChannelId),
}

fn asked_or_opened(event: &Event) -> Option<Noted> {
    match event {
        Event::KeyframeRequest(request) => Some(Noted::Asked(request.mid)),
        Event::ChannelOpen(id, _) => Some(Noted::Opened(*id)),
        _ => None,
    }
}

fn drain(
    rtc: &mut Rtc,
    socket: &UdpSocket,
    lose: u32,
    counted: &mut u32,
    events: &mut VecDeque<Event>,
) -> Instant {
    loop {
        match rtc.poll_output().unwrap() {
            Output::Timeout(deadline) => return deadline,
            Output::Transmit(t) => {
                if !self::lose(&t.contents, lose, counted) {
                    let _ = socket.try_send_to(&t.contents, t.destination);
                }
            }
            Output::Event(event) => events.push_back(event),
        }
    }
}

/// Whether this datagram is lost: every so many of those with RTP.
fn lose(datagram: &[u8], every: u32, counted: &mut u32) -> bool {
    if every == 0 || !is_rtp(datagram) {
        return false;
    }
    *counted += 1;
    counted.is_multiple_of(every)
}

/// Payload type and time of an RTP packet (RFC 3550, 5.1), which nobody encrypts.
fn outside(packet: &[u8]) -> (u8, u32) {
    let time = [packet[4], packet[5], packet[6], packet[7]];
    (packet[1] & 0x7F, u32::from_be_bytes(time))
}

fn is_rtp(datagram: &[u8]) -> bool {
    datagram.len() > 12
        && (128..192).contains(&datagram[0])
        && !(64..96).contains(&(datagram[1] & 0x7F))
}

/// What a bridge sees of a frame.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) mid: Mid,
    pub(crate) time: u64,
    /// Of its last packet.
    pub(crate) sequence: u64,
    pub(crate) key: bool,
    pub(crate) contiguous: bool,
    pub(crate) extra: str0m::format::CodecExtra,
    pub(crate) audio_level: Option<i8>,
}

impl Seen {
    fn new(data: &MediaData) -> Self {
        Self {
            mid: data.mid,
            time: data.time.numer(),
            sequence: **data.seq_range.end(),
            key: data.is_keyframe(),
            contiguous: data.contiguous,
            extra: data.codec_extra,
            audio_level: data.ext_vals.audio_level,
        }
    }
}

/// Number of packets that a received transport-wide feedback message reports as arrived.
pub(crate) fn reported(event: &Event) -> Option<u64> {
    let Event::RawPacket(packet) = event else {
        return None;
    };
    match &**packet {
        RawPacket::RtcpRx(Rtcp::Twcc(feedback)) => Some(feedback.status_count.into()),
        _ => None,
    }
}

fn codecs() -> CodecConfig {
    let params = TYPES.map(|(id, rtx, codec)| {
        let spec = CodecSpec {
            codec: match codec {
                Codec::Opus => RtcCodec::Opus,
                Codec::Vp8 => RtcCodec::Vp8,
                Codec::Vp9 => RtcCodec::Vp9,
                Codec::Av1 => RtcCodec::Av1,
                Codec::H264 => RtcCodec::H264,
            },
            clock_rate: clock(codec),
            channels: (codec == Codec::Opus).then_some(2),
            format: FormatParams::default(),
        };
        PayloadParams::new(id.into(), rtx.map(Into::into), spec)
    });
    let spec = CodecSpec {
        codec: RtcCodec::Tele,
        clock_rate: Frequency::EIGHT_KHZ,
        channels: None,
        format: FormatParams::default(),
    };
    let tones = PayloadParams::new(TONES.into(), None, spec);
    CodecConfig::new_from_payload_params(params.into_iter().chain([tones]).collect())
}

fn clock(codec: Codec) -> Frequency {
    if codec == Codec::Opus {
        Frequency::FORTY_EIGHT_KHZ
    } else {
        Frequency::NINETY_KHZ
    }
}

/// What a service would make of the bridge's offer.
fn offer(rtc: &mut Rtc) -> Declared {
    let api = rtc.direct_api();
    let IceCreds { ufrag, pass } = api.local_ice_credentials();
    let fingerprint = api.local_dtls_fingerprint();
    let bytes: Vec<_> = fingerprint
        .bytes
        .iter()
        .map(|b| format!("{b:02X}"))
        .collect();
    let fingerprint = Fingerprint {
        hash: fingerprint.hash_func.clone(),
        value: bytes.join(":"),
    };
    Declared {
        ice_servers: Vec::new(),
        controlling: false,
        remote: Some(RemoteTransport {
            ice: IceCredentials { ufrag, pwd: pass },
            fingerprints: vec![fingerprint],
            setup: DtlsSetup::Actpass,
        }),
        payload_types: payload_types(),
        telephone_event: Some(TONES),
        extensions: extensions(),
        channel: Some(ChannelOffer {
            label: "JVB data channel".to_owned(),
            protocol: "http://jitsi.org/protocols/colibri".to_owned(),
            open: false,
        }),
    }
}

pub(crate) fn payload_types() -> Vec<PayloadType> {
    let feedback = ["transport-cc", "nack", "nack pli", "ccm fir"].map(str::to_owned);
    let payload = |(id, rtx, codec)| PayloadType {
        id,
        codec,
        clock_rate: clock(codec).get(),
        channels: (codec == Codec::Opus).then_some(2),
        parameters: parameters(codec),
        feedback: feedback[..if codec == Codec::Opus { 1 } else { 4 }].to_vec(),
        rtx,
    };
    TYPES.map(payload).to_vec()
}

/// As Jitsi offers it.
fn parameters(codec: Codec) -> Vec<(String, String)> {
    let h264 = [
        ("profile-level-id", "42e01f"),
        ("level-asymmetry-allowed", "1"),
        ("packetization-mode", "1"),
    ];
    let named = h264.iter().filter(|_| codec == Codec::H264);
    let owned = named.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

pub(crate) fn extensions() -> Vec<HeaderExtension> {
    let extension = |id, uri: &str| HeaderExtension {
        id,
        uri: uri.to_owned(),
    };
    vec![
        extension(1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
        extension(
            5,
            "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        ),
        extension(10, "urn:ietf:params:rtp-hdrext:sdes:mid"),
    ]
}

/// The numbers of a stream with retransmissions beside it.
pub(crate) fn numbers(ssrc: u32) -> StreamSsrc {
    StreamSsrc {
        ssrc,
        rtx: Some(ssrc + 1),
    }
}

impl Daemon {
    pub(crate) async fn opened(&mut self, of: TransportId) -> LocalTransport {
        self.until(|event| match event {
            MediaEvent::Transport(TransportEvent::Opened { transport, local })
                if *transport == of =>
            {
                Some(local.clone())
            }
            _ => None,
        })
        .await
    }
}

pub(crate) fn receive(
    transport: TransportId,
    track: &str,
    stream: StreamSsrc,
    picture: bool,
) -> TransportCommand {
    TransportCommand::Receive {
        transport,
        track: track.to_owned(),
        stream,
        picture,
    }
}
