//! Televisions over the HDMI cable, by the kernel's CEC devices: of graphics cards whose driver has the line, of DisplayPort
//! adapters that tunnel it, and of USB adapters between computer and cable.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use saal_hal::{CecAdapter, CecAdapters, CecError, TelevisionPower};

use crate::{
    cec_calls::{self, CAP_LOG_ADDRS, CAP_TRANSMIT, NO_PHYSICAL_ADDRESS, Sent},
    drm_displays, sysfs,
};

/// Where the kernel tells what each adapter is a part of.
const DEVICES: &str = "/sys/bus/cec/devices";
/// What televisions call us in their lists of plugs.
const NAME: &str = "Saal";
/// Logical addresses of CEC 1.4, table 5.
const TELEVISION: u8 = 0;
const EVERYBODY: u8 = 15;
/// Operations of CEC 1.4, chapter 15.
const IMAGE_VIEW_ON: u8 = 0x04;
const STANDBY: u8 = 0x36;
const ACTIVE_SOURCE: u8 = 0x82;
const REQUEST_ACTIVE_SOURCE: u8 = 0x85;
const GIVE_POWER_STATUS: u8 = 0x8F;
const REPORT_POWER_STATUS: u8 = 0x90;
/// The physical address of displays, the root of the tree.
const DISPLAY: u16 = 0;
/// Who shows a picture says so within this time (CEC 1.4, 9.2: "desired maximum response time").
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// The CEC adapters of this computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct KernelCecAdapters;

impl CecAdapters for KernelCecAdapters {
    fn list(&self) -> Result<Vec<CecAdapter>, CecError> {
        let mut all: Vec<CecAdapter> = nodes().iter().filter_map(|node| adapter(node)).collect();
        all.sort_by(|one, other| (&one.id, &one.node).cmp(&(&other.id, &other.node)));
        number(&mut all);
        Ok(all)
    }

    fn power(&self, adapter: &CecAdapter) -> Result<TelevisionPower, CecError> {
        let line = Line::open(adapter)?;
        let answer = line.say(
            "ask how the television is",
            TELEVISION,
            &[GIVE_POWER_STATUS],
            Some(REPORT_POWER_STATUS),
        )?;
        // CEC 1.4, table 29, operand "Power Status".
        match answer {
            Some(0) => Ok(TelevisionPower::On),
            Some(1) => Ok(TelevisionPower::StandBy),
            Some(2) => Ok(TelevisionPower::TurningOn),
            Some(3) => Ok(TelevisionPower::TurningOff),
            _ => Err(CecError::NoAnswer {
                adapter: adapter.name.clone(),
            }),
        }
    }

    fn wake(&self, adapter: &CecAdapter) -> Result<(), CecError> {
        let line = Line::open(adapter)?;
        line.say("wake the television", TELEVISION, &[IMAGE_VIEW_ON], None)?;
        let [high, low] = line.physical.to_be_bytes();
        let source = [ACTIVE_SOURCE, high, low];
        line.say("choose this plug", EVERYBODY, &source, None)
            .map(drop)
    }

    fn stand_by(&self, adapter: &CecAdapter) -> Result<bool, CecError> {
        let line = Line::open(adapter)?;
        if line.shows_something_else()? {
            return Ok(false);
        }
        line.say("put it to stand-by", TELEVISION, &[STANDBY], None)?;
        Ok(true)
    }
}

/// An adapter with an address, for as long as it is talked to.
struct Line<'a> {
    adapter: &'a CecAdapter,
    device: File,
    logical: u8,
    physical: u16,
}

impl<'a> Line<'a> {
    fn open(adapter: &'a CecAdapter) -> Result<Self, CecError> {
        let failed =
            |operation: &'static str| move |error: io::Error| failure(adapter, operation, &error);
        let device = File::options()
            .read(true)
            .write(true)
            .open(&adapter.node)
            .map_err(failed("open"))?;
        let physical = cec_calls::physical_address(&device).map_err(failed("find the plug"))?;
        if physical == NO_PHYSICAL_ADDRESS {
            return Err(no_television(adapter));
        }
        let address = || cec_calls::logical_address(&device).map_err(failed("read the address"));
        let known = address()?;
        if known.is_none() {
            cec_calls::take_address(&device, NAME).map_err(failed("take an address"))?;
        }
        // None yet, although there was time for it: the cable was pulled meanwhile.
        let logical = match known {
            Some(known) => known,
            None => address()?.ok_or_else(|| no_television(adapter))?,
        };
        Ok(Self {
            adapter,
            device,
            logical,
            physical,
        })
    }

