//! Tracks that we send: their encoders, and where camera and microphone deliver to.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use saal_media_protocol::{Codec, SentVideo, SourceKind, TileSource, TransportId, VideoSend};
use tokio::sync::mpsc;

use super::progress::Reading;
use crate::{
    encryption::OwnKey,
    graph::{
        ByHardware, EncoderInputs, Fault, FrameSink, Graph, GraphEvent, HardwareEncoder, Part,
        PictureSink, Screen, TrackKey, VP8_ENCODER, VideoEncoder,
    },
    handing::Intake,
    plan::{self, EncoderPlan, Send},
    transport::{Frame, FrameTransform, ToTransport, Transport},
};

/// Key frames are ten times as large as others; several people who join at once share one.
const KEY_FRAME_PAUSE: Duration = Duration::from_millis(300);

type Frames = mpsc::Sender<ToTransport>;

/// Everything that we send.
#[derive(Debug)]
pub(super) struct Sending {
    graph: Graph,
    screen: Screen,
    camera: EncoderInputs,
    content: EncoderInputs,
    sends: Vec<Send>,
    outlets: HashMap<TrackKey, Outlet>,
    encoders: Vec<VideoEncoder>,
    /// Without it there is no H.264.
    h264: Option<HardwareEncoder>,
    /// Size of the pictures that the camera delivers in memory of its own.
    shared: Option<(u32, u32)>,
    /// Tracks of sound; the microphone's thread reads it.
    sound: Arc<Mutex<Vec<SoundOutlet>>>,
}

/// Where the frames of a track go.
#[derive(Debug)]
pub(super) struct Outlet {
    frames: Frames,
    /// What they are encrypted with.
    own: Option<OwnKey>,
    encoded: Arc<AtomicU64>,
    key_frame_at: Option<Instant>,
    wanted_bitrate: u64,
}

#[derive(Debug)]
struct SoundOutlet {
    key: TrackKey,
    source: SourceKind,
    frames: Frames,
    transform: FrameTransform,
}

impl Outlet {
    pub(super) fn new(frames: Frames, own: Option<OwnKey>) -> Self {
        Self {
            frames,
            own,
            encoded: Arc::default(),
            key_frame_at: None,
            wanted_bitrate: 0,
        }
    }

    /// Each stream has its own.
    fn transform(&self) -> FrameTransform {
        FrameTransform::of(self.own.as_ref())
    }
}

impl Sending {
    pub(super) fn new(graph: &Graph, screen: &Screen) -> Self {
        Self {
            graph: graph.clone(),
            screen: screen.clone(),
            camera: EncoderInputs::default(),
            content: EncoderInputs::default(),
            sends: Vec::new(),
            outlets: HashMap::new(),
            encoders: Vec::new(),
            h264: None,
            shared: None,
            sound: Arc::default(),
        }
    }

    pub(super) fn sends(&self) -> &[Send] {
        &self.sends
    }

    /// What pictures can be sent in.
    pub(super) fn codecs(&self) -> Vec<Codec> {
        let h264 = self.h264.as_ref().map(|_| Codec::H264);
        std::iter::once(Codec::Vp8).chain(h264).collect()
    }

    /// Encodes H.264 with this from now on; false: that is nothing new.
    pub(super) fn use_h264(&mut self, encoder: Option<HardwareEncoder>) -> bool {
        if self.h264 == encoder {
            return false;
        }
        self.h264 = encoder;
        let hardware = |e: &mut VideoEncoder| e.plan().codec == Codec::H264;
        for encoder in self.encoders.extract_if(.., hardware) {
            encoder.end_apart();
        }
        true
    }

