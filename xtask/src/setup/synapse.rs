//! Synapse, the home server.

use std::path::PathBuf;

use super::{Once, pin, python};
use crate::paths;

const PINS: &str = "tests/harness/synapse/requirements.txt";

/// The Python that has it.
pub(super) fn python() -> anyhow::Result<PathBuf> {
    let once = Once::of("synapse", &[&pin(PINS)?, &python::version()?]);
    let folder = once.get(|folder| {
        let pins = paths::root().join(PINS).display().to_string();
        python::environment(folder, "synapse", &["--requirement", &pins])
    })?;
    Ok(folder.join("bin/python"))
}
