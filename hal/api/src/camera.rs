//! Cameras: what there is, what it can deliver, and whether it can be used now.

use serde::{Deserialize, Serialize};

/// How a camera delivers its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureEncoding {
    /// Planar 4:2:0, three planes.
    I420,
    /// Planar 4:2:0, luma and interleaved chroma.
    Nv12,
    /// Packed 4:2:2.
    Yuy2,
    /// One JPEG a picture.
    Mjpeg,
    /// The camera's own H.264 stream.
    H264,
}

/// One mode of a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PictureFormat {
    /// How the pictures are coded.
    pub encoding: PictureEncoding,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whole frames a second.
    pub frames_per_second: u32,
}

/// A camera that is connected now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Camera {
    /// Stable across reboots and replugs at the same place: bus path and serial number.
    pub id: String,
    /// What people call it, as the device says.
    pub name: String,
    /// Where the operating system has it now (`/dev/video0`); empty for simulated ones.
    pub node: String,
    /// All modes, in the order the device lists them.
    pub formats: Vec<PictureFormat>,
}

/// Why a camera can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "error")]
pub enum CameraError {
    /// Nothing with this identity is connected; `present` lists what is.
    #[error("no camera \"{wanted}\"; there is {}", list(.present))]
    NotFound {
        /// What was asked for.
        wanted: String,
        /// Names of the connected cameras.
        present: Vec<String>,
    },
    /// Another program streams from it.
    #[error("camera \"{camera}\" is in use by another program")]
    Busy {
        /// The camera's name.
        camera: String,
    },
    /// The device answered with an error.
    #[error("camera \"{camera}\": {operation} failed: {reason}")]
    Device {
        /// The camera's name.
        camera: String,
        /// What was tried, as the kernel names it.
        operation: String,
        /// What the kernel said.
        reason: String,
    },
}

pub(crate) fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

/// The cameras of a machine.
pub trait Cameras {
    /// Everything that is connected now; an empty list is no error.
    ///
    /// # Errors
    /// [`CameraError::Device`] when a device that is there can't be asked.
    fn list(&self) -> Result<Vec<Camera>, CameraError>;

    /// Finds a camera by id, by name or by node, in this order.
    ///
    /// # Errors
    /// [`CameraError::NotFound`] with what there is.
    fn find(&self, wanted: &str) -> Result<Camera, CameraError> {
        let cameras = self.list()?;
        let by = |key: fn(&Camera) -> &str| cameras.iter().find(|c| key(c) == wanted).cloned();
        by(|c| &c.id)
            .or_else(|| by(|c| &c.name))
            .or_else(|| by(|c| &c.node))
            .ok_or_else(|| CameraError::NotFound {
                wanted: wanted.to_owned(),
                present: cameras.iter().map(|c| c.name.clone()).collect(),
            })
    }

    /// Streams until one picture arrived and stops again: the proof that the camera is usable now.
    ///
    /// # Errors
    /// [`CameraError::Busy`] when somebody else streams, [`CameraError::NotFound`] when it left.
    fn check(&self, camera: &Camera) -> Result<(), CameraError>;
}
