//! Calls over TCP (RFC 6544): the far end waits for connections, and hears nothing but what comes over them.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::sync::atomic::Ordering;

use saal_media_protocol::{
    CandidateProtocol, ConnectionStats, MediaEvent, TransportCommand, TransportEvent, TransportId,
};
use support::{Daemon, bridge::Bridge, passive::Passive, simulated, turn::Turn};
use tokio::net::TcpListener;

const CALL: TransportId = TransportId(1);

/// Tells the room of such a place.
async fn tell(daemon: &mut Daemon, passive: &Passive, protocol: &str) {
    daemon
        .transport(TransportCommand::AddCandidate {
            transport: CALL,
            candidate: passive.candidate(protocol),
        })
        .await;
}

/// A bridge that hears nothing but what comes over TCP, and a room in a call with it.
async fn call_over(protocol: &str) -> (Daemon, Bridge, Passive) {
    let mut daemon = Daemon::engine(simulated()).await;
    let (mut bridge, declared) = Bridge::new().await;
    let passive = match protocol {
        "ssltcp" => Passive::disguised(bridge.at()).await,
        _ => Passive::before(bridge.at()).await,
    };
    bridge.hears = Some(Box::new(passive.brought()));
    bridge.offer_to(&mut daemon, CALL, declared).await;
    tell(&mut daemon, &passive, protocol).await;
    bridge.until_daemon(daemon.connected(CALL)).await;
    (daemon, bridge, passive)
}

/// The next that is said of the connection in use.
async fn way(daemon: &mut Daemon, bridge: &mut Bridge) -> ConnectionStats {
    let mut found = None;
    let stats = daemon.stats_until(|stats| {
        let mut connections = stats.connections.iter();
        found = connections.find(|c| c.protocol.is_some()).cloned();
        found.is_some()
    });
    bridge.until_daemon(stats).await;
    found.unwrap()
}

fn routes(daemon: &Daemon) -> Vec<bool> {
    let said = daemon.log.iter().filter_map(|event| match event {
        MediaEvent::Transport(TransportEvent::Route { in_stream, .. }) => Some(*in_stream),
        _ => None,
    });
    said.collect()
}

#[tokio::test]
async fn a_call_goes_over_tcp_where_nothing_else_gets_through() {
    let (mut daemon, mut bridge, _passive) = call_over("tcp").await;
    bridge.talk(&mut daemon, CALL).await;
    assert_eq!(routes(&daemon), [true]);
    let way = way(&mut daemon, &mut bridge).await;
    assert_eq!(way.protocol, Some(CandidateProtocol::Tcp));
    assert_eq!(way.relay_protocol, None);
}

#[tokio::test]
async fn a_call_goes_over_tcp_that_looks_like_tls() {
    let (mut daemon, mut bridge, _passive) = call_over("ssltcp").await;
    bridge.talk(&mut daemon, CALL).await;
    let way = way(&mut daemon, &mut bridge).await;
    assert_eq!(way.protocol, Some(CandidateProtocol::Tcp));
}

#[tokio::test]
async fn a_call_that_can_go_as_datagrams_does() {
    let mut daemon = Daemon::engine(simulated()).await;
    let (mut bridge, declared) = Bridge::new().await;
    let passive = Passive::before(bridge.at()).await;
    bridge.offer_to(&mut daemon, CALL, declared).await;
    tell(&mut daemon, &passive, "tcp").await;
    bridge.until_daemon(daemon.connected(CALL)).await;
    let voice = bridge.talk(&mut daemon, CALL).await;
    assert_ne!(passive.accepted.load(Ordering::Relaxed), 0);
    bridge.media_from.clear();
    bridge.hears_and_is_seen(&mut daemon, voice).await;
    let brought = passive.brought();
    let over_tcp = bridge.media_from.iter().filter(|from| brought(**from));
    assert_eq!(over_tcp.count(), 0, "{:?}", bridge.media_from);
    let way = way(&mut daemon, &mut bridge).await;
    assert_eq!(way.protocol, Some(CandidateProtocol::Udp));
    assert_eq!(routes(&daemon).last(), Some(&false));
}

