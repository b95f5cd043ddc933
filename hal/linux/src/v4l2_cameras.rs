//! Cameras by Video4Linux2 (kernel documentation, userspace-api/media/v4l).

use std::{io, path::Path, time::Duration};

use saal_hal::{
    Camera, CameraError, Cameras, Control, ControlState, PictureEncoding, PictureFormat,
    PictureKind,
};
use v4l::{
    Device, FourCC, Fraction,
    buffer::Type,
    capability::Flags,
    frameinterval::FrameIntervalEnum,
    framesize::{FrameSizeEnum, Stepwise},
    io::{mmap::Stream, traits::CaptureStream},
    video::Capture,
};

use crate::{
    names::{self, Named},
    v4l2_calls::{capability, current_input, text},
    v4l2_controls,
};

/// A camera's first picture may need its sensor to settle.
const FIRST_PICTURE: Duration = Duration::from_secs(3);

/// Sizes that are offered of a camera that scales freely.
const COMMON_SIZES: [(u32, u32); 6] = [
    (320, 180),
    (640, 360),
    (640, 480),
    (1280, 720),
    (1920, 1080),
    (3840, 2160),
];
/// Rates that are offered of a camera that takes any.
const COMMON_RATES: [u32; 4] = [15, 25, 30, 60];

const EBUSY: i32 = nix::errno::Errno::EBUSY as i32;
const ENODEV: i32 = nix::errno::Errno::ENODEV as i32;

/// The cameras under `/dev/video*`.
#[derive(Clone, Copy, Debug, Default)]
pub struct V4l2Cameras;

impl Cameras for V4l2Cameras {
    fn list(&self) -> Result<Vec<Camera>, CameraError> {
        let mut nodes: Vec<_> = v4l::context::enum_devices();
        nodes.sort_by_key(v4l::context::Node::index);
        let mut cameras: Vec<Camera> = Vec::new();
        for node in nodes {
            match describe(node.path()) {
                Ok(Some(mut camera)) => {
                    make_id_unique(&mut camera, &cameras);
                    cameras.push(camera);
                }
                Ok(None) => {}
                // One that is being pulled out now is simply not there.
                Err(error) => {
                    tracing::debug!(node = %node.path().display(), %error, "no camera");
                }
            }
        }
        names::make_unique(&mut cameras);
        Ok(cameras)
    }

    fn check(&self, camera: &Camera) -> Result<(), CameraError> {
        let device = self.open(camera)?;
        let format = device
            .format()
            .map_err(|e| self.explain(camera, "VIDIOC_G_FMT", &e))?;
        // Setting the format is what a second user of a camera is refused.
        device
            .set_format(&format)
            .map_err(|e| self.explain(camera, "VIDIOC_S_FMT", &e))?;
        let mut stream = Stream::with_buffers(&device, Type::VideoCapture, 2)
            .map_err(|e| self.explain(camera, "VIDIOC_REQBUFS", &e))?;
        stream.set_timeout(FIRST_PICTURE);
        stream
            .next()
            .map_err(|e| self.explain(camera, "streaming", &e))?;
        Ok(())
    }

    fn signal(&self, camera: &Camera) -> Result<Option<bool>, CameraError> {
        let input = current_input(&self.open(camera)?)
            .map_err(|error| self.explain(camera, "VIDIOC_ENUMINPUT", &error))?;
        let tells = input.capabilities & TELLS_TIMINGS != 0;
        Ok(tells.then_some(input.status & NO_SIGNAL == 0))
    }

    fn covered(&self, camera: &Camera) -> Result<Option<bool>, CameraError> {
        Ok(v4l2_controls::covered(&self.open(camera)?))
    }

    fn controls(&self, camera: &Camera) -> Result<Vec<ControlState>, CameraError> {
        Ok(v4l2_controls::controls(&self.open(camera)?))
    }

    fn set_control(
        &self,
        camera: &Camera,
        control: Control,
        value: i32,
    ) -> Result<i32, CameraError> {
        match v4l2_controls::set(&self.open(camera)?, control, value) {
            Some(set) => set.map_err(|error| self.explain(camera, "VIDIOC_S_CTRL", &error)),
            None => Err(CameraError::NoControl {
                camera: camera.name.clone(),
                control,
            }),
        }
    }
}

impl Named for Camera {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&mut self) -> &mut String {
        &mut self.name
    }
}

