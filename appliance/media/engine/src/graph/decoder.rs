//! One VP8 decoder for one received track. A decoded picture comes out when it is due.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;

use super::{
    Graph, GraphError, GraphEvent, Part, TrackKey, chain, clock_time, make,
    source_video::PictureSink, start, stop,
};
use crate::transport::Frame;

/// What a decoder did so far.
#[derive(Debug, Default)]
pub struct Decoded {
    /// Pictures.
    pub frames: AtomicU64,
    /// Pixels of the last one.
    pub width: AtomicU32,
    /// Pixels of the last one.
    pub height: AtomicU32,
}

/// A running decoder; dropping it ends it.
#[derive(Debug)]
pub struct VideoDecoder {
    input: gst_app::AppSrc,
    pipeline: gst::Pipeline,
}

impl VideoDecoder {
    /// Starts a decoder; `sink` gets its pictures in time, on the decoder's thread.
    ///
    /// # Errors
    /// When the pipeline can't be built.
    pub fn start(
        graph: &Graph,
        key: &TrackKey,
        decoded: Arc<Decoded>,
        sink: PictureSink,
    ) -> Result<Self, GraphError> {
        let part = Part::Decoder(key.clone());
        let reported = part.clone();
        let pipeline = graph.pipeline("decoder", move |_| reported.clone());
        let input = gst_app::AppSrc::builder()
            .is_live(true)
            .format(gst::Format::Time)
            .caps(&gst::Caps::builder("video/x-vp8").build())
            // Two seconds; the daemon's machine is far behind when these are full.
            .max_buffers(60)
            .max_bytes(0)
            .leaky_type(gst_app::AppLeakyType::Downstream)
            .build();
        pass_on_key_frame_requests(graph, key, &input);
        let decoder = make("vp8dec")?;
        decoder.set_property("threads", 1_u32);
        decoder.set_property("automatic-request-sync-points", true);
        let output = gst_app::AppSink::builder()
            .sync(true)
            .async_(false)
            .max_buffers(1)
            .build();
        output.set_property("enable-last-sample", false);
        // Handing a picture on takes no time that would have to be added to every picture's delay.
        output.set_property("processing-deadline", 0_u64);
        output.set_callbacks(callbacks(graph, key, decoded, sink));
        chain(
            &pipeline,
            part.clone(),
            &[input.upcast_ref(), &decoder, output.upcast_ref()],
        )?;
        let running = Self { input, pipeline };
        start(part, &running.pipeline)?;
        Ok(running)
    }

    /// Decodes a frame, to be shown at this time.
    pub fn push(&self, frame: &Frame, play_at: Duration) {
        let mut buffer = gst::Buffer::from_slice(frame.data.clone());
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(clock_time(play_at));
            if !frame.key {
                buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
        }
        // Refused only while it fails or ends; then it is replaced or not wanted.
        let _ = self.input.push_buffer(buffer);
    }
}

impl Drop for VideoDecoder {
    fn drop(&mut self) {
        stop(&self.pipeline);
    }
}

fn pass_on_key_frame_requests(graph: &Graph, key: &TrackKey, input: &gst_app::AppSrc) {
    let (graph, key) = (graph.clone(), key.clone());
    if let Some(pad) = input.static_pad("src") {
        pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
            if info
                .event()
                .is_some_and(|e| gst_video::UpstreamForceKeyUnitEvent::parse(e).is_ok())
            {
                graph.say(GraphEvent::KeyFrameNeeded(key.clone()));
            }
            gst::PadProbeReturn::Ok
        });
    }
}

fn callbacks(
    graph: &Graph,
    key: &TrackKey,
    decoded: Arc<Decoded>,
    sink: PictureSink,
) -> gst_app::AppSinkCallbacks {
    let (graph, key) = (graph.clone(), key.clone());
    gst_app::AppSinkCallbacks::builder()
        .new_sample(move |output| {
            let sample = output.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            remember_size(&sample, &decoded);
            sink(&sample);
            if decoded.frames.fetch_add(1, Ordering::Relaxed) == 0 {
                graph.say(GraphEvent::FirstPicture(key.clone()));
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .build()
}

fn remember_size(sample: &gst::Sample, decoded: &Decoded) {
    let Some(structure) = sample.caps().and_then(|caps| caps.structure(0)) else {
        return;
    };
    let pixels = |name| {
        structure
            .get::<i32>(name)
            .ok()
            .and_then(|v| u32::try_from(v).ok())
    };
    decoded
        .width
        .store(pixels("width").unwrap_or(0), Ordering::Relaxed);
    decoded
        .height
        .store(pixels("height").unwrap_or(0), Ordering::Relaxed);
}
