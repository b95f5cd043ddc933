//! Two rooms in one conference, each with an engine that connects what both sides know.

use saal_media_protocol::{
    Candidate, DtlsSetup, Fingerprint, IceCredentials, LocalTransport, TransportState,
};

use super::{
    super::*,
    direct::direct,
    world::{ROOM, World},
};

const NAMES: [&str; 2] = ["0a1b2c3d", "b1b2b3b4"];

/// The two, and what each did, in order.
struct Two {
    worlds: [World; 2],
    did: [Vec<Output>; 2],
}

impl Two {
    /// Both are in the room, and on the bridge.
    fn meet() -> Self {
        let world = |index: usize| {
            let mut world = World::new(ConferenceSetup {
                seed: index as u64,
                ..direct()
            });
            world.link_opens();
            world.log_in(&format!("{}-aaaa-bbbb-cccc-0123456789ab", NAMES[index]));
            world.focus_is_ready();
            world
        };
        let mut two = Self {
            worlds: [world(0), world(1)],
            did: Default::default(),
        };
        two.worlds[0].enters(NAMES[0]);
        two.worlds[1].comes(NAMES[0]);
        two.worlds[1].enters(NAMES[1]);
        two.worlds[0].comes(NAMES[1]);
        two.worlds.iter_mut().for_each(World::invites);
        two.runs();
        two
    }

    /// Until neither has anything left to do.
    fn runs(&mut self) {
        loop {
            let taken = [0, 1].map(|index| self.worlds[index].take());
            if taken.iter().all(Vec::is_empty) {
                return;
            }
            for (index, outputs) in taken.into_iter().enumerate() {
                for output in outputs {
                    self.performs(index, &output);
                    self.did[index].push(output);
                }
            }
        }
    }

    fn performs(&mut self, index: usize, output: &Output) {
        match output {
            Output::Send(frame) => {
                let to = format!("to=\"{ROOM}/{}\"", NAMES[1 - index]);
                if frame.starts_with("<iq") && frame.contains(&to) {
                    let from = format!("from=\"{ROOM}/{}\"", NAMES[index]);
                    self.worlds[1 - index].hears(&frame.replacen(&to, &from, 1));
                }
            }
            Output::Transport(TransportCommand::OpenDeclared {
                transport,
                declared,
            }) => self.opens(index, *transport, declared.remote.is_some()),
            // The one who offers is connected last.
            Output::Transport(TransportCommand::Connect { .. }) => {
                for world in &mut self.worlds {
                    let transport = world.room.peer.as_ref().unwrap().session.transport;
                    let state = TransportState::Connected;
                    world.engine(TransportEvent::State { transport, state });
                }
            }
            _ => {}
        }
    }

    fn opens(&mut self, index: usize, transport: TransportId, answers: bool) {
        let setup = if answers {
            DtlsSetup::Passive
        } else {
            DtlsSetup::Actpass
        };
        let local = LocalTransport {
            ice: IceCredentials {
                ufrag: format!("u{index}"),
                pwd: "p".into(),
            },
            fingerprint: Fingerprint {
                hash: "sha-256".into(),
                value: format!("0{index}"),
            },
            setup,
        };
        let candidate = Candidate {
            candidate: format!("candidate:1 1 udp 1 192.0.2.{index} 9 typ host"),
            mid: None,
        };
        let world = &mut self.worlds[index];
        world.engine(TransportEvent::Opened { transport, local });
        world.engine(TransportEvent::Candidate {
            transport,
            candidate,
        });
        // The bridge is there at once.
        let bridge = world.room.bridge.as_ref().map(|bridge| bridge.transport);
        if bridge == Some(transport) {
            let state = TransportState::Connected;
            world.engine(TransportEvent::State { transport, state });
        }
    }

    fn commands(&self, index: usize) -> impl Iterator<Item = &TransportCommand> {
        self.did[index].iter().filter_map(|output| match output {
            Output::Transport(command) => Some(command),
            _ => None,
        })
    }

    fn said(&self, index: usize, action: &str) -> usize {
        let says = |output: &&Output| {
            matches!(output, Output::Send(frame)
                if frame.contains(&format!("action=\"{action}\"")) && frame.contains(NAMES[1 - index]))
        };
        self.did[index].iter().filter(says).count()
    }

    fn peer(&self, index: usize) -> TransportId {
        let peer = self.worlds[index].room.peer.as_ref();
        peer.expect("no direct session").session.transport
    }
}

#[test]
fn two_rooms_talk_directly_and_go_back_for_a_third() {
    let mut two = Two::meet();
    for (index, world) in two.worlds.iter().enumerate() {
        assert!(world.room.peer_is_live(), "{index}");
        assert_eq!(two.said(index, "session-initiate"), 1 - index);
        assert_eq!(two.said(index, "session-accept"), index);
        assert_eq!(two.said(index, "transport-info"), 1);
        assert_eq!(two.said(index, "session-terminate"), 0);
        assert_eq!(world.room.unknown(), 0);
    }
    // Each expects what the other one sends, from the one who sends it.
    for (index, other) in [(0, 1), (1, 0)] {
        let (ours, theirs) = (two.peer(index), two.peer(other));
        let mut sent: Vec<u32> = Vec::new();
        for command in two.commands(other) {
            match command {
                TransportCommand::Send {
                    transport, streams, ..
                } if *transport == theirs => sent.extend(streams.iter().map(|s| s.ssrc)),
                _ => {}
            }
        }
        let mut expected: Vec<u32> = Vec::new();
        for command in two.commands(index) {
            match command {
                TransportCommand::Receive {
                    transport, stream, ..
                } if *transport == ours => expected.push(stream.ssrc),
                TransportCommand::Assign {
                    transport,
                    participant,
                    ..
                } if *transport == ours => assert_eq!(participant, NAMES[other]),
                _ => {}
            }
        }
        expected.sort_unstable();
        expected.dedup();
        sent.sort_unstable();
        assert_eq!((sent.len(), &sent), (2, &expected), "{index}");
    }

    for world in &mut two.worlds {
        world.comes("cccc");
    }
    two.runs();
    for world in &two.worlds {
        assert!(world.room.peer.is_none());
        let troubled = |e: &CallEvent| matches!(e, CallEvent::Reconnecting { .. });
        assert!(!world.events().iter().any(troubled));
    }
}
