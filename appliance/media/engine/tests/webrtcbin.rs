//! The engine's transport against GStreamer's WebRTC, over a network that is as bad as asked for.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use saal_media_protocol::{
    Candidate, DescriptionKind, MediaEvent, MediaStats, SourceKind, TransportCommand,
    TransportEvent, TransportId, TransportRole, TransportState,
};
use saal_network_sim::{Bursts, Conditions, Direction, Relay};
use support::{Daemon, assign, one_layer, open, simulated, webrtcbin::WebrtcBin};

const CALL: TransportId = TransportId(1);
const AGAIN: TransportId = TransportId(2);

/// A call of both, with a network between them.
struct Call {
    daemon: Daemon,
    far: WebrtcBin,
    network: Relay,
    transport: TransportId,
}

async fn publish(daemon: &mut Daemon, transport: TransportId) {
    for (track, source) in [("mic", SourceKind::Microphone), ("cam", SourceKind::Camera)] {
        let video = (source == SourceKind::Camera).then(|| one_layer(320, 180));
        let track = track.to_owned();
        daemon
            .transport(TransportCommand::Publish {
                transport,
                track,
                source,
                video,
            })
            .await;
    }
}

async fn describe(daemon: &mut Daemon, transport: TransportId, kind: DescriptionKind, sdp: String) {
    daemon
        .transport(TransportCommand::Describe {
            transport,
            kind,
            sdp,
        })
        .await;
}

/// A network to the far end, of which the engine is told.
async fn between(
    daemon: &mut Daemon,
    far: &mut WebrtcBin,
    transport: TransportId,
    conditions: Conditions,
) -> Relay {
    let far = far.address().await;
    let network = Relay::start((far.ip(), 0).into(), far, 7, conditions).unwrap();
    let (ip, port) = (far.ip(), network.address().port());
    let candidate = format!("candidate:1 1 UDP 2015363327 {ip} {port} typ host");
    let candidate = Candidate {
        candidate,
        mid: None,
    };
    daemon
        .transport(TransportCommand::AddCandidate {
            transport,
            candidate,
        })
        .await;
    network
}

/// The far end offers both directions, as a browser does in a call of two.
async fn offered(
    daemon: &mut Daemon,
    transport: TransportId,
    garble: impl Fn(String) -> String,
) -> (WebrtcBin, String) {
    daemon
        .transport(open(transport, TransportRole::Answerer))
        .await;
    publish(daemon, transport).await;
    let far = WebrtcBin::sending();
    let offer = garble(far.offer().await);
    describe(daemon, transport, DescriptionKind::Offer, offer).await;
    let answer = daemon
        .until(|event| match event {
            MediaEvent::Transport(TransportEvent::Description {
                transport: of,
                kind: DescriptionKind::Answer,
                sdp,
            }) if *of == transport => Some(sdp.clone()),
            _ => None,
        })
        .await;
    (far, answer)
}

async fn call(conditions: Conditions) -> Call {
    let daemon = Daemon::engine(simulated()).await;
    begin(daemon, CALL, conditions).await
}

async fn begin(mut daemon: Daemon, transport: TransportId, conditions: Conditions) -> Call {
    let (mut far, answer) = offered(&mut daemon, transport, |sdp| sdp).await;
    far.accept(&answer).await;
    let network = between(&mut daemon, &mut far, transport, conditions).await;
    daemon.connected(transport).await;
    let tracks = daemon.log.iter().rev().find_map(|event| match event {
        MediaEvent::Transport(TransportEvent::RemoteTracks { tracks, .. }) => Some(tracks.clone()),
        _ => None,
    });
    for track in tracks.expect("an offer names tracks") {
        let source = if track.picture {
            SourceKind::Camera
        } else {
            SourceKind::Microphone
        };
        daemon
            .transport(assign(transport, &track.track, "ada", source))
            .await;
    }
    Call {
        daemon,
        far,
        network,
        transport,
    }
}

fn seen(stats: &MediaStats) -> u64 {
    stats
        .received_video
        .iter()
        .map(|video| video.frames_decoded)
        .sum()
}

fn heard(stats: &MediaStats) -> bool {
    stats
        .received_audio
        .iter()
        .any(|audio| audio.level_dbfs > -40.0)
        && stats.loudspeaker_dbfs.is_some_and(|level| level > -40.0)
}

