//! Short encoded clips of a moving picture, for sending in any codec.

#![allow(clippy::unwrap_used, reason = "only tests call this")]

use gstreamer::prelude::*;
use saal_media_protocol::Codec;

/// Encoded frames, the first a key frame and no other.
#[derive(Clone, Debug)]
pub(crate) struct Clip {
    pub(crate) codec: Codec,
    pub(crate) frames: Vec<Vec<u8>>,
}

/// A second of a tone, in packets of 20 ms.
pub(crate) fn spoken() -> Clip {
    gstreamer::init().unwrap();
    // A whole number of periods in each packet: played over and over, it has hardly a seam.
    let frames = encoded(
        "audiotestsrc num-buffers=50 samplesperbuffer=960 freq=500 ! audio/x-raw,rate=48000,channels=1 \
         ! opusenc ! appsink name=out sync=false",
    );
    Clip {
        codec: Codec::Opus,
        frames: frames.into_iter().map(|(data, _)| data).collect(),
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
    let all = encoded(&format!(
        "videotestsrc num-buffers={frames} pattern=ball \
         ! video/x-raw,format=I420,width={width},height={height},framerate=30/1 \
         ! {encoder} ! appsink name=out sync=false"
    ));
    let mut frames = Vec::new();
    for (data, delta) in all {
        assert_eq!(delta, !frames.is_empty(), "only the first is a key frame");
        frames.push(data);
    }
    assert!(!frames.is_empty());
    Clip { codec, frames }
}

/// What comes out of a pipeline, each with whether it builds on what was before.
fn encoded(pipeline: &str) -> Vec<(Vec<u8>, bool)> {
    let pipeline = gstreamer::parse::launch(pipeline).unwrap();
    let pipeline = pipeline.downcast::<gstreamer::Pipeline>().unwrap();
    let output = pipeline.by_name("out").unwrap();
    let output = output.downcast::<gstreamer_app::AppSink>().unwrap();
    pipeline.set_state(gstreamer::State::Playing).unwrap();
    let mut frames = Vec::new();
    while let Ok(sample) = output.pull_sample() {
        let buffer = sample.buffer().unwrap();
        let delta = buffer.flags().contains(gstreamer::BufferFlags::DELTA_UNIT);
        frames.push((buffer.map_readable().unwrap().to_vec(), delta));
    }
    pipeline.set_state(gstreamer::State::Null).unwrap();
    frames
}
