//! The room's cameras: which one a name means, and the thread that turns them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, mpsc},
    thread,
};

use saal_hal::{AudioDevices, Camera, CameraError, Cameras, Control};
use saal_hal_linux::{AlsaDevices, V4l2Cameras};
use saal_media_protocol::PictureDevice;

use crate::graph::{Graph, GraphEvent};

/// All cameras of the machine, or those of a test.
pub type SharedCameras = Arc<dyn Cameras + Send + Sync>;
/// All sound devices of the machine, or those of a test.
pub type SharedSounds = Arc<dyn AudioDevices + Send + Sync>;

/// What an engine finds its devices by.
#[derive(Clone)]
pub struct Machine {
    /// Cameras and other sources of pictures.
    pub cameras: SharedCameras,
    /// Microphones and loudspeakers.
    pub sounds: SharedSounds,
}

impl Machine {
    /// The computer that this runs on.
    #[must_use]
    pub fn real() -> Self {
        Self {
            cameras: Arc::new(V4l2Cameras),
            sounds: Arc::new(AlsaDevices),
        }
    }
}

/// Which camera was meant by a name, so that it is the same one again after it was pulled.
#[derive(Debug)]
struct Known {
    id: String,
    /// Others that were there beside it: none of them is meant.
    others: BTreeSet<String>,
}

/// Finds cameras by what the configuration calls them.
pub(super) struct KnownCameras {
    cameras: SharedCameras,
    known: BTreeMap<String, Known>,
}

impl std::fmt::Debug for KnownCameras {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KnownCameras")
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}

impl KnownCameras {
    pub(super) fn new(cameras: SharedCameras) -> Self {
        Self {
            cameras,
            known: BTreeMap::new(),
        }
    }

    pub(super) fn present(&self) -> Vec<PictureDevice> {
        let cameras = self.cameras.list().unwrap_or_default();
        let device = |camera: Camera| PictureDevice {
            id: camera.id,
            name: camera.name,
            kind: camera.kind,
        };
        cameras.into_iter().map(device).collect()
    }

    /// The camera that is meant. Of two that call themselves the same, the one that was meant first: when it is gone, the other
    /// one takes its name, but not its place. One that was never seen beside it replaces it.
    pub(super) fn find(&mut self, wanted: &str) -> Result<Camera, CameraError> {
        let present = self.cameras.list()?;
        if let Some(known) = self.known.get_mut(wanted)
            && let Ok(camera) = self.cameras.find(&known.id)
        {
            let others = present.iter().filter(|other| other.id != camera.id);
            known.others.extend(others.map(|other| other.id.clone()));
            return Ok(camera);
        }
        let found = self.cameras.find(wanted)?;
        let known = self.known.get(wanted);
        if known.is_some_and(|known| known.others.contains(&found.id)) {
            return Err(CameraError::NotFound {
                wanted: wanted.to_owned(),
                present: present.into_iter().map(|c| c.name).collect(),
            });
        }
        let others = present.into_iter().map(|other| other.id);
        let known = Known {
            id: found.id.clone(),
            others: others.filter(|other| *other != found.id).collect(),
        };
        self.known.insert(wanted.to_owned(), known);
        Ok(found)
    }
}

/// What is asked of a camera.
#[derive(Debug)]
pub(super) enum Order {
    /// How all controls stand.
    Read,
    /// Turns these, then says how all stand.
    Turn(Vec<(Control, i32)>),
    /// Whether the shutter is closed.
    LookForCover,
    /// Whether something is plugged in.
    LookForSignal,
}

/// Asks and turns cameras on a thread of its own: some answer only when their motors stand. Answers come as graph events.
#[derive(Debug)]
pub(super) struct CameraDesk(mpsc::Sender<(Camera, Order)>);

impl CameraDesk {
    pub(super) fn start(graph: &Graph, cameras: SharedCameras) -> Self {
        let (orders, taken) = mpsc::channel();
        let graph = graph.clone();
        let worker = move || {
            while let Ok((camera, order)) = taken.recv() {
                obey(&graph, &*cameras, &camera, order);
            }
        };
        let started = thread::Builder::new()
            .name("cameras".to_owned())
            .spawn(worker);
        if let Err(error) = started {
            tracing::error!(%error, "cameras can't be turned");
        }
        Self(orders)
    }

    /// Returns at once.
    pub(super) fn ask(&self, camera: &Camera, order: Order) {
        // Without its thread there is nobody to turn anything, which was said.
        let _ = self.0.send((camera.clone(), order));
    }
}

