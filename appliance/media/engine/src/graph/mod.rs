//! GStreamer: small pipelines that share one clock, so that each can fail, come and go alone.
//!
//! Pictures pass between pipelines as buffers, without a copy. Only this module names elements.
//!
//! Everything is live, so no sink prerolls (`async=false`): a pipeline that waits for its first
//! buffer is stuck for good when a part that failed is taken out of it meanwhile.

mod bounds;
mod browser;
mod codecs;
mod colorimetry;
mod decoder;
mod display;
mod driver;
mod encoder;
mod faults;
mod framer;
mod hardware;
mod loudness;
mod notice;
mod onlookers;
mod preview;
mod ringer;
mod sound;
mod source_video;
mod speech;
mod still;
mod streaming;
mod television;
mod temporal;
mod ticker;
mod trial;

use std::time::{Duration, Instant};

pub use bounds::too_large;
pub use browser::{BrowserPeer, BrowserSaid};
pub use codecs::{Candidate, Installed};
pub use decoder::{Decoded, Make, VideoDecoder};
pub use display::{Desktop, NoDesktop, Surface};
pub use encoder::{ByHardware, EncoderInputs, FrameSink, VP8_ENCODER, VideoEncoder};
use faults::Failures;
pub use faults::Fault;
pub use framer::FrameTarget;
use gstreamer::{self as gst, prelude::*};
pub use hardware::{Bitstream, HardwareEncoder, SIMULATED_ENCODER};
pub use notice::draw_notice;
pub use preview::Picture;
use saal_hal_linux::Priorities;
use saal_media_protocol::{
    BrowserId, Codec, ControlState, EncoderChoice, EncoderTrial, TransportId,
};
pub use sound::{Sound, SoundDevice, SoundSettings};
pub use source_video::{PictureSink, VideoDevice, VideoSource};
pub use still::still_sample;
use streaming::Preferred;
pub use television::{LATENCY as TELEVISION_LATENCY, Screen, TelevisionOutput};
use tokio::sync::mpsc;
pub use trial::{CALL_SIZE, SMALL_SIZE, TRY_ENCODER, TrialError, try_encoder};

/// A track, sent or received.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackKey {
    /// Its connection.
    pub transport: TransportId,
    /// Its id there.
    pub track: String,
}

/// What a display is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The television: people, and what is presented unless that has a display of its own.
    People,
    /// What is presented.
    Content,
}

/// A part of the graph that fails alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The camera that is open.
    Camera,
    /// What stands for the camera while it gives no picture.
    Notice,
    /// The source of content that is open.
    Content,
    /// The encoder of a layer.
    Encoder(TrackKey, usize),
    /// The decoder of a received picture.
    Decoder(TrackKey),
    /// The decoder of received sound.
    Sound(TrackKey),
    /// Composition and preview of a display's picture.
    Television(Role),
    /// The microphone that is open.
    Microphone,
    /// The loudspeaker, and the mixer before it.
    Loudspeaker,
    /// A browser in the room's network.
    Browser(BrowserId),
}

