//! A sound card without a kernel: the elements that the engine knows as those of ALSA, made of the same base classes as they
//! are, with a card's clock, a card's buffers, and what a card does when nobody comes in time.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests call this")]

use std::{
    sync::{
        Arc, LazyLock, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use gstreamer::{self as gst, LoggableError, glib, prelude::*};
use gstreamer_audio::{self as gst_audio, subclass::prelude::*};
use saal_hal::{AudioDevice, AudioDevices, AudioError, Direction, Volume};
use saal_hal_sim::{SimulatedAudio, tone};

/// Samples in a millisecond.
const MS: u64 = 48;
/// What counts as heard, of 32,768.
const LOUD: u16 = 1_000;

/// The card, of which a process has one.
pub(crate) static CARD: LazyLock<Card> = LazyLock::new(|| Card {
    begun: Instant::now(),
    there: AtomicBool::new(true),
    capture: Line::default(),
    playback: Line::default(),
    played: Mutex::default(),
});

#[derive(Debug)]
pub(crate) struct Card {
    begun: Instant,
    there: AtomicBool,
    pub(crate) capture: Line,
    pub(crate) playback: Line,
    played: Mutex<Vec<Played>>,
}

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Line {
    late_ms: AtomicU64,
    missed: AtomicU64,
}

/// A piece of sound that left the loudspeaker.
#[derive(Clone, Copy, Debug)]
struct Played {
    /// By the card's clock, in samples.
    from: u64,
    to: u64,
    loud: bool,
}

impl Line {
    /// Its thread comes this much later, once, as when the whole computer is busy.
    pub(crate) fn come_late(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap();
        self.late_ms.store(by, Ordering::SeqCst);
    }

    /// Samples for which nobody was there: captured ones that were lost, or time in which nothing was there to be played.
    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Ordering::SeqCst)
    }

    fn wait(&self) {
        let late = self.late_ms.swap(0, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(late));
    }
}

impl Card {
    /// Pulled, or put back.
    pub(crate) fn plug(&self, there: bool) {
        self.there.store(there, Ordering::SeqCst);
    }

    /// Forgets what was played.
    pub(crate) fn listen(&self) {
        self.played.lock().unwrap().clear();
    }

    /// Samples of sound that could be heard.
    pub(crate) fn heard(&self) -> u64 {
        let played = self.played.lock().unwrap();
        let loud = played.iter().filter(|piece| piece.loud);
        loud.map(|piece| piece.to - piece.from).sum()
    }

    /// The longest time, in samples, in which nothing could be heard between what could.
    pub(crate) fn longest_silence(&self) -> u64 {
        let played = self.played.lock().unwrap();
        let loud: Vec<_> = played.iter().filter(|piece| piece.loud).collect();
        let gaps = loud.windows(2).map(|pair| pair[1].from - pair[0].to);
        gaps.max().unwrap_or(0)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap() * MS / 1_000
    }

    fn sleep_until(&self, sample: u64) {
        let left = sample.saturating_sub(self.now());
        std::thread::sleep(Duration::from_micros(left * 1_000 / MS));
    }
}

/// Has GStreamer make these elements where the engine asks for those of ALSA.
pub(crate) fn install() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        gst::init().unwrap();
        let (source, sink) = (Source::static_type(), Sink::static_type());
        gst::Element::register(None, "alsasrc", gst::Rank::NONE, source).unwrap();
        gst::Element::register(None, "alsasink", gst::Rank::NONE, sink).unwrap();
    });
}

/// What the hal says of sound devices, while a test plugs and pulls them.
#[derive(Clone, Default)]
pub(crate) struct Sounds(pub(crate) Arc<Mutex<SimulatedAudio>>);

impl AudioDevices for Sounds {
    fn list(&self, direction: Direction) -> Result<Vec<AudioDevice>, AudioError> {
        self.0.lock().unwrap().list(direction)
    }

    fn check(&self, device: &AudioDevice) -> Result<(), AudioError> {
        self.0.lock().unwrap().check(device)
    }

    fn volume(&self, device: &AudioDevice) -> Result<Option<Volume>, AudioError> {
        self.0.lock().unwrap().volume(device)
    }

    fn set_volume(&self, device: &AudioDevice, volume: Volume) -> Result<bool, AudioError> {
        self.0.lock().unwrap().set_volume(device, volume)
    }
}

