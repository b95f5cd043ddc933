//! The engine: hears commands, network and graph, and keeps what runs equal to what is planned.
//!
//! Every handler changes what is wanted and then calls [`Engine::reconcile`], which asks
//! [`crate::plan`] and makes the graph so. Nothing else starts or stops parts of the graph.

mod browsers;
mod calls;
mod cameras;
mod capturing;
mod checking;
mod devices;
mod discovery;
mod display;
mod encoding;
mod encryption;
mod failing;
mod handing;
mod levels;
mod pictures;
mod progress;
mod receiving;
mod sending;
mod spoken;
mod televisions;
mod video;
mod wanted;

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use saal_hal_linux::memory;
use saal_media_protocol::{
    ConnectionStats, DeviceChoice, MediaCommand, MediaEvent, MediaStats, RoomPicture, SourceKind,
    StillPicture, Television, TileSource, TransportCommand, TransportEvent, TransportId,
    TransportState,
};
use tokio::sync::{mpsc, watch};

use crate::{
    graph::{self, Graph, GraphEvent, Part, Picture, Screen, TrackKey},
    plan::CapturePlan,
    transport::{Frame, FromTransport, Proxy, Transport},
};
use browsers::Browsers;
pub use cameras::{Machine, SharedCameras, SharedSounds};
use checking::{Checking, Seen};
use devices::Devices;
pub use display::DisplaySource;
pub use encoding::EncoderSource;
use encoding::Encoders;
use encryption::Encryption;
pub use failing::GLANCE;
use levels::Levels;
use progress::Progress;
use receiving::Receiving;
use sending::Sending;
use televisions::Televisions;
use wanted::Wanted;

/// Waiting this long between two attempts to bring back a part that failed; short enough that
/// people don't reach for the power plug, long enough to stay cheap.
const RETRY: Duration = Duration::from_secs(3);

/// The engine without its sockets.
#[derive(Debug)]
pub struct Engine {
    graph: Graph,
    events: mpsc::UnboundedSender<MediaEvent>,
    network: mpsc::UnboundedSender<FromTransport>,
    preview: watch::Sender<Option<Picture>>,
    /// On the way to relays.
    proxy: Option<Proxy>,
    screen: Screen,
    televisions: Televisions,
    wanted: Wanted,
    devices: Devices,
    sending: Sending,
    encoders: Encoders,
    receiving: Receiving,
    transports: HashMap<TransportId, Transport>,
    encryption: Encryption,
    levels: Levels,
    connections: BTreeMap<TransportId, ConnectionStats>,
    progress: Progress,
    browsers: Browsers,
    hardware: Progress,
    /// What comes from the camera.
    seen: Seen,
    /// Camera and microphone are being tried.
    checking: Option<Checking>,
}

impl Engine {
    /// An engine that does nothing yet, with all devices that there may ever be. Its transports report to `network`, whose other end the
    /// caller passes back through [`Engine::heard`].
    #[must_use]
    pub fn new(
        graph: Graph,
        events: mpsc::UnboundedSender<MediaEvent>,
        network: mpsc::UnboundedSender<FromTransport>,
        preview: watch::Sender<Option<Picture>>,
        proxy: Option<Proxy>,
        machine: Machine,
    ) -> Self {
        let screen = Screen::new(&graph);
        Self {
            devices: Devices::new(&graph, machine),
            sending: Sending::new(&graph, &screen),
            receiving: Receiving::new(&graph, &screen),
            encoders: Encoders::default(),
            graph,
            events,
            network,
            preview,
            proxy,
            screen,
            televisions: Televisions::default(),
            wanted: Wanted::default(),
            transports: HashMap::new(),
            encryption: Encryption::default(),
            levels: Levels::default(),
            connections: BTreeMap::new(),
            progress: Progress::default(),
            browsers: Browsers::default(),
            hardware: Progress::default(),
            seen: Seen::default(),
            checking: None,
        }
    }

