//! The threads in which GStreamer's elements work, each as it begins and ends.
//!
//! A message tells of both, in the thread itself: of an element's own thread, and of those between ALSA's elements and their cards.
//! Threads are used again, for other elements too.

use gstreamer::{StreamStatusType, message::StreamStatus};
use saal_hal_linux::Priorities;

use super::Part;

/// Prefers those that carry sound. Those of a browser don't count: they carry its pictures too.
pub(super) fn follow(priorities: &Priorities, part: &Part, status: &StreamStatus) {
    if !matches!(part, Part::Microphone | Part::Loudspeaker | Part::Sound(_)) {
        return;
    }
    match status.get().0 {
        StreamStatusType::Enter => priorities.prefer(),
        StreamStatusType::Leave => priorities.leave(),
        _ => {}
    }
}
