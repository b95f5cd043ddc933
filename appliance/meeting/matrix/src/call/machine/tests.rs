use livekit_protocol::{self as proto, signal_response::Message as Said};
use saal_media_protocol::{TransportCommand, TransportId, TransportRole, TransportState};

use super::*;
use crate::{
    rtc::{StateEvent, keeper::Failure, resume::Resume},
    settings::LEAVE_DELAY,
};

mod encrypted;
mod resuming;

pub(super) const FOCUS: &str = "https://ours.example";
const THEIRS: &str = "https://theirs.example";

pub(super) fn grant() -> Grant {
    Grant {
        url: "wss://ours.example".into(),
        token: "first".to_owned().into(),
    }
}

pub(super) struct World {
    pub(super) machine: Machine,
    pub(super) now: Now,
    pub(super) effects: Vec<Effect>,
}

fn device(user: &str) -> Device {
    Device {
        user: format!("@{user}:hs"),
        device: "D".into(),
    }
}

pub(super) fn member(user: &str, focus: &str) -> Member {
    let device = device(user);
    let event = StateEvent {
        kind: membership::EVENT_TYPE.into(),
        event_id: format!("${user}"),
        sender: device.user.clone(),
        state_key: device.state_key(),
        origin_server_ts: 1_000,
        content: membership::content(&device, "!r:hs", focus, None),
    };
    membership::parse(&event).unwrap().remove(0)
}

impl World {
    fn new(members: Vec<Member>, delay_id: Option<&str>) -> Self {
        Self::with_secret(members, delay_id, MediaSecret::Plain)
    }

    fn with_secret(
        members: Vec<Member>,
        delay_id: Option<&str>,
        media_secret: MediaSecret,
    ) -> Self {
        let setup = CallSetup {
            call: CallId(3),
            own: device("room"),
            room_id: "!r:hs".into(),
            encrypts_state: false,
            focus: FOCUS.into(),
            microphone: true,
            camera: true,
            presents: BTreeSet::new(),
            delay_id: delay_id.map(str::to_owned),
            members,
            media_secret,
            mode: Mode::Compatibility,
            terms: Terms::new(&Mode::Compatibility, LEAVE_DELAY, false),
        };
        let now = Now {
            instant: Instant::now(),
            unix_ms: 2_000,
            jitter: 0.0,
            entropy: Entropy {
                key: [1; 16],
                index: 0,
            },
        };
        let mut world = Self {
            machine: Machine::new(setup, now),
            now,
            effects: Vec::new(),
        };
        world.drain();
        world
    }

    /// In the call with Anna, who sends a camera.
    pub(super) fn joined() -> Self {
        let mut world = Self::new(vec![member("anna", FOCUS)], None);
        world.outcome(Outcome::Delayed(Ok("d1".into())));
        world.outcome(Outcome::MemberPut(Ok("$room".into())));
        world.enter();
        assert!(world.said(&CallEvent::Joined));
        world
    }

    pub(super) fn drain(&mut self) -> Vec<Effect> {
        let new: Vec<Effect> = std::iter::from_fn(|| self.machine.poll()).collect();
        self.effects.extend(new.iter().cloned());
        new
    }

    fn outcome(&mut self, outcome: Outcome) -> Vec<Effect> {
        self.machine.handle_outcome(self.now, outcome);
        self.drain()
    }

