//! A laptop's sound: Opus that comes, for the room's loudspeaker and for the meeting, which gets it as it is.

use std::sync::{Arc, Mutex};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use saal_media_protocol::Codec;

use super::{BrowserSaid, LATENCY_MS, Told, lock, read_by};
use crate::{
    graph::{GraphError, Part, duration, make},
    opus,
    transport::Frame,
};

/// Opus's in the one offer.
const PAYLOAD: i32 = 97;
/// Packets that wait to be read; who reads them does nothing else.
const WAITING: u32 = 50;
/// A packet's time (RFC 3550, section 5.1).
const RTP_TIME: std::ops::Range<usize> = 4..8;

/// Whole, as [`super::vp8_caps`]. Films have two channels.
pub(super) fn caps() -> gst::Caps {
    gst::Caps::builder("application/x-rtp")
        .field("media", "audio")
        .field("encoding-name", "OPUS")
        .field("payload", PAYLOAD)
        .field("clock-rate", 48_000)
        .field("encoding-params", "2")
        .field("stereo", "1")
        .field("useinbandfec", "1")
        .build()
}

/// Says what comes out of a pad.
pub(super) fn receive(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    told: &Told,
) -> Result<(), GraphError> {
    let part = Part::Browser(told.browser);
    let (queue, depay) = (make("queue")?, make("rtpopusdepay")?);
    let clock = Arc::<Mutex<RtpClock>>::default();
    follow(&clock, &depay);
    let output = gst_app::AppSink::builder()
        .sync(false)
        .async_(false)
        .max_buffers(WAITING)
        .drop(true)
        .build();
    let said = told.clone();
    let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |output| {
        let sample = output.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let time = lock(&clock).time;
        if let Some(frame) = sample.buffer().and_then(|buffer| frame(buffer, time)) {
            said.say(BrowserSaid::Sound(frame));
        }
        Ok(gst::FlowSuccess::Ok)
    });
    output.set_callbacks(callbacks.build());
    let elements = [&queue, &depay, output.upcast_ref()];
    read_by(pad, pipeline, part, &elements)
}

/// The time of the newest packet, over all turns of its 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct RtpClock {
    time: u64,
}

impl RtpClock {
    fn packet(&mut self, time: u32) {
        if self.time == 0 {
            // Room for one that the first has overtaken.
            self.time = (1 << 32) + u64::from(time);
        }
        let forward = time.wrapping_sub(self.time as u32);
        // One that was overtaken is behind.
        let turn = forward.cast_signed().into();
        self.time = self.time.saturating_add_signed(turn);
    }
}

/// The depayloader makes one buffer of each packet, in the thread that brings it.
fn follow(clock: &Arc<Mutex<RtpClock>>, depay: &gst::Element) {
    let clock = clock.clone();
    let pad = depay
        .static_pad("sink")
        .expect("every depayloader has a sink pad");
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let packet = info.buffer().and_then(|buffer| buffer.map_readable().ok());
        let time = packet.and_then(|packet| packet.get(RTP_TIME)?.try_into().ok());
        if let Some(time) = time {
            lock(&clock).packet(u32::from_be_bytes(time));
        }
        gst::PadProbeReturn::Ok
    });
}

/// What is no Opus goes nowhere: others in the meeting would have to read it.
fn frame(buffer: &gst::BufferRef, rtp_time: u64) -> Option<Frame> {
    let data = buffer.map_readable().ok()?;
    opus::samples(&data)?;
    let heard_at = buffer.pts()? + gst::ClockTime::from_mseconds(u64::from(LATENCY_MS) + MARGIN_MS);
    Some(Frame {
        codec: Codec::Opus,
        source: 0,
        rtp_time,
        at: duration(heard_at),
        key: true,
        contiguous: !buffer.flags().contains(gst::BufferFlags::DISCONT),
        temporal: None,
        layers: Vec::new(),
        level: None,
        data: data.as_slice().into(),
    })
}

/// From webrtcbin's buffer to the mix, which leaves out what comes late, in milliseconds.
const MARGIN_MS: u64 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_when_its_numbers_begin_anew() {
        let mut clock = RtpClock::default();
        let mut at = |time: u32| {
            clock.packet(time);
            clock.time
        };
        let turn = 1 << 32;
        assert_eq!(at(0xffff_ff00), turn + 0xffff_ff00);
        assert_eq!(at(0x0000_02c0), 2 * turn + 0x2c0);
        assert_eq!(at(0xffff_ff00), turn + 0xffff_ff00, "it was overtaken");
        assert_eq!(at(0x0000_0680), 2 * turn + 0x680);
    }

    #[test]
    fn what_is_no_opus_goes_nowhere() {
        gst::init().expect("GStreamer is there");
        let framed = |bytes: &'static [u8]| {
            let mut buffer = gst::Buffer::from_slice(bytes);
            let unshared = buffer.get_mut().expect("nobody else has it");
            unshared.set_pts(gst::ClockTime::from_seconds(1));
            frame(&buffer, 48_000)
        };
        let good = framed(&[0x78, 1, 2]).expect("20 ms of sound");
        assert_eq!((good.rtp_time, good.at.as_millis()), (48_000, 1_100));
        assert!(framed(&[]).is_none() && framed(&[0x7B, 0]).is_none());
    }
}
