//! Cameras that a test plugs, occupies and unplugs.

use saal_hal::{Camera, CameraError, Cameras, PictureEncoding, PictureFormat};

use crate::plugged::Plugged;

/// Simulated cameras; the list is what was plugged, in that order.
#[derive(Clone, Debug, Default)]
pub struct SimulatedCameras(Plugged<Camera>);

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
            formats: [(320, 180), (640, 360), (1280, 720), (1920, 1080)]
                .map(format)
                .to_vec(),
        };
        self.0.plug(id, camera);
    }

    /// Disconnects the camera with this id; nobody needs to know whether it was there.
    pub fn unplug(&mut self, id: &str) {
        self.0.unplug(id);
    }

    /// Has another program take the camera, or give it back.
    pub fn set_busy(&mut self, id: &str, busy: bool) {
        self.0.set_busy(id, busy);
    }
}

impl Cameras for SimulatedCameras {
    fn list(&self) -> Result<Vec<Camera>, CameraError> {
        Ok(self.0.iter().cloned().collect())
    }

    fn check(&self, camera: &Camera) -> Result<(), CameraError> {
        self.find(&camera.id)?;
        if self.0.is_busy(&camera.id) {
            return Err(CameraError::Busy {
                camera: camera.name.clone(),
            });
        }
        Ok(())
    }
}