glib::wrapper! {
    pub(crate) struct Source(ObjectSubclass<Capture>)
        @extends gst_audio::AudioSrc, gst_audio::AudioBaseSrc, gstreamer_base::PushSrc, gstreamer_base::BaseSrc,
            gst::Element, gst::Object;
}

glib::wrapper! {
    pub(crate) struct Sink(ObjectSubclass<Playback>)
        @extends gst_audio::AudioSink, gst_audio::AudioBaseSink, gstreamer_base::BaseSink, gst::Element, gst::Object;
}

/// The next sample that is read or written, by the card's clock, and how many samples the card has room for: as many as the engine
/// asks of ALSA.
#[derive(Default)]
pub(crate) struct Capture {
    next: AtomicU64,
    room: AtomicU64,
}

#[derive(Default)]
pub(crate) struct Playback {
    next: AtomicU64,
    room: AtomicU64,
}

/// How many samples a card has room for that is asked for this; the elements above ask for one channel of 16 bits.
fn asked(spec: &gst_audio::AudioRingBufferSpec) -> u64 {
    u64::try_from(spec.segsize()).unwrap() * u64::try_from(spec.segtotal()).unwrap() / 2
}

#[glib::object_subclass]
impl ObjectSubclass for Capture {
    const NAME: &'static str = "SaalTestCapture";
    type Type = Source;
    type ParentType = gst_audio::AudioSrc;
}

#[glib::object_subclass]
impl ObjectSubclass for Playback {
    const NAME: &'static str = "SaalTestPlayback";
    type Type = Sink;
    type ParentType = gst_audio::AudioSink;
}

/// Those of ALSA have this one too.
fn device() -> Vec<glib::ParamSpec> {
    vec![glib::ParamSpecString::builder("device").build()]
}

fn template(name: &str, direction: gst::PadDirection) -> Vec<gst::PadTemplate> {
    let caps = gst::Caps::builder("audio/x-raw")
        .field("format", "S16LE")
        .field("layout", "interleaved")
        .field("rate", 48_000_i32)
        .field("channels", 1_i32)
        .build();
    vec![gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).unwrap()]
}

fn metadata(what: &str) -> gst::subclass::ElementMetadata {
    gst::subclass::ElementMetadata::new(what, "Audio/Hardware", "For tests", "Saal")
}

impl ObjectImpl for Capture {
    fn properties() -> &'static [glib::ParamSpec] {
        static DEVICE: OnceLock<Vec<glib::ParamSpec>> = OnceLock::new();
        DEVICE.get_or_init(device)
    }

    fn set_property(&self, _: usize, _: &glib::Value, _: &glib::ParamSpec) {}
}

impl ObjectImpl for Playback {
    fn properties() -> &'static [glib::ParamSpec] {
        static DEVICE: OnceLock<Vec<glib::ParamSpec>> = OnceLock::new();
        DEVICE.get_or_init(device)
    }

    fn set_property(&self, _: usize, _: &glib::Value, _: &glib::ParamSpec) {}
}

impl GstObjectImpl for Capture {}
impl GstObjectImpl for Playback {}

impl ElementImpl for Capture {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: OnceLock<gst::subclass::ElementMetadata> = OnceLock::new();
        Some(METADATA.get_or_init(|| metadata("A microphone of a test")))
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: OnceLock<Vec<gst::PadTemplate>> = OnceLock::new();
        TEMPLATES.get_or_init(|| template("src", gst::PadDirection::Src))
    }
}

impl ElementImpl for Playback {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: OnceLock<gst::subclass::ElementMetadata> = OnceLock::new();
        Some(METADATA.get_or_init(|| metadata("A loudspeaker of a test")))
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: OnceLock<Vec<gst::PadTemplate>> = OnceLock::new();
        TEMPLATES.get_or_init(|| template("sink", gst::PadDirection::Sink))
    }
}

impl BaseSrcImpl for Capture {}
impl PushSrcImpl for Capture {}
impl AudioBaseSrcImpl for Capture {}
impl BaseSinkImpl for Playback {}
impl AudioBaseSinkImpl for Playback {}