/// What the graph says, from its own threads.
#[derive(Debug)]
pub enum GraphEvent {
    /// A part stopped working.
    Failed {
        /// Which.
        part: Part,
        /// What kind of failure.
        fault: Fault,
        /// What GStreamer said.
        reason: String,
    },
    /// How loud a part was in the last second.
    Level {
        /// Which: a microphone, loudspeaker or received sound.
        part: Part,
        /// Root mean square, dB below full scale.
        dbfs: f64,
    },
    /// How loud the last tenth of a second of a real microphone was, before anything was taken out of it.
    Captured {
        /// Root mean square, dB below full scale.
        dbfs: f64,
    },
    /// A device delivered its first picture.
    Working(Part),
    /// A decoder can't go on without a key frame.
    KeyFrameNeeded(TrackKey),
    /// The pictures of a track are larger than the room decodes, or not any more.
    TooLarge(TrackKey),
    /// A picture of this track was decoded and is due now.
    FirstPicture(TrackKey),
    /// About a browser in the room's network.
    Browser {
        /// Which.
        browser: BrowserId,
        /// What.
        said: BrowserSaid,
    },
    /// A pipeline has to redistribute its latency.
    Latency(gst::Pipeline),
    /// A camera says how its controls stand.
    Controls {
        /// Its identity.
        camera: String,
        /// All that it has.
        controls: Vec<ControlState>,
    },
    /// Whether a camera's shutter is closed.
    Covered {
        /// Its identity.
        camera: String,
        /// True: it is.
        closed: bool,
    },
    /// Whether something is plugged into an input.
    Signal {
        /// Its identity.
        input: String,
        /// True: a picture comes in; `None`: it can't tell.
        present: Option<bool>,
    },
    /// An encoder was to read pictures in the camera's memory, and one came in another.
    NotShared(TrackKey, usize),
    /// The search for an encoder of H.264 is over.
    EncoderTried {
        /// Where it was looked for.
        choice: EncoderChoice,
        /// One that does what calls need.
        found: Option<HardwareEncoder>,
        /// What was known before or has been seen, of those that the machine has.
        trials: Vec<EncoderTrial>,
        /// All that are there.
        installed: Installed,
    },
}

/// What a probe answers to let data go no further. gstreamer-rs has taken the data by then; for `Drop`, GStreamer lets go once
/// more of what is not there any more where data arrives at a pad, and complains each time (`gst_pad_chain_data_unchecked`,
/// as read in 1.22).
const KEPT_BACK: gst::PadProbeReturn = gst::PadProbeReturn::Handled;

/// Why a part of the graph can't be built or started.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// GStreamer could not be initialised.
    #[error("GStreamer does not start")]
    Init(#[source] gst::glib::Error),
    /// An element is not installed.
    #[error("GStreamer has no element \"{element}\": install the Debian package {package}")]
    MissingElement {
        /// The element's factory.
        element: &'static str,
        /// Where Debian has it.
        package: &'static str,
    },
    /// Nothing that is installed decodes this.
    #[error("GStreamer has no decoder for {codec:?}: install the Debian package {package}")]
    NoDecoder {
        /// What arrived.
        codec: Codec,
        /// Where Debian has a decoder.
        package: &'static str,
    },
    /// There is no such encoder, or not any more.
    #[error("GStreamer has no encoder \"{0}\"")]
    NoEncoder(String),
    /// Elements don't fit together.
    #[error("{part:?} can't be linked")]
    Link {
        /// Of which part.
        part: Part,
        /// What GStreamer said.
        source: gst::glib::BoolError,
    },
    /// A state change failed at once; the reason follows as [`GraphEvent::Failed`].
    #[error("{part:?} does not start")]
    Start {
        /// Which part.
        part: Part,
    },
}

/// The clock that all pipelines share, and where they report.
#[derive(Clone, Debug)]
pub struct Graph {
    clock: gst::Clock,
    base: gst::ClockTime,
    started: Instant,
    events: mpsc::UnboundedSender<GraphEvent>,
    priorities: Priorities,
    preferred: Preferred,
}

/// Initialises GStreamer: it reads its list of plugins, or makes it anew and writes it down. No
/// thread is left behind.
///
/// # Errors
/// [`GraphError::Init`].
pub fn load() -> Result<(), GraphError> {
    gst::init().map_err(GraphError::Init)
}

impl Graph {
    /// Initialises GStreamer; time zero of everything is now.
    ///
    /// # Errors
    /// [`GraphError::Init`].
    pub fn new(events: mpsc::UnboundedSender<GraphEvent>) -> Result<Self, GraphError> {
        load()?;
        let clock = gst::SystemClock::obtain();
        let base = clock.time();
        Ok(Self {
            clock,
            base,
            started: Instant::now(),
            events,
            priorities: Priorities::left_alone(),
            preferred: Preferred::default(),
        })
    }

