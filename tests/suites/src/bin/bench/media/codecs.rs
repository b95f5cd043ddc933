//! What encoders, decoders and composition cost, one kind at a time: processor time of this process.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSrc};
use saal_hal_sim::{I420Picture, pattern};
use saal_harness::Usage;
use saal_media::{
    graph::{
        ByHardware, EncoderInputs, Graph, HardwareEncoder, Make, Role, SIMULATED_ENCODER, Screen,
        TelevisionOutput, TrackKey, VideoDecoder, VideoEncoder,
    },
    plan::{EncoderPlan, PictureSize},
    transport::Frame,
};
use saal_media_protocol::{Codec, Rect, SourceKind, Television, Tile, TileSource, TransportId};

use crate::report::Row;

const SPEED: u32 = 30;
/// Pictures of one measurement: five seconds of a call.
const PICTURES: u32 = 150;
/// An encoder or a decoder that is given one picture answers in milliseconds.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
/// How long composition is measured.
const COMPOSED_FOR: Duration = Duration::from_secs(3);
/// The television that tiles are composed on.
const TELEVISION: Television = Television {
    width: 1920,
    height: 1080,
    frames_per_second: SPEED,
    reduced_motion: false,
};
const UNIT: &str = "% of a core";

/// Pixels across and down.
type Size = (u32, u32);

/// What an encoder, or one for each layer, makes of one picture.
struct Encoding {
    name: &'static str,
    codec: Codec,
    source: SourceKind,
    /// Size and bits a second of each layer; the largest is the camera's picture.
    layers: &'static [(Size, u32)],
}

const LARGE: (Size, u32) = ((1280, 720), 1_500_000);
const MIDDLE: (Size, u32) = ((640, 360), 500_000);
const SMALL: (Size, u32) = ((320, 180), 150_000);

const ENCODINGS: [Encoding; 6] = [
    people("encode VP8 1280x720", Codec::Vp8, &[LARGE]),
    people("encode VP8 640x360", Codec::Vp8, &[MIDDLE]),
    people("encode VP8 320x180", Codec::Vp8, &[SMALL]),
    people(
        "encode VP8 in three layers, 720p, 360p and 180p",
        Codec::Vp8,
        &[SMALL, MIDDLE, LARGE],
    ),
    people("encode H.264 1280x720 (OpenH264)", Codec::H264, &[LARGE]),
    Encoding {
        source: SourceKind::Content,
        ..people(
            "encode VP8 1920x1080, content",
            Codec::Vp8,
            &[((1920, 1080), 2_500_000)],
        )
    },
];

const fn people(name: &'static str, codec: Codec, layers: &'static [(Size, u32)]) -> Encoding {
    Encoding {
        name,
        codec,
        source: SourceKind::Camera,
        layers,
    }
}

/// What is decoded, and what makes it.
const CODECS: [(Codec, &str, &str); 4] = [
    (
        Codec::Vp8,
        "VP8",
        "vp8enc deadline=1 cpu-used=-8 target-bitrate=1500000 end-usage=cbr",
    ),
    (
        Codec::Vp9,
        "VP9",
        "vp9enc deadline=1 cpu-used=8 target-bitrate=1500000 end-usage=cbr",
    ),
    (
        Codec::H264,
        "H.264",
        "openh264enc bitrate=1500000 rate-control=bitrate ! h264parse config-interval=-1 ! \
         video/x-h264,stream-format=byte-stream,alignment=au",
    ),
    // Not at a constant rate, in which libaom ends the process (design, pitfall 17).
    (
        Codec::Av1,
        "AV1",
        "av1enc usage-profile=realtime cpu-used=8 target-bitrate=1500 end-usage=vbr max-quantizer=63 \
         lag-in-frames=0 keyframe-max-dist=10000 ! av1parse ! video/x-av1,stream-format=obu-stream,alignment=tu",
    ),
];
/// Sizes at which each is decoded alone.
const DECODED: [Size; 2] = [LARGE.0, MIDDLE.0];
/// Tiles in a row.
const GRIDS: [u32; 4] = [2, 3, 5, 7];

