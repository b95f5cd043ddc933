use base64::{Engine as _, prelude::BASE64_STANDARD};
use prost::Message as _;
use proto::signal_response::Message as Said;
use saal_media_protocol::{Candidate, TransportState};

use super::{health::CONNECT_WITHIN, *};
use crate::livekit::publish;

const SUBSCRIBER: TransportId = TransportId(1);
const PUBLISHER: TransportId = TransportId(2);

struct Client {
    session: Session,
    now: Instant,
}

impl Client {
    fn new(microphone_muted: bool) -> Self {
        let publisher = Publisher {
            transport: PUBLISHER,
            video: publish::video_send(1),
            microphone_muted,
            camera_muted: false,
            presents: BTreeSet::new(),
        };
        let setup = Setup {
            subscriber: SUBSCRIBER,
            publisher: Some(publisher),
            encrypted: false,
        };
        Self {
            session: Session::new(setup),
            now: Instant::now(),
        }
    }

    fn joined() -> Self {
        let mut client = Self::new(false);
        client.hears(Said::Join(proto::JoinResponse {
            participant: Some(person("PA_me", "@room:hs:R", &[])),
            ping_interval: 5,
            ping_timeout: 15,
            ..Default::default()
        }));
        client
    }

    /// Both tracks are published and media flow.
    fn flowing() -> Self {
        let mut client = Self::joined();
        for (cid, sid) in [("2-microphone", "TR_m"), ("2-camera", "TR_c")] {
            client.published(cid, sid);
            client.engine(description(PUBLISHER, DescriptionKind::Offer));
            client.hears(Said::Answer(proto::SessionDescription::default()));
        }
        for transport in [SUBSCRIBER, PUBLISHER] {
            client.engine(state(transport, TransportState::Connected));
        }
        assert!(client.session.is_connected());
        client
    }

    /// Until something comes of waiting.
    fn waits(&mut self) -> Vec<Output> {
        loop {
            self.now = self.session.deadline().expect("something is due");
            self.session.handle_timeout(self.now, 0);
            let outputs = self.outputs();
            if !outputs.is_empty() {
                return outputs;
            }
        }
    }

    fn hears(&mut self, message: Said) -> Vec<Output> {
        let response = proto::SignalResponse {
            message: Some(message),
        };
        self.session.handle_signal(self.now, response);
        self.outputs()
    }

    fn engine(&mut self, event: TransportEvent) -> Vec<Output> {
        self.session.handle_transport(self.now, event);
        self.outputs()
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.session.poll()).collect()
    }

    fn published(&mut self, cid: &str, sid: &str) -> Vec<Output> {
        let track = Some(proto::TrackInfo {
            sid: sid.into(),
            ..Default::default()
        });
        self.hears(Said::TrackPublished(proto::TrackPublishedResponse {
            cid: cid.into(),
            track,
        }))
    }
}

fn person(sid: &str, identity: &str, tracks: &[&str]) -> proto::ParticipantInfo {
    proto::ParticipantInfo {
        sid: sid.into(),
        identity: identity.into(),
        state: proto::participant_info::State::Active as i32,
        tracks: tracks
            .iter()
            .map(|sid| proto::TrackInfo {
                sid: (*sid).into(),
                r#type: proto::TrackType::Video as i32,
                source: proto::TrackSource::Camera as i32,
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    }
}

fn update(info: proto::ParticipantInfo) -> Said {
    Said::Update(proto::ParticipantUpdate {
        participants: vec![info],
    })
}

fn requests(outputs: &[Output]) -> Vec<&Request> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Request(request) => request.message.as_ref(),
            _ => None,
        })
        .collect()
}

fn commands(outputs: &[Output]) -> Vec<&TransportCommand> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Transport(command) => Some(command),
            _ => None,
        })
        .collect()
}

fn publish_of(outputs: &[Output]) -> Vec<String> {
    commands(outputs)
        .into_iter()
        .filter_map(|command| match command {
            TransportCommand::Publish { track, .. } => Some(track.clone()),
            _ => None,
        })
        .collect()
}

fn description(transport: TransportId, kind: DescriptionKind) -> TransportEvent {
    TransportEvent::Description {
        transport,
        kind,
        sdp: "v=0".into(),
    }
}

