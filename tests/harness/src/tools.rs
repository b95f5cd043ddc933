//! Where the programs that are not ours were put by the set-up (`./dev test setup`, in xtask).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Paths of the tools; written as JSON by the set-up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tools {
    /// Python of the virtual environment that has Synapse.
    pub synapse_python: PathBuf,
    /// Python of the virtual environment that has CalDAV servers.
    pub calendar_python: PathBuf,
    /// LiveKit's server.
    pub livekit_server: PathBuf,
    /// Node.js.
    pub node: PathBuf,
    /// The folder `node_modules` with Element Call and what drives the browser.
    pub node_modules: PathBuf,
    /// Chromium.
    pub chromium: PathBuf,
    /// Chromium's headless shell: the engine alone.
    pub chromium_shell: PathBuf,
    /// Kernel, modules and first programs of the virtual machine; none where the set-up can't make one.
    #[serde(default)]
    pub guest: Option<PathBuf>,
    /// Folder for what is made once and used by many runs: bundles, clips.
    pub cache: PathBuf,
}

impl Tools {
    /// Reads the list from `SAAL_TOOLS`, else from `tools.json` in the cache folder that `./dev` uses.
    ///
    /// # Errors
    /// [`Error::Tools`] and [`Error::ToolsFormat`] when the set-up has not run.
    pub fn find() -> Result<Self> {
        let path = std::env::var_os("SAAL_TOOLS")
            .map_or_else(|| cache_folder().join("tools.json"), PathBuf::from);
        let text = std::fs::read_to_string(&path).map_err(|source| Error::Tools {
            path: path.clone(),
            source,
        })?;
        serde_json::from_str(&text).map_err(|source| Error::ToolsFormat { path, source })
    }
}

/// The cache folder: `SAAL_CACHE`, else `saal` in the user's cache folder. `./dev` and xtask follow the same rule.
fn cache_folder() -> PathBuf {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("SAAL_CACHE").unwrap_or_else(|| {
        variable("XDG_CACHE_HOME")
            .unwrap_or_else(|| {
                variable("HOME")
                    .unwrap_or_else(|| PathBuf::from("/root"))
                    .join(".cache")
            })
            .join("saal")
    })
}

/// The sources of the far end, read where they stand so that an edit needs no set-up.
pub(crate) fn far_end_sources() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/farend/src"))
}
