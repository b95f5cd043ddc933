use serde_json::json;

use super::*;
use crate::{
    legacy::events::{Invite, Speaker, parse},
    ring::machine::Caller,
};

const T: TransportId = TransportId(7);
const ANNA: &str = "@anna:hs";

struct Bench {
    machine: Machine,
    now: Instant,
}

fn streams() -> Streams {
    let said = json!({
        "theirs": { "purpose": "m.usermedia", "audio_muted": false, "video_muted": false },
        "screen": { "purpose": "m.screenshare" },
    });
    serde_json::from_value(said).unwrap()
}

impl Bench {
    fn new() -> Self {
        Self::with(Some("PHONE"), Some(streams()))
    }

    fn with(party: Option<&str>, streams: Option<Streams>) -> Self {
        let call = Answered {
            room_id: "!dm:hs".into(),
            caller: Caller {
                user: ANNA.into(),
                name: "Anna".into(),
                party: party.map(ToOwned::to_owned),
            },
            invite: Invite {
                sdp: "offer".into(),
                lifetime_ms: 60_000,
                invitee: None,
                streams,
            },
            candidates: vec![
                "candidate:1 1 udp 1 192.0.2.1 9 typ host".into(),
                "candidate:1 1 udp 1 4f5a.local 9 typ host".into(),
            ],
            speaker: Speaker {
                call_id: "c".into(),
                party: "ROOM".into(),
            },
        };
        let kept = Kept {
            microphone: false,
            camera: false,
        };
        let setup = Setup {
            call,
            transport: T,
            ice_servers: Vec::new(),
            kept,
        };
        Self {
            machine: Machine::new(setup),
            now: Instant::now(),
        }
    }

    /// In a call whose caller sends sound and picture.
    fn talking() -> Self {
        let mut bench = Self::new();
        bench.described();
        bench.tracks(&[("theirs", "voice", false), ("theirs", "face", true)]);
        bench.is(TransportState::Connected);
        bench.effects();
        bench
    }

    fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.machine.poll()).collect()
    }

    fn engine(&mut self, event: TransportEvent) {
        self.machine.handle_transport(self.now, event);
    }

    fn described(&mut self) {
        self.engine(TransportEvent::Description {
            transport: T,
            kind: DescriptionKind::Answer,
            sdp: "answer".into(),
        });
    }

    fn is(&mut self, state: TransportState) {
        let transport = T;
        self.engine(TransportEvent::State { transport, state });
    }

    fn tracks(&mut self, tracks: &[(&str, &str, bool)]) {
        let track = |&(stream, track, picture): &(&str, &str, bool)| RemoteTrack {
            mid: track.into(),
            stream: stream.into(),
            track: track.into(),
            picture,
        };
        let tracks = tracks.iter().map(track).collect();
        self.engine(TransportEvent::RemoteTracks {
            transport: T,
            tracks,
        });
    }

    fn hear(&mut self, kind: &str, more: serde_json::Value) {
        self.hear_from(ANNA, "PHONE", kind, more);
    }

    fn hear_from(&mut self, user: &str, party: &str, kind: &str, more: serde_json::Value) {
        let mut content = json!({ "call_id": "c", "party_id": party, "version": "1" });
        let more = more.as_object().unwrap().clone();
        content.as_object_mut().unwrap().extend(more);
        let message = parse(kind, &content).unwrap().unwrap();
        self.machine.handle_signal(user, message);
    }
}

fn sent(effects: &[Effect]) -> Vec<&str> {
    let kind = |effect: &'_ Effect| match effect {
        Effect::Send((kind, _)) => Some(*kind),
        Effect::Emit(_) => None,
    };
    effects.iter().filter_map(kind).collect()
}

fn ended(effects: &[Effect]) -> Option<&EndReason> {
    effects.iter().find_map(|effect| match effect {
        Effect::Emit(CallEvent::Ended(reason)) => Some(reason),
        _ => None,
    })
}

fn orders(effects: &[Effect]) -> Vec<&TransportCommand> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Emit(CallEvent::Transport(command)) => Some(command),
            _ => None,
        })
        .collect()
}

fn caller(effects: &[Effect]) -> Option<(bool, bool, bool)> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Emit(CallEvent::Participants(people)) => {
            let one = &people[0];
            assert_eq!((one.name.as_str(), people.len()), ("Anna", 1));
            Some((one.microphone, one.camera, one.content))
        }
        _ => None,
    })
}

