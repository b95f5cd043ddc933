//! The threads in which GStreamer's elements work, each as it begins and ends.
//!
//! A message tells of both, in the thread itself: of an element's own thread, and of those between ALSA's elements and their cards.
//! Threads are used again, for other elements too.

use std::cell::Cell;

use gstreamer::{StreamStatusType, message::StreamStatus};
use saal_hal_linux::Priorities;

use super::Part;

thread_local! {
    /// Whether the thread is preferred.
    static PREFERRED: Cell<bool> = const { Cell::new(false) };
}

/// Prefers those that carry sound. Those of a browser don't count: they carry its pictures too.
pub(super) fn follow(priorities: &Priorities, part: &Part, status: &StreamStatus) {
    if !matches!(part, Part::Microphone | Part::Loudspeaker | Part::Sound(_)) {
        return;
    }
    match status.get().0 {
        StreamStatusType::Enter => {
            priorities.prefer();
            PREFERRED.set(true);
        }
        StreamStatusType::Leave => {
            priorities.leave();
            PREFERRED.set(false);
        }
        _ => {}
    }
}

/// The thread that calls this says that something fails. What serves a card that was pulled waits for nothing any more until it is
/// stopped, and in real time who is to stop it would not get the processor.
pub(super) fn failed(priorities: &Priorities) {
    if PREFERRED.take() {
        priorities.leave();
    }
}
