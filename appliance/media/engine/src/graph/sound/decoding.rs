//! What arrives of a voice becomes sound, with something in the place of what did not arrive.

use std::time::Duration;

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;

use super::{
    super::{GraphError, KEPT_BACK, clock_time, encoder::live_input, make},
    elements::opus_caps,
};
use crate::{
    opus::{self, Voice},
    transport::Frame,
};

/// A voice's decoder.
#[derive(Debug)]
pub(super) struct Decoding {
    input: gst_app::AppSrc,
    decoder: gst::Element,
    voice: Voice,
    /// What packets say of those before them is used: each is held until the next one came.
    redundancy: bool,
}

impl Decoding {
    /// Its elements are not linked yet.
    pub(super) fn new() -> Result<Self, GraphError> {
        let (input, decoder) = opus_decoder()?;
        Ok(Self {
            input,
            decoder,
            voice: Voice::default(),
            redundancy: false,
        })
    }

    pub(super) fn input(&self) -> &gst_app::AppSrc {
        &self.input
    }

    pub(super) fn decoder(&self) -> &gst::Element {
        &self.decoder
    }

    /// Whether packets are held though nothing was lost for a long time: another decoder is to take over, since this one
    /// would leave out the packet that it holds, and play it the next time that it holds one.
    pub(super) fn holds_in_vain(&self, at: Duration) -> bool {
        self.redundancy && !self.voice.loses(at)
    }

    /// Decodes a frame that is due at `at`, and something in the place of those that were lost before it. Answers how much
    /// later it is played.
    pub(super) fn push(&mut self, frame: &Frame, at: Duration) -> Duration {
        let lost = self
            .voice
            .missing(frame.rtp_time, frame.contiguous, &frame.data, at);
        if !self.redundancy && self.voice.loses(at) {
            self.decoder.set_property("use-inband-fec", true);
            self.redundancy = true;
        }
        let held = match self.redundancy {
            true => opus::length(&frame.data),
            false => Duration::ZERO,
        };
        let at = at + held;
        for before in (1..=lost.packets).rev() {
            let at = at.saturating_sub(lost.each * before);
            let _ = self.input.push_buffer(made_up(at, lost.each));
        }
        let mut buffer = gst::Buffer::from_slice(frame.data.clone());
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(clock_time(at));
            if !frame.contiguous && lost.packets == 0 {
                buffer.set_flags(gst::BufferFlags::DISCONT);
            }
        }
        let _ = self.input.push_buffer(buffer);
        held
    }
}

fn opus_decoder() -> Result<(gst_app::AppSrc, gst::Element), GraphError> {
    let input = live_input(50);
    input.set_caps(Some(&opus_caps()));
    let output = input.static_pad("src").expect("every source has one");
    output.add_probe(gst::PadProbeType::BUFFER, |pad, info| match info.buffer() {
        Some(lost) if lost.size() == 0 => {
            if let Some(at) = lost.pts() {
                pad.push_event(
                    gst::event::Gap::builder(at)
                        .duration(lost.duration())
                        .build(),
                );
            }
            KEPT_BACK
        }
        _ => gst::PadProbeReturn::Ok,
    });
    let decoder = make("opusdec")?;
    decoder.set_property("plc", true);
    tell_no_latency(&decoder);
    Ok((input, decoder))
}

/// Once it uses redundancy the decoder asks for the longest packet that Opus has, 120 ms, by which all sound would be late
/// from then on. [`Decoding::push`] plays a track's packets as much later as they are held.
fn tell_no_latency(decoder: &gst::Element) {
    let output = decoder.static_pad("src").expect("every decoder has one");
    output.add_probe(gst::PadProbeType::QUERY_UPSTREAM, |_, info| {
        match info.query_mut().map(gst::QueryRef::view_mut) {
            Some(gst::QueryViewMut::Latency(latency)) => {
                latency.set(true, gst::ClockTime::ZERO, gst::ClockTime::NONE);
                gst::PadProbeReturn::Handled
            }
            _ => gst::PadProbeReturn::Ok,
        }
    });
}

