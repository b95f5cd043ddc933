//! The Matrix service on real servers with Element Call at the far end, and only the network side
//! of the media engine: membership, signalling, offers, answers, tracks.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

use std::{sync::Arc, time::Duration};

use saal_hal_sim::SimulatedSealer;
use saal_harness::{Caller, FarEnd, FarEndOptions, JoinOptions, Servers, User, run, until};
use saal_matrix::{LogIn, MatrixSettings, Sealing, Service};
use saal_media_protocol::SourceKind;
use saal_meeting::{
    AccountState, CallEvent, CallId, Destination, EndReason, Invitation, MediaWay, MeetingCommand,
    MeetingEvent, Participant, ResumeToken, SocketWay,
};
use saal_suites::light::{LightEngine, Recording};
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(120);

/// A room without panel and daemon.
struct Room {
    commands: mpsc::UnboundedSender<MeetingCommand>,
    events: mpsc::UnboundedReceiver<MeetingEvent>,
    engine: LightEngine,
    call: CallId,
    account: AccountState,
    invitations: Vec<Invitation>,
    participants: Vec<Participant>,
    resume: Option<ResumeToken>,
    /// `Joined`, `Reconnecting`, `Ended` in their order.
    story: Vec<CallEvent>,
}

impl Room {
    fn start(servers: &Servers, user: &User, store: &std::path::Path) -> Self {
        let settings = MatrixSettings {
            homeserver: servers.homeserver().parse().unwrap(),
            log_in: LogIn::AccessToken(user.access_token.clone().into()),
            device_name: "Light".to_owned(),
            allowed_servers: vec![saal_harness::SERVER_NAME.to_owned()],
            verifiers: Vec::new(),
            call_service: None,
            leave_delay: saal_matrix::LEAVE_DELAY,
            recovery_key: None,
            sealing: Sealing(Arc::new(SimulatedSealer::new(1))),
        };
        let (commands, events) = Service::start(settings, store);
        Self {
            commands,
            events,
            engine: LightEngine::new(Recording::silence()),
            call: CallId(0),
            account: AccountState::Starting,
            invitations: Vec::new(),
            participants: Vec::new(),
            resume: None,
            story: Vec::new(),
        }
    }

    fn join(&mut self, room_id: &str, resume: Option<ResumeToken>) {
        self.call = CallId(self.call.0 + 1);
        self.story.clear();
        let destination = Destination::matrix(room_id);
        let (microphone, camera) = (true, true);
        let call = self.call;
        self.send(MeetingCommand::Join {
            call,
            destination,
            name: "Room".to_owned(),
            microphone,
            camera,
            resume,
            encodes: Vec::new(),
        });
    }

    fn send(&self, command: MeetingCommand) {
        self.commands.send(command).unwrap();
    }

    /// Lives on until `done`, which has to come in time.
    async fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !done(self) {
            assert!(
                tokio::time::timeout_at(deadline, self.step()).await.is_ok(),
                "{what} did not come: {:?} {:?} {:?} received {:?}",
                self.account,
                self.story,
                self.participants,
                self.engine.traffic().received()
            );
        }
    }

    async fn step(&mut self) {
        tokio::select! {
            event = self.events.recv() => self.take_in(event.expect("the service lives")),
            event = self.engine.next() => {
                self.send(MeetingCommand::Transport { call: self.call, event });
            }
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
    }

    fn take_in(&mut self, event: MeetingEvent) {
        match event {
            MeetingEvent::Account(state) => self.account = state,
            MeetingEvent::Identity(_)
            | MeetingEvent::Verification(_)
            | MeetingEvent::RoomsKnown { .. } => {}
            MeetingEvent::Invitations(invitations) => self.invitations = invitations,
            MeetingEvent::Ringing(_) | MeetingEvent::RingEnded { .. } => {}
            MeetingEvent::Call {
                event: CallEvent::Transport(command),
                ..
            } => {
                self.engine.perform(command);
            }
            MeetingEvent::Call {
                event: CallEvent::Participants(all),
                ..
            } => {
                self.participants = all;
            }
            MeetingEvent::Call {
                event: CallEvent::Resume(token),
                ..
            } => {
                self.resume = Some(token);
            }
            // The meeting as it stands is no news of the call itself.
            MeetingEvent::Call {
                event: CallEvent::Progress(_) | CallEvent::State(_) | CallEvent::Chat(_),
                ..
            } => {}
            MeetingEvent::Call { event, .. } => self.story.push(event),
        }
    }

    fn is_joined(&self) -> bool {
        self.story.last() == Some(&CallEvent::Joined)
    }

    fn frames(&self, source: SourceKind) -> u64 {
        self.engine.traffic().frames(source)
    }

    fn receives_both(&self) -> bool {
        self.frames(SourceKind::Microphone) > 50 && self.frames(SourceKind::Camera) > 10
    }
}

