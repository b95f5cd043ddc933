//! The folders that this tool works with.

use std::path::PathBuf;

/// The root of the clone.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The cache: `SAAL_CACHE`, else `saal` in the user's cache folder, as `./dev` and the harness say.
pub(crate) fn cache() -> PathBuf {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("SAAL_CACHE").unwrap_or_else(|| {
        let home = || {
            variable("HOME")
                .unwrap_or_else(|| PathBuf::from("/root"))
                .join(".cache")
        };
        variable("XDG_CACHE_HOME").unwrap_or_else(home).join("saal")
    })
}

/// Where the log of a step goes.
pub(crate) fn log(name: &str) -> PathBuf {
    cache().join("log").join(format!("{name}.log"))
}

/// The name of `program` in `PATH`, if it is there.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Where cargo builds: `CARGO_TARGET_DIR`, which `./dev` sets, else `target` in the clone.
pub(crate) fn target() -> PathBuf {
    let set = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    set.unwrap_or_else(|| root().join("target"))
}