impl V4l2Cameras {
    fn open(&self, camera: &Camera) -> Result<Device, CameraError> {
        Device::with_path(&camera.node).map_err(|error| self.explain(camera, "open", &error))
    }

    fn explain(&self, camera: &Camera, operation: &str, error: &io::Error) -> CameraError {
        match error.raw_os_error() {
            Some(EBUSY) => CameraError::Busy {
                camera: camera.name.clone(),
            },
            Some(ENODEV) => self.gone(camera),
            _ if error.kind() == io::ErrorKind::NotFound => self.gone(camera),
            _ => CameraError::Device {
                camera: camera.name.clone(),
                operation: operation.to_owned(),
                reason: error.to_string(),
            },
        }
    }

    fn gone(&self, camera: &Camera) -> CameraError {
        let present = self.list().unwrap_or_default();
        CameraError::NotFound {
            wanted: camera.name.clone(),
            present: present.into_iter().map(|c| c.name).collect(),
        }
    }
}

/// `None` for nodes that are no cameras: metadata, codecs, outputs.
fn describe(node: &Path) -> io::Result<Option<Camera>> {
    let device = Device::with_path(node)?;
    let caps = capability(&device)?;
    let flags = Flags::from(caps.device_caps);
    let wanted = Flags::VIDEO_CAPTURE | Flags::STREAMING;
    if !flags.contains(wanted) || flags.contains(Flags::VIDEO_M2M) {
        return Ok(None);
    }
    let formats = formats(&device)?;
    if formats.is_empty() {
        return Ok(None);
    }
    let name = text(&caps.card);
    Ok(Some(Camera {
        id: format!("{}{}", text(&caps.bus_info), piece(node)),
        kind: kind(&device, &name),
        name,
        node: node.display().to_string(),
        formats,
    }))
}

/// One device may have several capture nodes on one bus path: the later ones get a number.
fn make_id_unique(camera: &mut Camera, before: &[Camera]) {
    let base = camera.id.clone();
    let taken = |id: &str| before.iter().any(|c| c.id == id);
    let free = (2..).map(|n| format!("{base}/{n}")).find(|id| !taken(id));
    if taken(&base)
        && let Some(id) = free
    {
        camera.id = id;
    }
}

