//! Where a device is plugged in and which piece it is, as the kernel's tree of devices tells.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Identity of the hardware behind this folder of sysfs: of USB devices `usb-0000:00:14.0-5#0b0e:0412:A1B2` (the kernel's
/// usb_make_path, then model and serial number where it has one), of others bus and address (`pci-0000:00:1f.3`).
pub(crate) fn hardware(folder: &Path) -> Option<String> {
    let device = fs::canonicalize(folder).ok()?;
    let usb = device
        .ancestors()
        .find(|above| above.join("idVendor").exists());
    match usb {
        Some(usb) => usb_hardware(usb),
        None => {
            let bus = fs::canonicalize(device.join("subsystem")).ok();
            let bus = bus.as_deref().and_then(name).unwrap_or("device");
            Some(format!("{bus}-{}", name(&device)?))
        }
    }
}

/// The same of an input device. The kernel numbers those, and the HID devices that they are made of, as they come, which is no identity:
/// what they are a part of is (`i2c-0-005d`). `None` for what is a part of nothing, as a program's.
pub(crate) fn behind_input(folder: &Path) -> Option<String> {
    let device = fs::canonicalize(folder).ok()?;
    let lasting = |above: &&Path| {
        let bus = fs::canonicalize(above.join("subsystem")).ok();
        let bus = bus.as_deref().and_then(name);
        bus.is_some_and(|bus| !["input", "hid", "misc"].contains(&bus))
    };
    hardware(device.ancestors().find(lasting)?)
}

fn usb_hardware(usb: &Path) -> Option<String> {
    let word = |file: &str| {
        let text = fs::read_to_string(usb.join(file)).ok()?;
        // What a maker wrote there may hold anything; the identity is one word without our separators.
        let word = text.trim().replace([' ', '/', '#', ':', '"'], "_");
        (!word.is_empty()).then_some(word)
    };
    // "1-5.2": port 5 of bus 1, port 2 of the hub there.
    let ports = name(usb)?.split_once('-').map_or("0", |(_, ports)| ports);
    let controller: PathBuf = usb
        .ancestors()
        .find(|above| name(above).is_some_and(is_bus))?
        .parent()?
        .into();
    let serial = word("serial").map(|serial| format!(":{serial}"));
    Some(format!(
        "usb-{}-{ports}#{}:{}{}",
        name(&controller)?,
        word("idVendor")?,
        word("idProduct")?,
        serial.unwrap_or_default()
    ))
}

/// `usb1`, the root hub of a bus.
fn is_bus(name: &str) -> bool {
    let number = name.strip_prefix("usb");
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A tree as sysfs has it, with a speakerphone behind a hub and a card of the mainboard.
    fn tree(serial: Option<&str>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let usb = folder
            .path()
            .join("devices/pci0000:00/0000:00:14.0/usb1/1-5/1-5.2");
        fs::create_dir_all(usb.join("1-5.2:1.0/sound/card1")).unwrap();
        fs::write(usb.join("idVendor"), "0b0e\n").unwrap();
        fs::write(usb.join("idProduct"), "0412\n").unwrap();
        if let Some(serial) = serial {
            fs::write(usb.join("serial"), serial).unwrap();
        }
        let pci = folder.path().join("devices/pci0000:00/0000:00:1f.3");
        fs::create_dir_all(&pci).unwrap();
        fs::create_dir_all(folder.path().join("bus/pci")).unwrap();
        symlink(folder.path().join("bus/pci"), pci.join("subsystem")).unwrap();
        folder
    }

    #[test]
    fn a_usb_device_is_known_by_place_model_and_serial_number() {
        let hardware_of = |serial| {
            let folder = tree(serial);
            let card = "devices/pci0000:00/0000:00:14.0/usb1/1-5/1-5.2/1-5.2:1.0/sound/card1";
            hardware(&folder.path().join(card))
        };
        let with = hardware_of(Some("70BF 9/A\n"));
        assert_eq!(
            with.as_deref(),
            Some("usb-0000:00:14.0-5.2#0b0e:0412:70BF_9_A")
        );
        let without = hardware_of(None);
        assert_eq!(without.as_deref(), Some("usb-0000:00:14.0-5.2#0b0e:0412"));
    }

    #[test]
    fn a_touch_screen_is_known_by_what_it_is_a_part_of_however_it_is_numbered() {
        let folder = tree(None);
        let devices = folder.path().join("devices");
        let inside = |path: &str, bus: &str| {
            let device = devices.join(path);
            fs::create_dir_all(&device).unwrap();
            let bus = folder.path().join("bus").join(bus);
            fs::create_dir_all(&bus).unwrap();
            symlink(bus, device.join("subsystem")).unwrap();
            device
        };
        inside("soc/i2c-0/0-005d", "i2c");
        inside("soc/i2c-0/0-005d/0018:04F3:2D4A.0007", "hid");
        let glass = inside("soc/i2c-0/0-005d/0018:04F3:2D4A.0007/input/input9", "input");
        assert_eq!(behind_input(&glass).as_deref(), Some("i2c-0-005d"));
        let of_a_program = inside("virtual/input/input10", "input");
        assert_eq!(behind_input(&of_a_program), None);
        let hub = devices.join("pci0000:00/0000:00:14.0/usb1/1-5/1-5.2");
        symlink(
            folder.path().join("bus/i2c"),
            hub.join("1-5.2:1.0/subsystem"),
        )
        .unwrap();
        let usb = behind_input(&hub.join("1-5.2:1.0/sound/card1"));
        assert_eq!(usb.as_deref(), Some("usb-0000:00:14.0-5.2#0b0e:0412"));
    }

    #[test]
    fn another_card_is_known_by_its_bus_and_address() {
        let folder = tree(None);
        let card = folder.path().join("devices/pci0000:00/0000:00:1f.3");
        assert_eq!(hardware(&card).as_deref(), Some("pci-0000:00:1f.3"));
    }
}
