//! What breaks, and comes back.

use saal_media_protocol::{SourceKind, TransportEvent, TransportState};
use saal_meeting::{Role, SocketWay};

use super::{
    super::*,
    world::{ME, ROOM, World, setup},
};

fn reconnecting(world: &World) -> usize {
    let events = world.events();
    let troubled = |e: &&CallEvent| matches!(e, CallEvent::Reconnecting { .. });
    events.iter().filter(troubled).count()
}

fn closed(world: &World) -> usize {
    let commands = world.commands();
    let closes = |c: &&TransportCommand| matches!(c, TransportCommand::Close { .. });
    commands.iter().filter(closes).count()
}

#[test]
fn a_link_that_comes_back_is_not_noticed() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.link_is_lost();
    world.set_muted(SourceKind::Microphone, true);
    world.passes(1);
    let resumes = world.outputs.iter().any(
        |output| matches!(output, Output::OpenLink { resume: Some(name), .. } if name == "sm"),
    );
    assert!(resumes);
    world.link_opens();
    world.take();
    world.hears("<resumed xmlns='urn:xmpp:sm:3' previd='sm' h='0'/>");
    assert!(world.said_with("SourceInfo").is_some(), "the mute was lost");
    assert_eq!((reconnecting(&world), closed(&world)), (0, 0));
}

#[test]
fn a_link_that_the_server_forgot_means_joining_anew() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.link_is_lost();
    world.passes(1);
    world.link_opens();
    world.hears("<failed xmlns='urn:xmpp:sm:3'/>");
    world.log_in("ffff0000-aaaa-bbbb-cccc-0123456789ab");
    assert_eq!((reconnecting(&world), closed(&world)), (1, 1));
    world.focus_is_ready();
    world.comes("aaaa");
    world.comes(ME);
    world.enters("ffff0000");
    assert_eq!(world.people(), ["aaaa"], "our own ghost is shown");
    world.invites();
    assert!(!world.has(&CallEvent::Joined));
    world.connects();
    assert!(world.has(&CallEvent::Joined));
}

#[test]
fn a_silent_server_is_taken_for_lost() {
    let mut world = World::joined(setup(), &[]);
    world.passes(60);
    assert!(!world.outputs.contains(&Output::CloseLink));
    world.silent = true;
    world.passes(25);
    let opens = |o: &Output| matches!(o, Output::OpenLink { .. });
    assert!(world.outputs.contains(&Output::CloseLink));
    assert!(world.outputs.iter().any(opens));
}

#[test]
fn failed_media_are_asked_for_again() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.media(TransportState::Failed);
    assert_eq!((reconnecting(&world), closed(&world)), (1, 1));
    let terminate = world.said_with("session-terminate").unwrap().to_xml();
    assert!(
        terminate.contains("id=\"b1\" restart=\"true\""),
        "{terminate}"
    );
    world.invites();
    world.connects();
    assert!(world.has(&CallEvent::Joined));
}

#[test]
fn at_another_address_stream_and_media_begin_anew_at_once() {
    let mut world = World::joined(setup(), &["aaaa"]);
    let transport = world.transport();
    world.engine(TransportEvent::Moved { transport });
    assert!(world.outputs.contains(&Output::CloseLink));
    assert_eq!((reconnecting(&world), closed(&world)), (1, 1));
    world.passes(1);
    let opens = |o: &Output| matches!(o, Output::OpenLink { .. });
    assert!(world.outputs.iter().any(opens));
}

#[test]
fn a_short_break_of_the_media_is_waited_out() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.media(TransportState::Disconnected);
    world.passes(1);
    world.media(TransportState::Connected);
    world.passes(9);
    assert_eq!(reconnecting(&world), 0);
    world.media(TransportState::Disconnected);
    world.passes(3);
    assert_eq!(reconnecting(&world), 1);
}