    /// Threads that carry sound are preferred, as far as this allows. For what is built from now on.
    pub fn prefer_sound(&mut self, priorities: Priorities) {
        self.priorities = priorities;
    }

    /// The threads of these parts are about to be stopped: none is preferred any more.
    fn end_preferring(&self, of: impl Fn(&Part) -> bool) {
        self.preferred.end(&self.priorities, of);
    }

    /// What threads that carry sound are preferred by.
    pub(crate) fn priorities(&self) -> &Priorities {
        &self.priorities
    }

    /// Time zero.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Now, as pictures and sound are stamped.
    #[must_use]
    pub fn time(&self) -> Duration {
        duration(self.now())
    }

    /// The running time of all pipelines.
    fn now(&self) -> gst::ClockTime {
        self.clock.time().saturating_sub(self.base)
    }

    pub(crate) fn say(&self, event: GraphEvent) {
        let _ = self.events.send(event);
    }

    /// An empty pipeline on the shared clock. `part` says which part an element belongs to.
    fn pipeline(
        &self,
        name: &str,
        part: impl Fn(&gst::Object) -> Part + Send + Sync + 'static,
    ) -> gst::Pipeline {
        let pipeline = gst::Pipeline::with_name(name);
        pipeline.use_clock(Some(&self.clock));
        // Never moved by state changes: running time is the same everywhere, always.
        pipeline.set_start_time(gst::ClockTime::NONE);
        pipeline.set_base_time(self.base);
        let graph = self.clone();
        let weak = pipeline.downgrade();
        let failures = Failures::default();
        if let Some(bus) = pipeline.bus() {
            bus.set_sync_handler(move |_, message| {
                graph.understand(message, &part, &weak, &failures);
                gst::BusSyncReply::Drop
            });
        }
        pipeline
    }

    fn understand(
        &self,
        message: &gst::Message,
        part: &impl Fn(&gst::Object) -> Part,
        pipeline: &gst::glib::WeakRef<gst::Pipeline>,
        failures: &Failures,
    ) {
        let Some(source) = message.src() else { return };
        match message.view() {
            gst::MessageView::StateChanged(change) => failures.state_changed(source, change),
            gst::MessageView::Error(error) => {
                let failing = part(source);
                self.end_preferring(|part| *part == failing);
                if !failures.is_news(source) {
                    return;
                }
                let (what, detail) = (error.error(), error.debug().unwrap_or_default());
                self.say(GraphEvent::Failed {
                    part: failing,
                    fault: Fault::of(&what),
                    reason: format!("{what} ({})", detail.lines().last().unwrap_or_default()),
                });
            }
            gst::MessageView::StreamStatus(status) => {
                self.preferred
                    .follow(&self.priorities, &part(source), status);
            }
            gst::MessageView::Latency(_) => {
                if let Some(pipeline) = pipeline.upgrade() {
                    self.say(GraphEvent::Latency(pipeline));
                }
            }
            gst::MessageView::Element(element) => {
                let dbfs = element.structure().and_then(loudness);
                if let Some(dbfs) = dbfs {
                    self.say(GraphEvent::Level {
                        part: part(source),
                        dbfs,
                    });
                }
            }
            _ => {}
        }
    }
}

/// Loads the plugins that a call needs, so that none is loaded between touch and picture.
///
/// # Errors
/// [`GraphError::MissingElement`] with the first one that is not installed.
pub fn prewarm() -> Result<(), GraphError> {
    let names = [
        "appsrc",
        "appsink",
        "vp8enc",
        "vp8dec",
        "opusenc",
        "opusdec",
        "compositor",
    ];
    let more = [
        "audiomixer",
        "level",
        "videoscale",
        "audioconvert",
        "audioresample",
        "videorate",
        "videocrop",
        "jpegenc",
    ];
    for name in names.into_iter().chain(more) {
        make(name)?;
    }
    Ok(())
}

