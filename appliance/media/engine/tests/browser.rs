//! A browser of the room's network shares its screen, or looks at the room; here webrtcbin stands in for it. What Chromium
//! does is in the suites.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use saal_media_protocol::{
    BrowserCommand, BrowserEnd, BrowserEvent, BrowserId, BrowserUse, MediaCommand, MediaEvent,
    Rect, RoomPicture, Tile, TileSource,
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

const IPV4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// An engine that has offered to take a laptop's screen, and its offer.
async fn offered() -> (Daemon, String) {
    offered_for(BrowserUse::Share, IPV4).await
}

/// At this address.
async fn offered_for(purpose: BrowserUse, address: IpAddr) -> (Daemon, String) {
    let mut daemon = Daemon::engine(simulated()).await;
    let command = BrowserCommand::Open {
        browser: LAPTOP,
        purpose,
        address,
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

const UNTRUSTED: BrowserEvent = BrowserEvent::Ended {
    browser: LAPTOP,
    reason: BrowserEnd::Untrusted,
};
const REFUSED: BrowserEvent = BrowserEvent::Ended {
    browser: LAPTOP,
    reason: BrowserEnd::Refused,
};

/// The same certificate in all sections, and not the one that will be shown.
fn with_another_fingerprint(sdp: &str) -> String {
    let digits = |text: &str| {
        let other = if text.starts_with('A') { 'B' } else { 'A' };
        format!("{other}{}", &text[1..])
    };
    let mut parts = sdp.split("a=fingerprint:sha-256 ");
    let before = parts.next().unwrap().to_owned();
    parts.fold(before, |sdp, rest| {
        sdp + "a=fingerprint:sha-256 " + &digits(rest)
    })
}

/// The middle of the television's next picture.
async fn middle(daemon: &mut Daemon) -> u8 {
    let (luma, width, height) = luma_of(&daemon.picture().await);
    let stride = (width as usize).next_multiple_of(4);
    luma[height as usize / 2 * stride + width as usize / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_screen_is_seen_and_heard_until_it_is_closed() {
    shown_at(IPV4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_is_shared_over_ipv6_too() {
    shown_at(Ipv6Addr::LOCALHOST.into()).await;
}

/// Which stream belongs to which section is then told by the packets alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_names_no_sources_is_seen_and_heard() {
    let without = |sdp: String| {
        let lines = sdp.lines().filter(|line| !line.starts_with("a=ssrc"));
        lines.map(|line| format!("{line}\r\n")).collect()
    };
    shown(IPV4, without).await;
}

async fn shown_at(address: IpAddr) {
    shown(address, |sdp| sdp).await;
}

async fn shown(address: IpAddr, answered: impl Fn(String) -> String) {
    let (mut daemon, offer) = offered_for(BrowserUse::Share, address).await;
    let hosts = offer
        .lines()
        .filter(|line| line.starts_with("a=candidate:"));
    for host in hosts {
        assert!(
            host.contains(" UDP 2") && host.contains(&format!(" {address} ")),
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
    let laptop = WebrtcBin::showing(&address.to_string());
    let sdp = answered(laptop.answer(&offer).await);
    answer(&mut daemon, sdp).await;
    laptop.find(&offer);
    assert_eq!(
        told(&mut daemon).await,
        BrowserEvent::Showing { browser: LAPTOP }
    );
    while middle(&mut daemon).await < 200 {}
    let heard = |level: f64| level > -40.0;
    daemon
        .stats_until(|stats| stats.loudspeaker_dbfs.is_some_and(heard))
        .await;
    tell(&mut daemon, BrowserCommand::Close { browser: LAPTOP }).await;
    while middle(&mut daemon).await > 100 {}
    daemon
        .stats_until(|stats| stats.loudspeaker_dbfs.is_none())
        .await;
}

/// webrtcbin itself would show the picture.
#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_than_the_answer_names_is_not_let_in() {
    let (mut daemon, offer) = offered().await;
    let laptop = WebrtcBin::showing("127.0.0.1");
    let sdp = laptop.answer(&offer).await;
    answer(&mut daemon, with_another_fingerprint(&sdp)).await;
    laptop.find(&offer);
    assert_eq!(told(&mut daemon).await, UNTRUSTED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_certificate_is_refused() {
    let (mut daemon, offer) = offered().await;
    let laptop = WebrtcBin::showing("127.0.0.1");
    let sdp = laptop.answer(&offer).await.replace("a=fingerprint", "a=x");
    answer(&mut daemon, sdp).await;
    assert_eq!(told(&mut daemon).await, REFUSED);
}

const TELEVISION: BrowserUse = BrowserUse::View(RoomPicture::Television);

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_gets_television_or_camera_until_it_is_closed() {
    for of in [RoomPicture::Television, RoomPicture::Camera] {
        let (mut daemon, offer) = offered_for(BrowserUse::View(of), IPV4).await;
        assert!(offer.contains("a=sendonly"), "one way: {offer}");
        assert_eq!(offer.matches("m=").count(), 1, "{offer}");
        let browser = WebrtcBin::receiving("127.0.0.1");
        let sdp = browser.answer(&offer).await;
        answer(&mut daemon, sdp).await;
        browser.find(&offer);
        let showing = BrowserEvent::Showing { browser: LAPTOP };
        assert_eq!(told(&mut daemon).await, showing, "{of:?}");
        browser.gets(3, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_with_another_certificate_gets_nothing() {
    let (mut daemon, offer) = offered_for(TELEVISION, IPV4).await;
    let browser = WebrtcBin::receiving("127.0.0.1");
    let sdp = with_another_fingerprint(&browser.answer(&offer).await);
    answer(&mut daemon, sdp).await;
    browser.find(&offer);
    assert_eq!(told(&mut daemon).await, UNTRUSTED);
    assert_eq!(browser.pictures(), 0);
}

/// It was offered to look, and answers that it sends.
#[tokio::test(flavor = "multi_thread")]
async fn who_looks_sends_nothing() {
    let (mut daemon, offer) = offered_for(TELEVISION, IPV4).await;
    let browser = WebrtcBin::receiving("127.0.0.1");
    let sdp = browser.answer(&offer).await;
    answer(&mut daemon, sdp.replace("a=recvonly", "a=sendrecv")).await;
    assert_eq!(told(&mut daemon).await, REFUSED);
}
