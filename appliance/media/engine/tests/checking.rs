//! Camera and microphone are tried before a meeting, and nothing of what they deliver leaves the engine.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_media_protocol::{
    AudioChoice, CameraCheck, CameraChoice, DeviceChoice, DeviceReport, DisplayCheck,
    DisplayChoice, MediaCommand, MediaEvent, MicrophoneCheck, SourceKind,
};
use support::{Daemon, publish, simulated};

async fn report(daemon: &mut Daemon, chirp: bool) -> DeviceReport {
    daemon.send(MediaCommand::Check { chirp }).await;
    daemon
        .until(|event| match event {
            MediaEvent::Checked(report) => Some(*report),
            _ => None,
        })
        .await
}

/// What is muted is tried too; nobody is there whom it could show.
#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_works_says_so_and_shows_itself_to_nobody() {
    let mut daemon = Daemon::engine(simulated()).await;
    for source in [SourceKind::Camera, SourceKind::Microphone] {
        let muted = true;
        daemon.send(MediaCommand::SetMuted { source, muted }).await;
    }
    daemon.show(Vec::new()).await;
    let idle = daemon.picture().await;
    let ready = DeviceReport {
        camera: CameraCheck::Moving,
        microphone: MicrophoneCheck::Hears,
        display: DisplayCheck::Unused,
    };
    assert_eq!(report(&mut daemon, true).await, ready);
    // As many as the trial lasted.
    for _ in 0..30 {
        assert!(
            daemon.picture().await == idle,
            "something is on the television"
        );
    }
    let transports = daemon.log.iter();
    let sent = transports.filter(|event| matches!(event, MediaEvent::Transport(_)));
    assert_eq!(sent.count(), 0, "something is sent");
    let stats = daemon
        .stats_until(|stats| stats.microphone_dbfs.is_none())
        .await;
    assert_eq!(stats.sent_video, [], "and all is closed again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_told_and_what_is_not_wanted_is_not() {
    let gone = "no such thing".to_owned();
    let mut daemon = Daemon::engine(DeviceChoice {
        camera: CameraChoice::Device(gone.clone()),
        microphone: AudioChoice::Device(gone.clone()),
        display: DisplayChoice::Device(gone),
        ..simulated()
    })
    .await;
    let broken = report(&mut daemon, false).await;
    assert_ne!(broken.camera, CameraCheck::Moving);
    assert_eq!(broken.microphone, MicrophoneCheck::Silent);
    assert_eq!(broken.display, DisplayCheck::Missing);
    let mut daemon = Daemon::engine(DeviceChoice {
        camera: CameraChoice::None,
        microphone: AudioChoice::None,
        ..simulated()
    })
    .await;
    let without = DeviceReport {
        camera: CameraCheck::Unused,
        microphone: MicrophoneCheck::Unused,
        display: DisplayCheck::Unused,
    };
    assert_eq!(report(&mut daemon, false).await, without);
}

/// Somebody joins in the middle of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_ends_the_trial() {
    let mut daemon = Daemon::engine(simulated()).await;
    let transport = saal_media_protocol::TransportId(1);
    daemon.send(MediaCommand::Check { chirp: true }).await;
    let role = saal_media_protocol::TransportRole::Publisher;
    daemon.transport(support::open(transport, role)).await;
    daemon
        .transport(publish(transport, "camera", SourceKind::Camera))
        .await;
    // Longer than a trial lasts.
    for _ in 0..10 {
        daemon.stats_until(|_| true).await;
    }
    let answer = daemon
        .log
        .iter()
        .find(|e| matches!(e, MediaEvent::Checked(_)));
    assert_eq!(answer, None);
}
