//! One decoder for one received track. A decoded picture comes out when it is due.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use saal_media_protocol::Codec;

use super::{
    Graph, GraphError, GraphEvent, Part, TrackKey, bounds::bound, chain, clock_time, make,
    source_video::PictureSink, start, stop,
};
use crate::{freezes::Freezes, transport::Frame};

/// What a decoder did so far.
#[derive(Debug, Default)]
pub struct Decoded {
    /// Pictures.
    pub frames: AtomicU64,
    /// Pixels of the last one.
    pub width: AtomicU32,
    /// Pixels of the last one.
    pub height: AtomicU32,
    /// What comes is larger than is decoded.
    pub too_large: Arc<AtomicBool>,
    /// When they stood still.
    freezes: Mutex<Freezes>,
}

impl Decoded {
    /// When its pictures stood still.
    #[must_use]
    pub fn freezes(&self) -> Freezes {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Freezes> {
        self.freezes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which decoder a track needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Make {
    /// What it decodes.
    pub codec: Codec,
    /// How many failed before it on this track; the next one is of another kind if possible.
    pub failures: usize,
}

/// A running decoder; dropping it ends it.
#[derive(Debug)]
pub struct VideoDecoder {
    input: gst_app::AppSrc,
    pipeline: gst::Pipeline,
    fed: AtomicU64,
}

impl VideoDecoder {
    /// Starts a decoder; `sink` gets its pictures in time, on the decoder's thread.
    ///
    /// # Errors
    /// When nothing that is installed decodes this codec, or the pipeline can't be built.
    pub fn start(
        graph: &Graph,
        key: &TrackKey,
        which: Make,
        decoded: Arc<Decoded>,
        sink: PictureSink,
    ) -> Result<Self, GraphError> {
        let part = Part::Decoder(key.clone());
        let reported = part.clone();
        let pipeline = graph.pipeline("decoder", move |_| reported.clone());
        let input = gst_app::AppSrc::builder()
            .is_live(true)
            .format(gst::Format::Time)
            .caps(&caps(which.codec))
            // Two seconds; the daemon's machine is far behind when these are full.
            .max_buffers(60)
            .max_bytes(0)
            .leaky_type(gst_app::AppLeakyType::Downstream)
            .build();
        pass_on_key_frame_requests(graph, key, &input);
        let decoder = decoder(which)?;
        let parser = parser(which.codec)?;
        if let Some(parser) = &parser {
            let (graph, key) = (graph.clone(), key.clone());
            bound(parser, Arc::clone(&decoded.too_large), move || {
                graph.say(GraphEvent::TooLarge(key.clone()));
            });
        }
        let output = gst_app::AppSink::builder()
            .sync(true)
            .async_(false)
            .max_buffers(1)
            // In memory that everybody reads; hardware would keep its pictures to itself.
            .caps(&gst::Caps::new_empty_simple("video/x-raw"))
            .build();
        output.set_property("enable-last-sample", false);
        // Handing a picture on takes no time that would have to be added to every picture's delay.
        output.set_property("processing-deadline", 0_u64);
        output.set_callbacks(callbacks(graph, key, decoded, sink));
        let elements: Vec<&gst::Element> = std::iter::once(input.upcast_ref())
            .chain(&parser)
            .chain([&decoder, output.upcast_ref()])
            .collect();
        chain(&pipeline, part.clone(), &elements)?;
        let running = Self {
            input,
            pipeline,
            fed: AtomicU64::new(0),
        };
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
        self.fed.fetch_add(1, Ordering::Relaxed);
        // Refused only while it fails or ends; then it is replaced or not wanted.
        let _ = self.input.push_buffer(buffer);
    }
}

impl VideoDecoder {
    /// Frames that it was given.
    #[must_use]
    pub fn fed(&self) -> u64 {
        self.fed.load(Ordering::Relaxed)
    }
}

impl Drop for VideoDecoder {
    fn drop(&mut self) {
        stop(&self.pipeline);
    }
}

/// Factories in the order of preference: hardware before software. Which of them exist depends
/// on the machine and on what is installed.
pub(super) fn factories(codec: Codec) -> &'static [&'static str] {
    match codec {
        Codec::Vp8 => &["vp8dec"],
        Codec::Vp9 => &["vp9dec"],
        Codec::Av1 => &["dav1ddec", "av1dec"],
        Codec::H264 => &["vah264dec", "v4l2h264dec", "openh264dec", "avdec_h264"],
        Codec::Opus => &[],
    }
}

/// Where Debian has a decoder that needs no special hardware.
fn package(codec: Codec) -> &'static str {
    match codec {
        Codec::Vp8 | Codec::Vp9 => "gstreamer1.0-plugins-good",
        Codec::Av1 | Codec::H264 => "gstreamer1.0-plugins-bad",
        Codec::Opus => "gstreamer1.0-plugins-base",
    }
}

fn decoder(which: Make) -> Result<gst::Element, GraphError> {
    let Make { codec, failures } = which;
    let installed: Vec<_> = factories(codec)
        .iter()
        .filter(|name| gst::ElementFactory::find(name).is_some())
        .collect();
    let name = installed
        .iter()
        .cycle()
        .nth(failures % installed.len().max(1));
    let package = package(codec);
    let name = name.ok_or(GraphError::NoDecoder { codec, package })?;
    let decoder = make(name)?;
    if decoder.has_property("threads") {
        decoder.set_property_from_str("threads", "1");
    }
    if decoder.has_property("automatic-request-sync-points") {
        decoder.set_property("automatic-request-sync-points", true);
    }
    Ok(decoder)
}

/// What reads the size of pictures whose headers we don't read ourselves. H.264 decoders want to know it beforehand, and the
/// profile.
fn parser(codec: Codec) -> Result<Option<gst::Element>, GraphError> {
    match codec {
        Codec::H264 => make("h264parse").map(Some),
        Codec::Av1 => make("av1parse").map(Some),
        Codec::Vp8 | Codec::Vp9 | Codec::Opus => Ok(None),
    }
}

/// How frames come from the network: each whole, H.264 with start codes, AV1 with OBU sizes.
fn caps(codec: Codec) -> gst::Caps {
    match codec {
        Codec::Vp8 => gst::Caps::new_empty_simple("video/x-vp8"),
        Codec::Vp9 => gst::Caps::new_empty_simple("video/x-vp9"),
        Codec::Av1 => gst::Caps::builder("video/x-av1")
            .field("stream-format", "obu-stream")
            .field("alignment", "tu")
            .build(),
        Codec::H264 => gst::Caps::builder("video/x-h264")
            .field("stream-format", "byte-stream")
            .field("alignment", "au")
            .build(),
        Codec::Opus => gst::Caps::new_empty_simple("audio/x-opus"),
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
            decoded.lock().shown(graph.time());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_is_not_installed_is_named_with_its_package() {
        gst::init().expect("GStreamer starts");
        // No factory makes pictures of sound, as on a machine that lacks one for pictures.
        let which = Make {
            codec: Codec::Opus,
            failures: 3,
        };
        let error = decoder(which).expect_err("nothing to choose from");
        assert_eq!(
            error.to_string(),
            "GStreamer has no decoder for Opus: install the Debian package gstreamer1.0-plugins-base"
        );
    }
}
