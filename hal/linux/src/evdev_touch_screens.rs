//! Touch screens by the kernel's input events (Documentation/input/event-codes.rst).

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
    time::Duration,
};

use evdev::{
    AbsoluteAxisCode as Axis, EventType, InputEvent, KeyCode, PropType, SynchronizationCode,
    raw_stream::RawDevice,
};
use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    poll::{PollFd, PollFlags, PollTimeout, poll},
};
use saal_hal::{Contact, TouchScreen, TouchScreenError, TouchScreens};

use crate::{
    input_folder::InputFolder,
    multitouch::{Fingers, Kind, Range},
    names::{self, Named},
    sysfs,
};

/// The touch screens of this computer.
#[derive(Debug)]
pub struct EvdevTouchScreens {
    folder: InputFolder,
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    path: PathBuf,
    device: RawDevice,
    screen: TouchScreen,
    fingers: Fingers,
}

impl Named for TouchScreen {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&mut self) -> &mut String {
        &mut self.name
    }
}

impl EvdevTouchScreens {
    /// Opens what is connected.
    ///
    /// # Errors
    /// When the kernel does not tell of devices that come.
    pub fn open() -> Result<Self, TouchScreenError> {
        let mut screens = Self {
            folder: InputFolder::open().map_err(|error| failed("watch", &error))?,
            open: Vec::new(),
        };
        screens.look();
        Ok(screens)
    }

    /// Opens what is new; what left is dropped when it is read.
    fn look(&mut self) {
        for path in self.folder.nodes() {
            if self.open.iter().any(|open| open.path == path) {
                continue;
            }
            if let Some(open) = Open::at(&path) {
                tracing::info!(
                    name = open.screen.name,
                    id = open.screen.id,
                    "a touch screen"
                );
                self.open.push(open);
            }
        }
        self.open
            .sort_by(|one, other| one.screen.id.cmp(&other.screen.id));
    }

    /// What fingers did since it was read last.
    fn read(&mut self) -> Vec<(String, Contact)> {
        let mut said = Vec::new();
        self.open.retain_mut(|open| {
            let (contacts, stays) = match open.read() {
                Ok(contacts) => (contacts, true),
                Err(error) => {
                    tracing::info!(name = open.screen.name, %error, "a touch screen left");
                    (open.fingers.all_gone(), false)
                }
            };
            said.extend(contacts.into_iter().map(|c| (open.screen.id.clone(), c)));
            stays
        });
        said
    }
}

impl TouchScreens for EvdevTouchScreens {
    fn list(&mut self) -> Vec<TouchScreen> {
        let mut all: Vec<_> = self.open.iter().map(|open| open.screen.clone()).collect();
        names::make_unique(&mut all);
        all
    }

    fn wait(&mut self, at_most: Duration) -> Result<Vec<(String, Contact)>, TouchScreenError> {
        let watched = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut all = vec![watched(self.folder.as_fd())];
        all.extend(self.open.iter().map(|open| watched(open.as_fd())));
        let at_most = PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX);
        match poll(&mut all, at_most) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(failed("wait", &error)),
        }
        // In this order: one that left makes room for one that came at the same node.
        let said = self.read();
        if self.folder.changed() {
            self.look();
        }
        Ok(said)
    }
}

impl AsFd for Open {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }
}

impl Open {
    /// `None` for what is no touch screen, or may not be read.
    fn at(path: &Path) -> Option<Self> {
        let device = RawDevice::open(path).ok()?;
        let kind = kind(&device)?;
        let (x, y) = match kind {
            Kind::Slots => (Axis::ABS_MT_POSITION_X, Axis::ABS_MT_POSITION_Y),
            Kind::One => (Axis::ABS_X, Axis::ABS_Y),
        };
        let axes: Vec<_> = device.get_absinfo().ok()?.collect();
        let axis = |wanted| axes.iter().find(|(axis, _)| *axis == wanted);
        let range = |wanted| {
            axis(wanted).map(|(_, info)| Range {
                least: info.minimum(),
                most: info.maximum(),
            })
        };
        let slot = axis(Axis::ABS_MT_SLOT).map_or(0, |(_, info)| info.value());
        let fingers = Fingers::new(kind, range(x)?, range(y)?, slot);
        fcntl(device.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).ok()?;
        Some(Self {
            screen: screen(path, &device),
            path: path.to_owned(),
            device,
            fingers,
        })
    }

    fn read(&mut self) -> io::Result<Vec<Contact>> {
        let mut said = Vec::new();
        let events: Vec<_> = match self.device.fetch_events() {
            Ok(events) => events.collect(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(said),
            Err(error) => return Err(error),
        };
        for event in events {
            said.extend(
                self.fingers
                    .take(event.event_type(), event.code(), event.value()),
            );
            if is_loss(event) {
                let now = self.device.get_abs_state()?;
                self.fingers
                    .choose(now[usize::from(Axis::ABS_MT_SLOT.0)].value);
            }
        }
        Ok(said)
    }
}

/// Whether the kernel lost events before this one.
fn is_loss(event: InputEvent) -> bool {
    event.event_type() == EventType::SYNCHRONIZATION
        && event.code() == SynchronizationCode::SYN_DROPPED.0
}

/// Touch screens and nothing like them: a touch pad moves a pointer, a pen hovers.
fn kind(device: &RawDevice) -> Option<Kind> {
    let axes = device.supported_absolute_axes()?;
    let is = |property| device.properties().contains(property);
    let key = |key| {
        device
            .supported_keys()
            .is_some_and(|keys| keys.contains(key))
    };
    if is(PropType::POINTER) || is(PropType::BUTTONPAD) || key(KeyCode::BTN_TOOL_PEN) {
        return None;
    }
    let all = |wanted: &[Axis]| wanted.iter().all(|axis| axes.contains(*axis));
    let slots = [
        Axis::ABS_MT_SLOT,
        Axis::ABS_MT_TRACKING_ID,
        Axis::ABS_MT_POSITION_X,
        Axis::ABS_MT_POSITION_Y,
    ];
    if all(&slots) {
        return Some(Kind::Slots);
    }
    let one = all(&[Axis::ABS_X, Axis::ABS_Y]) && key(KeyCode::BTN_TOUCH);
    (one && is(PropType::DIRECT)).then_some(Kind::One)
}

fn screen(path: &Path, device: &RawDevice) -> TouchScreen {
    let node = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = Path::new("/sys/class/input").join(&*node).join("device");
    let name = device.name().map(str::trim).filter(|name| !name.is_empty());
    let name = name.unwrap_or("touch screen").to_owned();
    TouchScreen {
        // Programs make some as well; those are where nothing else is.
        id: sysfs::behind_input(&folder).unwrap_or_else(|| format!("input-{name}")),
        name,
    }
}

fn failed(operation: &str, error: &dyn std::fmt::Display) -> TouchScreenError {
    TouchScreenError {
        operation: operation.to_owned(),
        reason: error.to_string(),
    }
}
