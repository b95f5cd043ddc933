//! Who else is on a media server, with which tracks.

use std::collections::BTreeMap;

use livekit_protocol as proto;
use saal_media_protocol::SourceKind;

/// A track of somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteTrackInfo {
    pub source: SourceKind,
    pub muted: bool,
}

/// Somebody else's device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remote {
    /// The server's id of the participant.
    pub sid: String,
    /// What the server calls them; Matrix knows better.
    pub name: String,
    /// By track id.
    pub tracks: BTreeMap<String, RemoteTrackInfo>,
    pub speaking: bool,
}

impl Remote {
    pub(crate) fn sends(&self, source: SourceKind) -> bool {
        self.tracks
            .values()
            .any(|track| track.source == source && !track.muted)
    }
}

/// What an update changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// (track, identity, source)
    pub added: Vec<(String, String, SourceKind)>,
    pub removed: Vec<String>,
}

/// Everybody but ourselves, by identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roster(BTreeMap<String, Remote>);

impl Roster {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Remote)> {
        self.0.iter()
    }

    pub(crate) fn has_tracks(&self) -> bool {
        self.0.values().any(|remote| !remote.tracks.is_empty())
    }

    pub(crate) fn knows_track(&self, track: &str) -> bool {
        self.find_track(track).is_some()
    }

    /// Identity and source of a track.
    pub(crate) fn find_track(&self, track: &str) -> Option<(&str, SourceKind)> {
        self.0.iter().find_map(|(identity, remote)| {
            remote
                .tracks
                .get(track)
                .map(|info| (identity.as_str(), info.source))
        })
    }

    /// Tracks of one participant.
    pub(crate) fn tracks_of(&self, identity: &str) -> Vec<(String, SourceKind)> {
        let tracks = self.0.get(identity).map(|remote| remote.tracks.iter());
        let tracks = tracks.into_iter().flatten();
        tracks
            .map(|(sid, track)| (sid.clone(), track.source))
            .collect()
    }

    /// All pictures: track, identity, source.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = (String, String, SourceKind)> {
        self.0.iter().flat_map(|(identity, remote)| {
            let pictures = remote.tracks.iter().filter(|(_, track)| {
                matches!(track.source, SourceKind::Camera | SourceKind::Content)
            });
            pictures.map(|(sid, track)| (sid.clone(), identity.clone(), track.source))
        })
    }

    /// Takes in one participant's state.
    pub(crate) fn update(&mut self, info: &proto::ParticipantInfo) -> Changes {
        let known = self.0.get(&info.identity);
        if info.state() == proto::participant_info::State::Disconnected {
            // When a participant comes back with a new connection, the end of the old one may be
            // told after the beginning of the new one.
            return match known {
                Some(remote) if remote.sid == info.sid => self.remove(&info.identity),
                _ => Changes::default(),
            };
        }
        let tracks: BTreeMap<String, RemoteTrackInfo> = info
            .tracks
            .iter()
            .filter_map(|t| Some((t.sid.clone(), read_track(t)?)))
            .collect();
        let before = known
            .map(|remote| remote.tracks.clone())
            .unwrap_or_default();
        let changes = Changes {
            added: tracks
                .iter()
                .filter(|(sid, _)| !before.contains_key(*sid))
                .map(|(sid, track)| (sid.clone(), info.identity.clone(), track.source))
                .collect(),
            removed: before
                .keys()
                .filter(|sid| !tracks.contains_key(*sid))
                .cloned()
                .collect(),
        };
        let speaking = known.is_some_and(|remote| remote.speaking && remote.sid == info.sid);
        let remote = Remote {
            sid: info.sid.clone(),
            name: info.name.clone(),
            tracks,
            speaking,
        };
        self.0.insert(info.identity.clone(), remote);
        changes
    }

    fn remove(&mut self, identity: &str) -> Changes {
        let removed = self
            .0
            .remove(identity)
            .map(|remote| remote.tracks.into_keys().collect());
        Changes {
            added: Vec::new(),
            removed: removed.unwrap_or_default(),
        }
    }

    /// Takes in who started or stopped speaking; true when that changed anything.
    pub(crate) fn speakers(&mut self, changed: &proto::SpeakersChanged) -> bool {
        let mut any = false;
        for remote in self.0.values_mut() {
            if let Some(speaker) = changed.speakers.iter().find(|s| s.sid == remote.sid) {
                any |= remote.speaking != speaker.active;
                remote.speaking = speaker.active;
            }
        }
        any
    }
}

/// Pictures and sound only, of sources that this appliance knows.
fn read_track(track: &proto::TrackInfo) -> Option<RemoteTrackInfo> {
    use proto::{TrackSource, TrackType};
    let source = match (track.r#type(), track.source()) {
        (TrackType::Audio, TrackSource::ScreenShareAudio) => SourceKind::ContentAudio,
        (TrackType::Audio, _) => SourceKind::Microphone,
        (TrackType::Video, TrackSource::ScreenShare) => SourceKind::Content,
        (TrackType::Video, _) => SourceKind::Camera,
        (TrackType::Data, _) => return None,
    };
    Some(RemoteTrackInfo {
        source,
        muted: track.muted,
    })
}
