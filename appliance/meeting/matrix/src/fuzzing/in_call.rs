//! A room in an encrypted call, with servers that do what they are asked.

use std::time::{Duration, Instant};

use livekit_protocol::SignalResponse;
use saal_media_protocol::{
    DescriptionKind, SourceKind, TransportCommand, TransportEvent, TransportId, TransportState,
};
use saal_meeting::{CallEvent, CallId};
use serde_json::Value;

use super::{NOW_MS, ROOM, own, read_members};
use crate::{
    call::{
        links::ConnectionId,
        machine::{CallSetup, Effect, Machine, MediaSecret, Now, Talk, Talked},
    },
    livekit::Grant,
    rtc::{
        Member, Mode,
        keeper::{Action, Outcome, Terms},
        keys::{Entropy, KeyEvent},
    },
    settings::LEAVE_DELAY,
};

/// More than any event can be the reason for.
const MOST_EFFECTS: usize = 20_000;
/// Timeouts after the last event.
const TIMEOUTS: usize = 8;

pub(super) struct InCall {
    machine: Machine,
    now: Now,
    connection: Option<ConnectionId>,
    effects: usize,
    ended: bool,
}

impl InCall {
    /// With whoever of these events is in the call.
    pub(super) fn enter(events: &[Value]) -> Self {
        let now = Now {
            instant: Instant::now(),
            unix_ms: NOW_MS,
            jitter: 0.5,
            entropy: Entropy {
                key: [1; 16],
                index: 255,
            },
        };
        let setup = CallSetup {
            call: CallId(0),
            own: own(),
            room_id: ROOM.to_owned(),
            encrypts_state: true,
            focus: "https://ours.example.org".to_owned(),
            microphone: true,
            camera: true,
            presents: [SourceKind::Content, SourceKind::ContentAudio].into(),
            delay_id: None,
            members: read_members(events),
            media_secret: MediaSecret::PerMember,
            mode: Mode::Compatibility,
            terms: Terms::new(&Mode::Compatibility, LEAVE_DELAY, false),
        };
        let mut call = Self {
            machine: Machine::new(setup, now),
            now,
            connection: None,
            effects: 0,
            ended: false,
        };
        call.settle();
        call
    }

    pub(super) fn members(&mut self, members: Vec<Member>) {
        self.machine.handle_members(self.now, members);
        self.settle();
    }

    pub(super) fn key(&mut self, event: &KeyEvent) {
        self.machine.handle_key_event(self.now, event);
        self.settle();
    }

    pub(super) fn hears(&mut self, events: Vec<Value>) {
        self.talked(Talked::Heard(events));
    }

    pub(super) fn history(&mut self, events: Vec<Value>) {
        self.talked(Talked::History(events));
    }

    fn talked(&mut self, talked: Talked) {
        self.machine.handle_talk(self.now, talked);
        self.settle();
    }

    /// From the first media server.
    pub(super) fn signal(&mut self, message: SignalResponse) {
        if let Some(connection) = self.connection {
            self.machine.handle_signal(self.now, connection, message);
            self.settle();
        }
    }

    /// Time passes, the engine dies, people leave.
    pub(super) fn go_on(&mut self) {
        self.time_passes();
        self.machine.media_restarted(self.now);
        self.settle();
        self.time_passes();
        self.machine.leave(self.now);
        self.settle();
        self.time_passes();
    }

    fn time_passes(&mut self) {
        for _ in 0..TIMEOUTS {
            let Some(due) = self.machine.deadline() else {
                return;
            };
            let wait = due.saturating_duration_since(self.now.instant) + Duration::from_millis(1);
            self.now.instant += wait;
            self.now.unix_ms += u64::try_from(wait.as_millis()).unwrap_or(u64::MAX / 2);
            self.machine.handle_timeout(self.now);
            self.settle();
        }
    }

    /// Performs what the call wants, and what follows from that.
    fn settle(&mut self) {
        while let Some(effect) = self.machine.poll() {
            self.effects += 1;
            assert!(self.effects < MOST_EFFECTS, "without end: {effect:?}");
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        let now = self.now;
        match effect {
            Effect::Emit(event) => self.said(event),
            Effect::Membership(action) => self.machine.handle_outcome(now, outcome(action)),
            Effect::Connect { connection, .. } | Effect::Resume { connection, .. } => {
                self.connection.get_or_insert(connection);
                let (url, token) = ("ws://media".to_owned(), "token".to_owned().into());
                self.machine
                    .handle_connected(now, connection, Grant { url, token });
            }
            Effect::Disconnect { connection } => {
                self.connection.take_if(|known| *known == connection);
            }
            Effect::LearnName { user } => self.machine.handle_name(now, &user, "Name"),
            Effect::SendKey { generation, to, .. } => {
                self.machine.handle_key_sent(now, generation, &to, &[]);
            }
            Effect::Vouch { id, .. } => self.machine.handle_vouched(now, id, None),
            Effect::Talk(Talk::RaiseHand { .. }) => {
                let hand = Some("$hand".to_owned());
                self.machine.handle_talk(now, Talked::HandUp(hand));
            }
            Effect::Talk(Talk::LowerHand { .. }) => {
                self.machine.handle_talk(now, Talked::HandDown(true));
            }
            Effect::Send { .. } | Effect::Talk(_) => {}
        }
    }

    fn said(&mut self, event: CallEvent) {
        assert!(!self.ended, "said after the end: {event:?}");
        match event {
            CallEvent::Ended(_) => self.ended = true,
            CallEvent::Participants(people) => {
                let mut ids: Vec<_> = people.iter().map(|person| &person.id).collect();
                ids.dedup();
                assert_eq!(ids.len(), people.len(), "each of them once: {people:?}");
            }
            CallEvent::Transport(command) => self.engine(command),
            _ => {}
        }
    }

    /// An engine that makes descriptions and connects at once.
    fn engine(&mut self, command: TransportCommand) {
        let says = |transport: TransportId, kind| TransportEvent::Description {
            transport,
            kind,
            sdp: "v=0".to_owned(),
        };
        let event = match command {
            TransportCommand::Open { transport, .. } => {
                let state = TransportState::Connected;
                TransportEvent::State { transport, state }
            }
            TransportCommand::Publish { transport, .. }
            | TransportCommand::Unpublish { transport, .. }
            | TransportCommand::RestartIce { transport } => says(transport, DescriptionKind::Offer),
            TransportCommand::Describe {
                transport,
                kind: DescriptionKind::Offer,
                ..
            } => says(transport, DescriptionKind::Answer),
            _ => return,
        };
        self.machine.handle_transport(self.now, event);
    }
}

fn outcome(action: Action) -> Outcome {
    match action {
        Action::DelayLeave { .. } => Outcome::Delayed(Ok("delay".to_owned())),
        Action::DelegateLeave { .. } => Outcome::Delegated(Ok(())),
        Action::CancelLeave { .. } => Outcome::Cancelled,
        Action::RestartLeave { .. } => Outcome::Restarted(Ok(())),
        Action::PutMember { .. } => Outcome::MemberPut(Ok("$own".to_owned())),
        Action::SendLeave { .. } => Outcome::LeaveSent(Ok(())),
        Action::ClearMember => Outcome::Cleared(Ok(())),
    }
}