    /// Takes displays from there; at first it takes them itself.
    pub fn take_displays_from(&mut self, displays: DisplaySource) {
        self.televisions.take_from(displays);
    }

    /// Carries out a command of the daemon.
    pub fn obey(&mut self, command: MediaCommand) {
        // Encoders and decoders of a call are most of what there ever is; composition, without a display, goes with who looked.
        let frees = matches!(
            command,
            MediaCommand::Transport(TransportCommand::Close { .. })
                | MediaCommand::SetPreview {
                    pictures_per_second: 0
                }
        );
        self.carry_out(command);
        self.reconcile();
        if frees && self.transports.is_empty() {
            memory::give_back();
        }
    }

    fn carry_out(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::Hello { version: _ } => {
                self.say(MediaEvent::Hello {
                    version: saal_media_protocol::VERSION,
                });
            }
            MediaCommand::RememberTrials { trials } => self.remember_trials(trials),
            MediaCommand::Configure {
                devices,
                television,
            } => self.configure(devices, television),
            MediaCommand::SetNotices(words) => self.devices.pictures.set_words(words),
            MediaCommand::Look { view } => {
                let said = self.devices.pictures.look(view);
                said.into_iter().for_each(|event| self.say(event));
            }
            MediaCommand::SetControl { control, value } => {
                self.devices.pictures.set(control, value);
            }
            MediaCommand::SetMuted { source, muted } => {
                if muted {
                    self.wanted.muted.insert(source);
                } else {
                    self.wanted.muted.remove(&source);
                }
            }
            MediaCommand::SetTiles { tiles } => self.wanted.tiles = tiles,
            MediaCommand::SetContentTiles { tiles } => self.wanted.content_tiles = tiles,
            MediaCommand::SetText { labels } => self.wanted.labels = labels,
            MediaCommand::SetRinging { on } => self.wanted.ringing = on,
            MediaCommand::SetVolume { percent } => self.wanted.volume = Some(percent),
            MediaCommand::Check { chirp } => self.checking = Some(Checking::new(chirp, &self.seen)),
            MediaCommand::TrySound { meter, tone } => {
                (self.wanted.meter, self.wanted.tone) = (meter, tone);
            }
            MediaCommand::Speak {
                rate,
                samples,
                interrupts,
            } => self.speak(rate, &samples, interrupts),
            MediaCommand::EndSpeech {} => self.end_speech(),
            MediaCommand::SetPreview {
                pictures_per_second,
            } => {
                self.wanted.pictures_per_second = pictures_per_second;
            }
            MediaCommand::Transport(command) => self.transport(command),
            MediaCommand::Browser(command) => self.browser(command),
        }
    }

    /// Takes in what the daemon drew for the television.
    pub fn show_still(&mut self, picture: &StillPicture) {
        self.screen
            .push(&TileSource::Still, &crate::graph::still_sample(picture));
        if !std::mem::replace(&mut self.wanted.still, true) {
            self.reconcile();
        }
        // Nobody listens then, and the last one was a minute old or some seconds.
        if self.transports.is_empty() {
            memory::give_back();
        }
    }

    fn redistribute_latency(&mut self, pipeline: &gstreamer::Pipeline) {
        graph::redistribute_latency(pipeline);
        if let Some(sound) = self.devices.sound() {
            sound.follow_latency();
        }
    }

    fn hear_frame(&mut self, key: &TrackKey, frame: Frame) {
        // It was on its way when its connection was closed; a decoder for it would never end.
        if !self.transports.contains_key(&key.transport) {
            return;
        }
        if let Some(frame) = self.decrypted(key, frame) {
            self.receiving
                .frame(key, &frame, &self.transports, self.devices.sound());
        }
    }

    /// Takes in what a transport says.
    pub fn heard(&mut self, heard: FromTransport) {
        match heard {
            // The hot path: nothing to reconcile, unless a part of the graph has to be added.
            FromTransport::Frame {
                transport,
                track,
                frame,
                ..
            } => {
                self.hear_frame(&TrackKey { transport, track }, frame);
                return;
            }
            FromTransport::Clock {
                transport,
                track,
                rtp_time,
                clock,
                ..
            } => {
                let key = TrackKey { transport, track };
                self.receiving.report(&key, rtp_time, clock);
                return;
            }
            FromTransport::Statistics(stats) => {
                if self.transports.contains_key(&stats.transport) {
                    self.connections.insert(stats.transport, *stats);
                }
                return;
            }
            FromTransport::KeyFrameWanted {
                transport, track, ..
            } => {
                self.sending
                    .key_frame_wanted(&TrackKey { transport, track });
                return;
            }
            FromTransport::Rerouted { transport } => {
                self.sending.begin(transport);
                return;
            }
            FromTransport::Estimate {
                transport,
                bits_per_second,
                crowded,
            } => {
                // Many times a second where a line changes; what is captured and shown stays.
                self.sending.estimate(transport, bits_per_second, crowded);
                let captures = self.captures();
                self.reconcile_encoders(&captures);
                return;
            }
            FromTransport::Event(event) => self.happened(event),
        }
        self.reconcile();
    }

    /// Something that the service has to know, and this engine too.
    fn happened(&mut self, event: TransportEvent) {
        match &event {
            TransportEvent::RemoteTracks { transport, tracks } => {
                self.receiving
                    .keep(*transport, tracks, self.devices.sound());
            }
            // What was encoded before did not leave: the far end needs a beginning.
            TransportEvent::State {
                transport,
                state: TransportState::Connected,
            } => self.sending.begin(*transport),
            _ => {}
        }
        self.say(MediaEvent::Transport(event));
    }

    /// Takes in what the graph says.
    pub fn saw(&mut self, event: GraphEvent) {
        match event {
            GraphEvent::Level { part, dbfs } => {
                self.recovered(&part);
                if part == Part::Microphone && self.wanted.meter {
                    self.say(MediaEvent::MicrophoneLevel { dbfs });
                }
                self.hear_level(&part, dbfs);
                self.levels.heard(part, dbfs, self.graph.time());
            }
            GraphEvent::Captured { dbfs } => self.hear(dbfs),
            GraphEvent::Working(part) => {
                self.recovered(&part);
                // What stood for it goes.
                self.reconcile();
            }
            GraphEvent::Controls { camera, controls } => {
                let said = self.devices.pictures.controls(&camera, controls);
                self.reconcile_after(said);
            }
            GraphEvent::Covered { camera, closed } => {
                let said = self.devices.covered(&camera, closed);
                self.reconcile_after(said);
            }
            GraphEvent::Signal { input, present } => {
                let said = self.devices.pictures.signal(&input, present);
                self.reconcile_after(said);
            }
            GraphEvent::KeyFrameNeeded(key) => {
                self.receiving.need_key_frame(&key, &self.transports)
            }
            GraphEvent::TooLarge(key) => self.receiving.follow_size(&key),
            GraphEvent::FirstPicture(key) => {
                if let Some(event) = self.receiving.first_picture(&key) {
                    self.say(event);
                }
            }
            GraphEvent::Browser { browser, said } => {
                if self.browser_said(browser, said) {
                    self.reconcile();
                }
            }
            GraphEvent::EncoderTried {
                choice,
                found,
                trials,
                installed,
            } => self.encoder_tried(choice, found, trials, installed),
            GraphEvent::Latency(pipeline) => self.redistribute_latency(&pipeline),
            GraphEvent::NotShared(key, layer) => self.not_shared(&key, layer),
            GraphEvent::Failed {
                part,
                fault,
                reason,
            } => {
                self.failed(&part, fault, &reason);
                self.reconcile();
            }
        }
    }

    fn reconcile_after(&mut self, said: Option<MediaEvent>) {
        if let Some(event) = said {
            self.say(event);
            self.reconcile();
        }
    }

    /// A device was plugged in or pulled out, as the kernel says.
    pub fn plugged(&mut self) {
        for event in self.devices.plugged(&self.wanted.devices) {
            self.say(event);
        }
        self.watch_displays();
        self.reconcile();
    }

    /// Once a second: tries again what failed, and says how things are. Looks for what was plugged where no events tell.
    pub fn tick(&mut self, hears_events: bool) {
        for event in self.devices.watch(&self.wanted.devices, hears_events) {
            self.say(event);
        }
        self.replace_what_hangs();
        if self.televisions.are_to_look_again() || !hears_events {
            self.watch_displays();
        }
        self.keep_browsers();
        self.receiving.end_forgotten(self.devices.sound());
        self.go_on_checking();
        self.reconcile();
        let stats = self.stats();
        self.say(MediaEvent::Stats(stats));
    }

    fn configure(&mut self, devices: DeviceChoice, television: Television) {
        if self.wanted.devices.encoder != devices.encoder || self.wanted.television.is_none() {
            self.look_for_encoder(devices.encoder);
        }
        let shown = |d: &DeviceChoice| (d.display.clone(), d.content_display.clone());
        let moved = shown(&self.wanted.devices) != shown(&devices);
        self.wanted.devices = devices;
        if moved {
            self.televisions.configure(&self.wanted.devices);
            self.watch_displays();
        }
        self.wanted.television = Some(television);
        for event in self.devices.configure(&self.wanted.devices) {
            self.say(event);
        }
    }

    /// Makes the graph what it should be.
    fn reconcile(&mut self) {
        self.wanted.onlookers = self.browsers.sees(RoomPicture::Television);
        for event in self
            .televisions
            .reconcile(&self.wanted, &self.screen, &self.preview)
        {
            self.say(event);
        }
        let captures = self.captures();
        // Encoders that read the camera's memory end before anything else comes, and begin after it.
        self.hand_on(&captures);
        let mut said = self.reconcile_pictures(&captures.camera, &captures.content);
        self.hand_on(&captures);
        self.reconcile_encoders(&captures);
        let closed = captures.camera == CapturePlan::Closed;
        if closed || self.wanted.muted.contains(&SourceKind::Camera) {
            // A picture may be the camera's own memory, which nobody is to hold when it is closed.
            self.screen.forget(&TileSource::Own);
        }
        let sink = captures.microphone.then(|| self.sending.microphone_sink());
        let wanted = &self.wanted;
        let chirps = self.checking.as_ref().is_some_and(Checking::chirps);
        let tone = wanted.tone || chirps;
        let heard = self.receiving.has_sound() || self.browsers.has_sound();
        let listening = heard || wanted.ringing || tone || wanted.speaking;
        said.extend(self.devices.reconcile_sound(
            &self.wanted.devices,
            sink,
            listening,
            &self.graph,
        ));
        self.devices.ring(self.wanted.ringing);
        if let Some(percent) = self.wanted.volume {
            self.devices.set_volume(percent);
        }
        self.devices.try_sound(self.wanted.meter, tone);
        for event in said {
            self.say(event);
        }
    }

    fn stats(&mut self) -> MediaStats {
        let microphone = self.devices.microphone_is_open();
        let listening = self.devices.sound_is_open();
        let receiving = &self.receiving;
        self.levels.keep(self.graph.time(), |part| match part {
            Part::Sound(key) => receiving.has(key),
            Part::Microphone => microphone,
            _ => listening,
        });
        MediaStats {
            received_video: self.receiving.video_stats(),
            received_audio: self.receiving.audio_stats(&self.levels),
            sent_video: self.sending.stats(),
            loudspeaker_dbfs: self.levels.of(&Part::Loudspeaker),
            microphone_dbfs: self.levels.of(&Part::Microphone),
            undecryptable: self.encryption.dropped(),
            connections: self.connections.values().cloned().collect(),
        }
    }

    fn say(&self, event: MediaEvent) {
        // The daemon is gone when nobody listens; then this process ends by itself.
        let _ = self.events.send(event);
    }
}
