//! Tracks that we receive: whose they are, their decoders, when their frames are played.

use std::{collections::HashMap, sync::atomic::Ordering, time::Duration};

use saal_media_protocol::{
    Codec, MediaEvent, ReceivedVideo, RemoteTrack, SourceKind, TileSource, TrackStats, TransportId,
};

use super::{
    levels::Levels,
    progress::Reading,
    video::{Video, lock, request_key_frame},
};
use crate::{
    graph::{Graph, Part, Screen, Sound, TELEVISION_LATENCY, TrackKey},
    playout::{self, Held, Playout},
    transport::{Frame, Transport},
};

/// What `level` reports for silence; said for tracks that have no level yet.
const SILENCE_DBFS: f64 = -120.0;

/// Everything that we receive.
#[derive(Debug)]
pub(super) struct Receiving {
    graph: Graph,
    screen: Screen,
    owners: HashMap<TrackKey, Owner>,
    tracks: HashMap<TrackKey, Track>,
}

/// Whose a track is.
#[derive(Clone, Debug)]
struct Owner {
    participant: String,
    source: SourceKind,
}

#[derive(Debug)]
struct Track {
    codec: Codec,
    source: u32,
    playout: Playout,
    held: Held,
    media: Media,
    /// A frame came since [`Receiving::end_forgotten`] looked.
    heard: bool,
}

#[derive(Debug)]
enum Media {
    Video(Video),
    Sound { packets: u64 },
}

impl Receiving {
    pub(super) fn new(graph: &Graph, screen: &Screen) -> Self {
        Self {
            graph: graph.clone(),
            screen: screen.clone(),
            owners: HashMap::new(),
            tracks: HashMap::new(),
        }
    }

    /// Decodes and plays a frame.
    pub(super) fn frame(
        &mut self,
        key: &TrackKey,
        frame: &Frame,
        transports: &HashMap<TransportId, Transport>,
        mut sound: Option<&mut Sound>,
    ) {
        if !self
            .tracks
            .get(key)
            .is_some_and(|track| track.goes_on(frame))
        {
            self.begin(key, frame, sound.as_deref_mut());
        }
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        track.heard = true;
        let at = track.schedule(frame, self.graph.time());
        let strayed = track.playout.strayed();
        match &mut track.media {
            Media::Video(video) => {
                video.frame(key, frame, at, &self.graph, &self.screen, transports);
            }
            Media::Sound { packets } => {
                *packets += 1;
                // Without a loudspeaker yet, the sound of the first milliseconds is lost.
                if let Some(sound) = sound {
                    match sound.play(key, frame, at) {
                        Ok(held) => track.playout.comes_out_after(sound.latency() + held),
                        Err(error) => tracing::error!(%error, "a voice can't be played"),
                    }
                }
            }
        }
        if strayed {
            self.align(key);
        }
    }

    /// A track begins, or goes on in another codec or from another source: with another decoder
    /// on another clock, and what was counted counts on.
    fn begin(&mut self, key: &TrackKey, frame: &Frame, sound: Option<&mut Sound>) {
        let before = self.tracks.remove(key);
        if before.is_some()
            && let Some(sound) = sound
        {
            sound.remove(key);
        }
        let held = before.as_ref().map(|track| track.held);
        let media = match (frame.codec, before.map(|track| track.media)) {
            (Codec::Opus, Some(Media::Sound { packets })) => Media::Sound { packets },
            (Codec::Opus, _) => Media::Sound { packets: 0 },
            (_, Some(Media::Video(video))) => Media::Video(video.anew()),
            _ => Media::Video(Video::new(self.owners.get(key).map(Owner::tile))),
        };
        let clock = if frame.codec == Codec::Opus {
            48_000
        } else {
            90_000
        };
        let mut playout = Playout::new(clock);
        if frame.codec != Codec::Opus {
            playout.comes_out_after(TELEVISION_LATENCY);
        }
        let track = Track {
            codec: frame.codec,
            source: frame.source,
            playout,
            held: held.unwrap_or_default(),
            media,
            heard: true,
        };
        self.tracks.insert(key.clone(), track);
    }