/// Distributes a pipeline's latency anew, after a part with another latency came or went.
pub fn redistribute_latency(pipeline: &gst::Pipeline) {
    if let Err(error) = pipeline.recalculate_latency() {
        tracing::warn!(pipeline = %pipeline.name(), %error, "latency can't be distributed");
    }
}

/// An element of this factory.
fn make(element: &'static str) -> Result<gst::Element, GraphError> {
    gst::ElementFactory::make(element)
        .build()
        .map_err(|_| GraphError::MissingElement {
            element,
            package: package(element),
        })
}

/// A mixer or compositor that runs on the clock alone: it never waits for a track, and goes on
/// without any.
fn live_aggregator(element: &'static str) -> Result<gst::Element, GraphError> {
    let aggregator = gst::ElementFactory::make(element)
        .property("force-live", true)
        .build();
    let missing = |_| GraphError::MissingElement {
        element,
        package: package(element),
    };
    let aggregator = aggregator.map_err(missing)?;
    aggregator.set_property("ignore-inactive-pads", true);
    aggregator.set_property_from_str("start-time-selection", "set");
    Ok(aggregator)
}

/// Has an aggregator begin now; otherwise it would make up for all the time since the engine's
/// start. To be called before each start of its pipeline.
fn begin_now(graph: &Graph, aggregator: &gst::Element) {
    aggregator.set_property("start-time", graph.now());
}

/// Where Debian 12 and 13 have the elements that we use.
fn package(element: &str) -> &'static str {
    match element {
        "alsasrc" | "alsasink" => "gstreamer1.0-alsa",
        "nicesrc" => "gstreamer1.0-nice",
        "webrtcbin" | "h264parse" | "av1parse" | "openh264dec" | "openh264enc" | "av1dec"
        | "vah264dec" => "gstreamer1.0-plugins-bad",
        "avdec_h264" => "gstreamer1.0-libav",
        "vp8enc" | "vp8dec" | "vp9dec" | "jpegenc" | "jpegdec" | "level" | "v4l2src"
        | "rtpvp8depay" | "rtpvp8pay" | "videocrop" | "v4l2h264dec" => "gstreamer1.0-plugins-good",
        _ => "gstreamer1.0-plugins-base",
    }
}

/// Adds elements to a bin and links them in order.
fn chain(
    bin: &impl IsA<gst::Bin>,
    part: Part,
    elements: &[&gst::Element],
) -> Result<(), GraphError> {
    let linked = bin
        .add_many(elements)
        .and_then(|()| gst::Element::link_many(elements));
    linked.map_err(|source| GraphError::Link { part, source })
}

fn start(part: Part, pipeline: &gst::Pipeline) -> Result<(), GraphError> {
    match pipeline.set_state(gst::State::Playing) {
        Ok(_) => Ok(()),
        Err(_) => Err(GraphError::Start { part }),
    }
}

/// Ends a pipeline and its threads.
fn stop(pipeline: &gst::Pipeline) {
    if let Err(error) = pipeline.set_state(gst::State::Null) {
        tracing::error!(pipeline = %pipeline.name(), %error, "a pipeline does not stop");
    }
}

/// The louder channel of a `level` message.
fn loudness(structure: &gst::StructureRef) -> Option<f64> {
    let channels = structure.get::<gst::glib::ValueArray>("rms").ok()?;
    let loudest = channels
        .iter()
        .filter_map(|v| v.get::<f64>().ok())
        .fold(f64::NEG_INFINITY, f64::max);
    // Digital silence is minus infinity, which JSON can't say.
    Some(loudest.max(-120.0))
}

fn clock_time(duration: Duration) -> gst::ClockTime {
    gst::ClockTime::try_from(duration).unwrap_or(gst::ClockTime::MAX)
}

fn duration(time: gst::ClockTime) -> Duration {
    Duration::from_nanos(time.nseconds())
}
