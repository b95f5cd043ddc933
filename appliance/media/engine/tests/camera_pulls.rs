//! A camera is pulled and put back a thousand times in simulation: words stand in its place, and the same one is used again.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use saal_hal::{Camera, CameraError, Cameras, Control, ControlState};
use saal_hal_sim::SimulatedCameras;
use saal_media::{
    engine::Engine,
    graph::{Graph, GraphEvent, Part},
};
use saal_media_protocol::{
    AudioChoice, CameraChoice, DeviceChoice, DeviceUse, DisplayChoice, EncoderChoice, MediaCommand,
    MediaEvent, MediaTrouble, Notices, PictureSettings, Rect, Television, Tile, TileSource,
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

const CHOSEN: &str = "usb-1";
/// Of the same make: alone, it is called what the chosen one is called beside it.
const OTHER: &str = "usb-2";

/// Cameras that are plugged while the engine has them.
#[derive(Clone, Default)]
struct Sockets(Arc<Mutex<SimulatedCameras>>);

impl Sockets {
    /// As saal-hal-linux names them: numbered in the order of their identities.
    fn plug(&self, ids: &[&str]) {
        let mut cameras = self.0.lock().unwrap();
        *cameras = SimulatedCameras::default();
        for (index, id) in ids.iter().enumerate() {
            let name = ["Rally", "Rally (2)"][index];
            cameras.plug(id, name);
        }
    }

    fn shutter(&self, closed: bool) {
        self.0.lock().unwrap().set_shutter(CHOSEN, closed);
    }
}

impl Cameras for Sockets {
    fn list(&self) -> Result<Vec<Camera>, CameraError> {
        self.0.lock().unwrap().list()
    }

    fn check(&self, camera: &Camera) -> Result<(), CameraError> {
        self.0.lock().unwrap().check(camera)
    }

    fn signal(&self, camera: &Camera) -> Result<Option<bool>, CameraError> {
        self.0.lock().unwrap().signal(camera)
    }

    fn controls(&self, camera: &Camera) -> Result<Vec<ControlState>, CameraError> {
        self.0.lock().unwrap().controls(camera)
    }

    fn set_control(&self, camera: &Camera, c: Control, value: i32) -> Result<i32, CameraError> {
        self.0.lock().unwrap().set_control(camera, c, value)
    }
}

struct Bench {
    engine: Engine,
    saw: mpsc::UnboundedReceiver<GraphEvent>,
    said: mpsc::UnboundedReceiver<MediaEvent>,
    /// The camera that was told last.
    camera: Option<String>,
}

impl Bench {
    fn new(sockets: &Sockets, camera: &str) -> Self {
        let (graph_events, saw) = mpsc::unbounded_channel();
        let (events, said) = mpsc::unbounded_channel();
        let (network, _) = mpsc::unbounded_channel();
        let (preview, _) = watch::channel(None);
        let graph = Graph::new(graph_events).unwrap();
        let cameras = Arc::new(sockets.clone());
        let mut engine = Engine::new(graph, events, network, preview, None, cameras);
        engine.obey(MediaCommand::SetNotices(Notices {
            unplugged: "unplugged".to_owned(),
            covered: "covered".to_owned(),
            failed: "failed".to_owned(),
        }));
        engine.obey(configure(camera));
        let rect = Rect {
            x: 0,
            y: 0,
            width: 320,
            height: 180,
        };
        let source = TileSource::Own;
        let tiles = vec![Tile { source, rect }];
        engine.obey(MediaCommand::SetTiles { tiles });
        Self {
            engine,
            saw,
            said,
            camera: None,
        }
    }

    /// Passes on what the graph says until it says this.
    async fn until(&mut self, wanted: impl Fn(&GraphEvent) -> bool) {
        let wait = async {
            loop {
                let event = self.saw.recv().await.unwrap();
                let is_it = wanted(&event);
                if let GraphEvent::Failed { reason, .. } = &event {
                    panic!("nothing fails here: {reason}");
                }
                self.engine.saw(event);
                if is_it {
                    return;
                }
            }
        };
        timeout(Duration::from_secs(60), wait)
            .await
            .expect("the graph says what it was waited for");
    }

    async fn works(&mut self, part: Part) {
        self.until(|event| matches!(event, GraphEvent::Working(works) if *works == part))
            .await;
    }

    /// Until it is told that the chosen camera is the one; returns what was said meanwhile.
    async fn known(&mut self) -> Vec<String> {
        let mut news = self.news();
        while self.camera.as_deref() != Some(CHOSEN) {
            self.until(|event| matches!(event, GraphEvent::Controls { .. }))
                .await;
            news.extend(self.news());
        }
        news
    }

    /// What was said of the camera's troubles since: what it was, and that it is over.
    fn news(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        while let Ok(event) = self.said.try_recv() {
            match event {
                MediaEvent::Trouble(MediaTrouble::Missing { source, .. }) => {
                    news.push(format!("{source:?} missing"));
                }
                MediaEvent::Trouble(MediaTrouble::Covered { source, .. }) => {
                    news.push(format!("{source:?} covered"));
                }
                MediaEvent::Trouble(other) => panic!("{other:?}"),
                MediaEvent::Recovered { source } => news.push(format!("{source:?} recovered")),
                MediaEvent::Camera { state } => self.camera = state.map(|state| state.id),
                _ => {}
            }
        }
        news
    }
}

fn configure(camera: &str) -> MediaCommand {
    let devices = DeviceChoice {
        camera: CameraChoice::Device(camera.to_owned()),
        microphone: AudioChoice::None,
        loudspeaker: AudioChoice::None,
        content: CameraChoice::None,
        encoder: EncoderChoice::None,
        display: DisplayChoice::None,
        content_display: DisplayChoice::None,
        sound_processing: true,
        picture: PictureSettings::default(),
    };
    let television = Television {
        width: 320,
        height: 180,
        frames_per_second: 30,
        reduced_motion: false,
    };
    MediaCommand::Configure {
        devices,
        television,
    }
}

/// The same on every machine (Numerical Recipes' generator).
fn chance(seed: &mut u32) -> u32 {
    *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *seed >> 16
}

#[tokio::test]
async fn a_camera_that_is_pulled_a_thousand_times_is_the_same_one_a_thousand_times() {
    let sockets = Sockets::default();
    sockets.plug(&[CHOSEN, OTHER]);
    let mut bench = Bench::new(&sockets, "Rally");
    bench.works(Part::Camera).await;
    assert_eq!(bench.known().await, [""; 0]);
    let mut seed = 1;
    for pull in 0..1_000 {
        // The other one is there, or not, and comes or goes meanwhile: it is never taken.
        let other = |seed: &mut u32| chance(seed).is_multiple_of(2);
        sockets.plug(if other(&mut seed) { &[OTHER] } else { &[] });
        bench.engine.plugged();
        assert_eq!(bench.news(), ["Camera missing"], "pull {pull}");
        bench.works(Part::Notice).await;
        if other(&mut seed) {
            sockets.plug(&[OTHER]);
            bench.engine.plugged();
            // That there is something else now may be said.
            let recovered = bench.news().iter().any(|news| news.contains("recovered"));
            assert!(!recovered, "pull {pull}");
        }
        let alone: &[&str] = &[CHOSEN];
        let both: &[&str] = &[CHOSEN, OTHER];
        sockets.plug(if other(&mut seed) { alone } else { both });
        bench.engine.plugged();
        bench.works(Part::Camera).await;
        assert_eq!(bench.news(), ["Camera recovered"], "pull {pull}");
        sockets.plug(both);
        bench.engine.plugged();
        assert_eq!(bench.news(), [""; 0], "pull {pull}");
    }
    assert_eq!(bench.known().await, [""; 0]);
}

#[tokio::test]
async fn a_closed_shutter_is_told_and_stands_in_the_picture_until_it_is_open() {
    let sockets = Sockets::default();
    sockets.plug(&[CHOSEN, OTHER]);
    let mut bench = Bench::new(&sockets, CHOSEN);
    bench.works(Part::Camera).await;
    sockets.shutter(true);
    bench.engine.tick(true);
    bench
        .until(|event| matches!(event, GraphEvent::Covered { closed: true, .. }))
        .await;
    assert_eq!(bench.news(), ["Camera covered"]);
    bench.works(Part::Notice).await;
    bench.engine.tick(true);
    bench
        .until(|event| matches!(event, GraphEvent::Covered { closed: true, .. }))
        .await;
    assert_eq!(bench.news(), [""; 0], "once is enough");
    sockets.shutter(false);
    bench.engine.tick(true);
    bench
        .until(|event| matches!(event, GraphEvent::Covered { closed: false, .. }))
        .await;
    assert_eq!(bench.news(), [format!("{:?} recovered", DeviceUse::Camera)]);
}