/// In the place of a packet that was lost: the decoder makes up what it may have been, from what
/// came before or from the redundancy in the next one (RFC 6716 section 4.4). Decoders take an
/// event for it, which no source can be given in order; [`opus_decoder`] makes one of this.
fn made_up(at: Duration, lasts: Duration) -> gst::Buffer {
    let mut buffer = gst::Buffer::new();
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(clock_time(at));
        buffer.set_duration(clock_time(lasts));
    }
    buffer
}

#[cfg(test)]
mod tests {
    use super::super::super::{Part, chain};
    use super::super::{
        elements::{opus_encoder, raw_caps},
        opus_frame, tone_packet,
    };
    use super::*;

    /// Runs these elements from their first one's input to the end.
    fn run_through(
        input: &gst_app::AppSrc,
        element: &gst::Element,
        feed: impl FnOnce(),
    ) -> Vec<gst::Sample> {
        let pipeline = gst::Pipeline::new();
        let output = gst_app::AppSink::builder().sync(false).build();
        chain(
            &pipeline,
            Part::Microphone,
            &[input.upcast_ref(), element, output.upcast_ref()],
        )
        .expect("they fit");
        input.set_max_buffers(0);
        pipeline.set_state(gst::State::Playing).expect("it runs");
        feed();
        input.end_of_stream().expect("it takes the end");
        let samples = std::iter::from_fn(|| output.pull_sample().ok()).collect();
        pipeline.set_state(gst::State::Null).expect("it ends");
        samples
    }

    /// 3 s of the tone as Opus.
    fn spoken() -> Vec<Frame> {
        let input = live_input(0);
        input.set_caps(Some(&raw_caps()));
        let encoder = opus_encoder().expect("there is one");
        let feed = || {
            for number in 0..150 {
                input
                    .push_buffer(tone_packet(number, 3))
                    .expect("it takes sound");
            }
        };
        let samples = run_through(&input, &encoder, feed);
        let frames = samples.iter().filter_map(|s| opus_frame(s.buffer()?, 0));
        frames.take(149).collect()
    }

    /// What is heard of it, in pieces of 5 ms with their loudest sample.
    fn heard(spoken: &[Frame], lost: impl Fn(usize) -> bool) -> Vec<u16> {
        let mut decoding = Decoding::new().expect("there is a decoder");
        let (input, decoder) = (decoding.input.clone(), decoding.decoder.clone());
        let feed = || {
            let mut contiguous = true;
            for (index, frame) in spoken.iter().enumerate() {
                if lost(index) {
                    contiguous = false;
                    continue;
                }
                let contiguous = std::mem::replace(&mut contiguous, true);
                let frame = Frame {
                    contiguous,
                    ..frame.clone()
                };
                decoding.push(&frame, frame.at);
            }
        };
        let samples = run_through(&input, &decoder, feed);
        let mut loudest = Vec::new();
        for sample in samples {
            let map = sample
                .buffer()
                .and_then(|b| b.map_readable().ok())
                .expect("sound");
            // Two channels.
            for piece in map.chunks(5 * 48 * 4) {
                let samples = piece.as_chunks::<2>().0.iter();
                let loud = samples.map(|s| i16::from_le_bytes(*s).unsigned_abs()).max();
                loudest.push(loud.unwrap_or(0));
            }
        }
        loudest
    }

    #[test]
    fn what_is_lost_is_made_up() {
        gst::init().expect("GStreamer is there");
        let spoken = spoken();
        let quiet = |heard: &[u16]| heard.iter().filter(|loudest| **loudest < 400).count();
        let whole = heard(&spoken, |_| false);
        // A fifth, one by one and three in a row.
        let lossy = heard(&spoken, |index| {
            index % 5 == 3 && index < 70 || (90..93).contains(&index)
        });
        assert_eq!(whole.len(), spoken.len() * 4, "nothing is held");
        let held = 4;
        assert_eq!(lossy.len() + held, whole.len(), "as long as it was");
        let (quiet, before) = (quiet(&lossy), quiet(&whole));
        assert!(
            quiet <= before + 8,
            "{quiet} quiet pieces, {before} without loss"
        );
    }
}
