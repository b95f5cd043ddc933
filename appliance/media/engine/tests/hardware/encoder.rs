//! An encoder of V4L2 in the engine, on the kernel's test driver of a codec.

use super::*;

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

/// An encoder of V4L2, on a driver that behaves as those of boards do.
#[tokio::test]
#[ignore = "needs vicodec"]
async fn an_encoder_is_listed_tried_used_and_left_when_it_fails() {
    let mut room = Room::new();
    let device = m2m_codecs()
        .into_iter()
        .find(|codec| codec.role == M2mRole::Encoder);
    let device = device.expect("this test needs vicodec");
    assert_eq!(
        (device.driver.as_str(), device.formats.as_slice()),
        ("vicodec", ["FWHT".to_owned()].as_slice())
    );
    assert!(device.imports && device.pictures.contains(&"NV12".to_owned()));
    let listed = Installed::list()
        .encoders
        .into_iter()
        .find(|c| c.name == TEST_ENCODER);
    let listed = listed.expect("GStreamer has an element for it");
    assert_eq!(
        (listed.codec.as_str(), listed.driver.as_deref()),
        ("FWHT", Some("vicodec"))
    );
    assert!(listed.not_tried.is_some(), "no meeting takes FWHT");

    let trial = tokio::process::Command::new(env!("CARGO_BIN_EXE_saal-media"))
        .args([TRY_ENCODER, TEST_ENCODER, "640x360"])
        .output();
    let trial = trial.await.unwrap();
    let said = String::from_utf8_lossy(&trial.stdout);
    assert!(trial.status.success(), "{}: {said}", trial.status);

    let choice = EncoderChoice::Hardware;
    let devices = DeviceChoice {
        encoder: choice,
        ..simulated()
    };
    room.engine.obey(MediaCommand::Configure {
        devices,
        television: SMALL,
    });
    room.encodes(&[Codec::Vp8]).await;
    room.use_test_encoder().await;
    room.publish(Codec::H264, SMALLEST);
    room.sends_by(TEST_ENCODER).await;
    let vp8 = [Codec::Vp8];
    let (_pulled, ()) = tokio::join!(Pulled::out("vicodec", "vicodec.0"), room.encodes(&vp8));
    room.publish(Codec::Vp8, SMALLEST);
    room.sends_by("vp8enc").await;
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
