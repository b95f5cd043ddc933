//! What the loudspeaker plays, on its way to the processing of what the microphone captures.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use gstreamer::{self as gst, prelude::*};

use super::microphone::samples;
use crate::sound::{PERIOD, Processing, Steps};

/// Periods that wait for the microphone's next one; more come together only when that thread is
/// late, and then the oldest are lost to the canceller.
const WAITING: usize = 30;

/// The processing of the room's sound, between the loudspeaker's thread and the microphone's.
/// The loudspeaker never waits for it.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    played: Arc<Mutex<Played>>,
    processing: Arc<Mutex<Processing>>,
}

#[derive(Debug, Default)]
struct Played {
    periods: VecDeque<[i16; PERIOD]>,
    begun: Vec<i16>,
    /// Whether anybody takes them.
    wanted: bool,
}

impl Reference {
    pub(super) fn new(steps: Steps) -> Self {
        Self {
            played: Arc::default(),
            processing: Arc::new(Mutex::new(Processing::new(steps))),
        }
    }

    /// Listens to what goes into this element.
    pub(super) fn watch(&self, loudspeaker: &gst::Element) {
        let Some(pad) = loudspeaker.static_pad("sink") else {
            return;
        };
        let this = self.clone();
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some(Ok(map)) = info.buffer().map(|buffer| buffer.map_readable()) {
                this.played().push(samples(map.as_slice()));
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// The microphone was opened or closed: what was played before is of no use.
    pub(super) fn follow(&self, open: bool) {
        *self.played() = Played {
            wanted: open,
            ..Played::default()
        };
    }

    /// Processes the microphone's next period, in place.
    pub(super) fn captured(&self, period: &mut [i16; PERIOD]) {
        let played = std::mem::take(&mut self.played().periods);
        let mut processing = self
            .processing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for period in &played {
            processing.played(period);
        }
        processing.captured(period);
    }

    fn played(&self) -> std::sync::MutexGuard<'_, Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Played {
    fn push(&mut self, samples: impl Iterator<Item = i16>) {
        if !self.wanted {
            return;
        }
        self.begun.extend(samples);
        while let Some((period, rest)) = self.begun.split_first_chunk::<PERIOD>() {
            self.periods.push_back(*period);
            self.begun = rest.to_vec();
        }
        while self.periods.len() > WAITING {
            self.periods.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_played_waits_in_whole_periods_and_not_for_ever() {
        let mut played = Played::default();
        played.push([1; 480].into_iter());
        assert!(played.periods.is_empty(), "nobody wants it");
        played.wanted = true;
        played.push([1; 300].into_iter());
        assert!(played.periods.is_empty());
        played.push([1; 300].into_iter());
        assert_eq!((played.periods.len(), played.begun.len()), (1, 120));
        played.push([2; 48_000].into_iter());
        assert_eq!(played.periods.len(), WAITING);
    }
}
