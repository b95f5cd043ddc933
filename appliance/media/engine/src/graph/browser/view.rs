//! What the room shows somebody who looks at it from elsewhere: one picture, out.

use std::sync::{
    Arc, Once,
    atomic::{AtomicU64, Ordering},
};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use gstreamer_webrtc::{WebRTCRTPTransceiver, WebRTCRTPTransceiverDirection};
use saal_media_protocol::{Codec, RoomPicture, SourceKind, TransportId};

use super::{Begun, PAYLOAD, Told, guard, offer};
use crate::{
    graph::{
        EncoderInputs, Graph, GraphError, KEPT_BACK, Part, chain,
        encoder::{live_input, vp8},
        make,
        source_video::any_layout,
        still::placeholder,
    },
    plan::{EncoderPlan, PictureSize},
};

/// Pictures a second: enough to see whether something moves.
const SPEED: u32 = 15;
/// Nanoseconds from one picture to the next at least; less than 1/15 s, as cameras tremble.
const LEAST_DISTANCE: u64 = 50_000_000;
/// Frames from one key frame to the next at most: ten seconds.
const KEY_FRAME_DISTANCE: i32 = 150;

/// The way of pictures to a browser; dropping it ends it.
#[derive(Debug)]
pub(super) struct Outgoing {
    inputs: EncoderInputs,
    input: gst_app::AppSrc,
    encoder: gst::Element,
    /// When the last picture came, in nanoseconds of the graph's time.
    fed: Arc<AtomicU64>,
}

impl Outgoing {
    /// Encodes what `inputs` gets for webrtcbin, and has the offer made once it is known what that is.
    pub(super) fn start(
        graph: &Graph,
        begun: &Begun,
        of: RoomPicture,
        inputs: &EncoderInputs,
    ) -> Result<Self, GraphError> {
        let part = Part::Browser(begun.told.browser);
        let plan = plan(of);
        let input = live_input(2);
        let (scale, size, convert) = (
            make("videoscale")?,
            make("capsfilter")?,
            make("videoconvert")?,
        );
        size.set_property("caps", any_layout(plan.size.width, plan.size.height));
        let encoder = vp8(&plan)?;
        encoder.set_property("keyframe-max-dist", KEY_FRAME_DISTANCE);
        let (pay, whole) = (make("rtpvp8pay")?, make("capsfilter")?);
        pay.set_property_from_str("picture-id-mode", "15-bit");
        whole.set_property("caps", caps());
        let sized = [input.upcast_ref(), &scale, &size, &convert];
        let sent = [&encoder, &pay, &whole];
        let elements: Vec<&gst::Element> = sized.into_iter().chain(sent).collect();
        chain(&begun.pipeline, part.clone(), &elements)?;
        let fed = Arc::<AtomicU64>::default();
        slow_down(&input, graph, &fed);
        connect(begun, &whole, part)?;
        let outgoing = Self {
            inputs: inputs.clone(),
            input,
            encoder,
            fed,
        };
        inputs.add(&outgoing.input);
        Ok(outgoing)
    }

    /// A camera that is off gives no picture; the browser sees that it is the picture that is missing,
    /// not the room.
    pub(super) fn keep(&self, graph: &Graph, age: gst::ClockTime) {
        let last = gst::ClockTime::from_nseconds(self.fed.load(Ordering::Relaxed));
        if graph.now().saturating_sub(last) >= age {
            let _ = self
                .input
                .push_sample(&super::stamped(&placeholder(), graph));
        }
    }

    /// A browser that comes in needs a beginning.
    pub(super) fn force_key_frame(&self) {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder()
            .all_headers(true)
            .build();
        if let Some(pad) = self.encoder.static_pad("src") {
            pad.send_event(event);
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.inputs.remove(&self.input);
    }
}

/// The television can be read; the camera shows who is there.
fn plan(of: RoomPicture) -> EncoderPlan {
    let (width, height, bitrate) = match of {
        RoomPicture::Television => (1280, 720, 1_500_000),
        RoomPicture::Camera => (640, 360, 600_000),
    };
    EncoderPlan {
        transport: TransportId(0),
        track: String::new(),
        layer: 0,
        source: SourceKind::Camera,
        codec: Codec::Vp8,
        size: PictureSize {
            width,
            height,
            frames_per_second: SPEED,
        },
        temporal: false,
        bitrate,
    }
}

fn caps() -> gst::Caps {
    gst::Caps::builder("application/x-rtp")
        .field("media", "video")
        .field("encoding-name", "VP8")
        .field("payload", PAYLOAD)
        .field("clock-rate", 90_000)
        .build()
}

/// Lets pass as many pictures as are worth encoding, and notes when. videorate can't: the caps of some
/// sources say nothing of their speed.
fn slow_down(input: &gst_app::AppSrc, graph: &Graph, fed: &Arc<AtomicU64>) {
    let (graph, fed) = (graph.clone(), Arc::clone(fed));
    let pad = input
        .static_pad("src")
        .expect("every appsrc has a source pad");
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        let now = graph.now().nseconds();
        if now.saturating_sub(fed.load(Ordering::Relaxed)) < LEAST_DISTANCE {
            return KEPT_BACK;
        }
        fed.store(now, Ordering::Relaxed);
        gst::PadProbeReturn::Ok
    });
}

/// Into webrtcbin, in one direction, guarded. The first packet says what is offered; it and all that
/// follow go nowhere before the browser is the one that answered.
fn connect(begun: &Begun, from: &gst::Element, part: Part) -> Result<(), GraphError> {
    let (peer, told) = (&begun.peer, &begun.told);
    let broken = |what: &str| GraphError::Link {
        part: part.clone(),
        source: gst::glib::bool_error!("a browser's picture: {what}"),
    };
    let pad = peer.request_pad_simple("sink_%u");
    let pad = pad.ok_or_else(|| broken("no place for it"))?;
    let out = from
        .static_pad("src")
        .expect("every capsfilter has a source pad");
    out.link(&pad).map_err(|error| broken(&error.to_string()))?;
    let transceiver =
        peer.emit_by_name::<Option<WebRTCRTPTransceiver>>("get-transceiver", &[&0_i32]);
    let transceiver = transceiver.ok_or_else(|| broken("no transceiver"))?;
    transceiver.set_property("direction", WebRTCRTPTransceiverDirection::Sendonly);
    transceiver.set_property("do-nack", true);
    // Before the pad of webrtcbin, which has a gate of its own.
    super::never_end(&out);
    offer_once(peer, &out, told);
    guard(&transceiver, &out, told, true);
    Ok(())
}

fn offer_once(peer: &gst::Element, pad: &gst::Pad, told: &Told) {
    let (peer, told, once) = (peer.downgrade(), told.clone(), Once::new());
    let mask = gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST;
    pad.add_probe(mask, move |_, _| {
        once.call_once(|| {
            if let Some(peer) = peer.upgrade() {
                offer(&peer, &told);
            }
        });
        gst::PadProbeReturn::Ok
    });
}
