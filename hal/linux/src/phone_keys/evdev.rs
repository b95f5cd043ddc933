//! What the kernel makes keys of: the one that mutes as KEY_MICMUTE, also that of USB telephony (HID usage "Phone Mute"), its
//! light as LED_MUTE, and those for the volume as KEY_VOLUMEUP and KEY_VOLUMEDOWN.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
};

use evdev::{BusType, Device, EventSummary, EventType, InputEvent, KeyCode, LedCode};
use saal_hal::KeyName;

use crate::typing::FOR_CALLS;

/// A device with such keys.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) light: bool,
    /// The HID device behind it, in `/sys`.
    pub(super) device: Option<PathBuf>,
    open: Device,
    lit: Option<bool>,
}

impl Keys {
    /// `None` for what has no such key, or may not be read.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let device = Device::open(path).ok()?;
        let keys = device.supported_keys()?;
        let has_key = FOR_CALLS.iter().any(|(code, _)| keys.contains(*code));
        // A television's remote control turns the television's volume.
        let remote = device.input_id().bus_type() == BusType::BUS_CEC;
        if !has_key || remote || device.set_nonblocking(true).is_err() {
            return None;
        }
        let light = device
            .supported_leds()
            .is_some_and(|lights| lights.contains(LedCode::LED_MUTE));
        let node = path.file_name()?;
        let behind = Path::new("/sys/class/input")
            .join(node)
            .join("device/device");
        Some(Self {
            path: path.to_owned(),
            name: device.name().unwrap_or("keyboard").to_owned(),
            light,
            device: behind.canonicalize().ok(),
            open: device,
            lit: None,
        })
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.open.as_fd()
    }

    pub(super) fn presses(&mut self) -> io::Result<Vec<KeyName>> {
        let events = match self.open.fetch_events() {
            Ok(events) => events,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let pressed = events.filter_map(|event| match event.destructure() {
            EventSummary::Key(_, code, value) => down(code, value),
            _ => None,
        });
        Ok(pressed.collect())
    }

    pub(super) fn show(&mut self, muted: bool) {
        if !self.light || self.lit.replace(muted) == Some(muted) {
            return;
        }
        let light = InputEvent::new(EventType::LED.0, LedCode::LED_MUTE.0, i32::from(muted));
        if let Err(error) = self.open.send_events(&[light]) {
            tracing::info!(name = self.name, %error, "its light can't be set");
        }
    }
}

/// What goes down; the volume goes on while its key is held.
fn down(code: KeyCode, value: i32) -> Option<KeyName> {
    let (_, name) = FOR_CALLS.iter().find(|(other, _)| *other == code)?;
    let held = value == 2 && super::is_volume(*name);
    (value == 1 || held).then_some(*name)
}
