//! A long random day: whatever happens in whatever order, what the room asks for makes sense.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

#[path = "walking/browsers.rs"]
mod browsers;
mod common;

use std::{
    cell::RefCell,
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use browsers::{Browsers, Visit, about_browsers, visit};
use common::{
    Bench, meeting, other_account, other_camera, participant, plain_config, with_browsers,
};
use proptest::{
    prelude::*,
    test_runner::{RngSeed, TestRunner},
};
use saal_core::{
    Arrange, Arrangement, CalendarProblem, Displays, Effect, EngineEvent, EngineState, Event,
    Intent, Muted, Onlooker, Phase, Room, Said, SavedCall, SoundAction, Stage, TroubleCode,
    content_tiles, pictures_size, tiles,
};
use saal_fleet_protocol::{config::Layout, fleet::KeyProblem};
use saal_media_protocol::{
    CameraAction, Codec, DeviceUse, Label, MediaCommand, MediaEvent, MediaStats, MediaTrouble,
    SoundUnit, SourceKind, Tile, TileSource,
};
use saal_meeting::{
    AccountState, BookingSpan, CallEvent, CallId, Caption, ChatLine, DayAction, Destination,
    EndReason, JoinStage, MeetingAction, MeetingCommand, MeetingId, MeetingLink, MeetingState,
    Participant, ResumeToken, Ring, RingId, Role, Secret, SignIn, SignInProblem, SocketWay,
    Waiting,
};

fn arrange() -> impl Strategy<Value = Arrange> {
    let layout = prop::sample::select(vec![Layout::Grid, Layout::Speaker, Layout::Content]);
    prop_oneof![
        layout.prop_map(Arrange::Layout),
        any::<bool>().prop_map(Arrange::SelfView),
        (0usize..4).prop_map(Arrange::Page),
    ]
}

/// How long the room waits for a service on the way out.
const PATIENCE: Duration = Duration::from_secs(5);

/// What happens to the room. Calls are named relative to the present one, so that both right and
/// outdated numbers come up.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    WallClockJumps(i64),
    Plain(Event),
    Visit(Visit),
    OfCall {
        ago: u64,
        event: CallEvent,
    },
    Config(u8),
    SavedCall {
        ago_seconds: i64,
        call: u64,
        muted: bool,
    },
}

fn source() -> impl Strategy<Value = SourceKind> {
    prop_oneof![
        Just(SourceKind::Microphone),
        Just(SourceKind::Camera),
        Just(SourceKind::Content)
    ]
}

fn participants() -> impl Strategy<Value = Vec<Participant>> {
    let one =
        (0u8..30, any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(id, camera, content)| {
            Participant {
                camera,
                content,
                ..participant(&id.to_string())
            }
        });
    prop::collection::vec(one, 0..20)
}

fn intent() -> impl Strategy<Value = Intent> {
    let join = |id: &str| Just(Intent::Join(MeetingId(id.to_owned())));
    prop_oneof![
        4 => join("call"),
        2 => join("nine"),
        1 => join("unknown"),
        3 => Just(Intent::Leave),
        3 => (0u8..3, any::<bool>()).prop_map(|(n, camera)| Intent::Answer { ring: ring(n).id, camera }),
        1 => (0u8..3).prop_map(|n| Intent::Decline(ring(n).id)),
        1 => Just(Intent::JoinLink(MeetingLink::new("https://meet.example.org/lahn"))),
        1 => Just(Intent::GivePassword(Secret::new("pw"))),
        1 => Just(Intent::ReadChat),
        1 => any::<bool>().prop_map(Intent::ShowChat),
        2 => day().prop_map(Intent::Day),
        1 => arrange().prop_map(Intent::Arrange),
        1 => sound().prop_map(Intent::Sound),
        2 => action().prop_map(Intent::Act),
        3 => source().prop_map(Intent::Toggle),
        2 => (source(), any::<bool>()).prop_map(|(s, m)| Intent::SetMuted(s, m)),
        1 => Just(Intent::Camera(CameraAction::Use { camera: "Ceiling".to_owned() })),
        1 => Just(Intent::Dismiss(TroubleCode::JoinFailed)),
        1 => Just(Intent::Dismiss(TroubleCode::Unreachable)),
    ]
}

