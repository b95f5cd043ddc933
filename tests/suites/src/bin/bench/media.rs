//! What the engine's work on pictures costs, one kind at a time, and how late a picture is that the room receives.
//!
//! Processor time is that of this process, in percent of one core for one stream at 30 pictures a second. Pictures of people are
//! the test pattern's, which moves less than people do and more than a slide.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSink;
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

use crate::report::{ROOM_AND_BROWSER, Report, Row, milliseconds};
use crate::stand::{Call, Peer, Service, Stand, first_picture};

const SPEED: u32 = 30;
/// Pictures of one measurement: five seconds of a call.
const PICTURES: u32 = 150;
/// An encoder or a decoder that is given one picture answers in milliseconds.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
/// How long composition is measured.
const COMPOSED_FOR: Duration = Duration::from_secs(4);
/// The television that tiles are composed on.
const TELEVISION: Television = Television {
    width: 1920,
    height: 1080,
    frames_per_second: SPEED,
    reduced_motion: false,
};
/// How often a picture on the way is looked at in each turn.
const LOOKS: u32 = 20;
/// How often, and with which pause, sound and picture are compared in each turn: reports of senders come once a second.
const APART_LOOKS: usize = 6;
const APART_EVERY: Duration = Duration::from_secs(1);

/// An encoder to measure.
struct Encoding {
    name: &'static str,
    codec: Codec,
    source: SourceKind,
    size: (u32, u32),
    bitrate: u32,
}

const ENCODINGS: [Encoding; 5] = [
    people("encode VP8 1280x720", Codec::Vp8, (1280, 720), 1_500_000),
    people("encode VP8 640x360", Codec::Vp8, (640, 360), 500_000),
    people("encode VP8 320x180", Codec::Vp8, (320, 180), 150_000),
    people(
        "encode H.264 1280x720 (OpenH264)",
        Codec::H264,
        (1280, 720),
        1_500_000,
    ),
    Encoding {
        source: SourceKind::Content,
        ..people(
            "encode VP8 1920x1080, content",
            Codec::Vp8,
            (1920, 1080),
            2_500_000,
        )
    },
];

const fn people(name: &'static str, codec: Codec, size: (u32, u32), bitrate: u32) -> Encoding {
    Encoding {
        name,
        codec,
        source: SourceKind::Camera,
        size,
        bitrate,
    }
}

/// Streams to decode: what they are called, their codec, size, and what makes them.
const DECODINGS: [(&str, Codec, (u32, u32), &str); 6] = [
    ("decode VP8 1280x720", Codec::Vp8, (1280, 720), VP8),
    ("decode VP8 640x360", Codec::Vp8, (640, 360), VP8),
    ("decode VP9 1280x720", Codec::Vp9, (1280, 720), VP9),
    ("decode VP9 640x360", Codec::Vp9, (640, 360), VP9),
    ("decode H.264 1280x720", Codec::H264, (1280, 720), H264),
    ("decode H.264 640x360", Codec::H264, (640, 360), H264),
];
const VP8: &str = "vp8enc deadline=1 cpu-used=-8 target-bitrate=1500000 end-usage=cbr";
const VP9: &str = "vp9enc deadline=1 cpu-used=8 target-bitrate=1500000 end-usage=cbr";
const H264: &str = "openh264enc bitrate=1500000 rate-control=bitrate ! h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au";

/// Tiles in a row.
const GRIDS: [(&str, u32); 5] = [
    ("compose 1080p30 and nothing on it", 0),
    ("compose 1080p30, 2x2", 2),
    ("compose 1080p30, 3x3", 3),
    ("compose 1080p30, 5x5", 5),
    ("compose 1080p30, 7x7", 7),
];

