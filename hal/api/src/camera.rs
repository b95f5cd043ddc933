//! Cameras: what there is, what it can deliver, and whether it can be used now.

use serde::{Deserialize, Serialize};

use crate::{Control, ControlState};

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

/// What a source of pictures is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureKind {
    /// It looks at the room.
    #[default]
    Camera,
    /// Something is plugged into it, such as a laptop by HDMI.
    Input,
}

/// A camera that is connected now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Camera {
    /// Stable across reboots and replugs: the bus path, of USB devices with model and serial number behind it,
    /// `usb-0000:00:14.0-5#046d:0866:A1B2`. Where it is plugged tells two of one make apart, even where
    /// they have no serial numbers or equal ones.
    pub id: String,
    /// What people call it, as the device says.
    pub name: String,
    /// Where the operating system has it now (`/dev/video0`); empty for simulated ones.
    pub node: String,
    /// What it is there for.
    pub kind: PictureKind,
    /// All modes, in the order the device lists them.
    pub formats: Vec<PictureFormat>,
}

/// Model and serial number of the camera with this id: the very same piece, wherever it is plugged. `None` without a serial
/// number.
fn piece(id: &str) -> Option<&str> {
    let (_, piece) = id.split_once('#')?;
    let serial = piece.splitn(3, ':').nth(2)?;
    (!serial.is_empty()).then_some(piece)
}

/// Whether two identities are of the very same piece, plugged in at different places.
#[must_use]
pub fn same_piece(one: &str, other: &str) -> bool {
    piece(one).is_some_and(|piece_of_one| piece(other) == Some(piece_of_one))
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
    /// It can't be turned there, or not from here.
    #[error("camera \"{camera}\" does not let itself be set: {}", control.as_str())]
    NoControl {
        /// The camera's name.
        camera: String,
        /// What was to be set or read.
        control: Control,
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

    /// Finds a camera by id, by name or by node, in this order; and one that was plugged in elsewhere by the serial number
    /// in the id, if no other has it too.
    ///
    /// # Errors
    /// [`CameraError::NotFound`] with what there is.
    fn find(&self, wanted: &str) -> Result<Camera, CameraError> {
        let cameras = self.list()?;
        let by = |key: fn(&Camera) -> &str| cameras.iter().find(|c| key(c) == wanted).cloned();
        by(|c| &c.id)
            .or_else(|| by(|c| &c.name))
            .or_else(|| by(|c| &c.node))
            .or_else(|| plugged_elsewhere(wanted, &cameras))
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

    /// Whether something sends a picture into this input; `None`: it does not tell, as cameras don't.
    ///
    /// # Errors
    /// [`CameraError::NotFound`] when it left.
    fn signal(&self, camera: &Camera) -> Result<Option<bool>, CameraError>;

    /// Whether people closed the shutter; `None`: it has none, or none that tells.
    ///
    /// # Errors
    /// [`CameraError::NotFound`] when it left.
    fn covered(&self, camera: &Camera) -> Result<Option<bool>, CameraError> {
        let controls = self.controls(camera)?;
        let privacy = controls.iter().find(|c| c.control == Control::Privacy);
        Ok(privacy.map(|privacy| privacy.value != 0))
    }

    /// What can be turned, in the order of [`Control::ALL`].
    ///
    /// # Errors
    /// [`CameraError::NotFound`] when it left.
    fn controls(&self, camera: &Camera) -> Result<Vec<ControlState>, CameraError>;

    /// Turns something to the value that the camera has nearest to this one, and returns it. Where the camera does the same
    /// by itself it stops doing so.
    ///
    /// # Errors
    /// [`CameraError::NoControl`] when it can't be set from here; privacy never can.
    fn set_control(
        &self,
        camera: &Camera,
        control: Control,
        value: i32,
    ) -> Result<i32, CameraError>;
}

fn plugged_elsewhere(wanted: &str, cameras: &[Camera]) -> Option<Camera> {
    let wanted = piece(wanted)?;
    let mut same = cameras.iter().filter(|c| piece(&c.id) == Some(wanted));
    let found = same.next()?;
    same.next().is_none().then(|| found.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(id: &str) -> Camera {
        Camera {
            id: id.to_owned(),
            name: "Rally".to_owned(),
            node: String::new(),
            kind: PictureKind::Camera,
            formats: Vec::new(),
        }
    }

    #[test]
    fn one_piece_is_known_by_its_serial_number_in_any_socket() {
        let wanted = "usb-1.2#046d:0866:A1";
        let there = [camera("usb-3#046d:0866:A1"), camera("usb-4#046d:0866:B2")];
        let found = plugged_elsewhere(wanted, &there);
        assert_eq!(found.map(|c| c.id), Some(there[0].id.clone()));
    }

    #[test]
    fn without_a_serial_number_of_its_own_the_socket_decides() {
        let equal = [camera("usb-3#046d:0866:1"), camera("usb-4#046d:0866:1")];
        assert_eq!(plugged_elsewhere("usb-5#046d:0866:1", &equal), None);
        let none = [camera("usb-3#046d:0866")];
        assert_eq!(plugged_elsewhere("usb-5#046d:0866", &none), None);
        let other_model = [camera("usb-3#1b3f:2002:1")];
        assert_eq!(plugged_elsewhere("usb-5#046d:0866:1", &other_model), None);
    }
}
