//! The room presents: a second picture beside the camera, here on a simulated grabber whose chart
//! stands still and changes its code twice a second.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_hal_sim::{Luma, pattern};
use saal_media_protocol::{
    Codec, MediaStats, SourceKind, Tile, TileSource, TransportCommand, TransportId, TransportRole,
    VideoLayer, VideoSend,
};
use support::{Daemon, assign, negotiate, one_layer, open, simulated};

const CALL: TransportId = TransportId(1);

fn video(source: SourceKind) -> VideoSend {
    match source {
        SourceKind::Content => VideoSend {
            codec: Codec::Vp8,
            frames_per_second: 15,
            layers: vec![VideoLayer {
                rid: String::new(),
                width: 1280,
                height: 720,
                max_bitrate: 1_500_000,
            }],
        },
        _ => one_layer(320, 180),
    }
}

async fn publish(sender: &mut Daemon, receiver: &mut Daemon, track: &str, source: SourceKind) {
    let command = TransportCommand::Publish {
        transport: CALL,
        track: track.to_owned(),
        source,
        video: Some(video(source)),
    };
    sender.transport(command).await;
    negotiate(sender, receiver, CALL).await;
    receiver.transport(assign(CALL, track, "ada", source)).await;
}

/// An engine that sends its camera to one that receives.
async fn call() -> (Daemon, Daemon) {
    let mut sender = Daemon::engine(simulated()).await;
    let mut receiver = Daemon::engine(simulated()).await;
    sender.transport(open(CALL, TransportRole::Publisher)).await;
    receiver
        .transport(open(CALL, TransportRole::Subscriber))
        .await;
    publish(&mut sender, &mut receiver, "cam", SourceKind::Camera).await;
    receiver.connected(CALL).await;
    (sender, receiver)
}

async fn show(daemon: &mut Daemon, source: TileSource) {
    let rect = saal_media_protocol::Rect {
        x: 0,
        y: 0,
        width: 1280,
        height: 720,
    };
    let tiles = vec![Tile { source, rect }];
    daemon.show(tiles).await;
}

fn of_ada(source: SourceKind) -> TileSource {
    let participant = "ada".to_owned();
    TileSource::Participant {
        participant,
        source,
    }
}

/// What the television shows now.
struct Seen {
    data: Vec<u8>,
    stride: usize,
    width: u32,
    height: u32,
}

impl Seen {
    async fn next(daemon: &mut Daemon) -> Self {
        let (data, width, height) = support::luma_of(&daemon.picture().await);
        Self {
            data,
            stride: (width as usize).next_multiple_of(4),
            width,
            height,
        }
    }

    fn code(&self) -> Option<pattern::Code> {
        pattern::read(&Luma {
            data: &self.data,
            stride: self.stride,
            width: self.width,
            height: self.height,
        })
    }

    /// Steps of luma between the light and dark stripes of two pixels, in the chart's second band.
    fn contrast(&self) -> u32 {
        let row = &self.data[self.stride * (self.height as usize / 10)..][..self.stride];
        // Eight stripes of one pixel come before, each is as wide on this television.
        let (mut light, mut dark) = (0, 0);
        for stripe in 0..8 {
            let pixels = &row[8 + stripe * 2..][..2];
            let sum: u32 = pixels.iter().map(|p| u32::from(*p)).sum();
            if stripe % 2 == 0 {
                light += sum;
            } else {
                dark += sum;
            }
        }
        light.saturating_sub(dark) / 8
    }
}

fn sends(stats: &MediaStats, source: SourceKind) -> bool {
    stats.sent_video.iter().any(|sent| sent.source == source)
}

fn decoded(stats: &MediaStats, source: SourceKind) -> u64 {
    let mut all = stats.received_video.iter();
    all.find(|video| video.source == source)
        .map_or(0, |video| video.frames_decoded)
}

#[tokio::test]
async fn what_is_presented_arrives_sharp_beside_the_camera() {
    let (mut sender, mut receiver) = call().await;
    publish(&mut sender, &mut receiver, "screen", SourceKind::Content).await;
    show(&mut receiver, of_ada(SourceKind::Content)).await;
    let mut codes = Vec::new();
    while codes.len() < 4 {
        let seen = Seen::next(&mut receiver).await;
        let Some(code) = seen.code() else { continue };
        if codes.last() != Some(&code) {
            codes.push(code);
        }
    }
    let steps = |a: &pattern::Code, b: &pattern::Code| (b.frame - a.frame, b.time_ms - a.time_ms);
    for pair in codes.windows(2) {
        let (changes, ms) = steps(&pair[0], &pair[1]);
        assert_eq!(ms, changes * 500, "twice a second: {codes:?}");
    }
    let mut seen = Seen::next(&mut receiver).await;
    while seen.contrast() < 120 {
        seen = Seen::next(&mut receiver).await;
    }
    let before = decoded(&receiver.stats_until(|_| true).await, SourceKind::Camera);
    receiver
        .stats_until(|stats| decoded(stats, SourceKind::Camera) > before + 20)
        .await;
}

#[tokio::test]
async fn people_here_see_it_while_it_is_sent_and_it_can_be_sent_again() {
    let (mut sender, mut receiver) = call().await;
    show(&mut sender, TileSource::OwnContent).await;
    assert_eq!(
        Seen::next(&mut sender).await.code(),
        None,
        "nothing is captured before it is sent"
    );
    for track in ["screen-1", "screen-2"] {
        publish(&mut sender, &mut receiver, track, SourceKind::Content).await;
        while Seen::next(&mut sender).await.code().is_none() {}
        receiver
            .stats_until(|stats| decoded(stats, SourceKind::Content) > 5)
            .await;
        sender
            .transport(TransportCommand::Unpublish {
                transport: CALL,
                track: track.to_owned(),
            })
            .await;
        negotiate(&mut sender, &mut receiver, CALL).await;
        while Seen::next(&mut sender).await.code().is_some() {}
        sender
            .stats_until(|stats| {
                !sends(stats, SourceKind::Content) && sends(stats, SourceKind::Camera)
            })
            .await;
        let unassign = TransportCommand::Unassign {
            transport: CALL,
            track: track.to_owned(),
        };
        receiver.transport(unassign).await;
    }
}
