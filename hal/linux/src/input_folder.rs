//! Where the kernel has input devices, and what it says when one comes.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// The folder in `/dev`.
const FOLDER: &str = "input";

/// The folder of input devices, watched. A computer without any has none until the first one comes.
#[derive(Debug)]
pub(crate) struct InputFolder {
    changes: Inotify,
    path: PathBuf,
    /// The folder that it is in, where devices have their raw reports.
    devices: PathBuf,
}

impl InputFolder {
    /// Begins to watch.
    ///
    /// # Errors
    /// When the kernel does not tell of files that come.
    pub(crate) fn open() -> io::Result<Self> {
        Self::below(Path::new("/dev"))
    }

    fn below(devices: &Path) -> io::Result<Self> {
        let changes = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        // The folder itself comes and goes here, and so do nodes of raw reports; rights come after them.
        let events = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_ATTRIB;
        changes.add_watch(devices, events | AddWatchFlags::IN_ONLYDIR)?;
        let folder = Self {
            changes,
            path: devices.join(FOLDER),
            devices: devices.to_owned(),
        };
        folder.watch();
        Ok(folder)
    }

    /// Watching what is watched already changes nothing.
    fn watch(&self) {
        // Rights come after the device, as a change of its attributes.
        let events = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_ATTRIB | AddWatchFlags::IN_DELETE;
        if let Err(error) = self.changes.add_watch(&self.path, events) {
            tracing::debug!(%error, "no input devices yet");
        }
    }

    /// Takes what was told, without waiting. True: devices may be others than before.
    pub(crate) fn changed(&self) -> bool {
        let mut any = false;
        while self
            .changes
            .read_events()
            .is_ok_and(|events| !events.is_empty())
        {
            any = true;
        }
        if any {
            self.watch();
        }
        any
    }

    /// The devices' nodes, sorted.
    pub(crate) fn nodes(&self) -> Vec<PathBuf> {
        nodes(&self.path, "event")
    }

    /// The nodes of devices' raw reports (hidraw), sorted.
    pub(crate) fn raw_nodes(&self) -> Vec<PathBuf> {
        nodes(&self.devices, "hidraw")
    }
}

/// What begins so in a folder, sorted.
fn nodes(folder: &Path, start: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut nodes: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(start))
        .map(|entry| entry.path())
        .collect();
    nodes.sort_unstable();
    nodes
}

impl AsFd for InputFolder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.changes.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_comes_later_and_comes_again_is_watched() {
        let devices = tempfile::tempdir().unwrap();
        let folder = InputFolder::below(devices.path()).unwrap();
        assert!(!folder.changed() && folder.nodes().is_empty());
        for _ in 0..2 {
            let input = devices.path().join(FOLDER);
            std::fs::create_dir(&input).unwrap();
            assert!(folder.changed(), "the folder came");
            let node = input.join("event0");
            std::fs::write(&node, "").unwrap();
            assert!(folder.changed(), "a device came");
            assert_eq!(folder.nodes(), [node]);
            assert!(!folder.changed(), "told once");
            let raw = devices.path().join("hidraw0");
            std::fs::write(&raw, "").unwrap();
            assert!(folder.changed(), "its raw reports came");
            assert_eq!(folder.raw_nodes(), std::slice::from_ref(&raw));
            std::fs::remove_file(&raw).unwrap();
            folder.changed();
            std::fs::remove_dir_all(&input).unwrap();
            assert!(folder.changed(), "it left");
        }
    }
}
