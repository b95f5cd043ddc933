//! Keyboards and switches by the kernel's input events, grabbed so that what is typed goes nowhere else.

use std::{
    io::{self, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use evdev::{BusType, Device, EventSummary, EventType, InputEvent, KeyCode, LedCode};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use saal_hal::{Key, Keyboard, KeyboardError, KeyboardLayout, Keyboards};

use crate::{
    input_folder::InputFolder,
    names::{self, Named},
    sysfs,
    typing::{Typist, works_a_panel},
};

/// The keyboards of this computer.
#[derive(Debug)]
pub struct EvdevKeyboards {
    folder: InputFolder,
    /// A byte wakes who waits.
    wakes: UnixStream,
    woken: UnixStream,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    layout: Option<KeyboardLayout>,
    open: Vec<Open>,
    /// Keys that came up when their keyboards were left.
    left: Vec<Key>,
}

#[derive(Debug)]
struct Open {
    path: PathBuf,
    device: Device,
    keyboard: Keyboard,
    typist: Typist,
    lit: bool,
}

impl Named for Keyboard {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&mut self) -> &mut String {
        &mut self.name
    }
}

impl EvdevKeyboards {
    /// Begins to watch; none is used yet.
    ///
    /// # Errors
    /// When the kernel does not tell of devices that come.
    pub fn open() -> Result<Self, KeyboardError> {
        let folder = InputFolder::open().map_err(|error| failed("watch", &error))?;
        let pair = UnixStream::pair().and_then(|(wakes, woken)| {
            woken.set_nonblocking(true)?;
            wakes.set_nonblocking(true)?;
            Ok((wakes, woken))
        });
        let (wakes, woken) = pair.map_err(|error| failed("watch", &error))?;
        Ok(Self {
            folder,
            wakes,
            woken,
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is new; what left is dropped when it is read.
    fn look(&self, state: &mut State) {
        let Some(layout) = state.layout else {
            return;
        };
        for path in self.folder.nodes() {
            if state.open.iter().any(|open| open.path == path) {
                continue;
            }
            if let Some(open) = Open::at(&path, layout) {
                tracing::info!(
                    name = open.keyboard.name,
                    id = open.keyboard.id,
                    "a keyboard"
                );
                state.open.push(open);
            }
        }
        let id = |open: &Open| (open.keyboard.id.clone(), open.path.clone());
        state.open.sort_by_key(id);
    }

    /// Descriptors of their own, so that keyboards are left while somebody waits.
    fn descriptors(&self) -> Vec<OwnedFd> {
        let state = self.state();
        let open = state.open.iter();
        open.filter_map(|open| open.device.as_fd().try_clone_to_owned().ok())
            .collect()
    }
}

impl Keyboards for EvdevKeyboards {
    fn list(&self) -> Vec<Keyboard> {
        let state = self.state();
        let open = state.open.iter();
        let mut all: Vec<_> = open.map(|open| open.keyboard.clone()).collect();
        names::make_unique(&mut all);
        all
    }

    fn use_all(&self, layout: Option<KeyboardLayout>) {
        let mut state = self.state();
        if std::mem::replace(&mut state.layout, layout) == layout {
            return;
        }
        // Closing a device gives it back.
        for mut open in std::mem::take(&mut state.open) {
            let up = open.typist.all_up();
            state.left.extend(up);
        }
        self.look(&mut state);
        // One that is full wakes as well.
        let _ = (&self.wakes).write(&[0]);
    }

    fn wait(&self, at_most: Duration) -> Result<Vec<Key>, KeyboardError> {
        let devices = self.descriptors();
        let watched = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut all = vec![watched(self.folder.as_fd()), watched(self.woken.as_fd())];
        all.extend(devices.iter().map(|device| watched(device.as_fd())));
        let at_most = PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX);
        match poll(&mut all, at_most) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(failed("wait", &error)),
        }
        while matches!((&self.woken).read(&mut [0; 64]), Ok(1..)) {}
        let mut state = self.state();
        let mut typed = std::mem::take(&mut state.left);
        // In this order: one that left makes room for one that came at the same node.
        state.open.retain_mut(|open| match open.read() {
            Ok(keys) => {
                typed.extend(keys);
                true
            }
            Err(error) => {
                tracing::info!(name = open.keyboard.name, %error, "a keyboard left");
                typed.extend(open.typist.all_up());
                false
            }
        });
        if self.folder.changed() {
            self.look(&mut state);
        }
        Ok(typed)
    }
}

impl Open {
    /// `None` for what is no keyboard, may not be read, or is another program's.
    fn at(path: &Path, layout: KeyboardLayout) -> Option<Self> {
        let mut device = Device::open(path).ok()?;
        if !is_keyboard(&device) || device.set_nonblocking(true).is_err() {
            return None;
        }
        let node = path.file_name().unwrap_or_default().to_string_lossy();
        if let Err(error) = device.grab() {
            tracing::warn!(node = &*node, %error, "a keyboard is another program's");
            return None;
        }
        let folder = Path::new("/sys/class/input").join(&*node).join("device");
        let name = device.name().map(str::trim).filter(|name| !name.is_empty());
        let mut open = Self {
            keyboard: Keyboard {
                id: sysfs::hardware(&folder).unwrap_or_else(|| node.into_owned()),
                name: name.unwrap_or("keyboard").to_owned(),
            },
            path: path.to_owned(),
            device,
            typist: Typist::new(layout),
            lit: true,
        };
        open.show_capitals();
        Some(open)
    }

    /// What its keys did; nothing of it is for the log.
    fn read(&mut self) -> io::Result<Vec<Key>> {
        let mut keys = Vec::new();
        // After a loss the device makes up for what was lost.
        match self.device.fetch_events() {
            Ok(events) => {
                for event in events {
                    if let EventSummary::Key(_, code, value) = event.destructure() {
                        keys.extend(self.typist.take(code, value));
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(keys),
            Err(error) => return Err(error),
        }
        self.show_capitals();
        Ok(keys)
    }

    /// Nobody but us sets the light of a keyboard that is grabbed.
    fn show_capitals(&mut self) {
        let capitals = self.typist.capitals();
        let has_light = self
            .device
            .supported_leds()
            .is_some_and(|lights| lights.contains(LedCode::LED_CAPSL));
        if std::mem::replace(&mut self.lit, capitals) == capitals || !has_light {
            return;
        }
        let light = InputEvent::new(EventType::LED.0, LedCode::LED_CAPSL.0, i32::from(capitals));
        if let Err(error) = self.device.send_events(&[light]) {
            tracing::info!(name = self.keyboard.name, %error, "its light can't be set");
        }
    }
}

/// Keyboards and switches. A television's remote control is for the television; what moves a pointer is none, whatever keys
/// it has beside that.
fn is_keyboard(device: &Device) -> bool {
    let works = |keys: &evdev::AttributeSetRef<KeyCode>| keys.iter().any(works_a_panel);
    let points = device
        .supported_keys()
        .is_some_and(|keys| keys.contains(KeyCode::BTN_TOUCH));
    device.input_id().bus_type() != BusType::BUS_CEC
        && device.supported_keys().is_some_and(works)
        && !points
}

fn failed(operation: &str, error: &dyn std::fmt::Display) -> KeyboardError {
    KeyboardError {
        operation: operation.to_owned(),
        reason: error.to_string(),
    }
}
