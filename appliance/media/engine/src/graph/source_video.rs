//! Camera and source of content: a real one through V4L2, or a simulated one. Delivers I420 of one
//! size; or what the camera has, in its own memory.

use std::time::{Duration, SystemTime};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_video::{self as gst_video, prelude::*};
use saal_hal::{PictureEncoding, PictureFormat};
use saal_hal_sim::{PictureMut, pattern};

use super::{
    Fault, FrameTarget, Graph, GraphError, GraphEvent, Part, chain, duration, framer::framed,
    hardware::caps_filter, make, notice, start, stop, ticker::Ticker,
};
use crate::plan::PictureSize;

/// Where a source's pictures go; called on the source's thread.
pub type PictureSink = Box<dyn Fn(&gst::Sample) + Send + Sync>;

/// Pictures of a camera that are held at once: two by a queue before the encoder, two by the encoder, one that the television
/// shows and one on its way.
const HELD: u32 = 6;
/// So long the code of a chart stays, in milliseconds.
const CHART_STANDS_MS: u64 = 500;

/// Which source of pictures to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VideoDevice {
    /// The moving picture of saal-hal-sim.
    Simulated {
        /// Its colours.
        seed: u64,
    },
    /// The still chart of saal-hal-sim.
    Chart,
    /// A V4L2 device in one of its modes.
    V4l2 {
        /// `/dev/video0`.
        node: String,
        /// The mode.
        format: PictureFormat,
        /// Pictures are delivered as they are captured, in memory that other devices can read.
        shares: bool,
    },
}

/// An open source of pictures; dropping it closes the device.
#[derive(Debug)]
pub struct VideoSource {
    _running: Running,
}

#[derive(Debug)]
enum Running {
    Simulated { _ticker: Ticker },
    V4l2(gst::Pipeline),
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::V4l2(pipeline) = self {
            stop(pipeline);
        }
    }
}

impl VideoSource {
    /// Opens the device as this part. One that fails later says so as [`GraphEvent::Failed`].
    /// With a target, of each picture only the part is delivered that the target says.
    ///
    /// # Errors
    /// When the pipeline can't be built or the device refuses at once.
    pub fn open(
        graph: &Graph,
        part: Part,
        device: &VideoDevice,
        size: PictureSize,
        framing: Option<&FrameTarget>,
        sink: PictureSink,
    ) -> Result<Self, GraphError> {
        let sink = say_when_working(graph, part.clone(), sink);
        let sink = match framing {
            Some(target) => framed(graph, &part, target, size, sink)?,
            None => sink,
        };
        let running = match device {
            VideoDevice::Simulated { seed } => {
                simulated(graph, part, Drawing::Moving(*seed), size, sink)
            }
            VideoDevice::Chart => simulated(graph, part, Drawing::Chart, size, sink),
            VideoDevice::V4l2 {
                node,
                format,
                shares,
            } => {
                // What is cut later is cut out of all that the camera has.
                let size = match framing {
                    Some(_) => PictureSize {
                        width: format.width,
                        height: format.height,
                        ..size
                    },
                    None => size,
                };
                v4l2(graph, part, (node, *format, *shares), size, sink)?
            }
        };
        Ok(Self { _running: running })
    }
}

impl VideoSource {
    /// The same picture again and again, some times a second.
    #[must_use]
    pub fn still(graph: &Graph, part: Part, picture: gst::Sample, sink: PictureSink) -> Self {
        let sink = say_when_working(graph, part.clone(), sink);
        let clock = graph.clone();
        let period = Duration::from_secs(1) / notice::SPEED;
        let ticker = Ticker::start("still", period, move || {
            // Pixels are shared, only the time is new.
            let Some(mut buffer) = picture.buffer_owned() else {
                return;
            };
            buffer.make_mut().set_pts(clock.now());
            let again = gst::Sample::builder().buffer(&buffer);
            let again = match picture.caps_owned() {
                Some(caps) => again.caps(&caps).build(),
                None => again.build(),
            };
            sink(&again);
        });
        Self {
            _running: running(ticker, graph, &part),
        }
    }
}

