//! The devices of this machine, tried one by one without the daemon.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use saal_hal::{
    Direction, conformance,
    selftest::{self, Report, Section, rules},
};
use saal_hal_linux::{
    AlsaDevices, DrmDisplays, EvdevTouchScreens, KernelCecAdapters, LinuxPhoneKeys, V4l2Cameras,
};

/// Prints the report; 0 when nothing failed.
pub(crate) fn run(json: bool) -> ExitCode {
    // A broken rule is in the report.
    std::panic::set_hook(Box::new(|_| {}));
    let [microphones, loudspeakers] = sound();
    let report = Report {
        sections: vec![
            cameras(),
            microphones,
            loudspeakers,
            displays(),
            selftest::televisions(&KernelCecAdapters),
            touch_screens(),
            phone_keys(),
        ],
    };
    let _ = std::panic::take_hook();
    let text = if json {
        serde_json::to_string_pretty(&report).expect("plain data with text keys is JSON") + "\n"
    } else {
        report.to_string()
    };
    // A reader that has seen enough (`| head`) is no failure.
    let _ = io::stdout().write_all(text.as_bytes());
    match report.failed() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn cameras() -> Section {
    let mut section = selftest::cameras(&V4l2Cameras);
    rules(&mut section, || conformance::cameras(&V4l2Cameras));
    section
}

fn sound() -> [Section; 2] {
    let mut sections = selftest::sound(&AlsaDevices);
    for (section, direction) in sections
        .iter_mut()
        .zip([Direction::Capture, Direction::Playback])
    {
        rules(section, || {
            conformance::audio_direction(&AlsaDevices, direction)
        });
    }
    sections
}

fn displays() -> Section {
    let displays = DrmDisplays::default();
    let mut section = selftest::displays(&displays);
    rules(&mut section, || conformance::displays(&displays));
    section
}

fn touch_screens() -> Section {
    match EvdevTouchScreens::open() {
        Ok(mut screens) => {
            let mut section = selftest::touch_screens(Ok(&mut screens));
            rules(&mut section, || conformance::touch_screens(&mut screens));
            section
        }
        Err(error) => selftest::touch_screens::<EvdevTouchScreens>(Err(&error)),
    }
}

fn phone_keys() -> Section {
    match LinuxPhoneKeys::open() {
        Ok(keys) => {
            let mut section = selftest::phone_keys(Ok(&keys));
            rules(&mut section, || conformance::phone_keys(&keys));
            section
        }
        Err(error) => selftest::phone_keys(Err(&error)),
    }
}