/// Measures all, each kind by itself.
pub(super) fn measure(turns: u32) -> anyhow::Result<Vec<Row>> {
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let graph = Graph::new(events)?;
    let mut rows = Vec::new();
    for what in &ENCODINGS {
        rows.push(row(what.name, turns, || encode(&graph, what))?);
    }
    for (codec, name, encoder) in CODECS {
        for size in DECODED {
            let name = format!("decode {name} {}x{}", size.0, size.1);
            rows.push(match clip(codec, size, encoder) {
                Ok(clip) => row(name, turns, || decode(&graph, codec, &clip))?,
                Err(error) => unmeasured(name, &error),
            });
        }
    }
    rows.extend(composed(&graph, turns)?);
    Ok(rows)
}

/// Composition, of pictures that are there and of streams.
fn composed(graph: &Graph, turns: u32) -> anyhow::Result<Vec<Row>> {
    let nothing = row("compose next to nothing on 1080p30", turns, || {
        compose(graph, (1, NEXT_TO_NOTHING), None)
    })?;
    let idle = nothing.median();
    let each = |n: u32, coded: Option<(Codec, &[Frame])>| -> anyhow::Result<f64> {
        let all = compose(graph, (n, tile_size(n)), coded)?;
        Ok((all - idle) / f64::from(n * n))
    };
    let mut rows = vec![nothing];
    for n in GRIDS {
        let name = format!("compose {n}x{n} on 1080p30, per stream");
        rows.push(row(name, turns, || each(n, None))?);
    }
    for (codec, name, encoder) in CODECS {
        for n in GRIDS {
            let name = format!("decode {name} and compose {n}x{n}, per stream");
            rows.push(match clip(codec, tile_size(n), encoder) {
                Ok(clip) => row(name, turns, || each(n, Some((codec, clip.as_slice()))))?,
                Err(error) => unmeasured(name, &error),
            });
        }
    }
    Ok(rows)
}

fn row(
    name: impl Into<String>,
    turns: u32,
    measure: impl Fn() -> anyhow::Result<f64>,
) -> anyhow::Result<Row> {
    let mut row = Row::alone(name, UNIT);
    for _ in 0..turns {
        row.ours.push(measure()?);
    }
    println!("{row}");
    Ok(row)
}

/// What this machine's GStreamer can't do.
fn unmeasured(name: String, why: &anyhow::Error) -> Row {
    println!("{name}: not measured: {why:#}");
    Row::alone(name, UNIT)
}

fn processor() -> Duration {
    Usage::of_tree(std::process::id()).processor
}

/// Percent of a core, from the time that so many pictures took.
fn percent(spent: Duration, pictures: u32) -> f64 {
    100.0 * spent.as_secs_f64() * f64::from(SPEED) / f64::from(pictures)
}

fn encode(graph: &Graph, what: &Encoding) -> anyhow::Result<f64> {
    let h264 = HardwareEncoder::named(SIMULATED_ENCODER);
    let (made, frames) = mpsc::channel();
    let inputs = EncoderInputs::default();
    let start = |(layer, (size, bitrate)): (usize, &(Size, u32))| {
        let made = made.clone();
        let sink = move |_: Frame| {
            let _ = made.send(());
        };
        let by = h264.as_ref().map(|encoder| ByHardware {
            encoder,
            imports: false,
        });
        let plan = plan(what, layer, *size, *bitrate);
        VideoEncoder::start(graph, plan, by, &inputs, Arc::default(), Box::new(sink))
    };
    let encoders: Result<Vec<_>, _> = what.layers.iter().enumerate().map(start).collect();
    let encoders = encoders?;
    let (camera, _) = *what.layers.last().context("it has a layer")?;
    let pictures: Vec<gst::Buffer> = (0..SPEED).map(|n| drawn(n, camera)).collect();
    let caps = raw(camera);
    let before = processor();
    for number in 0..PICTURES {
        let mut buffer = pictures[(number % SPEED) as usize].copy();
        buffer.make_mut().set_pts(time(number));
        inputs.push(&gst::Sample::builder().buffer(&buffer).caps(&caps).build());
        for _ in &encoders {
            // Content may leave a picture out when its rate is used up.
            let answer = frames.recv_timeout(ANSWERED_WITHIN);
            ensure!(
                answer.is_ok() || what.source == SourceKind::Content,
                "an encoder gave nothing"
            );
        }
    }
    Ok(percent(processor().saturating_sub(before), PICTURES))
}