/// The first picture proves that the device works.
fn say_when_working(graph: &Graph, part: Part, sink: PictureSink) -> PictureSink {
    let (graph, once) = (graph.clone(), std::sync::Once::new());
    Box::new(move |sample| {
        once.call_once(|| graph.say(GraphEvent::Working(part.clone())));
        sink(sample);
    })
}

/// What a simulated source shows.
#[derive(Clone, Copy, Debug)]
enum Drawing {
    /// A moving picture in these colours.
    Moving(u64),
    /// A chart that stands still; its code changes twice a second.
    Chart,
}

impl Drawing {
    /// What the picture says of itself: when it was made, by the computer's clock, so that whoever sees it elsewhere knows how
    /// late that is; a chart says the same for half a second.
    fn code(self, frame: u32, now: gst::ClockTime) -> pattern::Code {
        let now_ms = now.mseconds();
        match self {
            Self::Moving(_) => pattern::Code {
                frame,
                time_ms: pattern::clock_ms(SystemTime::now()),
            },
            Self::Chart => pattern::Code {
                frame: (now_ms / CHART_STANDS_MS) as u32,
                time_ms: (now_ms / CHART_STANDS_MS * CHART_STANDS_MS) as u32,
            },
        }
    }

    fn draw(self, code: pattern::Code, picture: &mut PictureMut<'_>) {
        match self {
            Self::Moving(seed) => pattern::draw(code, seed, picture),
            Self::Chart => pattern::draw_chart(code, picture),
        }
    }
}

fn simulated(
    graph: &Graph,
    part: Part,
    drawing: Drawing,
    size: PictureSize,
    sink: PictureSink,
) -> Running {
    let fps = size.frames_per_second.max(1);
    let period = Duration::from_secs(1) / fps;
    let graph = graph.clone();
    let mut painter = None;
    let mut frame = 0_u32;
    let ticker = Ticker::start("sim-video", period, {
        let (graph, part) = (graph.clone(), part.clone());
        move || {
            // Built here so that a failure is reported like that of a real camera.
            if painter.is_none() {
                painter = Painter::new(size)
                    .inspect_err(|e| failed(&graph, &part, &e.to_string()))
                    .ok();
            }
            let Some(painter) = &painter else { return };
            let now = graph.now();
            let code = drawing.code(frame, now);
            frame = frame.wrapping_add(1);
            if let Some(sample) = painter.paint(drawing, code, now) {
                sink(&sample);
            }
        }
    });
    running(ticker, &graph, &part)
}

fn running(ticker: std::io::Result<Ticker>, graph: &Graph, part: &Part) -> Running {
    match ticker {
        Ok(ticker) => Running::Simulated { _ticker: ticker },
        Err(error) => {
            failed(graph, part, &error.to_string());
            Running::V4l2(gst::Pipeline::new())
        }
    }
}

fn failed(graph: &Graph, part: &Part, reason: &str) {
    let (part, fault, reason) = (part.clone(), Fault::Other, reason.to_owned());
    graph.say(GraphEvent::Failed {
        part,
        fault,
        reason,
    });
}

/// Draws into pooled buffers.
struct Painter {
    pool: gst::BufferPool,
    caps: gst::Caps,
    info: gst_video::VideoInfo,
}