impl Call {
    /// Waits until the engine has shown so many more pictures, and hears the far end.
    async fn engine_gets(&mut self, pictures: u64) {
        let mut first = None;
        self.daemon
            .stats_until(|stats| {
                seen(stats) >= *first.get_or_insert(seen(stats)) + pictures && heard(stats)
            })
            .await;
    }

    /// Picture and sound in both directions.
    async fn talks(&mut self, pictures: u64) {
        self.engine_gets(pictures).await;
        self.far.gets(pictures, 2 * pictures).await;
    }
}

#[tokio::test]
async fn picture_and_sound_go_both_ways_and_again_with_who_comes_back() {
    let mut first = call(Conditions::default()).await;
    first.talks(30).await;
    let Call {
        mut daemon,
        far,
        transport,
        ..
    } = first;
    daemon
        .transport(TransportCommand::Close { transport })
        .await;
    drop(far);
    let mut second = begin(daemon, AGAIN, Conditions::default()).await;
    second.talks(30).await;
}

fn user_names(sdp: &str) -> Vec<&str> {
    sdp.lines()
        .filter_map(|line| line.strip_prefix("a=ice-ufrag:"))
        .collect()
}

#[tokio::test]
async fn after_a_restart_of_ice_everything_goes_on_with_new_credentials() {
    let mut daemon = Daemon::engine(simulated()).await;
    let (far, _network) = sending(&mut daemon, "127.0.0.1").await;
    far.gets(30, 60).await;
    let of_offers = |event: &MediaEvent| match event {
        MediaEvent::Transport(TransportEvent::Description { sdp, .. }) => Some(sdp.clone()),
        _ => None,
    };
    let before = daemon.log.iter().rev().find_map(of_offers).unwrap();
    let restart = TransportCommand::RestartIce { transport: CALL };
    daemon.transport(restart).await;
    let (kind, offer) = daemon.description().await;
    assert_eq!(kind, DescriptionKind::Offer);
    let (old, new) = (user_names(&before), user_names(&offer));
    assert!(
        !new.is_empty() && new.iter().all(|name| !old.contains(name)),
        "{old:?} {new:?}"
    );
    let answer = far.answer(&offer).await;
    describe(&mut daemon, CALL, DescriptionKind::Answer, answer).await;
    far.gets(60, 120).await;
}

/// The engine offers and sends.
async fn sending(daemon: &mut Daemon, at: &str) -> (WebrtcBin, Relay) {
    daemon.transport(open(CALL, TransportRole::Publisher)).await;
    publish(daemon, CALL).await;
    let mut far = WebrtcBin::receiving(at);
    let mut network = None;
    // One offer for each track.
    for _ in 0..2 {
        let (kind, sdp) = daemon.description().await;
        assert_eq!(kind, DescriptionKind::Offer);
        let answer = far.answer(&sdp).await;
        describe(daemon, CALL, DescriptionKind::Answer, answer).await;
        if network.is_none() {
            network = Some(between(daemon, &mut far, CALL, Conditions::default()).await);
        }
    }
    daemon.connected(CALL).await;
    (far, network.unwrap())
}

#[tokio::test]
async fn what_the_engine_offers_is_answered_and_arrives() {
    let mut daemon = Daemon::engine(simulated()).await;
    let (far, _network) = sending(&mut daemon, "127.0.0.1").await;
    far.gets(30, 60).await;
}

#[tokio::test]
async fn loss_jitter_and_overtaking_stop_neither_picture_nor_sound() {
    let bad = Conditions {
        loss: 0.05,
        bursts: Some(Bursts {
            begin: 0.005,
            end: 0.3,
            loss: 0.8,
        }),
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(10),
        reordering: 0.05,
        ..Conditions::default()
    };
    let mut call = call(bad).await;
    call.talks(60).await;
    for direction in [Direction::There, Direction::Back] {
        let tally = call.network.tally(direction);
        let bad = tally.lost > 10 && tally.overtaken > 10;
        assert!(bad, "the network was bad: {tally:?}");
    }
}

#[tokio::test]
async fn a_call_goes_on_while_up_to_a_fifth_is_lost() {
    let mut call = call(Conditions::default()).await;
    for loss in [0.01, 0.05, 0.1, 0.2] {
        call.network.set(Conditions {
            loss,
            delay: Duration::from_millis(10),
            ..Conditions::default()
        });
        call.talks(40).await;
    }
    for direction in [Direction::There, Direction::Back] {
        let tally = call.network.tally(direction);
        assert!(tally.lost > 10, "the network was bad: {tally:?}");
    }
}