#[test]
fn a_room_is_invited_joins_is_heard_mutes_and_leaves() {
    run(async {
        let servers = Servers::start().await.unwrap();
        let anna = servers.create_user("anna").await.unwrap();
        let account = servers.create_user("room").await.unwrap();
        let store = tempfile::tempdir().unwrap();
        let mut room = Room::start(&servers, &account, store.path());
        room.until("online", |room| {
            matches!(room.account, AccountState::Online { .. })
        })
        .await;

        let room_id = anna.create_room("Weekly", &[&account]).await.unwrap();
        let browser = FarEnd::start(&servers, &FarEndOptions::default())
            .await
            .unwrap();
        let caller = browser
            .join(&anna, &room_id, &JoinOptions::default())
            .await
            .unwrap();
        room.until("the call", |room| {
            room.invitations.iter().any(|i| i.in_call == 1)
        })
        .await;
        assert_eq!(room.invitations[0].name, "Weekly");

        tries_the_way_unseen(&mut room, &servers, &anna, &room_id).await;
        room.join(&room_id, None);
        room.until("joined", Room::is_joined).await;
        room.until("sound and picture", Room::receives_both).await;
        assert_eq!(anna.call_members(&room_id).await.unwrap().len(), 2);
        sees_and_is_heard(&mut room, &caller).await;
        mutes(&mut room, &servers, &room_id).await;
        leaves(&mut room, &servers, &anna, &room_id).await;
    });
}

/// As before a meeting: the way to the media server and back is found out, and nobody in the meeting could know.
async fn tries_the_way_unseen(room: &mut Room, servers: &Servers, anna: &User, room_id: &str) {
    room.call = CallId(room.call.0 + 1);
    let (call, destination) = (room.call, Destination::matrix(room_id));
    room.send(MeetingCommand::Try { call, destination });
    let tried = |room: &Room| matches!(room.story[..], [.., CallEvent::Tried(_)]);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !tried(room) {
        let step = tokio::time::timeout_at(deadline, room.step()).await;
        step.expect("the way is found out in time");
        let there = servers.participants(room_id).await.unwrap();
        assert!(there.iter().all(|one| !one.identity.starts_with("@room:")));
    }
    let (socket, media) = (SocketWay::Through, MediaWay::Datagrams);
    let found = [CallEvent::Socket(socket), CallEvent::Tried(media)];
    assert_eq!(room.story, found);
    assert_eq!(anna.call_members(room_id).await.unwrap().len(), 1);
}

async fn sees_and_is_heard(room: &mut Room, caller: &Caller) {
    room.until("anna", |room| {
        room.participants
            .iter()
            .any(|p| p.name == "anna" && p.camera && p.microphone)
    })
    .await;
    let stats = async || caller.stats().await;
    let hears = until("anna gets our sound", PATIENCE, stats, |stats| {
        stats
            .inbound
            .iter()
            .any(|one| one.kind == "audio" && one.bytes_received > 150)
    });
    alive(room, hears).await.unwrap();
}

async fn mutes(room: &mut Room, servers: &Servers, room_id: &str) {
    let source = SourceKind::Microphone;
    room.send(MeetingCommand::SetMuted {
        call: room.call,
        source,
        muted: true,
    });
    let ours = async || servers.participants(room_id).await;
    let muted = until("our sound is muted", PATIENCE, ours, |all| {
        all.iter()
            .filter(|one| one.identity.starts_with("@room:"))
            .flat_map(|one| &one.tracks)
            .any(|track| track.kind == "AUDIO" && track.muted)
    });
    alive(room, muted).await.unwrap();
}

