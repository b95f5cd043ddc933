//! The server's key, asked by whoever has its folder to sign a document of people's.

use std::path::Path;

use saal_fleet_protocol::fleet::trust::Metadata;

use crate::{
    folder::{self, FolderError},
    keys::{self, Keys},
};

/// Adds the signature of a fleet's own key to a root or a list of releases.
///
/// # Errors
/// [`FolderError`]; the file is then as it was.
pub fn sign_file(data: &Path, file: &Path) -> Result<(), FolderError> {
    if keys::digest(data)?.is_none() {
        return Err(FolderError::bad(data, &"no fleet is in this folder"));
    }
    let bad = |e| FolderError::bad(file, &e);
    let bytes = folder::read(file)?.ok_or_else(|| FolderError::bad(file, &"it is not there"))?;
    let mut document = Metadata::read(&bytes).map_err(bad)?;
    document.sign(&Keys::open(data)?.signing).map_err(bad)?;
    folder::write(file, document.to_text().as_bytes())
}
