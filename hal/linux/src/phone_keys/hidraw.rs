//! A device's own reports, as the kernel's hidraw gives and takes them (Documentation/hid/hidraw.rst).

use std::{
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::OpenOptionsExt,
    },
    path::{Path, PathBuf},
};

use nix::fcntl::OFlag;
use saal_hal::{KeyName, PhoneLights, telephony::Telephony};

/// The longest report that a USB device sends at once (HID_MAX_BUFFER_SIZE).
const LONGEST: usize = 16 * 1024;

/// A speakerphone, a headset or a telephone.
#[derive(Debug)]
pub(super) struct Telephone {
    pub(super) path: PathBuf,
    pub(super) name: String,
    /// In `/sys`.
    pub(super) device: PathBuf,
    file: File,
    telephony: Telephony,
    lights: PhoneLights,
    /// It has not been told what its lights are to show.
    owed: bool,
    /// It was told again after the last press.
    told_again: bool,
}

/// Reports that a telephone is to be given.
pub(super) struct Told {
    name: String,
    file: File,
    reports: Vec<Vec<u8>>,
}

impl Telephone {
    /// `None` for what is none, or may not be opened.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let class = Path::new("/sys/class/hidraw").join(path.file_name()?);
        let device = class.join("device").canonicalize().ok()?;
        // The descriptor says what it is before anything is opened, which would wake it.
        let descriptor = std::fs::read(device.join("report_descriptor")).ok()?;
        let telephony = Telephony::of(&descriptor)?;
        let mut options = File::options();
        options.read(true).write(true);
        let file = options.custom_flags(OFlag::O_NONBLOCK.bits()).open(path);
        let file = file
            .inspect_err(|error| tracing::debug!(path = %path.display(), %error, "not opened"))
            .ok()?;
        let about = std::fs::read_to_string(device.join("uevent")).unwrap_or_default();
        Some(Self {
            path: path.to_owned(),
            name: name(&about),
            device,
            file,
            telephony,
            lights: PhoneLights::default(),
            owed: true,
            told_again: false,
        })
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Which lights it has.
    pub(super) fn lights(&self) -> PhoneLights {
        self.telephony.lights()
    }

    /// Its lights are to show this.
    pub(super) fn show(&mut self, lights: PhoneLights) {
        self.lights = lights;
        self.owed = true;
    }

    /// Whether somebody pressed and nothing came of it, so that it is to be told again.
    pub(super) fn disagrees(&self) -> bool {
        !self.told_again && self.telephony.disagrees()
    }

    pub(super) fn show_again(&mut self) {
        self.told_again = true;
        self.owed = true;
    }

    /// What it has to be told.
    pub(super) fn due(&mut self) -> Option<Told> {
        if !std::mem::take(&mut self.owed) {
            return None;
        }
        let reports = self.telephony.show(self.lights);
        let file = self.file.try_clone().ok()?;
        Some(Told {
            name: self.name.clone(),
            file,
            reports,
        })
    }

    pub(super) fn presses(&mut self) -> io::Result<Vec<KeyName>> {
        let mut pressed = Vec::new();
        let mut report = vec![0; LONGEST];
        loop {
            match self.file.read(&mut report) {
                // A device that is gone reads as an end or an error.
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => {
                    let keys = self.telephony.hear(&report[..length]);
                    self.told_again &= keys.is_empty();
                    pressed.extend(keys);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(pressed),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Told {
    pub(super) fn write(mut self) {
        for report in &self.reports {
            if let Err(error) = self.file.write_all(report) {
                tracing::info!(name = self.name, %error, "its lights can't be set");
            }
        }
    }
}

/// `HID_NAME=…` of the device's uevent.
fn name(about: &str) -> String {
    let name = about
        .lines()
        .find_map(|line| line.strip_prefix("HID_NAME="));
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    name.unwrap_or("telephone").to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_device_without_a_name_has_one() {
        assert_eq!(
            super::name("DRIVER=hid-generic\nHID_NAME=Maker Speak 2\nHID_UNIQ=\n"),
            "Maker Speak 2"
        );
        assert_eq!(super::name("HID_NAME= \n"), "telephone");
    }
}