#[test]
fn what_is_sent_is_published_before_the_offer_is_described() {
    let effects = Bench::new().effects();
    let orders = orders(&effects);
    let place = |wanted: fn(&TransportCommand) -> bool| orders.iter().position(|o| wanted(o));
    let opened = place(|o| {
        matches!(
            o,
            TransportCommand::Open {
                role: TransportRole::Answerer,
                ..
            }
        )
    });
    let published = orders
        .iter()
        .rposition(|o| matches!(o, TransportCommand::Publish { .. }));
    let described = place(|o| matches!(o, TransportCommand::Describe { .. }));
    assert!(opened < published && published < described, "{orders:#?}");
    let candidates = orders
        .iter()
        .filter(|o| matches!(o, TransportCommand::AddCandidate { .. }));
    assert_eq!(candidates.count(), 1, "a name is no address");
}

#[test]
fn the_answer_names_our_stream_and_joined_means_connected() {
    let mut bench = Bench::new();
    bench.effects();
    bench.described();
    let effects = bench.effects();
    let [Effect::Send((kind, content))] = effects.as_slice() else {
        panic!("{effects:#?}")
    };
    assert_eq!(
        (*kind, content["answer"]["sdp"].as_str()),
        ("m.call.answer", Some("answer"))
    );
    assert_eq!(content["sdp_stream_metadata"]["room"]["video_muted"], false);
    bench.is(TransportState::Connected);
    assert_eq!(bench.effects(), [Effect::Emit(CallEvent::Joined)]);
}

#[test]
fn candidates_after_the_answer_are_told_together() {
    let mut bench = Bench::new();
    let candidate = |text: &str| TransportEvent::Candidate {
        transport: T,
        candidate: Candidate {
            candidate: text.into(),
            mid: None,
        },
    };
    bench.engine(candidate("candidate:in-the-answer"));
    bench.described();
    bench.effects();
    bench.engine(candidate("candidate:a"));
    bench.engine(candidate("candidate:b"));
    assert_eq!(sent(&bench.effects()), [""; 0]);
    let at = bench.machine.deadline().unwrap();
    bench.machine.handle_timeout(at);
    let effects = bench.effects();
    let [Effect::Send(("m.call.candidates", content))] = effects.as_slice() else {
        panic!("{effects:#?}")
    };
    assert_eq!(content["candidates"].as_array().unwrap().len(), 2);
}

#[test]
fn tracks_are_the_callers_and_a_screen_is_content() {
    let mut bench = Bench::new();
    bench.described();
    bench.tracks(&[("theirs", "voice", false), ("theirs", "face", true)]);
    let effects = bench.effects();
    assert_eq!(caller(&effects), Some((true, true, false)));
    bench.tracks(&[
        ("theirs", "voice", false),
        ("theirs", "face", true),
        ("screen", "s", true),
    ]);
    let effects = bench.effects();
    assert_eq!(caller(&effects), Some((true, true, true)));
    let content = |o: &&TransportCommand| matches!(o, TransportCommand::Assign { track, source: SourceKind::Content, .. } if track == "s");
    assert!(orders(&effects).iter().any(content), "{effects:#?}");
    assert_eq!(orders(&effects).len(), 1, "the others are as they were");
    bench.tracks(&[("theirs", "voice", false)]);
    let effects = bench.effects();
    assert_eq!(
        caller(&effects),
        Some((true, false, false)),
        "held or turned off"
    );
    assert_eq!(
        orders(&effects).len(),
        2,
        "both pictures are gone: {effects:#?}"
    );
}

#[test]
fn a_caller_that_says_nothing_of_its_streams_is_seen_all_the_same() {
    let mut bench = Bench::with(None, None);
    bench.described();
    bench.tracks(&[("s", "voice", false), ("s", "face", true)]);
    assert_eq!(caller(&bench.effects()), Some((true, true, false)));
}

#[test]
fn muting_goes_both_ways() {
    let mut bench = Bench::talking();
    bench.machine.set_muted(SourceKind::Camera, true);
    let effects = bench.effects();
    let [Effect::Send((kind, content))] = effects.as_slice() else {
        panic!("{effects:#?}")
    };
    assert_eq!(*kind, "org.matrix.call.sdp_stream_metadata_changed");
    assert_eq!(content["sdp_stream_metadata"]["room"]["video_muted"], true);
    assert_eq!(content["sdp_stream_metadata"]["room"]["audio_muted"], false);
    bench.machine.set_muted(SourceKind::Camera, true);
    assert_eq!(bench.effects(), [], "they know");
    let muted = json!({ "theirs": { "purpose": "m.usermedia", "audio_muted": true } });
    let muted = json!({ "org.matrix.msc3077.sdp_stream_metadata": muted });
    bench.hear("m.call.sdp_stream_metadata_changed", muted);
    assert_eq!(caller(&bench.effects()), Some((false, true, false)));
}

#[test]
fn a_new_offer_is_answered_within_the_call() {
    let mut bench = Bench::talking();
    let offer = json!({ "description": { "type": "offer", "sdp": "another" }, "lifetime": 1 });
    bench.hear("m.call.negotiate", offer);
    let effects = bench.effects();
    let described = |o: &&TransportCommand| matches!(o, TransportCommand::Describe { sdp, .. } if sdp == "another");
    assert!(orders(&effects).iter().any(described), "{effects:#?}");
    bench.described();
    assert_eq!(sent(&bench.effects()), ["m.call.negotiate"]);
}

