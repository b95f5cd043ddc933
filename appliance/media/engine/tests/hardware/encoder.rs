//! An encoder of V4L2 in the engine, on the kernel's test driver of a codec.

use std::time::Duration;

use saal_hal_linux::{M2mRole, m2m_codecs};
use saal_media::{
    control::House,
    engine::{EncoderSource, Engine, GLANCE, Machine},
    graph::{Fault, Graph, GraphEvent, HardwareEncoder, Installed, Part, TrackKey},
    handing::Copies,
};
use saal_media_protocol::{
    Codec, DeviceChoice, EncoderChoice, EncoderTrial, MediaCommand, MediaEvent, MediaStats,
    PictureWay, SourceKind, TransportCommand, TransportRole, Verdict,
};
use tokio::{sync::mpsc, time::timeout};

use super::{
    OUT, Pulled, SMALL, cameras,
    support::{
        self, DEADLINE, Daemon,
        bridge::{Bridge, numbers},
        open, publish, simulated,
    },
    with_camera,
};

/// The element of the kernel's test driver.
const TEST_ENCODER: &str = "v4l2fwhtenc";

/// The smallest that the driver takes.
const SMALLEST: (u32, u32) = (640, 360);
/// The smallest of a camera's sizes that the driver does not make larger.
const WHOLE: (u32, u32) = (640, 480);

/// An engine without its sockets.
struct Room {
    engine: Engine,
    saw: mpsc::UnboundedReceiver<GraphEvent>,
    said: mpsc::UnboundedReceiver<MediaEvent>,
}

impl Room {
    fn new() -> Self {
        let (graph, saw) = mpsc::unbounded_channel();
        let (events, said) = mpsc::unbounded_channel();
        let (network, _) = mpsc::unbounded_channel();
        let (preview, _) = tokio::sync::watch::channel(None);
        let graph = Graph::new(graph).unwrap();
        let engine = Engine::new(graph, events, network, preview, None, Machine::real());
        Self { engine, saw, said }
    }

    fn publish(&mut self, codec: Codec, (width, height): (u32, u32)) {
        let mut command = publish(OUT, "cam", SourceKind::Camera);
        if let TransportCommand::Publish {
            video: Some(video), ..
        } = &mut command
        {
            video.codec = codec;
            (video.layers[0].width, video.layers[0].height) = (width, height);
        }
        self.engine.obey(MediaCommand::Transport(command));
    }

    /// Has it take the test driver's encoder where calls need H.264, for that is all that meetings take; nobody decodes it
    /// here. Then a connection is open.
    async fn use_test_encoder(&mut self) {
        self.engine.saw(GraphEvent::EncoderTried {
            choice: EncoderChoice::Hardware,
            found: HardwareEncoder::named(TEST_ENCODER),
            trials: Vec::new(),
            installed: Installed::default(),
        });
        self.encodes(&[Codec::Vp8, Codec::H264]).await;
        let open = MediaCommand::Transport(open(OUT, TransportRole::Publisher));
        self.engine.obey(open);
    }

    /// Runs it until it says that the camera's pictures get to the encoder like this.
    async fn hands_on(&mut self, expected: Option<PictureWay>) {
        let wanted = |event: &MediaEvent| matches!(event, MediaEvent::Codecs { report, .. } if report.camera == expected);
        self.until(wanted).await;
    }

    /// Runs it until it says this.
    async fn until(&mut self, mut wanted: impl FnMut(&MediaEvent) -> bool) {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        let mut glance = tokio::time::interval(GLANCE);
        let mut heard = Vec::new();
        let search = async {
            loop {
                tokio::select! {
                    Some(event) = self.said.recv() => {
                        if wanted(&event) { return }
                        if !matches!(event, MediaEvent::Stats(_)) { heard.push(event); }
                    }
                    Some(event) = self.saw.recv() => self.engine.saw(event),
                    _ = second.tick() => self.engine.tick(false),
                    _ = glance.tick(), if self.engine.encodes_in_hardware() => self.engine.glance(),
                }
            }
        };
        let said = timeout(DEADLINE, search).await;
        assert!(said.is_ok(), "not in time, only {heard:#?}");
    }

    async fn encodes(&mut self, expected: &[Codec]) {
        let wanted = |event: &MediaEvent| matches!(event, MediaEvent::Encodes { codecs } if codecs == expected);
        self.until(wanted).await;
    }

    async fn sends_by(&mut self, encoder: &str) {
        let mut first = None;
        let wanted = |event: &MediaEvent| {
            let MediaEvent::Stats(stats) = event else {
                return false;
            };
            let Some(sent) = stats.sent_video.iter().find(|s| s.encoder == encoder) else {
                return false;
            };
            sent.frames_encoded > *first.get_or_insert(sent.frames_encoded) + 10
        };
        self.until(wanted).await;
    }
}

