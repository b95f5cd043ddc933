//! Calls through coturn: the far end hears nothing but what it passes on.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::{path::Path, sync::atomic::Ordering};

use saal_media_protocol::{Codec, IceServer, SourceKind, TransportId};
use support::{
    Daemon, assign,
    bridge::{Bridge, numbers, receive},
    clip::clip,
    coturn::{Coturn, Proxy},
    simulated, start_process_with,
};

const CALL: TransportId = TransportId(1);

/// A call in which a picture comes through this server.
async fn call_through(daemon: &mut Daemon, server: IceServer) {
    let (mut bridge, mut declared) = Bridge::new().await;
    bridge.hears = Some(Box::new(Coturn::gave));
    declared.ice_servers = vec![server];
    bridge.offer_to(daemon, CALL, declared).await;
    bridge.until_daemon(daemon.connected(CALL)).await;
    daemon
        .transport(receive(CALL, "ada-v0", numbers(10), true))
        .await;
    daemon
        .transport(assign(CALL, "ada-v0", "ada", SourceKind::Camera))
        .await;
    bridge.show(numbers(10), Some(clip(Codec::Vp8, 320, 180, 60)));
    let decoded = daemon.stats_until(|stats| {
        let mut pictures = stats.received_video.iter();
        pictures.any(|video| video.frames_decoded > 30)
    });
    bridge.until_daemon(decoded).await;
}

#[tokio::test]
async fn a_call_goes_through_coturn_over_udp_and_ipv6() {
    let coturn = Coturn::start().await;
    let mut daemon = Daemon::engine(simulated()).await;
    call_through(&mut daemon, coturn.udp("[::1]")).await;
}

#[tokio::test]
async fn a_call_goes_through_coturn_over_tcp() {
    let coturn = Coturn::start().await;
    let mut daemon = Daemon::engine(simulated()).await;
    call_through(&mut daemon, coturn.tcp()).await;
}

/// As in a company that lets nothing out but what its proxy tunnels; how many it opened.
async fn call_through_proxy(proxy: Proxy) -> u32 {
    let coturn = Coturn::start().await;
    let environment = [
        ("SSL_CERT_FILE", coturn.authority.path()),
        ("https_proxy", Path::new(&proxy.address)),
    ];
    let (_child, mut daemon) = start_process_with(&environment);
    daemon.greet(simulated()).await;
    call_through(&mut daemon, coturn.tls()).await;
    proxy.tunnels.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_call_goes_through_a_proxy_and_coturn_over_tls() {
    assert_ne!(call_through_proxy(Proxy::start(0).await).await, 0);
}

#[tokio::test]
async fn a_proxy_that_forgets_a_request_does_not_keep_the_call_waiting() {
    assert_eq!(call_through_proxy(Proxy::start(1).await).await, 1);
}
