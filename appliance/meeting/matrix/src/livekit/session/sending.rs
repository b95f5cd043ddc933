//! What the room sends: announced to the server, then offered by the engine one after the other.

use livekit_protocol::{self as proto, signal_request::Message as Request};
use saal_media_protocol::{DescriptionKind, SourceKind, TransportCommand, TransportId, VideoSend};

use super::{LocalTrack, Output, Session};
use crate::livekit::publish;

impl Session {
    pub(super) fn announce(
        &mut self,
        cid: String,
        source: SourceKind,
        video: Option<VideoSend>,
        muted: bool,
    ) {
        let track = LocalTrack {
            cid,
            source,
            video,
            muted,
            sid: None,
            published: false,
            ended: false,
        };
        self.add_track(&track);
        self.tracks.push(track);
    }

    fn add_track(&mut self, track: &LocalTrack) {
        let video = track.video.as_ref();
        let mut request = publish::add_track(&track.cid, track.source, video, track.muted);
        if self.setup.encrypted {
            request.encryption = proto::encryption::Type::Gcm as i32;
        }
        self.request(Request::AddTrack(request));
    }

    /// What was said of tracks while there was no socket.
    pub(super) fn tell_tracks(&mut self) {
        let tracks = std::mem::take(&mut self.tracks);
        for track in &tracks {
            match track.sid.clone() {
                Some(sid) => {
                    let muted = track.muted;
                    self.request(Request::Mute(proto::MuteTrackRequest { sid, muted }));
                }
                None => self.add_track(track),
            }
        }
        self.tracks = tracks;
    }

    /// Others see a presentation come and go as a track of its own, as web clients send it.
    pub(super) fn announce_content(&mut self, transport: TransportId, what: SourceKind) {
        self.presentations += 1;
        let cid = format!("{}-content-{}", transport.0, self.presentations);
        let video = (what == SourceKind::Content).then(publish::content_send);
        self.announce(cid, what, video, false);
    }

    /// Begins or ends the room's presentation, or its sound; before the server let the room in, only notes it.
    pub(crate) fn present(&mut self, what: SourceKind, on: bool) {
        let Some(publisher) = &mut self.setup.publisher else {
            return;
        };
        let transport = publisher.transport;
        let news = match on {
            true => publisher.presents.insert(what),
            false => publisher.presents.remove(&what),
        };
        if !news || self.joined_at.is_none() {
            return;
        }
        if on {
            self.announce_content(transport, what);
            return;
        }
        // What the engine was not told of needs no end.
        self.tracks
            .retain(|track| track.source != what || track.published);
        for track in &mut self.tracks {
            track.ended |= track.source == what;
        }
        self.publish_next();
    }

    pub(super) fn track_published(&mut self, published: &proto::TrackPublishedResponse) {
        let Some(info) = &published.track else { return };
        let Some(track) = self
            .tracks
            .iter_mut()
            .find(|track| track.cid == published.cid)
        else {
            return;
        };
        track.sid = Some(info.sid.clone());
        if track.muted != info.muted {
            let mute = proto::MuteTrackRequest {
                sid: info.sid.clone(),
                muted: track.muted,
            };
            self.request(Request::Mute(mute));
        }
        self.publish_next();
    }

    /// Has the engine offer one track less or more, unless an offer is on its way.
    pub(super) fn publish_next(&mut self) {
        let Some(transport) = self.setup.publisher.as_ref().map(|p| p.transport) else {
            return;
        };
        if self.offer_pending || self.restart_pending || self.is_detached() {
            return;
        }
        if let Some(ended) = self.tracks.iter().position(|track| track.ended) {
            let track = self.tracks.remove(ended).cid;
            self.offer_pending = true;
            self.command(TransportCommand::Unpublish { transport, track });
            return;
        }
        let next = self
            .tracks
            .iter_mut()
            .find(|track| track.sid.is_some() && !track.published);
        if let Some(track) = next {
            track.published = true;
            let command = TransportCommand::Publish {
                transport,
                track: track.cid.clone(),
                source: track.source,
                video: track.video.clone(),
            };
            self.offer_pending = true;
            self.command(command);
        }
    }

    pub(super) fn answered(&mut self, answer: proto::SessionDescription) {
        let Some(transport) = self.setup.publisher.as_ref().map(|p| p.transport) else {
            return;
        };
        // To an offer that another one followed: with its credentials the way would be looked for in vain. Servers before
        // protocol 16 give no numbers.
        if answer.id != 0 && answer.id != self.offers_made {
            tracing::debug!(offer = answer.id, "late answer");
            return;
        }
        self.describe(transport, DescriptionKind::Answer, answer.sdp);
        if !std::mem::take(&mut self.restart_pending) {
            self.offer_pending = false;
        }
        self.publish_next();
    }

    pub(super) fn qualities(&mut self, update: &proto::SubscribedQualityUpdate) {
        let Some(transport) = self.setup.publisher.as_ref().map(|p| p.transport) else {
            return;
        };
        let track = self
            .tracks
            .iter()
            .find(|t| t.sid.as_deref() == Some(&update.track_sid));
        if let Some((track, video)) = track.and_then(|t| Some((t.cid.clone(), t.video.as_ref()?))) {
            let active = publish::active_layers(video, update);
            self.command(TransportCommand::SetActiveLayers {
                transport,
                track,
                active,
            });
        }
    }

    /// A moderator by way of the server: the room follows, and stays muted until it unmutes itself.
    pub(super) fn muted_by_server(&mut self, mute: &proto::MuteTrackRequest) {
        let mut tracks = self.tracks.iter_mut();
        let Some(track) = tracks.find(|track| track.sid.as_deref() == Some(&mute.sid)) else {
            return;
        };
        if track.muted == mute.muted {
            return;
        }
        if mute.muted {
            track.muted = true;
            let source = track.source;
            self.outputs.push_back(Output::Muted(source));
        } else {
            // Nobody but the people in the room opens a microphone there.
            let (sid, muted) = (mute.sid.clone(), true);
            self.request(Request::Mute(proto::MuteTrackRequest { sid, muted }));
        }
    }

    pub(crate) fn set_muted(&mut self, source: SourceKind, muted: bool) {
        if let Some(publisher) = &mut self.setup.publisher {
            match source {
                SourceKind::Microphone => publisher.microphone_muted = muted,
                SourceKind::Camera => publisher.camera_muted = muted,
                SourceKind::Content | SourceKind::ContentAudio => {}
            }
        }
        let Some(track) = self.tracks.iter_mut().find(|track| track.source == source) else {
            return;
        };
        track.muted = muted;
        // A track that the server does not know yet is corrected when it does.
        if let Some(sid) = track.sid.clone() {
            self.request(Request::Mute(proto::MuteTrackRequest { sid, muted }));
        }
    }
}