fn day() -> impl Strategy<Value = DayAction> {
    let nine = || MeetingId("nine".to_owned());
    let span = BookingSpan::UntilNext;
    prop_oneof![
        Just(DayAction::Book { span }),
        Just(DayAction::Stay {}),
        Just(DayAction::Read {}),
        Just(DayAction::End { meeting: nine() }),
        Just(DayAction::Release { meeting: nine() }),
        Just(DayAction::CheckIn { meeting: nine() }),
    ]
}

fn sound() -> impl Strategy<Value = SoundAction> {
    let unit = SoundUnit {
        microphone: Some("Speak".to_owned()),
        loudspeaker: None,
    };
    prop_oneof![
        Just(SoundAction::Louder),
        Just(SoundAction::Quieter),
        Just(SoundAction::Use(unit)),
        Just(SoundAction::Usual),
        any::<bool>().prop_map(SoundAction::Meter),
        any::<bool>().prop_map(SoundAction::Tone),
    ]
}

/// Anna calls, or one of a meeting.
fn ring(number: u8) -> Ring {
    let room_id = "!call:example.org".to_owned();
    let destination = match number {
        0 => Destination::matrix(room_id),
        _ => Destination::Caller {
            room_id,
            call_id: number.to_string(),
        },
    };
    Ring {
        id: RingId(number.to_string()),
        from: "Anna".to_owned(),
        meeting: (number == 0).then(|| "Title of call".to_owned()),
        pictures: number < 2,
        destination,
    }
}

fn action() -> impl Strategy<Value = MeetingAction> {
    prop_oneof![
        any::<bool>().prop_map(|raised| MeetingAction::RaiseHand { raised }),
        any::<bool>().prop_map(|on| MeetingAction::Present { on }),
        Just(MeetingAction::EndForAll),
        Just(MeetingAction::Consent),
        Just(MeetingAction::Remove {
            participant: "1".to_owned()
        }),
    ]
}

fn said() -> impl Strategy<Value = CallEvent> {
    let text = |n: u8| n.to_string();
    let flags = prop::array::uniform4(any::<bool>());
    let state = flags.prop_map(|[moderator, locked, presenting, chat]| {
        let role = if moderator {
            Role::Moderator
        } else {
            Role::Participant
        };
        let state = MeetingState {
            role,
            microphone_moderated: locked,
            presenting,
            chat,
            ..MeetingState::default()
        };
        CallEvent::State(Box::new(state))
    });
    prop_oneof![
        state,
        Just(CallEvent::Waiting(Waiting::Admission)),
        any::<bool>().prop_map(|refused| CallEvent::PasswordNeeded { refused }),
        source().prop_map(|source| CallEvent::MutedByOther { source, by: None }),
        any::<u8>().prop_map(move |n| CallEvent::Chat(ChatLine {
            id: text(n),
            author: text(n),
            text: text(n),
            private: false,
        })),
        any::<u8>().prop_map(move |n| CallEvent::Caption(Caption {
            id: text(n % 5),
            speaker: text(n),
            text: text(n),
            is_final: n > 100,
        })),
        any::<u8>().prop_map(move |n| CallEvent::Reaction {
            from: text(n),
            emoji: "👏".into()
        }),
    ]
}