impl Painter {
    fn new(size: PictureSize) -> Result<Self, gst::glib::BoolError> {
        let info =
            gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, size.width, size.height)
                .fps(gst::Fraction::new(
                    i32::try_from(size.frames_per_second).unwrap_or(30),
                    1,
                ))
                .build()?;
        let caps = info.to_caps()?;
        let pool = gst_video::VideoBufferPool::new();
        let mut config = pool.config();
        config.set_params(Some(&caps), u32::try_from(info.size()).unwrap_or(0), 2, 0);
        pool.set_config(config)?;
        pool.set_active(true)?;
        Ok(Self {
            pool: pool.upcast(),
            caps,
            info,
        })
    }

    fn paint(
        &self,
        drawing: Drawing,
        code: pattern::Code,
        at: gst::ClockTime,
    ) -> Option<gst::Sample> {
        let mut buffer = self.pool.acquire_buffer(None).ok()?;
        let writable = buffer.get_mut()?;
        writable.set_pts(at);
        let mut frame =
            gst_video::VideoFrameRef::from_buffer_ref_writable(writable, &self.info).ok()?;
        let strides = frame.plane_stride().to_vec();
        let [y, u, v, ..] = frame.planes_data_mut();
        let stride = |plane: usize| usize::try_from(strides[plane]).unwrap_or(0);
        let (y_stride, chroma_stride) = (stride(0), stride(1));
        let (width, height) = (self.info.width(), self.info.height());
        drawing.draw(
            code,
            &mut PictureMut {
                width,
                height,
                y,
                u,
                v,
                y_stride,
                chroma_stride,
            },
        );
        drop(frame);
        Some(
            gst::Sample::builder()
                .buffer(&buffer)
                .caps(&self.caps)
                .build(),
        )
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        // Buffers that are still out come home by themselves.
        let _ = self.pool.set_active(false);
    }
}

/// Brings pictures to the size that is sent; or hands the camera's own buffers on where it `shares` them, and who wants them in
/// another form converts them.
fn v4l2(
    graph: &Graph,
    part: Part,
    (node, format, shares): (&str, PictureFormat, bool),
    size: PictureSize,
    sink: PictureSink,
) -> Result<Running, GraphError> {
    let reported = part.clone();
    let pipeline = graph.pipeline("capture", move |_| reported.clone());
    let source = make("v4l2src")?;
    source.set_property("device", node);
    let appsink = output(sink);
    if shares {
        source.set_property_from_str("io-mode", "dmabuf");
        keep_several(&appsink);
    }
    let mut elements = vec![source, caps_filter(&mode_caps(format))?];
    if format.frames_per_second > size.frames_per_second {
        elements.push(slower(size.frames_per_second)?);
    }
    if format.encoding == PictureEncoding::Mjpeg && !shares {
        elements.push(make("jpegdec")?);
    }
    if !shares {
        let (width, height) = fit_below((format.width, format.height), (size.width, size.height));
        let fitted = caps_filter(&raw_caps(width, height))?;
        elements.extend([make("videoconvert")?, make("videoscale")?, fitted]);
    }
    let refs: Vec<&gst::Element> = elements.iter().chain([appsink.upcast_ref()]).collect();
    chain(&pipeline, part.clone(), &refs)?;
    let running = Running::V4l2(pipeline.clone());
    tracing::info!(?part, node, ?format, shares, at = ?duration(graph.now()), "a device opens");
    start(part, &pipeline)?;
    Ok(running)
}

/// Has the camera capture into as many buffers as are held by encoder and television at once. It would copy into other
/// memory what is short (gst_v4l2_object_decide_allocation, as read in 1.22).
fn keep_several(output: &gst_app::AppSink) {
    let pad = output.static_pad("sink");
    let pad = pad.expect("every appsink has a sink pad");
    pad.add_probe(gst::PadProbeType::QUERY_DOWNSTREAM, |_, info| {
        let Some(gst::QueryViewMut::Allocation(query)) = info.query_mut().map(|q| q.view_mut())
        else {
            return gst::PadProbeReturn::Ok;
        };
        let bytes = query.get().0.and_then(|caps| {
            let info = gst_video::VideoInfo::from_caps(caps).ok()?;
            u32::try_from(info.size()).ok()
        });
        query.add_allocation_pool(gst::BufferPool::NONE, bytes.unwrap_or(0), HELD, 0);
        query.add_allocation_meta::<gst_video::VideoMeta>(None);
        gst::PadProbeReturn::Handled
    });
}