fn plan(what: &Encoding, layer: usize, (width, height): Size, bitrate: u32) -> EncoderPlan {
    EncoderPlan {
        transport: TransportId(0),
        track: "bench".to_owned(),
        layer,
        source: what.source,
        codec: what.codec,
        size: PictureSize {
            width,
            height,
            frames_per_second: SPEED,
        },
        temporal: false,
        bitrate,
    }
}

fn time(number: u32) -> gst::ClockTime {
    gst::ClockTime::SECOND * u64::from(number) / u64::from(SPEED)
}

fn drawn(number: u32, (width, height): Size) -> gst::Buffer {
    let mut picture = I420Picture::new(width, height);
    let code = pattern::Code {
        frame: number,
        time_ms: number * 1_000 / SPEED,
    };
    pattern::draw(code, 1, &mut picture.as_mut());
    gst::Buffer::from_slice(picture.data().to_vec())
}

fn raw((width, height): Size) -> gst::Caps {
    let pixels = |count| i32::try_from(count).unwrap_or(i32::MAX);
    gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", pixels(width))
        .field("height", pixels(height))
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .field("framerate", gst::Fraction::new(pixels(SPEED), 1))
        .build()
}

/// A stream of the simulated camera's picture.
fn clip(codec: Codec, size: Size, encoder: &str) -> anyhow::Result<Vec<Frame>> {
    let line =
        format!("appsrc name=in format=time max-bytes=0 ! {encoder} ! appsink name=out sync=false");
    let pipeline = gst::parse::launch(&line)?;
    let bin = pipeline.downcast_ref::<gst::Bin>().context("a pipeline")?;
    let input = bin.by_name("in").context("it has an input")?;
    let input = input.downcast::<AppSrc>().ok().context("an appsrc")?;
    let out = bin.by_name("out").context("it has an output")?;
    let out = out.downcast::<AppSink>().ok().context("an appsink")?;
    input.set_caps(Some(&raw(size)));
    pipeline.set_state(gst::State::Playing)?;
    for number in 0..PICTURES {
        let mut buffer = drawn(number, size);
        let unique = buffer.get_mut().context("a new buffer is ours")?;
        unique.set_pts(time(number));
        unique.set_duration(time(1));
        input.push_buffer(buffer)?;
    }
    input.end_of_stream()?;
    let mut frames = Vec::new();
    while let Ok(sample) = out.pull_sample() {
        let buffer = sample.buffer().context("a sample has a buffer")?;
        frames.push(Frame {
            codec,
            source: 0,
            rtp_time: 0,
            at: Duration::ZERO,
            key: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
            contiguous: true,
            temporal: None,
            layers: Vec::new(),
            level: None,
            data: buffer.map_readable()?.as_slice().into(),
        });
    }
    pipeline.set_state(gst::State::Null)?;
    ensure!(
        frames.len() == PICTURES as usize,
        "{} of {PICTURES} pictures came out of {encoder}",
        frames.len()
    );
    Ok(frames)
}

fn decoder(
    graph: &Graph,
    codec: Codec,
    track: u32,
    sink: impl Fn(&gst::Sample) + Send + Sync + 'static,
) -> anyhow::Result<VideoDecoder> {
    let key = TrackKey {
        transport: TransportId(0),
        track: track.to_string(),
    };
    let which = Make { codec, failures: 0 };
    let decoder = VideoDecoder::start(graph, &key, which, Arc::default(), Box::new(sink))?;
    Ok(decoder)
}