/// What a card says that is not there any more, as alsasrc and alsasink pass it on.
macro_rules! gone {
    ($element:expr, $what:ident) => {{
        gst::element_error!(
            $element.obj(),
            gst::ResourceError::$what,
            ["The device has been disconnected"]
        );
        // Until somebody stops it, each period fails.
        std::thread::sleep(Duration::from_millis(10));
        Err(gst::loggable_error!(gst::CAT_RUST, "no device"))
    }};
}

impl AudioSrcImpl for Capture {
    fn open(&self) -> Result<(), LoggableError> {
        opened()
    }

    fn prepare(&self, spec: &mut gst_audio::AudioRingBufferSpec) -> Result<(), LoggableError> {
        self.next.store(CARD.now(), Ordering::SeqCst);
        self.room.store(asked(spec), Ordering::SeqCst);
        Ok(())
    }

    fn unprepare(&self) -> Result<(), LoggableError> {
        Ok(())
    }

    fn close(&self) -> Result<(), LoggableError> {
        Ok(())
    }

    fn read(&self, data: &mut [u8]) -> Result<(u32, Option<gst::ClockTime>), LoggableError> {
        CARD.capture.wait();
        if !CARD.there.load(Ordering::SeqCst) {
            return gone!(self, Read);
        }
        let samples = data.len() as u64 / 2;
        let (mut next, now) = (self.next.load(Ordering::SeqCst), CARD.now());
        if now > next + self.room.load(Ordering::SeqCst) {
            // It ran over: what it had is lost, and it begins anew.
            CARD.capture.missed.fetch_add(now - next, Ordering::SeqCst);
            next = now;
        }
        CARD.sleep_until(next + samples);
        let mut captured = vec![0; data.len() / 2];
        tone::generate(next, 1, &mut captured);
        for (bytes, sample) in data.chunks_exact_mut(2).zip(captured) {
            bytes.copy_from_slice(&sample.to_le_bytes());
        }
        self.next.store(next + samples, Ordering::SeqCst);
        Ok((u32::try_from(data.len()).unwrap(), None))
    }

    fn delay(&self) -> u32 {
        let waits = CARD.now().saturating_sub(self.next.load(Ordering::SeqCst));
        u32::try_from(waits.min(self.room.load(Ordering::SeqCst))).unwrap()
    }

    fn reset(&self) {}
}

impl AudioSinkImpl for Playback {
    fn open(&self) -> Result<(), LoggableError> {
        opened()
    }

    fn prepare(&self, spec: &mut gst_audio::AudioRingBufferSpec) -> Result<(), LoggableError> {
        self.next.store(0, Ordering::SeqCst);
        self.room.store(asked(spec), Ordering::SeqCst);
        Ok(())
    }

    fn unprepare(&self) -> Result<(), LoggableError> {
        Ok(())
    }

    fn close(&self) -> Result<(), LoggableError> {
        Ok(())
    }

    fn write(&self, data: &[u8]) -> Result<i32, LoggableError> {
        CARD.playback.wait();
        if !CARD.there.load(Ordering::SeqCst) {
            return gone!(self, Write);
        }
        let samples = data.len() as u64 / 2;
        let (mut next, now) = (self.next.load(Ordering::SeqCst), CARD.now());
        if now > next {
            // It ran dry, unless it just begins: it plays again from now on.
            let missed = if next == 0 { 0 } else { now - next };
            CARD.playback.missed.fetch_add(missed, Ordering::SeqCst);
            next = now;
        }
        let room = self.room.load(Ordering::SeqCst);
        CARD.sleep_until((next + samples).saturating_sub(room));
        let mut all = data.chunks_exact(2);
        let loud = |bytes: &[u8]| i16::from_le_bytes([bytes[0], bytes[1]]).unsigned_abs() > LOUD;
        let piece = Played {
            from: next,
            to: next + samples,
            loud: all.any(loud),
        };
        CARD.played.lock().unwrap().push(piece);
        self.next.store(next + samples, Ordering::SeqCst);
        Ok(i32::try_from(data.len()).unwrap())
    }

    fn delay(&self) -> u32 {
        let waits = self.next.load(Ordering::SeqCst).saturating_sub(CARD.now());
        u32::try_from(waits.min(self.room.load(Ordering::SeqCst))).unwrap()
    }

    fn reset(&self) {}
}

fn opened() -> Result<(), LoggableError> {
    if CARD.there.load(Ordering::SeqCst) {
        Ok(())
    } else {
        Err(gst::loggable_error!(gst::CAT_RUST, "no such device"))
    }
}
