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

use super::{
    h264,
    tones::{Report, Tones},
    vp8::Packetiser,
};
use crate::transport::{
    Frame,
    peer::{PeerError, check_video, send_again},
};

/// Sound louder than this may be a voice (-dBov); servers use it only as a hint.
const VOICE: u8 = 45;

#[derive(Default)]
pub(super) struct Outgoing {
    sent: Vec<Sent>,
    /// Streams of tracks that ended. They count on when their numbers are declared again: under
    /// the same keys no packet number may come twice (RFC 3711 section 9.1).
    ended: Vec<Layer>,
    named: u64,
    /// Payload type of telephone tones.
    telephone_event: Option<Pt>,
}

struct Sent {
    track: String,
    payload: Pt,
    codec: Codec,
    layers: Vec<Layer>,
    tones: Tones,
}

struct Layer {
    mid: Mid,
    picture: bool,
    numbers: StreamSsrc,
    /// Of the next packet, counted on beyond 16 bits.
    sequence: u64,
    packetiser: Packetiser,
}

impl Outgoing {
    pub(super) fn new(telephone_event: Option<u8>) -> Self {
        Self {
            telephone_event: telephone_event.map(Into::into),
            ..Self::default()
        }
    }

    pub(super) fn uses(&self, ssrc: u32) -> bool {
        let sent = self.sent.iter().flat_map(|sent| &sent.layers);
        sent.chain(&self.ended)
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
        check_video(source, video.as_ref(), &[Codec::Vp8, Codec::H264])?;
        let codec = video.as_ref().map_or(Codec::Opus, |video| video.codec);
        let picture = codec != Codec::Opus;
        let layers = match &video {
            Some(video) if codec != Codec::H264 => video.layers.len(),
            _ => 1,
        };
        let payload = offered(types, codec).ok_or(PeerError::NotOffered(codec))?;
        let numbers: Vec<_> = streams
            .iter()
            .map(|stream| StreamSsrc {
                rtx: stream.rtx.filter(|_| payload.rtx.is_some()),
                ..*stream
            })
            .collect();
        self.check(&track, layers, picture, &numbers)?;
        // A track that is sent goes on in another way.
        let _ = self.end(&track);
        let layers = numbers
            .into_iter()
            .map(|numbers| self.layer(rtc, numbers, picture))
            .collect();
        self.sent.push(Sent {
            track,
            payload: payload.id.into(),
            codec,
            layers,
            tones: Tones::default(),
        });
        Ok(())
    }

    /// A new stream, or one that ended.
    fn layer(&mut self, rtc: &mut Rtc, numbers: StreamSsrc, picture: bool) -> Layer {
        if let Some(index) = self.ended.iter().position(|l| l.goes_on_as(numbers)) {
            return self.ended.swap_remove(index);
        }
        self.named += 1;
        let mid = Mid::from(format!("out{}", self.named).as_str());
        let kind = if picture {
            MediaKind::Video
        } else {
            MediaKind::Audio
        };
        let mut api = rtc.direct_api();
        api.declare_media(mid, kind);
        let rtx = numbers.rtx.map(Into::into);
        let stream = api.declare_stream_tx(numbers.ssrc.into(), rtx, mid, None);
        if picture {
            send_again(stream);
        }
        Layer::new(mid, picture, numbers)
    }