fn call_event() -> impl Strategy<Value = CallEvent> {
    let reason = || "because".to_owned();
    prop_oneof![
        4 => Just(CallEvent::Joined),
        1 => Just(CallEvent::Progress(JoinStage::Connecting)),
        2 => "[a-z]{0,8}".prop_map(|t| CallEvent::Resume(ResumeToken(t))),
        4 => participants().prop_map(CallEvent::Participants),
        5 => said(),
        1 => any::<bool>().prop_map(move |needed| CallEvent::Socket(SocketWay::Blocked {
            server: "rtc.example.org".to_owned(),
            needed,
            reason: reason(),
        })),
        1 => Just(CallEvent::Socket(SocketWay::Through)),
        2 => Just(CallEvent::Reconnecting { reason: reason() }),
        2 => prop_oneof![
            Just(EndReason::Left),
            Just(EndReason::Removed { message: String::new() }),
            Just(EndReason::NotAllowed { reason: reason() }),
            Just(EndReason::Failed { reason: reason() }),
        ].prop_map(CallEvent::Ended),
    ]
}

fn account() -> impl Strategy<Value = AccountState> {
    let (server, reason) = ("example.org".to_owned(), "because".to_owned());
    let (path, user) = ("/var/lib/saal".to_owned(), "@lahn:example.org".to_owned());
    prop_oneof![
        Just(AccountState::Starting),
        Just(AccountState::Online { user }),
        Just(AccountState::Unreachable {
            server: server.clone(),
            reason: reason.clone()
        }),
        Just(AccountState::Untrusted {
            server: server.clone(),
            reason: reason.clone()
        }),
        Just(AccountState::SignedOut {
            server: server.clone(),
            reason: reason.clone()
        }),
        Just(AccountState::Removed {
            server: server.clone(),
            reason: reason.clone()
        }),
        sign_in().prop_map(move |sign_in| AccountState::SigningIn {
            server: server.clone(),
            sign_in
        }),
        any::<bool>().prop_map(move |full| AccountState::StoreFailed {
            path: path.clone(),
            full,
            reason: reason.clone()
        }),
    ]
}

fn sign_in() -> impl Strategy<Value = SignIn> {
    prop_oneof![
        Just(SignIn::Needed { problem: None }),
        Just(SignIn::Needed {
            problem: Some(SignInProblem::Expired)
        }),
        Just(SignIn::Starting),
        Just(SignIn::Digits),
        Just(SignIn::Finishing),
    ]
}

fn media() -> impl Strategy<Value = MediaEvent> {
    let device = || {
        prop_oneof![
            Just(DeviceUse::Camera),
            Just(DeviceUse::Microphone),
            Just(DeviceUse::Loudspeaker),
            Just(DeviceUse::Content)
        ]
    };
    let trouble = |source| MediaTrouble::Busy {
        source,
        device: "Rally".to_owned(),
    };
    prop_oneof![
        Just(MediaEvent::Stats(MediaStats::default())),
        any::<bool>().prop_map(|shows| MediaEvent::ContentDisplay { shows }),
        device().prop_map(move |source| MediaEvent::Trouble(trouble(source))),
        device().prop_map(|source| MediaEvent::Recovered { source }),
        any::<bool>().prop_map(|hardware| {
            let codecs = [Codec::Vp8]
                .into_iter()
                .chain(hardware.then_some(Codec::H264));
            MediaEvent::Encodes {
                codecs: codecs.collect(),
            }
        }),
    ]
}

fn meetings() -> impl Strategy<Value = Event> {
    (any::<bool>(), any::<bool>()).prop_map(|(some, broken)| {
        let call = meeting("call", None, None, 1);
        let nine = meeting(
            "nine",
            Some("2026-11-23T09:00:00Z"),
            Some("2026-11-23T10:00:00Z"),
            0,
        );
        let problem = CalendarProblem {
            place: "Lahn".to_owned(),
            reason: "-".to_owned(),
        };
        Event::Meetings {
            meetings: if some { vec![nine, call] } else { Vec::new() },
            problems: if broken { vec![problem] } else { Vec::new() },
            put_off: Vec::new(),
        }
    })
}

