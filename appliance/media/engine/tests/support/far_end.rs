//! What somebody at the far end of a call sees and hears of the room: everything has the time that its packets carry. So a busy
//! machine, on which all comes later, changes nothing.
//!
//! What comes is written down, and is decoded when somebody wants to know: pictures at once by [`FarEnd::until`], and later by
//! [`Came::look`] where an emulated processor has enough to do meanwhile.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests call this")]

use std::time::{Duration, Instant};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_video::{self as gst_video, prelude::*};
use saal_hal_sim::{
    Luma,
    pattern::{self, Code},
    tone,
};
use saal_media_protocol::{
    Codec, MediaEvent, SourceKind, StreamSsrc, TransportCommand, TransportId, VideoSend,
};
use str0m::{
    Event, format,
    media::{MediaData, Mid},
};

use super::{
    DEADLINE, Daemon, assign,
    bridge::{Bridge, numbers, receive},
    clip::{self, Clip},
    one_layer,
};

/// Steps of the clock of RTP in a millisecond: of pictures (RFC 7741 section 4.1), and of sound (RFC 7587 section 4.1).
pub(crate) const PICTURE_MS: u64 = 90;
pub(crate) const SOUND_MS: u64 = 48;
/// 20 ms of sound, as the room sends it.
pub(crate) const PACKET: u64 = 20 * SOUND_MS;
/// What is promised (issue 6), by the clock of pictures: until words stand in the place of a camera that was pulled, and until
/// the one that is back is seen.
pub(crate) const WORDS_WITHIN: u64 = 500 * PICTURE_MS;
pub(crate) const BACK_WITHIN: u64 = 1_500 * PICTURE_MS;

const CAMERA: u32 = 5_000;
const VOICE: StreamSsrc = one(6_000);
/// Of the voice that the room hears.
const ADA: StreamSsrc = one(700);

const fn one(ssrc: u32) -> StreamSsrc {
    StreamSsrc { ssrc, rtx: None }
}

/// A picture that came.
struct Picture {
    time: u64,
    at: Instant,
    codec: format::Codec,
    is_key: bool,
    data: Vec<u8>,
}

/// A picture as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// By the clock of RTP.
    pub(crate) time: u64,
    /// When it was here.
    pub(crate) at: Instant,
    /// What the simulated camera says in it; `None`: this is no picture of it, or not all of one.
    pub(crate) code: Option<Code>,
    /// Its luma, row by row without gaps.
    pub(crate) luma: Vec<u8>,
    pub(crate) size: (u32, u32),
}

/// A packet of sound.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// By the clock of RTP.
    pub(crate) time: u64,
    /// When it was here.
    pub(crate) at: Instant,
    /// dB below full scale, as its header says (RFC 6464); nearest to zero is loudest.
    pub(crate) level: i8,
    /// Opus.
    data: Vec<u8>,
}

/// All that came of a room.
pub(crate) struct Came {
    camera: Mid,
    voice: Mid,
    /// Pictures that nobody has looked at.
    unseen: Vec<Picture>,
    decoder: Option<Decoder>,
    /// Those that were looked at.
    pub(crate) shown: Vec<Shown>,
    pub(crate) heard: Vec<Heard>,
}

impl Came {
    fn note(&mut self, event: &Event) {
        let Event::MediaData(data) = event else {
            return;
        };
        if data.mid == self.camera {
            self.unseen.push(Picture::new(data));
        } else if data.mid == self.voice {
            self.heard.push(Heard::new(data));
        }
    }

    /// Decodes all pictures that came.
    pub(crate) fn look(&mut self) {
        for picture in self.unseen.drain(..) {
            self.shown.extend(decode(&mut self.decoder, &picture));
        }
    }

    fn pictures(&self) -> usize {
        self.shown.len() + self.unseen.len()
    }

