//! How updates of the image stand: which of the two slots runs, and what is in the other (docs/adr/0045).
//!
//! The slot is in the kernel's command line. RAUC keeps what it wrote where in a key file, one section for each slot
//! (`statusfile` in its system.conf).

use std::{fs, path::Path};

use saal_core::{SlotState, Update};

use super::at;

const STATUS: &str = "var/lib/rauc/status";

/// `None`: this system has no slots.
pub(super) fn state(root: &Path) -> Option<Update> {
    let line = fs::read_to_string(at(root, "proc/cmdline")).ok()?;
    let slot = line
        .split_whitespace()
        .find_map(|word| word.strip_prefix("saal.slot="))?;
    let [own, other] = match slot {
        "a" => ["slot.root.0", "slot.root.1"],
        "b" => ["slot.root.1", "slot.root.0"],
        _ => return None,
    };
    let status = fs::read_to_string(at(root, STATUS)).unwrap_or_default();
    let begun = |section| value(&status, section, "activated.timestamp");
    let other = value(&status, other, "bundle.version").map(|version| SlotState {
        version,
        // Times as RFC 3339 has them, all in UTC, sort as text.
        next: begun(other) > begun(own),
    });
    Some(Update {
        slot: slot.to_owned(),
        other,
    })
}

/// Of GLib's key files.
fn value(text: &str, section: &str, key: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) == Some(section))?;
    let own = lines.take_while(|line| !line.starts_with('['));
    let mut pairs = own.filter_map(|line| line.split_once('='));
    let found = pairs.find(|(name, _)| *name == key)?.1;
    Some(found.to_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "\
[slot.root.0]
bundle.version=2026.47
status=ok
activated.timestamp=2026-11-16T03:00:00Z

[slot.root.1]
bundle.compatible=saal-x86-64
bundle.version=2026.48
activated.timestamp=2026-11-23T03:00:00Z
";

    fn on(cmdline: &str, status: Option<&str>) -> Option<Update> {
        let root = tempfile::tempdir().unwrap();
        for folder in ["proc", "var/lib/rauc"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("proc/cmdline"), cmdline).unwrap();
        if let Some(status) = status {
            fs::write(root.path().join(STATUS), status).unwrap();
        }
        state(root.path())
    }

    fn other(version: &str, next: bool) -> Option<SlotState> {
        let version = version.to_owned();
        Some(SlotState { version, next })
    }

    #[test]
    fn an_update_that_was_installed_is_started_next() {
        let update = on("quiet saal.slot=a roothash=00", Some(WRITTEN)).unwrap();
        assert_eq!(
            (update.slot.as_str(), update.other),
            ("a", other("2026.48", true))
        );
    }

    #[test]
    fn once_it_runs_the_other_is_what_there_is_to_go_back_to() {
        let update = on("saal.slot=b", Some(WRITTEN)).unwrap();
        assert_eq!(
            (update.slot.as_str(), update.other),
            ("b", other("2026.47", false))
        );
    }

    #[test]
    fn a_room_that_was_never_updated_knows_its_slot_alone() {
        let update = on("saal.slot=a", None).unwrap();
        assert_eq!((update.slot.as_str(), update.other), ("a", None));
        assert_eq!(on("root=/dev/sda1", Some(WRITTEN)), None, "no slots");
    }
}
