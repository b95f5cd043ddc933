//! The devices of this machine, tried one by one without the daemon.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use saal_hal::selftest::{self, Report};
use saal_hal_linux::{AlsaDevices, KernelCecAdapters, V4l2Cameras};

/// Prints the report; 0 when nothing failed.
pub(crate) fn run(json: bool) -> ExitCode {
    let mut report = Report::default();
    report.sections.push(selftest::cameras(&V4l2Cameras));
    report.sections.extend(selftest::sound(&AlsaDevices));
    report
        .sections
        .push(selftest::televisions(&KernelCecAdapters));
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
