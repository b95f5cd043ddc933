//! How much of what a far end sends waits for the engine.
//!
//! Frames, and what senders say of them, come as fast as the network brings them. An engine that is behind, on a machine with
//! more to do than it can, would hold ever more of them. From [`MOST`] on they are left out, as a network that is too slow leaves
//! them out: the next frame of the track says that something is missing, and a key frame is asked for.

use std::{collections::HashSet, sync::Arc};

use super::Frame;

/// Of one connection: more than half a second of 49 pictures at full rate with sound.
const MOST: usize = 1024;

/// As long as it lives, something waits.
#[derive(Clone, Debug, Default)]
pub struct Place {
    _waits: Arc<()>,
}

/// Of one connection.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Its other owners are the places.
    places: Arc<()>,
    /// Tracks of which a frame was left out, and none has come since.
    lost: HashSet<String>,
}

impl Backlog {
    /// Room for one more; `None` while too many wait.
    pub(super) fn place(&self) -> Option<Place> {
        let taken = Arc::strong_count(&self.places) - 1;
        (taken < MOST).then(|| Place {
            _waits: Arc::clone(&self.places),
        })
    }

    /// Room for a frame of this track. The first one that has some after others had none is told to follow a loss.
    pub(super) fn place_for(&mut self, track: &str, frame: &mut Frame) -> Option<Place> {
        let place = self.place();
        if place.is_some() {
            frame.contiguous &= !self.lost.remove(track);
        } else if self.lost.insert(track.to_owned()) {
            tracing::warn!(track, "the engine is behind; received frames are left out");
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use saal_media_protocol::Codec;

    use super::*;

    fn frame() -> Frame {
        Frame {
            codec: Codec::Vp8,
            source: 0,
            rtp_time: 0,
            at: Duration::ZERO,
            key: false,
            contiguous: true,
            temporal: None,
            layers: Vec::new(),
            level: None,
            data: Arc::from([0]),
        }
    }

    #[test]
    fn an_engine_that_is_behind_holds_so_many_and_hears_that_some_are_missing() {
        let mut backlog = Backlog::default();
        let mut waiting = Vec::new();
        while let Some(place) = backlog.place_for("camera", &mut frame()) {
            waiting.push(place);
            assert!(waiting.len() <= MOST, "it ends");
        }
        assert_eq!(waiting.len(), MOST);
        assert!(backlog.place().is_none(), "for nothing else either");

        waiting.pop();
        let (mut camera, mut other) = (frame(), frame());
        waiting.extend(backlog.place_for("camera", &mut camera));
        assert!(!camera.contiguous, "one before it is missing");
        waiting.clear();
        for (track, frame) in [("camera", &mut frame()), ("other", &mut other)] {
            assert!(backlog.place_for(track, frame).is_some());
            assert!(frame.contiguous, "nothing of {track} is missing");
        }
    }
}