/// A relay of datagrams is a detour, and loses nothing that holds up the rest.
#[tokio::test]
async fn a_relay_of_datagrams_is_better_than_tcp() {
    let mut daemon = Daemon::engine(simulated()).await;
    let turn = Turn::udp().await;
    let (mut bridge, mut declared) = Bridge::new().await;
    let passive = Passive::before(bridge.at()).await;
    let (relayed, brought) = (turn.gave(), passive.brought());
    bridge.hears = Some(Box::new(move |from| relayed(from) || brought(from)));
    declared.ice_servers = vec![turn.listed()];
    bridge.offer_to(&mut daemon, CALL, declared).await;
    tell(&mut daemon, &passive, "tcp").await;
    bridge.until_daemon(daemon.connected(CALL)).await;
    let voice = bridge.talk(&mut daemon, CALL).await;
    bridge.media_from.clear();
    bridge.hears_and_is_seen(&mut daemon, voice).await;
    let relayed = turn.gave();
    assert!(bridge.media_from.iter().all(|from| relayed(*from)));
}

#[tokio::test]
async fn a_call_goes_on_over_another_connection_when_one_dies() {
    let (mut daemon, mut bridge, passive) = call_over("tcp").await;
    let voice = bridge.talk(&mut daemon, CALL).await;
    passive.cut();
    let moved = daemon.until(|event| {
        matches!(event, MediaEvent::Transport(TransportEvent::Moved { .. })).then_some(())
    });
    bridge.until_daemon(moved).await;
    bridge.hears_and_is_seen(&mut daemon, voice).await;
    assert_eq!(passive.accepted.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn nonsense_on_the_connection_ends_it_and_the_call_goes_on() {
    let (mut daemon, mut bridge, passive) = call_over("tcp").await;
    let voice = bridge.talk(&mut daemon, CALL).await;
    // Empty packets, and such that are none of ours, are left alone.
    passive.say(&[0, 0, 0, 0, 0, 1, 0, 0, 3, 0x80, 0, 0, 0, 2, 0xff, 0xff]);
    bridge.hears_and_is_seen(&mut daemon, voice).await;
    assert_eq!(passive.accepted.load(Ordering::Relaxed), 1);
    passive.say(b"HTTP/1.1 408 Request Timeout\r\n\r\n");
    let moved = daemon.until(|event| {
        matches!(event, MediaEvent::Transport(TransportEvent::Moved { .. })).then_some(())
    });
    bridge.until_daemon(moved).await;
    bridge.hears_and_is_seen(&mut daemon, voice).await;
    assert_eq!(passive.accepted.load(Ordering::Relaxed), 2);
}

/// A service that waits for something else at that port, one that hangs up, and one that is not there.
#[tokio::test]
async fn places_where_nobody_waits_hurt_nobody() {
    let mut daemon = Daemon::engine(simulated()).await;
    let (mut bridge, declared) = Bridge::new().await;
    let passive = Passive::before(bridge.at()).await;
    bridge.hears = Some(Box::new(passive.brought()));
    bridge.offer_to(&mut daemon, CALL, declared).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hangs_up = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for other in [&silent, &gone, &hangs_up] {
        let mut candidate = passive.candidate("tcp");
        let port = other.local_addr().unwrap().port().to_string();
        let ours = candidate.candidate.split(' ').nth(5).unwrap().to_owned();
        candidate.candidate = candidate.candidate.replacen(&ours, &port, 1);
        daemon
            .transport(TransportCommand::AddCandidate {
                transport: CALL,
                candidate,
            })
            .await;
    }
    drop(gone);
    tokio::spawn(async move {
        while let Ok((stream, _)) = hangs_up.accept().await {
            drop(stream);
        }
    });
    tell(&mut daemon, &passive, "tcp").await;
    bridge.until_daemon(daemon.connected(CALL)).await;
    bridge.talk(&mut daemon, CALL).await;
    drop(silent);
}
