//! Two talk directly: who calls whom, what may go wrong, and when it ends.

use saal_media_protocol::{
    Candidate, DtlsSetup, Fingerprint, IceCredentials, LocalTransport, TransportState,
};

use super::{
    super::*,
    world::{ME, ROOM, World, setup},
};

/// An installation where two may talk directly. Ours is a larger name than 0000, and a smaller one
/// than aaaa.
pub(super) fn direct() -> ConferenceSetup {
    ConferenceSetup {
        peer_to_peer: true,
        ..setup()
    }
}

fn is_troubled(world: &World) -> bool {
    let mut events = world.events().into_iter();
    events.any(|e| matches!(e, CallEvent::Reconnecting { .. }))
}

fn local(setup: DtlsSetup) -> LocalTransport {
    LocalTransport {
        ice: IceCredentials {
            ufrag: "ours".into(),
            pwd: "secret".into(),
        },
        fingerprint: Fingerprint {
            hash: "sha-256".into(),
            value: "CC".into(),
        },
        setup,
    }
}

/// The room has called `who`, and the engine has made our side.
fn calls(who: &str) -> World {
    let mut world = World::joined(direct(), &[who]);
    opens(&mut world);
    world
}

/// The engine makes our side of the direct session; what is said then.
fn opens(world: &mut World) -> Option<Element> {
    let transport = world.room.peer.as_ref()?.session.transport;
    let local = local(DtlsSetup::Actpass);
    world.engine(TransportEvent::Opened { transport, local });
    world.said_with("session-initiate")
}

fn sid(world: &World) -> String {
    let peer = world.room.peer.as_ref().expect("no direct session");
    peer.session.offer.sid.clone()
}

/// An answer with this video codec and part in the handshake.
fn answers(world: &mut World, who: &str, video: &str, setup: &str) {
    let sid = sid(world);
    world.order(
        who,
        &format!(
            "<jingle xmlns='urn:xmpp:jingle:1' action='session-accept' sid='{sid}'>\
             <content name='0'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>\
             <payload-type id='111' name='opus' clockrate='48000' channels='2'/>\
             <source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='77' name='{who}-a0'/></description>\
             <transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='theirs' pwd='p'>\
             <fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='{setup}'>AA</fingerprint>\
             </transport></content>\
             <content name='1'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'>{video}\
             </description></content></jingle>"
        ),
    );
}

const VP8: &str = "<payload-type id='96' name='VP8' clockrate='90000'/>";

fn tells_candidate(world: &mut World, who: &str) {
    let sid = sid(world);
    world.order(
        who,
        &format!(
            "<jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='{sid}'><content name='0'>\
             <transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'><candidate foundation='1' component='1' \
             protocol='udp' priority='1' ip='192.0.2.1' port='9' type='host'/></transport></content></jingle>"
        ),
    );
}

fn ends(world: &mut World, who: &str, condition: &str) {
    let sid = sid(world);
    world.order(
        who,
        &format!(
            "<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' sid='{sid}'>\
             <reason><{condition}/></reason></jingle>"
        ),
    );
}

/// The bridge carries the media, and nobody noticed anything.
fn is_on_bridge(world: &World) {
    assert!(world.room.peer.is_none());
    let bridge = world.room.bridge.as_ref().expect("no bridge");
    assert!(bridge.is_connected());
    assert!(!is_troubled(world));
}

#[test]
fn the_smaller_name_calls_as_web_clients_do() {
    let mut world = World::joined(direct(), &["aaaa"]);
    let offer = opens(&mut world).expect("nobody is called");
    assert_eq!(offer.attr("to"), Some(&*format!("{ROOM}/aaaa")));
    let jingle = offer.find("jingle").unwrap();
    assert_eq!(jingle.attr("initiator"), Some(&*format!("{ROOM}/{ME}")));
    let names: Vec<_> = jingle.all("content").map(|c| c.attr("name")).collect();
    assert_eq!(names, [Some("0"), Some("1")]);
    let bundle = jingle.find("group").unwrap();
    assert_eq!(bundle.all("content").count(), 2);
    let xml = offer.to_xml();
    for part in [
        "setup=\"actpass\"",
        "creator=\"initiator\"",
        "name=\"VP8\"",
        "name=\"opus\"",
        &format!("name=\"{ME}-a0\""),
        &format!("name=\"{ME}-v0\""),
        "semantics=\"FID\"",
        "transport-wide-cc",
    ] {
        assert!(xml.contains(part), "{part} is missing: {xml}");
    }
    assert!(!xml.contains("\"SIM\""), "a peer needs one layer");
}

