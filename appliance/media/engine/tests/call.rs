//! Two engines call each other: what one captures is on the other's television and loudspeaker.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::{sync::Arc, time::Duration};

use saal_hal_sim::SimulatedCameras;
use saal_media::{
    engine::{Engine, Machine},
    graph::{Graph, GraphEvent, Part},
    transport::{Frame, FromTransport, Place},
};
use saal_media_protocol::{
    Codec, MediaCommand, MediaEvent, PictureSettings, SourceKind, Television, TransportCommand,
    TransportId, TransportRole,
};
use support::{DEADLINE, Daemon, assign, negotiate, open, publish, simulated, tile};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

const CALL: TransportId = TransportId(1);
const MICROPHONE: &str = "mic";

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

#[tokio::test]
async fn picture_and_sound_arrive() {
    let (_sender, mut receiver) = call().await;
    receiver.show(vec![tile("ada", (0, 0, 1280, 720))]).await;
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
        (320, 180)
    );
    let mut numbers = vec![];
    while numbers.first() == numbers.last() || numbers.len() < 5 {
        let number = timeout(DEADLINE, receiver.frame_number((0, 0, 1280, 720))).await;
        numbers.extend(number.expect("the picture moves"));
    }
    assert!(numbers.is_sorted(), "frames in order: {numbers:?}");
}

/// Whether a participant's decoded pictures stand still for a whole second.
async fn pictures_stop(daemon: &mut Daemon) {
    let mut last = None;
    daemon
        .stats_until(|stats| {
            let now = stats
                .received_video
                .first()
                .map(|video| video.frames_decoded);
            now == std::mem::replace(&mut last, now)
        })
        .await;
}

async fn pictures_go_on(daemon: &mut Daemon, participant: &str) {
    let mut first = None;
    daemon
        .stats_until(|stats| {
            let video = stats
                .received_video
                .iter()
                .find(|v| v.participant == participant);
            let Some(now) = video.map(|video| video.frames_decoded) else {
                return false;
            };
            now > *first.get_or_insert(now) + 20
        })
        .await;
}

async fn mute(daemon: &mut Daemon, source: SourceKind, muted: bool) {
    daemon.send(MediaCommand::SetMuted { source, muted }).await;
}

#[tokio::test]
async fn muting_stops_what_leaves_the_room() {
    let (mut sender, mut receiver) = call().await;
    pictures_go_on(&mut receiver, "ada").await;
    mute(&mut sender, SourceKind::Camera, true).await;
    pictures_stop(&mut receiver).await;
    mute(&mut sender, SourceKind::Camera, false).await;
    pictures_go_on(&mut receiver, "ada").await;

    let heard = |stats: &saal_media_protocol::MediaStats| {
        stats
            .received_audio
            .first()
            .is_some_and(|audio| audio.level_dbfs > -40.0)
    };
    receiver.stats_until(heard).await;
    mute(&mut sender, SourceKind::Microphone, true).await;
    sender
        .stats_until(|stats| stats.microphone_dbfs.is_none())
        .await;
    receiver.stats_until(|stats| !heard(stats)).await;
    let mut packets = None;
    receiver
        .stats_until(|stats| {
            let now = stats.received_audio.first().map(|audio| audio.packets);
            now == std::mem::replace(&mut packets, now)
        })
        .await;
    mute(&mut sender, SourceKind::Microphone, false).await;
    sender
        .stats_until(|stats| stats.microphone_dbfs.is_some_and(|level| level > -40.0))
        .await;
    receiver.stats_until(heard).await;
}