    /// Adds a track, or has one go on in another way.
    pub(super) fn add(
        &mut self,
        key: TrackKey,
        source: SourceKind,
        video: Option<VideoSend>,
        temporal: bool,
        outlet: Outlet,
    ) {
        let before = self.sends.iter().find(|send| is(send, &key));
        let estimate = before.and_then(|send| send.estimate);
        self.remove(&key);
        let layers = video.as_ref().map_or(0, |video| video.layers.len());
        if video.is_none() {
            self.lock_sound().push(SoundOutlet {
                key: key.clone(),
                source,
                frames: outlet.frames.clone(),
                transform: outlet.transform(),
            });
        }
        self.outlets.insert(key.clone(), outlet);
        let TrackKey { transport, track } = key;
        let active = vec![true; layers];
        self.sends.push(Send {
            transport,
            track,
            source,
            video,
            active,
            temporal,
            estimate,
        });
    }

    pub(super) fn remove(&mut self, key: &TrackKey) {
        self.sends.retain(|send| !is(send, key));
        self.outlets.remove(key);
        self.lock_sound().retain(|sound| sound.key != *key);
    }

    pub(super) fn close(&mut self, transport: TransportId) {
        self.sends.retain(|send| send.transport != transport);
        self.outlets.retain(|key, _| key.transport != transport);
        self.lock_sound()
            .retain(|sound| sound.key.transport != transport);
    }

    pub(super) fn set_active(&mut self, key: &TrackKey, active: Vec<bool>) {
        if let Some(send) = self.sends.iter_mut().find(|send| is(send, key)) {
            send.active = active;
        }
    }

    /// What a connection carries; `crowded` while pictures wait on the way.
    pub(super) fn estimate(&mut self, transport: TransportId, bits_per_second: u64, crowded: bool) {
        let of_it = |encoder: &&VideoEncoder| encoder.plan().transport == transport;
        for encoder in self.encoders.iter().filter(of_it) {
            encoder.leave_out(crowded);
        }
        for send in self
            .sends
            .iter_mut()
            .filter(|send| send.transport == transport)
        {
            send.estimate = Some(bits_per_second);
        }
    }

    pub(super) fn key_frame_wanted(&mut self, key: &TrackKey) {
        let Some(outlet) = self.outlets.get_mut(key) else {
            return;
        };
        if outlet
            .key_frame_at
            .is_some_and(|at| at.elapsed() < KEY_FRAME_PAUSE)
        {
            return;
        }
        outlet.key_frame_at = Some(Instant::now());
        self.force_key_frames(|plan| key_of(plan) == *key);
    }

    /// Key frames for all tracks of a connection that came up, or goes another way.
    pub(super) fn begin(&self, transport: TransportId) {
        self.force_key_frames(|plan| plan.transport == transport);
    }

    /// The next picture of all these encoders becomes a key frame; a server can then switch
    /// between the layers of a track.
    fn force_key_frames(&self, of: impl Fn(&EncoderPlan) -> bool) {
        let from = self.graph.time();
        for encoder in self.encoders.iter().filter(|e| of(e.plan())) {
            encoder.force_key_frame(from);
        }
    }

    /// Starts, changes and stops encoders until they are as planned.
    pub(super) fn reconcile_encoders(
        &mut self,
        wanted: Vec<EncoderPlan>,
        transports: &HashMap<TransportId, Transport>,
    ) {
        let goes_on = |encoder: &VideoEncoder| {
            let plan = wanted.iter().find(|w| w.same_but_bitrate(encoder.plan()));
            plan.is_some_and(|plan| encoder.imports() == imports(self.shared, plan))
        };
        self.encoders.retain(goes_on);
        let running: Vec<_> = self.encoders.iter().map(|e| e.plan().clone()).collect();
        let mut begun = HashSet::new();
        for plan in wanted {
            match self
                .encoders
                .iter_mut()
                .find(|e| e.plan().same_but_bitrate(&plan))
            {
                Some(encoder) if encoder.plan().bitrate == plan.bitrate => {}
                Some(encoder) => encoder.set_bitrate(plan.bitrate),
                None => begun.extend(self.start_encoder(plan)),
            }
        }
        // All layers of a track begin anew together; an encoder begins with a key frame anyway.
        self.force_key_frames(|plan| {
            begun.contains(&key_of(plan)) && running.iter().any(|r| r.same_but_bitrate(plan))
        });
        self.tell_wishes(transports);
    }

