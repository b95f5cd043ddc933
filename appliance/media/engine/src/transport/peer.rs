//! One peer connection without I/O, and what both kinds of them share.
//!
//! Every method is one mutation of str0m; the caller drains the outputs after each.

use std::time::{Duration, Instant, UNIX_EPOCH};

use saal_media_protocol::{
    Codec, DescriptionKind, LocalTransport, SourceKind, TransportId, VideoSend,
};
use str0m::{
    Candidate, Event, Rtc,
    bwe::{Bitrate, BweKind},
    format::{Codec as RtpCodec, CodecExtra},
    media::{MediaData, Mid, SenderFeedback},
    rtp::StreamTx,
};

use super::{
    Frame, Refusal, ToTransport, budget::Budget, declared::DeclaredPeer, described::DescribedPeer,
    description, local_address::LocalAddress, nat::Listener, sockets::Datagram,
};

/// A key frame of 1080p is some 150 packets; fewer slots would drop it (str0m's own note).
pub(super) const VIDEO_REORDERING_PACKETS: usize = 400;
/// How long sound waits for a packet that others overtook; a longer wait would delay all that
/// follows, and what is lost is made up.
pub(super) const SOUND_REORDERING: Duration = Duration::from_millis(30);
/// Where the bandwidth estimate starts: a 720p picture at once, corrected within a second.
pub(super) const FIRST_ESTIMATE: Bitrate = Bitrate::mbps(3);
/// Part of all that is sent that may be sent again. Where a fifth is lost that much is asked for; with str0m's own 0.15 pictures
/// would stay incomplete. Who asks for more does not have a line that more would help.
const SENT_AGAIN: f32 = 0.3;
/// What is kept for that, as str0m has it.
const KEPT_PACKETS: usize = 2_000;
const KEPT_FOR: Duration = Duration::from_secs(3);

