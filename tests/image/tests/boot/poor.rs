//! A room in poor circumstances: without a network, with a clock that knows nothing, with a disk that is full or takes no writes. It
//! starts, answers to fingers, and says what is wrong.

use anyhow::{Context as _, Result, ensure};
use saal_image_tests::{
    GOOD, Image, Machine, Monitor, Panel, Room, STARTED_WITHIN, TOKEN, shown, text, time_server,
    within,
};

use super::{fleet, is_settled, known};

/// The panel is on its display, with the room's name.
fn is_there(machine: &mut Machine) -> Result<(Room, Monitor)> {
    let (room, mut monitor) = (machine.room(TOKEN)?, machine.monitor()?);
    within(STARTED_WITHIN, "whose room it is", || {
        Ok(text(&room.tree()?).contains("Raum Lahn"))
    })?;
    shown(&room, &mut monitor).context("the panel on its display")?;
    Ok((room, monitor))
}

/// A finger changes how the panel looks, and is back at the start.
fn answers_to_a_finger(room: &Room, monitor: &mut Monitor) -> Result<()> {
    let mut panel = Panel { room, monitor };
    panel.touch("Display and accessibility")?;
    panel.touch("Dark")?;
    within(STARTED_WITHIN, "another look", || {
        Ok(room.tree()?["comfort"]["theme"] == "dark")
    })?;
    panel.touch("Back to the start")?;
    panel.shows("Daily").context("the start")?;
    shown(room, panel.monitor).context("its other look, on the display")
}

#[test]
#[ignore = "three starts of an emulated computer: ./dev test image -- --ignored"]
fn a_disk_that_takes_no_writes_or_is_full_leaves_a_room_that_says_so() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let disk = image.flash_alone("full")?;
    let mut machine = image.start(&disk, false)?;
    is_there(&mut machine)?;
    image.entries_become(&disk, "a good system", GOOD)?;
    drop(machine);

    // The room forgets what is chosen now when it is switched off, and is a room until then.
    let mut machine = image.start_read_only(&disk)?;
    let (room, mut monitor) = is_there(&mut machine)?;
    answers_to_a_finger(&room, &mut monitor)?;
    drop(machine);

    disk.fill()?;
    let mut machine = image.start(&disk, false)?;
    let (room, mut monitor) = is_there(&mut machine)?;
    answers_to_a_finger(&room, &mut monitor)?;
    // Which of the two systems is good is still known, on another partition.
    image.entries_become(&disk, "a good system", GOOD)?;
    let mut panel = Panel {
        room: &room,
        monitor: &mut monitor,
    };
    panel.touch("Join")?;
    panel.shows("The call can’t be remembered")
}

#[test]
#[ignore = "a start of an emulated computer: ./dev test image -- --ignored"]
fn a_room_without_a_network_answers_to_fingers_and_says_what_it_lacks() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let disk = image.flash_alone("network")?;
    let mut machine = image.start_cut_off(&disk)?;
    let mut monitor = machine.monitor()?;
    monitor.cable(false)?;
    within(STARTED_WITHIN, "a panel on the display", || {
        // Letters with soft edges; firmware and kernel have none.
        Ok(monitor.pixels(0)?.colours() > 16)
    })?;
    // Somebody plugs it in, into a network that leads nowhere.
    monitor.cable(true)?;
    drop(monitor);
    let (room, mut monitor) = is_there(&mut machine)?;
    let mut panel = Panel {
        room: &room,
        monitor: &mut monitor,
    };
    panel.touch("Join")?;
    panel.shows("Is the network cable plugged in?")
}

#[test]
#[ignore = "a start of an emulated computer: ./dev test image -- --ignored"]
fn a_clock_of_1970_is_set_by_its_network_and_the_room_joins_its_fleet() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let (fleet, files) = fleet(&image, "clock", "https://meet.example.org/daily")?;
    let disk = image.flash("clock", &files)?;
    let server = format!(
        "server {} port {} iburst\n",
        saal_image_tests::HOST,
        time_server()?
    );
    image.put(&disk, "time", "it.sources", &server)?;
    let mut machine = image.start_with(&disk, true, &["-rtc", "base=1970-01-01T00:00:00"])?;
    // What its fleet's certificate is good for is to come, by such a clock.
    let room = machine.room(TOKEN)?;
    known(&fleet, "a room of the fleet", is_settled)?;
    within(STARTED_WITHIN, "the time on the panel", || {
        let mut date = std::process::Command::new("date");
        let now = date.env("TZ", "Europe/Berlin").arg("+%H:%M").output()?;
        let now = String::from_utf8(now.stdout)?;
        Ok(text(&room.tree()?).contains(now.trim()))
    })?;
    ensure!(
        text(&room.tree()?).contains("Raum Lahn"),
        "what its fleet calls it"
    );
    Ok(())
}