    /// Returns the track whose layer began.
    fn start_encoder(&mut self, plan: EncoderPlan) -> Option<TrackKey> {
        let key = key_of(&plan);
        if plan.codec == Codec::H264 && self.h264.is_none() {
            // The service knows, and is about to send something else.
            return None;
        }
        let outlet = self.outlets.get(&key)?;
        let sink = video_sink(&plan, outlet.frames.clone(), outlet.transform());
        let encoded = outlet.encoded.clone();
        let inputs = self.inputs(plan.source);
        let imports = imports(self.shared, &plan);
        let h264 = self.h264.as_ref();
        let h264 = h264.map(|encoder| ByHardware { encoder, imports });
        let (codec, part) = (plan.codec, Part::Encoder(key.clone(), plan.layer));
        match VideoEncoder::start(&self.graph, plan, h264, inputs, encoded, sink) {
            Ok(encoder) => {
                self.encoders.push(encoder);
                Some(key)
            }
            Err(error) => {
                // The next reconciliation tries again, if a program is to do it.
                tracing::error!(%error, "an encoder does not start");
                if codec == Codec::H264 {
                    self.graph.say(GraphEvent::Failed {
                        part,
                        fault: Fault::Other,
                        reason: error.to_string(),
                    });
                }
                None
            }
        }
    }

    /// What the encoder in hardware takes, where it encodes the camera.
    pub(super) fn intake(&self) -> Option<&Intake> {
        let by_hardware = |send: &Send| {
            let video = send.video.as_ref();
            send.source == SourceKind::Camera && video.is_some_and(|v| v.codec == Codec::H264)
        };
        let any = self.sends.iter().any(by_hardware);
        self.h264
            .as_ref()
            .filter(|_| any)
            .map(HardwareEncoder::intake)
    }

    /// The camera shares its memory, with pictures of this size, or does not. Encoders that would get other pictures end at
    /// once.
    pub(super) fn share(&mut self, shared: Option<(u32, u32)>) {
        self.shared = shared;
        self.encoders
            .retain(|encoder| !encoder.imports() || imports(shared, encoder.plan()));
    }

    /// An encoder that reads the camera's memory failed: it is made again. False: that is not what this one does.
    pub(super) fn drop_importing(&mut self, key: &TrackKey, layer: usize) -> bool {
        let failed = |e: &mut VideoEncoder| {
            e.imports() && key_of(e.plan()) == *key && e.plan().layer == layer
        };
        let ended: Vec<_> = self.encoders.extract_if(.., failed).collect();
        let any = !ended.is_empty();
        ended.into_iter().for_each(VideoEncoder::end_apart);
        any
    }

    /// Tells the bandwidth estimators how much would be sent if it could.
    fn tell_wishes(&mut self, transports: &HashMap<TransportId, Transport>) {
        for send in self.sends.iter().filter(|send| send.video.is_some()) {
            let key = TrackKey {
                transport: send.transport,
                track: send.track.clone(),
            };
            let Some(outlet) = self.outlets.get_mut(&key) else {
                continue;
            };
            let wanted = plan::wanted_bitrate(send);
            if wanted != outlet.wanted_bitrate
                && let Some(transport) = transports.get(&send.transport)
            {
                outlet.wanted_bitrate = wanted;
                transport.order(ToTransport::WantBitrate {
                    bits_per_second: wanted,
                });
            }
        }
    }

    /// An encoder failed: it is made again. Not in hardware, which would fail again: VP8 goes on.
    /// True when that changes what can be sent.
    pub(super) fn drop_encoder(&mut self, key: &TrackKey, layer: usize) -> bool {
        let of_track = self.sends.iter().find(|send| is(send, key));
        let codec = of_track.and_then(|send| Some(send.video.as_ref()?.codec));
        if codec == Some(Codec::H264) {
            return self.use_h264(None);
        }
        let failed = |e: &VideoEncoder| key_of(e.plan()) == *key && e.plan().layer == layer;
        self.encoders.retain(|e| !failed(e));
        false
    }

