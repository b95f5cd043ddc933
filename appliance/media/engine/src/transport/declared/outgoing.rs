//! Sent streams of a declared connection: one SSRC a layer.
//!
//! Each layer has a media section of its own: str0m finds streams to send on by their section.

use std::time::Instant;

use saal_media_protocol::{Codec, PayloadType, SourceKind, StreamSsrc, VideoSend};
use str0m::{
    Rtc,
    media::{MediaKind, Mid, Pt},
    rtp::{ExtensionValues, RtpWrite, Ssrc},
};

use super::vp8::Packetiser;
use crate::transport::{
    Frame,
    peer::{PeerError, check_video},
};

/// Sound louder than this may be a voice (-dBov); servers use it only as a hint.
const VOICE: u8 = 45;

#[derive(Default)]
pub(super) struct Outgoing {
    sent: Vec<Sent>,
    named: u64,
}

struct Sent {
    track: String,
    payload: Pt,
    codec: Codec,
    layers: Vec<Layer>,
}

struct Layer {
    mid: Mid,
    numbers: StreamSsrc,
    /// Of the next packet, counted on beyond 16 bits.
    sequence: u64,
    packetiser: Packetiser,
}

impl Outgoing {
    pub(super) fn uses(&self, ssrc: u32) -> bool {
        self.layers()
            .any(|layer| layer.numbers.ssrc == ssrc || layer.numbers.rtx == Some(ssrc))
    }

    /// The track of a media section.
    pub(super) fn track(&self, mid: Mid) -> Option<&str> {
        let has = |sent: &&Sent| sent.layers.iter().any(|layer| layer.mid == mid);
        self.sent.iter().find(has).map(|sent| sent.track.as_str())
    }

    /// Makes a track's streams.
    pub(super) fn send(
        &mut self,
        rtc: &mut Rtc,
        types: &[PayloadType],
        track: String,
        source: SourceKind,
        video: Option<VideoSend>,
        streams: &[StreamSsrc],
    ) -> Result<(), PeerError> {
        check_video(source, video.as_ref())?;
        let codec = video.as_ref().map_or(Codec::Opus, |video| video.codec);
        let layers = video.as_ref().map_or(1, |video| video.layers.len());
        self.check(&track, layers, streams)?;
        let offered = types.iter().find(|payload| payload.codec == codec);
        let payload = offered.ok_or(PeerError::NotOffered(codec))?;
        let repaired = payload.rtx.is_some();
        let layers = streams
            .iter()
            .map(|numbers| self.declare(rtc, *numbers, codec != Codec::Opus, repaired))
            .collect();
        self.sent.push(Sent {
            track,
            payload: payload.id.into(),
            codec,
            layers,
        });
        Ok(())
    }

    fn declare(
        &mut self,
        rtc: &mut Rtc,
        numbers: StreamSsrc,
        picture: bool,
        repaired: bool,
    ) -> Layer {
        self.named += 1;
        let mid = Mid::from(format!("out{}", self.named).as_str());
        let kind = if picture {
            MediaKind::Video
        } else {
            MediaKind::Audio
        };
        let mut api = rtc.direct_api();
        api.declare_media(mid, kind);
        let rtx = numbers.rtx.filter(|_| repaired);
        api.declare_stream_tx(numbers.ssrc.into(), rtx.map(Into::into), mid, None);
        Layer::new(mid, numbers)
    }

    /// Ends a track's streams.
    pub(super) fn end(&mut self, rtc: &mut Rtc, track: &str) -> Result<(), PeerError> {
        let index = self.sent.iter().position(|sent| sent.track == track);
        let index = index.ok_or_else(|| PeerError::NotPublished(track.to_owned()))?;
        for layer in self.sent.remove(index).layers {
            rtc.direct_api().remove_media(layer.mid);
        }
        Ok(())
    }

    /// Sends a frame that was captured at this time.
    pub(super) fn write(
        &mut self,
        rtc: &mut Rtc,
        track: &str,
        layer: usize,
        frame: &Frame,
        captured: Instant,
    ) {
        let Some(sent) = self.sent.iter_mut().find(|sent| sent.track == track) else {
            return;
        };
        if sent.codec != frame.codec {
            return;
        }
        let (payload, Some(layer)) = (sent.payload, sent.layers.get_mut(layer)) else {
            return;
        };
        let mut api = rtc.direct_api();
        let Some(stream) = api.stream_tx(&Ssrc::from(layer.numbers.ssrc)) else {
            return;
        };
        for packet in layer.packets(payload, frame, captured) {
            stream.write_rtp(packet);
        }
    }

    fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.sent.iter().flat_map(|sent| &sent.layers)
    }

    fn check(&self, track: &str, layers: usize, streams: &[StreamSsrc]) -> Result<(), PeerError> {
        if self.sent.iter().any(|sent| sent.track == track) {
            return Err(PeerError::Published(track.to_owned()));
        }
        if streams.len() != layers {
            let streams = streams.len();
            return Err(PeerError::Streams { layers, streams });
        }
        let mut seen = Vec::new();
        for ssrc in streams.iter().flat_map(|s| [Some(s.ssrc), s.rtx]).flatten() {
            // 0 is what bandwidth probes use.
            if ssrc == 0 || seen.contains(&ssrc) || self.uses(ssrc) {
                return Err(PeerError::SsrcInUse(ssrc));
            }
            seen.push(ssrc);
        }
        Ok(())
    }
}

impl Layer {
    /// Sequence and picture numbers begin anywhere, in the lower half of their range (RFC 3711
    /// section 3.3.1: a wrap right after the first packets would go unnoticed).
    fn new(mid: Mid, numbers: StreamSsrc) -> Self {
        let [a, b, c, d] = numbers.ssrc.to_be_bytes();
        Self {
            mid,
            numbers,
            sequence: u64::from(u16::from_be_bytes([a, b]) & 0x7FFF),
            packetiser: Packetiser::new(u16::from_be_bytes([c, d])),
        }
    }

    fn packets(&mut self, payload: Pt, frame: &Frame, captured: Instant) -> Vec<RtpWrite> {
        let picture = frame.codec != Codec::Opus;
        let payloads = if picture {
            self.packetiser.payloads(frame)
        } else {
            vec![frame.data.to_vec()]
        };
        let last = payloads.len().saturating_sub(1);
        let packet = |(index, data)| {
            let sequence = self.sequence;
            self.sequence += 1;
            // The lower 32 bits are what RTP carries.
            RtpWrite::new(
                payload,
                sequence.into(),
                frame.rtp_time as u32,
                captured,
                data,
            )
            .marker(picture && index == last)
            .nackable(picture)
            .ext_vals(extensions(frame))
        };
        payloads.into_iter().enumerate().map(packet).collect()
    }
}

fn extensions(frame: &Frame) -> ExtensionValues {
    ExtensionValues {
        audio_level: frame
            .level
            .map(|level| -i8::try_from(level).unwrap_or(i8::MAX)),
        voice_activity: frame.level.map(|level| level < VOICE),
        ..ExtensionValues::default()
    }
}
