//! All sound of the room in one pipeline: the microphone's encoder, the decoders of what arrives,
//! the mixer, the loudspeaker. One pipeline, because echo cancellation needs both directions in
//! one (design, pitfall 19).

mod decoding;
mod elements;
mod microphone;
mod reference;
mod speaking;

use std::{collections::HashMap, time::Duration};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use saal_hal_sim::tone;
use saal_media_protocol::Codec;

use super::{
    Graph, GraphError, Part, TrackKey, begin_now, chain, duration, encoder::FrameSink,
    encoder::live_input, loudness::Loudness, make, redistribute_latency, ringer, start, stop,
    ticker::Ticker,
};
use decoding::Decoding;
use elements::{level, loudspeaker, mixer, raw_caps, waiting};
use microphone::Microphone;
use reference::Reference;

use super::{ringer::Notes, speech::Words};

use crate::{sound::Steps, transport::Frame};

/// Samples in one packet of 20 ms.
const PACKET_SAMPLES: usize = 960;

/// A sound device to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoundDevice {
    /// The tone, or a loudspeaker that nobody hears.
    Simulated,
    /// An ALSA device (`plughw:CARD=Jabra,DEV=0`).
    Alsa(String),
}

/// What the sound pipeline is built for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundSettings {
    /// Where it is heard.
    pub loudspeaker: SoundDevice,
    /// Picks the tone's voice.
    pub seed: u64,
    /// Echo, noise and uneven loudness are taken out of what a real microphone captures; not where
    /// the room's devices do it themselves.
    pub processing: bool,
}

/// The running sound of the room; dropping it closes its devices.
#[derive(Debug)]
pub struct Sound {
    graph: Graph,
    settings: SoundSettings,
    pipeline: gst::Pipeline,
    mixer: gst::Element,
    volume: gst::Element,
    reference: Option<Reference>,
    microphone: Option<Microphone>,
    received: HashMap<TrackKey, Received>,
    ringer: Option<Ringer>,
    trial: Option<Ringer>,
    speech: Option<(Words, Ringer)>,
    latency: Duration,
}

#[derive(Debug)]
struct Ringer {
    bin: gst::Bin,
    pad: gst::Pad,
    _ticker: Ticker,
}

#[derive(Debug)]
struct Received {
    bin: gst::Bin,
    pad: gst::Pad,
    decoding: Decoding,
}

impl Sound {
    /// Opens the loudspeaker.
    ///
    /// # Errors
    /// When the pipeline can't be built or the device refuses at once.
    pub fn start(graph: &Graph, settings: SoundSettings) -> Result<Self, GraphError> {
        let pipeline = graph.pipeline("sound", part_of);
        let mixer = mixer()?;
        let format = make("capsfilter")?;
        format.set_property("caps", raw_caps());
        let (level, volume, convert) = (level()?, make("volume")?, make("audioconvert")?);
        let sink = loudspeaker(&settings.loudspeaker)?;
        let waiting = waiting()?;
        let elements = [&mixer, &waiting, &format, &level, &volume, &convert, &sink];
        chain(&pipeline, Part::Loudspeaker, &elements)?;
        let reference = settings.processing.then(|| Reference::new(Steps::ALL));
        if let Some(reference) = &reference {
            reference.watch(&convert);
        }
        let sound = Self {
            graph: graph.clone(),
            settings,
            pipeline,
            mixer,
            volume,
            reference,
            microphone: None,
            received: HashMap::new(),
            ringer: None,
            trial: None,
            speech: None,
            latency: Duration::ZERO,
        };
        begin_now(graph, &sound.mixer);
        start(Part::Loudspeaker, &sound.pipeline)?;
        Ok(sound)
    }

    /// What it was started with.
    #[must_use]
    pub fn settings(&self) -> &SoundSettings {
        &self.settings
    }

    /// The microphone that is open.
    #[must_use]
    pub fn microphone(&self) -> Option<&SoundDevice> {
        self.microphone
            .as_ref()
            .map(|microphone| &microphone.device)
    }

    /// Opens a microphone; `sink` gets its Opus frames.
    ///
    /// # Errors
    /// When the device refuses; everything else goes on.
    pub fn open_microphone(
        &mut self,
        device: SoundDevice,
        sink: FrameSink,
    ) -> Result<(), GraphError> {
        self.close_microphone();
        let seed = self.settings.seed;
        let reference = self.reference.clone();
        let microphone = Microphone::build(&self.graph, device, seed, reference, sink)?;
        let bin = microphone.bin.clone();
        // Kept before it starts, so that a failure is cleaned up in one place.
        self.microphone = Some(microphone);
        if let Some(reference) = &self.reference {
            reference.follow(true);
        }
        let part = Part::Microphone;
        let added = self.pipeline.add(&bin);
        let outcome = match added.map(|()| run(&bin)) {
            Err(source) => Err(GraphError::Link { part, source }),
            Ok(Err(_)) => Err(GraphError::Start { part }),
            Ok(Ok(())) => Ok(()),
        };
        outcome.inspect_err(|_| self.close_microphone())
    }