#[test]
fn a_focus_that_does_not_invite_again_gets_a_new_participant() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.media(TransportState::Failed);
    world.take();
    world.answers_to_restart_fails();
    let left = world.said_with("type=\"unavailable\"").unwrap();
    assert_eq!(left.attr("to"), Some(format!("{ROOM}/{ME}").as_str()));
    world.passes(1);
    world.focus_is_ready();
    let me = world.room.endpoint.clone();
    assert_ne!(me, ME);
    world.enters(&me);
    assert!(world.has(&CallEvent::Joined));
    world.take();
    // The room confirms late that the one before has left.
    world.hears(&format!(
        "<presence xmlns='jabber:client' type='unavailable' from='{ROOM}/{ME}'>\
         <x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>"
    ));
    assert_eq!(world.take(), []);
}

impl World {
    fn answers_to_restart_fails(&mut self) {
        let id = self
            .room
            .pending
            .iter()
            .find(|(_, what)| **what == Pending::Restart);
        let id = id.unwrap().0.clone();
        self.hears(&format!(
            "<iq xmlns='jabber:client' type='error' id='{id}'/>"
        ));
    }
}

#[test]
fn nobody_plays_the_focus() {
    let mut world = World::online(setup());
    world.focus_is_ready();
    world.hears(&format!(
        "<presence xmlns='jabber:client' from='{ROOM}/focus'><x xmlns='http://jabber.org/protocol/muc#user'>\
         <item jid='mallory@example.org/x'/></x></presence>"
    ));
    world.hears(&format!(
        "<presence xmlns='jabber:client' from='{ROOM}/{ME}'><x xmlns='http://jabber.org/protocol/muc#user'>\
         <status code='110'/></x></presence>"
    ));
    world.order(
        "focus",
        "<mute xmlns='http://jitsi.org/jitmeet/audio'>true</mute>",
    );
    world.invites();
    let mutes = |e: &CallEvent| matches!(e, CallEvent::MutedByOther { .. });
    assert!(!world.events().iter().any(mutes));
    assert!(world.room.bridge.is_none());
}

#[test]
fn another_bridge_is_followed() {
    let mut world = World::joined(setup(), &["aaaa"]);
    let sid = world.room.bridge.as_ref().unwrap().offer.sid.clone();
    world.order(
        "focus",
        &format!("<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' sid='{sid}'><reason><success/></reason></jingle>"),
    );
    world.invites();
    world.connects();
    assert_eq!((reconnecting(&world), closed(&world)), (1, 1));
    assert!(world.has(&CallEvent::Joined));
}

#[test]
fn without_the_focus_the_room_comes_back() {
    let mut world = World::joined(setup(), &["aaaa"]);
    world.leaves("focus");
    assert_eq!((reconnecting(&world), closed(&world)), (1, 1));
    world.passes(1);
    world.focus_is_ready();
    world.comes("aaaa");
    let me = world.room.endpoint.clone();
    world.enters(&me);
    world.invites();
    world.connects();
    assert!(world.has(&CallEvent::Joined));
}

#[test]
fn a_restarted_engine_gets_new_connections() {
    let mut world = World::joined(setup(), &["aaaa"]);
    let before = world.transport();
    world.command(MeetingCommand::MediaRestarted { call: CallId(3) });
    world.invites();
    assert_ne!(world.transport(), before);
    world.connects();
    assert!(world.has(&CallEvent::Joined));
}

#[test]
fn the_bridge_s_socket_is_opened_again() {
    let mut world = World::online(setup());
    world.focus_is_ready();
    world.comes("aaaa");
    world.enters(ME);
    world.invites_to_socket();
    world.connects();
    world.room.handle_bridge(world.now, BridgeEvent::Opened);
    world
        .room
        .handle_bridge(world.now, BridgeEvent::Closed("closed by the server"));
    world.take();
    world.passes(1);
    let url = "wss://example.org/colibri-ws/1".to_owned();
    assert!(world.outputs.contains(&Output::OpenBridge { url }));
    world.take();
    world.room.handle_bridge(world.now, BridgeEvent::Opened);
    world.passes(0);
    world.act(saal_meeting::MeetingAction::React {
        emoji: "\u{1f44d}".into(),
    });
    let says = world
        .outputs
        .iter()
        .filter(|o| matches!(o, Output::SendBridge(_)));
    assert_eq!(says.count(), 3, "video type, constraints, reaction");
}

