//! Files in the server's folder: whole or not at all, and for nobody else to read.

use std::{
    fmt::Display,
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// A file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Reading or writing.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{}: {reason}", path.display())]
    Bad {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl FolderError {
    pub(crate) fn bad(path: &Path, reason: &dyn Display) -> Self {
        Self::Bad {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// A folder that only this user enters.
pub(crate) fn make(path: &Path) -> Result<(), FolderError> {
    let mut builder = fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(path);
    made.map_err(|e| FolderError::io(path, e))
}

/// A file's content, `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FolderError::io(path, error)),
    }
}

/// Writes a file beside the old one and puts it into its place.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let put = || {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        match path.parent() {
            Some(folder) => fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    put().map_err(|e| FolderError::io(path, e))
}
