//! CalDAV servers: Radicale and Xandikos.

use std::path::PathBuf;

use super::{Once, pin, python};
use crate::paths;

const PINS: &str = "tests/harness/calendars/requirements.txt";

/// The Python that has them.
pub(super) fn python() -> anyhow::Result<PathBuf> {
    let once = Once::of("calendars", &[&pin(PINS)?, &python::version()?]);
    let folder = once.get(|folder| {
        let pins = paths::root().join(PINS).display().to_string();
        python::environment(folder, "calendars", &["--requirement", &pins])
    })?;
    Ok(folder.join("bin/python"))
}
