//! Whatever comes, in whatever order: nothing panics, nothing is said after the end, nobody is
//! told the same twice.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use saal_jitsi::fuzzing;

#[path = "replay/client.rs"]
mod client;
#[path = "replay/imitate.rs"]
mod imitate;
#[path = "replay/trace.rs"]
mod trace;

use client::Client;
use saal_jitsi::protocol::{BridgeEvent, LinkEvent};
use saal_media_protocol::{SourceKind, TransportCommand, TransportEvent, TransportState};
use saal_meeting::{CallEvent, MeetingAction, MeetingCommand, Secret};
use trace::Line;

/// What happens to a line on its way.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Dropped,
    Twice,
    /// After the next one.
    Late,
    /// It arrives, and people or machines do something.
    With(usize),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        12 => Just(Fate::Arrives),
        1 => Just(Fate::Dropped),
        1 => Just(Fate::Twice),
        1 => Just(Fate::Late),
        1 => (0..DISTURBANCES.len()).prop_map(Fate::With),
    ]
}

/// What people and machines do meanwhile.
const DISTURBANCES: &[fn(&mut Client)] = &[
    |client| client.command(client::set_muted(SourceKind::Microphone, true)),
    |client| client.command(client::set_muted(SourceKind::Microphone, false)),
    |client| client.command(client::act(MeetingAction::Present { on: true })),
    |client| client.command(client::act(MeetingAction::Present { on: false })),
    |client| client.command(client::act(MeetingAction::RaiseHand { raised: true })),
    |client| client.command(client::act(MeetingAction::Consent)),
    |client| {
        client.command(MeetingCommand::MediaRestarted { call: client::CALL });
    },
    |client| {
        client.command(MeetingCommand::GivePassword {
            call: client::CALL,
            password: Secret::new("guess"),
        });
    },
    |client| {
        let lost = LinkEvent::Lost {
            reason: "cable".to_owned(),
            untrusted: None,
        };
        client.conference.handle_link(client.now, lost);
    },
    |client| client.conference.handle_link(client.now, LinkEvent::Opened),
    |client| {
        client
            .conference
            .handle_bridge(client.now, BridgeEvent::Closed("closed by the server"))
    },
    |client| media(client, TransportState::Disconnected),
    |client| media(client, TransportState::Connected),
    |client| media(client, TransportState::Failed),
    |client| client.now += Duration::from_secs(6),
    |client| client.now += Duration::from_secs(30),
];

fn media(client: &mut Client, state: TransportState) {
    let transport = client.transport();
    let event = TransportEvent::State { transport, state };
    client.conference.handle_transport(client.now, event);
}

/// Plays the lines, each by its fate.
fn shake(client: &mut Client, lines: &[Line], fates: &[Fate]) {
    let mut late: Option<&Line> = None;
    for (line, fate) in lines.iter().zip(fates.iter().cycle()) {
        match fate {
            Fate::Arrives => client.play(line),
            Fate::Dropped => {}
            Fate::Twice => {
                client.play(line);
                client.play(line);
            }
            Fate::Late => {
                if let Some(before) = late.replace(line) {
                    client.play(before);
                }
                continue;
            }
            Fate::With(index) => {
                client.play(line);
                DISTURBANCES[*index](client);
                client.take();
            }
        }
        if let Some(before) = late.take() {
            client.play(before);
        }
        pass_time(client);
    }
}

/// Timers fire that are due.
fn pass_time(client: &mut Client) {
    let due = |client: &Client| {
        client
            .conference
            .deadline()
            .is_some_and(|d| d <= client.now)
    };
    while due(client) {
        client.conference.handle_deadline(client.now);
        client.take();
    }
}

/// Nobody says anything any more, and the room leaves.
fn play_out(client: &mut Client) {
    for _ in 0..20 {
        let Some(next) = client.conference.deadline() else {
            break;
        };
        client.now = client.now.max(next);
        pass_time(client);
    }
    client.command(client::leave());
    client.now += Duration::from_secs(10);
    pass_time(client);
}