#[test]
fn a_call_that_is_answered_goes_direct_and_its_candidates_wait_for_the_answer() {
    let mut world = calls("aaaa");
    let transport = world.room.peer.as_ref().unwrap().session.transport;
    let line = "candidate:1 1 udp 1 192.0.2.2 9 typ host".to_owned();
    let candidate = Candidate {
        candidate: line,
        mid: None,
    };
    world.engine(TransportEvent::Candidate {
        transport,
        candidate,
    });
    let told = world.said_with("transport-info").unwrap().to_xml();
    assert!(told.contains("creator=\"initiator\""), "{told}");
    tells_candidate(&mut world, "aaaa");
    answers(&mut world, "aaaa", VP8, "active");
    let commands = world.commands();
    let position = |wanted: &dyn Fn(&TransportCommand) -> bool| {
        let found = commands.iter().position(wanted);
        found.unwrap_or_else(|| panic!("missing: {commands:?}"))
    };
    let answered = position(&|c| matches!(c, TransportCommand::Connect { .. }));
    let candidate = position(
        &|c| matches!(c, TransportCommand::AddCandidate { transport: t, .. } if *t == transport),
    );
    assert!(answered < candidate);
    assert!(!world.room.peer_is_live());
    let state = TransportState::Connected;
    world.engine(TransportEvent::State { transport, state });
    assert!(world.room.peer_is_live());
    assert_eq!(sends(&world, transport).len(), 2);
    let hears = |c: &TransportCommand| matches!(c, TransportCommand::Assign { participant, transport: t, .. } if participant == "aaaa" && *t == transport);
    assert!(world.commands().iter().any(hears));
    answers(&mut world, "aaaa", VP8, "active");
    let connects = |c: &&TransportCommand| matches!(c, TransportCommand::Connect { .. });
    assert_eq!(world.commands().iter().filter(connects).count(), 1);
}

#[test]
fn the_larger_name_waits_to_be_called() {
    let world = World::joined(direct(), &["0000"]);
    assert!(world.room.peer.is_none());
    let world = World::joined(setup(), &["aaaa"]);
    assert!(world.room.peer.is_none(), "the installation says no");
}

#[test]
fn whoever_comes_first_is_called_at_once_and_whoever_is_left_after_a_while() {
    let mut world = World::joined(direct(), &[]);
    world.comes("aaaa");
    assert!(world.room.peer.is_some());
    world.comes("bbbb");
    world.leaves("bbbb");
    world.passes(4);
    assert!(world.room.peer.is_none());
    world.comes("cccc");
    world.passes(9);
    assert!(world.room.peer.is_none(), "called while three are there");
    world.leaves("cccc");
    world.passes(6);
    assert!(world.room.peer.is_some());
}

#[test]
fn a_peer_that_says_no_is_not_called_again() {
    let mut world = calls("aaaa");
    ends(&mut world, "aaaa", "decline");
    is_on_bridge(&world);
    world.comes("aaaa");
    world.passes(60);
    is_on_bridge(&world);

    let mut world = calls("aaaa");
    world.answers("session-initiate", "error", "<error type='cancel'/>");
    is_on_bridge(&world);
}

#[test]
fn a_peer_that_says_nothing_is_given_up_and_told() {
    let mut world = calls("aaaa");
    world.passes(16);
    is_on_bridge(&world);
    let end = world.said_with("session-terminate").unwrap();
    let initiator = end.find("jingle").unwrap().attr("initiator");
    assert_eq!(initiator, Some(&*format!("{ROOM}/{ME}")));
}

#[test]
fn an_answer_of_no_use_ends_the_call() {
    let h264 = "<payload-type id='108' name='H264' clockrate='90000'/>";
    for (video, setup) in [(h264, "active"), ("", "active"), (VP8, "actpass")] {
        let mut world = calls("aaaa");
        answers(&mut world, "aaaa", video, setup);
        is_on_bridge(&world);
        assert!(world.said_with("failed-application").is_some());
    }
}

#[test]
fn where_both_call_theirs_is_taken() {
    let mut world = calls("aaaa");
    let ours = sid(&world);
    world.calls_directly("aaaa");
    let ended = world.said_with("session-terminate").unwrap().to_xml();
    assert!(ended.contains(&ours), "{ended}");
    world.connects();
    assert!(world.room.peer_is_live());
    assert!(world.said_with("session-accept").is_some());
    // What they still say about ours changes nothing.
    world.answers("session-initiate", "error", "<error type='cancel'/>");
    assert!(world.room.peer_is_live());
}