/// Why a command was refused; the connection is as it was before.
#[derive(Debug, thiserror::Error)]
pub(super) enum PeerError {
    #[error("the description can't be read")]
    Parse(#[source] str0m::error::SdpError),
    #[error("the offer was not accepted")]
    Offer(#[source] str0m::RtcError),
    #[error("the answer was not accepted")]
    Answer(#[source] str0m::RtcError),
    #[error("an answer without an offer of ours")]
    NoOffer,
    #[error("candidate \"{candidate}\" can't be read")]
    Candidate {
        candidate: String,
        source: str0m::error::IceError,
    },
    #[error("track \"{0}\" is published already")]
    Published(String),
    #[error("track \"{0}\" is not published")]
    NotPublished(String),
    #[error("pictures need a description of how to send them")]
    NoLayers,
    #[error("this connection has session descriptions")]
    Described,
    #[error("this connection's streams are declared, it takes no session descriptions")]
    Declared,
    #[error("this connection knows its other side already")]
    Connected,
    #[error("the other side's certificate has no usable sha-256 fingerprint")]
    Fingerprint,
    #[error("both sides, or neither, would begin the DTLS handshake")]
    Setup,
    #[error("payload type {0} is out of range or used twice")]
    PayloadType(u8),
    #[error("this room can't encode {0:?}")]
    CannotEncode(Codec),
    #[error("the other side offered no payload type for {0:?}")]
    NotOffered(Codec),
    #[error("{layers} layers need as many streams, not {streams}")]
    Streams { layers: usize, streams: usize },
    #[error("SSRC {0} is in use")]
    SsrcInUse(u32),
    #[error("the other side offered no telephone tones")]
    NoTones,
    #[error("\"{0}\" are no telephone tones")]
    Tones(String),
    #[error("this connection has no data channel")]
    NoChannel,
    #[error("DTLS does not start")]
    Dtls(#[source] str0m::RtcError),
}

/// What a peer has to say to its connection's other parts.
#[derive(Debug)]
pub(super) enum PeerEvent {
    Connected,
    Disconnected,
    Connecting,
    Frame {
        track: String,
        frame: Frame,
    },
    /// See [`super::FromTransport::Clock`].
    Clock {
        track: String,
        rtp_time: u32,
        clock: Duration,
    },
    KeyFrameWanted {
        track: String,
    },
    /// See [`super::FromTransport::Estimate`].
    Estimate {
        bits_per_second: u64,
        crowded: bool,
    },
    ChannelOpen,
    ChannelText {
        text: String,
    },
}

/// What every peer connection has.
pub(super) struct Link {
    pub(super) id: TransportId,
    pub(super) rtc: Rtc,
    /// The zero of all frame times.
    pub(super) started: Instant,
    budget: Budget,
}

impl Link {
    /// `started` is the zero of all frame times.
    pub(super) fn new(id: TransportId, rtc: Rtc, started: Instant) -> Self {
        let budget = Budget::default();
        Self {
            id,
            rtc,
            started,
            budget,
        }
    }

    /// Adds an address of ours; returns it as a candidate to tell the other side.
    pub(super) fn add_local(&mut self, address: LocalAddress) -> Option<String> {
        self.rtc
            .add_local_candidate(address.candidate()?)
            .map(Candidate::to_sdp_string)
    }

    /// An address of ours is gone.
    pub(super) fn drop_local(&mut self, address: LocalAddress) {
        if let Some(gone) = address.candidate() {
            self.rtc.direct_api().invalidate_candidate(&gone);
        }
    }

    /// Where it says that the other side waits for connections, that is what is returned. Others than UDP are left alone
    /// otherwise: nothing would lead to them.
    pub(super) fn add_remote(&mut self, candidate: &str) -> Result<Option<Listener>, PeerError> {
        let listener = description::listener(candidate);
        let protocol = candidate.split(' ').nth(2);
        let udp = protocol.is_none_or(|protocol| protocol.eq_ignore_ascii_case("udp"));
        if !udp && listener.is_none() {
            return Ok(None);
        }
        let parsed =
            Candidate::from_sdp_string(candidate).map_err(|source| PeerError::Candidate {
                candidate: candidate.to_owned(),
                source,
            })?;
        self.rtc.add_remote_candidate(parsed);
        Ok(listener)
    }

    /// Tells the bandwidth estimator what we would like to send.
    pub(super) fn want_bitrate(&mut self, bits_per_second: u64) {
        let desired = Bitrate::from(bits_per_second);
        self.rtc.bwe().set_bitrate(Bitrate::kbps(100), desired);
    }

    /// Time of the engine's own clock.
    pub(super) fn since_start(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    /// What an event means that has nothing to do with tracks.
    pub(super) fn understand(&mut self, event: Event) -> Option<PeerEvent> {
        use str0m::IceConnectionState as Ice;
        match event {
            Event::Connected => Some(PeerEvent::Connected),
            Event::IceConnectionStateChange(Ice::Checking) => Some(PeerEvent::Connecting),
            Event::IceConnectionStateChange(Ice::Disconnected) => Some(PeerEvent::Disconnected),
            Event::IceConnectionStateChange(_) => {
                self.rtc.is_connected().then_some(PeerEvent::Connected)
            }
            Event::PeerStats(stats) => {
                let estimate = stats.bwe_tx?.as_u64();
                let spend = self.budget.look(stats.timestamp, estimate, stats.rtt)?;
                Some(PeerEvent::Estimate {
                    bits_per_second: spend,
                    crowded: self.budget.crowded(),
                })
            }
            Event::EgressBitrateEstimate(BweKind::Remb { estimate, .. }) => {
                Some(PeerEvent::Estimate {
                    bits_per_second: estimate.as_u64(),
                    crowded: false,
                })
            }
            _ => None,
        }
    }
}

/// A peer connection of either kind.
pub(super) enum Peer {
    Described(Box<DescribedPeer>),
    Declared(Box<DeclaredPeer>),
}

impl Peer {
    pub(super) fn link(&self) -> &Link {
        match self {
            Self::Described(peer) => &peer.link,
            Self::Declared(peer) => &peer.link,
        }
    }

    pub(super) fn link_mut(&mut self) -> &mut Link {
        match self {
            Self::Described(peer) => &mut peer.link,
            Self::Declared(peer) => &mut peer.link,
        }
    }

    pub(super) fn id(&self) -> TransportId {
        self.link().id
    }

    pub(super) fn rtc(&mut self) -> &mut Rtc {
        &mut self.link_mut().rtc
    }

    /// What the service needs to answer the other side with.
    pub(super) fn local(&mut self) -> Option<LocalTransport> {
        match self {
            Self::Described(_) => None,
            Self::Declared(peer) => Some(peer.local()),
        }
    }

    /// Carries out an order other than descriptions and candidates.
    pub(super) fn obey(&mut self, order: ToTransport) -> Result<(), PeerError> {
        match (self, order) {
            (peer, ToTransport::WantBitrate { bits_per_second }) => {
                peer.link_mut().want_bitrate(bits_per_second);
                Ok(())
            }
            (Self::Described(peer), order) => peer.obey(order),
            (Self::Declared(peer), order) => peer.obey(order),
        }
    }

    /// See [`DescribedPeer::forget_recycled`].
    pub(super) fn forget_recycled(&mut self, sdp: &str) {
        if let Self::Described(peer) = self {
            peer.forget_recycled(sdp);
        }
    }

    /// See [`DescribedPeer::describe`].
    pub(super) fn describe(
        &mut self,
        kind: DescriptionKind,
        sdp: &str,
    ) -> Result<Option<String>, PeerError> {
        match self {
            Self::Described(peer) => peer.describe(kind, sdp),
            Self::Declared(_) => Err(PeerError::Declared),
        }
    }

    /// See [`DescribedPeer::next_offer`].
    pub(super) fn next_offer(&mut self) -> Option<String> {
        match self {
            Self::Described(peer) => peer.next_offer(),
            Self::Declared(_) => None,
        }
    }

    /// Prepares for a datagram; true when that changed the connection, which then has to be
    /// drained before the datagram goes in.
    pub(super) fn prepare(&mut self, contents: &[u8], datagram: Datagram) -> bool {
        match self {
            Self::Described(_) => false,
            Self::Declared(peer) => peer.expect_unknown(contents, datagram),
        }
    }

    /// When [`Peer::tick`] has something to do, beside what str0m waits for.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Self::Described(_) => None,
            Self::Declared(peer) => peer.due(),
        }
    }

    /// Sends what is due.
    pub(super) fn tick(&mut self, now: Instant) {
        if let Self::Declared(peer) = self {
            peer.tick(now);
        }
    }

    /// A media section's packets could not be put together.
    pub(super) fn broken(&mut self, mid: Mid) {
        if let Self::Declared(peer) = self {
            peer.broken(mid);
        }
    }

    /// What an event of str0m means to us.
    pub(super) fn understand(&mut self, event: Event) -> Option<PeerEvent> {
        match self {
            Self::Described(peer) => peer.understand(event),
            Self::Declared(peer) => peer.understand(event),
        }
    }
}

/// Sends packets of a picture again that are asked for. What was sent before is forgotten.
pub(super) fn send_again(stream: &mut StreamTx) {
    stream.set_rtx_cache(KEPT_PACKETS, KEPT_FOR, Some(SENT_AGAIN));
}

/// A received frame as the engine takes it; `None` for codecs that it does not know.
pub(super) fn received(data: &MediaData, source: u32, started: Instant) -> Option<Frame> {
    let codec = match data.params.spec().codec {
        RtpCodec::Opus => Codec::Opus,
        RtpCodec::Vp8 => Codec::Vp8,
        RtpCodec::Vp9 => Codec::Vp9,
        RtpCodec::Av1 => Codec::Av1,
        RtpCodec::H264 => Codec::H264,
        _ => return None,
    };
    Some(Frame {
        codec,
        source,
        rtp_time: data.time.numer(),
        at: data.network_time.saturating_duration_since(started),
        key: codec == Codec::Opus || data.is_keyframe(),
        contiguous: data.contiguous,
        temporal: None,
        layers: layers(data),
        level: None,
        data: data.data.clone(),
    })
}

/// Where the spatial layers of a picture end.
fn layers(data: &MediaData) -> Vec<usize> {
    match &data.codec_extra {
        CodecExtra::Vp9(vp9) => vp9.layers_scheme.iter().flatten().copied().collect(),
        _ => Vec::new(),
    }
}

/// What a sender of this track reports about its clock.
pub(super) fn clock(track: String, report: &SenderFeedback) -> Option<PeerEvent> {
    let info = &report.sender_info;
    let clock = info.ntp_time.duration_since(UNIX_EPOCH).ok()?;
    // The lower 32 bits are what the report carries.
    let rtp_time = info.rtp_time.numer() as u32;
    Some(PeerEvent::Clock {
        track,
        rtp_time,
        clock,
    })
}

/// str0m's name for a codec.
pub(super) fn rtp_codec(codec: Codec) -> RtpCodec {
    match codec {
        Codec::Opus => RtpCodec::Opus,
        Codec::Vp8 => RtpCodec::Vp8,
        Codec::Vp9 => RtpCodec::Vp9,
        Codec::Av1 => RtpCodec::Av1,
        Codec::H264 => RtpCodec::H264,
    }
}

/// Whether we can send this: pictures say how, and in one of these codecs.
///
/// # Errors
/// What is missing.
pub fn sendable(
    source: SourceKind,
    video: Option<&VideoSend>,
    codecs: &[Codec],
) -> Result<(), Refusal> {
    check_video(source, video, codecs).map_err(Refusal)
}

/// The same among peers.
pub(super) fn check_video(
    source: SourceKind,
    video: Option<&VideoSend>,
    codecs: &[Codec],
) -> Result<(), PeerError> {
    match video {
        Some(video) if is_picture(source) && video.layers.is_empty() => Err(PeerError::NoLayers),
        None if is_picture(source) => Err(PeerError::NoLayers),
        Some(video) if !codecs.contains(&video.codec) => Err(PeerError::CannotEncode(video.codec)),
        _ => Ok(()),
    }
}

/// Whether a source is seen, not heard.
pub(super) fn is_picture(source: SourceKind) -> bool {
    matches!(source, SourceKind::Camera | SourceKind::Content)
}
