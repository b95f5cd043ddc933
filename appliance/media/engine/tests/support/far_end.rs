//! What somebody at the far end of a call sees and hears of the room: pictures are decoded, and everything has the time that
//! its packets carry. So a busy machine, on which all comes later, changes nothing.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests call this")]

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_video::{self as gst_video, prelude::*};
use saal_hal_sim::{
    Luma,
    pattern::{self, Code},
};
use saal_media_protocol::{Codec, SourceKind, StreamSsrc, TransportCommand, TransportId};
use str0m::{
    Event, format,
    media::{MediaData, Mid},
};

use super::{
    Daemon,
    bridge::{Bridge, numbers},
    one_layer,
};

/// Steps of the clock of RTP in a millisecond: of pictures (RFC 7741 section 4.1), and of sound (RFC 7587 section 4.1).
pub(crate) const PICTURE_MS: u64 = 90;
pub(crate) const SOUND_MS: u64 = 48;
/// 20 ms of sound, as the room sends it.
pub(crate) const PACKET: u64 = 20 * SOUND_MS;

const CAMERA: u32 = 5_000;
const VOICE: StreamSsrc = StreamSsrc {
    ssrc: 6_000,
    rtx: None,
};

/// A picture as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// By the clock of RTP.
    pub(crate) time: u64,
    /// What the simulated camera says in it; `None`: this is no picture of it, or not all of one.
    pub(crate) code: Option<Code>,
    /// Its luma, row by row without gaps.
    pub(crate) luma: Vec<u8>,
    pub(crate) size: (u32, u32),
}

/// A packet of sound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    /// By the clock of RTP.
    pub(crate) time: u64,
    /// dB below full scale, as its header says (RFC 6464); nearest to zero is loudest.
    pub(crate) level: i8,
}

/// Somebody who sees and hears the room.
pub(crate) struct FarEnd {
    pub(crate) bridge: Box<Bridge>,
    camera: Mid,
    voice: Mid,
    decoder: Option<Decoder>,
    pub(crate) shown: Vec<Shown>,
    pub(crate) heard: Vec<Heard>,
}

impl FarEnd {
    /// Is called by a room that sends its camera and its microphone.
    pub(crate) async fn of(daemon: &mut Daemon, call: TransportId, codec: Codec) -> Self {
        let mut bridge = Box::new(Bridge::join(daemon, call).await);
        let (camera, voice) = (
            bridge.expect(numbers(CAMERA), true),
            bridge.expect(VOICE, false),
        );
        let far_end = Self {
            bridge,
            camera,
            voice,
            decoder: None,
            shown: Vec::new(),
            heard: Vec::new(),
        };
        send_camera(daemon, call, codec).await;
        let sound = TransportCommand::Send {
            transport: call,
            track: "mic".to_owned(),
            source: SourceKind::Microphone,
            video: None,
            streams: vec![VOICE],
        };
        daemon.transport(sound).await;
        far_end
    }

    /// What was seen and heard so far does not count any more.
    pub(crate) fn forget(&mut self) {
        (self.shown, self.heard) = (Vec::new(), Vec::new());
    }

    /// Sees and hears until this is done.
    pub(crate) async fn beside<T>(&mut self, done: impl Future<Output = T>) -> T {
        tokio::select! {
            done = done => done,
            () = self.until(|_, _| false) => unreachable!("that is never so"),
        }
    }

    /// Sees and hears until this is so.
    pub(crate) async fn until(&mut self, mut done: impl FnMut(&[Shown], &[Heard]) -> bool) {
        let Self {
            bridge,
            camera,
            voice,
            decoder,
            shown,
            heard,
        } = self;
        let take = |event: &Event| {
            let Event::MediaData(data) = event else {
                return None;
            };
            if data.mid == *camera {
                shown.extend(decode(decoder, data));
            } else if data.mid == *voice {
                heard.push(sound(data));
            }
            done(shown, heard).then_some(())
        };
        bridge.until(take).await;
    }
}

