//! The light behind a display that is part of the machine (Documentation/ABI/stable/sysfs-class-backlight).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use saal_hal::Display;

const CLASS: &str = "/sys/class/backlight";

/// A light, and how bright it was before it was dimmed.
#[derive(Debug)]
pub(crate) struct Backlight {
    folder: PathBuf,
    full: u64,
}

impl Backlight {
    /// The one of this display: of the same connector, else the only one where the display is part of the machine.
    pub(crate) fn of(display: &Display) -> Option<Self> {
        Self::among(Path::new(CLASS), display)
    }

    fn among(class: &Path, display: &Display) -> Option<Self> {
        let entries = fs::read_dir(class).into_iter().flatten().flatten();
        let mut lights: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        lights.sort_unstable();
        let here = lights
            .iter()
            .find(|light| lies_at(light, &display.connector));
        let only = (lights.len() == 1 && display.is_built_in()).then(|| &lights[0]);
        let folder = here.or(only)?.clone();
        let full = number(&folder.join("brightness")).filter(|now| *now > 0);
        let full = full.or_else(|| number(&folder.join("max_brightness")))?;
        Some(Self { folder, full })
    }

    /// Percent of how bright it was at first; never off.
    pub(crate) fn set(&self, percent: u8) -> io::Result<()> {
        let light = (self.full * u64::from(percent.min(100)) / 100).max(1);
        fs::write(self.folder.join("brightness"), light.to_string())
    }
}

impl Drop for Backlight {
    fn drop(&mut self) {
        // Whoever has the display next finds it as it was; one that left needs nothing.
        let _ = self.set(100);
    }
}

/// `…/drm/card0/card0-eDP-1/intel_backlight` lies at `eDP-1`.
fn lies_at(light: &Path, connector: &str) -> bool {
    let Ok(device) = light.join("device").canonicalize() else {
        return false;
    };
    let name = device.file_name().unwrap_or_default().to_string_lossy();
    name.split_once('-')
        .is_some_and(|(card, rest)| card.starts_with("card") && rest == connector)
}

fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn display(connector: &str) -> Display {
        Display {
            id: format!("pci-0000:00:02.0/{connector}"),
            name: connector.to_owned(),
            connector: connector.to_owned(),
            node: "/dev/dri/card0".to_owned(),
            modes: Vec::new(),
            millimetres: None,
        }
    }

    fn light(class: &Path, name: &str, device: &str) -> PathBuf {
        let folder = class.join(name);
        let device = class.join("devices").join(device);
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(&device).unwrap();
        symlink(device, folder.join("device")).unwrap();
        fs::write(folder.join("brightness"), "400\n").unwrap();
        fs::write(folder.join("max_brightness"), "1000\n").unwrap();
        folder
    }

    #[test]
    fn a_light_is_dimmed_from_how_bright_it_was_and_left_so() {
        let tree = tempfile::tempdir().unwrap();
        let class = tree.path().join("class");
        let folder = light(&class, "intel_backlight", "card0-eDP-1");
        fs::remove_dir_all(class.join("devices")).unwrap();
        let brightness = || number(&folder.join("brightness"));
        let backlight = Backlight::among(&class, &display("eDP-1")).unwrap();
        backlight.set(30).unwrap();
        assert_eq!(brightness(), Some(120));
        backlight.set(0).unwrap();
        assert_eq!(brightness(), Some(1), "never off");
        drop(backlight);
        assert_eq!(brightness(), Some(400));
    }

    #[test]
    fn it_is_the_light_of_the_connector_and_a_television_has_none() {
        let tree = tempfile::tempdir().unwrap();
        let class = tree.path().join("class");
        fs::create_dir(&class).unwrap();
        for (name, device) in [("acpi_video0", "platform"), ("intel", "card0-eDP-1")] {
            let folder = light(&tree.path().join("all"), name, device);
            symlink(folder, class.join(name)).unwrap();
        }
        let of = |connector| Backlight::among(&class, &display(connector));
        assert_eq!(of("eDP-1").unwrap().folder, class.join("intel"));
        assert!(of("HDMI-A-1").is_none());
        assert!(
            of("DSI-1").is_none(),
            "two lights, none of which is its own"
        );
    }
}