/// Measures in turns.
pub(crate) async fn measure(turns: u32) -> anyhow::Result<Report> {
    let mut rows = tokio::task::spawn_blocking(move || codecs_and_tiles(turns)).await??;
    rows.extend(lateness(turns).await?);
    Ok(Report {
        title:
            "The engine's work on pictures, one kind at a time; Chromium: Element Call in a window"
                .to_owned(),
        subjects: ROOM_AND_BROWSER,
        rows,
        remarks: vec![
            "Percent of one core for a stream of 30 pictures a second; composition for the whole television, with a JPEG of each picture.",
            "What is decoded is a ball on plain ground, which costs less than people do.",
            "Delay: from the far end's sending of an encoded picture to its code being read: on Saal's television in the web view, which has",
            "10 pictures a second as JPEG, and from Chromium's video element.",
            "Sound apart from its picture: by the far end's sender reports, as estimatedPlayoutTimestamp of both; the worst of six seconds.",
        ],
    })
}

fn codecs_and_tiles(turns: u32) -> anyhow::Result<Vec<Row>> {
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let graph = Graph::new(events)?;
    let mut rows = Vec::new();
    for what in &ENCODINGS {
        rows.push(row(what.name, turns, || encode(&graph, what))?);
    }
    for (name, codec, size, encoder) in DECODINGS {
        let clip = clip(codec, size, encoder)?;
        rows.push(row(name, turns, || decode(&graph, codec, &clip))?);
    }
    for (name, in_a_row) in GRIDS {
        rows.push(row(name, turns, || compose(&graph, in_a_row))?);
    }
    Ok(rows)
}

fn row(
    name: &'static str,
    turns: u32,
    measure: impl Fn() -> anyhow::Result<f64>,
) -> anyhow::Result<Row> {
    let mut row = Row::alone(name, "% of a core");
    for _ in 0..turns {
        row.ours.push(measure()?);
    }
    println!("{row}");
    Ok(row)
}

fn processor() -> Duration {
    Usage::of_tree(std::process::id()).processor
}

/// Percent of a core, from the time that so many pictures took.
fn percent(spent: Duration, pictures: u32) -> f64 {
    100.0 * spent.as_secs_f64() * f64::from(SPEED) / f64::from(pictures)
}

fn encode(graph: &Graph, what: &Encoding) -> anyhow::Result<f64> {
    let (width, height) = what.size;
    let plan = EncoderPlan {
        transport: TransportId(0),
        track: "bench".to_owned(),
        layer: 0,
        source: what.source,
        codec: what.codec,
        size: PictureSize {
            width,
            height,
            frames_per_second: SPEED,
        },
        temporal: false,
        bitrate: what.bitrate,
    };
    let pictures: Vec<gst::Buffer> = (0..SPEED).map(|n| drawn(n, what.size)).collect();
    let h264 = HardwareEncoder::named(SIMULATED_ENCODER);
    let (made, frames) = mpsc::channel();
    let sink = move |_: Frame| {
        let _ = made.send(());
    };
    let inputs = EncoderInputs::default();
    let _encoder = VideoEncoder::start(
        graph,
        plan,
        h264.as_ref().map(|encoder| ByHardware {
            encoder,
            imports: false,
        }),
        &inputs,
        Arc::default(),
        Box::new(sink),
    )?;
    let caps = raw(what.size);
    let before = processor();
    for number in 0..PICTURES {
        let mut buffer = pictures[(number % SPEED) as usize].copy();
        buffer.make_mut().set_pts(time(number));
        inputs.push(&gst::Sample::builder().buffer(&buffer).caps(&caps).build());
        // Content may leave a picture out when its rate is used up.
        let answer = frames.recv_timeout(ANSWERED_WITHIN);
        ensure!(
            answer.is_ok() || what.source == SourceKind::Content,
            "an encoder gave nothing"
        );
    }
    Ok(percent(processor().saturating_sub(before), PICTURES))
}

fn time(picture: u32) -> gst::ClockTime {
    gst::ClockTime::SECOND * u64::from(picture) / u64::from(SPEED)
}

fn drawn(number: u32, (width, height): (u32, u32)) -> gst::Buffer {
    let mut picture = I420Picture::new(width, height);
    let code = pattern::Code {
        frame: number,
        time_ms: number * 1_000 / SPEED,
    };
    pattern::draw(code, 1, &mut picture.as_mut());
    gst::Buffer::from_slice(picture.data().to_vec())
}

