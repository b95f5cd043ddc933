//! One encoder for one layer of a sent track.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use saal_media_protocol::{Codec, SourceKind};

use super::{
    Graph, GraphError, GraphEvent, HardwareEncoder, KEPT_BACK, Part, TrackKey, chain, clock_time,
    duration, hardware, make, source_video::any_layout, start, stop, temporal,
};
use crate::{plan::EncoderPlan, transport::Frame};

/// Where an encoder's frames go; called on the encoder's thread.
pub type FrameSink = Box<dyn Fn(Frame) + Send + Sync>;

/// The factory that encodes VP8.
pub const VP8_ENCODER: &str = "vp8enc";
/// Key frames come when somebody asks; this many frames without one is a minute and a half.
const KEY_FRAME_DISTANCE: i32 = 3_000;

/// Coarsest quantizer of pictures of people and of content: writing stays sharp, and when the
/// network is narrow fewer pictures of it come instead.
const COARSEST: i32 = 56;
const COARSEST_CONTENT: i32 = 40;
/// How empty the rate controller's buffer gets, in percent, before content leaves out pictures.
const CONTENT_DROPS_AT: i32 = 30;

/// What GStreamer calls memory that devices share (GST_ALLOCATOR_DMABUF).
const SHARED_MEMORY: &str = "dmabuf";

/// Of so many pictures one is encoded while what was sent waits on the way: at the coarsest quantizer 720p at full speed takes
/// 400 kbit/s, and each picture on top waits longer.
const ONE_OF: u64 = 6;

/// The encoders that a source feeds.
#[derive(Clone, Debug, Default)]
pub struct EncoderInputs {
    inputs: Arc<Mutex<Vec<gst_app::AppSrc>>>,
    fed: Arc<AtomicU64>,
}

impl EncoderInputs {
    /// Gives a picture to all of them; each drops it by itself when it is behind.
    pub fn push(&self, sample: &gst::Sample) {
        self.fed.fetch_add(1, Ordering::Relaxed);
        for input in self
            .inputs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            // An input that is just being removed refuses; its frames are not wanted any more.
            let _ = input.push_sample(sample);
        }
    }

    pub(super) fn add(&self, input: &gst_app::AppSrc) {
        self.inputs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(input.clone());
    }

    pub(super) fn remove(&self, input: &gst_app::AppSrc) {
        self.inputs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|other| other != input);
    }
}

/// A running encoder; dropping it ends it.
#[derive(Debug)]
pub struct VideoEncoder {
    plan: EncoderPlan,
    inputs: EncoderInputs,
    input: gst_app::AppSrc,
    encoder: gst::Element,
    h264: Option<HardwareEncoder>,
    pipeline: gst::Pipeline,
    /// Pictures that this one made.
    made: Arc<AtomicU64>,
    /// Most pictures are left out.
    leaves_out: Arc<AtomicBool>,
    imports: bool,
}

/// How a plan in H.264 is carried out.
#[derive(Clone, Copy, Debug)]
pub struct ByHardware<'a> {
    /// What does it.
    pub encoder: &'a HardwareEncoder,
    /// It reads pictures in the camera's memory. One in any other memory is a failure then.
    pub imports: bool,
}

/// The size that is encoded: of the plan, or as large as the hardware takes.
fn taken(plan: &EncoderPlan, by_hardware: Option<ByHardware<'_>>) -> gst::Caps {
    let wanted = (plan.size.width, plan.size.height);
    let (width, height) = by_hardware.map_or(wanted, |by| by.encoder.within(wanted));
    any_layout(width, height)
}

impl VideoEncoder {
    /// Starts encoding what `inputs` gets from now on, beginning with a key frame; `h264` does it for
    /// a plan in H.264, and may read pictures where they are.
    ///
    /// # Errors
    /// When the pipeline can't be built.
    pub fn start(
        graph: &Graph,
        plan: EncoderPlan,
        h264: Option<ByHardware<'_>>,
        inputs: &EncoderInputs,
        frames: Arc<AtomicU64>,
        sink: FrameSink,
    ) -> Result<Self, GraphError> {
        let key = TrackKey {
            transport: plan.transport,
            track: plan.track.clone(),
        };
        let part = Part::Encoder(key.clone(), plan.layer);
        let reported = part.clone();
        let pipeline = graph.pipeline("encoder", move |_| reported.clone());
        let input = live_input(2);
        // GStreamer names the thread that encodes after it.
        input.set_property("name", "encoder");
        let scale = make("videoscale")?;
        let size = make("capsfilter")?;
        let by_hardware = h264.filter(|_| plan.codec == Codec::H264);
        size.set_property("caps", taken(&plan, by_hardware));
        let imports = by_hardware.is_some_and(|by| by.imports);
        let h264 = by_hardware.map(|by| by.encoder.clone());
        let (encoder, around) = match &h264 {
            Some(h264) => (h264.element(plan.bitrate)?, h264.around()?),
            None => (vp8(&plan)?, hardware::Around::of_a_program()?),
        };
        if let Some(by) = by_hardware.filter(|by| by.imports) {
            by.encoder.import(&encoder);
            only_shared(graph, &key, plan.layer, &input);
        }
        let output = gst_app::AppSink::builder()
            .sync(false)
            .async_(false)
            .build();
        let made = Arc::<AtomicU64>::default();
        output.set_callbacks(callbacks(plan.codec, [frames, made.clone()], sink));
        let mut elements: Vec<&gst::Element> = vec![input.upcast_ref(), &scale, &size];
        elements.extend(&around.before);
        elements.push(&encoder);
        elements.extend(&around.after);
        elements.push(output.upcast_ref());
        chain(&pipeline, part.clone(), &elements)?;
        let leaves_out = thinned(&input);
        let running = Self {
            plan,
            leaves_out,
            inputs: inputs.clone(),
            input,
            encoder,
            h264,
            pipeline,
            made,
            imports,
        };
        start(part, &running.pipeline)?;
        running.inputs.add(&running.input);
        Ok(running)
    }