fn plain() -> impl Strategy<Value = Event> {
    let text = || "because".to_owned();
    prop_oneof![
        12 => intent().prop_map(Event::Intent),
        4 => media().prop_map(Event::Media),
        2 => account().prop_map(Event::Account),
        3 => (0u8..3).prop_map(|n| Event::Ringing(ring(n))),
        1 => (0u8..3).prop_map(|n| Event::RingEnded(ring(n).id)),
        2 => meetings(),
        3 => Just(Event::Engine(EngineEvent::Ready)),
        2 => Just(Event::Engine(EngineEvent::Lost { reason: text() })),
        1 => Just(Event::ConfigRefused { problem: text() }),
        1 => any::<bool>().prop_map(|others| Event::Authorities { known: Vec::new(), others }),
        1 => any::<bool>().prop_map(|foreign| Event::DeviceKey(foreign.then_some(KeyProblem::Foreign))),
        1 => any::<bool>().prop_map(|works| Event::Voice { works }),
        1 => Just(Event::CallNotSaved { path: text(), reason: text() }),
        1 => (0usize..3).prop_map(Event::TelevisionViewers),
        3 => about_browsers(),
        1 => Just(Event::Deadline),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let call = (prop_oneof![4 => Just(0u64), 1 => 1u64..3], call_event());
    let saved = (-1500i64..1500, 0u64..50, any::<bool>());
    prop_oneof![
        6 => (0u64..9000).prop_map(Step::Wait),
        1 => (9000u64..200_000).prop_map(Step::Wait),
        1 => (-5000i64..5000).prop_map(Step::WallClockJumps),
        12 => plain().prop_map(Step::Plain),
        8 => visit().prop_map(Step::Visit),
        10 => call.prop_map(|(ago, event)| Step::OfCall { ago, event }),
        1 => (0u8..5).prop_map(Step::Config),
        1 => saved.prop_map(|(ago_seconds, call, muted)| Step::SavedCall {
            ago_seconds, call, muted
        }),
    ]
}

/// What engine, service and disk know from the effects alone.
#[derive(Default)]
struct World {
    /// The service's call, from `Join` until the room is at home again.
    open: Option<CallId>,
    /// Whose way is tried.
    tried: Option<CallId>,
    /// The highest call so far.
    calls: u64,
    saved: Option<SavedCall>,
    engine_runs: bool,
    engine_configured: bool,
    engine_muted: Muted,
    engine_tiles: Vec<Tile>,
    engine_content: Vec<Tile>,
    engine_labels: Vec<Label>,
    engine_rings: bool,
    engine_starts: VecDeque<Duration>,
    browsers: Browsers,
    leaving_since: Option<Duration>,
    shutdown: bool,
}

impl World {
    fn follow(&mut self, now: Duration, was_free: bool, effect: &Effect) {
        self.browsers.follow(effect);
        match effect {
            Effect::Meeting(command) => self.follow_meeting(was_free, command),
            Effect::SaveCall(saved) => self.saved = saved.as_deref().cloned(),
            Effect::StartEngine => {
                self.engine_runs = true;
                self.engine_configured = false;
                self.engine_tiles = Vec::new();
                self.engine_content = Vec::new();
                self.engine_labels = Vec::new();
                self.engine_rings = false;
                self.engine_muted = Muted::default();
                self.engine_starts.push_back(now);
            }
            Effect::Media(command) => self.follow_media(command),
            Effect::Exit => assert!(self.shutdown, "nobody asked for the end"),
            Effect::StartAnew => assert!(was_free, "somebody is in a meeting"),
            Effect::StartAccount
            | Effect::StartWeb
            | Effect::StartBrowsers
            | Effect::OpenDoor
            | Effect::InvitePhones
            | Effect::Laptop(..)
            | Effect::Viewer(..)
            | Effect::ReadMeetings
            | Effect::Check(_)
            | Effect::Calendar(_)
            | Effect::SaveBookings(_)
            | Effect::SavePresets(_)
            | Effect::SaveSound(_)
            | Effect::SaveTrials(_)
            | Effect::ShowLights(_)
            | Effect::SaveSettings(_)
            | Effect::SavePrivacy(_)
            | Effect::LookAtSystem
            | Effect::AskSystem(_)
            | Effect::Redraw => {}
        }
    }

    fn follow_meeting(&mut self, was_free: bool, command: &MeetingCommand) {
        let named = match command {
            MeetingCommand::Join { call, .. } => {
                assert!(was_free, "one call at a time");
                assert!(call.0 > self.calls, "{call:?} was used before");
                self.calls = call.0;
                self.open = Some(*call);
                *call
            }
            MeetingCommand::Try { call, .. } => {
                assert!(call.0 > self.calls, "{call:?} was used before");
                self.calls = call.0;
                self.tried = Some(*call);
                return;
            }
            MeetingCommand::Leave { call } if self.tried == Some(*call) => {
                self.tried = None;
                return;
            }
            MeetingCommand::Decline { .. } | MeetingCommand::Account(_) => return,
            MeetingCommand::SetMuted { call, .. }
            | MeetingCommand::Leave { call }
            | MeetingCommand::MediaRestarted { call }
            | MeetingCommand::Encodes { call, .. }
            | MeetingCommand::GivePassword { call, .. }
            | MeetingCommand::Watch { call, .. }
            | MeetingCommand::Act { call, .. }
            | MeetingCommand::Transport { call, .. } => *call,
        };
        assert_eq!(Some(named), self.open, "{command:?}");
    }

    fn follow_media(&mut self, command: &MediaCommand) {
        match command {
            MediaCommand::Configure { .. } => self.engine_configured = true,
            // The one that comes before it.
            MediaCommand::RememberTrials { .. } => return,
            _ => {}
        }
        assert!(
            self.engine_configured || !self.engine_runs,
            "first Configure: {command:?}"
        );
        match command {
            MediaCommand::SetMuted { source, muted } => match source {
                SourceKind::Microphone => self.engine_muted.microphone = *muted,
                SourceKind::Camera => self.engine_muted.camera = *muted,
                other => panic!("{other:?} can't be muted"),
            },
            MediaCommand::SetRinging { on } => self.engine_rings = *on,
            MediaCommand::SetTiles { tiles } => self.engine_tiles.clone_from(tiles),
            MediaCommand::SetContentTiles { tiles } => {
                assert_ne!(self.engine_content, *tiles, "only what is news");
                self.engine_content.clone_from(tiles);
            }
            MediaCommand::SetText { labels } => {
                assert_ne!(self.engine_labels, *labels, "only what is news");
                self.engine_labels.clone_from(labels);
            }
            _ => {}
        }
    }

    /// What has to hold whenever the room has nothing left to say.
    fn check(&mut self, bench: &Bench) {
        let room = &bench.room;
        let phase = room.phase();
        if *phase == Phase::Home {
            self.open = None;
        }
        assert_eq!(phase.call(), self.open);
        self.check_saved(bench);
        self.check_leaving(bench);
        let at_work = phase.call().is_some() && !matches!(phase, Phase::Leaving(_));
        if at_work && self.engine_runs {
            assert_eq!(
                self.engine_muted,
                room.muted(),
                "the engine keeps what people want kept"
            );
            let silence = Said::default();
            let nothing_yet = Arrangement::default();
            let (stage, said) = match phase {
                Phase::Joining(state) => {
                    let stage = Stage {
                        participants: &state.participants,
                        presenting: self.browsers.is_shown(),
                        own: !room.muted().camera,
                        arrangement: &nothing_yet,
                        displays: room.displays(),
                        waits: true,
                    };
                    (stage, &silence)
                }
                _ => {
                    let call = phase.in_call().unwrap();
                    (call.stage(room.muted().camera, room.displays()), &call.said)
                }
            };
            let (width, height) = pictures_size(said, 1280, 720);
            assert_eq!(self.engine_tiles, tiles(&stage, width, height));
            assert_eq!(self.engine_content, content_tiles(&stage, 1280, 720));
        }
        self.browsers.check(room);
        if !at_work {
            self.check_idle(room);
            let calls = usize::from(*phase == Phase::Home && !room.rings().is_empty());
            assert_eq!(self.engine_labels.len(), calls, "but who calls the room");
            assert_eq!(self.engine_rings, calls > 0, "people hear it");
        } else {
            assert!(!self.engine_rings, "nobody is disturbed");
        }
        let recent = bench.now.mono.saturating_sub(Duration::from_secs(60));
        self.engine_starts.retain(|t| *t > recent);
        assert!(self.engine_starts.len() <= 18, "{:?}", self.engine_starts);
        let due = room.next_deadline(bench.now);
        assert!(
            due <= bench.now.mono + Duration::from_secs(60),
            "the clock moves"
        );
    }

    /// Nobody is on the television at home, but a laptop may be.
    fn check_idle(&self, room: &Room) {
        let shown = |tiles: &[Tile]| -> Vec<TileSource> {
            tiles.iter().map(|tile| tile.source.clone()).collect()
        };
        let laptop = *room.phase() == Phase::Home && self.browsers.is_shown();
        let laptop: Vec<_> = laptop
            .then_some(TileSource::OwnContent)
            .into_iter()
            .collect();
        let (television, content) = match room.displays() {
            Displays::One => (laptop, Vec::new()),
            Displays::Two => (Vec::new(), laptop),
        };
        assert_eq!(shown(&self.engine_tiles), television);
        assert_eq!(shown(&self.engine_content), content);
    }

    fn check_saved(&self, bench: &Bench) {
        let (room, phase) = (&bench.room, bench.room.phase());
        match (&self.saved, phase) {
            (None, Phase::Home | Phase::Leaving(_)) => {}
            (Some(saved), Phase::Joining(_) | Phase::Call(_) | Phase::Reconnecting(_)) => {
                assert_eq!(Some(saved.call), phase.call());
                assert_eq!(saved.muted, room.muted());
                assert_eq!(Some(&saved.meeting), phase.meeting());
            }
            (saved, phase) => panic!("saved {saved:?} in {phase:?}"),
        }
    }

    fn check_leaving(&mut self, bench: &Bench) {
        let leaving = matches!(bench.room.phase(), Phase::Leaving(_));
        self.leaving_since = match (leaving, self.leaving_since) {
            (true, None) => Some(bench.now.mono),
            (true, since) => since,
            (false, _) => None,
        };
        if let Some(since) = self.leaving_since {
            let due = bench.room.next_deadline(bench.now);
            assert!(due <= since + PATIENCE, "people are not kept");
        }
    }
}

/// What the panel shows of the room.
fn shown(bench: &Bench) -> impl PartialEq + std::fmt::Debug + use<> {
    let room = &bench.room;
    let troubles: Vec<_> = room.troubles().into_iter().cloned().collect();
    (
        room.phase().clone(),
        room.muted(),
        room.rings().to_vec(),
        (room.onlooker(), room.sharing(), room.door().cloned()),
        troubles,
    )
}

struct Walk {
    bench: Bench,
    world: World,
}

impl Walk {
    fn new() -> Self {
        let mut bench = Bench::bare();
        bench.answers_trials = true;
        let mut walk = Self {
            bench,
            world: World::default(),
        };
        walk.tell(Event::Config(with_browsers()));
        walk.tell(Event::Engine(EngineEvent::Ready));
        let call = meeting("call", None, None, 1);
        walk.tell(Event::Meetings {
            meetings: vec![call],
            problems: Vec::new(),
            put_off: Vec::new(),
        });
        walk
    }

    fn tell(&mut self, event: Event) {
        let before = shown(&self.bench);
        let was_home = self.bench.is_home();
        // Out of a call that is over the room may go into the next at once.
        let ends = matches!(
            &event,
            Event::Call(_, CallEvent::Ended(_)) | Event::Deadline
        );
        let deadline = event == Event::Deadline;
        self.world.shutdown |= event == Event::Shutdown;
        self.world.browsers.before(&event);
        let effects = self.bench.tell(event.clone());
        for effect in &effects {
            let was_free = was_home || ends;
            self.world.follow(self.bench.now.mono, was_free, effect);
            let idle = was_home || self.bench.is_home();
            assert!(
                *effect != Effect::StartAccount || idle,
                "an account is changed in a call"
            );
        }
        self.world.browsers.after(&event);
        if shown(&self.bench) != before {
            assert!(
                effects.contains(&Effect::Redraw),
                "the panel shows what is: {effects:?}"
            );
        }
        if deadline {
            let due = self.bench.room.next_deadline(self.bench.now);
            assert!(due > self.bench.now.mono, "the loop does not spin");
        }
        let closing = self.world.browsers.take_closing();
        closing.into_iter().for_each(|gone| self.tell(gone));
        self.world.check(&self.bench);
    }

    /// The daemon never sleeps past a deadline.
    fn wait(&mut self, millis: u64) {
        let end = self.bench.now.mono + Duration::from_millis(millis);
        loop {
            let due = self.bench.room.next_deadline(self.bench.now);
            if due > end {
                break;
            }
            self.bench.turn(due.saturating_sub(self.bench.now.mono));
            self.tell(Event::Deadline);
        }
        self.bench.turn(end.saturating_sub(self.bench.now.mono));
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Wait(millis) => self.wait(millis),
            Step::WallClockJumps(seconds) => {
                let by = jiff::SignedDuration::from_secs(seconds);
                self.bench.now.wall = self.bench.now.wall.checked_add(by).unwrap();
            }
            Step::Plain(event) => self.tell(event),
            Step::Visit(visit) => {
                let events = self.world.browsers.events(&visit);
                events.into_iter().for_each(|event| self.tell(event));
            }
            Step::OfCall { ago, event } => {
                let call = CallId(self.world.calls.saturating_sub(ago));
                self.tell(Event::Call(call, event));
            }
            Step::Config(which) => self.tell(Event::Config(match which {
                0 => plain_config(),
                1 => other_account(),
                2 => other_camera(),
                _ => with_browsers(),
            })),
            Step::SavedCall {
                ago_seconds,
                call,
                muted,
            } => {
                let age = jiff::SignedDuration::from_secs(ago_seconds);
                let muted = Muted {
                    microphone: muted,
                    camera: !muted,
                };
                // The daemon reads it once, before any call.
                self.tell(Event::SavedCall(Box::new(SavedCall {
                    version: SavedCall::VERSION,
                    call: CallId(call),
                    meeting: meeting("saved", None, None, 1),
                    muted,
                    resume: None,
                    saved_at: self.bench.now.wall.checked_sub(age).unwrap(),
                })));
            }
        }
    }

    /// However the day went, stopping comes to an end and a new day can begin.
    fn end(mut self) {
        self.tell(Event::Shutdown);
        self.wait(6000);
        assert!(self.bench.is_home());
        assert_ne!(self.bench.room.engine(), EngineState::Off);
    }
}

#[test]
fn whatever_happens_the_room_makes_sense() {
    let mut runner = TestRunner::new(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),

        failure_persistence: None,
        ..Default::default()
    });
    let visited = RefCell::new(BTreeSet::new());
    let days = prop::collection::vec(step(), 1..120);
    let done = runner.run(&days, |steps| {
        let mut walk = Walk::new();
        for step in steps {
            walk.take(step);
            let mut visited = visited.borrow_mut();
            visited.insert(walk.bench.phase());
            if walk.world.browsers.is_shown() {
                visited.insert("a laptop");
            }
            if matches!(walk.bench.room.onlooker(), Onlooker::Looks(_)) {
                visited.insert("an onlooker");
            }
        }
        walk.end();
        Ok(())
    });
    if let Err(error) = done {
        panic!("{error}");
    }
    let all = [
        "a laptop",
        "an onlooker",
        "call",
        "home",
        "joining",
        "leaving",
        "reconnecting",
    ];
    assert!(
        visited.into_inner().into_iter().eq(all),
        "the days are full ones"
    );
}