fn state(transport: TransportId, state: TransportState) -> TransportEvent {
    TransportEvent::State { transport, state }
}

#[test]
fn joining_opens_both_connections_and_announces_both_tracks() {
    let mut client = Client::new(true);
    let outputs = client.hears(Said::Join(proto::JoinResponse::default()));
    let opened: Vec<_> = commands(&outputs)
        .iter()
        .map(|command| match command {
            TransportCommand::Open {
                transport, role, ..
            } => (*transport, *role),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        opened,
        [
            (PUBLISHER, TransportRole::Publisher),
            (SUBSCRIBER, TransportRole::Subscriber)
        ]
    );
    let announced: Vec<_> = requests(&outputs)
        .iter()
        .map(|request| match request {
            Request::AddTrack(track) => (track.source(), track.muted),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        announced,
        [
            (proto::TrackSource::Microphone, true),
            (proto::TrackSource::Camera, false)
        ]
    );
}

#[test]
fn tracks_are_offered_one_after_the_other() {
    let mut client = Client::joined();
    assert_eq!(
        publish_of(&client.published("2-microphone", "TR_A")),
        ["2-microphone"]
    );
    assert_eq!(publish_of(&client.published("2-camera", "TR_V")), [""; 0]);
    let offered = client.engine(description(PUBLISHER, DescriptionKind::Offer));
    assert!(matches!(requests(&offered)[..], [Request::Offer(offer)] if offer.sdp == "v=0"));
    let answer = proto::SessionDescription {
        sdp: "answer".into(),
        ..Default::default()
    };
    assert_eq!(
        publish_of(&client.hears(Said::Answer(answer))),
        ["2-camera"]
    );
}

fn answer() -> Said {
    Said::Answer(proto::SessionDescription {
        sdp: "answer".into(),
        ..Default::default()
    })
}

/// The tracks that the engine is told to offer no more.
fn unpublished(outputs: &[Output]) -> Vec<String> {
    let commands = commands(outputs).into_iter();
    commands
        .filter_map(|command| match command {
            TransportCommand::Unpublish { track, .. } => Some(track.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_presentation_is_a_screen_share_of_its_own_each_time() {
    let mut client = Client::joined();
    for cid in ["2-content-1", "2-content-2"] {
        client.session.present(SourceKind::Content, true);
        let outputs = client.outputs();
        assert!(matches!(requests(&outputs)[..], [Request::AddTrack(track)]
            if track.source() == proto::TrackSource::ScreenShare && track.cid == cid));
        assert_eq!(publish_of(&client.published(cid, "TR_S")), [cid]);
        client.session.present(SourceKind::Content, false);
        assert_eq!(
            unpublished(&client.outputs()),
            [""; 0],
            "one offer at a time"
        );
        assert_eq!(unpublished(&client.hears(answer())), [cid]);
        client.hears(answer());
    }
}

#[test]
fn the_sound_of_a_presentation_is_a_track_of_its_own() {
    let mut client = Client::joined();
    client.session.present(SourceKind::Content, true);
    client.session.present(SourceKind::ContentAudio, true);
    let outputs = client.outputs();
    let announced = requests(&outputs);
    let sources = announced.iter().filter_map(|request| match request {
        Request::AddTrack(track) => Some((track.source(), track.r#type())),
        _ => None,
    });
    let expected = [
        (proto::TrackSource::ScreenShare, proto::TrackType::Video),
        (
            proto::TrackSource::ScreenShareAudio,
            proto::TrackType::Audio,
        ),
    ];
    assert_eq!(sources.collect::<Vec<_>>(), expected);
    assert_eq!(
        publish_of(&client.published("2-content-2", "TR_S")),
        ["2-content-2"]
    );
    client.session.present(SourceKind::ContentAudio, false);
    assert_eq!(unpublished(&client.hears(answer())), ["2-content-2"]);
}

#[test]
fn a_presentation_that_ended_before_it_was_offered_leaves_nothing_behind() {
    let mut client = Client::joined();
    client.session.present(SourceKind::Content, true);
    client.session.present(SourceKind::Content, true);
    client.session.present(SourceKind::Content, false);
    client.outputs();
    assert_eq!(
        commands(&client.published("2-content-1", "TR_S")),
        [] as [&_; 0]
    );
    let published = client.published("2-microphone", "TR_A");
    assert_eq!(publish_of(&published), ["2-microphone"]);
}

#[test]
fn an_offer_of_the_server_is_answered_with_its_number() {
    let mut client = Client::joined();
    let offer = proto::SessionDescription {
        sdp: "o".into(),
        id: 7,
        ..Default::default()
    };
    let outputs = client.hears(Said::Offer(offer));
    assert!(matches!(
        commands(&outputs)[..],
        [TransportCommand::Describe {
            transport: SUBSCRIBER,
            kind: DescriptionKind::Offer,
            ..
        }]
    ));
    let outputs = client.engine(description(SUBSCRIBER, DescriptionKind::Answer));
    assert!(matches!(requests(&outputs)[..], [Request::Answer(answer)] if answer.id == 7));
}

#[test]
fn a_mute_that_came_before_the_track_was_known_is_made_up_for() {
    let mut client = Client::joined();
    client.session.set_muted(SourceKind::Microphone, true);
    assert_eq!(client.outputs(), []);
    let outputs = client.published("2-microphone", "TR_A");
    assert!(matches!(
        requests(&outputs)[..],
        [Request::Mute(mute)] if mute.muted && mute.sid == "TR_A"
    ));
    client.session.set_muted(SourceKind::Microphone, false);
    assert!(matches!(requests(&client.outputs())[..], [Request::Mute(mute)] if !mute.muted));
}

#[test]
fn with_nobody_there_the_sending_connection_is_enough() {
    let mut client = Client::joined();
    assert!(!client.session.is_connected());
    let outputs = client.engine(state(PUBLISHER, TransportState::Connected));
    assert!(outputs.contains(&Output::Connected));
}

#[test]
fn with_somebody_there_the_receiving_connection_counts() {
    let mut client = Client::joined();
    client.hears(update(person("PA_1", "@anna:hs:A", &["TR_1"])));
    client.engine(state(PUBLISHER, TransportState::Connected));
    assert!(!client.session.is_connected());
    client.engine(state(SUBSCRIBER, TransportState::Connected));
    assert!(client.session.is_connected());
}

#[test]
fn tracks_come_and_go_with_their_participants() {
    let mut client = Client::joined();
    let outputs = client.hears(update(person("PA_1", "@anna:hs:A", &["TR_1"])));
    assert!(matches!(
        commands(&outputs)[..],
        [TransportCommand::Assign { track, participant, source: SourceKind::Camera, .. }]
            if track == "TR_1" && participant == "@anna:hs:A"
    ));
    assert!(matches!(requests(&outputs)[..], [Request::TrackSetting(_)]));
    let mut gone = person("PA_1", "@anna:hs:A", &[]);
    gone.state = proto::participant_info::State::Disconnected as i32;
    let outputs = client.hears(update(gone));
    assert!(matches!(
        commands(&outputs)[..],
        [TransportCommand::Unassign { track, .. }] if track == "TR_1"
    ));
    assert_eq!(client.session.roster().iter().count(), 0);
}

#[test]
fn the_late_end_of_an_earlier_connection_does_not_remove_who_came_back() {
    let mut client = Client::joined();
    client.hears(update(person("PA_1", "@anna:hs:A", &["TR_1"])));
    client.hears(update(person("PA_2", "@anna:hs:A", &["TR_2"])));
    let mut gone = person("PA_1", "@anna:hs:A", &[]);
    gone.state = proto::participant_info::State::Disconnected as i32;
    client.hears(update(gone));
    assert!(client.session.roster().knows_track("TR_2"));
}

#[test]
fn a_failed_connection_and_a_silent_server_are_losses() {
    let mut client = Client::joined();
    let outputs = client.engine(state(SUBSCRIBER, TransportState::Failed));
    assert!(matches!(outputs[..], [Output::Lost { .. }]));

    let mut client = Client::joined();
    let transport = PUBLISHER;
    let outputs = client.engine(TransportEvent::Moved { transport });
    assert!(matches!(outputs[..], [Output::Lost { .. }]));

    let mut client = Client::joined();
    client.engine(state(PUBLISHER, TransportState::Connected));
    let start = client.now;
    let mut pings = 0;
    loop {
        client.now = client.session.deadline().unwrap();
        client.session.handle_timeout(client.now, 0);
        match &client.outputs()[..] {
            [Output::Request(_)] => pings += 1,
            [Output::Lost { .. }] => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((pings, client.now - start), (2, Duration::from_secs(15)));
}

#[test]
fn a_refused_offer_is_a_loss_and_a_refused_candidate_is_not() {
    let refused = |transport| TransportEvent::Refused {
        transport,
        reason: "no".into(),
    };
    let mut client = Client::joined();
    assert_eq!(client.engine(refused(SUBSCRIBER)), []);
    client.hears(Said::Offer(proto::SessionDescription::default()));
    assert!(matches!(
        client.engine(refused(SUBSCRIBER))[..],
        [Output::Lost { .. }]
    ));
}

#[test]
fn media_that_never_connect_are_a_loss() {
    let mut client = Client::joined();
    let start = client.now;
    while client.session.deadline().is_some() {
        client.now = client.session.deadline().unwrap();
        client.session.handle_timeout(client.now, 0);
        client.hears(Said::Pong(0));
    }
    assert_eq!(client.now - start, CONNECT_WITHIN);
}

#[test]
fn being_removed_and_being_replaced_are_not_losses() {
    let leave = |reason: proto::DisconnectReason| {
        Said::Leave(proto::LeaveRequest {
            reason: reason as i32,
            ..Default::default()
        })
    };
    let removed = Client::joined().hears(leave(proto::DisconnectReason::ParticipantRemoved));
    assert!(matches!(removed[..], [Output::Removed { .. }]));
    let replaced = Client::joined().hears(leave(proto::DisconnectReason::DuplicateIdentity));
    assert_eq!(replaced, [Output::Replaced]);
    let shutdown = Client::joined().hears(leave(proto::DisconnectReason::ServerShutdown));
    assert!(matches!(shutdown[..], [Output::Lost { .. }]));
}

#[test]
fn candidates_are_written_as_browsers_write_them() {
    let mut client = Client::joined();
    let candidate = Candidate {
        candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host".into(),
        mid: None,
    };
    let outputs = client.engine(TransportEvent::Candidate {
        transport: PUBLISHER,
        candidate,
    });
    let [Request::Trickle(trickle)] = requests(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(
        trickle.candidate_init,
        r#"{"candidate":"candidate:1 1 udp 1 127.0.0.1 9 typ host","sdpMid":"0","sdpMLineIndex":0}"#
    );
    let outputs = client.hears(Said::Trickle(proto::TrickleRequest {
        candidate_init: "{not json".into(),
        ..Default::default()
    }));
    assert_eq!(outputs, [], "a malformed candidate is skipped");
}

/// What LiveKit 1.13.5 said to Element Call in a call of three: one leaves, one comes.
#[test]
fn the_recorded_call_of_three_is_followed() {
    let mut client = Client::new(false);
    let mut seen = std::collections::BTreeSet::new();
    let mut assigned = std::collections::BTreeSet::new();
    for line in include_str!("../../../testdata/signalling-of-three.txt").lines() {
        let bytes = BASE64_STANDARD.decode(line).unwrap();
        let response = proto::SignalResponse::decode(&bytes[..]).unwrap();
        client.session.handle_signal(client.now, response);
        for output in client.outputs() {
            match output {
                Output::Transport(TransportCommand::Assign { track, .. }) => {
                    assigned.insert(track);
                }
                Output::Transport(TransportCommand::Unassign { track, .. }) => {
                    assigned.remove(&track);
                }
                Output::Lost { reason } => panic!("{reason}"),
                _ => {}
            }
        }
        seen.extend(
            client
                .session
                .roster()
                .iter()
                .map(|(identity, _)| identity.split(':').next().unwrap().to_owned()),
        );
    }
    // The hashes are the warm-up connections of Element Call.
    let users: Vec<_> = seen.iter().filter(|name| name.starts_with('@')).collect();
    assert_eq!(users, ["@alice", "@carol"]);
    let left: Vec<_> = client
        .session
        .roster()
        .iter()
        .map(|(identity, _)| identity)
        .collect();
    assert_eq!(left, ["@carol:localhost:18448:MYZGCXJGXA"]);
    assert_eq!(assigned.len(), 2, "sound and picture of who is still there");
}

fn resumes(outputs: &[Output]) -> bool {
    matches!(outputs, [Output::Resume { again: false, .. }])
}

fn restarts(outputs: &[Output]) -> bool {
    let transport = PUBLISHER;
    commands(outputs).contains(&&TransportCommand::RestartIce { transport })
}

fn taken_back() -> Said {
    Said::Reconnect(proto::ReconnectResponse::default())
}

#[test]
fn interrupted_media_go_on_over_another_socket_and_way() {
    let mut client = Client::flowing();
    client.hears(Said::RefreshToken("newer".into()));
    for transport in [SUBSCRIBER, PUBLISHER] {
        client.engine(state(transport, TransportState::Disconnected));
    }
    assert!(resumes(&client.waits()));
    assert!(!client.session.is_connected());
    let newer = Secret::from("newer".to_owned());
    assert_eq!(client.session.comes_back_as(), ("PA_me", Some(&newer)));
    client.session.set_muted(SourceKind::Microphone, true);
    assert_eq!(client.outputs(), [], "nobody hears it");

    let outputs = client.hears(taken_back());
    assert!(restarts(&outputs));
    let muted =
        |request: &&Request| matches!(request, Request::Mute(m) if m.sid == "TR_m" && m.muted);
    assert!(requests(&outputs).iter().any(muted), "{outputs:?}");
    client.engine(description(PUBLISHER, DescriptionKind::Offer));
    client.hears(Said::Answer(proto::SessionDescription::default()));
    client.engine(state(PUBLISHER, TransportState::Connected));
    assert!(!client.session.is_connected(), "nothing is received");
    let outputs = client.engine(state(SUBSCRIBER, TransportState::Connected));
    assert_eq!(outputs, [Output::Connected]);
    assert!(client.session.is_connected());
}

/// Media were interrupted, and the server knows the room again; the engine has offered to restart ICE.
fn restarting() -> Client {
    let mut client = Client::flowing();
    for transport in [SUBSCRIBER, PUBLISHER] {
        client.engine(state(transport, TransportState::Disconnected));
    }
    assert!(resumes(&client.waits()));
    assert!(restarts(&client.hears(taken_back())));
    client.engine(description(PUBLISHER, DescriptionKind::Offer));
    client
}

fn answer_to(id: u32) -> Said {
    Said::Answer(proto::SessionDescription {
        sdp: "answer".into(),
        id,
        ..Default::default()
    })
}

#[test]
fn a_resumption_that_is_overtaken_by_another_one_leaves_no_answer_behind() {
    let mut client = restarting();
    client.session.socket_lost(client.now, "closed".into());
    assert!(resumes(&client.outputs()));
    assert!(restarts(&client.hears(taken_back())));
    client.engine(description(PUBLISHER, DescriptionKind::Offer));
    // Offers 1 and 2 were for the tracks.
    assert_eq!(client.hears(answer_to(3)), [], "of the first restart");
    let described = |command: &&TransportCommand| {
        matches!(
            command,
            TransportCommand::Describe {
                transport: PUBLISHER,
                ..
            }
        )
    };
    let outputs = client.hears(answer_to(4));
    assert_eq!(commands(&outputs).into_iter().filter(described).count(), 1);
}

/// What happened behind a translation of addresses that had forgotten the call: the server gives both connections up, one after
/// the other, and each time closes the socket and restarts ICE.
#[test]
fn an_answer_to_an_offer_of_an_earlier_socket_is_not_given_on_the_next_one() {
    let mut client = Client::flowing();
    let resume = || {
        Said::Leave(proto::LeaveRequest {
            reason: proto::DisconnectReason::ConnectionTimeout as i32,
            action: Action::Resume as i32,
            ..Default::default()
        })
    };
    let offer = |id| {
        Said::Offer(proto::SessionDescription {
            id,
            ..Default::default()
        })
    };
    for id in [194, 195] {
        assert!(resumes(&client.hears(resume())));
        client.hears(taken_back());
        client.hears(offer(id));
    }
    let answered = description(SUBSCRIBER, DescriptionKind::Answer);
    assert_eq!(client.engine(answered.clone()), [], "to 194");
    let outputs = client.engine(answered);
    assert!(matches!(requests(&outputs)[..], [Request::Answer(answer)] if answer.id == 195));
}

#[test]
fn an_offer_that_nobody_answered_is_made_again_though_media_came_back_by_themselves() {
    let mut client = restarting();
    client.session.socket_lost(client.now, "closed".into());
    client.outputs();
    for transport in [SUBSCRIBER, PUBLISHER] {
        client.engine(state(transport, TransportState::Connected));
    }
    client.session.present(SourceKind::Content, true);
    assert!(restarts(&client.hears(taken_back())));
    client.published("2-content-1", "TR_S");
    client.engine(description(PUBLISHER, DescriptionKind::Offer));
    assert_eq!(publish_of(&client.hears(answer_to(4))), ["2-content-1"]);
}

#[test]
fn a_lost_socket_is_replaced_while_media_flow() {
    let mut client = Client::flowing();
    client.session.socket_lost(client.now, "closed".into());
    assert!(resumes(&client.outputs()));
    assert!(client.session.is_connected());
    client.session.present(SourceKind::Content, true);
    assert_eq!(client.outputs(), []);
    let outputs = client.hears(taken_back());
    assert!(!restarts(&outputs));
    let content = |request: &&Request| matches!(request, Request::AddTrack(track) if track.cid == "2-content-1");
    assert!(requests(&outputs).iter().any(content), "{outputs:?}");
    assert!(outputs.contains(&Output::Connected));
}

#[test]
fn a_new_address_is_one_reason_to_go_on_whoever_tells_it() {
    let mut client = Client::flowing();
    let mut told = Vec::new();
    for transport in [SUBSCRIBER, PUBLISHER] {
        client.engine(state(transport, TransportState::Disconnected));
        told.extend(client.engine(TransportEvent::Moved { transport }));
    }
    assert!(resumes(&told), "{told:?}");
    assert!(restarts(&client.hears(taken_back())));
}

/// What was thought to be well goes nowhere: a translation of addresses forgot both connections, and told of one first.
#[test]
fn a_way_that_only_looks_well_is_restarted_too() {
    let mut client = Client::flowing();
    client.engine(state(SUBSCRIBER, TransportState::Disconnected));
    let transport = SUBSCRIBER;
    assert!(resumes(&client.engine(TransportEvent::Moved { transport })));
    client.engine(state(SUBSCRIBER, TransportState::Connected));
    assert!(restarts(&client.hears(taken_back())));
    client.engine(state(PUBLISHER, TransportState::Disconnected));
    let transport = PUBLISHER;
    assert_eq!(client.engine(TransportEvent::Moved { transport }), []);

    let mut client = restarting();
    client.hears(answer_to(3));
    client.now += Duration::from_millis(10);
    let begun_lately = client.engine(TransportEvent::Moved { transport });
    assert!(restarts(&begun_lately), "{begun_lately:?}");
}

#[test]
fn who_is_not_taken_back_starts_anew() {
    let mut client = Client::flowing();
    client.session.socket_lost(client.now, "closed".into());
    let begun = client.now;
    client.outputs();
    client.session.socket_lost(client.now, "refused".into());
    assert!(matches!(
        client.outputs()[..],
        [Output::Resume { again: true, .. }]
    ));
    assert!(matches!(client.waits()[..], [Output::Lost { .. }]));
    assert_eq!(client.now - begun, Duration::from_secs(15));

    let mut client = Client::flowing();
    client.session.socket_lost(client.now, "closed".into());
    client.outputs();
    let leave = proto::LeaveRequest {
        reason: proto::DisconnectReason::StateMismatch as i32,
        action: Action::Reconnect as i32,
        ..Default::default()
    };
    let outputs = client.hears(Said::Leave(leave));
    assert!(matches!(outputs[..], [Output::Lost { .. }]));
}

#[test]
fn what_nobody_knows_to_have_arrived_is_started_anew() {
    let mut client = Client::flowing();
    client.session.present(SourceKind::Content, true);
    client.outputs();
    client.session.socket_lost(client.now, "closed".into());
    assert!(matches!(client.outputs()[..], [Output::Lost { .. }]));
}
