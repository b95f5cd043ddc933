//! More frames at once than a connection can send one by one with a timer between them, as after a moment in which the
//! whole machine stood still. Two connections and the real network of this machine.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use saal_media_protocol::{
    Codec, SourceKind, TransportEvent, TransportId, TransportRole, TransportState,
};
use tokio::sync::mpsc;

use crate::transport::{Frame, FromTransport, Reach, ToTransport, Transport};

const OUT: TransportId = TransportId(1);
const IN: TransportId = TransportId(2);
/// Twelve seconds of sound; str0m holds 512 frames of a track.
const SOUNDS: u64 = 600;
/// Of a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Two {
    sends: Transport,
    receives: Transport,
    events: mpsc::UnboundedReceiver<FromTransport>,
    connected: [bool; 2],
    /// Packets of sound that left; what the kernel loses where nobody reads in time is another matter.
    sent: u64,
}

impl Two {
    fn open() -> Self {
        let (tell, events) = mpsc::unbounded_channel();
        let (servers, proxy) = (&[], None);
        let open = |id, role| {
            let reach = Reach { servers, proxy };
            Transport::open(id, role, reach, Instant::now(), tell.clone())
        };
        Self {
            sends: open(OUT, TransportRole::Publisher),
            receives: open(IN, TransportRole::Subscriber),
            events,
            connected: [false; 2],
            sent: 0,
        }
    }

    /// Goes on until this is so.
    async fn until(&mut self, done: impl Fn(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !done(self) {
            let event = tokio::time::timeout_at(deadline, self.events.recv()).await;
            let event = event.unwrap_or_else(|_| panic!("{} of {SOUNDS} sent", self.sent));
            match event.unwrap() {
                FromTransport::Statistics(counted) if counted.transport == OUT => {
                    self.sent = counted.streams.iter().map(|stream| stream.packets).sum();
                }
                FromTransport::Event(event) => self.pass_on(event),
                _ => {}
            }
        }
    }

    /// To the other one, as a server would.
    fn pass_on(&mut self, event: TransportEvent) {
        let (own, other) = match event.transport() {
            OUT => (0, &self.receives),
            _ => (1, &self.sends),
        };
        match event {
            TransportEvent::Description { kind, sdp, .. } => {
                other.order(ToTransport::Describe { kind, sdp });
            }
            TransportEvent::Candidate { candidate, .. } => {
                other.order(ToTransport::AddCandidate(candidate));
            }
            TransportEvent::State { state, .. } => {
                self.connected[own] = state == TransportState::Connected;
            }
            _ => {}
        }
    }
}

fn sound(number: u64) -> ToTransport {
    ToTransport::Write {
        track: "mic".to_owned(),
        layer: 0,
        frame: Frame {
            codec: Codec::Opus,
            source: 0,
            rtp_time: number * 960,
            at: Duration::from_millis(number * 20),
            key: true,
            contiguous: true,
            temporal: None,
            layers: Vec::new(),
            level: None,
            data: Arc::from([0xf8, 0xff, 0xfe]),
        },
    }
}

#[tokio::test]
async fn whatever_comes_at_once_is_sent_and_none_is_refused() {
    let mut two = Two::open();
    two.sends.order(ToTransport::Publish {
        track: "mic".to_owned(),
        source: SourceKind::Microphone,
        video: None,
    });
    two.until(|two| two.connected == [true; 2]).await;
    for number in 0..SOUNDS {
        two.sends.order(sound(number));
    }
    two.until(|two| two.sent == SOUNDS).await;
}
