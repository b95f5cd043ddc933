//! What a room survives without a fleet and without anybody who can type: flash memory that fails, systems that do not start,
//! sticks, a finger on Ctrl, power cuts. Each is one to four starts of an emulated computer.

#![allow(
    clippy::print_stdout,
    reason = "who waits for a machine wants to see how far it is"
)]

use anyhow::{Context, Result, ensure};
use saal_image_tests::{
    Bundle, Disk, GOOD, Image, Panel, Room, STARTED_WITHIN, TOKEN, config, shown, text, within,
};

/// Lines of text, the heading among them: what helps a room that does not start; why a stick does not; what a held key does.
const HELP: usize = 8;
const REFUSAL: usize = 4;
const HELD: usize = 3;

/// Whose room the panel says it is, as soon as it says something.
fn is_called(room: &Room, name: &str) -> Result<()> {
    within(STARTED_WITHIN, name, || {
        Ok(text(&room.tree()?).contains(name))
    })
    .with_context(|| room.tree().map(|tree| text(&tree)).unwrap_or_default())
}

/// Neither slot can be started, and both have been tried.
fn break_both(image: &Image, disk: &Disk) -> Result<()> {
    for slot in ["a", "b"] {
        // Where its file system begins.
        disk.flip_bit(&format!("root-{slot}"), 0)?;
        image.rename_entry(
            disk,
            &format!("saal-{slot}+3.conf"),
            &format!("saal-{slot}+0-3.conf"),
        )?;
    }
    Ok(())
}

#[test]
#[ignore = "four starts of an emulated computer: ./dev test image -- --ignored"]
fn one_bit_of_the_root_that_turns_over_leads_to_the_other_slot() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let disk = image.flash_alone("bit")?;
    disk.flip_bit("root-a", 0)?;
    let mut machine = image.start(&disk, true)?;
    let room = machine.room(TOKEN)?;
    is_called(&room, "Raum Lahn")?;
    image.entries_become(
        &disk,
        "the other slot",
        ["saal-a+0-3.conf", "saal-b+3.conf"],
    )
}

#[test]
#[ignore = "two starts of an emulated computer: ./dev test image -- --ignored"]
fn a_stick_updates_a_room_without_a_fleet() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let disk = image.flash_alone("stick")?;
    let mut machine = image.start(&disk, true)?;
    machine.room(TOKEN)?;
    image.entries_become(&disk, "a good system", GOOD)?;
    let stick = image.stick_with("stick", "900.0.1", Bundle::Small)?;
    machine.monitor()?.plug(&stick, "update")?;
    let started = ["saal-a+3.conf", "saal-b+2-1.conf"];
    image.entries_become(&disk, "the update's start", started)?;
    machine.room(TOKEN)?;
    image.entries_become(&disk, "a good update's mark", GOOD)
}

#[test]
#[ignore = "two starts of an emulated computer: ./dev test image -- --ignored"]
fn a_stick_mends_a_room_neither_of_whose_systems_starts() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let disk = image.flash_alone("mend")?;
    break_both(&image, &disk)?;
    let bad = image.stick_with("mend", "900.1.1", Bundle::Stranger)?;
    let good = image.stick_with("mend", "900.0.1", Bundle::Whole)?;
    let mut machine = image.start(&disk, true)?;
    let mut monitor = machine.monitor()?;
    within(STARTED_WITHIN, "what helps, on the display", || {
        Ok(monitor.pixels(0)?.console_lines() >= HELP)
    })?;
    let waiting = ["saal-a+0-3.conf", "saal-b+0-3.conf"];
    image.entries_become(&disk, "nothing is tried", waiting)?;
    // Somebody else's is refused (another text stands there), and the room takes the next one.
    monitor.plug(&bad, "bad")?;
    within(STARTED_WITHIN, "no to somebody else's stick", || {
        let lines = monitor.pixels(0)?.console_lines();
        Ok((REFUSAL..HELP).contains(&lines))
    })?;
    image.entries_become(&disk, "nothing was tried", waiting)?;
    monitor.unplug("bad")?;
    monitor.plug(&good, "good")?;
    let room = machine.room(TOKEN)?;
    is_called(&room, "Raum Lahn")?;
    image.entries_become(&disk, "a good system", GOOD)
}

