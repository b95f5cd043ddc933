//! Participants whom the account ignores: nothing of them is forwarded or shown.

use std::collections::BTreeSet;

use livekit_protocol::{self as proto, signal_request::Message as Request};
use saal_media_protocol::{SourceKind, TransportCommand};

use super::Session;

impl Session {
    /// These participants, by identity, and no others.
    pub(crate) fn ignore(&mut self, identities: &BTreeSet<String>) {
        if self.ignored == *identities {
            return;
        }
        let before = std::mem::replace(&mut self.ignored, identities.clone());
        let changed = before.symmetric_difference(identities);
        for identity in changed.cloned().collect::<Vec<_>>() {
            let tracks: Vec<(String, SourceKind)> = self.roster.tracks_of(&identity);
            for (track, source) in tracks {
                if identities.contains(&identity) {
                    self.hide(track);
                } else {
                    self.reveal(track, &identity, source);
                }
            }
        }
    }

    /// Shown to nobody in the room.
    pub(super) fn hide(&mut self, track: String) {
        let transport = self.setup.subscriber;
        self.forget_picture(&track);
        self.forward(&track, false);
        self.command(TransportCommand::Unassign { transport, track });
    }

    fn reveal(&mut self, track: String, identity: &str, source: SourceKind) {
        self.forward(&track, true);
        self.assign(track, identity.to_owned(), source);
    }

    fn forward(&mut self, track: &str, forwarded: bool) {
        self.request(Request::TrackSetting(proto::UpdateTrackSettings {
            track_sids: vec![track.to_owned()],
            disabled: !forwarded,
            quality: proto::VideoQuality::High as i32,
            ..Default::default()
        }));
    }
}
