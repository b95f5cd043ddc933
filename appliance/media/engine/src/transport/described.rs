//! A peer connection with session descriptions: str0m and the negotiation around it.

use std::time::Instant;

use saal_media_protocol::{
    Codec, DescriptionKind, RemoteTrack, SourceKind, TransportId, TransportRole, VideoSend,
};
use str0m::{
    Event, Rtc,
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    format::PayloadParams,
    media::{
        Direction, Frequency, KeyframeRequestKind, MediaData, MediaKind, MediaTime, Mid, Rid,
        Simulcast, SimulcastLayer,
    },
};

use super::{
    Frame, ToTransport, answer,
    budget::LOOK_EVERY,
    description,
    peer::{
        FIRST_ESTIMATE, Link, PeerError, PeerEvent, SOUND_REORDERING, VIDEO_REORDERING_PACKETS,
        check_video, clock, is_picture, received, rtp_codec, send_again,
    },
    pulse::check_often,
};

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

impl Sending {
    /// Frames go out from now on.
    fn agree(&mut self, rtc: &mut Rtc, mid: Mid) {
        self.stage = Stage::Agreed(mid);
        let Some(video) = &self.video else { return };
        for layer in 0..video.layers.len() {
            if let Some(stream) = rtc.direct_api().stream_tx_by_mid(mid, rid(video, layer)) {
                send_again(stream);
            }
        }
    }
}

pub(super) struct DescribedPeer {
    pub(super) link: Link,
    role: TransportRole,
    sending: Vec<Sending>,
    offer: Option<SdpPendingOffer>,
    /// The next offer restarts ICE.
    restart: bool,
    receiving: Vec<RemoteTrack>,
}

impl DescribedPeer {
    /// `started` is the zero of all frame times.
    pub(super) fn new(
        id: TransportId,
        role: TransportRole,
        started: Instant,
        now: Instant,
    ) -> Self {
        let estimate = (role != TransportRole::Subscriber).then_some(FIRST_ESTIMATE);
        let mut config = Rtc::builder()
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            // Others send them; what we send is VP8.
            .enable_vp9(true)
            .enable_h264(true)
            .enable_bwe(estimate)
            .set_stats_interval(Some(LOOK_EVERY))
            .set_reordering_size_video(VIDEO_REORDERING_PACKETS)
            .set_reordering_timeout_audio(Some(SOUND_REORDERING));
        check_often(&mut config);
        let rtc = config.build(now);
        Self {
            link: Link::new(id, rtc, started),
            role,
            sending: Vec::new(),
            offer: None,
            restart: false,
            receiving: Vec::new(),
        }
    }

    /// Carries out an order other than descriptions and candidates.
    pub(super) fn obey(&mut self, order: ToTransport) -> Result<(), PeerError> {
        match order {
            ToTransport::Publish {
                track,
                source,
                video,
            } => self.publish(track, source, video),
            ToTransport::Unpublish { track } => self.unpublish(&track),
            ToTransport::RestartIce => {
                // An offer from before the trouble may never be answered.
                self.withdraw_offer();
                self.restart = true;
                Ok(())
            }
            ToTransport::Write {
                track,
                layer,
                frame,
            } => {
                self.write(&track, layer, &frame);
                Ok(())
            }
            ToTransport::RequestKeyFrame { track } => {
                self.request_key_frame(&track);
                Ok(())
            }
            // The next description says the same.
            ToTransport::Forget { .. } => Ok(()),
            _ => Err(PeerError::Described),
        }
    }

    fn publish(
        &mut self,
        track: String,
        source: SourceKind,
        video: Option<VideoSend>,
    ) -> Result<(), PeerError> {
        if self.sending.iter().any(|s| s.track == track) {
            return Err(PeerError::Published(track));
        }
        // What a description here offers.
        check_video(source, video.as_ref(), &[Codec::Vp8])?;
        self.sending.push(Sending {
            track,
            source,
            video,
            stage: Stage::Waiting,
        });
        Ok(())
    }

    fn unpublish(&mut self, track: &str) -> Result<(), PeerError> {
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
        if self.offer.is_some() || self.role == TransportRole::Answerer {
            return None;
        }
        let mut changes = self.link.rtc.sdp_api();
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
        if std::mem::take(&mut self.restart) {
            changes.ice_restart(true);
        }
        let (offer, pending) = changes.apply()?;
        self.offer = Some(pending);
        Some(offer.to_sdp_string())
    }