#[tokio::test]
async fn a_third_participant_comes_and_goes_and_the_first_goes_on() {
    const SECOND: TransportId = TransportId(2);
    let (_sender, mut receiver) = call().await;
    let tiles = vec![
        tile("ada", (0, 0, 640, 360)),
        tile("bob", (640, 360, 640, 360)),
    ];
    receiver.show(tiles).await;
    pictures_go_on(&mut receiver, "ada").await;

    let mut third = Daemon::engine(simulated()).await;
    third
        .transport(open(SECOND, TransportRole::Publisher))
        .await;
    receiver
        .transport(open(SECOND, TransportRole::Subscriber))
        .await;
    third
        .transport(publish(SECOND, "cam", SourceKind::Camera))
        .await;
    negotiate(&mut third, &mut receiver, SECOND).await;
    receiver
        .transport(assign(SECOND, "cam", "bob", SourceKind::Camera))
        .await;
    pictures_go_on(&mut receiver, "bob").await;
    let (mut ada, mut bob) = (None, None);
    while ada.is_none() || bob.is_none() {
        ada = ada.or(receiver.frame_number((0, 0, 640, 360)).await);
        bob = bob.or(receiver.frame_number((640, 360, 640, 360)).await);
    }

    receiver
        .transport(saal_media_protocol::TransportCommand::Close { transport: SECOND })
        .await;
    receiver
        .send(MediaCommand::SetTiles {
            tiles: vec![tile("ada", (0, 0, 1280, 720))],
        })
        .await;
    receiver
        .stats_until(|stats| stats.received_video.len() == 1)
        .await;
    pictures_go_on(&mut receiver, "ada").await;
    let before = ada.expect("seen above");
    while receiver
        .frame_number((0, 0, 1280, 720))
        .await
        .is_none_or(|now| now <= before)
    {}
}

#[tokio::test]
async fn nonsense_is_refused_and_the_call_goes_on() {
    use saal_media_protocol::{Candidate, DescriptionKind, TransportCommand, TransportEvent};
    let (_sender, mut receiver) = call().await;
    let describe = |kind, sdp: &str| TransportCommand::Describe {
        transport: CALL,
        kind,
        sdp: sdp.to_owned(),
    };
    let candidate = Candidate {
        candidate: "candidate:nonsense".to_owned(),
        mid: None,
    };
    for command in [
        describe(DescriptionKind::Offer, "v=0\r\nthis is no description"),
        describe(DescriptionKind::Answer, ""),
        TransportCommand::AddCandidate {
            transport: CALL,
            candidate,
        },
        TransportCommand::Unpublish {
            transport: TransportId(77),
            track: "x".to_owned(),
        },
    ] {
        receiver.transport(command).await;
        receiver
            .until(|event| match event {
                MediaEvent::Transport(TransportEvent::Refused { .. }) => Some(()),
                _ => None,
            })
            .await;
    }
    pictures_go_on(&mut receiver, "ada").await;
}

const TELEVISION: saal_media_protocol::Television = saal_media_protocol::Television {
    width: 1280,
    height: 720,
    frames_per_second: 30,
    reduced_motion: false,
};

#[tokio::test]
async fn a_missing_device_is_named_and_the_call_goes_on_without() {
    use saal_media_protocol::{
        AudioChoice, CameraChoice, DeviceChoice, DeviceUse, DisplayChoice, EncoderChoice,
        MediaTrouble,
    };
    let (mut sender, mut receiver) = call().await;
    let wrong = DeviceChoice {
        display: DisplayChoice::None,
        content_display: DisplayChoice::None,
        camera: CameraChoice::Device("No such camera".to_owned()),
        microphone: AudioChoice::Device("No such microphone".to_owned()),
        loudspeaker: AudioChoice::Simulated,
        content: CameraChoice::Device("No such grabber".to_owned()),
        encoder: EncoderChoice::None,
        sound_processing: true,
        picture: PictureSettings::default(),
    };
    sender
        .send(MediaCommand::Configure {
            devices: wrong,
            television: TELEVISION,
        })
        .await;
    for (expected, name) in [
        (DeviceUse::Camera, "No such camera"),
        (DeviceUse::Microphone, "No such microphone"),
        (DeviceUse::Content, "No such grabber"),
    ] {
        sender
            .until(|event| match event {
                MediaEvent::Trouble(MediaTrouble::Missing { source, wanted, .. }) => {
                    (*source == expected && wanted == name).then_some(())
                }
                _ => None,
            })
            .await;
    }
    sender
        .stats_until(|stats| stats.microphone_dbfs.is_none())
        .await;
    // Words stand in the place of the camera's picture.
    pictures_go_on(&mut receiver, "ada").await;
    sender
        .send(MediaCommand::Configure {
            devices: simulated(),
            television: TELEVISION,
        })
        .await;
    for expected in [DeviceUse::Camera, DeviceUse::Microphone, DeviceUse::Content] {
        sender
            .until(|event| (*event == MediaEvent::Recovered { source: expected }).then_some(()))
            .await;
    }
    pictures_go_on(&mut receiver, "ada").await;
    sender
        .stats_until(|stats| stats.microphone_dbfs.is_some_and(|level| level > -40.0))
        .await;
}

