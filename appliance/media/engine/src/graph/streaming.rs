//! The threads in which GStreamer's elements work, each as it begins and ends.
//!
//! A message tells of both, in the thread itself: of an element's own thread, and of those between ALSA's elements and their cards.
//! Threads are used again, for other elements too.

use std::sync::{Arc, Mutex, PoisonError};

use gstreamer::{StreamStatusType, message::StreamStatus};
use saal_hal_linux::{Priorities, Thread};

use super::Part;

/// Those that are preferred, as they carry sound, and for which part.
#[derive(Clone, Debug, Default)]
pub(super) struct Preferred(Arc<Mutex<Vec<(Part, Thread)>>>);

impl Preferred {
    /// Prefers those that carry sound. Those of a browser don't count: they carry its pictures too.
    pub(super) fn follow(&self, priorities: &Priorities, part: &Part, status: &StreamStatus) {
        if !carries_sound(part) {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let current = Thread::current();
        all.retain(|(_, thread)| *thread != current);
        match status.get().0 {
            StreamStatusType::Enter => {
                all.push((part.clone(), current));
                priorities.prefer();
            }
            StreamStatusType::Leave => priorities.leave(),
            _ => {}
        }
    }

    /// Prefers none of these parts' threads any more: they are about to be stopped, or one of them says that it fails.
    ///
    /// A thread that is being stopped may wait for nothing until it is. One serves a card that was pulled. That of alsasrc finds
    /// its ring buffer paused, is told that its element still plays, and looks again, until who stops it has come so far
    /// (`gst_audio_base_src_create`, `gst_base_src_wait_playing`). In real time that one would not get the processor.
    pub(super) fn end(&self, priorities: &Priorities, of: impl Fn(&Part) -> bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // None of them can end meanwhile: it says so here first.
        for (_, thread) in all.extract_if(.., |(part, _)| of(part)) {
            priorities.take_from(thread);
        }
    }
}

fn carries_sound(part: &Part) -> bool {
    matches!(part, Part::Microphone | Part::Loudspeaker | Part::Sound(_))
}
