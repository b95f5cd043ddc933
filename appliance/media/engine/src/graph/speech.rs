//! Words that the panel says to the people in the room: sound that comes in pieces, played one after the other.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use gstreamer as gst;
use gstreamer_app as gst_app;

use super::{Graph, ticker::Ticker};

/// Packets that are there before their time: the mix runs on the clock and leaves out what comes late.
const AHEAD: u64 = 5;
/// Packets a second.
const PACKETS: u32 = 50;
/// Nobody listens to a panel for longer than this without a touch, in seconds.
const MOST_SECONDS: usize = 120;

/// What waits to be said; shared with the thread that says it.
#[derive(Clone, Debug)]
pub(super) struct Words {
    rate: u32,
    samples: Arc<Mutex<VecDeque<i16>>>,
}

impl Words {
    /// Of so many samples a second.
    pub(super) fn new(rate: u32) -> Self {
        Self {
            rate,
            samples: Arc::default(),
        }
    }

    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// Adds to what waits, or takes its place.
    pub(super) fn add(&self, samples: &[i16], interrupts: bool) {
        let mut waiting = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if interrupts {
            waiting.clear();
        }
        let most = MOST_SECONDS * self.rate as usize;
        let room = most.saturating_sub(waiting.len());
        waiting.extend(samples.iter().take(room));
    }

    /// The next packet; silence where nothing waits.
    fn packet(&self) -> Vec<u8> {
        let mut waiting = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let samples = (0..self.rate / PACKETS).map(|_| waiting.pop_front().unwrap_or(0));
        samples.flat_map(i16::to_le_bytes).collect()
    }
}

/// Says what waits, into `input`, until it is dropped.
pub(super) fn start(
    graph: &Graph,
    input: &gst_app::AppSrc,
    words: &Words,
) -> std::io::Result<Ticker> {
    let (input, graph, words) = (input.clone(), graph.clone(), words.clone());
    let mut packet = graph.now().mseconds() / 20;
    let (priorities, period) = (graph.priorities().clone(), Duration::from_millis(20));
    Ticker::with("speech", &priorities, period, move || {
        let due = graph.now().mseconds() / 20;
        packet = packet.max(due);
        while packet < due + AHEAD {
            let mut buffer = gst::Buffer::from_slice(words.packet());
            if let Some(buffer) = buffer.get_mut() {
                buffer.set_pts(gst::ClockTime::from_mseconds(packet * 20));
                buffer.set_duration(gst::ClockTime::from_mseconds(20));
            }
            let _ = input.push_buffer(buffer);
            packet += 1;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &Words, packets: usize) -> Vec<i16> {
        let bytes: Vec<u8> = (0..packets).flat_map(|_| words.packet()).collect();
        let pairs = bytes.as_chunks::<2>().0.iter();
        pairs.map(|pair| i16::from_le_bytes(*pair)).collect()
    }

    #[test]
    fn words_are_said_one_after_the_other_and_then_there_is_silence() {
        let words = Words::new(100);
        words.add(&[1, 2, 3], false);
        words.add(&[4], false);
        assert_eq!(said(&words, 3), [1, 2, 3, 4, 0, 0]);
    }

    #[test]
    fn what_matters_more_takes_the_place_of_what_waits() {
        let words = Words::new(100);
        words.add(&[1; 50], false);
        assert_eq!(said(&words, 1), [1, 1]);
        words.add(&[7, 8], true);
        assert_eq!(said(&words, 2), [7, 8, 0, 0]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let words = Words::new(100);
        words.add(&vec![1; 1_000_000], false);
        assert_eq!(words.samples.lock().unwrap().len(), 100 * MOST_SECONDS);
    }
}
