//! Notes that the room plays itself: four soft ones for somebody who calls, then quiet, until people answer; and a scale by
//! which people hear whether the loudspeaker works.

use std::time::Duration;

use gstreamer as gst;
use gstreamer_app as gst_app;

use super::{Graph, ticker::Ticker};

/// Samples a second.
const RATE: u64 = 48_000;
/// Samples in 20 ms.
const PACKET: u64 = 960;
/// Packets that are there before their time: the mix runs on the clock and leaves out what comes late.
const AHEAD: u64 = 5;
/// Samples from one call of the notes to the next.
const PERIOD: u64 = 3 * RATE;
/// Samples between two notes.
const STEP: u64 = RATE / 5;

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notes {
    /// E5, C5, E5, G5 in equal temperament.
    Ring,
    /// From C3 to C6, through all that small loudspeakers and large ones can do.
    Scale,
}

impl Notes {
    /// Hz.
    fn frequencies(self) -> &'static [f32] {
        match self {
            Self::Ring => &[659.26, 523.25, 659.26, 783.99],
            Self::Scale => &[130.81, 196.0, 261.63, 392.0, 523.25, 783.99, 1046.5],
        }
    }
}

/// A quarter of what the loudspeaker could do: heard across a room, and frightens nobody in it.
const LOUDNESS: f32 = 0.25;
/// Notes die away as a struck bar does, to a third in this time.
const DECAY_SECONDS: f32 = 0.18;
/// Long enough not to click.
const ATTACK_SECONDS: f32 = 0.004;

/// Plays into `input` until it is dropped.
pub(super) fn start(
    graph: &Graph,
    input: &gst_app::AppSrc,
    notes: Notes,
) -> std::io::Result<Ticker> {
    let (input, graph) = (input.clone(), graph.clone());
    let first = graph.now().mseconds() / 20;
    let mut packet = first;
    let (priorities, period) = (graph.priorities().clone(), Duration::from_millis(20));
    Ticker::with("ringer", &priorities, period, move || {
        let due = graph.now().mseconds() / 20;
        packet = packet.max(due);
        while packet < due + AHEAD {
            let _ = input.push_buffer(buffer(notes, packet, packet - first));
            packet += 1;
        }
    })
}

/// The packet of this moment, which is this one since the ring began.
fn buffer(notes: Notes, moment: u64, since: u64) -> gst::Buffer {
    let samples = (since * PACKET..(since + 1) * PACKET).map(|number| sample(notes, number));
    let bytes: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let mut buffer = gst::Buffer::from_slice(bytes);
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(gst::ClockTime::from_mseconds(moment * 20));
        buffer.set_duration(gst::ClockTime::from_mseconds(20));
    }
    buffer
}

/// Sample `number` since the ring began.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "below three seconds of samples, and within what the loudness leaves of 16 bits"
)]
fn sample(notes: Notes, number: u64) -> i16 {
    let notes = notes.frequencies();
    let at = number % PERIOD;
    let last = notes.len() - 1;
    let note = usize::try_from(at / STEP).map_or(last, |note| note.min(last));
    let seconds = (at - note as u64 * STEP) as f32 / RATE as f32;
    let strength = (seconds / ATTACK_SECONDS).min(1.0) * (-seconds / DECAY_SECONDS).exp();
    let turn = std::f32::consts::TAU * notes[note] * seconds;
    let tone = 0.8 * turn.sin() + 0.2 * (2.0 * turn).sin();
    (tone * strength * LOUDNESS * f32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loudest(from: u64, to: u64) -> i16 {
        let samples = (from..to).map(|n| sample(Notes::Ring, n).saturating_abs());
        samples.max().unwrap_or(0)
    }

    #[test]
    fn four_notes_are_heard_and_then_nothing_for_a_while() {
        for note in 0..4 {
            let at = note * STEP;
            assert!(loudest(at, at + STEP) > 4_000, "note {note}");
        }
        assert!(loudest(2 * RATE, PERIOD) < 10, "people can speak between");
        assert_eq!(
            sample(Notes::Ring, PERIOD + 500),
            sample(Notes::Ring, 500),
            "and again"
        );
    }

    #[test]
    fn nothing_is_louder_than_it_should_be() {
        assert!(loudest(0, PERIOD) <= i16::MAX / 4);
    }
}
