//! The hardware suites on whatever this machine has.

use std::io::Write;

use saal_hal::conformance;
use saal_hal_linux::{AlsaDevices, V4l2Cameras};

/// Past the test runner's capture: a suite that ran against nothing must not look like one that
/// passed on hardware.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn v4l2_cameras_keep_the_rules() {
    match conformance::cameras(&V4l2Cameras) {
        0 => say("conformance: no V4L2 camera here, the suite ran against 0 devices"),
        n => say(&format!("conformance: V4L2 suite ran against {n} cameras")),
    }
}

#[test]
fn alsa_devices_keep_the_rules() {
    match conformance::audio(&AlsaDevices) {
        0 => say("conformance: no ALSA device here, the suite ran against 0 devices"),
        n => say(&format!("conformance: ALSA suite ran against {n} devices")),
    }
}