fn said_of_sockets(world: &World) -> Vec<CallEvent> {
    let events = world.events();
    let of_sockets = |event: &CallEvent| matches!(event, CallEvent::Socket(_));
    events.into_iter().filter(of_sockets).collect()
}

#[test]
fn a_network_that_blocks_the_bridge_s_socket_is_told_once_and_when_it_does_no_longer() {
    let mut world = World::online(setup());
    world.focus_is_ready();
    world.comes("aaaa");
    world.enters(ME);
    world.invites_to_socket();
    world.connects();
    let refused = BridgeEvent::Closed("example.org: 403");
    let fails = |world: &mut World| {
        world.room.handle_bridge(world.now, refused.clone());
        world.passes(10);
    };
    (0..4).for_each(|_| fails(&mut world));
    assert_eq!(said_of_sockets(&world), [], "a bridge may start anew");
    (0..4).for_each(|_| fails(&mut world));
    let blocked = CallEvent::Socket(SocketWay::Blocked {
        server: "example.org".to_owned(),
        needed: false,
        reason: "example.org: 403".to_owned(),
    });
    assert_eq!(said_of_sockets(&world), [blocked]);
    world.take();
    world.room.handle_bridge(world.now, BridgeEvent::Opened);
    world.collect();
    let through = CallEvent::Socket(SocketWay::Through);
    assert_eq!(said_of_sockets(&world), [through]);
    world.take();
    fails(&mut world);
    assert_eq!(said_of_sockets(&world), [], "once is an accident");
}

#[test]
fn a_bridge_that_is_gone_is_no_wall() {
    let mut world = World::online(setup());
    world.focus_is_ready();
    world.comes("aaaa");
    world.enters(ME);
    world.invites_to_socket();
    world.connects();
    world.engine(TransportEvent::State {
        transport: world.transport(),
        state: TransportState::Disconnected,
    });
    for _ in 0..8 {
        let refused = BridgeEvent::Closed("example.org: 502");
        world.room.handle_bridge(world.now, refused);
        world.collect();
    }
    assert_eq!(said_of_sockets(&world), []);
}

#[test]
fn leaving_waits_for_the_room_but_not_for_ever() {
    for confirmed in [true, false] {
        let mut world = World::joined(setup(), &["aaaa"]);
        world.command(MeetingCommand::Leave { call: CallId(3) });
        assert_eq!(closed(&world), 1);
        assert!(!world.room.is_over());
        if confirmed {
            world.sent_away("");
        } else {
            world.passes(3);
        }
        assert!(world.has(&CallEvent::Ended(EndReason::Left)));
        assert_eq!(
            world
                .outputs
                .iter()
                .filter(|o| **o == Output::CloseLink)
                .count(),
            1
        );
        assert_eq!(world.room.deadline(), None);
    }
}

#[test]
fn breakout_rooms_are_followed_and_strangers_rooms_are_not() {
    let mut world = World::joined(setup(), &["aaaa"]);
    let elsewhere = r#"{"type":"breakout_rooms","event":"features/breakout-rooms/move-to-room","roomJid":"x@evil.org"}"#;
    world.component("breakout_rooms", elsewhere);
    assert_eq!(closed(&world), 0);
    let rooms = r#"{"type":"breakout_rooms","event":"features/breakout-rooms/update","rooms":
        {"1":{"jid":"g1@breakout_rooms.example.org","name":"Group 1"}}}"#;
    world.component("breakout_rooms", rooms);
    let moves = r#"{"type":"breakout_rooms","event":"features/breakout-rooms/move-to-room","roomJid":"g1@breakout_rooms.example.org"}"#;
    world.component("breakout_rooms", moves);
    assert_eq!(closed(&world), 1);
    world.focus_is_ready();
    assert!(world.said_with("g1@breakout_rooms.example.org/").is_some());
    world.enters(ME);
    assert_eq!(world.shows().breakout.as_deref(), Some("Group 1"));
}