/// True at any time of any stay.
fn check(client: &Client) {
    let events = &client.events;
    let ended = events.iter().position(|e| matches!(e, CallEvent::Ended(_)));
    if let Some(ended) = ended {
        assert_eq!(ended + 1, events.len(), "said after the end: {events:?}");
        assert_eq!(client.conference.deadline(), None);
    }
    let mut in_trouble = true;
    for event in events {
        match event {
            CallEvent::Joined => {
                assert!(in_trouble, "joined twice");
                in_trouble = false;
            }
            CallEvent::Reconnecting { .. } => {
                assert!(!in_trouble, "reconnecting twice");
                in_trouble = true;
            }
            _ => {}
        }
    }
    check_connections(client);
}

/// Nothing is done on a connection that is not open, and at the end none is.
fn check_connections(client: &Client) {
    let mut open = Vec::new();
    for command in &client.commands {
        match command {
            TransportCommand::OpenDeclared { transport, .. } => open.push(*transport),
            TransportCommand::Close { transport } => {
                let before = open.len();
                open.retain(|t| t != transport);
                assert_eq!(open.len() + 1, before, "closed twice: {transport:?}");
            }
            TransportCommand::AddCandidate { transport, .. }
            | TransportCommand::Connect { transport, .. }
            | TransportCommand::Assign { transport, .. }
            | TransportCommand::Unassign { transport, .. }
            | TransportCommand::Receive { transport, .. }
            | TransportCommand::Send { transport, .. }
            | TransportCommand::SendTones { transport, .. }
            | TransportCommand::Unpublish { transport, .. }
            | TransportCommand::SetActiveLayers { transport, .. }
            | TransportCommand::ChannelSend { transport, .. } => {
                assert!(open.contains(transport), "closed: {command:?}");
            }
            other => panic!("a command of another service: {other:?}"),
        }
    }
    if client.conference.is_over() {
        assert!(open.is_empty(), "left open: {open:?}");
    }
}

/// Frames with their angle brackets in wrong places.
fn mangled() -> impl Strategy<Value = String> {
    let names = trace::names();
    let lines = names.iter().flat_map(|name| trace::read(name));
    let frames: Vec<String> = lines.map(|l| l.data).filter(|d| d.len() < 4000).collect();
    (
        prop::sample::select(frames),
        any::<prop::sample::Index>(),
        "\\PC{0,8}",
    )
        .prop_map(|(frame, at, garbage)| {
            let mut characters: Vec<char> = frame.chars().collect();
            let at = at.index(characters.len().max(1)).min(characters.len());
            characters.splice(at..(at + 3).min(characters.len()), garbage.chars());
            characters.into_iter().collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_shaken_conference_is_survived(
        name in prop::sample::select(trace::names()),
        fates in prop::collection::vec(fate(), 50..200),
    ) {
        let lines = trace::read(&name);
        let mut client = Client::new(client::setup(&lines));
        // The login is one after the other; what follows is not.
        let login = lines.iter().position(|line| line.data.starts_with("<enabled")).unwrap();
        for line in &lines[..=login] {
            client.play(line);
        }
        shake(&mut client, &lines[login + 1..], &fates);
        play_out(&mut client);
        check(&client);
    }

    #[test]
    fn mangled_frames_are_survived(frame in mangled()) {
        let now = Instant::now();
        fuzzing::stanza(now, &frame);
        fuzzing::jingle(now, &frame);
        fuzzing::bridge(now, &frame);
    }

    #[test]
    fn links_and_configurations_of_any_kind_are_survived(text in "\\PC{0,200}", script in "[a-z.={}\\[\\]'\"`/*+,:; \n<>!-]{0,300}") {
        fuzzing::link(&text);
        fuzzing::link(&format!("https://m.example/{text}"));
        fuzzing::server_config(&text);
        fuzzing::server_config(&format!("var config = {{hosts:{{domain:'x'}}}};config.{script}"));
    }
}