    /// A sender's clock: what belongs together is played together.
    pub(super) fn report(&mut self, key: &TrackKey, rtp_time: u32, clock: Duration) {
        if let Some(track) = self.tracks.get_mut(key) {
            track.playout.report(rtp_time, clock);
            self.align(key);
        }
    }

    /// Plays a track together with its owner's others.
    fn align(&mut self, key: &TrackKey) {
        let Some(owner) = self.owners.get(key) else {
            return;
        };
        let belongs = |other: &TrackKey| {
            let other_owner = self.owners.get(other);
            other.transport == key.transport && other_owner.is_some_and(|o| o.goes_with(owner))
        };
        let tracks = self.tracks.iter_mut().filter(|(other, _)| belongs(other));
        playout::align(tracks.map(|(_, track)| {
            let sound = matches!(track.media, Media::Sound { .. });
            (sound, &mut track.playout)
        }));
    }

    pub(super) fn assign(
        &mut self,
        key: &TrackKey,
        participant: String,
        source: SourceKind,
    ) -> Option<MediaEvent> {
        let owner = Owner {
            participant,
            source,
        };
        if let Some(Media::Video(video)) = self.tracks.get(key).map(|track| &track.media) {
            *lock(&video.tile) = Some(owner.tile());
        }
        self.owners.insert(key.clone(), owner);
        self.first_picture(key)
    }

    /// Whose a track is.
    pub(super) fn owner(&self, key: &TrackKey) -> Option<&str> {
        self.owners.get(key).map(|owner| &*owner.participant)
    }

    /// A participant's tracks on a connection.
    pub(super) fn tracks_of(
        &self,
        transport: TransportId,
        participant: &str,
    ) -> impl Iterator<Item = &str> {
        let theirs = move |(key, owner): &(&TrackKey, &Owner)| {
            key.transport == transport && owner.participant == participant
        };
        let tracks = self.owners.iter().filter(theirs);
        tracks.map(|(key, _)| &*key.track)
    }

    /// A frame of a track is missing: what follows waits for a key frame.
    pub(super) fn interrupt(&mut self, key: &TrackKey) {
        if let Some(Media::Video(video)) = self.tracks.get_mut(key).map(|track| &mut track.media) {
            video.waiting = true;
        }
    }

    /// A track can't be shown for now: its tile becomes calm instead of keeping an old picture.
    pub(super) fn blank(&mut self, key: &TrackKey) {
        if let Some(Media::Video(video)) = self.tracks.get_mut(key).map(|track| &mut track.media) {
            video.decoder = None;
            video.waiting = true;
        }
        if let Some(owner) = self.owners.get(key).filter(|owner| !owner.is_sound()) {
            self.screen.forget(&owner.tile());
        }
    }

    /// A track's pictures are larger than is decoded, or not any more.
    pub(super) fn follow_size(&self, key: &TrackKey) {
        if let Some(Media::Video(video)) = self.tracks.get(key).map(|track| &track.media) {
            video.follow_size(&self.screen);
        }
    }

    /// Asks for a key frame of a picture, also before its first frame could be read.
    pub(super) fn ask_for_beginning(
        &mut self,
        key: &TrackKey,
        transports: &HashMap<TransportId, Transport>,
    ) {
        if self.tracks.contains_key(key) {
            self.need_key_frame(key, transports);
        } else if self.owners.get(key).is_some_and(|owner| !owner.is_sound()) {
            request_key_frame(key, transports);
        }
    }

    pub(super) fn unassign(&mut self, key: &TrackKey, sound: Option<&mut Sound>) {
        self.remove_track(key, sound);
        if let Some(owner) = self.owners.remove(key)
            && self
                .owners
                .values()
                .all(|other| other.tile() != owner.tile())
        {
            self.screen.forget(&owner.tile());
        }
    }