fn decode(graph: &Graph, codec: Codec, clip: &[Frame]) -> anyhow::Result<f64> {
    let (made, pictures) = mpsc::channel();
    let decoder = decoder(graph, codec, 0, move |_| {
        let _ = made.send(());
    })?;
    let before = processor();
    // A picture comes out with the next one, or with the one after.
    let mut came = 0_u32;
    for (number, frame) in (0_u32..).zip(clip) {
        decoder.push(frame, graph.time());
        while came + 2 < number {
            let next = pictures.recv_timeout(ANSWERED_WITHIN);
            next.context("a decoder gave nothing")?;
            came += 1;
        }
    }
    Ok(percent(processor().saturating_sub(before), PICTURES))
}

/// Of lines that end where GStreamer has them end, which is at whole words in both kinds of planes.
fn tile_size(in_a_row: u32) -> Size {
    (
        (TELEVISION.width / in_a_row) & !7,
        (TELEVISION.height / in_a_row) & !1,
    )
}

/// One small tile whose picture moves: a television on which nothing does would be composed once a second.
const NEXT_TO_NOTHING: Size = (32, 18);

/// Composition of tiles that are there, or of what this stream gives, decoded for each tile by itself.
fn compose(
    graph: &Graph,
    (in_a_row, size): (u32, Size),
    coded: Option<(Codec, &[Frame])>,
) -> anyhow::Result<f64> {
    let screen = Screen::new(graph);
    let mut television = TelevisionOutput::new(
        Role::People,
        TELEVISION,
        &screen,
        None,
        Some(tokio::sync::watch::channel(None).0),
    )?;
    let tiles: Vec<Tile> = (0..in_a_row * in_a_row)
        .map(|n| tile(n, in_a_row, size))
        .collect();
    television.set_tiles(&tiles)?;
    television.set_preview(SPEED)?;
    let decoders = (0..).zip(&tiles).filter_map(|(number, tile)| {
        let (screen, source, (codec, _)) = (screen.clone(), tile.source.clone(), coded?);
        let sink = move |sample: &gst::Sample| screen.push(&source, sample);
        Some(decoder(graph, codec, number, sink))
    });
    let decoders = decoders.collect::<anyhow::Result<Vec<_>>>()?;
    let samples: Vec<gst::Sample> = (0..SPEED)
        .filter(|_| coded.is_none())
        .map(|n| {
            let (buffer, caps) = (drawn(n, size), raw(size));
            gst::Sample::builder().buffer(&buffer).caps(&caps).build()
        })
        .collect();
    let (begun, before) = (Instant::now(), processor());
    for number in 0_usize.. {
        let at = Duration::from_secs(number as u64) / SPEED;
        if at > COMPOSED_FOR {
            break;
        }
        std::thread::sleep((begun + at).saturating_duration_since(Instant::now()));
        if let Some((_, clip)) = coded {
            let frame = &clip[number % clip.len()];
            decoders
                .iter()
                .for_each(|decoder| decoder.push(frame, graph.time()));
        } else if let Some(sample) = samples.get(number % SPEED as usize) {
            tiles
                .iter()
                .for_each(|tile| screen.push(&tile.source, sample));
        }
    }
    let spent = processor().saturating_sub(before);
    Ok(100.0 * spent.as_secs_f64() / begun.elapsed().as_secs_f64())
}

fn tile(number: u32, in_a_row: u32, (width, height): Size) -> Tile {
    let place = |index: u32, size: u32| i32::try_from(index * size).unwrap_or_default();
    Tile {
        source: TileSource::Participant {
            participant: number.to_string(),
            source: SourceKind::Camera,
        },
        rect: Rect {
            x: place(number % in_a_row, width),
            y: place(number / in_a_row, height),
            width,
            height,
        },
    }
}