fn obey(graph: &Graph, cameras: &dyn Cameras, camera: &Camera, order: Order) {
    let outcome = match order {
        Order::Read => read(graph, cameras, camera),
        Order::Turn(turns) => {
            turn(cameras, camera, turns).and_then(|()| read(graph, cameras, camera))
        }
        Order::LookForCover => cameras.covered(camera).map(|covered| {
            if let Some(closed) = covered {
                let camera = camera.id.clone();
                graph.say(GraphEvent::Covered { camera, closed });
            }
        }),
        Order::LookForSignal => cameras.signal(camera).map(|present| {
            let input = camera.id.clone();
            graph.say(GraphEvent::Signal { input, present });
        }),
    };
    match outcome {
        // Its absence is noticed where its picture is missing.
        Ok(()) | Err(CameraError::NotFound { .. }) => {}
        Err(error) => tracing::warn!(%error, "a camera does not do what it was asked"),
    }
}

fn turn(
    cameras: &dyn Cameras,
    camera: &Camera,
    turns: Vec<(Control, i32)>,
) -> Result<(), CameraError> {
    for (control, value) in turns {
        cameras.set_control(camera, control, value)?;
    }
    Ok(())
}

fn read(graph: &Graph, cameras: &dyn Cameras, camera: &Camera) -> Result<(), CameraError> {
    let controls = cameras.controls(camera)?;
    let camera = camera.id.clone();
    graph.say(GraphEvent::Controls { camera, controls });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use saal_hal::ControlState;
    use saal_hal_sim::SimulatedCameras;

    use super::*;

    /// Cameras that are plugged while somebody holds them.
    #[derive(Clone, Default)]
    struct Plugged(Arc<Mutex<Vec<(String, String)>>>);

    impl Plugged {
        fn set(&self, cameras: &[(&str, &str)]) {
            let owned = |(id, name): &(&str, &str)| ((*id).to_owned(), (*name).to_owned());
            *self.0.lock().unwrap() = cameras.iter().map(owned).collect();
        }

        fn now(&self) -> SimulatedCameras {
            let mut cameras = SimulatedCameras::default();
            for (id, name) in self.0.lock().unwrap().iter() {
                cameras.plug(id, name);
            }
            cameras
        }
    }

    impl Cameras for Plugged {
        fn list(&self) -> Result<Vec<Camera>, CameraError> {
            self.now().list()
        }

        fn check(&self, camera: &Camera) -> Result<(), CameraError> {
            self.now().check(camera)
        }

        fn signal(&self, camera: &Camera) -> Result<Option<bool>, CameraError> {
            self.now().signal(camera)
        }

        fn controls(&self, camera: &Camera) -> Result<Vec<ControlState>, CameraError> {
            self.now().controls(camera)
        }

        fn set_control(&self, camera: &Camera, c: Control, v: i32) -> Result<i32, CameraError> {
            self.now().set_control(camera, c, v)
        }
    }

    fn known() -> (Plugged, KnownCameras) {
        let plugged = Plugged::default();
        let known = KnownCameras::new(Arc::new(plugged.clone()));
        (plugged, known)
    }

    fn id(known: &mut KnownCameras, wanted: &str) -> Option<String> {
        known.find(wanted).ok().map(|camera| camera.id)
    }

    #[test]
    fn of_two_equal_cameras_the_other_one_is_not_taken_when_one_is_pulled() {
        let (plugged, mut known) = known();
        plugged.set(&[("usb-1", "Rally"), ("usb-2", "Rally (2)")]);
        assert_eq!(id(&mut known, "Rally").as_deref(), Some("usb-1"));
        // The one that is left is called by the shorter name now.
        plugged.set(&[("usb-2", "Rally")]);
        assert_eq!(id(&mut known, "Rally"), None);
        plugged.set(&[("usb-1", "Rally"), ("usb-2", "Rally (2)")]);
        assert_eq!(id(&mut known, "Rally").as_deref(), Some("usb-1"));
    }

    #[test]
    fn one_that_came_later_takes_the_name_and_not_the_place() {
        let (plugged, mut known) = known();
        plugged.set(&[("usb-2", "Rally")]);
        assert_eq!(id(&mut known, "Rally").as_deref(), Some("usb-2"));
        plugged.set(&[("usb-1", "Rally"), ("usb-2", "Rally (2)")]);
        assert_eq!(id(&mut known, "Rally").as_deref(), Some("usb-2"));
        plugged.set(&[("usb-1", "Rally")]);
        assert_eq!(id(&mut known, "Rally"), None);
    }

    #[test]
    fn a_camera_that_replaces_a_broken_one_is_taken_by_its_name() {
        let (plugged, mut known) = known();
        plugged.set(&[("usb-1", "Rally")]);
        assert_eq!(id(&mut known, "Rally").as_deref(), Some("usb-1"));
        plugged.set(&[]);
        assert_eq!(id(&mut known, "Rally"), None);
        plugged.set(&[("usb-3", "Rally")]);
        assert_eq!(id(&mut known, "Rally").as_deref(), Some("usb-3"));
    }
}