fn predecessor() -> Predecessor {
    Predecessor {
        jid: "0a1b2c3d-aaaa-bbbb-cccc-0123456789ab@example.org/r".to_owned(),
        stream: Some(Secret::new("sm")),
        room: ROOM.to_owned(),
        endpoint: ME.to_owned(),
    }
}

/// What was saved last.
fn saved(world: &World) -> Predecessor {
    let mut tokens = world
        .events()
        .into_iter()
        .rev()
        .filter_map(|event| match event {
            CallEvent::Resume(token) => Predecessor::read(&token),
            _ => None,
        });
    tokens.next().expect("nothing is saved")
}

fn after_death() -> ConferenceSetup {
    ConferenceSetup {
        predecessor: Some(predecessor()),
        ..setup()
    }
}

#[test]
fn a_new_process_takes_the_place_of_the_one_before() {
    let mut world = World::online(setup());
    world.focus_is_ready();
    world.enters(ME);
    assert_eq!(saved(&world), predecessor());

    let mut world = World::new(after_death());
    let previd = Output::OpenLink {
        resume: Some("sm".to_owned()),
        vnode: None,
        username: None,
    };
    assert!(world.outputs.contains(&previd));
    world.link_opens();
    let bind = world.said_with("<bind").unwrap().to_xml();
    assert!(bind.contains("<resource>r</resource>"), "{bind}");
    world.log_in("0a1b2c3d-aaaa-bbbb-cccc-0123456789ab");
    world.focus_is_ready();
    let goodbye = world
        .said_with("unavailable")
        .expect("the one before stays");
    assert_eq!(goodbye.attr("to"), Some(&*format!("{ROOM}/{ME}")));
    assert_ne!(world.room.endpoint, ME);
    let me = world.room.endpoint.clone();
    world.leaves(ME);
    world.enters(&me);
    assert!(world.has(&CallEvent::Joined));
    assert_eq!(saved(&world).endpoint, me);
    assert!(
        world.said_with("muc#admin").is_none(),
        "nobody is left to remove"
    );
}

#[test]
fn a_resource_that_the_server_does_not_give_is_given_up() {
    let mut world = World::new(after_death());
    world.link_opens();
    world.hears("<iq xmlns='jabber:client' id='bind' type='error'/>");
    let bind = world.said_with("<bind").unwrap().to_xml();
    assert!(!bind.contains("resource"), "{bind}");
    world.log_in("ffffffff-aaaa-bbbb-cccc-0123456789ab");
    world.focus_is_ready();
    world.enters("ffffffff");
    assert!(world.has(&CallEvent::Joined));
}

#[test]
fn the_room_does_not_meet_itself_and_takes_out_who_it_was() {
    for moderates in [false, true] {
        let mut world = World::new(after_death());
        world.link_opens();
        world.log_in("ffffffff-aaaa-bbbb-cccc-0123456789ab");
        world.focus_is_ready();
        world.comes(ME);
        world.comes("aaaa");
        let role = if moderates {
            Role::Moderator
        } else {
            Role::Participant
        };
        world.enters_as("ffffffff", role);
        assert_eq!(world.people(), ["aaaa"]);
        let kick = world.said_with("muc#admin").map(|iq| iq.to_xml());
        assert_eq!(kick.is_some(), moderates);
        assert!(kick.is_none_or(|iq| iq.contains(&format!("nick=\"{ME}\""))));
        world.take();
        world.comes(ME);
        assert!(world.said_with("muc#admin").is_none(), "once is enough");
    }
}
