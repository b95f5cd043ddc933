//! Mute keys of speakerphones and keyboards: the kernel reports them as KEY_MICMUTE, also those of USB telephony (HID usage
//! "Phone Mute"), and their lights as LED_MUTE.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use evdev::{Device, EventSummary, EventType, InputEvent, KeyCode, LedCode};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::inotify::{AddWatchFlags, InitFlags, Inotify},
};
use saal_hal::{MuteKey, MuteKeyError, MuteKeys};

const FOLDER: &str = "/dev/input";

/// The mute keys of this computer.
#[derive(Debug)]
pub struct EvdevMuteKeys {
    changes: Inotify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: Vec<Open>,
    shown: bool,
}

#[derive(Debug)]
struct Open {
    path: PathBuf,
    device: Device,
    name: String,
    light: bool,
}

impl EvdevMuteKeys {
    /// Opens what is connected.
    ///
    /// # Errors
    /// When the kernel does not tell of devices that come.
    pub fn open() -> Result<Self, MuteKeyError> {
        let changes = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC);
        let changes = changes.map_err(|error| failed("watch", &error))?;
        // Rights come after the device, as a change of its attributes. A computer without any device has no folder.
        let watch = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_ATTRIB | AddWatchFlags::IN_DELETE;
        if let Err(error) = changes.add_watch(FOLDER, watch) {
            tracing::info!(%error, "no input devices, so no mute keys");
        }
        let keys = Self {
            changes,
            state: Mutex::default(),
        };
        keys.look();
        Ok(keys)
    }

    /// Opens what is new; what left is dropped when it is read.
    fn look(&self) {
        let mut state = self.state();
        let known: Vec<PathBuf> = state.open.iter().map(|open| open.path.clone()).collect();
        for path in nodes().into_iter().filter(|path| !known.contains(path)) {
            let Some(mut open) = Open::at(&path) else {
                continue;
            };
            tracing::info!(name = open.name, light = open.light, "a mute key");
            open.show(state.shown);
            state.open.push(open);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often keys went down since they were read last.
    fn presses(&self) -> u32 {
        let mut pressed = 0;
        self.state().open.retain_mut(|open| match open.presses() {
            Ok(count) => {
                pressed += count;
                true
            }
            Err(error) => {
                tracing::info!(name = open.name, %error, "a mute key left");
                false
            }
        });
        pressed
    }

    /// Descriptors of their own, so that lights are set while somebody waits.
    fn descriptors(&self) -> Vec<OwnedFd> {
        let state = self.state();
        let open = state.open.iter();
        open.filter_map(|open| open.device.as_fd().try_clone_to_owned().ok())
            .collect()
    }
}

impl MuteKeys for EvdevMuteKeys {
    fn list(&self) -> Result<Vec<MuteKey>, MuteKeyError> {
        self.look();
        let state = self.state();
        let open = state.open.iter();
        Ok(open
            .map(|open| MuteKey {
                name: open.name.clone(),
                light: open.light,
            })
            .collect())
    }

    fn wait(&self, at_most: Duration) -> Result<u32, MuteKeyError> {
        let devices = self.descriptors();
        let mut waited_for = vec![PollFd::new(self.changes.as_fd(), PollFlags::POLLIN)];
        waited_for.extend(
            devices
                .iter()
                .map(|d| PollFd::new(d.as_fd(), PollFlags::POLLIN)),
        );
        let at_most = PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX);
        match poll(&mut waited_for, at_most) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(failed("wait", &error)),
        }
        if self.changes.read_events().is_ok() {
            self.look();
        }
        Ok(self.presses())
    }

    fn show(&self, muted: bool) {
        let mut state = self.state();
        state.shown = muted;
        for open in &mut state.open {
            open.show(muted);
        }
    }
}

impl Open {
    /// `None` for what has no mute key, or may not be read.
    fn at(path: &Path) -> Option<Self> {
        let device = Device::open(path).ok()?;
        let has_key = device.supported_keys()?.contains(KeyCode::KEY_MICMUTE);
        if !has_key || device.set_nonblocking(true).is_err() {
            return None;
        }
        let light = device
            .supported_leds()
            .is_some_and(|lights| lights.contains(LedCode::LED_MUTE));
        Some(Self {
            path: path.to_owned(),
            name: device.name().unwrap_or("keyboard").to_owned(),
            device,
            light,
        })
    }

    fn presses(&mut self) -> io::Result<u32> {
        let events = match self.device.fetch_events() {
            Ok(events) => events,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
            Err(error) => return Err(error),
        };
        let down = |event: &InputEvent| {
            let summary = event.destructure();
            matches!(summary, EventSummary::Key(_, KeyCode::KEY_MICMUTE, 1))
        };
        Ok(u32::try_from(events.filter(down).count()).unwrap_or(u32::MAX))
    }

    fn show(&mut self, muted: bool) {
        if !self.light {
            return;
        }
        let light = InputEvent::new(EventType::LED.0, LedCode::LED_MUTE.0, i32::from(muted));
        if let Err(error) = self.device.send_events(&[light]) {
            tracing::info!(name = self.name, %error, "its light can't be set");
        }
    }
}

fn nodes() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(FOLDER).into_iter().flatten().flatten();
    let mut nodes: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("event"))
        .map(|entry| entry.path())
        .collect();
    nodes.sort_unstable();
    nodes
}

fn failed(operation: &str, error: &dyn std::fmt::Display) -> MuteKeyError {
    MuteKeyError {
        operation: operation.to_owned(),
        reason: error.to_string(),
    }
}
