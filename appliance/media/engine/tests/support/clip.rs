//! Short encoded clips of a moving picture, for sending in any codec, and of a voice.

#![allow(clippy::unwrap_used, reason = "only tests call this")]

use gstreamer::prelude::*;
use saal_hal_sim::tone;
use saal_media_protocol::Codec;

/// Encoded frames; of a picture the first is a key frame and no other.
#[derive(Clone, Debug)]
pub(crate) struct Clip {
    pub(crate) codec: Codec,
    pub(crate) frames: Vec<Vec<u8>>,
}

/// A second of a tone, in packets of 20 ms.
pub(crate) fn spoken() -> Clip {
    gstreamer::init().unwrap();
    // A whole number of periods in each packet: played over and over, it has hardly a seam.
    let made = run(
        "audiotestsrc num-buffers=50 samplesperbuffer=960 freq=500 ! audio/x-raw,rate=48000,channels=1 \
         ! opusenc",
        Vec::new(),
    );
    Clip {
        codec: Codec::Opus,
        frames: made.iter().map(bytes).collect(),
    }
}

/// 30 frames a second of this size.
pub(crate) fn clip(codec: Codec, width: u32, height: u32, frames: u32) -> Clip {
    gstreamer::init().unwrap();
    let encoder = match codec {
        Codec::Vp8 => "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=9999 target-bitrate=400000",
        Codec::Vp9 => "vp9enc deadline=1 cpu-used=8 keyframe-max-dist=9999 target-bitrate=400000",
        Codec::Av1 => "av1enc cpu-used=9 lag-in-frames=0 keyframe-max-dist=9999 target-bitrate=400",
        Codec::H264 => {
            "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=9999 bitrate=400 \
             ! video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline"
        }
        Codec::Opus => unreachable!("a clip is seen"),
    };
    let made = run(
        &format!(
            "videotestsrc num-buffers={frames} pattern=ball \
             ! video/x-raw,format=I420,width={width},height={height},framerate=30/1 \
             ! {encoder}"
        ),
        Vec::new(),
    );
    let is_delta =
        |buffer: &gstreamer::Buffer| buffer.flags().contains(gstreamer::BufferFlags::DELTA_UNIT);
    for (index, buffer) in made.iter().enumerate() {
        assert_eq!(is_delta(buffer), index > 0, "only the first is a key frame");
    }
    Clip {
        codec,
        frames: made.iter().map(bytes).collect(),
    }
}

/// So many seconds of somebody's numbered seconds, in pieces of 20 ms.
pub(crate) fn voice(who: u8, seconds: usize) -> Clip {
    gstreamer::init().unwrap();
    let mut samples = vec![0; seconds * tone::SAMPLE_RATE as usize];
    tone::generate(0, who.into(), &mut samples);
    let sound: Vec<u8> = samples.into_iter().flat_map(i16::to_le_bytes).collect();
    // As cheap as it can be: what is heard of it is a tone.
    let made = run(
        "appsrc name=in format=time max-bytes=0 \
         caps=audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1 \
         ! opusenc frame-size=20 complexity=0",
        vec![gstreamer::Buffer::from_slice(sound)],
    );
    let mut frames: Vec<_> = made.iter().map(bytes).collect();
    frames.truncate(seconds * 50);
    Clip {
        codec: Codec::Opus,
        frames,
    }
}

/// All that comes out at the end of these elements, the first of which is called `in` where something is put into it.
pub(crate) fn run(elements: &str, input: Vec<gstreamer::Buffer>) -> Vec<gstreamer::Buffer> {
    let pipeline = gstreamer::parse::launch(&format!("{elements} ! appsink name=out sync=false"));
    let pipeline = pipeline.unwrap().downcast::<gstreamer::Pipeline>().unwrap();
    let output = pipeline.by_name("out").unwrap();
    let output = output.downcast::<gstreamer_app::AppSink>().unwrap();
    pipeline.set_state(gstreamer::State::Playing).unwrap();
    if let Some(source) = pipeline.by_name("in") {
        let source = source.downcast::<gstreamer_app::AppSrc>().unwrap();
        for buffer in input {
            source.push_buffer(buffer).unwrap();
        }
        source.end_of_stream().unwrap();
    }
    let samples = std::iter::from_fn(|| output.pull_sample().ok());
    let buffers: Vec<_> = samples.filter_map(|sample| sample.buffer_owned()).collect();
    pipeline.set_state(gstreamer::State::Null).unwrap();
    assert!(!buffers.is_empty(), "{elements}");
    buffers
}

fn bytes(buffer: &gstreamer::Buffer) -> Vec<u8> {
    buffer.map_readable().unwrap().to_vec()
}
