//! The fonts of this machine for scripts that the compiled-in ones lack.

use std::{fs, path::Path, sync::Arc};

use saal_hal::{FontBytes, stand_ins};

/// All that there are.
pub(crate) fn fonts() -> Vec<FontBytes> {
    let mut files: Vec<&str> = stand_ins().map(|font| font.file).collect();
    files.dedup();
    let read = |file| fs::read(Path::new("/usr/share/fonts").join(file)).ok();
    let found = files.into_iter().filter_map(read);
    found.map(|bytes| Arc::new(bytes) as FontBytes).collect()
}
