//! A room that is called, and answers whoever calls first.

use std::time::{Duration, Instant};

use saal_media_protocol::{
    DescriptionKind, RemoteTrack, SourceKind, TransportCommand, TransportEvent, TransportId,
    TransportState,
};
use saal_meeting::{CallEvent, Destination, MeetingEvent, Ring};
use serde::Deserialize as _;
use serde_json::Value;

use super::{NOW_MS, ROOM, own};
use crate::{
    legacy::{
        events::{self, Kept},
        machine::{Effect, Machine, Setup},
    },
    ring::{
        heard::{Heard, RoomEvent},
        machine::{Now, Output, Ringing},
        notification::{self, Notification},
    },
};

const TRANSPORT: TransportId = TransportId(1);
/// The machine's own bound.
const MOST_RINGS: usize = 4;

struct Called {
    ringing: Ringing,
    now: Now,
    /// Rings that did not end yet.
    rings: Vec<Ring>,
    call: Option<Machine>,
    talking: bool,
}

/// Everything is heard in order; the first 1:1 call is answered.
pub(super) fn play(events: &[Value]) {
    let mut called = Called {
        ringing: Ringing::new(vec!["example.org".to_owned()]),
        now: Now {
            instant: Instant::now(),
            unix_ms: NOW_MS,
        },
        rings: Vec::new(),
        call: None,
        talking: false,
    };
    for event in events {
        called.hears(event);
    }
    called.ends();
}

impl Called {
    fn hears(&mut self, event: &Value) {
        let Ok(event) = RoomEvent::deserialize(event) else {
            return;
        };
        let heard = Heard {
            room_id: ROOM.to_owned(),
            room_name: "Room".to_owned(),
            members: 2,
            sender_name: "Anna".to_owned(),
            event,
        };
        let own = own();
        if let Some(declined) = notification::declined(&heard.event) {
            self.ringing.handle_declined(&own, &heard, declined);
        }
        if let Some(Ok(notification)) = Notification::read(&heard.event) {
            self.ringing
                .handle_notification(self.now, &own, &heard, &notification);
        }
        if let Some(Ok(message)) = events::parse(&heard.event.kind, &heard.event.content) {
            match &mut self.call {
                Some(call) => call.handle_signal(&heard.event.sender, message),
                None => self.ringing.handle(self.now, &own, &heard, message),
            }
        }
        self.settle();
    }

    fn settle(&mut self) {
        self.settle_rings();
        self.answer();
        self.settle_call();
    }

    fn settle_rings(&mut self) {
        while let Some(output) = self.ringing.poll() {
            match output {
                Output::Say(MeetingEvent::Ringing(ring)) => self.rings.push(ring),
                Output::Say(MeetingEvent::RingEnded { ring }) => {
                    let known = self.rings.iter().position(|one| one.id == ring);
                    self.rings.remove(known.expect("it rang"));
                }
                Output::Say(other) => panic!("not of a ring: {other:?}"),
                Output::Send { .. } => {}
            }
        }
        assert!(self.rings.len() <= MOST_RINGS, "{:?}", self.rings);
    }

    fn answer(&mut self) {
        let direct = |ring: &Ring| match &ring.destination {
            Destination::Caller { room_id, call_id } => Some((room_id.clone(), call_id.clone())),
            _ => None,
        };
        let Some((room, call)) = self.rings.iter().find_map(direct) else {
            return;
        };
        if self.call.is_some() {
            return;
        }
        let answered = self.ringing.answer(&room, &call).expect("it rings");
        self.call = Some(Machine::new(Setup {
            call: answered,
            transport: TRANSPORT,
            ice_servers: Vec::new(),
            kept: Kept {
                microphone: false,
                camera: true,
            },
        }));
        self.settle_rings();
    }

    fn settle_call(&mut self) {
        let Some(mut call) = self.call.take() else {
            return;
        };
        while let Some(effect) = call.poll() {
            if let Effect::Emit(CallEvent::Transport(command)) = effect {
                self.engine(&mut call, &command);
            }
        }
        self.call = Some(call);
    }

    /// An engine that answers and connects at once.
    fn engine(&mut self, call: &mut Machine, command: &TransportCommand) {
        if !matches!(command, TransportCommand::Describe { .. }) {
            return;
        }
        let now = self.now.instant;
        let answer = TransportEvent::Description {
            transport: TRANSPORT,
            kind: DescriptionKind::Answer,
            sdp: "v=0".to_owned(),
        };
        call.handle_transport(now, answer);
        if !std::mem::replace(&mut self.talking, true) {
            let state = TransportState::Connected;
            let transport = TRANSPORT;
            call.handle_transport(now, TransportEvent::State { transport, state });
        }
        let track = |track: &str, stream: &str, picture| RemoteTrack {
            mid: track.to_owned(),
            stream: stream.to_owned(),
            track: track.to_owned(),
            picture,
        };
        let tracks = vec![
            track("0", "theirs", false),
            track("1", "theirs", true),
            track("2", "screen", true),
        ];
        let transport = TRANSPORT;
        call.handle_transport(now, TransportEvent::RemoteTracks { transport, tracks });
    }

    /// Nobody touches anything, then people decline and leave.
    fn ends(&mut self) {
        if let Some(call) = &mut self.call {
            if let Some(due) = call.deadline() {
                call.handle_timeout(due);
            }
            call.set_muted(SourceKind::Camera, false);
            call.media_restarted();
            call.leave();
        }
        if let Some(ring) = self.rings.first().map(|ring| ring.id.clone()) {
            self.ringing.decline(&ring);
        }
        let later = self.now.instant + Duration::from_secs(3_600);
        self.ringing.handle_timeout(later);
        self.settle_rings();
        assert!(self.rings.is_empty(), "rings for ever: {:?}", self.rings);
    }
}
