//! Two engines call each other: what one captures is on the other's television and loudspeaker.

mod support;

use saal_hal_sim::{Luma, pattern};
use saal_media_protocol::{MediaCommand, MediaEvent, SourceKind, TransportId, TransportRole};
use support::{Daemon, assign, negotiate, open, publish, simulated, tile};

const CALL: TransportId = TransportId(1);

/// An engine that sends to an engine that receives, both connected.
async fn call() -> (Daemon, Daemon) {
    let mut sender = Daemon::engine(simulated()).await;
    let mut receiver = Daemon::engine(simulated()).await;
    sender.transport(open(CALL, TransportRole::Publisher)).await;
    receiver
        .transport(open(CALL, TransportRole::Subscriber))
        .await;
    sender
        .transport(publish(CALL, "cam", SourceKind::Camera))
        .await;
    negotiate(&mut sender, &mut receiver, CALL).await;
    sender
        .transport(publish(CALL, "mic", SourceKind::Microphone))
        .await;
    negotiate(&mut sender, &mut receiver, CALL).await;
    receiver
        .transport(assign(CALL, "cam", "ada", SourceKind::Camera))
        .await;
    receiver
        .transport(assign(CALL, "mic", "ada", SourceKind::Microphone))
        .await;
    receiver.connected(CALL).await;
    (sender, receiver)
}

/// The frame numbers that the television shows in this rectangle, one for each picture.
async fn frame_number(daemon: &mut Daemon, rect: (u32, u32, u32, u32)) -> Option<u32> {
    let (data, width, height) = support::luma_of(&daemon.picture().await);
    let luma = Luma {
        data: &data,
        stride: (width as usize).next_multiple_of(4),
        width,
        height,
    };
    pattern::read(&luma.part(rect.0, rect.1, rect.2, rect.3)?).map(|code| code.frame)
}

#[tokio::test]
async fn picture_and_sound_arrive() {
    let (_sender, mut receiver) = call().await;
    receiver
        .send(MediaCommand::SetTiles {
            tiles: vec![tile("ada", (0, 0, 1280, 720))],
        })
        .await;
    receiver
        .send(MediaCommand::SetPreview {
            pictures_per_second: 10,
        })
        .await;
    receiver
        .until(|event| match event {
            MediaEvent::FirstPicture { participant, .. } => (participant == "ada").then_some(()),
            _ => None,
        })
        .await;
    let stats = receiver
        .stats_until(|stats| {
            stats
                .received_audio
                .first()
                .is_some_and(|a| a.level_dbfs > -40.0)
                && stats.loudspeaker_dbfs.is_some_and(|level| level > -40.0)
                && stats
                    .received_video
                    .first()
                    .is_some_and(|v| v.frames_decoded > 20)
        })
        .await;
    assert_eq!(
        (
            stats.received_video[0].width,
            stats.received_video[0].height
        ),
        (640, 360)
    );
    let mut numbers = Vec::new();
    while numbers.len() < 5 {
        numbers.extend(frame_number(&mut receiver, (0, 0, 1280, 720)).await);
    }
    assert!(
        numbers.windows(2).all(|w| w[0] <= w[1]),
        "frames in order: {numbers:?}"
    );
    assert!(numbers[4] > numbers[0], "the picture moves: {numbers:?}");
}