    /// All sound from the time of the first packet on, with silence where none came.
    pub(crate) fn sound(&self) -> Vec<i16> {
        let first = self.heard.first().expect("sound came").time;
        let decoded = clip::run(
            "appsrc name=in format=time max-bytes=0 caps=audio/x-opus,channel-mapping-family=0,channels=1,rate=48000
             ! opusdec ! audioconvert ! audio/x-raw,format=S16LE,channels=1,rate=48000",
            self.heard.iter().map(|heard| heard.buffer(first)).collect(),
        );
        let mut samples: Vec<i16> = Vec::new();
        for piece in &decoded {
            let bytes = piece.map_readable().unwrap();
            let (words, _) = bytes.as_chunks::<2>();
            let start = piece
                .pts()
                .expect("what goes in with a time comes out with it");
            let start = samples_in(start.into());
            samples.resize(samples.len().max(start + words.len()), 0);
            for (to, from) in samples[start..].iter_mut().zip(words) {
                *to = i16::from_le_bytes(*from);
            }
        }
        samples
    }

    /// The place in [`Self::sound`] of what the room heard at this instant.
    pub(crate) fn sample_at(&self, instant: Instant) -> usize {
        let came = self.heard.iter().map(|heard| (heard.time, heard.at));
        samples_in(instant.saturating_duration_since(begins(came, SOUND_MS)))
    }

    /// When the camera's clock was at this time.
    pub(crate) fn instant(&self, time: u64) -> Instant {
        let came = self.shown.iter().map(|shown| (shown.time, shown.at));
        let first = self.shown.first().expect("pictures came").time;
        begins(came, PICTURE_MS) + lasts(time - first, PICTURE_MS)
    }
}

/// When the sender's clock was at the time of the first of these, as far as is known from what came soonest.
fn begins(mut came: impl Iterator<Item = (u64, Instant)>, clock_ms: u64) -> Instant {
    let (first, at) = came.next().expect("something came");
    let others = came.map(|(time, at)| at - lasts(time - first, clock_ms));
    others.fold(at, Instant::min)
}

/// How long so many steps of a clock last.
fn lasts(steps: u64, clock_ms: u64) -> Duration {
    Duration::from_micros(steps * 1_000 / clock_ms)
}

fn samples_in(time: Duration) -> usize {
    usize::try_from(time.as_nanos() * u128::from(tone::SAMPLE_RATE) / 1_000_000_000).unwrap()
}

impl Picture {
    fn new(data: &MediaData) -> Self {
        Self {
            time: data.time.numer(),
            at: data.network_time,
            codec: data.params.spec().codec,
            is_key: data.is_keyframe(),
            data: data.data.to_vec(),
        }
    }
}

impl Heard {
    fn new(data: &MediaData) -> Self {
        Self {
            time: data.time.numer(),
            at: data.network_time,
            level: data.ext_vals.audio_level.expect("every packet says it"),
            data: data.data.to_vec(),
        }
    }

    /// With the time since this one.
    fn buffer(&self, first: u64) -> gst::Buffer {
        let mut buffer = gst::Buffer::from_slice(self.data.clone());
        let time = gst::ClockTime::from_nseconds((self.time - first) * 1_000_000 / SOUND_MS);
        buffer.get_mut().unwrap().set_pts(time);
        buffer
    }
}

/// Somebody who sees and hears the room.
pub(crate) struct FarEnd {
    pub(crate) bridge: Box<Bridge>,
    call: TransportId,
    pub(crate) came: Came,
}

impl FarEnd {
    /// Is called by a room that sends its camera and its microphone.
    pub(crate) async fn of(daemon: &mut Daemon, call: TransportId, codec: Codec) -> Self {
        Self::sees(daemon, call, camera(codec)).await
    }

