//! One peer connection without I/O: str0m and the negotiation around it.
//!
//! Every method is one mutation of str0m; the caller drains the outputs after each.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use saal_media_protocol::{
    Codec, DescriptionKind, RemoteTrack, SourceKind, TransportId, TransportRole, VideoSend,
};
use str0m::{
    Candidate, Event, Rtc,
    bwe::Bitrate,
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    format::{Codec as RtpCodec, PayloadParams},
    media::{
        Direction, Frequency, KeyframeRequestKind, MediaData, MediaKind, MediaTime, Mid, Rid,
        Simulcast, SimulcastLayer,
    },
};

use super::{Frame, description};

/// A key frame of 1080p is some 150 packets; fewer slots would drop it (str0m's own note).
const VIDEO_REORDERING_PACKETS: usize = 400;
/// Where the bandwidth estimate starts: a 720p picture at once, corrected within a second.
const FIRST_ESTIMATE: Bitrate = Bitrate::mbps(3);

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
}

/// A track that we send.
#[derive(Debug)]
struct Sending {
    track: String,
    source: SourceKind,
    video: Option<VideoSend>,
    stage: Stage,
}

/// How far the negotiation of a track that we send is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not offered yet.
    Waiting,
    /// In the offer that is under way.
    Offered(Mid),
    /// Answered: frames go out.
    Agreed(Mid),
    /// To be offered without.
    Leaving(Mid),
}

/// What a peer has to say to its connection's other parts.
#[derive(Debug)]
pub(super) enum PeerEvent {
    Connected,
    Disconnected,
    Connecting,
    Frame { track: String, frame: Frame },
    KeyFrameWanted { track: String },
    Estimate { bits_per_second: u64 },
}

pub(super) struct Peer {
    id: TransportId,
    rtc: Rtc,
    started: Instant,
    sending: Vec<Sending>,
    offer: Option<SdpPendingOffer>,
    receiving: Vec<RemoteTrack>,
}

impl Peer {
    /// `started` is the zero of all frame times.
    pub(super) fn new(
        id: TransportId,
        role: TransportRole,
        started: Instant,
        now: Instant,
    ) -> Self {
        let estimate = (role == TransportRole::Publisher).then_some(FIRST_ESTIMATE);
        let rtc = Rtc::builder()
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .enable_bwe(estimate)
            .set_reordering_size_video(VIDEO_REORDERING_PACKETS)
            .build(now);
        Self {
            id,
            rtc,
            started,
            sending: Vec::new(),
            offer: None,
            receiving: Vec::new(),
        }
    }

    pub(super) fn id(&self) -> TransportId {
        self.id
    }

    pub(super) fn rtc(&mut self) -> &mut Rtc {
        &mut self.rtc
    }

    /// Adds our own address; returns it as a candidate to tell the other side.
    pub(super) fn add_local(&mut self, address: SocketAddr) -> Option<String> {
        let candidate = Candidate::host(address, "udp").ok()?;
        self.rtc
            .add_local_candidate(candidate)
            .map(Candidate::to_sdp_string)
    }

    /// Candidates other than UDP are left alone: there is no socket for them.
    pub(super) fn add_remote(&mut self, candidate: &str) -> Result<(), PeerError> {
        if candidate
            .split(' ')
            .nth(2)
            .is_some_and(|p| !p.eq_ignore_ascii_case("udp"))
        {
            return Ok(());
        }
        let parsed =
            Candidate::from_sdp_string(candidate).map_err(|source| PeerError::Candidate {
                candidate: candidate.to_owned(),
                source,
            })?;
        self.rtc.add_remote_candidate(parsed);
        Ok(())
    }

    pub(super) fn publish(
        &mut self,
        track: String,
        source: SourceKind,
        video: Option<VideoSend>,
    ) -> Result<(), PeerError> {
        if self.sending.iter().any(|s| s.track == track) {
            return Err(PeerError::Published(track));
        }
        let picture = matches!(source, SourceKind::Camera | SourceKind::Content);
        if picture && video.as_ref().is_none_or(|v| v.layers.is_empty()) {
            return Err(PeerError::NoLayers);
        }
        self.sending.push(Sending {
            track,
            source,
            video,
            stage: Stage::Waiting,
        });
        Ok(())
    }

    pub(super) fn unpublish(&mut self, track: &str) -> Result<(), PeerError> {
        let index = self.sending.iter().position(|s| s.track == track);
        let index = index.ok_or_else(|| PeerError::NotPublished(track.to_owned()))?;
        match self.sending[index].stage {
            Stage::Waiting => drop(self.sending.remove(index)),
            Stage::Offered(mid) | Stage::Agreed(mid) => {
                self.sending[index].stage = Stage::Leaving(mid);
            }
            Stage::Leaving(_) => return Err(PeerError::NotPublished(track.to_owned())),
        }
        Ok(())
    }