    /// Closes the microphone: nothing is captured any more when this returns.
    pub fn close_microphone(&mut self) {
        if let Some(microphone) = self.microphone.take() {
            drop(microphone.ticker);
            self.graph.end_preferring(|part| *part == Part::Microphone);
            let _ = microphone.bin.set_state(gst::State::Null);
            let _ = self.pipeline.remove(&microphone.bin);
            if let Some(reference) = &self.reference {
                reference.follow(false);
            }
        }
    }

    /// How much later than its time sound is heard: the mixer takes that long, and the loudspeaker's buffer.
    #[must_use]
    pub fn latency(&self) -> Duration {
        self.latency
    }

    /// Asks for [`Self::latency`] anew, after it was distributed.
    pub fn follow_latency(&mut self) {
        let mut query = gst::query::Latency::new();
        self.latency = match self.pipeline.query(&mut query) {
            true => duration(query.result().1),
            false => Duration::ZERO,
        };
    }

    /// How loud everything is played: 1 is as it came, 0 is silence.
    pub fn set_gain(&self, gain: f64) {
        self.volume.set_property("volume", gain);
    }

    /// Plays a received frame at this time; its track is added to the mix with its first one.
    ///
    /// Answers how much later it is decoded where packets are held for what the next ones say of them.
    ///
    /// # Errors
    /// When the track's decoder can't be built.
    pub fn play(
        &mut self,
        key: &TrackKey,
        frame: &Frame,
        at: Duration,
    ) -> Result<Duration, GraphError> {
        let in_vain = |received: &Received| received.decoding.holds_in_vain(at);
        if self.received.get(key).is_some_and(in_vain) {
            self.remove(key);
        }
        if !self.received.contains_key(key) {
            let received = self.add_received(key)?;
            self.received.insert(key.clone(), received);
        }
        let received = self.received.get_mut(key);
        Ok(received.map_or(Duration::ZERO, |received| received.decoding.push(frame, at)))
    }

    /// Takes a track out of the mix.
    pub fn remove(&mut self, key: &TrackKey) {
        if let Some(received) = self.received.remove(key) {
            self.dismantle(&received.bin, Some(&received.pad));
        }
    }

    /// Rings, or no more.
    ///
    /// # Errors
    /// When there is no sound for it; everything else goes on.
    pub fn ring(&mut self, on: bool) -> Result<(), GraphError> {
        let rings = self.ringer.take();
        self.ringer = self.follow_notes(on, rings, Notes::Ring)?;
        Ok(())
    }

    /// Plays notes by which people hear whether the loudspeaker works, or no more.
    ///
    /// # Errors
    /// When there is no sound for it; everything else goes on.
    pub fn play_notes(&mut self, on: bool) -> Result<(), GraphError> {
        let plays = self.trial.take();
        self.trial = self.follow_notes(on, plays, Notes::Scale)?;
        Ok(())
    }

    /// Has the microphone's loudness said ten times a second, or once.
    pub fn measure_often(&self, often: bool) {
        if let Some(microphone) = &self.microphone {
            elements::set_interval(&microphone.level, often);
        }
    }

    fn follow_notes(
        &mut self,
        on: bool,
        plays: Option<Ringer>,
        notes: Notes,
    ) -> Result<Option<Ringer>, GraphError> {
        match (on, plays) {
            (true, None) => self.add_ringer(notes).map(Some),
            (true, plays) => Ok(plays),
            (false, Some(ringer)) => {
                self.dismantle(&ringer.bin, Some(&ringer.pad));
                Ok(None)
            }
            (false, None) => Ok(None),
        }
    }

    fn add_ringer(&mut self, notes: Notes) -> Result<Ringer, GraphError> {
        let part = Part::Loudspeaker;
        let bin = gst::Bin::with_name(&format!("{notes:?}"));
        let (input, level) = (live_input(10), level()?);
        input.set_caps(Some(&raw_caps()));
        chain(&bin, part.clone(), &[input.upcast_ref(), &level])?;
        let pad = self.mix(&bin, &level, &part)?;
        let ticker = ringer::start(&self.graph, &input, notes).map_err(|error| {
            tracing::error!(%error, "no sound for a ring");
            self.dismantle(&bin, Some(&pad));
            GraphError::Start { part }
        })?;
        Ok(Ringer {
            bin,
            pad,
            _ticker: ticker,
        })
    }

    /// Adds a bin to the mix.
    fn mix(
        &mut self,
        bin: &gst::Bin,
        last: &gst::Element,
        part: &Part,
    ) -> Result<gst::Pad, GraphError> {
        let broken = |source| GraphError::Link {
            part: part.clone(),
            source,
        };
        let pad = self.mixer.request_pad_simple("sink_%u");
        let pad = pad.ok_or_else(|| broken(gst::glib::bool_error!("no more tracks")))?;
        if let Err(error) = self.link_received(bin, last, &pad) {
            self.dismantle(bin, Some(&pad));
            return Err(broken(error));
        }
        // Without any track the mixer is not live, and the loudspeaker would be told of no latency: all would come too late for it.
        redistribute_latency(&self.pipeline);
        self.follow_latency();
        Ok(pad)
    }