/// The driver is there, and GStreamer has an element for it.
fn is_listed() {
    let mut codecs = m2m_codecs().into_iter();
    let device = codecs.find(|codec| codec.role == M2mRole::Encoder);
    let device = device.expect("this test needs vicodec");
    assert_eq!(
        (device.driver.as_str(), device.formats.as_slice()),
        ("vicodec", ["FWHT".to_owned()].as_slice())
    );
    assert!(device.imports && device.pictures.contains(&"NV12".to_owned()));
    let mut listed = Installed::list().encoders.into_iter();
    let listed = listed.find(|c| c.name == TEST_ENCODER);
    let listed = listed.expect("GStreamer has an element for it");
    assert_eq!(
        (listed.codec.as_str(), listed.driver.as_deref()),
        ("FWHT", Some("vicodec"))
    );
    assert!(listed.not_tried.is_some(), "no meeting takes FWHT");
}

/// A program that tries encoders as the engine's does, with the smallest pictures that the driver takes, and notes each trial.
struct Trier {
    folder: tempfile::TempDir,
}

impl Trier {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let trier = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let (width, height) = SMALLEST;
        let (log, engine) = (trier.log(), env!("CARGO_BIN_EXE_saal-media"));
        let log = log.display();
        let script =
            format!("#!/bin/sh\necho \"$2\" >> '{log}'\nexec '{engine}' \"$@\" {width}x{height}\n");
        std::fs::write(trier.program(), script).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(trier.program(), executable).unwrap();
        trier
    }

    fn program(&self) -> std::path::PathBuf {
        self.folder.path().join("trier")
    }

    fn log(&self) -> std::path::PathBuf {
        self.folder.path().join("log")
    }

    /// What was tried so far.
    fn tried(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// An engine that has nothing to choose but this encoder.
    fn source(&self) -> EncoderSource {
        EncoderSource {
            list: || HardwareEncoder::named(TEST_ENCODER).into_iter().collect(),
            tried_by: Some(self.program()),
            // An emulated processor takes seconds to start a process.
            within: DEADLINE,
        }
    }
}

/// What is said of the test driver's encoder next, and what is to be remembered of it.
async fn verdict(daemon: &mut Daemon) -> (Verdict, Vec<EncoderTrial>) {
    let of_it = |event: &MediaEvent| {
        let MediaEvent::Codecs { report, trials } = event else {
            return None;
        };
        let mut encoders = report.encoders.iter();
        let found = encoders.find(|e| e.name == TEST_ENCODER)?;
        Some((found.verdict.clone(), trials.clone()))
    };
    daemon.until(of_it).await
}