#[test]
fn whoever_needs_the_bridge_keeps_the_two_on_it() {
    let joins: [fn(&mut World); 4] = [
        |world| {
            world.hears(&format!(
                "<presence xmlns='jabber:client' from='{ROOM}/rec'><x xmlns='http://jabber.org/protocol/muc#user'>\
                 <item jid='rec@hidden.example.org/r' role='participant'/></x></presence>"
            ));
        },
        |world| {
            let telephone =
                "<features><feature var='http://jitsi.org/protocol/jigasi'/></features>";
            world.presence("aaaa", "role='participant'", telephone);
        },
        |world| {
            let audience = "<conference-properties xmlns='http://jitsi.org/protocol/focus'>\
                <property key='visitor-count' value='3'/></conference-properties>";
            world.presence("focus", "role='moderator'", audience);
        },
        |world| {
            let metadata = r#"{"type":"room_metadata","metadata":{"recording":{"isTranscribingEnabled":true}}}"#;
            world.component("room_metadata", metadata);
        },
    ];
    for (index, join) in joins.into_iter().enumerate() {
        let mut world = calls("aaaa");
        answers(&mut world, "aaaa", VP8, "active");
        let transport = world.room.peer.as_ref().unwrap().session.transport;
        let state = TransportState::Connected;
        world.engine(TransportEvent::State { transport, state });
        assert!(world.room.peer_is_live());
        join(&mut world);
        assert!(world.room.peer.is_none(), "{index}");
        assert!(world.said_with("<success").is_some(), "{index}");
        is_on_bridge(&world);
    }
}

fn sends(world: &World, on: TransportId) -> Vec<String> {
    let mut sending = Vec::new();
    for command in world.commands() {
        match command {
            TransportCommand::Send {
                transport, track, ..
            } if transport == on => sending.push(track),
            TransportCommand::Unpublish { transport, track } if transport == on => {
                sending.retain(|t| *t != track);
            }
            _ => {}
        }
    }
    sending
}

#[test]
fn two_talk_directly_until_a_third_comes() {
    let mut world = World::joined(direct(), &["0000"]);
    let bridge = world.transport();
    world.bridge_says(
        r#"{"colibriClass":"AudioSourcesMap","mappedSources":[{"source":"0000-a0","owner":"0000","ssrc":5}]}"#,
    );
    world.calls_directly("0000");
    let peer = world.transport();
    assert_ne!(peer, bridge);
    world.connects();
    assert_eq!(sends(&world, peer).len(), 2);
    let stopped = |c: &TransportCommand| matches!(c, TransportCommand::Unpublish { transport, .. } if *transport == bridge);
    assert_eq!(world.commands().iter().filter(|c| stopped(c)).count(), 2);
    world.take();
    world.comes("bbbb");
    let commands = world.commands();
    let position =
        |wanted: &dyn Fn(&TransportCommand) -> bool| commands.iter().position(wanted).unwrap();
    let shown = position(
        &|c| matches!(c, TransportCommand::Assign { transport, track, .. } if *transport == bridge && track == "0000-a0"),
    );
    let closed = position(&|c| *c == TransportCommand::Close { transport: peer });
    let expected = position(
        &|c| matches!(c, TransportCommand::Receive { transport, track, .. } if *transport == bridge && track == "0000-a0"),
    );
    assert!(expected < shown && shown < closed, "a gap: {commands:?}");
    assert_eq!(sends(&world, bridge).len(), 2);
    assert!(
        world
            .said_with("session-terminate")
            .unwrap()
            .to_xml()
            .contains("<success/>")
    );
    assert!(!is_troubled(&world));
}

#[test]
fn a_direct_session_that_does_not_connect_is_given_up() {
    let mut world = World::joined(direct(), &["0000"]);
    let bridge = world.transport();
    world.calls_directly("0000");
    world.passes(16);
    assert!(world.room.peer.is_none());
    assert_eq!(world.transport(), bridge);
    assert!(!is_troubled(&world));
}

#[test]
fn direct_sessions_are_declined_where_they_make_no_sense() {
    let mut world = World::joined(direct(), &["0000", "bbbb"]);
    world.calls_directly("0000");
    assert!(world.said_with("<decline/>").is_some());
    let mut world = World::joined(setup(), &["0000"]);
    world.calls_directly("0000");
    assert!(world.said_with("<decline/>").is_some());
    assert!(world.room.peer.is_none());
}