    pub(super) fn connection_to(&self, focus: &str) -> Option<ConnectionId> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Connect {
                connection,
                focus: of,
                ..
            } if of == focus => Some(*connection),
            _ => None,
        })
    }

    pub(super) fn says(&mut self, connection: ConnectionId, message: Said) -> Vec<Effect> {
        let response = SignalResponse {
            message: Some(message),
        };
        self.machine.handle_signal(self.now, connection, response);
        self.drain()
    }

    /// The latest connection to our server opens, Anna is there, media connect.
    fn enter(&mut self) {
        let connection = self.connection_to(FOCUS).unwrap();
        self.machine.handle_connected(self.now, connection, grant());
        let anna = proto::ParticipantInfo {
            sid: "PA_a".into(),
            identity: "@anna:hs:D".into(),
            tracks: vec![proto::TrackInfo {
                sid: "TR_a".into(),
                r#type: proto::TrackType::Video as i32,
                ..Default::default()
            }],
            ..Default::default()
        };
        let join = proto::JoinResponse {
            other_participants: vec![anna],
            ..Default::default()
        };
        self.says(connection, Said::Join(join));
        for (transport, _) in self.open_transports() {
            let state = TransportState::Connected;
            self.machine
                .handle_transport(self.now, TransportEvent::State { transport, state });
        }
        self.drain();
    }

    pub(super) fn commands(&self) -> impl Iterator<Item = &TransportCommand> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Emit(CallEvent::Transport(command)) => Some(command),
            _ => None,
        })
    }

    fn open_transports(&self) -> Vec<(TransportId, TransportRole)> {
        let mut open = Vec::new();
        for command in self.commands() {
            match command {
                TransportCommand::Open {
                    transport, role, ..
                } => open.push((*transport, *role)),
                TransportCommand::Close { transport } => open.retain(|(id, _)| id != transport),
                _ => {}
            }
        }
        open
    }

    pub(super) fn said(&self, wanted: &CallEvent) -> bool {
        self.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Emit(event) if event == wanted))
    }

    fn ended(&self) -> Option<&EndReason> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Emit(CallEvent::Ended(reason)) => Some(reason),
            _ => None,
        })
    }

    fn lose(&mut self, connection: ConnectionId) -> Vec<Effect> {
        let failure = ConnectFailure {
            ends: None,
            refused: false,
            blocked: None,
            reason: "closed".into(),
        };
        self.machine
            .handle_disconnected(self.now, connection, failure);
        self.drain()
    }

    /// As [`World::wait`]; the home server answers.
    fn wait_out(&mut self) {
        for effect in self.wait() {
            match effect {
                Effect::Membership(Action::RestartLeave { .. }) => {
                    self.outcome(Outcome::Restarted(Ok(())));
                }
                Effect::Membership(Action::SendLeave { .. }) => {
                    self.outcome(Outcome::LeaveSent(Ok(())));
                }
                _ => {}
            }
        }
    }

    fn wait(&mut self) -> Vec<Effect> {
        self.now.instant = self.machine.deadline().expect("something is to be done");
        self.machine.handle_timeout(self.now);
        self.drain()
    }

    fn sent_leave(&self) -> bool {
        self.effects.iter().any(|effect| {
            matches!(effect, Effect::Send { request, .. }
                if matches!(request.message, Some(proto::signal_request::Message::Leave(_))))
        })
    }
}

#[test]
fn membership_and_media_server_are_asked_for_at_the_same_time() {
    let world = World::new(Vec::new(), None);
    assert!(
        world
            .effects
            .contains(&Effect::Membership(Action::DelayLeave {
                after: LEAVE_DELAY
            }))
    );
    assert!(world.connection_to(FOCUS).is_some());
}

#[test]
fn joined_needs_both_membership_and_media() {
    let mut world = World::new(vec![member("anna", FOCUS)], None);
    world.enter();
    assert!(!world.said(&CallEvent::Joined));
    world.outcome(Outcome::Delayed(Ok("d1".into())));
    world.outcome(Outcome::MemberPut(Ok("$room".into())));
    assert!(world.said(&CallEvent::Joined));
}

#[test]
fn anna_is_named_by_matrix() {
    let mut world = World::joined();
    assert!(world.effects.contains(&Effect::LearnName {
        user: "@anna:hs".into()
    }));
    world.machine.handle_name(world.now, "@anna:hs", "Anna Ö");
    let told = world.drain();
    assert!(
        matches!(&told[..], [Effect::Emit(CallEvent::Participants(people))]
        if people[0].name == "Anna Ö" && people[0].camera)
    );
}