    /// Whether nobody speaks or listens.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.microphone.is_none() && self.received.is_empty()
    }

    fn add_received(&mut self, key: &TrackKey) -> Result<Received, GraphError> {
        let part = Part::Sound(key.clone());
        let bin = gst::Bin::with_name(&format!("{RECEIVED}{}/{}", key.transport.0, key.track));
        let decoding = Decoding::new()?;
        let (input, decoder) = (decoding.input().upcast_ref(), decoding.decoder());
        let (convert, format, level) = (make("audioconvert")?, make("capsfilter")?, level()?);
        format.set_property("caps", raw_caps());
        let elements = [input, decoder, &convert, &format, &level];
        chain(&bin, part.clone(), &elements)?;
        let pad = self.mix(&bin, &level, &part)?;
        Ok(Received { bin, pad, decoding })
    }

    fn link_received(
        &self,
        bin: &gst::Bin,
        last: &gst::Element,
        pad: &gst::Pad,
    ) -> Result<(), gst::glib::BoolError> {
        let inner = last
            .static_pad("src")
            .expect("every level has a source pad");
        let outer = gst::GhostPad::with_target(&inner)?;
        bin.add_pad(&outer)?;
        self.pipeline.add(bin)?;
        outer
            .link(pad)
            .map_err(|e| gst::glib::bool_error!("mixer: {e}"))?;
        run(bin).map_err(|_| gst::glib::bool_error!("a decoder does not start"))
    }

    fn dismantle(&self, bin: &gst::Bin, pad: Option<&gst::Pad>) {
        let _ = bin.set_state(gst::State::Null);
        let _ = self.pipeline.remove(bin);
        if let Some(pad) = pad {
            self.mixer.release_request_pad(pad);
        }
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        self.graph.end_preferring(|_| true);
        self.close_microphone();
        self.end_speech();
        for ringer in [self.ringer.take(), self.trial.take()]
            .into_iter()
            .flatten()
        {
            self.dismantle(&ringer.bin, Some(&ringer.pad));
        }
        for (_, received) in std::mem::take(&mut self.received) {
            self.dismantle(&received.bin, Some(&received.pad));
        }
        stop(&self.pipeline);
    }
}

/// Starts a part of the pipeline by itself. Locked, since a part that fails while the pipeline is
/// still starting would fail the pipeline.
fn run(bin: &gst::Bin) -> Result<(), gst::StateChangeError> {
    bin.set_locked_state(true);
    bin.set_state(gst::State::Playing).map(drop)
}

/// Start of the names of bins that decode received sound.
const RECEIVED: &str = "received:";

/// The part that an element belongs to, by the bin around it.
fn part_of(element: &gst::Object) -> Part {
    let mut next = Some(element.clone());
    while let Some(object) = next {
        let name = object.name();
        if name == "microphone" {
            return Part::Microphone;
        }
        if let Some(key) = name.strip_prefix(RECEIVED).and_then(received_key) {
            return Part::Sound(key);
        }
        next = object.parent();
    }
    Part::Loudspeaker
}

fn received_key(name: &str) -> Option<TrackKey> {
    let (transport, track) = name.split_once('/')?;
    let transport = saal_media_protocol::TransportId(transport.parse().ok()?);
    Some(TrackKey {
        transport,
        track: track.to_owned(),
    })
}

fn tone_packet(number: u64, seed: u64) -> gst::Buffer {
    let mut samples = [0_i16; PACKET_SAMPLES];
    tone::generate(number * PACKET_SAMPLES as u64, seed, &mut samples);
    let bytes: Vec<u8> = samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    let mut buffer = gst::Buffer::from_slice(bytes);
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(gst::ClockTime::from_mseconds(number * 20));
        buffer.set_duration(gst::ClockTime::from_mseconds(20));
    }
    buffer
}

fn opus_callbacks(sink: FrameSink, loudness: Loudness) -> gst_app::AppSinkCallbacks {
    gst_app::AppSinkCallbacks::builder()
        .new_sample(move |output| {
            let sample = output.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            if let Some(frame) = sample.buffer().and_then(|b| opus_frame(b, loudness.take())) {
                sink(frame);
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .build()
}

fn opus_frame(buffer: &gst::BufferRef, level: u8) -> Option<Frame> {
    let pts = buffer.pts()?;
    Some(Frame {
        codec: Codec::Opus,
        source: 0,
        rtp_time: (pts.nseconds() * 6 + 62_500) / 125_000,
        at: duration(pts),
        key: true,
        contiguous: true,
        temporal: None,
        layers: Vec::new(),
        level: Some(level),
        data: buffer.map_readable().ok()?.as_slice().into(),
    })
}
