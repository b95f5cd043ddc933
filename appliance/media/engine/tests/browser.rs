//! A browser of the room's network shares its screen; here webrtcbin stands in for it. What Chromium
//! does is in the suites.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::net::{IpAddr, Ipv4Addr};

use saal_media_protocol::{
    BrowserCommand, BrowserEnd, BrowserEvent, BrowserId, BrowserUse, MediaCommand, MediaEvent,
    Rect, Tile, TileSource,
};
use support::{Daemon, luma_of, simulated, webrtcbin::WebrtcBin};

const LAPTOP: BrowserId = BrowserId(7);

async fn tell(daemon: &mut Daemon, command: BrowserCommand) {
    daemon.send(MediaCommand::Browser(command)).await;
}

/// What the engine next says of the laptop.
async fn told(daemon: &mut Daemon) -> BrowserEvent {
    daemon
        .until(|event| match event {
            MediaEvent::Browser(event) => Some(event.clone()),
            _ => None,
        })
        .await
}

/// An engine that has offered, and its offer.
async fn offered() -> (Daemon, String) {
    let mut daemon = Daemon::engine(simulated()).await;
    let command = BrowserCommand::Open {
        browser: LAPTOP,
        purpose: BrowserUse::Share,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    tell(&mut daemon, command).await;
    match told(&mut daemon).await {
        BrowserEvent::Offer {
            browser: LAPTOP,
            sdp,
        } => (daemon, sdp),
        other => panic!("{other:?} instead of an offer"),
    }
}

async fn answer(daemon: &mut Daemon, sdp: String) {
    let browser = LAPTOP;
    tell(daemon, BrowserCommand::Answer { browser, sdp }).await;
}

/// The middle of the television's next picture.
async fn middle(daemon: &mut Daemon) -> u8 {
    let (luma, width, height) = luma_of(&daemon.picture().await);
    let stride = (width as usize).next_multiple_of(4);
    luma[height as usize / 2 * stride + width as usize / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_screen_is_on_the_television_until_it_is_closed() {
    let (mut daemon, offer) = offered().await;
    let hosts = offer
        .lines()
        .filter(|line| line.starts_with("a=candidate:"));
    for host in hosts {
        assert!(
            host.contains(" UDP 2") && host.contains(" 127.0.0.1 "),
            "one way in: {host}"
        );
    }
    let rect = Rect {
        x: 0,
        y: 0,
        width: 1280,
        height: 720,
    };
    let source = TileSource::OwnContent;
    daemon.show(vec![Tile { source, rect }]).await;
    let laptop = WebrtcBin::showing();
    let sdp = laptop.answer(&offer).await;
    answer(&mut daemon, sdp).await;
    laptop.find(&offer);
    assert_eq!(
        told(&mut daemon).await,
        BrowserEvent::Showing { browser: LAPTOP }
    );
    while middle(&mut daemon).await < 200 {}
    tell(&mut daemon, BrowserCommand::Close { browser: LAPTOP }).await;
    while middle(&mut daemon).await > 100 {}
}

/// webrtcbin itself would show the picture.
#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_than_the_answer_names_is_not_let_in() {
    let (mut daemon, offer) = offered().await;
    let laptop = WebrtcBin::showing();
    let sdp = laptop.answer(&offer).await;
    let (before, hash) = sdp.split_once("a=fingerprint:sha-256 ").unwrap();
    let other = if hash.starts_with('A') { 'B' } else { 'A' };
    let sdp = format!("{before}a=fingerprint:sha-256 {other}{}", &hash[1..]);
    answer(&mut daemon, sdp).await;
    laptop.find(&offer);
    let ended = BrowserEvent::Ended {
        browser: LAPTOP,
        reason: BrowserEnd::Untrusted,
    };
    assert_eq!(told(&mut daemon).await, ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_certificate_is_refused() {
    let (mut daemon, offer) = offered().await;
    let laptop = WebrtcBin::showing();
    let sdp = laptop.answer(&offer).await.replace("a=fingerprint", "a=x");
    answer(&mut daemon, sdp).await;
    let ended = BrowserEvent::Ended {
        browser: LAPTOP,
        reason: BrowserEnd::Refused,
    };
    assert_eq!(told(&mut daemon).await, ended);
}