#[tokio::test]
async fn after_an_outage_picture_and_sound_go_on() {
    let mut call = call(Conditions::default()).await;
    call.talks(10).await;
    call.network.set(Conditions {
        outage: true,
        ..Conditions::default()
    });
    let transport = call.transport;
    let quiet = MediaEvent::Transport(TransportEvent::State {
        transport,
        state: TransportState::Disconnected,
    });
    call.daemon
        .until(|event| (*event == quiet).then_some(()))
        .await;
    call.network.set(Conditions::default());
    call.daemon.connected(transport).await;
    call.talks(30).await;
}

/// Another certificate than the one that signalling named: somebody in between.
#[tokio::test]
async fn a_certificate_that_was_not_announced_ends_the_connection() {
    let mut daemon = Daemon::engine(simulated()).await;
    let turned = |sdp: String| {
        let (before, print) = sdp.split_once("a=fingerprint:sha-256 ").unwrap();
        let digit = if print.starts_with('0') { '1' } else { '0' };
        let twisted = format!("{before}a=fingerprint:sha-256 {digit}{}", &print[1..]);
        // Each media section repeats it.
        let (old, new) = (&print[..95], format!("{digit}{}", &print[1..95]));
        twisted.replace(old, &new)
    };
    let (mut far, answer) = offered(&mut daemon, CALL, turned).await;
    far.accept(&answer).await;
    let _network = between(&mut daemon, &mut far, CALL, Conditions::default()).await;
    let failed = TransportState::Failed;
    let failed = MediaEvent::Transport(TransportEvent::State {
        transport: CALL,
        state: failed,
    });
    daemon.until(|event| (*event == failed).then_some(())).await;
    let connected = TransportEvent::State {
        transport: CALL,
        state: TransportState::Connected,
    };
    assert!(!daemon.log.contains(&MediaEvent::Transport(connected)));
    assert_eq!((far.pictures(), far.sounds()), (0, 0));
}

#[tokio::test]
async fn an_offer_without_a_fingerprint_is_refused() {
    let mut daemon = Daemon::engine(simulated()).await;
    daemon.transport(open(CALL, TransportRole::Answerer)).await;
    publish(&mut daemon, CALL).await;
    let offer = WebrtcBin::sending().offer().await;
    let lines = offer
        .lines()
        .filter(|line| !line.starts_with("a=fingerprint:"));
    let bare = lines.map(|line| format!("{line}\r\n")).collect();
    describe(&mut daemon, CALL, DescriptionKind::Offer, bare).await;
    daemon
        .until(|event| {
            matches!(event, MediaEvent::Transport(TransportEvent::Refused { .. })).then_some(())
        })
        .await;
}

fn ip(arguments: &str) {
    let status = std::process::Command::new("ip")
        .args(arguments.split(' '))
        .status();
    assert!(
        status.expect("iproute2 is installed").success(),
        "ip {arguments}"
    );
}

/// In a network of the test's own, which only its thread and what that starts is in: the engine at
/// addresses of an interface with a carrier, the far end at one without, which the engine leaves
/// alone.
#[test]
fn a_call_goes_on_at_another_address_when_the_one_it_used_is_gone() {
    unshare(CloneFlags::CLONE_NEWNET)
        .expect("tests run as root, and may have a network of their own");
    for command in [
        "link set lo up",
        "link add bare type bridge",
        "link set bare up",
        "addr add 198.51.100.9/32 dev bare",
        "addr add 198.51.100.1/32 dev lo",
    ] {
        ip(command);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut daemon = Daemon::engine(simulated()).await;
        let (far, _network) = sending(&mut daemon, "198.51.100.9").await;
        far.gets(10, 20).await;
        ip("addr add 198.51.100.2/32 dev lo");
        ip("addr del 198.51.100.1/32 dev lo");
        let moved = MediaEvent::Transport(TransportEvent::Moved { transport: CALL });
        daemon.until(|event| (*event == moved).then_some(())).await;
        let told = daemon.candidates(CALL);
        assert!(
            told.iter().any(|c| c.candidate.contains(" 198.51.100.2 ")),
            "{told:?}"
        );
        far.gets(30, 60).await;
    });
}