    /// Ends the tracks of a connection that its description does not list any more.
    pub(super) fn keep(
        &mut self,
        transport: TransportId,
        tracks: &[RemoteTrack],
        mut sound: Option<&mut Sound>,
    ) {
        let listed = |key: &TrackKey| tracks.iter().any(|track| track.track == key.track);
        let gone = self
            .tracks
            .keys()
            .filter(|key| key.transport == transport && !listed(key));
        for key in gone.cloned().collect::<Vec<_>>() {
            self.remove_track(&key, sound.as_deref_mut());
        }
    }

    pub(super) fn close(&mut self, transport: TransportId, mut sound: Option<&mut Sound>) {
        let of_it = |key: &&TrackKey| key.transport == transport;
        let tracks: Vec<_> = self.tracks.keys().filter(of_it).cloned().collect();
        let owned: Vec<_> = self.owners.keys().filter(of_it).cloned().collect();
        for key in tracks.into_iter().chain(owned) {
            self.unassign(&key, sound.as_deref_mut());
        }
    }

    /// Ends tracks that are nobody's and of which nothing came since it was called last: frames that were on their way when
    /// their owner left.
    pub(super) fn end_forgotten(&mut self, mut sound: Option<&mut Sound>) {
        let (owners, tracks) = (&self.owners, self.tracks.iter_mut());
        let forgotten = tracks.filter_map(|(key, track)| {
            let heard = std::mem::take(&mut track.heard);
            (!heard && !owners.contains_key(key)).then(|| key.clone())
        });
        for key in forgotten.collect::<Vec<_>>() {
            self.remove_track(&key, sound.as_deref_mut());
        }
    }

    fn remove_track(&mut self, key: &TrackKey, sound: Option<&mut Sound>) {
        self.tracks.remove(key);
        if let Some(sound) = sound {
            sound.remove(key);
        }
    }

    pub(super) fn has(&self, key: &TrackKey) -> bool {
        self.tracks.contains_key(key)
    }

    /// Whether a loudspeaker is needed: somebody speaks or may speak soon.
    pub(super) fn has_sound(&self) -> bool {
        let speaks = |track: &Track| matches!(track.media, Media::Sound { .. });
        self.tracks.values().any(speaks) || self.owners.values().any(|o| o.is_sound())
    }

    /// Says once that a participant's picture is there, as soon as its owner is known.
    pub(super) fn first_picture(&mut self, key: &TrackKey) -> Option<MediaEvent> {
        let owner = self.owners.get(key)?;
        let Media::Video(video) = &mut self.tracks.get_mut(key)?.media else {
            return None;
        };
        let decoded = video.decoded.frames.load(Ordering::Relaxed) > 0;
        if !decoded || std::mem::replace(&mut video.announced, true) {
            return None;
        }
        let (participant, source) = (owner.participant.clone(), owner.source);
        Some(MediaEvent::FirstPicture {
            participant,
            source,
        })
    }

    pub(super) fn need_key_frame(
        &mut self,
        key: &TrackKey,
        transports: &HashMap<TransportId, Transport>,
    ) {
        if let Some(Media::Video(video)) = self.tracks.get_mut(key).map(|track| &mut track.media) {
            video.ask(key, transports);
        }
    }

    /// Replaces a decoder that failed.
    pub(super) fn restart(&mut self, key: &TrackKey, transports: &HashMap<TransportId, Transport>) {
        if let Some(Media::Video(video)) = self.tracks.get_mut(key).map(|track| &mut track.media) {
            video.decoder = None;
            video.failures += 1;
            video.waiting = true;
            video.ask(key, transports);
        }
    }

    /// Takes a sound decoder that failed out of the mix; its next frame brings a new one.
    pub(super) fn restart_sound(&mut self, key: &TrackKey, sound: Option<&mut Sound>) {
        if let Some(sound) = sound {
            sound.remove(key);
        }
    }

