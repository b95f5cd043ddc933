//! The system's fonts for scripts that the compiled-in ones lack.

use std::{fs::File, path::Path, sync::Arc};

use memmap2::Mmap;
use saal_hal::{FontBytes, stand_ins};

/// Where distributions put fonts (Filesystem Hierarchy Standard; fontconfig's default too).
const FOLDER: &str = "/usr/share/fonts";

/// Those of [`saal_hal::stand_ins`] that are installed. Files are mapped, not read: only what is drawn from takes memory,
/// and processes share it.
#[must_use]
pub fn system_fonts() -> Vec<FontBytes> {
    let mut files: Vec<&str> = stand_ins().map(|font| font.file).collect();
    files.dedup();
    let folder = Path::new(FOLDER);
    let found = files
        .into_iter()
        .filter_map(|file| mapped(&folder.join(file)));
    found.collect()
}

#[allow(unsafe_code, reason = "a file is mapped")]
fn mapped(path: &Path) -> Option<FontBytes> {
    let file = File::open(path).ok()?;
    // SAFETY: the file must not become shorter while it is mapped. It is the system's: on the image nobody can write it, and
    // package managers put a new file in the place of an old one, which stays as it is for who has it open.
    match unsafe { Mmap::map(&file) } {
        Ok(map) => Some(Arc::new(map)),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "a font can't be used");
            None
        }
    }
}