    /// The next offer, unless one is under way or nothing changed.
    pub(super) fn next_offer(&mut self) -> Option<String> {
        if self.offer.is_some() {
            return None;
        }
        let mut changes = self.rtc.sdp_api();
        for sending in &mut self.sending {
            match sending.stage {
                Stage::Waiting => {
                    let (kind, simulcast) = kind_and_layers(sending);
                    let track = Some(sending.track.clone());
                    let mid = changes.add_media(kind, Direction::SendOnly, None, track, simulcast);
                    sending.stage = Stage::Offered(mid);
                }
                Stage::Leaving(mid) => changes.set_direction(mid, Direction::Inactive),
                Stage::Offered(_) | Stage::Agreed(_) => {}
            }
        }
        self.sending
            .retain(|s| !matches!(s.stage, Stage::Leaving(_)));
        let (offer, pending) = changes.apply()?;
        self.offer = Some(pending);
        Some(offer.to_sdp_string())
    }

    /// Removes media whose mid now carries another track: str0m would go on with the former
    /// track's depacketiser and give no frames.
    pub(super) fn forget_recycled(&mut self, sdp: &str) {
        if SdpOffer::from_sdp_string(sdp).is_err() {
            return;
        }
        for now in description::tracks(sdp) {
            let before = self.receiving.iter().find(|before| before.mid == now.mid);
            let recycled =
                before.is_some_and(|b| (&b.stream, &b.track) != (&now.stream, &now.track));
            if recycled {
                self.rtc.direct_api().remove_media(now.mid.as_str().into());
            }
        }
    }

    /// Takes the other side's description; an offer gives our answer.
    pub(super) fn describe(
        &mut self,
        kind: DescriptionKind,
        sdp: &str,
    ) -> Result<Option<String>, PeerError> {
        let answer = match kind {
            DescriptionKind::Offer => {
                let offer = SdpOffer::from_sdp_string(sdp).map_err(PeerError::Parse)?;
                let answer = self
                    .rtc
                    .sdp_api()
                    .accept_offer(offer)
                    .map_err(PeerError::Offer)?;
                self.withdraw_offer();
                Some(answer.to_sdp_string())
            }
            DescriptionKind::Answer => {
                let answer = SdpAnswer::from_sdp_string(sdp).map_err(PeerError::Parse)?;
                let pending = self.offer.take().ok_or(PeerError::NoOffer)?;
                let accepted = self.rtc.sdp_api().accept_answer(pending, answer);
                self.settle(accepted.is_ok());
                accepted.map_err(PeerError::Answer)?;
                None
            }
        };
        // A mid that only went silent keeps its last track, so that its return can be noticed.
        let tracks = description::tracks(sdp);
        self.receiving
            .retain(|before| tracks.iter().all(|now| now.mid != before.mid));
        self.receiving.extend(tracks);
        Ok(answer)
    }

    /// An offer of theirs overtook ours (str0m forgets ours): it is made again.
    fn withdraw_offer(&mut self) {
        if self.offer.take().is_some() {
            self.settle(false);
        }
    }

    fn settle(&mut self, accepted: bool) {
        for sending in &mut self.sending {
            if let Stage::Offered(mid) = sending.stage {
                sending.stage = if accepted {
                    Stage::Agreed(mid)
                } else {
                    Stage::Waiting
                };
            }
        }
    }

    /// The other side has to start over with pictures that can be decoded on their own.
    pub(super) fn request_key_frame(&mut self, track: &str) {
        let Some(remote) = self.receiving.iter().find(|r| r.track == track) else {
            return;
        };
        let Some(mut writer) = self.rtc.writer(remote.mid.as_str().into()) else {
            return;
        };
        if let Err(error) = writer.request_keyframe(None, KeyframeRequestKind::Pli) {
            // Before the first packet there is nobody to ask; it is asked again by then.
            tracing::debug!(track, %error, "no key frame can be requested yet");
        }
    }

