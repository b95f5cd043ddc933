//! What drives an encoder, and what else a trial of it depends on.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use gstreamer::{self as gst, prelude::*};

/// Where Debian's libva has its drivers, by architecture.
const VA_DRIVERS: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/dri",
    "/usr/lib/aarch64-linux-gnu/dri",
    "/usr/lib/dri",
];

/// The kernel's driver behind an element; `None` where that can't be told. Elements of hardware name their node without
/// opening it.
pub(super) fn of(factory: &str) -> Option<String> {
    match factory {
        _ if factory.starts_with("v4l2") => Some(m2m(factory)?.driver),
        _ if factory.starts_with("nv") => Some("nvidia".to_owned()),
        _ if factory.starts_with("va") => of_graphics(&property(factory, "device-path")?),
        _ => None,
    }
}

/// The device of V4L2 behind an element.
pub(super) fn m2m(factory: &str) -> Option<saal_hal_linux::M2mCodec> {
    let node = property(factory, "device")?;
    let all = saal_hal_linux::m2m_codecs();
    all.into_iter().find(|codec| codec.node == node)
}

/// `/dev/dri/renderD128` -> `i915`.
fn of_graphics(node: &str) -> Option<String> {
    let name = Path::new(node).file_name()?;
    let link = Path::new("/sys/class/drm").join(name).join("device/driver");
    let driver = fs::read_link(link).ok()?;
    Some(driver.file_name()?.to_string_lossy().into_owned())
}

fn property(factory: &str, name: &str) -> Option<String> {
    let element = gst::ElementFactory::make(factory).build().ok()?;
    element.find_property(name)?;
    element.property_value(name).get::<Option<String>>().ok()?
}

/// Driver, kernel and GStreamer: with another of them a trial has to be made anew. For people, too.
pub(super) fn circumstances(factory: &str, driver: Option<&str>) -> String {
    let driver = driver.unwrap_or("unknown driver");
    let kernel = read("/proc/sys/kernel/osrelease");
    let (major, minor, micro, _) = gst::version();
    let library = library(factory).map_or_else(String::new, |library| format!(" ({library})"));
    format!("{driver}{library}, Linux {kernel}, GStreamer {major}.{minor}.{micro}")
}

/// The part of a driver that is no part of the kernel.
fn library(factory: &str) -> Option<String> {
    if factory.starts_with("nv") {
        return Some(read("/sys/module/nvidia/version")).filter(|version| !version.is_empty());
    }
    if !factory.starts_with("va") && !factory.starts_with("qsv") {
        return None;
    }
    // They tell no version before they are opened; a folder changes when one of its files is replaced.
    let folder = VA_DRIVERS.iter().find_map(|path| fs::metadata(path).ok())?;
    Some(format!("libva drivers of {}", folder.mtime()))
}

fn read(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_holds_for_this_driver_kernel_and_gstreamer() {
        gst::init().unwrap();
        let with = circumstances("v4l2h264enc", Some("bcm2835-codec"));
        let kernel = read("/proc/sys/kernel/osrelease");
        assert!(
            with.starts_with(&format!("bcm2835-codec, Linux {kernel}, GStreamer 1.")),
            "{with}"
        );
        assert!(circumstances("qsvh264enc", None).starts_with("unknown driver"));
    }

    #[test]
    fn what_is_not_there_has_no_driver() {
        gst::init().unwrap();
        assert_eq!(of("v4l2h264enc"), None);
        assert_eq!(of("vp8enc"), None);
        assert_eq!(of_graphics("/dev/dri/renderD999"), None);
    }
}
