//! image/: what decides which system a room starts, on a folder that stands for the boot loader's partition.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The boot loader's entries of a room.
struct Entries {
    folder: PathBuf,
}

impl Entries {
    /// As they come from the factory: both slots have all attempts, a is first.
    fn from_the_factory(test: &str) -> Self {
        let name = format!("saal-entries-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let entries = Self { folder };
        entries.write("saal-a+3.conf", 2);
        entries.write("saal-b+3.conf", 1);
        entries
    }

    fn write(&self, name: &str, version: u32) {
        let text = format!("title Saal\nsort-key saal\nversion {version}\nefi /EFI/saal/a.efi\n");
        fs::write(self.folder.join(name), text).unwrap();
    }

    /// What systemd-boot does at a start.
    fn start(&self, from: &str, to: &str) {
        fs::rename(self.folder.join(from), self.folder.join(to)).unwrap();
    }

    fn ask(&self, arguments: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../image/root/mkosi.extra/usr/lib/saal/boot-slots");
        let output = Command::new("sh")
            .arg(script)
            .args(arguments)
            .env("SAAL_ENTRIES", &self.folder)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_good_update_stays() {
    let entries = Entries::from_the_factory("good");
    assert_eq!(entries.ask(&["get-primary"]), "a");
    // RAUC: not to be started while it is written, then first of all.
    entries.ask(&["set-state", "b", "bad"]);
    assert_eq!(entries.ask(&["get-state", "b"]), "bad");
    entries.ask(&["set-primary", "b"]);
    assert_eq!(entries.ask(&["get-primary"]), "b");
    assert_eq!(entries.names(), ["saal-a+3.conf", "saal-b+3.conf"]);
    entries.start("saal-b+3.conf", "saal-b+2-1.conf");
    entries.ask(&["set-state", "b", "good"]);
    assert_eq!(entries.names(), ["saal-a+3.conf", "saal-b+3.conf"]);
    assert_eq!(entries.ask(&["get-primary"]), "b");
}

#[test]
fn an_update_that_never_becomes_good_gives_way_to_the_old_system() {
    let entries = Entries::from_the_factory("bad");
    entries.ask(&["set-primary", "b"]);
    entries.start("saal-b+3.conf", "saal-b+2-1.conf");
    entries.start("saal-b+2-1.conf", "saal-b+1-2.conf");
    assert_eq!(entries.ask(&["get-primary"]), "b", "one attempt is left");
    entries.start("saal-b+1-2.conf", "saal-b+0-3.conf");
    assert_eq!(entries.ask(&["get-primary"]), "a");
    assert_eq!(entries.ask(&["get-state", "b"]), "bad");
}

#[test]
fn a_system_that_was_good_gives_way_too_when_it_breaks() {
    let entries = Entries::from_the_factory("broken");
    entries.start("saal-a+3.conf", "saal-a+0-3.conf");
    assert_eq!(entries.ask(&["get-primary"]), "b");
    entries.start("saal-b+3.conf", "saal-b+0-3.conf");
    assert_eq!(
        entries.ask(&["get-primary"]),
        "a",
        "none is left: the higher one is tried all the same"
    );
}

#[test]
fn of_two_entries_that_a_power_cut_left_the_one_with_attempts_counts() {
    let entries = Entries::from_the_factory("cut");
    entries.write("saal-b+0-3.conf", 1);
    entries.write("saal-b+3.conf", 3);
    assert_eq!(entries.ask(&["get-primary"]), "b");
    entries.ask(&["set-state", "b", "good"]);
    assert_eq!(
        entries.names(),
        ["saal-a+3.conf", "saal-b+3.conf"],
        "and the other goes"
    );
}

#[test]
fn the_slot_that_runs_is_in_the_kernels_command_line() {
    let entries = Entries::from_the_factory("current");
    let line = entries.folder.join("cmdline");
    fs::write(&line, "quiet saal.slot=b roothash=00\n").unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../image/root/mkosi.extra/usr/lib/saal/boot-slots");
    let output = Command::new("sh")
        .arg(script)
        .arg("get-current")
        .env("SAAL_CMDLINE", &line)
        .output();
    assert_eq!(output.unwrap().stdout, b"b\n");
}

/// A file of the image's root.
fn of_the_image(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../image/root/mkosi.extra")
        .join(path)
}

/// What the room asked for, a boot loader's partition, and a `systemctl` that only writes down what it was told.
struct Asked {
    folder: PathBuf,
}

impl Asked {
    fn begin(test: &str) -> Self {
        let name = format!("saal-request-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        for inner in ["requests", "esp", "bin"] {
            fs::create_dir_all(folder.join(inner)).unwrap();
        }
        let told = folder.join("told");
        let systemctl = format!("#!/bin/sh\necho \"$@\" >>{}\n", told.display());
        fs::write(folder.join("bin/systemctl"), systemctl).unwrap();
        let runs = Command::new("chmod")
            .arg("755")
            .arg(folder.join("bin/systemctl"))
            .status();
        assert!(runs.unwrap().success());
        Self { folder }
    }

    fn ask(&self, request: &str) {
        fs::write(self.folder.join("requests").join(request), "").unwrap();
    }

    /// Whether it went well, and what the system was told.
    fn run(&self) -> (bool, String) {
        let path = format!("{}:/usr/bin:/bin", self.folder.join("bin").display());
        let output = Command::new("sh")
            .arg(of_the_image("usr/lib/saal/request"))
            .env("PATH", path)
            .env("SAAL_REQUESTS", self.folder.join("requests"))
            .env("SAAL_ESP", self.folder.join("esp"))
            .output()
            .unwrap();
        let told = fs::read_to_string(self.folder.join("told")).unwrap_or_default();
        (output.status.success(), told)
    }

    fn is_marked(&self) -> bool {
        self.folder.join("esp/saal/factory-reset").exists()
    }

    fn are_taken(&self) -> bool {
        fs::read_dir(self.folder.join("requests"))
            .unwrap()
            .next()
            .is_none()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_room_that_asks_to_restart_forgets_nothing() {
    let asked = Asked::begin("restart");
    asked.ask("restart");
    assert_eq!(asked.run(), (true, "--no-block reboot\n".to_owned()));
    assert!(asked.are_taken() && !asked.is_marked());
}

#[test]
fn a_factory_reset_is_marked_where_the_next_start_looks_for_it() {
    let asked = Asked::begin("reset");
    asked.ask("factory-reset");
    assert_eq!(asked.run(), (true, "--no-block reboot\n".to_owned()));
    assert!(asked.are_taken() && asked.is_marked());
    let looks = fs::read_to_string(of_the_image("usr/lib/saal/data")).unwrap();
    assert!(looks.contains("[ -e /efi/saal/factory-reset ]"));
}

#[test]
fn what_nobody_knows_does_nothing() {
    let asked = Asked::begin("unknown");
    let elsewhere = asked.folder.join("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    std::os::unix::fs::symlink(&elsewhere, asked.folder.join("requests/factory-reset")).unwrap();
    assert_eq!(asked.run(), (false, String::new()));
    assert!(!asked.is_marked() && elsewhere.exists());
}

/// The daemon, the unit and the folder name each other by the same words.
#[test]
fn the_system_looks_where_the_room_asks() {
    let read = |path: &str| fs::read_to_string(of_the_image(path)).unwrap();
    let path = read("usr/lib/systemd/system/saal-request.path");
    for request in ["restart", "factory-reset"] {
        assert!(path.contains(&format!("PathExists=/run/saal/requests/{request}\n")));
    }
    let folder = read("usr/lib/tmpfiles.d/saal.conf");
    assert!(folder.contains("d /run/saal/requests 0700 saald saald\n"));
    assert!(read("usr/lib/systemd/system/saald.service").contains(" -/run/saal/requests\n"));
    assert!(
        read("usr/lib/systemd/system-preset/00-saal.preset").contains("enable saal-request.path\n")
    );
    let daemon = include_str!("../../appliance/daemon/src/main.rs");
    assert!(daemon.contains("default_value = \"/run/saal/requests\""));
}

/// The values of a key in a unit.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    let of_key = |line: &'a str| line.strip_prefix(key)?.strip_prefix('=');
    unit.lines().filter_map(of_key).collect()
}

/// Daemon, socket, service and user name each other by the same words.
#[test]
fn engines_are_another_user_s_where_the_daemon_asks_for_them() {
    let read = |path: &str| fs::read_to_string(of_the_image(path)).unwrap();
    let daemon = read("usr/lib/systemd/system/saald.service");
    let socket = read("usr/lib/systemd/system/saal-media.socket");
    let engine = read("usr/lib/systemd/system/saal-media@.service");
    let users = read("usr/lib/sysusers.d/saal.conf");

    let [path] = values(&socket, "ListenStream")[..] else {
        panic!("one socket: {socket}")
    };
    let asks = format!(" --engine-socket {path}");
    assert!(values(&daemon, "ExecStart")[0].ends_with(&asks));
    for key in ["After", "Wants"] {
        let named = values(&daemon, key).join(" ");
        assert!(named.contains("saal-media.socket"), "{key}={named}");
    }
    assert_eq!(values(&socket, "Accept"), ["yes"]);
    // The daemon's user, and nobody else, gets an engine; the engine is somebody else.
    assert_eq!(values(&socket, "SocketUser"), values(&daemon, "User"));
    assert_eq!(values(&socket, "SocketMode"), ["0600"]);
    assert_eq!(values(&engine, "User"), ["saal-media"]);
    assert_ne!(values(&engine, "User"), values(&daemon, "User"));
    assert!(users.contains("u saal-media "));
    let preset = read("usr/lib/systemd/system-preset/00-saal.preset");
    assert!(preset.contains("enable saal-media.socket\n"));
    let program = include_str!("../../appliance/media/engine/src/keeper.rs");
    assert!(program.contains("ACCEPTED: &str = \"--accepted\""));
    assert_eq!(
        values(&engine, "ExecStart"),
        ["/usr/bin/saal-media --accepted"]
    );
    assert_eq!(values(&engine, "StandardInput"), ["socket"]);

    // What the one looks at, the other does not.
    let devices = |unit: &str| values(unit, "DeviceAllow").join("\n");
    for kind in ["video4linux", "alsa"] {
        assert!(devices(&engine).contains(kind) && !devices(&daemon).contains(kind));
    }
    for kind in ["input", "hidraw", "cec", "tpm", "char-drm"] {
        assert!(devices(&daemon).contains(kind) && !devices(&engine).contains(kind));
    }
    for folder in values(&daemon, "StateDirectory") {
        let closed = values(&engine, "InaccessiblePaths").join(" ");
        assert!(closed.contains(&format!("-/var/lib/{folder} ")), "{closed}");
    }
}

/// A new device makes its keys in the TPM: its agent starts after it, and may open it.
#[test]
fn the_fleet_s_agent_may_ask_the_tpm_and_read_the_slots_and_no_other_device() {
    let read = |path: &str| fs::read_to_string(of_the_image(path)).unwrap();
    let agent = read("usr/lib/systemd/system/saal-agent.service");
    assert!(values(&agent, "After").join(" ").contains("tpm2.target"));
    assert_eq!(values(&agent, "DevicePolicy"), ["closed"]);
    let devices = values(&agent, "DeviceAllow");
    let (_, slots): (Vec<&str>, Vec<&str>) = devices.iter().partition(|one| **one == "char-tpm rw");
    assert_eq!(slots.len() + 1, devices.len(), "{devices:?}");
    // What it may open beside it is what it is told to read, and no more than read.
    for slot in slots {
        let (device, rights) = slot.split_once(' ').unwrap();
        assert_eq!(rights, "r", "{device}");
        assert!(agent.contains(&format!("--seed {device} ")), "{agent}");
    }
    let rule = read("usr/lib/udev/rules.d/70-saal-slots.rules");
    assert!(rule.contains("GROUP=\"saald\", MODE=\"0640\""), "{rule}");
    for (slot, disk) in [("a", "10-root-a.conf"), ("b", "20-root-b.conf")] {
        let kernel = format!("/efi/EFI/saal/{slot}.efi");
        let partition = format!("/dev/disk/by-partlabel/root-{slot} ");
        for seed in [partition, kernel] {
            assert!(agent.contains(&format!("--seed {seed}")), "{agent}");
        }
        let disk = fs::read_to_string(of_the_image("../../disk").join(disk)).unwrap();
        assert!(disk.contains(&format!("Label=root-{slot}\n")));
    }
    assert!(read("usr/lib/systemd/system/efi.mount").contains("umask=0027,gid=960"));
    assert!(read("usr/lib/sysusers.d/saal.conf").contains("u saald 960 "));
    // With this a service has a /dev of its own without it.
    assert_eq!(values(&agent, "PrivateDevices"), [""; 0]);
    let groups = values(&agent, "SupplementaryGroups").join(" ");
    assert!(groups.split(' ').any(|group| group == "tss"), "{groups}");
    assert!(read("usr/lib/sysusers.d/saal.conf").contains("g tss "));
    let rule = read("usr/lib/udev/rules.d/70-saal-tpm.rules");
    assert!(rule.contains("KERNEL==\"tpmrm[0-9]*\"") && rule.contains("GROUP=\"tss\""));
    let settings = include_str!("../../provisioning/agent/src/settings.rs");
    assert!(settings.contains("\"/dev/tpmrm0\""));
}
