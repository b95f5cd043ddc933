//! The hardware suites on whatever this machine has.

use std::io::Write;

use saal_hal::conformance;
use saal_hal_linux::{
    AlsaDevices, DrmDisplays, EvdevTouchScreens, KeyFile, LinuxPhoneKeys, V4l2Cameras,
};

/// Past the test runner's capture: a suite that ran against nothing must not look like one that
/// passed on hardware.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints how many devices a suite ran against.
///
/// # Panics
/// When there was none although `SAAL_EXPECT_DEVICES` promises some: a machine with hardware, real or virtual.
fn report(suite: &str, devices: usize) {
    let expected = std::env::var_os("SAAL_EXPECT_DEVICES").is_some();
    assert!(
        devices > 0 || !expected,
        "SAAL_EXPECT_DEVICES is set, but the {suite} suite found 0 devices"
    );
    say(&format!(
        "conformance: {suite} suite ran against {devices} devices"
    ));
}

#[test]
fn v4l2_cameras_keep_the_rules() {
    report("V4L2", conformance::cameras(&V4l2Cameras));
}

#[test]
fn alsa_devices_keep_the_rules() {
    report("ALSA", conformance::audio(&AlsaDevices));
}

#[test]
fn drm_displays_keep_the_rules() {
    report("DRM", conformance::displays(&DrmDisplays::default()));
}

#[test]
fn keys_for_calls_keep_the_rules() {
    let keys = LinuxPhoneKeys::open().expect("the kernel tells of devices");
    let count = conformance::phone_keys(&keys);
    say(&format!(
        "conformance: phone keys suite ran against {count} devices"
    ));
}

#[test]
fn touch_screens_keep_the_rules() {
    let mut screens = EvdevTouchScreens::open().expect("the kernel tells of devices");
    let count = conformance::touch_screens(&mut screens);
    say(&format!(
        "conformance: touch screens suite ran against {count} devices"
    ));
}

#[test]
fn a_key_file_seals_by_the_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = |name: &str| KeyFile::open_or_create(&folder.path().join(name)).expect("a key");
    conformance::sealer(&key("one"), &key("two"));
}
