//! Sessions that go on over another socket.

use saal_meeting::SocketWay;

use super::*;

/// In a call in which everything the room sends is published.
fn flowing() -> (World, ConnectionId) {
    let mut world = World::joined();
    let connection = world.connection_to(FOCUS).unwrap();
    world.lose(connection);
    let connection = world.connection_to(FOCUS).unwrap();
    world
        .machine
        .handle_connected(world.now, connection, grant());
    let join = proto::JoinResponse {
        participant: Some(proto::ParticipantInfo {
            sid: "PA_me".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let effects = world.says(connection, Said::Join(join));
    let announced = effects.iter().filter_map(|effect| match effect {
        Effect::Send { request, .. } => match request.message.clone()? {
            proto::signal_request::Message::AddTrack(track) => Some(track.cid),
            _ => None,
        },
        _ => None,
    });
    for cid in announced.collect::<Vec<_>>() {
        let track = Some(proto::TrackInfo {
            sid: format!("TR_{cid}"),
            ..Default::default()
        });
        let published = proto::TrackPublishedResponse { cid, track };
        world.says(connection, Said::TrackPublished(published));
        world.says(
            connection,
            Said::Answer(proto::SessionDescription::default()),
        );
    }
    all_are(&mut world, TransportState::Connected);
    world.effects.clear();
    (world, connection)
}

/// Of the second stay at the media server of the third call.
fn all_are(world: &mut World, state: TransportState) {
    for transport in [3, 4].map(|n| TransportId((3 << 32) + n)) {
        let event = TransportEvent::State { transport, state };
        world.machine.handle_transport(world.now, event);
    }
    world.drain();
}

fn resumed(effects: &[Effect]) -> Option<ConnectionId> {
    effects.iter().find_map(|effect| match effect {
        Effect::Resume {
            connection,
            grant: with,
            stay,
        } if stay == "PA_me" && *with == grant() => Some(*connection),
        _ => None,
    })
}

#[test]
fn a_lost_socket_is_replaced_and_nobody_is_told() {
    let (mut world, connection) = flowing();
    let effects = world.lose(connection);
    let next = resumed(&effects).expect("another socket at once");
    world.machine.handle_connected(world.now, next, grant());
    world.says(next, Said::Reconnect(proto::ReconnectResponse::default()));
    let said = |effect: &Effect| matches!(effect, Effect::Emit(_));
    assert!(!world.effects.iter().any(said), "{:?}", world.effects);
    assert!(resumed(&world.lose(next)).is_some(), "and again");
}

#[test]
fn interrupted_media_come_back_on_the_same_connections() {
    let (mut world, _) = flowing();
    all_are(&mut world, TransportState::Disconnected);
    let next = loop {
        if let Some(next) = resumed(&world.wait()) {
            break next;
        }
    };
    let interrupted =
        |effect: &Effect| matches!(effect, Effect::Emit(CallEvent::Reconnecting { .. }));
    assert!(world.effects.iter().any(interrupted));
    world.machine.handle_connected(world.now, next, grant());
    world.says(next, Said::Reconnect(proto::ReconnectResponse::default()));
    let restarted =
        |command: &TransportCommand| matches!(command, TransportCommand::RestartIce { .. });
    assert!(world.commands().any(restarted));
    assert!(!world.said(&CallEvent::Joined));
    all_are(&mut world, TransportState::Connected);
    assert!(world.said(&CallEvent::Joined));
    let closed = |command: &TransportCommand| matches!(command, TransportCommand::Close { .. });
    assert!(!world.commands().any(closed));
}

#[test]
fn a_server_that_refuses_is_joined_anew_at_once() {
    let (mut world, connection) = flowing();
    let next = resumed(&world.lose(connection)).unwrap();
    let failure = ConnectFailure {
        ends: None,
        refused: true,
        blocked: None,
        reason: "404".into(),
    };
    world.machine.handle_disconnected(world.now, next, failure);
    world.drain();
    assert!(world.connection_to(FOCUS).is_some());
}

#[test]
fn attempts_to_go_on_come_less_often_while_the_server_is_down() {
    let (mut world, connection) = flowing();
    let mut next = resumed(&world.lose(connection)).unwrap();
    let mut waits = Vec::new();
    for _ in 0..3 {
        let lost_at = world.now.instant;
        world.lose(next);
        next = loop {
            if let Some(next) = resumed(&world.wait()) {
                break next;
            }
        };
        waits.push((world.now.instant - lost_at).as_millis());
    }
    assert_eq!(waits, [200, 500, 1000]);
}

/// The network lets no socket to our media server through.
fn is_blocked(world: &mut World) {
    let connection = world.connection_to(FOCUS).unwrap();
    let failure = ConnectFailure {
        ends: None,
        refused: false,
        blocked: Some("rtc.hs".into()),
        reason: "403 Forbidden".into(),
    };
    world
        .machine
        .handle_disconnected(world.now, connection, failure);
    world.drain();
}

fn said_of_sockets(world: &World) -> Vec<SocketWay> {
    let effects = world.effects.iter().filter_map(|effect| match effect {
        Effect::Emit(CallEvent::Socket(way)) => Some(way.clone()),
        _ => None,
    });
    effects.collect()
}

#[test]
fn a_network_that_blocks_the_socket_is_told_once_and_that_it_does_no_longer() {
    let mut world = World::new(vec![member("anna", FOCUS)], None);
    world.outcome(Outcome::Delayed(Ok("d1".into())));
    world.outcome(Outcome::MemberPut(Ok("$room".into())));
    let first = world.connection_to(FOCUS);
    is_blocked(&mut world);
    while world.connection_to(FOCUS) == first {
        world.wait();
    }
    is_blocked(&mut world);
    let blocked = SocketWay::Blocked {
        server: "rtc.hs".into(),
        needed: true,
        reason: "403 Forbidden".into(),
    };
    assert_eq!(said_of_sockets(&world), std::slice::from_ref(&blocked));
    let second = world.connection_to(FOCUS);
    while world.connection_to(FOCUS) == second {
        world.wait();
    }
    world.enter();
    assert_eq!(said_of_sockets(&world), [blocked, SocketWay::Through]);
    assert!(world.said(&CallEvent::Joined));
}

#[test]
fn a_join_that_the_network_blocks_ends_with_that() {
    let mut world = World::new(Vec::new(), None);
    world.outcome(Outcome::Delayed(Ok("d1".into())));
    world.outcome(Outcome::MemberPut(Ok("$room".into())));
    let mut tried = None;
    while world.ended().is_none() {
        let connection = world.connection_to(FOCUS);
        if tried != connection {
            is_blocked(&mut world);
            tried = connection;
        }
        world.wait_out();
    }
    let blocked = EndReason::Blocked {
        server: "rtc.hs".into(),
        reason: "403 Forbidden".into(),
    };
    assert_eq!(world.ended(), Some(&blocked));
}
