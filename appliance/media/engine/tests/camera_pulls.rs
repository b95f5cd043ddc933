//! A camera is pulled and put back a thousand times in simulation: words stand in its place, and the same one is used again.
//! In a call the far end sees that in time, and hears nothing of it.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use saal_hal::{Camera, CameraError, Cameras, Control, ControlState};
use saal_hal_sim::SimulatedCameras;
use saal_media::{
    control::House,
    engine::{Engine, Machine},
    graph::{Graph, GraphEvent, Part},
};
use saal_media_protocol::{
    AudioChoice, CameraChoice, Codec, DeviceChoice, DeviceUse, DisplayChoice, EncoderChoice,
    MediaCommand, MediaEvent, MediaTrouble, Notices, PictureSettings, Rect, Television, Tile,
    TileSource, TransportId,
};
use support::{
    Daemon,
    far_end::{BACK_WITHIN, FarEnd, Heard, PACKET, PICTURE_MS, Shown, WORDS_WITHIN, longest},
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
        let mut engine = Engine::new(graph, events, network, preview, None, machine(sockets));
        engine.obey(MediaCommand::SetNotices(notices()));
        engine.obey(configure(devices(camera)));
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

/// With no sound devices but those of this computer, which nobody uses.
fn machine(sockets: &Sockets) -> Machine {
    Machine {
        cameras: Arc::new(sockets.clone()),
        ..Machine::real()
    }
}

fn notices() -> Notices {
    Notices {
        unplugged: "unplugged".to_owned(),
        covered: "covered".to_owned(),
        failed: "failed".to_owned(),
    }
}

fn devices(camera: &str) -> DeviceChoice {
    DeviceChoice {
        camera: CameraChoice::Device(camera.to_owned()),
        microphone: AudioChoice::None,
        loudspeaker: AudioChoice::None,
        content: CameraChoice::None,
        encoder: EncoderChoice::None,
        display: DisplayChoice::None,
        content_display: DisplayChoice::None,
        sound_processing: true,
        picture: PictureSettings::default(),
    }
}

fn configure(devices: DeviceChoice) -> MediaCommand {
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

const CALL: TransportId = TransportId(1);
/// Pulls in a call.
const PULLS: usize = 20;
/// Pictures in a row that are waited for.
const SOME: usize = 3;

/// What the daemon was told of the camera: that it is away, that it is back, which one it is.
fn told(log: &[MediaEvent]) -> Vec<String> {
    let news = log.iter().filter_map(|event| match event {
        MediaEvent::Trouble(MediaTrouble::Missing { source, wanted, .. }) => {
            Some(format!("{source:?} {wanted} missing"))
        }
        MediaEvent::Trouble(other) => Some(format!("{other:?}")),
        MediaEvent::Recovered { source } => Some(format!("{source:?} recovered")),
        MediaEvent::Camera { state: Some(state) } => Some(state.id.clone()),
        _ => None,
    });
    news.collect()
}

/// The last pictures are the camera's, or words.
fn ends_with(shown: &[Shown], camera: bool) -> bool {
    let last = shown.iter().rev().take(SOME);
    shown.len() >= SOME && last.into_iter().all(|one| one.code.is_some() == camera)
}

/// The first of the camera's pictures, or of words, and the one before it.
fn turn(shown: &[Shown], to_camera: bool) -> (&Shown, &Shown) {
    let of_it = |one: &Shown| one.code.is_some() == to_camera;
    let first = shown.iter().position(of_it).expect("it was waited for");
    assert!(shown[first..].iter().all(of_it), "it turns once");
    (&shown[first - 1], &shown[first])
}

/// Has something plugged or pulled, and waits until it is seen; the pictures from the last one before that on.
async fn turned(
    far_end: &mut FarEnd,
    sounds: &mut Vec<Heard>,
    to_camera: bool,
    plug: impl FnOnce(),
) -> Vec<Shown> {
    let last = far_end.came.shown.pop();
    sounds.append(&mut far_end.came.heard);
    far_end.forget();
    plug();
    far_end.until(|shown, _| ends_with(shown, to_camera)).await;
    let last = last.expect("something was waited for before");
    [&[last], far_end.came.shown.as_slice()].concat()
}

#[tokio::test]
async fn far_ends_see_words_soon_and_the_camera_soon_again_and_hear_no_gap() {
    let sockets = Sockets::default();
    sockets.plug(&[CHOSEN, OTHER]);
    let (plug, plugs) = mpsc::unbounded_channel();
    let house = House {
        machine: machine(&sockets),
        plugs: Some(plugs),
        ..support::house()
    };
    let devices = DeviceChoice {
        microphone: AudioChoice::Simulated,
        ..devices("Rally")
    };
    let mut daemon = Daemon::engine_in(house, devices).await;
    daemon.send(MediaCommand::SetNotices(notices())).await;
    let mut far_end = FarEnd::of(&mut daemon, CALL, Codec::Vp8).await;
    let mut sounds: Vec<Heard> = Vec::new();
    let mut slowest = (0, 0);
    let plugged = |ids: &[&str]| {
        sockets.plug(ids);
        plug.send(()).expect("the engine runs");
    };
    far_end
        .until(|shown, heard| ends_with(shown, true) && !heard.is_empty())
        .await;
    for pull in 0..PULLS {
        let seen = turned(&mut far_end, &mut sounds, false, || plugged(&[OTHER])).await;
        let (last, words) = turn(&seen, false);
        let without = words.time - last.time;
        assert!(without <= WORDS_WITHIN, "pull {pull}: {without}");

        let both = || plugged(&[CHOSEN, OTHER]);
        let seen = turned(&mut far_end, &mut sounds, true, both).await;
        // The first is earlier than when it was put back.
        let after = turn(&seen, true).1.time - seen[0].time;
        assert!(after <= BACK_WITHIN, "pull {pull}: {after}");
        slowest = (slowest.0.max(without), slowest.1.max(after));
    }
    eprintln!(
        "words after {} ms at most, the camera after {} ms",
        slowest.0 / PICTURE_MS,
        slowest.1 / PICTURE_MS
    );
    sounds.append(&mut far_end.came.heard);
    assert_eq!(longest(sounds.iter().map(|heard| heard.time)), PACKET);
    let once = ["Camera Rally missing", "Camera recovered"];
    let news = told(&daemon.heard_so_far().await);
    let known: Vec<&String> = news.iter().filter(|news| news.starts_with("usb")).collect();
    assert!(known.iter().all(|id| *id == CHOSEN), "{known:?}");
    let rest = news.iter().filter(|news| !news.starts_with("usb"));
    let expected = once.iter().cycle().take(2 * PULLS);
    assert!(rest.clone().eq(expected), "{news:?}");
}