async fn leaves(room: &mut Room, servers: &Servers, anna: &User, room_id: &str) {
    room.send(MeetingCommand::Leave { call: room.call });
    room.until("ended", |room| !room.is_joined()).await;
    assert_eq!(room.story.last(), Some(&CallEvent::Ended(EndReason::Left)));
    assert_eq!(anna.call_members(room_id).await.unwrap().len(), 1);
    let listed = async || servers.participants(room_id).await;
    let gone = until("we are gone", PATIENCE, listed, |all| {
        !all.iter().any(|one| one.identity.starts_with("@room:"))
    });
    alive(room, gone).await.unwrap();
}

#[test]
fn a_call_survives_engine_media_server_and_process() {
    run(async {
        let mut servers = Servers::start().await.unwrap();
        let anna = servers.create_user("anna").await.unwrap();
        let account = servers.create_user("room").await.unwrap();
        let store = tempfile::tempdir().unwrap();
        let process = Process::new();
        let mut room = process.run(|| Room::start(&servers, &account, store.path()));
        let room_id = anna.create_room("Weekly", &[&account]).await.unwrap();
        let browser = FarEnd::start(&servers, &FarEndOptions::default())
            .await
            .unwrap();
        let _caller = browser
            .join(&anna, &room_id, &JoinOptions::default())
            .await
            .unwrap();
        room.until("the call", |room| {
            room.invitations.iter().any(|i| i.in_call == 1)
        })
        .await;
        room.join(&room_id, None);
        room.until("sound and picture", |room| {
            room.is_joined() && room.receives_both()
        })
        .await;

        survives_a_dead_engine(&mut room).await;
        survives_a_dead_media_server(&mut room, &mut servers).await;
        assert_eq!(anna.call_members(&room_id).await.unwrap().len(), 2);

        let (call, resume) = (room.call, room.resume.take());
        assert!(resume.is_some());
        process.kill();
        let process = Process::new();
        let mut room = process.run(|| Room::start(&servers, &account, store.path()));
        room.call = call;
        room.join(&room_id, resume);
        room.until("again after our process died", Room::is_joined)
            .await;
        let members = anna.call_members(&room_id).await.unwrap();
        assert_eq!(members.len(), 2, "the same device, no ghost: {members:?}");

        process.kill();
        let listed = async || anna.call_members(&room_id).await;
        let gone = until("the delayed leave", PATIENCE, listed, |members| {
            members.len() == 1
        });
        gone.await.unwrap();
    });
}

async fn survives_a_dead_engine(room: &mut Room) {
    room.engine.crash();
    room.send(MeetingCommand::MediaRestarted { call: room.call });
    room.until("again after the engine died", Room::receives_both)
        .await;
    assert!(matches!(
        &room.story[..],
        [
            CallEvent::Joined,
            CallEvent::Reconnecting { .. },
            CallEvent::Joined
        ]
    ));
}

async fn survives_a_dead_media_server(room: &mut Room, servers: &mut Servers) {
    alive(room, servers.stop_livekit()).await;
    room.until("the loss", |room| !room.is_joined()).await;
    alive(room, servers.start_livekit()).await.unwrap();
    room.until("again after the media server died", Room::is_joined)
        .await;
}

/// The tasks of one life of the service, which can end without a word.
struct Process(tokio::runtime::Runtime);

impl Process {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        Self(runtime.unwrap())
    }

    fn run<T>(&self, start: impl FnOnce() -> T) -> T {
        let _inside = self.0.enter();
        start()
    }

    fn kill(self) {
        self.0.shutdown_background();
    }
}

/// Waits for something outside while the room lives on.
async fn alive<T>(room: &mut Room, outside: impl Future<Output = T>) -> T {
    let mut outside = std::pin::pin!(outside);
    loop {
        tokio::select! {
            result = &mut outside => return result,
            () = room.step() => {}
        }
    }
}