/// Has the room send its camera in this codec, to [`FarEnd`].
pub(crate) async fn send_camera(daemon: &mut Daemon, call: TransportId, codec: Codec) {
    let mut video = one_layer(320, 180);
    video.codec = codec;
    let picture = TransportCommand::Send {
        transport: call,
        track: "cam".to_owned(),
        source: SourceKind::Camera,
        video: Some(video),
        streams: vec![numbers(CAMERA)],
    };
    daemon.transport(picture).await;
}

fn sound(data: &MediaData) -> Heard {
    Heard {
        time: data.time.numer(),
        level: data.ext_vals.audio_level.expect("every packet says it"),
    }
}

/// The longest time between two that follow each other.
pub(crate) fn longest(times: impl IntoIterator<Item = u64>) -> u64 {
    let times: Vec<u64> = times.into_iter().collect();
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().expect("several came")
}

/// A track may go on in another codec.
fn decode(decoder: &mut Option<Decoder>, data: &MediaData) -> Option<Shown> {
    let codec = data.params.spec().codec;
    if decoder
        .as_ref()
        .is_none_or(|decoder| decoder.codec != codec)
    {
        *decoder = Some(Decoder::start(codec));
    }
    decoder.as_mut()?.decode(data)
}

/// Decodes one frame after the other.
struct Decoder {
    codec: format::Codec,
    pipeline: gst::Pipeline,
    input: gst_app::AppSrc,
    output: gst_app::AppSink,
    begun: bool,
}

impl Decoder {
    fn start(codec: format::Codec) -> Self {
        gst::init().unwrap();
        let (caps, decoder) = match codec {
            format::Codec::Vp8 => ("video/x-vp8", "vp8dec"),
            format::Codec::H264 => (
                "video/x-h264,stream-format=byte-stream,alignment=au",
                "h264parse ! openh264dec",
            ),
            other => unreachable!("rooms do not send {other:?}"),
        };
        let pipeline = gst::parse::launch(&format!(
            "appsrc name=in caps={caps} format=time ! {decoder} ! video/x-raw,format=I420 ! appsink name=out sync=false"
        ));
        let pipeline = pipeline.unwrap().downcast::<gst::Pipeline>().unwrap();
        let (input, output) = (pipeline.by_name("in"), pipeline.by_name("out"));
        pipeline.set_state(gst::State::Playing).unwrap();
        Self {
            codec,
            pipeline,
            input: input.unwrap().downcast().unwrap(),
            output: output.unwrap().downcast().unwrap(),
            begun: false,
        }
    }

    /// `None` before the first key frame.
    fn decode(&mut self, data: &MediaData) -> Option<Shown> {
        self.begun |= data.is_keyframe();
        if !self.begun {
            return None;
        }
        let mut buffer = gst::Buffer::from_slice(data.data.to_vec());
        let time = data.time.numer();
        let pts = gst::ClockTime::from_useconds(time * 1_000 / PICTURE_MS);
        buffer.get_mut().unwrap().set_pts(pts);
        self.input.push_buffer(buffer).unwrap();
        let patience = gst::ClockTime::from_seconds(10);
        let sample = self.output.try_pull_sample(patience);
        let sample = sample.expect("a picture for each frame");
        Some(shown(&sample, time))
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn shown(sample: &gst::Sample, time: u64) -> Shown {
    let info = gst_video::VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(sample.buffer().unwrap(), &info);
    let frame = frame.unwrap();
    let (width, height) = (info.width(), info.height());
    let stride = usize::try_from(frame.plane_stride()[0]).unwrap();
    let rows = frame.plane_data(0).unwrap().chunks(stride);
    let luma: Vec<u8> = rows
        .take(height as usize)
        .flat_map(|row| &row[..width as usize])
        .copied()
        .collect();
    let picture = Luma {
        data: &luma,
        stride: width as usize,
        width,
        height,
    };
    Shown {
        time,
        code: pattern::read(&picture),
        luma,
        size: (width, height),
    }
}
