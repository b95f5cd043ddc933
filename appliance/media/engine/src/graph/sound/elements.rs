//! The elements of the sound, each set up as it is used.

use gstreamer::{self as gst, prelude::*};

use super::{
    super::{GraphError, live_aggregator, make},
    SoundDevice,
};

/// How sound is carried inside: what Opus and WebRTC use.
const RATE: i32 = 48_000;
/// What people's voices need; the field's usual rate for speech.
const OPUS_BITRATE: i32 = 32_000;
/// What is mixed and given to the card at once: it waits that long to be mixed, and as long again for the card.
const PIECE: gst::ClockTime = gst::ClockTime::from_mseconds(5);
/// What the card has in its buffer.
const CARD: gst::ClockTime = gst::ClockTime::from_mseconds(20);
/// How late the thread may be that mixes; what comes later than this is silence, however much the card has.
const MIXING: gst::ClockTime = gst::ClockTime::from_mseconds(10);
/// What may wait for room in the card: more than any card is late.
const MOST_WAITING: gst::ClockTime = gst::ClockTime::from_mseconds(500);
/// `level` reports each second, and ten times a second while people look at it.
const LEVEL_INTERVAL: u64 = 1_000_000_000;
const OFTEN: u64 = 100_000_000;

pub(super) fn raw_caps() -> gst::Caps {
    gst::Caps::builder("audio/x-raw")
        .field("format", "S16LE")
        .field("layout", "interleaved")
        .field("rate", RATE)
        .field("channels", 1_i32)
        .build()
}

/// One channel of this many samples a second, as a voice makes it.
pub(super) fn voice_caps(rate: u32) -> gst::Caps {
    let rate = i32::try_from(rate).unwrap_or(RATE);
    let mut caps = raw_caps();
    caps.make_mut().set_value("rate", (&rate).into());
    caps
}

pub(super) fn opus_caps() -> gst::Caps {
    gst::Caps::builder("audio/x-opus")
        .field("rate", RATE)
        .field("channels", 2_i32)
        .field("channel-mapping-family", 0_i32)
        .build()
}

pub(super) fn mixer() -> Result<gst::Element, GraphError> {
    let mixer = live_aggregator("audiomixer")?;
    // A track that is re-timed by its playout is moved at once, or its samples come too late.
    mixer.set_property("alignment-threshold", gst::ClockTime::from_mseconds(5));
    mixer.set_property("discont-wait", gst::ClockTime::ZERO);
    mixer.set_property("output-buffer-duration", PIECE);
    Ok(mixer)
}

/// What is mixed and has no room in the card yet. Without it the mixer would wait for the card, find that it is late for
/// each voice, take silence for what has not come to it yet, and leave out what comes then, as long as the card is late.
pub(super) fn waiting() -> Result<gst::Element, GraphError> {
    let queue = make("queue")?;
    queue.set_property("max-size-time", MOST_WAITING);
    queue.set_property("max-size-buffers", 0_u32);
    queue.set_property("max-size-bytes", 0_u32);
    Ok(queue)
}

pub(super) fn level() -> Result<gst::Element, GraphError> {
    let level = make("level")?;
    level.set_property("interval", LEVEL_INTERVAL);
    Ok(level)
}

pub(super) fn set_interval(level: &gst::Element, often: bool) {
    let wanted = if often { OFTEN } else { LEVEL_INTERVAL };
    if level.property::<u64>("interval") != wanted {
        level.set_property("interval", wanted);
    }
}

pub(super) fn opus_encoder() -> Result<gst::Element, GraphError> {
    let encoder = make("opusenc")?;
    encoder.set_property("bitrate", OPUS_BITRATE);
    encoder.set_property("inband-fec", true);
    // What the encoder protects against; forward error correction is off at 0.
    encoder.set_property("packet-loss-percentage", 5_i32);
    encoder.set_property_from_str("frame-size", "20");
    encoder.set_property_from_str("audio-type", "voice");
    Ok(encoder)
}

pub(super) fn loudspeaker(device: &SoundDevice) -> Result<gst::Element, GraphError> {
    match device {
        SoundDevice::Simulated => {
            let sink = make("fakesink")?;
            sink.set_property("sync", true);
            sink.set_property("async", false);
            Ok(sink)
        }
        SoundDevice::Alsa(name) => {
            let sink = make("alsasink")?;
            sink.set_property("device", name);
            let microseconds = |time: gst::ClockTime| i64::try_from(time.useconds()).unwrap_or(0);
            sink.set_property("buffer-time", microseconds(CARD));
            sink.set_property("latency-time", microseconds(PIECE));
            sink.set_property("processing-deadline", MIXING);
            sink.set_property("provide-clock", false);
            follow_clock(&sink);
            sink.set_property("async", false);
            Ok(sink)
        }
    }
}

/// A card's clock is followed in steps, each shorter than what is heard and than what makes the echo's removal begin anew.
/// Resampling would do without steps, but after a card ran dry, or while a sound server finds out what its delay is, it took
/// seconds to find back, silent or slow (docs/adr/0075).
fn follow_clock(sink: &gst::Element) {
    sink.set_property_from_str("slave-method", "skew");
    sink.set_property("drift-tolerance", 5_000_i64);
    sink.set_property("alignment-threshold", gst::ClockTime::from_mseconds(4));
    sink.set_property("discont-wait", gst::ClockTime::ZERO);
}