fn raw((width, height): (u32, u32)) -> gst::Caps {
    let pixels = |count| i32::try_from(count).unwrap_or(i32::MAX);
    gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", pixels(width))
        .field("height", pixels(height))
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .field("framerate", gst::Fraction::new(pixels(SPEED), 1))
        .build()
}

/// A stream of moving shapes.
fn clip(codec: Codec, (width, height): (u32, u32), encoder: &str) -> anyhow::Result<Vec<Frame>> {
    let line = format!(
        "videotestsrc num-buffers={PICTURES} pattern=ball background-color=0xff406080 ! \
         video/x-raw,format=I420,width={width},height={height},framerate={SPEED}/1 ! {encoder} ! \
         appsink name=out sync=false"
    );
    let pipeline = gst::parse::launch(&line)?;
    let bin = pipeline.downcast_ref::<gst::Bin>().context("a pipeline")?;
    let out = bin.by_name("out").context("it has an output")?;
    let out = out.downcast::<AppSink>().ok().context("an appsink")?;
    pipeline.set_state(gst::State::Playing)?;
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
        "{} pictures",
        frames.len()
    );
    Ok(frames)
}

fn decode(graph: &Graph, codec: Codec, clip: &[Frame]) -> anyhow::Result<f64> {
    let key = TrackKey {
        transport: TransportId(0),
        track: "bench".to_owned(),
    };
    let (made, pictures) = mpsc::channel();
    let sink = move |_: &gst::Sample| {
        let _ = made.send(());
    };
    let which = Make { codec, failures: 0 };
    let decoder = VideoDecoder::start(graph, &key, which, Arc::default(), Box::new(sink))?;
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

fn compose(graph: &Graph, in_a_row: u32) -> anyhow::Result<f64> {
    let screen = Screen::new(graph);
    let (preview, _seen) = tokio::sync::watch::channel(None);
    let mut television =
        TelevisionOutput::new(Role::People, TELEVISION, &screen, None, Some(preview))?;
    let size = match in_a_row {
        0 => (0, 0),
        n => ((TELEVISION.width / n) & !1, (TELEVISION.height / n) & !1),
    };
    let tiles: Vec<Tile> = (0..in_a_row * in_a_row)
        .map(|n| tile(n, in_a_row, size))
        .collect();
    television.set_tiles(&tiles)?;
    television.set_preview(SPEED)?;
    let samples: Vec<gst::Sample> = (0..SPEED)
        .filter(|_| in_a_row > 0)
        .map(|n| {
            let (buffer, caps) = (drawn(n, size), raw(size));
            gst::Sample::builder().buffer(&buffer).caps(&caps).build()
        })
        .collect();
    let (begun, before) = (Instant::now(), processor());
    for number in 0_u32.. {
        let at = Duration::from_secs(1) * number / SPEED;
        if at > COMPOSED_FOR {
            break;
        }
        std::thread::sleep((begun + at).saturating_duration_since(Instant::now()));
        if let Some(sample) = samples.get((number % SPEED) as usize) {
            tiles
                .iter()
                .for_each(|tile| screen.push(&tile.source, sample));
        }
    }
    let spent = processor().saturating_sub(before);
    Ok(100.0 * spent.as_secs_f64() / begun.elapsed().as_secs_f64())
}

fn tile(number: u32, in_a_row: u32, (width, height): (u32, u32)) -> Tile {
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

/// What was seen of a call.
struct Lateness {
    picture_ms: f64,
    apart_ms: f64,
}

/// How late a received picture is, with the far end's encoding left out, and how far sound and picture are apart.
async fn lateness(turns: u32) -> anyhow::Result<[Row; 2]> {
    let call = Call {
        service: Service::Matrix,
        encrypted: false,
    };
    let stand = Stand::set_up(call).await?;
    let mut delay = Row::beside("delay of a received picture", "ms", 0.8);
    let mut apart = Row::beside("sound apart from its picture, at most", "ms", 0.5).at_most(45.0);
    for turn in 1..=turns {
        let ours = room_turn(&stand).await.context("the room's turn")?;
        let theirs = chromium_turn(&stand).await.context("Chromium's turn")?;
        println!(
            "turn {turn}: Saal {:.0} ms, Chromium {:.0} ms",
            ours.picture_ms, theirs.picture_ms
        );
        delay.add(ours.picture_ms, theirs.picture_ms);
        apart.add(ours.apart_ms, theirs.apart_ms);
    }
    stand.take_down().await;
    Ok([delay, apart])
}

async fn room_turn(stand: &Stand) -> anyhow::Result<Lateness> {
    let join = stand.join_button().await?;
    let mut onlooker = stand.room.look().await?;
    let tapped = Instant::now();
    onlooker.tap(join.rect.middle()).await?;
    stand.shows_since(&mut onlooker, tapped).await?;
    let mut ages = Vec::new();
    while ages.len() < LOOKS as usize {
        let picture = crate::stand::far_end_shown(&mut onlooker).await?;
        ages.extend(age(stand, picture, Instant::now()));
    }
    let mut apart = Vec::new();
    while apart.len() < APART_LOOKS {
        tokio::time::sleep(APART_EVERY).await;
        apart.extend(room_apart(stand).await?);
    }
    stand.room_leaves().await?;
    Ok(Lateness {
        picture_ms: middle(ages),
        apart_ms: apart.into_iter().fold(0.0, f64::max),
    })
}

async fn chromium_turn(stand: &Stand) -> anyhow::Result<Lateness> {
    let (browser, _desktop) = stand.browser().await?;
    let guest = stand.guest().await?;
    let caller = stand.browser_joins(&browser, guest.as_ref()).await?;
    first_picture(&caller).await?;
    let Peer::ElementCall(page) = &caller else {
        anyhow::bail!("this is measured in Matrix meetings");
    };
    let mut ages = Vec::new();
    while ages.len() < LOOKS as usize {
        let asked = Instant::now();
        let pictures = page.pictures().await?;
        // The page read it somewhere in between.
        let read = asked + asked.elapsed() / 2;
        let codes = pictures.iter().filter_map(saal_harness::Picture::code);
        // Its own camera's picture carries other numbers, which were not sent.
        ages.extend(
            codes
                .filter_map(|code| age(stand, code.frame, read))
                .reduce(f64::min),
        );
    }
    let mut apart = Vec::new();
    while apart.len() < APART_LOOKS {
        tokio::time::sleep(APART_EVERY).await;
        apart.extend(page_apart(&caller).await?);
    }
    stand.browser_leaves(&caller).await?;
    browser.close().await;
    Ok(Lateness {
        picture_ms: middle(ages),
        apart_ms: apart.into_iter().fold(0.0, f64::max),
    })
}

/// How far the far end's sound and picture are apart, in milliseconds, by its sender reports; `None` before those.
async fn room_apart(stand: &Stand) -> anyhow::Result<Option<f64>> {
    let status = stand.room.status().await?;
    let media = status.media.context("the engine's figures")?;
    let picture = media.received_video.first().context("a picture")?;
    let sound = media.received_audio.first().context("a sound")?;
    let times = picture
        .estimated_playout_timestamp_ms
        .zip(sound.estimated_playout_timestamp_ms);
    Ok(times.map(|(seen, heard)| seen.abs_diff(heard) as f64))
}

/// The same in a browser.
async fn page_apart(caller: &Peer) -> anyhow::Result<Option<f64>> {
    let stats = caller.stats().await?;
    let played = |kind: &str| {
        let mut all = stats.inbound.iter().filter(|track| track.kind == kind);
        let track = all.find(|track| track.estimated_playout_timestamp > 0.0)?;
        Some(track.estimated_playout_timestamp)
    };
    let apart = played("audio").zip(played("video"));
    Ok(apart.map(|(heard, seen)| (heard - seen).abs()))
}

/// Milliseconds since the far end sent the picture of this number.
fn age(stand: &Stand, picture: u32, seen: Instant) -> Option<f64> {
    let sent = stand.far_end.traffic().sent_at(picture)?;
    Some(milliseconds(seen.checked_duration_since(sent)?))
}

fn middle(mut ages: Vec<f64>) -> f64 {
    ages.sort_by(f64::total_cmp);
    ages[ages.len() / 2]
}