    /// How far each encoder is, those in hardware or the others.
    pub(super) fn progress(
        &self,
        hardware: bool,
        patience: Duration,
    ) -> impl Iterator<Item = Reading> {
        let encoders = self.encoders.iter();
        let of_kind = encoders.filter(move |e| e.in_hardware() == hardware);
        of_kind.map(move |encoder| {
            let plan = encoder.plan();
            let (fed, made) = encoder.progress();
            Reading {
                part: Part::Encoder(key_of(plan), plan.layer),
                fed,
                made,
                patience,
            }
        })
    }

    pub(super) fn inputs(&self, source: SourceKind) -> &EncoderInputs {
        match source {
            SourceKind::Content => &self.content,
            _ => &self.camera,
        }
    }

    /// Where a camera or a source of content delivers to: its encoders and its own tile.
    pub(super) fn picture_sink(&self, source: SourceKind, tile: TileSource) -> PictureSink {
        let (inputs, screen) = (self.inputs(source).clone(), self.screen.clone());
        Box::new(move |sample| {
            inputs.push(sample);
            screen.push(&tile, sample);
        })
    }

    /// Where a microphone delivers to: all tracks of this source, those that come later too.
    pub(super) fn microphone_sink(&self) -> FrameSink {
        let sound = Arc::clone(&self.sound);
        Box::new(move |frame| {
            let outlets = sound.lock().unwrap_or_else(PoisonError::into_inner);
            write(&outlets, SourceKind::Microphone, &frame);
        })
    }

    /// The sound of what is presented goes on as it came, to all tracks for that.
    pub(super) fn pass_on_sound(&self, frame: &Frame) {
        write(&self.lock_sound(), SourceKind::ContentAudio, frame);
    }

    pub(super) fn stats(&self) -> Vec<SentVideo> {
        let video = self.sends.iter().filter(|send| send.video.is_some());
        let h264 = self.h264.as_ref().map(HardwareEncoder::factory);
        let stats = video.filter_map(|send| {
            let codec = send.video.as_ref()?.codec;
            let encoder = h264.filter(|_| codec == Codec::H264).unwrap_or(VP8_ENCODER);
            let key = TrackKey {
                transport: send.transport,
                track: send.track.clone(),
            };
            Some(SentVideo {
                source: send.source,
                frames_encoded: self.outlets.get(&key)?.encoded.load(Ordering::Relaxed),
                encoder: encoder.to_owned(),
            })
        });
        stats.collect()
    }

    fn lock_sound(&self) -> std::sync::MutexGuard<'_, Vec<SoundOutlet>> {
        self.sound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(outlets: &[SoundOutlet], source: SourceKind, frame: &Frame) {
    for outlet in outlets.iter().filter(|outlet| outlet.source == source) {
        let Some(frame) = outlet.transform.apply(frame.clone()) else {
            continue;
        };
        let track = outlet.key.track.clone();
        // Full: the network is behind, and old sound is worth nothing.
        let _ = outlet.frames.try_send(ToTransport::Write {
            track,
            layer: 0,
            frame,
        });
    }
}

fn is(send: &Send, key: &TrackKey) -> bool {
    send.transport == key.transport && send.track == key.track
}

/// Whether an encoder as planned reads pictures in the camera's memory, which are of this size.
fn imports(shared: Option<(u32, u32)>, plan: &EncoderPlan) -> bool {
    plan.source == SourceKind::Camera
        && plan.codec == Codec::H264
        && shared == Some((plan.size.width, plan.size.height))
}

fn key_of(plan: &EncoderPlan) -> TrackKey {
    TrackKey {
        transport: plan.transport,
        track: plan.track.clone(),
    }
}

fn video_sink(plan: &EncoderPlan, frames: Frames, transform: FrameTransform) -> FrameSink {
    let (track, layer) = (plan.track.clone(), plan.layer);
    Box::new(move |frame| {
        if let Some(frame) = transform.apply(frame) {
            let write = ToTransport::Write {
                track: track.clone(),
                layer,
                frame,
            };
            if frames.try_send(write).is_err() {
                tracing::debug!(track, layer, "a picture was dropped: the network is behind");
            }
        }
    })
}