    /// Ends a track's streams.
    pub(super) fn end(&mut self, track: &str) -> Result<(), PeerError> {
        let index = self.sent.iter().position(|sent| sent.track == track);
        let index = index.ok_or_else(|| PeerError::NotPublished(track.to_owned()))?;
        self.ended.extend(self.sent.remove(index).layers);
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
        if sent.codec != frame.codec || sent.tones.replace(captured) {
            return;
        }
        // One stream carries whichever layer is encoded.
        let layer = if frame.codec == Codec::H264 { 0 } else { layer };
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

    /// Sounds telephone tones on a voice's stream.
    pub(super) fn sound(
        &mut self,
        now: Instant,
        track: &str,
        tones: String,
    ) -> Result<(), PeerError> {
        if self.telephone_event.is_none() {
            return Err(PeerError::NoTones);
        }
        let voice = |sent: &&mut Sent| sent.track == track && sent.codec == Codec::Opus;
        let Some(sent) = self.sent.iter_mut().find(voice) else {
            return Err(PeerError::NotPublished(track.to_owned()));
        };
        if sent.tones.add(now, &tones) {
            Ok(())
        } else {
            Err(PeerError::Tones(tones))
        }
    }

    /// When [`Outgoing::tick`] has something to send.
    pub(super) fn due(&self) -> Option<Instant> {
        self.sent.iter().filter_map(|sent| sent.tones.due()).min()
    }

    /// Sends the tones that are due; `started` is the zero of the streams' times.
    pub(super) fn tick(&mut self, rtc: &mut Rtc, now: Instant, started: Instant) {
        let Some(payload) = self.telephone_event else {
            return;
        };
        for sent in &mut self.sent {
            let Some(layer) = sent.layers.first_mut() else {
                continue;
            };
            while let Some(report) = sent.tones.poll(now) {
                let mut api = rtc.direct_api();
                if let Some(stream) = api.stream_tx(&Ssrc::from(layer.numbers.ssrc)) {
                    stream.write_rtp(layer.tone(payload, &report, started));
                }
            }
        }
    }

    fn check(
        &self,
        track: &str,
        layers: usize,
        picture: bool,
        streams: &[StreamSsrc],
    ) -> Result<(), PeerError> {
        if streams.len() != layers {
            let streams = streams.len();
            return Err(PeerError::Streams { layers, streams });
        }
        let mut seen = Vec::new();
        let own = self.sent.iter().filter(|sent| sent.track == track);
        let known: Vec<&Layer> = own
            .flat_map(|sent| &sent.layers)
            .chain(&self.ended)
            .collect();
        for numbers in streams {
            let again = |l: &&Layer| l.goes_on_as(*numbers) && l.picture == picture;
            let again = known.iter().any(again);
            for ssrc in std::iter::once(numbers.ssrc).chain(numbers.rtx) {
                // 0 is what bandwidth probes use.
                if ssrc == 0 || seen.contains(&ssrc) || self.uses(ssrc) && !again {
                    return Err(PeerError::SsrcInUse(ssrc));
                }
                seen.push(ssrc);
            }
        }
        Ok(())
    }
}

impl Layer {
    /// Sequence and picture numbers begin anywhere, in the lower half of their range (RFC 3711
    /// section 3.3.1: a wrap right after the first packets would go unnoticed).
    fn new(mid: Mid, picture: bool, numbers: StreamSsrc) -> Self {
        let [a, b, c, d] = numbers.ssrc.to_be_bytes();
        Self {
            mid,
            picture,
            numbers,
            sequence: u64::from(u16::from_be_bytes([a, b]) & 0x7FFF),
            packetiser: Packetiser::new(u16::from_be_bytes([c, d])),
        }
    }

    /// It is the same stream. Without retransmissions of its codec it keeps the number for them.
    fn goes_on_as(&self, numbers: StreamSsrc) -> bool {
        let same = |ours: u32| numbers.rtx.is_none_or(|theirs| theirs == ours);
        self.numbers.ssrc == numbers.ssrc && self.numbers.rtx.map_or(numbers.rtx.is_none(), same)
    }

    fn packets(&mut self, payload: Pt, frame: &Frame, captured: Instant) -> Vec<RtpWrite> {
        let picture = self.picture;
        let payloads = match frame.codec {
            Codec::H264 => h264::payloads(&frame.data),
            _ if picture => self.packetiser.payloads(frame),
            _ => vec![frame.data.to_vec()],
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

    /// A tone's time is the voice's, as browsers have it: the stream keeps one clock.
    fn tone(&mut self, payload: Pt, report: &Report, started: Instant) -> RtpWrite {
        let sequence = self.sequence;
        self.sequence += 1;
        let since = report.began.saturating_duration_since(started);
        let ticks = since.as_micros() * 48 / 1_000;
        // The lower 32 bits are what RTP carries.
        let time = ticks as u32;
        let payload_bytes = report.payload.to_vec();
        RtpWrite::new(payload, sequence.into(), time, report.began, payload_bytes)
            .marker(report.first)
    }
}

/// What the other side calls a codec, in a form that we encode.
fn offered(types: &[PayloadType], codec: Codec) -> Option<&PayloadType> {
    let of_codec = types.iter().filter(|payload| payload.codec == codec);
    match codec {
        Codec::H264 => of_codec
            .filter(|payload| payload.baseline_level().is_some())
            .max_by_key(|payload| payload.baseline_level()),
        _ => of_codec.into_iter().next(),
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