/// Leaves out pictures that nobody asked for, before anything is done with them.
fn slower(frames_per_second: u32) -> Result<gst::Element, GraphError> {
    let rate = make("videorate")?;
    rate.set_property("drop-only", true);
    let most = i32::try_from(frames_per_second.max(1)).unwrap_or(i32::MAX);
    rate.set_property("max-rate", most);
    Ok(rate)
}

pub(super) fn output(sink: PictureSink) -> gst_app::AppSink {
    let appsink = gst_app::AppSink::builder()
        .sync(false)
        .async_(false)
        .max_buffers(1)
        .drop(true)
        .build();
    appsink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |appsink| {
                sink(&appsink.pull_sample().map_err(|_| gst::FlowError::Eos)?);
                Ok(gst::FlowSuccess::Ok)
            })
            .build(),
    );
    appsink
}

fn mode_caps(format: PictureFormat) -> gst::Caps {
    let raw = |name: &str| gst::Caps::builder("video/x-raw").field("format", name);
    let builder = match format.encoding {
        PictureEncoding::I420 => raw("I420"),
        PictureEncoding::Nv12 => raw("NV12"),
        PictureEncoding::Yuy2 => raw("YUY2"),
        PictureEncoding::Mjpeg => gst::Caps::builder("image/jpeg"),
        PictureEncoding::H264 => gst::Caps::builder("video/x-h264"),
    };
    let whole = |v: u32| i32::try_from(v).unwrap_or(i32::MAX);
    builder
        .field("width", whole(format.width))
        .field("height", whole(format.height))
        .field("framerate", rates(format.frames_per_second))
        .build()
}

/// The camera's exact rate is somewhere around the whole number that it goes by: 12.5 is called 13, 30000/1001 is called 30.
fn rates(frames_per_second: u32) -> gst::FractionRange {
    let halves = i32::try_from(frames_per_second.saturating_mul(2)).unwrap_or(i32::MAX - 1);
    gst::FractionRange::new(
        gst::Fraction::new(halves - 1, 2),
        gst::Fraction::new(halves + 1, 2),
    )
}

pub(super) fn raw_caps(width: u32, height: u32) -> gst::Caps {
    let mut caps = any_layout(width, height);
    caps.make_mut().set("format", "I420");
    caps
}

/// The same, however pixels lie.
pub(super) fn any_layout(width: u32, height: u32) -> gst::Caps {
    gst::Caps::builder("video/x-raw")
        .field("width", i32::try_from(width).unwrap_or(i32::MAX))
        .field("height", i32::try_from(height).unwrap_or(i32::MAX))
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .build()
}

/// The largest even size with the camera's own aspect inside what is wanted; never larger than
/// what the camera has.
pub(super) fn fit_below(have: (u32, u32), want: (u32, u32)) -> (u32, u32) {
    if have.0 <= want.0 && have.1 <= want.1 {
        return have;
    }
    let by_width = (want.0, want.0 * have.1 / have.0);
    let by_height = (want.1 * have.0 / have.1, want.1);
    let (width, height) = if by_width.1 <= want.1 {
        by_width
    } else {
        by_height
    };
    (width & !1, height & !1)
}

#[cfg(test)]
mod tests {
    use gstreamer as gst;

    use super::{fit_below, rates};

    #[test]
    fn a_rate_is_found_by_the_number_that_people_name_it_by() {
        for (named, exact) in [
            (13, (25, 2)),
            (30, (30, 1)),
            (30, (30_000, 1001)),
            (60, (60_000, 1001)),
            (8, (15, 2)),
        ] {
            let (range, exact) = (rates(named), gst::Fraction::from(exact));
            assert!(
                (range.min()..=range.max()).contains(&exact),
                "{named}: {exact}"
            );
        }
    }

    #[test]
    fn pictures_keep_their_shape_and_never_grow() {
        assert_eq!(fit_below((1920, 1080), (1280, 720)), (1280, 720));
        assert_eq!(fit_below((640, 480), (1280, 720)), (640, 480));
        assert_eq!(fit_below((1600, 1200), (1280, 720)), (960, 720));
        assert_eq!(fit_below((2560, 1080), (1280, 720)), (1280, 540));
    }
}