/// A room that chooses its encoder anew, or by what was remembered.
async fn chooses(trier: &Trier, known: Vec<EncoderTrial>) -> (Daemon, Vec<EncoderTrial>) {
    let mut room = Daemon::ungreeted(House {
        encoders: trier.source(),
        ..support::house()
    });
    room.send(MediaCommand::RememberTrials { trials: known })
        .await;
    let encoder = EncoderChoice::Hardware;
    room.greet(DeviceChoice {
        encoder,
        ..simulated()
    })
    .await;
    loop {
        let (verdict, trials) = verdict(&mut room).await;
        match verdict {
            Verdict::Chosen => return (room, trials),
            Verdict::Unused { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

fn sends(codec: Codec) -> TransportCommand {
    let mut video = support::one_layer(SMALLEST.0, SMALLEST.1);
    (video.codec, video.frames_per_second) = (codec, 10);
    TransportCommand::Send {
        transport: OUT,
        track: "cam".to_owned(),
        source: SourceKind::Camera,
        video: Some(video),
        streams: vec![numbers(PICTURE)],
    }
}

const PICTURE: u32 = 1_000;
/// Of the bridge's payload types.
const H264: u8 = 107;
const VP8: u8 = 100;
/// What is promised (issue 6).
const FROZEN_AT_MOST: Duration = Duration::from_secs(1);

fn by(encoder: &'static str) -> impl FnMut(&MediaStats) -> bool {
    let mut before = None;
    move |stats| {
        let mut sent = stats.sent_video.iter();
        let Some(sent) = sent.find(|sent| sent.encoder == encoder) else {
            return false;
        };
        sent.frames_encoded > *before.get_or_insert(sent.frames_encoded) + 10
    }
}

/// Media time between the last picture of one codec and the first of the other.
fn stood_still(bridge: &Bridge) -> Duration {
    let times = |of: u8| {
        let came = bridge.came.iter();
        came.filter(move |(payload, _)| *payload == of)
    };
    let (last, next) = (times(H264).next_back().unwrap(), times(VP8).next().unwrap());
    let froze = Duration::from_secs(1) * next.1.wrapping_sub(last.1) / 90_000;
    support::say(&format!(
        "pulled: an encoder: the picture stands still for {froze:?} of media"
    ));
    froze
}

/// An encoder of V4L2, on a driver that behaves as those of boards do: from its listing to its failure in a call.
#[tokio::test]
#[ignore = "needs vicodec"]
async fn an_encoder_is_listed_tried_once_chosen_used_and_left_when_it_fails() {
    gstreamer::init().unwrap();
    is_listed();
    let trier = Trier::new();
    let (first, known) = chooses(&trier, Vec::new()).await;
    assert_eq!(trier.tried(), [TEST_ENCODER]);
    let with = HardwareEncoder::named(TEST_ENCODER)
        .unwrap()
        .circumstances();
    assert!(with.starts_with("vicodec, Linux "), "{with}");
    let passed = EncoderTrial {
        encoder: TEST_ENCODER.to_owned(),
        with,
        refused: None,
    };
    assert_eq!(known, [passed]);
    drop(first);
    let (mut room, _) = chooses(&trier, known).await;
    assert_eq!(trier.tried(), [TEST_ENCODER], "it is not tried again");

    let (bridge, mut declared) = Bridge::new().await;
    let mut bridge = Box::new(bridge);
    // Nothing is to be learnt of the network from packets that nobody reads.
    declared
        .extensions
        .retain(|e| !e.uri.contains("transport-wide-cc"));
    bridge.unread = Some(H264);
    Box::pin(bridge.offer_to(&mut room, OUT, declared)).await;
    bridge.until_daemon(room.connected(OUT)).await;
    bridge.expect(numbers(PICTURE), true);
    room.transport(sends(Codec::H264)).await;
    bridge
        .until_daemon(room.stats_until(by(TEST_ENCODER)))
        .await;

    let vp8_is_left = |event: &MediaEvent| {
        matches!(event, MediaEvent::Encodes { codecs } if *codecs == [Codec::Vp8]).then_some(())
    };
    let fails =
        async { tokio::join!(Pulled::out("vicodec", "vicodec.0"), room.until(vp8_is_left)) };
    let (_pulled, ()) = bridge.until_daemon(fails).await;
    // What the meeting's service does when it hears that.
    room.transport(sends(Codec::Vp8)).await;
    bridge.until_daemon(room.stats_until(by("vp8enc"))).await;
    let froze = stood_still(&bridge);
    assert!(froze <= FROZEN_AT_MOST, "{froze:?}");
    let said = room.log.iter().rev().find_map(|event| match event {
        MediaEvent::Codecs { report, trials } => Some((report, trials)),
        _ => None,
    });
    let (report, trials) = said.unwrap();
    let it = report.encoders.iter().find(|e| e.name == TEST_ENCODER);
    // Its device is gone, and maybe from the list as well; where it stands it says why it is not used.
    let verdict = it.map(|it| it.verdict.clone());
    assert!(
        matches!(verdict, Some(Verdict::GaveWay { .. })),
        "{verdict:?}"
    );
    assert!(trials.is_empty(), "the next engine tries it again");
}

/// vivid's memory is read by vicodec: an encoder that reads a camera's memory gets no other pictures.
#[tokio::test]
#[ignore = "needs vivid, vicodec and root"]
async fn an_encoder_reads_a_camera_s_pictures_where_they_were_captured() {
    let camera = cameras().remove(0);
    let mut room = Room::new();
    let devices = DeviceChoice {
        encoder: EncoderChoice::Hardware,
        ..with_camera(&camera.name)
    };
    room.engine.obey(MediaCommand::Configure {
        devices,
        television: SMALL,
    });
    room.encodes(&[Codec::Vp8]).await;
    room.use_test_encoder().await;
    // A size that the driver makes larger: it would read beyond the camera's picture.
    room.publish(Codec::H264, SMALLEST);
    let made_up = PictureWay::Copied {
        reason: Copies::MadeUp.to_string(),
    };
    room.hands_on(Some(made_up)).await;
    room.sends_by(TEST_ENCODER).await;

    room.publish(Codec::H264, WHOLE);
    room.hands_on(Some(PictureWay::HandedOn {})).await;
    room.sends_by(TEST_ENCODER).await;
    // Words stand in the camera's place, which are in no camera's memory.
    let (pulled, ()) = tokio::join!(Pulled::out("vivid", "vivid.0"), room.hands_on(None));
    room.sends_by(TEST_ENCODER).await;
    drop(pulled);
    room.hands_on(Some(PictureWay::HandedOn {})).await;
    room.sends_by(TEST_ENCODER).await;

    // What the driver refuses is copied, and the same encoder goes on.
    let reason = "the driver takes no memory of others".to_owned();
    let part = Part::Encoder(
        TrackKey {
            transport: OUT,
            track: "cam".to_owned(),
        },
        0,
    );
    room.engine.saw(GraphEvent::Failed {
        part,
        fault: Fault::Other,
        reason: reason.clone(),
    });
    room.hands_on(Some(PictureWay::Copied { reason })).await;
    room.sends_by(TEST_ENCODER).await;
}
