//! Calls through firewalls: the far end hears nothing but what a TURN server passes on.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::{io::Write as _, net::SocketAddr, time::Instant};

use saal_media_protocol::{
    Declared, DescriptionKind, IceServer, MediaEvent, TransportCommand, TransportEvent,
    TransportId, TransportRole,
};
use str0m::{Candidate, Rtc};
use stun_types::{
    attribute::XorMappedAddress,
    message::{Message, MessageWrite, MessageWriteExt, MessageWriteVec},
};
use support::{DEADLINE, Daemon, bridge::Bridge, open, simulated, start_process_with, turn::Turn};
use tokio::{net::UdpSocket, time::timeout};

const CALL: TransportId = TransportId(1);

/// A bridge behind a firewall and its offer, with these servers.
async fn behind(turn: &Turn, servers: Vec<IceServer>) -> (Bridge, Declared) {
    let (mut bridge, mut declared) = Bridge::new().await;
    bridge.hears = Some(Box::new(turn.gave()));
    declared.ice_servers = servers;
    (bridge, declared)
}

async fn call_through(daemon: &mut Daemon, turn: &Turn) {
    let (mut bridge, declared) = behind(turn, vec![turn.listed()]).await;
    bridge.offer_to(daemon, CALL, declared).await;
    bridge.until_daemon(daemon.connected(CALL)).await;
    bridge.talk(daemon, CALL).await;
}

#[tokio::test]
async fn a_call_goes_through_a_relay_over_udp() {
    let mut daemon = Daemon::engine(simulated()).await;
    call_through(&mut daemon, &Turn::udp().await).await;
}

#[tokio::test]
async fn a_call_goes_through_a_relay_over_tcp() {
    let mut daemon = Daemon::engine(simulated()).await;
    call_through(&mut daemon, &Turn::tcp().await).await;
}

#[tokio::test]
async fn a_call_goes_through_a_relay_over_tls() {
    let turn = Turn::tls().await;
    let mut authority = tempfile::NamedTempFile::new().unwrap();
    let pem = turn.authority.as_ref().unwrap();
    authority.write_all(pem.as_bytes()).unwrap();
    let (_child, mut daemon) = start_process_with(&[("SSL_CERT_FILE", authority.path())]);
    daemon.greet(simulated()).await;
    call_through(&mut daemon, &turn).await;
}

#[tokio::test]
async fn a_relay_with_a_certificate_of_strangers_is_not_used_and_hurts_nobody() {
    let mut daemon = Daemon::engine(simulated()).await;
    let (stranger, turn) = (Turn::tls().await, Turn::udp().await);
    let servers = vec![stranger.listed(), turn.listed()];
    let (mut bridge, declared) = behind(&turn, servers).await;
    bridge.offer_to(&mut daemon, CALL, declared).await;
    bridge.until_daemon(stranger.distrusted.notified()).await;
    bridge.until_daemon(daemon.connected(CALL)).await;
    bridge.talk(&mut daemon, CALL).await;
}

#[tokio::test]
async fn a_relay_that_does_not_know_the_room_hurts_nobody() {
    let mut daemon = Daemon::engine(simulated()).await;
    let (refuses, turn) = (Turn::udp().await, Turn::tcp().await);
    let wrong = IceServer {
        credential: "something else".to_owned(),
        ..refuses.listed()
    };
    let gone = IceServer {
        urls: vec!["turn:127.0.0.1:9?transport=tcp".to_owned()],
        ..refuses.listed()
    };
    let (mut bridge, declared) = behind(&turn, vec![wrong, gone, turn.listed()]).await;
    bridge.offer_to(&mut daemon, CALL, declared).await;
    bridge.until_daemon(daemon.connected(CALL)).await;
    bridge.talk(&mut daemon, CALL).await;
}

#[tokio::test]
async fn a_call_that_can_go_straight_does() {
    let mut daemon = Daemon::engine(simulated()).await;
    let turn = Turn::udp().await;
    let (mut bridge, mut declared) = Bridge::new().await;
    declared.ice_servers = vec![turn.listed()];
    bridge.offer_to(&mut daemon, CALL, declared).await;
    bridge.until_daemon(daemon.connected(CALL)).await;
    bridge.talk(&mut daemon, CALL).await;
    let gave = turn.gave();
    let relayed = bridge.media_from.iter().filter(|from| gave(**from)).count();
    assert_eq!(relayed, 0, "{:?}", bridge.media_from);
}

/// A server's offer of a data channel, with this address for media.
fn offer(at: SocketAddr) -> String {
    let mut far = Rtc::builder().build(Instant::now());
    far.add_local_candidate(Candidate::host(at, "udp").unwrap());
    let mut changes = far.sdp_api();
    changes.add_channel("data".to_owned());
    let (offer, _) = changes.apply().unwrap();
    offer.to_sdp_string()
}

/// As behind a wall that lets nothing in, and no STUN server to ask.
#[tokio::test]
async fn a_server_that_is_not_heard_is_asked() {
    let mut daemon = Daemon::engine(simulated()).await;
    let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    daemon
        .transport(open(CALL, TransportRole::Subscriber))
        .await;
    daemon
        .transport(TransportCommand::Describe {
            transport: CALL,
            kind: DescriptionKind::Offer,
            sdp: offer(far.local_addr().unwrap()),
        })
        .await;
    let mut asked = [0; 1_500];
    let asked = timeout(DEADLINE, far.recv(&mut asked)).await;
    assert!(asked.is_ok(), "nothing came");
}

#[tokio::test]
async fn the_far_end_is_told_how_a_stun_server_sees_the_room() {
    let mut daemon = Daemon::engine(simulated()).await;
    let stun = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let servers = vec![IceServer {
        urls: vec![format!("stun:{}", stun.local_addr().unwrap())],
        username: String::new(),
        credential: String::new(),
    }];
    tokio::spawn(answer(stun));
    let (mut bridge, mut declared) = Bridge::new().await;
    declared.ice_servers = servers;
    bridge.offer_to(&mut daemon, CALL, declared).await;
    let told = daemon.until(|event| match event {
        MediaEvent::Transport(TransportEvent::Candidate { candidate, .. })
            if candidate.candidate.contains("typ srflx") =>
        {
            Some(candidate.candidate.clone())
        }
        _ => None,
    });
    let told = bridge.until_daemon(told).await;
    assert!(told.contains(" 203.0.113.9 4000 typ srflx"), "{told}");
}

/// A STUN server that sees everybody behind an address translation.
async fn answer(stun: UdpSocket) {
    let mut buffer = [0; 1_500];
    loop {
        let (length, from) = stun.recv_from(&mut buffer).await.unwrap();
        let request = Message::from_bytes(&buffer[..length]).unwrap();
        let mut answer = Message::builder_success(&request, MessageWriteVec::new());
        let seen = "203.0.113.9:4000".parse().unwrap();
        let seen = XorMappedAddress::new(seen, request.transaction_id());
        answer.add_attribute(&seen).unwrap();
        stun.send_to(&answer.finish(), from).await.unwrap();
    }
}