    /// Removes media whose mid now carries another track: str0m would go on with the former
    /// track's depacketiser and give no frames. In a line that both sides send in, ours would go too;
    /// there a browser changes the track and keeps the stream of packets.
    pub(super) fn forget_recycled(&mut self, sdp: &str) {
        if self.role == TransportRole::Answerer || SdpOffer::from_sdp_string(sdp).is_err() {
            return;
        }
        for now in description::tracks(sdp) {
            let before = self.receiving.iter().find(|before| before.mid == now.mid);
            let recycled =
                before.is_some_and(|b| (&b.stream, &b.track) != (&now.stream, &now.track));
            if recycled {
                self.link
                    .rtc
                    .direct_api()
                    .remove_media(now.mid.as_str().into());
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
                    .link
                    .rtc
                    .sdp_api()
                    .accept_offer(offer)
                    .map_err(PeerError::Offer)?;
                self.withdraw_offer();
                let answer = answer.to_sdp_string();
                Some(match self.role {
                    TransportRole::Answerer => self.send_in_answer(&answer),
                    TransportRole::Publisher | TransportRole::Subscriber => answer,
                })
            }
            DescriptionKind::Answer => {
                let answer = SdpAnswer::from_sdp_string(sdp).map_err(PeerError::Parse)?;
                let pending = self.offer.take().ok_or(PeerError::NoOffer)?;
                let accepted = self.link.rtc.sdp_api().accept_answer(pending, answer);
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

    /// Puts tracks of ours into the lines that have room for them; the answer says so.
    fn send_in_answer(&mut self, answer: &str) -> String {
        let rtc = &mut self.link.rtc;
        let sends = |rtc: &Rtc, mid| rtc.media(mid).is_some_and(|m| m.direction().is_sending());
        for (mid, picture) in answer::lines(answer) {
            let mid = Mid::from(mid);
            let taken = self.sending.iter().any(|s| s.stage == Stage::Agreed(mid));
            if taken || !sends(rtc, mid) {
                continue;
            }
            let fits =
                |s: &&mut Sending| s.stage == Stage::Waiting && is_picture(s.source) == picture;
            if let Some(sending) = self.sending.iter_mut().find(fits) {
                sending.agree(rtc, mid);
            }
        }
        // Tracks of who is held too: a browser that finds their packets' names gone and back again
        // plays them no more.
        let agreed = |sending: &Sending| match sending.stage {
            Stage::Agreed(mid) => Some((mid.to_string(), sending.track.clone())),
            _ => None,
        };
        answer::naming(answer, &self.sending.iter().filter_map(agreed).collect())
    }

    /// An offer of theirs overtook ours (str0m forgets ours): it is made again.
    fn withdraw_offer(&mut self) {
        if self.offer.take().is_some() {
            self.settle(false);
        }
    }

    fn settle(&mut self, accepted: bool) {
        for sending in &mut self.sending {
            match sending.stage {
                Stage::Offered(mid) if accepted => sending.agree(&mut self.link.rtc, mid),
                Stage::Offered(_) => sending.stage = Stage::Waiting,
                _ => {}
            }
        }
    }

    /// The other side has to start over with pictures that can be decoded on their own.
    fn request_key_frame(&mut self, track: &str) {
        let Some(remote) = self.receiving.iter().find(|r| r.track == track) else {
            return;
        };
        let Some(mut writer) = self.link.rtc.writer(remote.mid.as_str().into()) else {
            return;
        };
        if let Err(error) = writer.request_keyframe(None, KeyframeRequestKind::Pli) {
            // Before the first packet there is nobody to ask; it is asked again by then.
            tracing::debug!(track, %error, "no key frame can be requested yet");
        }
    }

    /// Sends a frame; `layer` counts as in [`VideoSend::layers`]. Before the answer nothing is sent.
    fn write(&mut self, track: &str, layer: usize, frame: &Frame) {
        let Some(sending) = self.sending.iter().find(|s| s.track == track) else {
            return;
        };
        let Stage::Agreed(mid) = sending.stage else {
            return;
        };
        // Who holds a call does not want to receive for a while.
        let media = self.link.rtc.media(mid);
        if !media.is_some_and(|media| media.direction().is_sending()) {
            return;
        }
        let rid = sending.video.as_ref().and_then(|v| rid(v, layer));
        let Some(mut writer) = self.link.rtc.writer(mid) else {
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
        let time = MediaTime::new(frame.rtp_time, clock_rate(frame.codec));
        if let Err(error) = writer.write(pt, self.link.started + frame.at, time, frame.data.clone())
        {
            tracing::warn!(track, layer, %error, "frame not sent");
        }
    }

    /// What an event of str0m means to us.
    pub(super) fn understand(&mut self, event: Event) -> Option<PeerEvent> {
        match event {
            Event::MediaData(data) => self.frame(&data),
            Event::SenderFeedback(report) => {
                clock(self.remote_track(report.mid)?.to_owned(), &report)
            }
            Event::KeyframeRequest(request) => {
                let track = self
                    .sending
                    .iter()
                    .find(|s| s.stage == Stage::Agreed(request.mid))?;
                Some(PeerEvent::KeyFrameWanted {
                    track: track.track.clone(),
                })
            }
            event => self.link.understand(event),
        }
    }

    fn remote_track(&self, mid: Mid) -> Option<&str> {
        let mut all = self.receiving.iter();
        let remote = all.find(|remote| Mid::from(remote.mid.as_str()) == mid)?;
        Some(&remote.track)
    }

    fn frame(&self, data: &MediaData) -> Option<PeerEvent> {
        Some(PeerEvent::Frame {
            track: self.remote_track(data.mid)?.to_owned(),
            frame: received(data, 0, self.link.started)?,
        })
    }
}

fn kind_and_layers(sending: &Sending) -> (MediaKind, Option<Simulcast>) {
    let Some(video) = &sending.video else {
        return (MediaKind::Audio, None);
    };
    if !is_picture(sending.source) {
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
    params.spec().codec == rtp_codec(codec)
}

fn clock_rate(codec: Codec) -> Frequency {
    match codec {
        Codec::Vp8 | Codec::Vp9 | Codec::Av1 | Codec::H264 => Frequency::NINETY_KHZ,
        Codec::Opus => Frequency::FORTY_EIGHT_KHZ,
    }
}