    /// Sends a frame; `layer` counts as in [`VideoSend::layers`]. Before the answer nothing is sent.
    pub(super) fn write(&mut self, track: &str, layer: usize, frame: &Frame) {
        let Some(sending) = self.sending.iter().find(|s| s.track == track) else {
            return;
        };
        let Stage::Agreed(mid) = sending.stage else {
            return;
        };
        let rid = sending.video.as_ref().and_then(|v| rid(v, layer));
        let Some(mut writer) = self.rtc.writer(mid) else {
            return;
        };
        let Some(pt) = writer
            .payload_params()
            .find(|p| is(p, frame.codec))
            .map(PayloadParams::pt)
        else {
            return;
        };
        if let Some(rid) = rid {
            writer = writer.rid(rid);
        }
        let time = MediaTime::new(frame.rtp_time, clock(frame.codec));
        if let Err(error) = writer.write(pt, self.started + frame.at, time, frame.data.clone()) {
            tracing::warn!(track, layer, %error, "frame not sent");
        }
    }

    /// Tells the bandwidth estimator what we would like to send.
    pub(super) fn want_bitrate(&mut self, bits_per_second: u64) {
        let desired = Bitrate::from(bits_per_second);
        self.rtc.bwe().set_bitrate(Bitrate::kbps(100), desired);
    }

    /// What an event of str0m means to us.
    pub(super) fn understand(&self, event: Event) -> Option<PeerEvent> {
        use str0m::IceConnectionState as Ice;
        match event {
            Event::Connected => Some(PeerEvent::Connected),
            Event::IceConnectionStateChange(Ice::Checking) => Some(PeerEvent::Connecting),
            Event::IceConnectionStateChange(Ice::Disconnected) => Some(PeerEvent::Disconnected),
            Event::IceConnectionStateChange(_) => {
                self.rtc.is_connected().then_some(PeerEvent::Connected)
            }
            Event::MediaData(data) => self.frame(data),
            Event::KeyframeRequest(request) => {
                let track = self
                    .sending
                    .iter()
                    .find(|s| s.stage == Stage::Agreed(request.mid))?;
                Some(PeerEvent::KeyFrameWanted {
                    track: track.track.clone(),
                })
            }
            Event::EgressBitrateEstimate(kind) => Some(PeerEvent::Estimate {
                bits_per_second: bits_per_second(kind)?,
            }),
            _ => None,
        }
    }

    fn frame(&self, data: MediaData) -> Option<PeerEvent> {
        let mid = data.mid;
        let remote = self
            .receiving
            .iter()
            .find(|r| Mid::from(r.mid.as_str()) == mid)?;
        let codec = match data.params.spec().codec {
            RtpCodec::Vp8 => Codec::Vp8,
            RtpCodec::Opus => Codec::Opus,
            _ => return None,
        };
        let frame = Frame {
            codec,
            rtp_time: data.time.numer(),
            at: data.network_time.saturating_duration_since(self.started),
            key: codec == Codec::Opus || data.is_keyframe(),
            contiguous: data.contiguous,
            data: data.data,
        };
        Some(PeerEvent::Frame {
            track: remote.track.clone(),
            frame,
        })
    }

    /// Time of the engine's own clock.
    pub(super) fn since_start(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }
}

fn kind_and_layers(sending: &Sending) -> (MediaKind, Option<Simulcast>) {
    let Some(video) = &sending.video else {
        return (MediaKind::Audio, None);
    };
    if !matches!(sending.source, SourceKind::Camera | SourceKind::Content) {
        return (MediaKind::Audio, None);
    }
    let simulcast = (video.layers.len() > 1).then(|| {
        let mut simulcast = Simulcast::new();
        for layer in &video.layers {
            simulcast.add_send_layer(SimulcastLayer::new(&layer.rid));
        }
        simulcast
    });
    (MediaKind::Video, simulcast)
}

fn rid(video: &VideoSend, layer: usize) -> Option<Rid> {
    let layer = video.layers.get(layer).filter(|_| video.layers.len() > 1)?;
    Some(layer.rid.as_str().into())
}

fn is(params: &PayloadParams, codec: Codec) -> bool {
    let ours = match codec {
        Codec::Vp8 => RtpCodec::Vp8,
        Codec::Vp9 => RtpCodec::Vp9,
        Codec::Av1 => RtpCodec::Av1,
        Codec::H264 => RtpCodec::H264,
        Codec::Opus => RtpCodec::Opus,
    };
    params.spec().codec == ours
}

fn clock(codec: Codec) -> Frequency {
    match codec {
        Codec::Vp8 | Codec::Vp9 | Codec::Av1 | Codec::H264 => Frequency::NINETY_KHZ,
        Codec::Opus => Frequency::FORTY_EIGHT_KHZ,
    }
}

fn bits_per_second(kind: str0m::bwe::BweKind) -> Option<u64> {
    use str0m::bwe::BweKind;
    match kind {
        BweKind::Twcc { estimate, .. } => Some(estimate.as_u64()),
        BweKind::Remb { estimate, .. } => Some(estimate.as_u64()),
        _ => None,
    }
}