    pub(super) fn video_stats(&self) -> Vec<ReceivedVideo> {
        let mut stats: Vec<_> = self
            .tracks
            .iter()
            .filter_map(|(key, track)| {
                let (Media::Video(video), owner) = (&track.media, self.owners.get(key)?) else {
                    return None;
                };
                let freezes = video.decoded.freezes();
                Some(ReceivedVideo {
                    participant: owner.participant.clone(),
                    source: owner.source,
                    frames_decoded: video.decoded.frames.load(Ordering::Relaxed),
                    width: video.decoded.width.load(Ordering::Relaxed),
                    height: video.decoded.height.load(Ordering::Relaxed),
                    too_large: video.decoded.too_large.load(Ordering::Relaxed),
                    freeze_count: freezes.count,
                    total_freezes_duration_ms: milliseconds(freezes.total),
                    jitter_buffer_delay_ms: milliseconds(track.held.delay),
                    jitter_buffer_target_delay_ms: milliseconds(track.held.target),
                    jitter_buffer_emitted_count: track.held.count,
                    estimated_playout_timestamp_ms: track.playing_ms(self.graph.time()),
                })
            })
            .collect();
        stats.sort_by(|a, b| (&a.participant, a.source).cmp(&(&b.participant, b.source)));
        stats
    }

    /// How far each decoder is.
    pub(super) fn progress(&self, patience: Duration) -> impl Iterator<Item = Reading> {
        self.tracks.iter().filter_map(move |(key, track)| {
            let Media::Video(video) = &track.media else {
                return None;
            };
            let decoder = video.decoder.as_ref()?;
            if video.decoded.too_large.load(Ordering::Relaxed) {
                // It is fed nothing of what comes.
                return None;
            }
            Some(Reading {
                part: Part::Decoder(key.clone()),
                fed: decoder.fed(),
                made: video.decoded.frames.load(Ordering::Relaxed),
                patience,
            })
        })
    }

    pub(super) fn audio_stats(&self, levels: &Levels) -> Vec<TrackStats> {
        let mut stats: Vec<_> = self
            .tracks
            .iter()
            .filter_map(|(key, track)| {
                let (Media::Sound { packets }, owner) = (&track.media, self.owners.get(key)?)
                else {
                    return None;
                };
                let level = levels.of(&Part::Sound(key.clone()));
                Some(TrackStats {
                    participant: owner.participant.clone(),
                    packets: *packets,
                    level_dbfs: level.unwrap_or(SILENCE_DBFS),
                    jitter_buffer_delay_ms: milliseconds(track.held.delay),
                    jitter_buffer_target_delay_ms: milliseconds(track.held.target),
                    jitter_buffer_emitted_count: track.held.count,
                    estimated_playout_timestamp_ms: track.playing_ms(self.graph.time()),
                })
            })
            .collect();
        stats.sort_by(|a, b| a.participant.cmp(&b.participant));
        stats
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Track {
    fn goes_on(&self, frame: &Frame) -> bool {
        (self.codec, self.source) == (frame.codec, frame.source)
    }

    fn playing_ms(&self, now: Duration) -> Option<u64> {
        self.playout.playing(now).map(milliseconds)
    }

    /// When to play a frame that is whole now.
    fn schedule(&mut self, frame: &Frame, now: Duration) -> Duration {
        let alone = match &self.media {
            // What comes after a gap is not shown before one that stands alone, and its wait was in vain.
            Media::Video(video) => frame.key || video.would_drop(frame),
            Media::Sound { .. } => false,
        };
        let arrival = playout::arrival(frame.at, now, alone);
        let due = self.playout.schedule(arrival, frame.rtp_time);
        self.held.add(frame.at, now, due, self.playout.delay());
        due
    }
}

impl Owner {
    fn tile(&self) -> TileSource {
        TileSource::Participant {
            participant: self.participant.clone(),
            source: self.source,
        }
    }

    /// Sound and picture of one person, or of one presentation.
    fn goes_with(&self, other: &Self) -> bool {
        let presented =
            |owner: &Self| matches!(owner.source, SourceKind::Content | SourceKind::ContentAudio);
        self.participant == other.participant && presented(self) == presented(other)
    }

    fn is_sound(&self) -> bool {
        matches!(
            self.source,
            SourceKind::Microphone | SourceKind::ContentAudio
        )
    }
}
