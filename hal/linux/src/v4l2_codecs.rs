//! Encoders and decoders by Video4Linux2: devices that take pictures from memory and give them back (kernel documentation,
//! userspace-api/media/v4l/dev-encoder.rst, dev-decoder.rst, dev-stateless-decoder.rst).

use std::{io, path::Path};

use v4l::{
    Device,
    capability::Flags,
    v4l_sys::{v4l2_capability, v4l2_fmtdesc},
    v4l2,
};

use crate::v4l2_calls::{capability, takes_memory_of_others, text};

/// A device that encodes or decodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct M2mCodec {
    /// Its node: `/dev/video11`.
    pub node: String,
    /// The kernel's driver of it: `bcm2835-codec`.
    pub driver: String,
    /// What it does.
    pub role: M2mRole,
    /// Formats on the compressed side as the kernel writes them: `H264`.
    pub formats: Vec<String>,
    /// Formats of pictures, on the other side: `NV12`.
    pub pictures: Vec<String>,
    /// What is written to it may lie in another device's memory (a DMABUF), so that nothing has to be copied.
    pub imports: bool,
}

/// What such a device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum M2mRole {
    /// Pictures in, a stream out.
    Encoder,
    /// A stream in, pictures out.
    Decoder,
    /// Parsed parts of a stream in, pictures out: the program keeps the state.
    StatelessDecoder,
}

/// Formats of parsed parts (pixfmt-compressed.rst).
const PARSED: [&str; 7] = ["MG2S", "S264", "S265", "VP8F", "VP9F", "AV1F", "SFWH"];
/// V4L2_FMT_FLAG_COMPRESSED.
const COMPRESSED: u32 = 1;
/// V4L2_BUF_TYPE_VIDEO_CAPTURE and _OUTPUT, and those with a buffer for each plane.
const CAPTURE: [u32; 2] = [1, 9];
const OUTPUT: [u32; 2] = [2, 10];

/// All of this machine, in the order of their nodes. One that can't be asked is left out.
#[must_use]
pub fn m2m_codecs() -> Vec<M2mCodec> {
    let mut nodes = v4l::context::enum_devices();
    nodes.sort_by_key(v4l::context::Node::index);
    let described = nodes.iter().filter_map(|node| {
        let codec = describe(node.path());
        codec.unwrap_or_else(|error| {
            tracing::debug!(node = %node.path().display(), %error, "no codec");
            None
        })
    });
    described.collect()
}

fn describe(node: &Path) -> io::Result<Option<M2mCodec>> {
    let device = Device::with_path(node)?;
    let caps = capability(&device)?;
    let formats = |kinds: [u32; 2]| -> Vec<Format> {
        let all = kinds.iter().flat_map(|kind| formats(&device, *kind));
        all.collect()
    };
    let (output, capture) = (formats(OUTPUT), formats(CAPTURE));
    let found = role(&caps, &output, &capture);
    Ok(found.map(|(role, formats)| M2mCodec {
        node: node.display().to_string(),
        driver: text(&caps.driver),
        formats,
        pictures: raw(match role {
            M2mRole::Encoder => &output,
            M2mRole::Decoder | M2mRole::StatelessDecoder => &capture,
        }),
        role,
        imports: OUTPUT
            .iter()
            .any(|kind| takes_memory_of_others(&device, *kind).unwrap_or(false)),
    }))
}

/// A format of one side of a device.
#[derive(Clone, Debug)]
struct Format {
    name: String,
    compressed: bool,
}

fn raw(side: &[Format]) -> Vec<String> {
    let of = side.iter().filter(|format| !format.compressed);
    of.map(|format| format.name.clone()).collect()
}

