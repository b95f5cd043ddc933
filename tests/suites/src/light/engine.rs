//! The media engine's network side alone: what it sends was encoded before, what it receives is
//! counted.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use saal_media::{
    encryption::Sealer,
    transport::{Frame, FromTransport, Reach, ToTransport, Transport},
};
use saal_media_protocol::{
    Declared, SourceKind, TransportCommand, TransportEvent, TransportId, TransportRole,
    TransportState, VideoSend,
};
use tokio::sync::mpsc;
use tokio::time::Interval;

use super::encryption::Encryption;
use super::recording::{PICTURES_PER_SECOND, Recording, SOUND_PERIOD};

/// The video clock of RTP (RFC 7741) during one picture, and that of Opus (RFC 7587) during one packet.
const PICTURE_TICKS: u64 = 90_000 / PICTURES_PER_SECOND as u64;
const SOUND_TICKS: u64 = 48_000 * SOUND_PERIOD.as_millis() as u64 / 1_000;
/// Its servers are on this computer.
const REACH: Reach<'static> = Reach {
    servers: &[],
    proxy: None,
};
/// As a real encoder: several who ask at once share one key frame.
const KEY_FRAME_PAUSE: Duration = Duration::from_millis(300);

/// Frames by (participant, source).
pub type Received = BTreeMap<(String, SourceKind), u64>;

/// What went through a [`LightEngine`], readable from elsewhere while it runs.
#[derive(Clone, Debug, Default)]
pub struct Traffic(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    received: Received,
    sent: HashMap<(SourceKind, u32), Instant>,
    /// Pictures with when they were there; `None` while nobody wants them.
    kept: Option<Vec<(Instant, Frame)>>,
}

impl Traffic {
    /// Frames that arrived.
    #[must_use]
    pub fn received(&self) -> Received {
        self.lock().received.clone()
    }

    /// Frames of a kind that arrived from anybody.
    #[must_use]
    pub fn frames(&self, source: SourceKind) -> u64 {
        let counted = self.lock();
        let of_kind = counted.received.iter().filter(|((_, s), _)| *s == source);
        of_kind.map(|(_, count)| count).sum()
    }

    /// When the picture with this number in its code was sent last. What its sender says of its clock agrees with it.
    #[must_use]
    pub fn sent_at(&self, picture: u32) -> Option<Instant> {
        self.lock()
            .sent
            .get(&(SourceKind::Camera, picture))
            .copied()
    }

    /// When the packet of sound with this number in the recording was sent last, on the same clock.
    #[must_use]
    pub fn sound_sent_at(&self, packet: u32) -> Option<Instant> {
        let sent = &self.lock().sent;
        sent.get(&(SourceKind::Microphone, packet)).copied()
    }

    /// Keeps the pictures that come from cameras, with when each was whole.
    pub fn keep(&self) {
        self.lock().kept = Some(Vec::new());
    }