/// An engine that somebody speaks to, and what it says.
struct Listener {
    engine: Engine,
    saw: mpsc::UnboundedReceiver<GraphEvent>,
    said: mpsc::UnboundedReceiver<MediaEvent>,
}

impl Listener {
    async fn hears() -> Self {
        let (graph_events, saw) = mpsc::unbounded_channel();
        let (events, said) = mpsc::unbounded_channel();
        let (network, _heard) = mpsc::unbounded_channel();
        let (preview, _) = watch::channel(None);
        let graph = Graph::new(graph_events).unwrap();
        let machine = Machine {
            cameras: Arc::new(SimulatedCameras::default()),
            ..Machine::real()
        };
        let mut engine = Engine::new(graph, events, network, preview, None, machine);
        engine.obey(MediaCommand::Configure {
            devices: simulated(),
            television: Television {
                width: 320,
                height: 180,
                frames_per_second: 30,
                reduced_motion: false,
            },
        });
        engine.obey(order(open(CALL, TransportRole::Subscriber)));
        let assigned = assign(CALL, MICROPHONE, "ada", SourceKind::Microphone);
        engine.obey(order(assigned));
        let mut listener = Self { engine, saw, said };
        listener.late_frame();
        listener.until_loudspeaker_is_measured().await;
        assert!(listener.loudspeaker_plays(), "somebody speaks");
        listener
    }

    fn late_frame(&mut self) {
        self.engine.heard(FromTransport::Frame {
            transport: CALL,
            track: MICROPHONE.to_owned(),
            frame: silence(),
            place: Place::default(),
        });
    }

    async fn until_loudspeaker_is_measured(&mut self) {
        let measured = async {
            loop {
                let event = self.saw.recv().await.unwrap();
                let is_it =
                    matches!(&event, GraphEvent::Level { part, .. } if *part == Part::Loudspeaker);
                self.engine.saw(event);
                if is_it {
                    return;
                }
            }
        };
        timeout(DEADLINE, measured).await.unwrap();
    }

    /// As the next statistics say.
    fn loudspeaker_plays(&mut self) -> bool {
        self.engine.tick(true);
        let said = std::iter::from_fn(|| self.said.try_recv().ok());
        let stats = said.filter_map(|event| match event {
            MediaEvent::Stats(stats) => Some(stats),
            _ => None,
        });
        let stats = stats.last().expect("a tick says how things are");
        stats.loudspeaker_dbfs.is_some()
    }
}

/// 20 ms (RFC 6716).
fn silence() -> Frame {
    Frame {
        codec: Codec::Opus,
        source: 0,
        rtp_time: 0,
        at: Duration::ZERO,
        key: true,
        contiguous: true,
        temporal: None,
        layers: Vec::new(),
        level: None,
        data: [0xf8, 0xff, 0xfe].into(),
    }
}

fn order(command: TransportCommand) -> MediaCommand {
    MediaCommand::Transport(command)
}

#[tokio::test]
async fn sound_that_was_on_its_way_when_the_call_ended_opens_no_loudspeaker() {
    let mut listener = Listener::hears().await;
    let close = TransportCommand::Close { transport: CALL };
    listener.engine.obey(order(close));
    listener.late_frame();
    assert!(!listener.loudspeaker_plays());
}

#[tokio::test]
async fn sound_that_was_on_its_way_when_its_owner_left_is_forgotten() {
    let mut listener = Listener::hears().await;
    let unassign = TransportCommand::Unassign {
        transport: CALL,
        track: MICROPHONE.to_owned(),
    };
    listener.engine.obey(order(unassign));
    listener.late_frame();
    // It may be somebody's whose name is on its way.
    assert!(listener.loudspeaker_plays());
    assert!(!listener.loudspeaker_plays());
}
