//! The microphone: its device, what is done to its sound, and its encoder.
//!
//! ```text
//! ALSA -> 48 kHz, one channel -> appsink -> pacer, processing -> appsrc -> level -> Opus -> frames
//! ```

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;

use super::{
    super::{
        Graph, GraphError, GraphEvent, Part, chain, clock_time, encoder::FrameSink,
        encoder::live_input, loudness::Loudness, make, ticker::Ticker,
    },
    SoundDevice,
    elements::{level, opus_encoder, raw_caps},
    opus_callbacks,
    reference::Reference,
    tone_packet,
};
use crate::sound::{PERIOD, Pacer};

/// Periods that may wait for the encoder: half a second, after which it is too old to be sent.
const WAITING: u64 = 50;

/// Packets of the simulated microphone that are made up for when the computer was busy: a second, as a real one would have kept
/// them in its buffers, and as much as the encoder takes at once.
const MOST_LATE: u64 = WAITING - 5;

/// An open microphone.
#[derive(Debug)]
pub(super) struct Microphone {
    pub(super) bin: gst::Bin,
    pub(super) device: SoundDevice,
    pub(super) level: gst::Element,
    pub(super) ticker: Option<Ticker>,
}

impl Microphone {
    /// Builds it; it captures nothing yet. With a reference the sound of a real device is processed.
    pub(super) fn build(
        graph: &Graph,
        device: SoundDevice,
        seed: u64,
        reference: Option<Reference>,
        sink: FrameSink,
    ) -> Result<Self, GraphError> {
        let bin = gst::Bin::with_name("microphone");
        let input = live_input(WAITING);
        input.set_caps(Some(&raw_caps()));
        let (level, encoder) = (level()?, opus_encoder()?);
        let loudness = Loudness::default();
        loudness.watch(&encoder);
        let output = gst_app::AppSink::builder()
            .sync(false)
            .async_(false)
            .build();
        output.set_callbacks(opus_callbacks(sink, loudness));
        let elements = [input.upcast_ref(), &level, &encoder, output.upcast_ref()];
        chain(&bin, Part::Microphone, &elements)?;
        let ticker = match &device {
            SoundDevice::Simulated => tone(graph, &input, seed),
            SoundDevice::Alsa(node) => {
                capture(graph, &bin, node, &input, reference)?;
                None
            }
        };
        Ok(Self {
            bin,
            device,
            level,
            ticker,
        })
    }
}

/// Has the device's sound come into `input`, on the house's clock.
fn capture(
    graph: &Graph,
    bin: &gst::Bin,
    node: &str,
    input: &gst_app::AppSrc,
    reference: Option<Reference>,
) -> Result<(), GraphError> {
    let source = make("alsasrc")?;
    source.set_property("device", node);
    // Microseconds. Delay comes from the period alone; the rest is room for a computer that is busy for a moment.
    source.set_property("buffer-time", 200_000_i64);
    source.set_property("latency-time", 10_000_i64);
    // The pacer says when what was captured.
    source.set_property("provide-clock", false);
    source.set_property_from_str("slave-method", "none");
    let (convert, resample, format) = (
        make("audioconvert")?,
        make("audioresample")?,
        make("capsfilter")?,
    );
    format.set_property("caps", raw_caps());
    let captured = gst_app::AppSink::builder()
        .sync(false)
        .async_(false)
        .build();
    captured.set_callbacks(captured_callbacks(graph.clone(), input.clone(), reference));
    let elements = [&source, &convert, &resample, &format, captured.upcast_ref()];
    chain(bin, Part::Microphone, &elements)
}

fn captured_callbacks(
    graph: Graph,
    input: gst_app::AppSrc,
    reference: Option<Reference>,
) -> gst_app::AppSinkCallbacks {
    let pacer = Mutex::new((Pacer::default(), Tenth::default()));
    gst_app::AppSinkCallbacks::builder()
        .new_sample(move |output| {
            let sample = output.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            let Some(Ok(map)) = sample.buffer().map(|buffer| buffer.map_readable()) else {
                return Ok(gst::FlowSuccess::Ok);
            };
            let samples: Vec<i16> = samples(map.as_slice()).collect();
            let mut guard = pacer.lock().unwrap_or_else(PoisonError::into_inner);
            let (pacer, tenth) = &mut *guard;
            pacer.push(&samples, graph.time(), |at, period| {
                if let Some(dbfs) = tenth.add(period) {
                    graph.say(GraphEvent::Captured { dbfs });
                }
                if let Some(reference) = &reference {
                    reference.captured(period);
                }
                let _ = input.push_buffer(buffer(at, period));
            });
            Ok(gst::FlowSuccess::Ok)
        })
        .build()
}

/// How loud a tenth of a second is.
#[derive(Debug, Default)]
struct Tenth {
    squares: f64,
    periods: u32,
}

impl Tenth {
    /// After ten periods of 10 ms: dB below full scale.
    fn add(&mut self, period: &[i16; PERIOD]) -> Option<f64> {
        let squares = period.iter().map(|sample| f64::from(*sample).powi(2));
        self.squares += squares.sum::<f64>();
        self.periods += 1;
        if self.periods < 10 {
            return None;
        }
        let mean = self.squares / f64::from(self.periods) / PERIOD as f64;
        *self = Self::default();
        // Half a step of the converter stands for none at all.
        let root = mean.sqrt().max(0.5) / f64::from(i16::MAX);
        Some(20.0 * root.log10())
    }
}

pub(super) fn samples(bytes: &[u8]) -> impl Iterator<Item = i16> {
    let (samples, _) = bytes.as_chunks::<2>();
    samples.iter().map(|sample| i16::from_le_bytes(*sample))
}

fn buffer(at: Duration, period: &[i16; PERIOD]) -> gst::Buffer {
    let bytes: Vec<u8> = period.iter().flat_map(|s| s.to_le_bytes()).collect();
    let mut buffer = gst::Buffer::from_slice(bytes);
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(clock_time(at));
        buffer.set_duration(gst::ClockTime::from_mseconds(10));
    }
    buffer
}

/// Sample n of the tone is heard n / 48,000 s after the engine's start, as the time in the
/// simulated picture counts from then too.
fn tone(graph: &Graph, input: &gst_app::AppSrc, seed: u64) -> Option<Ticker> {
    let (input, graph) = (input.clone(), graph.clone());
    let period = Duration::from_millis(20);
    let mut packet = graph.now().mseconds() / 20;
    let ticker = Ticker::start("sim-microphone", period, move || {
        // Whole packets on one grid; late ones are made up for, so that sound has no holes.
        let due = graph.now().mseconds() / 20;
        packet = packet.max(due.saturating_sub(MOST_LATE));
        while packet < due {
            let _ = input.push_buffer(tone_packet(packet, seed));
            packet += 1;
        }
    });
    ticker
        .inspect_err(|error| tracing::error!(%error, "no simulated microphone"))
        .ok()
}