    /// What it does.
    #[must_use]
    pub fn plan(&self) -> &EncoderPlan {
        &self.plan
    }

    /// Whether it reads pictures in the camera's memory.
    #[must_use]
    pub fn imports(&self) -> bool {
        self.imports
    }

    /// Whether hardware does it, not a program.
    #[must_use]
    pub fn in_hardware(&self) -> bool {
        let h264 = self.h264.as_ref();
        h264.is_some_and(|encoder| encoder.factory() != hardware::SIMULATED_ENCODER)
    }

    /// Pictures that it could have encoded, and those that it did.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let fed = self.inputs.fed.load(Ordering::Relaxed);
        (fed, self.made.load(Ordering::Relaxed))
    }

    /// Encodes one of six pictures only, until it is told otherwise.
    pub fn leave_out(&self, most: bool) {
        self.leaves_out.store(most, Ordering::Relaxed);
    }

    /// Changes the bit rate while it runs.
    pub fn set_bitrate(&mut self, bits_per_second: u32) {
        self.plan.bitrate = bits_per_second;
        if let Some(h264) = &self.h264 {
            h264.set_bitrate(&self.encoder, bits_per_second);
            return;
        }
        if self.plan.temporal {
            temporal::set_bitrate(&self.encoder, bits_per_second);
        }
        self.encoder.set_property(
            "target-bitrate",
            i32::try_from(bits_per_second).unwrap_or(i32::MAX),
        );
    }

    /// Ends it on a thread of its own: a driver that hangs keeps who waits for it, perhaps for good.
    pub fn end_apart(self) {
        // Without a thread it ends here, when the closure is dropped.
        let ended = std::thread::Builder::new()
            .name("ending".to_owned())
            .spawn(move || drop(self));
        if let Err(error) = ended {
            tracing::warn!(%error, "an encoder is waited for");
        }
    }

    /// Makes the first picture from this time on one that can be decoded on its own; encoders
    /// that are told the same time take the same picture.
    pub fn force_key_frame(&self, from: Duration) {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder()
            .running_time(clock_time(from))
            .all_headers(true)
            .build();
        if let Some(pad) = self.encoder.static_pad("src") {
            pad.send_event(event);
        }
    }
}

impl Drop for VideoEncoder {
    fn drop(&mut self) {
        self.inputs.remove(&self.input);
        stop(&self.pipeline);
    }
}

/// Keeps pictures away that lie in no memory that devices share, and says so: the element would fail for good.
fn only_shared(graph: &Graph, key: &TrackKey, layer: usize, input: &gst_app::AppSrc) {
    let (graph, key, once) = (graph.clone(), key.clone(), std::sync::Once::new());
    let Some(pad) = input.static_pad("src") else {
        return;
    };
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let is_shared = |buffer: &gst::Buffer| {
            let mut memories = buffer.iter_memories();
            memories.all(|memory| memory.is_type(SHARED_MEMORY))
        };
        if info.buffer().is_some_and(is_shared) {
            return gst::PadProbeReturn::Ok;
        }
        once.call_once(|| {
            graph.say(GraphEvent::NotShared(key.clone(), layer));
        });
        KEPT_BACK
    });
}

/// Lets one of [`ONE_OF`] pictures through while it is told so.
fn thinned(input: &gst_app::AppSrc) -> Arc<AtomicBool> {
    let (leaves_out, came) = (Arc::<AtomicBool>::default(), AtomicU64::new(0));
    let told = Arc::clone(&leaves_out);
    if let Some(pad) = input.static_pad("src") {
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            let number = came.fetch_add(1, Ordering::Relaxed);
            if told.load(Ordering::Relaxed) && !number.is_multiple_of(ONE_OF) {
                KEPT_BACK
            } else {
                gst::PadProbeReturn::Ok
            }
        });
    }
    leaves_out
}

