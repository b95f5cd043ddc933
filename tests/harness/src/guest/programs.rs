//! The workspace's test programs, as xtask listed them when it built them.

use std::path::PathBuf;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::room::product;

/// A test program of the workspace: it runs on any Linux with our libraries, also in a [`super::Guest`].
#[derive(Clone, Debug, Deserialize)]
pub struct TestProgram {
    /// The package's name: `saal-hal-linux`.
    package: String,
    /// The file below `tests`, without its ending: `conformance`.
    name: String,
    /// The package's folder, where cargo runs it.
    pub(super) folder: PathBuf,
    /// The program.
    pub(super) path: PathBuf,
}

impl TestProgram {
    /// Finds `tests/NAME.rs` of a package in the list `test-programs.json` of cargo's build folder.
    ///
    /// # Errors
    /// [`Error::TestProgram`] when it was not built by `./dev test`.
    pub fn find(package: &str, name: &str) -> Result<Self> {
        let list = product("../test-programs.json");
        let missing = |list: PathBuf| Error::TestProgram {
            name: format!("{package}/{name}"),
            list,
        };
        let text = std::fs::read(&list).map_err(|_| missing(list.clone()))?;
        let all: Vec<Self> = serde_json::from_slice(&text).map_err(|_| missing(list.clone()))?;
        all.into_iter()
            .find(|one| one.package == package && one.name == name && one.path.exists())
            .ok_or_else(|| missing(list))
    }
}