#[test]
fn hanging_up_goes_both_ways() {
    let mut bench = Bench::talking();
    bench.machine.leave();
    let effects = bench.effects();
    assert_eq!(sent(&effects), ["m.call.hangup"]);
    assert_eq!(ended(&effects), Some(&EndReason::Left));
    assert!(bench.machine.is_over());

    let mut bench = Bench::talking();
    bench.hear("m.call.hangup", json!({ "reason": "user_hangup" }));
    let effects = bench.effects();
    assert_eq!(sent(&effects), [""; 0]);
    assert_eq!(ended(&effects), Some(&EndReason::HungUp));
    let closed = |o: &&TransportCommand| matches!(o, TransportCommand::Close { .. });
    assert!(orders(&effects).iter().any(closed));
    assert!(bench.machine.is_over());
}

#[test]
fn leaving_before_the_answer_is_out_is_no_hangup_but_a_no() {
    let mut bench = Bench::new();
    bench.effects();
    bench.machine.leave();
    assert_eq!(sent(&bench.effects()), ["m.call.reject"]);
    let mut bench = Bench::with(None, None);
    bench.effects();
    bench.machine.leave();
    assert_eq!(
        sent(&bench.effects()),
        ["m.call.hangup"],
        "before version 1"
    );
}

#[test]
fn the_caller_chooses_another_device_that_answered() {
    let mut bench = Bench::new();
    bench.described();
    bench.effects();
    bench.hear(
        "m.call.select_answer",
        json!({ "selected_party_id": "ROOM" }),
    );
    assert_eq!(bench.effects(), []);
    bench.hear(
        "m.call.select_answer",
        json!({ "selected_party_id": "TABLET" }),
    );
    let effects = bench.effects();
    assert_eq!(sent(&effects), [""; 0]);
    assert_eq!(ended(&effects), Some(&EndReason::AnsweredElsewhere));
}

#[test]
fn nobody_but_the_callers_device_is_listened_to() {
    let mut bench = Bench::talking();
    bench.hear_from("@carla:hs", "PHONE", "m.call.hangup", json!({}));
    bench.hear_from(ANNA, "TABLET", "m.call.hangup", json!({}));
    assert_eq!(bench.effects(), []);
}

#[test]
fn an_offer_that_can_not_be_read_ends_the_call_before_it_begins() {
    let mut bench = Bench::new();
    bench.effects();
    bench.engine(TransportEvent::Refused {
        transport: T,
        reason: "no fingerprint".into(),
    });
    let effects = bench.effects();
    assert_eq!(sent(&effects), ["m.call.reject"]);
    assert!(matches!(ended(&effects), Some(EndReason::Failed { .. })));
    let mut bench = Bench::talking();
    bench.engine(TransportEvent::Refused {
        transport: T,
        reason: "a change".into(),
    });
    assert_eq!(bench.effects(), [], "people go on talking");
}

#[test]
fn a_connection_that_does_not_come_up_or_fails_ends_the_call() {
    let mut bench = Bench::new();
    bench.described();
    bench.effects();
    let at = bench.machine.deadline().unwrap();
    assert_eq!(at, bench.now + CONNECT_WITHIN);
    bench.machine.handle_timeout(at);
    let effects = bench.effects();
    assert_eq!(sent(&effects), ["m.call.hangup"]);
    assert!(matches!(ended(&effects), Some(EndReason::Failed { .. })));

    let mut bench = Bench::talking();
    bench.is(TransportState::Disconnected);
    let lost = bench.effects();
    assert!(matches!(
        lost.as_slice(),
        [Effect::Emit(CallEvent::Reconnecting { .. })]
    ));
    bench.is(TransportState::Connected);
    assert_eq!(bench.effects(), [Effect::Emit(CallEvent::Joined)]);
    bench.is(TransportState::Failed);
    assert!(ended(&bench.effects()).is_none(), "perhaps they hung up");
    let at = bench.machine.deadline().unwrap();
    bench.machine.handle_timeout(at);
    let effects = bench.effects();
    assert_eq!(sent(&effects), ["m.call.hangup"]);
    assert!(matches!(ended(&effects), Some(EndReason::Failed { .. })));
}

#[test]
fn a_caller_closes_the_connection_before_it_says_that_it_hung_up() {
    let mut bench = Bench::talking();
    bench.is(TransportState::Failed);
    bench.hear("m.call.hangup", json!({ "reason": "user_hangup" }));
    assert_eq!(ended(&bench.effects()), Some(&EndReason::HungUp));
}