    /// Sends a message; gives the first operand of the answer, where one was asked for and came.
    fn say(
        &self,
        operation: &str,
        to: u8,
        message: &[u8],
        reply: Option<u8>,
    ) -> Result<Option<u8>, CecError> {
        let header = self.logical << 4 | to;
        let bytes = [&[header], message].concat();
        match cec_calls::transmit(&self.device, &bytes, reply) {
            Ok(Sent::Taken(answer)) => Ok(answer),
            Ok(Sent::NotTaken) => Err(no_television(self.adapter)),
            Err(error) => Err(failure(self.adapter, operation, &error)),
        }
    }

    /// Asks everybody who shows a picture. Nobody answers while it is this machine, which does not hear itself.
    fn shows_something_else(&self) -> Result<bool, CecError> {
        let operation = "ask what it shows";
        let failed = |error| failure(self.adapter, operation, &error);
        cec_calls::listen(&self.device).map_err(failed)?;
        self.say(operation, EVERYBODY, &[REQUEST_ACTIVE_SOURCE], None)?;
        let until = Instant::now() + ANSWERS_WITHIN;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            // 0 would wait for ever.
            let left = u32::try_from(left.as_millis()).unwrap_or(0).max(1);
            let Some(message) = cec_calls::receive(&self.device, left).map_err(failed)? else {
                return Ok(false);
            };
            if let Some(source) = active_source(&message) {
                return Ok(source != self.physical);
            }
        }
    }
}

/// The plug that a message says to be shown.
fn active_source(message: &[u8]) -> Option<u16> {
    match message {
        [_, ACTIVE_SOURCE, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

fn nodes() -> Vec<PathBuf> {
    let entries = fs::read_dir("/dev").into_iter().flatten().flatten();
    let is_cec = |name: &str| {
        let number = name.strip_prefix("cec");
        number.is_some_and(|n| !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let nodes = entries.filter(|entry| is_cec(&entry.file_name().to_string_lossy()));
    nodes.map(|entry| entry.path()).collect()
}

/// `None` for what can't be opened, or is no source of pictures but a display's own end.
fn adapter(node: &Path) -> Option<CecAdapter> {
    let device = File::options().read(true).write(true).open(node).ok()?;
    let caps = cec_calls::caps(&device).ok()?;
    let able = CAP_TRANSMIT | CAP_LOG_ADDRS;
    let root = cec_calls::physical_address(&device).is_ok_and(|place| place == DISPLAY);
    if caps.capabilities & able != able || root {
        return None;
    }
    let file = node.file_name()?.to_string_lossy().into_owned();
    let folder = fs::canonicalize(Path::new(DEVICES).join(&file)).ok();
    let hardware = folder.as_deref().and_then(Path::parent);
    let connector = cec_calls::connector(&device);
    let display = connector.and_then(|(card, connector)| drm_displays::id_at(card, connector));
    Some(CecAdapter {
        id: display
            .clone()
            .or_else(|| sysfs::hardware(hardware?))
            .unwrap_or(file),
        name: text(&caps.name),
        display,
        node: node.display().to_string(),
    })
}

/// A device with several lines has several adapters.
fn number(sorted: &mut [CecAdapter]) {
    let mut last = (String::new(), 1);
    for adapter in sorted {
        if adapter.id == last.0 {
            last.1 += 1;
            adapter.id = format!("{}/{}", last.0, last.1);
        } else {
            last = (adapter.id.clone(), 1);
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    match text.trim() {
        "" => "HDMI-CEC".to_owned(),
        name => name.to_owned(),
    }
}

fn no_television(adapter: &CecAdapter) -> CecError {
    CecError::NoTelevision {
        adapter: adapter.name.clone(),
    }
}

fn failure(adapter: &CecAdapter, operation: &str, error: &io::Error) -> CecError {
    CecError::Failed {
        adapter: adapter.name.clone(),
        operation: operation.to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adapters_of_one_device_are_told_apart() {
        let one = |id: &str, node: &str| CecAdapter {
            id: id.to_owned(),
            name: "vivid".to_owned(),
            display: None,
            node: node.to_owned(),
        };
        let mut all = [
            one("pci-1", "/dev/cec2"),
            one("usb-1", "/dev/cec0"),
            one("usb-1", "/dev/cec1"),
        ];
        number(&mut all);
        assert_eq!(all.map(|a| a.id), ["pci-1", "usb-1", "usb-1/2"]);
    }

    #[test]
    fn who_shows_a_picture_says_at_which_plug() {
        assert_eq!(active_source(&[0x4F, 0x82, 0x10, 0x00]), Some(0x1000));
        assert_eq!(active_source(&[0x4F, 0x82, 0x10]), None, "cut short");
        assert_eq!(active_source(&[0x0F, 0x85]), None);
        assert_eq!(text(b"vivid-000-vid-out0\0\0"), "vivid-000-vid-out0");
        assert_eq!(text(&[0; 32]), "HDMI-CEC");
    }
}