    /// The same, and says how the camera is to be sent.
    pub(crate) async fn sees(daemon: &mut Daemon, call: TransportId, video: VideoSend) -> Self {
        let mut bridge = Box::new(Box::pin(Bridge::join(daemon, call)).await);
        let came = Came {
            camera: bridge.expect(numbers(CAMERA), true),
            voice: bridge.expect(VOICE, false),
            unseen: Vec::new(),
            decoder: None,
            shown: Vec::new(),
            heard: Vec::new(),
        };
        let far_end = Self { bridge, call, came };
        send(daemon, call, video).await;
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

    /// The room hears this from now on, over and over.
    pub(crate) async fn speaks(&mut self, daemon: &mut Daemon, voice: Clip) {
        let track = receive(self.call, "ada-a0", ADA, false);
        daemon.transport(track).await;
        let ada = assign(self.call, "ada-a0", "ada", SourceKind::Microphone);
        daemon.transport(ada).await;
        self.bridge.show(ADA, Some(voice));
    }

    /// What was seen and heard so far does not count any more.
    pub(crate) fn forget(&mut self) {
        // Later pictures are made of these.
        self.came.look();
        (self.came.shown, self.came.heard) = (Vec::new(), Vec::new());
    }

    /// What comes is written down until this is done.
    pub(crate) async fn beside<T>(&mut self, done: impl Future<Output = T>) -> T {
        let Self { bridge, came, .. } = self;
        let comes = bridge.until(|event| {
            came.note(event);
            None::<()>
        });
        tokio::select! {
            done = done => done,
            () = comes => unreachable!("nothing is waited for"),
        }
    }

    /// Sees and hears until this is so.
    pub(crate) async fn until(&mut self, mut done: impl FnMut(&[Shown], &[Heard]) -> bool) {
        let Self { bridge, came, .. } = self;
        let take = |event: &Event| {
            came.note(event);
            came.look();
            done(&came.shown, &came.heard).then_some(())
        };
        bridge.until(take).await;
    }

    /// What comes is written down until there are so many more pictures and packets of sound, and `also` is so.
    pub(crate) async fn takes(
        &mut self,
        room: &mut Daemon,
        (pictures, packets): (usize, usize),
        mut also: impl FnMut() -> bool,
    ) {
        let Self { bridge, came, .. } = self;
        let enough = (came.pictures() + pictures, came.heard.len() + packets);
        let comes = bridge.until(|event| {
            came.note(event);
            let all = came.pictures() >= enough.0 && came.heard.len() >= enough.1 && also();
            all.then_some(())
        });
        let in_time = tokio::select! {
            () = comes => true,
            () = async { while room.next().await.is_some() {} } => false,
            () = tokio::time::sleep(DEADLINE / 2) => false,
        };
        if !in_time {
            let stats = |event: &&MediaEvent| !matches!(event, MediaEvent::Stats(_));
            let said: Vec<_> = room.log.iter().filter(stats).collect();
            let got = (self.came.pictures(), self.came.heard.len());
            panic!("{got:?} in place of {enough:?}, or what else was waited for: {said:#?}");
        }
    }
}

/// A room's camera in this codec.
fn camera(codec: Codec) -> VideoSend {
    VideoSend {
        codec,
        ..one_layer(320, 180)
    }
}

/// Has the room send its camera in this codec, to [`FarEnd`].
pub(crate) async fn send_camera(daemon: &mut Daemon, call: TransportId, codec: Codec) {
    send(daemon, call, camera(codec)).await;
}

async fn send(daemon: &mut Daemon, call: TransportId, video: VideoSend) {
    let picture = TransportCommand::Send {
        transport: call,
        track: "cam".to_owned(),
        source: SourceKind::Camera,
        video: Some(video),
        streams: vec![numbers(CAMERA)],
    };
    daemon.transport(picture).await;
}

/// The longest time between two that follow each other.
pub(crate) fn longest(times: impl IntoIterator<Item = u64>) -> u64 {
    let times: Vec<u64> = times.into_iter().collect();
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().expect("several came")
}

/// A track may go on in another codec.
fn decode(decoder: &mut Option<Decoder>, picture: &Picture) -> Option<Shown> {
    let codec = picture.codec;
    if decoder
        .as_ref()
        .is_none_or(|decoder| decoder.codec != codec)
    {
        *decoder = Some(Decoder::start(codec));
    }
    decoder.as_mut()?.decode(picture)
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
    fn decode(&mut self, picture: &Picture) -> Option<Shown> {
        self.begun |= picture.is_key;
        if !self.begun {
            return None;
        }
        let mut buffer = gst::Buffer::from_slice(picture.data.clone());
        let pts = gst::ClockTime::from_useconds(picture.time * 1_000 / PICTURE_MS);
        buffer.get_mut().unwrap().set_pts(pts);
        self.input.push_buffer(buffer).unwrap();
        let patience = gst::ClockTime::from_seconds(10);
        let sample = self.output.try_pull_sample(patience);
        let sample = sample.expect("a picture for each frame");
        Some(shown(&sample, picture))
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn shown(sample: &gst::Sample, came: &Picture) -> Shown {
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
        time: came.time,
        at: came.at,
        code: pattern::read(&picture),
        luma,
        size: (width, height),
    }
}
