//! The media engine's network side alone: what it receives is counted, what it sends is silence.
//! So the signalling can be tested without cameras and codecs.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use saal_media::transport::{Frame, FromTransport, ToTransport, Transport};
use saal_media_protocol::{
    Codec, SourceKind, TransportCommand, TransportEvent, TransportId, TransportRole,
};
use tokio::sync::mpsc;

/// 20 ms of Opus that decode to silence (RFC 6716, a 20 ms CELT frame).
const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];
/// Of the RTP clock in 20 ms.
const SAMPLES: u64 = 960;

/// Frames by (participant, source).
pub(crate) type Received = BTreeMap<(String, SourceKind), u64>;

/// Peer connections and what came through them.
pub(crate) struct LightEngine {
    started: Instant,
    transports: HashMap<TransportId, Transport>,
    assigned: HashMap<(TransportId, String), (String, SourceKind)>,
    sound: Vec<(TransportId, String)>,
    from_sender: mpsc::UnboundedSender<FromTransport>,
    from: mpsc::UnboundedReceiver<FromTransport>,
    ticks: tokio::time::Interval,
    sent: u64,
    /// What arrived.
    pub(crate) received: Received,
}

impl LightEngine {
    pub(crate) fn new() -> Self {
        let (from_sender, from) = mpsc::unbounded_channel();
        Self {
            started: Instant::now(),
            transports: HashMap::new(),
            assigned: HashMap::new(),
            sound: Vec::new(),
            from_sender,
            from,
            ticks: tokio::time::interval(Duration::from_millis(20)),
            sent: 0,
            received: BTreeMap::new(),
        }
    }

    /// Carries out what a meeting service wants.
    pub(crate) fn perform(&mut self, command: TransportCommand) {
        match command {
            TransportCommand::Open {
                transport, role, ..
            } => self.open(transport, role),
            TransportCommand::Close { transport } => self.close(transport),
            TransportCommand::Publish {
                transport,
                track,
                source,
                video,
            } => {
                if source == SourceKind::Microphone {
                    self.sound.push((transport, track.clone()));
                }
                self.order(
                    transport,
                    ToTransport::Publish {
                        track,
                        source,
                        video,
                    },
                );
            }
            TransportCommand::Unpublish { transport, track } => {
                self.order(transport, ToTransport::Unpublish { track });
            }
            TransportCommand::Describe {
                transport,
                kind,
                sdp,
            } => {
                self.order(transport, ToTransport::Describe { kind, sdp });
            }
            TransportCommand::AddCandidate {
                transport,
                candidate,
            } => {
                self.order(transport, ToTransport::AddCandidate(candidate));
            }
            TransportCommand::Assign {
                transport,
                track,
                participant,
                source,
            } => {
                self.assigned
                    .insert((transport, track), (participant, source));
            }
            TransportCommand::Unassign { transport, track } => {
                self.assigned.remove(&(transport, track));
            }
            TransportCommand::SetActiveLayers { .. } => {}
            declared => unreachable!("LiveKit describes its streams: {declared:?}"),
        }
    }

    fn open(&mut self, transport: TransportId, role: TransportRole) {
        let opened = Transport::open(transport, role, self.started, self.from_sender.clone());
        let earlier = self.transports.insert(transport, opened);
        assert!(earlier.is_none(), "transport ids are never used twice");
    }

    fn close(&mut self, transport: TransportId) {
        self.transports
            .remove(&transport)
            .expect("only what was opened is closed");
        self.sound.retain(|(of, _)| *of != transport);
    }

    /// The engine died: all its connections with it.
    pub(crate) fn crash(&mut self) {
        *self = Self::new();
    }

    fn order(&self, transport: TransportId, order: ToTransport) {
        self.transports[&transport].order(order);
    }

    /// Sends and receives until something happens that the meeting service has to know.
    pub(crate) async fn next(&mut self) -> TransportEvent {
        loop {
            tokio::select! {
                _ = self.ticks.tick() => self.send_silence(),
                from = self.from.recv() => match from.expect("the sender lives here") {
                    FromTransport::Event(event) => return event,
                    FromTransport::Frame { transport, track, .. } => {
                        if let Some(whose) = self.assigned.get(&(transport, track)) {
                            *self.received.entry(whose.clone()).or_default() += 1;
                        }
                    }
                    FromTransport::KeyFrameWanted { .. } | FromTransport::Estimate { .. } => {}
                }
            }
        }
    }

    fn send_silence(&mut self) {
        self.sent += 1;
        for (transport, track) in &self.sound {
            let frame = Frame {
                codec: Codec::Opus,
                source: 0,
                temporal: None,
                level: None,
                rtp_time: self.sent * SAMPLES,
                at: self.started.elapsed(),
                key: true,
                contiguous: true,
                data: Arc::from(SILENCE),
            };
            let write = ToTransport::Write {
                track: track.clone(),
                layer: 0,
                frame,
            };
            let _ = self.transports[transport].frames().try_send(write);
        }
    }
}
