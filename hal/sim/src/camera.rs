//! Cameras that a test plugs, occupies and unplugs.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use saal_hal::{
    Camera, CameraError, Cameras, Control, ControlState, PictureEncoding, PictureFormat,
    PictureKind,
};

use crate::plugged::Plugged;

/// Simulated cameras; the list is what was plugged, in that order.
#[derive(Debug, Default)]
pub struct SimulatedCameras {
    plugged: Plugged<Camera>,
    /// What was turned since a camera was plugged in.
    controls: Mutex<BTreeMap<String, Vec<ControlState>>>,
    /// Whether something is plugged into an input.
    signals: BTreeMap<String, bool>,
}

/// As of a conference camera: zoom, pan and tilt, focus and a shutter.
const CONTROLS: [(Control, i32, i32, i32); 6] = [
    (Control::Zoom, 100, 500, 1),
    (Control::Pan, -36_000, 36_000, 3_600),
    (Control::Tilt, -18_000, 18_000, 3_600),
    (Control::AutoFocus, 0, 1, 1),
    (Control::Focus, 0, 250, 5),
    (Control::Privacy, 0, 1, 1),
];

fn fresh() -> Vec<ControlState> {
    let state = |(control, least, most, step)| {
        let normal = match control {
            Control::AutoFocus => 1,
            Control::Zoom => least,
            _ => 0,
        };
        ControlState {
            control,
            least,
            most,
            step,
            normal,
            value: normal,
            settable: control != Control::Privacy,
        }
    };
    CONTROLS.map(state).to_vec()
}

impl SimulatedCameras {
    /// One camera, as in a room without hardware.
    #[must_use]
    pub fn one() -> Self {
        let mut cameras = Self::default();
        cameras.plug("simulated:0", "Simulated camera");
        cameras
    }

    /// Connects a camera; one with this id that is there already is replaced.
    pub fn plug(&mut self, id: &str, name: &str) {
        self.plug_kind(id, name, PictureKind::Camera);
        self.lock().insert(id.to_owned(), fresh());
    }

    /// Connects an input into which nothing is plugged.
    pub fn plug_input(&mut self, id: &str, name: &str) {
        self.plug_kind(id, name, PictureKind::Input);
        self.signals.insert(id.to_owned(), false);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<ControlState>>> {
        self.controls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plug_kind(&mut self, id: &str, name: &str, kind: PictureKind) {
        let format = |(width, height)| PictureFormat {
            encoding: PictureEncoding::I420,
            width,
            height,
            frames_per_second: 30,
        };
        let camera = Camera {
            id: id.to_owned(),
            name: name.to_owned(),
            node: String::new(),
            kind,
            formats: [(320, 180), (640, 360), (1280, 720), (1920, 1080)]
                .map(format)
                .to_vec(),
        };
        self.plugged.plug(id, camera);
    }

    /// Disconnects the camera with this id; nobody needs to know whether it was there.
    pub fn unplug(&mut self, id: &str) {
        self.plugged.unplug(id);
        self.lock().remove(id);
        self.signals.remove(id);
    }

    /// Has another program take the camera, or give it back.
    pub fn set_busy(&mut self, id: &str, busy: bool) {
        self.plugged.set_busy(id, busy);
    }

    /// Plugs something into an input, or pulls it out.
    pub fn set_signal(&mut self, id: &str, there: bool) {
        if let Some(signal) = self.signals.get_mut(id) {
            *signal = there;
        }
    }

    /// Closes or opens a camera's shutter, as people's fingers do.
    pub fn set_shutter(&mut self, id: &str, closed: bool) {
        let mut controls = self.lock();
        for state in controls.get_mut(id).into_iter().flatten() {
            if state.control == Control::Privacy {
                state.value = i32::from(closed);
            }
        }
    }
}

impl Cameras for SimulatedCameras {
    fn list(&self) -> Result<Vec<Camera>, CameraError> {
        Ok(self.plugged.iter().cloned().collect())
    }

    fn check(&self, camera: &Camera) -> Result<(), CameraError> {
        self.find(&camera.id)?;
        if self.plugged.is_busy(&camera.id) {
            return Err(CameraError::Busy {
                camera: camera.name.clone(),
            });
        }
        Ok(())
    }

    fn signal(&self, camera: &Camera) -> Result<Option<bool>, CameraError> {
        let found = self.find(&camera.id)?;
        Ok(self.signals.get(&found.id).copied())
    }

    fn controls(&self, camera: &Camera) -> Result<Vec<ControlState>, CameraError> {
        let found = self.find(&camera.id)?;
        Ok(self.lock().get(&found.id).cloned().unwrap_or_default())
    }

    fn set_control(
        &self,
        camera: &Camera,
        control: Control,
        value: i32,
    ) -> Result<i32, CameraError> {
        let found = self.find(&camera.id)?;
        let mut all = self.lock();
        let states = all.entry(found.id).or_default();
        let settable = |c: &&mut ControlState| c.control == control && c.settable;
        let Some(state) = states.iter_mut().find(settable) else {
            return Err(CameraError::NoControl {
                camera: camera.name.clone(),
                control,
            });
        };
        state.value = state.nearest(value);
        let set = state.value;
        let automatic = |c: &&mut ControlState| Some(c.control) == control.automatic();
        if let Some(automatic) = states.iter_mut().find(automatic) {
            automatic.value = 0;
        }
        Ok(set)
    }
}