    /// What was kept; nothing is any more.
    #[must_use]
    pub fn kept(&self) -> Vec<(Instant, Frame)> {
        self.lock().kept.take().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Peer connections and what goes through them.
pub struct LightEngine {
    recording: Arc<Recording>,
    started: Instant,
    transports: HashMap<TransportId, Transport>,
    assigned: HashMap<(TransportId, String), (String, SourceKind)>,
    tracks: Vec<Track>,
    encryption: Encryption,
    from_sender: mpsc::UnboundedSender<FromTransport>,
    from: mpsc::UnboundedReceiver<FromTransport>,
    pictures: Interval,
    sounds: Interval,
    traffic: Traffic,
}

/// A track that is sent.
struct Track {
    transport: TransportId,
    track: String,
    source: SourceKind,
    layer: usize,
    /// Somebody receives it.
    active: bool,
    /// Of encrypted calls.
    sealer: Option<Sealer>,
    /// Frames so far; what RTP time counts.
    sent: u64,
    /// Where in the recording it is.
    next: usize,
    begun_at: Option<Instant>,
}

impl LightEngine {
    /// An engine that sends this recording over and over.
    #[must_use]
    pub fn new(recording: Arc<Recording>) -> Self {
        let (from_sender, from) = mpsc::unbounded_channel();
        Self {
            recording,
            started: Instant::now(),
            transports: HashMap::new(),
            assigned: HashMap::new(),
            tracks: Vec::new(),
            encryption: Encryption::default(),
            from_sender,
            from,
            pictures: tokio::time::interval(Duration::from_secs(1) / PICTURES_PER_SECOND),
            sounds: tokio::time::interval(SOUND_PERIOD),
            traffic: Traffic::default(),
        }
    }

    /// What it counts.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// The engine dies and another takes its place: all connections are gone.
    pub fn crash(&mut self) {
        *self = Self::new(self.recording.clone());
    }

    /// Carries out what a meeting service wants.
    ///
    /// # Panics
    /// When the service names a connection that is not open, or opens one twice.
    pub fn perform(&mut self, command: TransportCommand) {
        if self.encryption.perform(&command) {
            self.begin(|_| true);
        }
        match &command {
            TransportCommand::Open {
                transport, role, ..
            } => self.open(*transport, *role),
            TransportCommand::OpenDeclared {
                transport,
                declared,
            } => self.open_declared(*transport, declared),
            TransportCommand::Close { transport } => self.close(*transport),
            TransportCommand::Publish {
                transport,
                track,
                source,
                video,
            }
            | TransportCommand::Send {
                transport,
                track,
                source,
                video,
                ..
            } => self.publish(*transport, track, *source, video.as_ref()),
            TransportCommand::Unpublish { transport, track } => {
                self.tracks.retain(|sent| !sent.is(*transport, track));
            }
            TransportCommand::SetActiveLayers {
                transport,
                track,
                active,
            } => self.set_active(*transport, track, active.contains(&true)),
            TransportCommand::Assign {
                transport,
                track,
                participant,
                source,
            } => {
                let (key, whose) = ((*transport, track.clone()), (participant.clone(), *source));
                self.assigned.insert(key, whose);
            }
            TransportCommand::Unassign { transport, track } => {
                self.assigned.remove(&(*transport, track.clone()));
            }
            // Orders to the connection alone.
            _ => {}
        }
        if let Some((transport, order)) = ToTransport::from_command(command) {
            match self.transports.get(&transport) {
                Some(open) => open.order(order),
                // What is closed has nothing to forget.
                None => assert!(
                    matches!(order, ToTransport::Forget { .. }),
                    "not open: {order:?}"
                ),
            }
        }
    }

    fn open(&mut self, transport: TransportId, role: TransportRole) {
        let opened = Transport::open(
            transport,
            role,
            REACH,
            self.started,
            self.from_sender.clone(),
        );
        let earlier = self.transports.insert(transport, opened);
        assert!(earlier.is_none(), "transport ids are never used twice");
    }

    fn open_declared(&mut self, transport: TransportId, declared: &Declared) {
        let network = self.from_sender.clone();
        let opened = Transport::open_declared(transport, declared, None, self.started, network)
            .expect("the service declares what can be opened");
        let earlier = self.transports.insert(transport, opened);
        assert!(earlier.is_none(), "transport ids are never used twice");
    }

    fn close(&mut self, transport: TransportId) {
        self.transports
            .remove(&transport)
            .expect("only what was opened is closed");
        self.tracks.retain(|sent| sent.transport != transport);
    }

    fn publish(
        &mut self,
        transport: TransportId,
        track: &str,
        source: SourceKind,
        video: Option<&VideoSend>,
    ) {
        let layers = video.map(|video| video.layers.as_slice());
        let largest = layers.and_then(<[_]>::last);
        if let Some(layer) = largest {
            let bits_per_second = u64::from(layer.max_bitrate);
            self.transports[&transport].order(ToTransport::WantBitrate { bits_per_second });
        }
        self.tracks.push(Track {
            transport,
            track: track.to_owned(),
            source,
            layer: layers.map_or(0, |layers| layers.len().saturating_sub(1)),
            active: true,
            sealer: self.encryption.sealer(transport),
            sent: 0,
            next: 0,
            begun_at: None,
        });
    }

    fn set_active(&mut self, transport: TransportId, track: &str, active: bool) {
        let of = |sent: &&mut Track| sent.is(transport, track);
        if let Some(sent) = self.tracks.iter_mut().find(of)
            && std::mem::replace(&mut sent.active, active) != active
        {
            sent.next = 0;
        }
    }

    /// Sends and receives until something happens that the meeting service has to know.
    ///
    /// # Panics
    /// Never: the channel's other end lives in this engine.
    pub async fn next(&mut self) -> TransportEvent {
        loop {
            tokio::select! {
                due = self.pictures.tick() => self.send(SourceKind::Camera, due.into_std()),
                due = self.sounds.tick() => self.send(SourceKind::Microphone, due.into_std()),
                from = self.from.recv() => {
                    if let Some(event) = self.heard(from.expect("the sender lives here")) {
                        return event;
                    }
                }
            }
        }
    }

    fn heard(&mut self, from: FromTransport) -> Option<TransportEvent> {
        match from {
            FromTransport::Event(event) => {
                // Pictures from before did not leave: the far end needs a beginning.
                if let TransportEvent::State { transport, state } = &event
                    && *state == TransportState::Connected
                {
                    self.begin(|sent| sent.transport == *transport);
                }
                return Some(event);
            }
            FromTransport::Frame {
                transport,
                track,
                frame,
                ..
            } => {
                if let Some(whose) = self.assigned.get(&(transport, track))
                    && self.encryption.opens(transport, &whose.0, &frame)
                {
                    let mut counted = self.traffic.lock();
                    *counted.received.entry(whose.clone()).or_default() += 1;
                    if let Some(kept) = counted.kept.as_mut()
                        && whose.1 == SourceKind::Camera
                    {
                        kept.push((Instant::now(), frame));
                    }
                }
            }
            FromTransport::KeyFrameWanted {
                transport, track, ..
            } => {
                self.begin(|sent| sent.is(transport, &track));
            }
            FromTransport::Rerouted { transport } => {
                self.begin(|sent| sent.transport == transport);
            }
            FromTransport::Estimate { .. }
            | FromTransport::Clock { .. }
            | FromTransport::Statistics(_) => {}
        }
        None
    }

    /// Plays pictures from their first one, which stands alone.
    fn begin(&mut self, which: impl Fn(&Track) -> bool) {
        let rested = |at: &Option<Instant>| at.is_none_or(|at| at.elapsed() > KEY_FRAME_PAUSE);
        let tracks = self.tracks.iter_mut().filter(|sent| which(sent));
        for sent in tracks.filter(|sent| rested(&sent.begun_at)) {
            (sent.next, sent.begun_at) = (0, Some(Instant::now()));
        }
    }

    /// Sends what was `due` then: its time is that, however late a busy machine gets to it, as with a device.
    fn send(&mut self, source: SourceKind, due: Instant) {
        let of_source = |sent: &&mut Track| sent.source == source && sent.active;
        let at = due.saturating_duration_since(self.started);
        for sent in self.tracks.iter_mut().filter(of_source) {
            let Some((frame, number)) = sent.take(&self.recording, at) else {
                continue;
            };
            let write = ToTransport::Write {
                track: sent.track.clone(),
                layer: sent.layer,
                frame,
            };
            // Full: the network is behind, as a real encoder would find it.
            let written = self.transports[&sent.transport].frames().try_send(write);
            if written.is_ok() {
                self.traffic.lock().sent.insert((source, number), due);
            }
        }
    }
}

impl Track {
    fn is(&self, transport: TransportId, track: &str) -> bool {
        self.transport == transport && self.track == track
    }

    /// The next frame, encrypted where the call is, and which of the recording it is; `None` when nothing was
    /// recorded, or there is no key yet.
    fn take(&mut self, recording: &Recording, at: Duration) -> Option<(Frame, u32)> {
        let picture = self.source == SourceKind::Camera;
        let (frames, ticks) = if picture {
            (recording.pictures(), PICTURE_TICKS)
        } else {
            (recording.sounds(), SOUND_TICKS)
        };
        let index = self.next.checked_rem(frames.len())?;
        let mut frame = frames[index].clone();
        if let Some(sealer) = &self.sealer {
            frame.data = sealer.seal(frame.codec, &frame.data)?;
        }
        (frame.at, frame.rtp_time) = (at, self.sent * ticks);
        self.sent += 1;
        self.next = index + 1;
        Some((frame, u32::try_from(index).unwrap_or(u32::MAX)))
    }
}