/// Model and serial number of the USB device; empty for what is no USB device.
fn piece(node: &Path) -> String {
    let Some(name) = node.file_name() else {
        return String::new();
    };
    // The node belongs to an interface of the device.
    let device = Path::new("/sys/class/video4linux")
        .join(name)
        .join("device/..");
    let attribute = |name: &str| {
        let text = std::fs::read_to_string(device.join(name)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let (Some(vendor), Some(product)) = (attribute("idVendor"), attribute("idProduct")) else {
        return String::new();
    };
    match attribute("serial") {
        Some(serial) => format!("#{vendor}:{product}:{serial}"),
        None => format!("#{vendor}:{product}"),
    }
}

/// Parts of names of grabbers that look like cameras to the kernel: USB devices of the class UVC say no more of
/// what they are.
const GRABBERS: [&str; 12] = [
    "hdmi",
    "sdi",
    "dvi",
    "capture",
    "grabber",
    "cam link",
    "usb video",
    "usb3 video",
    "usb3.0 video",
    "magewell",
    "live gamer",
    "epiphan",
];

/// V4L2_IN_CAP_DV_TIMINGS: what is plugged in says which size it sends.
const TELLS_TIMINGS: u32 = 2;
/// V4L2_IN_ST_NO_POWER, _NO_SIGNAL, _NO_H_LOCK, _NO_SYNC and _NO_CARRIER.
const NO_SIGNAL: u32 = 0x1 | 0x2 | 0x100 | 0x1_0000 | 0x4_0000;

fn kind(device: &Device, name: &str) -> PictureKind {
    let name = name.to_lowercase();
    let tells = current_input(device).is_ok_and(|input| input.capabilities & TELLS_TIMINGS != 0);
    if tells || GRABBERS.iter().any(|part| name.contains(part)) {
        PictureKind::Input
    } else {
        PictureKind::Camera
    }
}

fn formats(device: &Device) -> io::Result<Vec<PictureFormat>> {
    let mut all = Vec::new();
    for description in device.enum_formats()? {
        let Some(encoding) = encoding(description.fourcc) else {
            continue;
        };
        // One that can't say its sizes in this encoding may in another.
        let sizes_of = device.enum_framesizes(description.fourcc);
        for size in sizes_of.unwrap_or_default() {
            for (width, height) in sizes(&size.size) {
                for rate in rates(device, description.fourcc, width, height) {
                    let frames_per_second = rate;
                    all.push(PictureFormat {
                        encoding,
                        width,
                        height,
                        frames_per_second,
                    });
                }
            }
        }
    }
    Ok(all)
}

fn encoding(fourcc: FourCC) -> Option<PictureEncoding> {
    match &fourcc.repr {
        b"YU12" => Some(PictureEncoding::I420),
        b"NV12" => Some(PictureEncoding::Nv12),
        b"YUYV" => Some(PictureEncoding::Yuy2),
        b"MJPG" | b"JPEG" => Some(PictureEncoding::Mjpeg),
        b"H264" => Some(PictureEncoding::H264),
        _ => None,
    }
}

fn sizes(size: &FrameSizeEnum) -> Vec<(u32, u32)> {
    match size {
        FrameSizeEnum::Discrete(one) => vec![(one.width, one.height)],
        FrameSizeEnum::Stepwise(range) => COMMON_SIZES
            .into_iter()
            .filter(|(w, h)| fits(range, *w, *h))
            .collect(),
    }
}

fn fits(range: &Stepwise, width: u32, height: u32) -> bool {
    let on_grid = |value: u32, min: u32, max: u32, step: u32| {
        (min..=max).contains(&value) && (value - min).is_multiple_of(step.max(1))
    };
    on_grid(width, range.min_width, range.max_width, range.step_width)
        && on_grid(
            height,
            range.min_height,
            range.max_height,
            range.step_height,
        )
}

/// Whole frames a second; a camera that does not say is believed to deliver 30.
fn rates(device: &Device, fourcc: FourCC, width: u32, height: u32) -> Vec<u32> {
    let intervals = device
        .enum_frameintervals(fourcc, width, height)
        .unwrap_or_default();
    let mut rates: Vec<u32> = intervals
        .iter()
        .flat_map(|i| rates_of(&i.interval))
        .filter(|rate| *rate > 0)
        .collect();
    rates.dedup();
    if rates.is_empty() { vec![30] } else { rates }
}

fn rates_of(interval: &FrameIntervalEnum) -> Vec<u32> {
    match interval {
        FrameIntervalEnum::Discrete(one) => vec![per_second(one)],
        FrameIntervalEnum::Stepwise(range) => {
            let (slowest, fastest) = (per_second(&range.max), per_second(&range.min));
            COMMON_RATES
                .into_iter()
                .filter(|r| (slowest..=fastest).contains(r))
                .collect()
        }
    }
}

/// 1001/30000 s is 30 frames a second for people.
fn per_second(interval: &Fraction) -> u32 {
    let (n, d) = (
        u64::from(interval.numerator),
        u64::from(interval.denominator),
    );
    let rate = (d + n / 2).checked_div(n).unwrap_or(0);
    u32::try_from(rate).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_rates_are_rounded_as_people_name_them() {
        for (numerator, denominator, rate) in [
            (1, 30, 30),
            (1001, 30000, 30),
            (1001, 60000, 60),
            (1, 5, 5),
            (2, 15, 8),
            (0, 1, 0),
        ] {
            assert_eq!(
                per_second(&Fraction {
                    numerator,
                    denominator
                }),
                rate
            );
        }
    }

    #[test]
    fn a_camera_that_scales_freely_offers_common_sizes_on_its_grid() {
        let range = Stepwise {
            min_width: 16,
            max_width: 1920,
            step_width: 16,
            min_height: 16,
            max_height: 1200,
            step_height: 8,
        };
        let offered = sizes(&FrameSizeEnum::Stepwise(range));
        assert_eq!(offered, [(640, 360), (640, 480), (1280, 720), (1920, 1080)]);
    }

    #[test]
    fn two_nodes_on_one_bus_get_different_identities() {
        let camera = |id: &str| Camera {
            id: id.into(),
            name: "Rally".into(),
            node: String::new(),
            kind: PictureKind::Camera,
            formats: Vec::new(),
        };
        let mut known = vec![camera("usb-1")];
        for expected in ["usb-1/2", "usb-1/3"] {
            let mut next = camera("usb-1");
            make_id_unique(&mut next, &known);
            assert_eq!(next.id, expected);
            known.push(next);
        }
    }
}
