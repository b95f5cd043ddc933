//! Which pictures the room needs, and how large: the server sends no more than that.

use std::collections::BTreeMap;

use livekit_protocol::{self as proto, signal_request::Message as Request};
use saal_media_protocol::SourceKind;
use saal_meeting::Watched;

use super::Session;

/// What the server was told of pictures.
#[derive(Debug, Default)]
pub(super) struct Watching {
    /// `None` before the room said anything: all of them, as large as they are.
    wanted: Option<Vec<Watched>>,
    /// Height by track; 0: not at all.
    told: BTreeMap<String, u32>,
}

impl Session {
    /// The television shows these pictures and no others.
    pub(crate) fn watch(&mut self, pictures: Vec<Watched>) {
        self.watching.wanted = Some(pictures);
        let tracks: Vec<_> = self.roster.pictures().collect();
        for (track, participant, source) in tracks {
            let height = self.wanted_height(&participant, source).unwrap_or(0);
            self.tell_height(track, height);
        }
    }

    /// A new track comes as large as its tile. Before it has one, the server decides: by the time
    /// it is placed, its first picture is on the way.
    pub(super) fn welcome_picture(&mut self, track: String, participant: &str, source: SourceKind) {
        match (
            self.wanted_height(participant, source),
            &self.watching.wanted,
        ) {
            (Some(height), _) => self.tell_height(track, height),
            (None, None) => self.tell_height(track, u32::MAX),
            (None, Some(_)) => {}
        }
    }

    /// What was said of them while there was no socket.
    pub(super) fn tell_heights(&mut self) {
        for (track, height) in std::mem::take(&mut self.watching.told) {
            self.tell_height(track, height);
        }
    }

    pub(super) fn forget_picture(&mut self, track: &str) {
        self.watching.told.remove(track);
    }

    fn wanted_height(&self, participant: &str, source: SourceKind) -> Option<u32> {
        let wanted = self.watching.wanted.as_ref()?.iter();
        wanted
            .filter(|w| w.participant == participant && w.source == source)
            .map(|w| w.height)
            .max()
    }

    fn tell_height(&mut self, track: String, height: u32) {
        if self.watching.told.insert(track.clone(), height) == Some(height) {
            return;
        }
        let shown = height > 0 && height < u32::MAX;
        self.request(Request::TrackSetting(proto::UpdateTrackSettings {
            track_sids: vec![track],
            disabled: height == 0,
            quality: proto::VideoQuality::High as i32,
            // Cameras of calls are 16:9; the server looks at the larger side.
            width: if shown { height * 16 / 9 } else { 0 },
            height: if shown { height } else { 0 },
            ..Default::default()
        }));
    }
}