/// What a device is, and its compressed formats. `output` is the side that programs write to.
fn role(
    caps: &v4l2_capability,
    output: &[Format],
    capture: &[Format],
) -> Option<(M2mRole, Vec<String>)> {
    let flags = Flags::from(caps.device_caps);
    if !flags.intersects(Flags::VIDEO_M2M | Flags::VIDEO_M2M_MPLANE) {
        return None;
    }
    let compressed = |side: &[Format]| -> Vec<String> {
        let of = side.iter().filter(|format| format.compressed);
        of.map(|format| format.name.clone()).collect()
    };
    let (written, read) = (compressed(output), compressed(capture));
    // Scalers and the like have none on either side.
    match (written.is_empty(), read.is_empty()) {
        (true, false) => Some((M2mRole::Encoder, read)),
        (false, true) if written.iter().all(|name| PARSED.contains(&name.as_str())) => {
            Some((M2mRole::StatelessDecoder, written))
        }
        (false, true) => Some((M2mRole::Decoder, written)),
        _ => None,
    }
}

/// What VIDIOC_ENUM_FMT lists, until it says that there is no more.
fn formats(device: &Device, kind: u32) -> impl Iterator<Item = Format> + '_ {
    (0..).map_while(move |index| {
        let format = format(device, kind, index).ok()?;
        Some(Format {
            name: text(&format.pixelformat.to_le_bytes()),
            compressed: format.flags & COMPRESSED != 0,
        })
    })
}

fn format(device: &Device, kind: u32, index: u32) -> io::Result<v4l2_fmtdesc> {
    // SAFETY: all bits zero are a valid value of this struct of integers and arrays of them.
    #[allow(unsafe_code)]
    let mut format: v4l2_fmtdesc = unsafe { std::mem::zeroed() };
    (format.type_, format.index) = (kind, index);
    let place = std::ptr::from_mut(&mut format).cast();
    // SAFETY: the descriptor is open for as long as the device is borrowed, and VIDIOC_ENUM_FMT reads and writes one
    // v4l2_fmtdesc at the place it is given.
    #[allow(unsafe_code)]
    unsafe {
        v4l2::ioctl(device.handle().fd(), v4l2::vidioc::VIDIOC_ENUM_FMT, place)?;
    }
    Ok(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(flags: Flags) -> v4l2_capability {
        v4l2_capability {
            driver: [0; 16],
            card: [0; 32],
            bus_info: [0; 32],
            version: 0,
            // Of all nodes of the device together: says nothing about this one.
            capabilities: u32::MAX,
            device_caps: u32::from(flags),
            reserved: [0; 3],
        }
    }

    fn side(formats: &[(&str, bool)]) -> Vec<Format> {
        let format = |(name, compressed): &(&str, bool)| Format {
            name: (*name).to_owned(),
            compressed: *compressed,
        };
        formats.iter().map(format).collect()
    }

    #[test]
    fn the_compressed_side_tells_encoders_from_decoders() {
        let m2m = caps(Flags::VIDEO_M2M_MPLANE | Flags::STREAMING);
        let raw = side(&[("NV12", false), ("YU12", false)]);
        let is = |output: &[(&str, bool)], capture: &[(&str, bool)]| {
            let or_raw = |formats: &[(&str, bool)]| match formats {
                [] => raw.clone(),
                formats => side(formats),
            };
            role(&m2m, &or_raw(output), &or_raw(capture)).map(|(role, _)| role)
        };
        let h264 = [("H264", true), ("JPEG", true)];
        assert_eq!(is(&[], &h264), Some(M2mRole::Encoder));
        assert_eq!(is(&h264, &[]), Some(M2mRole::Decoder));
        assert_eq!(is(&[("S264", true)], &[]), Some(M2mRole::StatelessDecoder));
        assert_eq!(is(&[], &[]), None, "a scaler");
        assert_eq!(is(&h264, &h264), None, "neither");
        let (_, formats) = role(&m2m, &raw, &side(&h264)).unwrap();
        assert_eq!(formats, ["H264", "JPEG"]);
    }

    #[test]
    fn a_camera_with_its_own_h264_is_no_encoder() {
        let camera = caps(Flags::VIDEO_CAPTURE | Flags::STREAMING);
        assert!(role(&camera, &[], &side(&[("H264", true)])).is_none());
    }
}