#[test]
fn a_lost_media_server_is_joined_again_with_new_transports_while_we_stay_a_member() {
    let mut world = World::joined();
    let before = world.open_transports();
    world.lose(world.connection_to(FOCUS).unwrap());
    assert!(world.said(&CallEvent::Reconnecting {
        reason: "closed".into()
    }));
    assert_eq!(world.open_transports(), []);
    assert!(
        !world
            .effects
            .iter()
            .any(|e| matches!(e, Effect::Membership(Action::ClearMember)))
    );
    world.enter();
    let joined = Effect::Emit(CallEvent::Joined);
    assert_eq!(
        world
            .effects
            .iter()
            .filter(|effect| **effect == joined)
            .count(),
        2
    );
    assert!(
        world
            .open_transports()
            .iter()
            .all(|new| !before.contains(new))
    );
}

#[test]
fn a_presentation_is_told_and_goes_on_after_a_lost_media_server() {
    let announced = |effects: &[Effect]| {
        let requests = effects.iter().filter_map(|effect| match effect {
            Effect::Send { request, .. } => request.message.as_ref(),
            _ => None,
        });
        requests
            .filter(|request| {
                matches!(request, proto::signal_request::Message::AddTrack(track)
                    if track.source() == proto::TrackSource::ScreenShare)
            })
            .count()
    };
    let presenting = |on| {
        let state = MeetingState {
            presenting: on,
            chat: true,
            ..MeetingState::default()
        };
        CallEvent::State(Box::new(state))
    };
    let mut world = World::joined();
    world.machine.present(world.now, SourceKind::Content, true);
    let effects = world.drain();
    assert_eq!(announced(&effects), 1);
    assert!(effects.contains(&Effect::Emit(presenting(true))));
    let lost = world.connection_to(FOCUS).unwrap();
    world.effects.clear();
    world.lose(lost);
    world.enter();
    assert_eq!(announced(&world.effects), 1, "the new server is told too");
    assert!(!world.said(&presenting(false)));
    world.machine.present(world.now, SourceKind::Content, false);
    assert!(world.drain().contains(&Effect::Emit(presenting(false))));
}

#[test]
fn attempts_come_less_often_while_the_media_server_is_down() {
    let mut world = World::joined();
    world.lose(world.connection_to(FOCUS).unwrap());
    let mut waits = Vec::new();
    for _ in 0..5 {
        let connection = world.connection_to(FOCUS).unwrap();
        let lost_at = world.now.instant;
        world.lose(connection);
        let LinkState::Waiting(at) = world.machine.links[0].state else {
            panic!("waits")
        };
        waits.push((at - lost_at).as_millis());
        while world.connection_to(FOCUS) == Some(connection) {
            world.wait();
        }
    }
    assert_eq!(waits, [500, 1000, 2000, 5000, 5000]);
}

#[test]
fn a_restarted_engine_gets_new_transports_without_a_leave() {
    let mut world = World::joined();
    let before = world.open_transports();
    world.effects.clear();
    world.machine.media_restarted(world.now);
    world.drain();
    assert!(!world.sent_leave());
    assert_eq!(
        world.commands().count(),
        0,
        "the new engine knows nothing that could be closed"
    );
    world.enter();
    let after = world.open_transports();
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|new| !before.contains(new)));
    assert!(world.said(&CallEvent::Joined));
}

#[test]
fn leaving_does_not_wait_for_the_media_server() {
    let mut world = World::joined();
    world.machine.leave(world.now);
    let effects = world.drain();
    assert!(world.sent_leave());
    let leave = Effect::Membership(Action::SendLeave {
        delay_id: "d1".into(),
    });
    assert!(effects.contains(&leave));
    assert_eq!(world.open_transports(), []);
    assert_eq!(world.ended(), None);
    world.outcome(Outcome::LeaveSent(Ok(())));
    assert_eq!(world.ended(), Some(&EndReason::Left));
    assert!(world.machine.is_over());
}

#[test]
fn leaving_before_anything_was_asked_ends_too() {
    let mut world = World::new(Vec::new(), None);
    world.machine.leave(world.now);
    world.outcome(Outcome::Delayed(Ok("d1".into())));
    world.outcome(Outcome::LeaveSent(Ok(())));
    assert_eq!(world.ended(), Some(&EndReason::Left));
}

