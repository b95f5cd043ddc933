//! yocto-layer/: the list of crates that its recipe fetches is the workspace's own, and nothing that image/ runs is forgotten.

use std::{fmt::Write, fs, path::PathBuf};

fn file(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}

/// A crate of Cargo.lock that comes from the registry.
struct Locked<'a> {
    name: &'a str,
    version: &'a str,
    checksum: &'a str,
}

fn locked(lock: &str) -> Vec<Locked<'_>> {
    let packages = lock.split("[[package]]").skip(1);
    packages
        .filter_map(|package| {
            let value = |key: &str| {
                let line = package.lines().find_map(|line| line.strip_prefix(key))?;
                line.strip_prefix(" = \"")?.strip_suffix('"')
            };
            Some(Locked {
                name: value("name")?,
                version: value("version")?,
                checksum: value("checksum")?,
            })
        })
        .collect()
}

/// As bitbake's class cargo-update-recipe-crates writes it.
fn include(crates: &[Locked]) -> String {
    let mut text = String::from(
        "# Made from Cargo.lock: SAAL_BLESS=1 cargo test -p xtask --test yocto\n\nSRC_URI += \"\\\n",
    );
    for one in crates {
        let _ = writeln!(
            text,
            "    crate://crates.io/{}/{} \\",
            one.name, one.version
        );
    }
    text.push_str("\"\n\n");
    for one in crates {
        let Locked {
            name,
            version,
            checksum,
        } = one;
        let _ = writeln!(text, "SRC_URI[{name}-{version}.sha256sum] = \"{checksum}\"");
    }
    text
}

#[test]
fn the_recipe_fetches_the_crates_of_the_workspace() {
    let lock = fs::read_to_string(file("Cargo.lock")).unwrap();
    let crates = locked(&lock);
    assert!(crates.len() > 100, "Cargo.lock is read");
    let wanted = include(&crates);
    let list = file("yocto-layer/recipes-saal/saal/saal-crates.inc");
    if std::env::var_os("SAAL_BLESS").is_some() {
        fs::write(&list, &wanted).unwrap();
    }
    let found = fs::read_to_string(&list).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is not what Cargo.lock says. Write it anew: SAAL_BLESS=1 cargo test -p xtask --test yocto",
        list.display()
    );
}

/// What image/ runs that is of its own partitions and packages, and so not of every board.
const OF_THE_IMAGE_ALONE: [(&str, &str); 7] = [
    (
        "efi.automount",
        "boards without UEFI have no such partition",
    ),
    ("efi.mount", "the same"),
    ("run-factory.mount", "the partition is of image/disk"),
    ("saal-data.service", "the board's distribution makes /var"),
    ("saal-held.service", "saal-data.service does what it asks"),
    ("saal-update@.service", "its udev rule is not in the layer"),
    ("var.mount", "the board's distribution makes /var"),
];

#[test]
fn the_recipe_installs_every_unit_of_the_image() {
    let recipe = fs::read_to_string(file("yocto-layer/recipes-saal/saal/saal_0.1.0.bb")).unwrap();
    let preset = "image/root/mkosi.extra/usr/lib/systemd/system-preset/00-saal.preset";
    let preset = fs::read_to_string(file(preset)).unwrap();
    let started: Vec<&str> = recipe
        .lines()
        .filter(|line| line.starts_with("SYSTEMD_SERVICE:"))
        .flat_map(|line| line.split(['"', ' ']))
        .collect();
    let units = fs::read_dir(file("image/root/mkosi.extra/usr/lib/systemd/system")).unwrap();
    let units = units.map(|unit| unit.unwrap());
    let units = units.filter(|unit| unit.file_type().unwrap().is_file());
    for unit in units.map(|unit| unit.file_name().into_string().unwrap()) {
        if OF_THE_IMAGE_ALONE.iter().any(|(name, _)| *name == unit) {
            continue;
        }
        assert!(
            recipe.contains(&format!("$units/{unit} "))
                || recipe.contains(&format!("$units/{unit}\n")),
            "the recipe does not install {unit}; or say in OF_THE_IMAGE_ALONE why"
        );
        if preset.contains(&format!("enable {unit}\n")) {
            assert!(started.contains(&unit.as_str()), "{unit} is not started");
        }
    }
}

/// A setting of a board's fragment or, where that says nothing, of the distribution.
fn setting(fragment: &str, key: &str) -> String {
    let distribution = fs::read_to_string(file("yocto-layer/conf/distro/saal-os.conf"));
    let distribution = distribution.expect("it is in the tree");
    let of = |text: &str| {
        let line = text.lines().find(|line| line.starts_with(key))?;
        line.split('"').nth(1).map(str::to_owned)
    };
    of(fragment)
        .or_else(|| of(&distribution))
        .expect("one of both has it")
}

fn slots(kind: &str, slots: &[String]) -> std::process::Output {
    let script = file("yocto-layer/recipes-saal/saal-slots/files/slots");
    let mut run = std::process::Command::new("sh");
    let run = run.arg(script).arg(kind).args(slots).output();
    run.expect("there is a shell")
}

/// The agent is told the board's slots, and may read these and nothing else beside what its unit says.
#[test]
fn each_board_s_agent_reads_the_slots_that_rauc_writes() {
    let unit = "image/root/mkosi.extra/usr/lib/systemd/system/saal-agent.service";
    let unit = fs::read_to_string(file(unit)).unwrap();
    assert!(
        unit.contains("\nEnvironment=\"SAAL_SEEDS=--seed "),
        "{unit}"
    );
    assert!(unit.contains(" $SAAL_SEEDS\n"), "{unit}");
    for board in fs::read_dir(file("yocto-layer/conf/fragments/boards")).unwrap() {
        let board = fs::read_to_string(board.unwrap().path()).unwrap();
        let both = ["SAAL_SLOT_A", "SAAL_SLOT_B"].map(|key| setting(&board, key));
        let made = |kind: &str| {
            let made = slots(kind, &both);
            assert!(made.status.success(), "{made:?}");
            String::from_utf8(made.stdout).unwrap()
        };
        let [a, b] = &both;
        let wanted = format!(
            "[Service]\nEnvironment=\"SAAL_SEEDS=--seed {a} --seed {b}\"\nDeviceAllow={a} r\nDeviceAllow={b} r\n"
        );
        assert_eq!(made("unit"), wanted);
        for slot in &both {
            let name = slot.strip_prefix("/dev/").unwrap();
            let key = if name.contains('/') {
                "SYMLINK"
            } else {
                "KERNEL"
            };
            let rule = format!(
                "SUBSYSTEM==\"block\", {key}==\"{name}\", GROUP=\"saald\", MODE=\"0640\"\n"
            );
            assert!(made("rules").contains(&rule), "{rule}");
        }
    }
    let none = slots("unit", &["root-a".to_owned()]);
    let says = String::from_utf8(none.stderr).unwrap();
    assert!(
        !none.status.success() && says.contains("SAAL_SLOT_A"),
        "{says}"
    );
    let image = fs::read_to_string(file("yocto-layer/recipes-saal/images/saal-image.bb")).unwrap();
    assert!(image.contains(" saal-slots "));
}
