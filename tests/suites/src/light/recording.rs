//! What a [`LightEngine`](super::LightEngine) sends: pictures and sound that were encoded before.

use std::{
    sync::{
        Arc,
        mpsc::{self, Receiver},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use gstreamer as gst;
use saal_hal_sim::{I420Picture, pattern};
use saal_media::{
    graph::{EncoderInputs, Graph, Sound, SoundDevice, SoundSettings, VideoEncoder},
    plan::{EncoderPlan, PictureSize},
    transport::Frame,
};
use saal_media_protocol::{Codec, SourceKind, TransportId};

/// Speed of the pictures.
pub(super) const PICTURES_PER_SECOND: u32 = 30;
/// Length of one packet of sound.
pub(super) const SOUND_PERIOD: Duration = Duration::from_millis(20);
/// How large pictures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 720p, as somebody sends who is seen large.
    Large,
    /// 180p, as somebody sends who is seen small among many.
    Small,
}

impl Size {
    /// Pixels: width and height.
    #[must_use]
    pub fn pixels(self) -> (u32, u32) {
        match self {
            Self::Large => (1280, 720),
            Self::Small => (320, 180),
        }
    }

    /// What rooms and Element Call send at this size, bits a second.
    #[must_use]
    pub fn bitrate(self) -> u32 {
        match self {
            Self::Large => 1_500_000,
            Self::Small => 160_000,
        }
    }
}

/// Length of the recording; it begins anew with a key frame, as an encoder would send at times.
const SECONDS: u32 = 10;
/// 20 ms of Opus that decode to silence (RFC 6716, a 20 ms CELT frame).
const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];
/// An encoder that is given one picture answers in milliseconds.
const ENCODED_WITHIN: Duration = Duration::from_secs(10);

/// Encoded frames in the order in which they are sent; the first picture is a key frame, no other
/// is.
#[derive(Debug)]
pub struct Recording {
    pictures: Vec<Frame>,
    sounds: Vec<Frame>,
}

impl Recording {
    /// The simulated room's camera and microphone with this seed: picture `n` carries number `n`.
    /// Takes as long as the recording, since the microphone is real time.
    ///
    /// # Errors
    /// When GStreamer's elements are missing or do not encode.
    pub async fn of_room(seed: u64) -> anyhow::Result<Arc<Self>> {
        let recording = tokio::task::spawn_blocking(move || {
            let (events, _) = tokio::sync::mpsc::unbounded_channel();
            let graph = Graph::new(events)?;
            anyhow::Ok(Self {
                pictures: encode_pictures(&graph, seed, Size::Large)?,
                sounds: record_sound(&graph, seed)?,
            })
        });
        Ok(Arc::new(recording.await??))
    }

    /// The same pictures at this size, and nothing to hear.
    ///
    /// # Errors
    /// When GStreamer's elements are missing or do not encode.
    pub async fn of_pictures(seed: u64, size: Size) -> anyhow::Result<Arc<Self>> {
        let recording = tokio::task::spawn_blocking(move || {
            let (events, _) = tokio::sync::mpsc::unbounded_channel();
            anyhow::Ok(Self {
                pictures: encode_pictures(&Graph::new(events)?, seed, size)?,
                sounds: Vec::new(),
            })
        });
        Ok(Arc::new(recording.await??))
    }

    /// Nothing to see and nothing to hear, but frames of both: what signalling needs.
    #[must_use]
    pub fn silence() -> Arc<Self> {
        let sounds = vec![frame(Codec::Opus, Arc::from(SILENCE))];
        Arc::new(Self {
            pictures: Vec::new(),
            sounds,
        })
    }

    pub(super) fn pictures(&self) -> &[Frame] {
        &self.pictures
    }

    /// Packets of 20 ms, in the order in which they are sent.
    #[must_use]
    pub fn sounds(&self) -> &[Frame] {
        &self.sounds
    }
}

fn frame(codec: Codec, data: Arc<[u8]>) -> Frame {
    Frame {
        codec,
        source: 0,
        rtp_time: 0,
        at: Duration::ZERO,
        key: true,
        contiguous: true,
        temporal: None,
        layers: Vec::new(),
        level: None,
        data,
    }
}

/// Through the room's own encoder, one picture at a time so that none is dropped.
fn encode_pictures(graph: &Graph, seed: u64, size: Size) -> anyhow::Result<Vec<Frame>> {
    let (width, height) = size.pixels();
    let plan = EncoderPlan {
        transport: TransportId(0),
        track: "recording".to_owned(),
        layer: 0,
        source: SourceKind::Camera,
        codec: Codec::Vp8,
        size: PictureSize {
            width,
            height,
            frames_per_second: PICTURES_PER_SECOND,
        },
        temporal: false,
        bitrate: size.bitrate(),
    };
    let (encoded, frames) = mpsc::channel();
    let (inputs, sink) = (EncoderInputs::default(), move |frame| {
        let _ = encoded.send(frame);
    });
    let _encoder = VideoEncoder::start(graph, plan, None, &inputs, Arc::default(), Box::new(sink))?;
    let pictures: Vec<Frame> = (0..SECONDS * PICTURES_PER_SECOND)
        .map(|number| {
            inputs.push(&picture(number, seed, (width, height))?);
            next(&frames)
        })
        .collect::<anyhow::Result<_>>()?;
    let whole = pictures.iter().enumerate().all(|(n, f)| f.key == (n == 0));
    ensure!(whole, "the first picture alone stands alone");
    Ok(pictures)
}

fn picture(number: u32, seed: u64, (width, height): (u32, u32)) -> anyhow::Result<gst::Sample> {
    let mut picture = I420Picture::new(width, height);
    let code = pattern::Code {
        frame: number,
        time_ms: number * 1_000 / PICTURES_PER_SECOND,
    };
    pattern::draw(code, seed, &mut picture.as_mut());
    let mut buffer = gst::Buffer::from_slice(picture.data().to_vec());
    let time = gst::ClockTime::SECOND * u64::from(number) / u64::from(PICTURES_PER_SECOND);
    buffer.get_mut().context("a new buffer")?.set_pts(time);
    let pixels = |count| i32::try_from(count).unwrap_or(i32::MAX);
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", pixels(width))
        .field("height", pixels(height))
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .field(
            "framerate",
            gst::Fraction::new(pixels(PICTURES_PER_SECOND), 1),
        )
        .build();
    Ok(gst::Sample::builder().buffer(&buffer).caps(&caps).build())
}

/// From the room's own simulated microphone.
fn record_sound(graph: &Graph, seed: u64) -> anyhow::Result<Vec<Frame>> {
    let loudspeaker = SoundDevice::Simulated;
    let mut sound = Sound::start(
        graph,
        SoundSettings {
            loudspeaker,
            seed,
            processing: false,
        },
    )?;
    let (encoded, frames) = mpsc::channel();
    let sink = move |frame| {
        let _ = encoded.send(frame);
    };
    sound.open_microphone(SoundDevice::Simulated, Box::new(sink))?;
    let packets = Duration::from_secs(u64::from(SECONDS)).as_millis() / SOUND_PERIOD.as_millis();
    (0..packets).map(|_| next(&frames)).collect()
}

fn next(frames: &Receiver<Frame>) -> anyhow::Result<Frame> {
    frames
        .recv_timeout(ENCODED_WITHIN)
        .context("an encoder gave nothing")
}