#[test]
fn being_removed_ends_the_call() {
    let mut world = World::joined();
    let leave = proto::LeaveRequest {
        reason: proto::DisconnectReason::ParticipantRemoved as i32,
        ..Default::default()
    };
    world.says(world.connection_to(FOCUS).unwrap(), Said::Leave(leave));
    world.outcome(Outcome::LeaveSent(Ok(())));
    assert_eq!(world.ended(), Some(&removed()));
}

#[test]
fn a_room_that_forbids_call_members_says_so() {
    let mut world = World::new(Vec::new(), None);
    world.outcome(Outcome::Delayed(Err(Failure::Forbidden(
        "power level".into(),
    ))));
    assert_eq!(
        world.ended(),
        Some(&EndReason::NotAllowed {
            reason: "power level".into()
        })
    );
}

#[test]
fn a_media_server_that_never_answers_ends_joining_with_its_reason() {
    let mut world = World::new(Vec::new(), None);
    world.outcome(Outcome::Delayed(Ok("d1".into())));
    world.outcome(Outcome::MemberPut(Ok("$room".into())));
    let mut tried = None;
    while world.ended().is_none() {
        let connection = world.connection_to(FOCUS).unwrap();
        if tried != Some(connection) {
            world.lose(connection);
            tried = Some(connection);
        }
        world.wait_out();
    }
    assert_eq!(
        world.ended(),
        Some(&EndReason::Failed {
            reason: "closed".into()
        })
    );
}

#[test]
fn a_call_service_that_refuses_ends_joining_at_once() {
    let mut world = World::new(Vec::new(), None);
    world.outcome(Outcome::Delayed(Ok("d1".into())));
    world.outcome(Outcome::MemberPut(Ok("$room".into())));
    let failure = ConnectFailure {
        ends: Some(EndReason::NotAllowed {
            reason: "not your room".into(),
        }),
        refused: true,
        blocked: None,
        reason: "refused".into(),
    };
    let connection = world.connection_to(FOCUS).unwrap();
    world
        .machine
        .handle_disconnected(world.now, connection, failure);
    world.drain();
    world.outcome(Outcome::LeaveSent(Ok(())));
    assert_eq!(
        world.ended(),
        Some(&EndReason::NotAllowed {
            reason: "not your room".into()
        })
    );
}

#[test]
fn members_elsewhere_are_received_from_their_own_media_server() {
    let mut world = World::joined();
    let members = vec![
        member("room", FOCUS),
        member("anna", FOCUS),
        member("ben", THEIRS),
    ];
    world.machine.handle_members(world.now, members.clone());
    world.drain();
    let theirs = world.connection_to(THEIRS).unwrap();
    let transports = world.open_transports().len();
    world.machine.handle_connected(world.now, theirs, grant());
    world.says(theirs, Said::Join(proto::JoinResponse::default()));
    let opened = world.open_transports();
    assert_eq!(opened.len(), transports + 1, "only to receive");
    assert_eq!(opened.last().unwrap().1, TransportRole::Subscriber);

    world
        .machine
        .handle_members(world.now, members[..2].to_vec());
    world.drain();
    assert!(
        world
            .effects
            .contains(&Effect::Disconnect { connection: theirs })
    );
    assert_eq!(world.open_transports().len(), transports);
}

#[test]
fn our_membership_is_sent_again_when_the_old_leave_fired() {
    let mut world = World::joined();
    world
        .machine
        .handle_members(world.now, vec![member("anna", FOCUS)]);
    world.effects.clear();
    world.wait();
    assert!(
        world
            .effects
            .contains(&Effect::Membership(Action::PutMember { periods: 1 }))
    );
}

#[test]
fn what_a_new_process_needs_is_told_once_for_each_delay() {
    let world = World::joined();
    let tokens: Vec<_> = world
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Emit(CallEvent::Resume(token)) => Some(token.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        tokens,
        [Resume::new("!r:hs", "D", "d1", Mode::Compatibility).to_token()]
    );
}

#[test]
fn transport_numbers_of_two_calls_never_meet() {
    let first = World::joined();
    assert!(
        first
            .open_transports()
            .iter()
            .all(|(id, _)| id.0 >> 32 == 3)
    );
}