/// An input that never blocks who feeds it and drops the oldest when its element is behind.
pub(super) fn live_input(buffers: u64) -> gst_app::AppSrc {
    gst_app::AppSrc::builder()
        .is_live(true)
        .format(gst::Format::Time)
        .max_buffers(buffers)
        .max_bytes(0)
        .leaky_type(gst_app::AppLeakyType::Downstream)
        .build()
}

/// Real-time settings as measured in the design: one thread (more cost ten times as much under
/// load), a fast preset, constant bit rate, no look-ahead.
pub(super) fn vp8(plan: &EncoderPlan) -> Result<gst::Element, GraphError> {
    let encoder = make(VP8_ENCODER)?;
    encoder.set_property("deadline", 1_i64);
    encoder.set_property("cpu-used", -12_i32);
    encoder.set_property("threads", 1_i32);
    encoder.set_property("lag-in-frames", 0_i32);
    encoder.set_property("keyframe-max-dist", KEY_FRAME_DISTANCE);
    encoder.set_property(
        "target-bitrate",
        i32::try_from(plan.bitrate).unwrap_or(i32::MAX),
    );
    encoder.set_property("min-quantizer", 4_i32);
    encoder.set_property("max-quantizer", COARSEST);
    if plan.source == SourceKind::Content {
        encoder.set_property("max-quantizer", COARSEST_CONTENT);
        encoder.set_property("dropframe-threshold", CONTENT_DROPS_AT);
    }
    encoder.set_property("undershoot", 95_i32);
    // Milliseconds of the rate controller's model: bursts above 600 ms of traffic fill queues.
    encoder.set_property("buffer-size", 600_i32);
    encoder.set_property("buffer-initial-size", 400_i32);
    encoder.set_property("buffer-optimal-size", 500_i32);
    encoder.set_property_from_str("end-usage", "cbr");
    encoder.set_property_from_str("error-resilient", "default");
    if plan.temporal {
        temporal::set_layers(&encoder, plan.bitrate);
    }
    Ok(encoder)
}

fn callbacks(
    codec: Codec,
    counters: [Arc<AtomicU64>; 2],
    sink: FrameSink,
) -> gst_app::AppSinkCallbacks {
    gst_app::AppSinkCallbacks::builder()
        .new_sample(move |output| {
            let sample = output.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            if let Some(frame) = sample.buffer().and_then(|buffer| frame(codec, buffer)) {
                for counter in &counters {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                sink(frame);
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .build()
}

fn frame(codec: Codec, buffer: &gst::BufferRef) -> Option<Frame> {
    let pts = buffer.pts()?;
    Some(Frame {
        codec,
        source: 0,
        rtp_time: pts.nseconds() * 9 / 100_000,
        at: duration(pts),
        key: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
        contiguous: true,
        temporal: temporal::place(buffer),
        layers: Vec::new(),
        level: None,
        data: buffer.map_readable().ok()?.as_slice().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: gst::ClockTime = gst::ClockTime::from_seconds(10);

    #[test]
    fn while_pictures_wait_on_the_way_one_of_six_is_encoded() {
        gst::init().expect("GStreamer starts");
        // Room for all: nothing is dropped for another reason. The last of each round passes, and with it all are through.
        let (input, output) = (live_input(16), gst_app::AppSink::builder().sync(false));
        let (pipeline, output) = (gst::Pipeline::new(), output.build());
        let leaves_out = thinned(&input);
        let elements: [&gst::Element; 2] = [input.upcast_ref(), output.upcast_ref()];
        pipeline.add_many(elements).expect("they are new");
        gst::Element::link_many(elements).expect("anything passes");
        pipeline.set_state(gst::State::Playing).expect("it starts");
        let mut came = Vec::new();
        for (most, numbers, passing) in [(true, 0..13_u64, 3), (false, 13..16, 3)] {
            leaves_out.store(most, Ordering::Relaxed);
            for number in numbers {
                let mut buffer = gst::Buffer::new();
                let at = gst::ClockTime::from_mseconds(number);
                buffer.get_mut().expect("a new buffer").set_pts(at);
                input.push_buffer(buffer).expect("it runs");
            }
            for _ in 0..passing {
                let sample = output.try_pull_sample(WITHIN).expect("a picture");
                let at = sample.buffer().and_then(|buffer| buffer.pts());
                came.extend(at.map(gst::ClockTime::mseconds));
            }
        }
        pipeline.set_state(gst::State::Null).expect("it stops");
        assert_eq!(came, [0, 6, 12, 13, 14, 15]);
    }
}