#[test]
#[ignore = "three starts of an emulated computer: ./dev test image -- --ignored"]
fn a_stick_makes_another_room_of_one_that_does_not_start() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let disk = image.flash_alone("anew")?;
    for slot in ["a", "b"] {
        let (from, to) = (
            format!("saal-{slot}+3.conf"),
            format!("saal-{slot}+0-3.conf"),
        );
        image.rename_entry(&disk, &from, &to)?;
    }
    let files = [("factory/saal.toml", config("Raum Fulda").into_bytes())];
    let stick = image.stick("anew", "fulda", &files)?;
    let mut machine = image.start(&disk, true)?;
    machine.monitor()?.plug(&stick, "anew")?;
    let room = machine.room(TOKEN)?;
    is_called(&room, "Raum Fulda")?;
    image.entries_become(&disk, "a good system", ["saal-a+3.conf", "saal-b+1.conf"])
}

#[test]
#[ignore = "three starts of an emulated computer: ./dev test image -- --ignored"]
fn who_holds_ctrl_and_lets_go_gets_the_factory_state() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let disk = image.flash_alone("held")?;
    let mut machine = image.start(&disk, false)?;
    let room = machine.room(TOKEN)?;
    let mut monitor = machine.monitor()?;
    // It looks for fingers from then on.
    shown(&room, &mut monitor)?;
    let mut panel = Panel {
        room: &room,
        monitor: &mut monitor,
    };
    panel.touch("Display and accessibility")?;
    panel.touch("Dark")?;
    let is_dark = |room: &Room| Ok(room.tree()?["comfort"]["theme"] == "dark");
    within(STARTED_WITHIN, "another look", || is_dark(&room))?;
    image.entries_become(&disk, "a good system", GOOD)?;
    drop(machine);

    let mut machine = image.start_watched(&disk, &["-device", "usb-kbd,bus=usb.0"])?;
    let mut monitor = machine.monitor()?;
    within(STARTED_WITHIN, "what happens, on the display", || {
        // QEMU's keyboard says what changes, and nobody heard it before the kernel did; others say what is down.
        monitor.key("ctrl", true)?;
        Ok(monitor.pixels(0)?.console_lines() >= HELD)
    })?;
    // As a person does who reads that: ten seconds and some more.
    std::thread::sleep(std::time::Duration::from_secs(18));
    monitor.key("ctrl", false)?;
    let room = machine.room(TOKEN)?;
    is_called(&room, "Raum Lahn")?;
    ensure!(!is_dark(&room)?, "the room knows how it was to look");
    Ok(())
}

#[test]
#[ignore = "fifty-one starts of an emulated computer: ./dev test image -- --ignored"]
fn a_room_whose_power_is_cut_fifty_times_is_the_room_that_it_was() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let seed = std::env::var("SAAL_SEED").ok();
    let seed: u64 = seed.and_then(|text| text.parse().ok()).unwrap_or(1);
    println!("SAAL_SEED={seed}");
    let mut dice = fastrand::Rng::with_seed(seed);
    let disk = image.flash_alone("cuts")?;
    let stick = image.stick_with("cuts", "900.0.1", Bundle::Whole)?;
    let drive = format!("if=none,id=update,format=raw,read-only=on,file={stick}");
    let plugged = [
        "-drive",
        &drive,
        "-device",
        "usb-storage,bus=usb.0,drive=update",
    ];
    for number in 0..CUTS {
        let machine = image.start_with(&disk, true, &plugged)?;
        // Any moment from the first instruction to the end of the update.
        let after = std::time::Duration::from_secs_f64(dice.f64() * UPDATED);
        std::thread::sleep(after);
        drop(machine);
        println!("cut {number} after {:.1} s", after.as_secs_f64());
    }
    let mut machine = image.start_with(&disk, true, &plugged)?;
    let room = machine.room(TOKEN)?;
    is_called(&room, "Raum Lahn")?;
    within(STARTED_WITHIN, "a good system", || {
        // While the room writes there it can't be read.
        let names = image.entries(&disk).unwrap_or_default();
        Ok(names.iter().any(|name| GOOD.contains(&name.as_str())))
    })
}

const CUTS: u32 = 50;
/// Seconds after which the power goes at the latest.
const UPDATED: f64 = 180.0;
