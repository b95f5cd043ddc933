//! A page of small writing through encoder and decoder, as the room presents it: what was ink stays ink, what was paper paper.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use gstreamer as gst;
use saal_media::{
    graph::{EncoderInputs, Graph, Make, TrackKey, VideoDecoder, VideoEncoder},
    lettering::Lettering,
    plan::{EncoderPlan, PictureSize},
    transport::Frame,
};
use saal_media_protocol::{Codec, Ground, Label, Place, Rect, SourceKind, TextLine, TransportId};

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;
/// Letters of a spreadsheet on a laptop's screen: an x is seven pixels high.
const LINE: u32 = 17;
const SPEED: u32 = 5;
/// Two seconds at the slowest that content is sent.
const PICTURES: u32 = 10;
const WITHIN: Duration = Duration::from_secs(20);

/// Black on white, no two lines alike.
fn page() -> Vec<u8> {
    let line = |n: u32| TextLine {
        who: String::new(),
        text: format!(
            "{n:02}  The quick brown fox owes {:>7.2} EUR for {} lazy dogs, illicit |!l1I and rn/m, {:x}",
            f64::from(n * 7_919 % 100_003) / 100.0,
            n * 31 % 17,
            n.wrapping_mul(2_654_435_761)
        ),
    };
    let label = Label {
        area: Rect {
            x: 0,
            y: 0,
            width: WIDTH,
            height: HEIGHT,
        },
        place: Place::Fill,
        line_height: LINE,
        lines: (0..HEIGHT / LINE - 2).map(line).collect(),
        ground: Ground::Dark,
    };
    let drawn = Lettering::default().draw(&label).unwrap();
    assert_eq!((drawn.width, drawn.height), (WIDTH, HEIGHT));
    // The television writes light on dark.
    drawn.luma.iter().map(|luma| 255 - luma).collect()
}

fn sample(luma: &[u8], number: u32) -> gst::Sample {
    let mut data = luma.to_vec();
    data.resize(luma.len() * 3 / 2, 128);
    let mut buffer = gst::Buffer::from_slice(data);
    let time = gst::ClockTime::SECOND * u64::from(number) / u64::from(SPEED);
    buffer.get_mut().unwrap().set_pts(time);
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", i32::try_from(WIDTH).unwrap())
        .field("height", i32::try_from(HEIGHT).unwrap())
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .field("framerate", gst::Fraction::new(5, 1))
        .build();
    gst::Sample::builder().buffer(&buffer).caps(&caps).build()
}

/// The page as others see it once [`PICTURES`] were sent, brightness only.
fn through(graph: &Graph, page: &[u8], source: SourceKind, bitrate: u32) -> Vec<u8> {
    let key = TrackKey {
        transport: TransportId(0),
        track: "page".to_owned(),
    };
    let plan = EncoderPlan {
        transport: key.transport,
        track: key.track.clone(),
        layer: 0,
        source,
        codec: Codec::Vp8,
        size: PictureSize {
            width: WIDTH,
            height: HEIGHT,
            frames_per_second: SPEED,
        },
        temporal: false,
        bitrate,
    };
    let (pictures, seen) = mpsc::channel();
    let sink = move |sample: &gst::Sample| drop(pictures.send(sample.clone()));
    let which = Make {
        codec: Codec::Vp8,
        failures: 0,
    };
    let decoder = VideoDecoder::start(graph, &key, which, Arc::default(), Box::new(sink)).unwrap();
    let (encoded, frames) = mpsc::channel();
    let inputs = EncoderInputs::default();
    let sink = move |frame: Frame| drop(encoded.send(frame));
    let _encoder =
        VideoEncoder::start(graph, plan, None, &inputs, Arc::default(), Box::new(sink)).unwrap();
    let mut last = None;
    for number in 0..PICTURES {
        inputs.push(&sample(page, number));
        // Content leaves pictures out when its rate is used up; what then follows is better.
        let patience = if number == 0 {
            WITHIN
        } else {
            Duration::from_secs(1)
        };
        if let Ok(frame) = frames.recv_timeout(patience) {
            decoder.push(&frame, graph.time());
            last = seen.recv_timeout(WITHIN).ok();
        }
    }
    let last: gst::Sample = last.unwrap();
    let info = gstreamer_video::VideoInfo::from_caps(last.caps().unwrap()).unwrap();
    let map = last.buffer().unwrap().map_readable().unwrap();
    let stride = usize::try_from(info.stride()[0]).unwrap();
    let rows = map.chunks(stride).take(HEIGHT as usize);
    rows.flat_map(|row| row[..WIDTH as usize].to_vec())
        .collect()
}

/// The part of what is clearly ink or clearly paper that is still on its side of grey, in per mille.
fn legible(page: &[u8], seen: &[u8]) -> usize {
    let darkest = *page.iter().min().unwrap();
    let lightest = *page.iter().max().unwrap();
    let (grey, clear) = (darkest.midpoint(lightest), (lightest - darkest) / 3);
    let counted = page
        .iter()
        .zip(seen)
        .filter(|(of, _)| of.abs_diff(grey) > clear);
    let ink = counted.filter(|(of, _)| **of < grey);
    let (mut all, mut kept) = (0, 0);
    for (_, seen) in ink {
        all += 1;
        kept += usize::from(*seen < grey);
    }
    kept * 1_000 / all
}

#[test]
fn small_writing_stays_legible_while_it_is_presented() {
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let graph = Graph::new(events).unwrap();
    let page = page();
    // As calls send it on a good network, and at the least that a narrow one gets.
    for (bitrate, least) in [(1_500_000, 990), (150_000, 950)] {
        let content = legible(&page, &through(&graph, &page, SourceKind::Content, bitrate));
        let camera = legible(&page, &through(&graph, &page, SourceKind::Camera, bitrate));
        println!(
            "{bitrate} bit/s: {content} per mille of the ink as content, {camera} as a camera's picture"
        );
        assert!(content >= least, "{content} per mille at {bitrate} bit/s");
        assert!(content >= camera, "{content} < {camera} at {bitrate} bit/s");
    }
}
