//! image/: when a system counts as good, with stand-ins for what it asks.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// A started system of slot a, which is on its second attempt.
struct System {
    folder: PathBuf,
}

impl System {
    /// One that is well.
    fn well(test: &str) -> Self {
        let name = format!("saal-healthy-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        for inner in ["bin", "entries"] {
            fs::create_dir_all(folder.join(inner)).unwrap();
        }
        let entry = "title Saal (a)\nversion 2\nefi /EFI/saal/a.efi\n";
        fs::write(folder.join("entries/saal-a+2-1.conf"), entry).unwrap();
        fs::write(folder.join("cmdline"), "quiet saal.slot=a rauc.slot=a").unwrap();
        let system = Self { folder };
        system.says("systemctl", "echo 0");
        let status = r#"echo '{"engine": {"pid": 7, "state": "ready"}}'"#;
        system.says("saalctl", status);
        system.says("rauc", "exit 0");
        // Each wait is noted, and over at once.
        system.says("sleep", r#"echo "$1" >>"$(dirname "$0")/../waits""#);
        system
    }

    /// What a program of it does.
    fn says(&self, program: &str, script: &str) {
        let path = self.folder.join("bin").join(program);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Whether it is found good, or is left as it is.
    fn is_good(&self) -> bool {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../image/root/mkosi.extra/usr/lib/saal/healthy");
        let path = format!("{}:/usr/bin:/bin", self.folder.join("bin").display());
        let ended = Command::new("sh")
            .arg(script)
            .env("PATH", path)
            .env("SAAL_ENTRIES", self.folder.join("entries"))
            .env("SAAL_CMDLINE", self.folder.join("cmdline"))
            .status();
        ended.unwrap().success()
    }

    /// How often it waited.
    fn waits(&self) -> usize {
        let waits = fs::read_to_string(self.folder.join("waits")).unwrap_or_default();
        waits.lines().count()
    }

    fn has(&self, entry: &str) -> bool {
        self.folder.join("entries").join(entry).exists()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_full_data_partition_makes_no_system_bad() {
    let system = System::well("full");
    system.says("rauc", "echo 'No space left on device' >&2; exit 1");
    assert!(system.is_good());
    assert!(system.has("saal-a+3.conf") && !system.has("saal-a+2-1.conf"));
}

#[test]
fn a_disk_that_takes_no_writes_is_no_reason_to_start_again() {
    let system = System::well("read-only");
    fs::remove_dir_all(system.folder.join("entries")).unwrap();
    system.says("rauc", "exit 1");
    assert!(system.is_good());
}

#[test]
fn a_daemon_that_dies_again_and_again_is_not_waited_for() {
    let system = System::well("dies");
    // Not active, and started anew ten times.
    system.says(
        "systemctl",
        r#"case "$1" in is-active) exit 3 ;; *) echo 10 ;; esac"#,
    );
    assert!(!system.is_good());
    assert_eq!(system.waits(), 0);
    assert!(system.has("saal-a+2-1.conf"));
}

#[test]
fn a_room_without_a_media_engine_is_waited_for_and_is_no_good() {
    let system = System::well("pictures");
    let status = r#"echo '{"engine": {"state": "starting"}}'"#;
    system.says("saalctl", status);
    assert!(!system.is_good());
    assert!(system.waits() > 10, "{}", system.waits());
    assert!(system.has("saal-a+2-1.conf"));
}
