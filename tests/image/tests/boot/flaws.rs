//! Releases that are signed, for this computer and whole, and no good all the same: what the fleet brought gives way to what was.

use anyhow::{Context as _, Result, ensure};
use saal_image_tests::{Bundle, Disk, Flaw, GOOD, Image, TOKEN, text};
use serde_json::Value;

use super::{bring, fleet, is_settled, known, step};

#[test]
#[ignore = "ten starts of an emulated computer: ./dev test image -- --ignored"]
fn releases_that_are_no_good_give_way_to_what_was() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let (fleet, files) = fleet(&image, "flaws", "https://meet.example.org/daily")?;
    let disk = image.flash("flaws", &files)?;
    let mut machine = image.start(&disk, true)?;
    machine.room(TOKEN)?;
    known(&fleet, "a room of the fleet", is_settled)?;
    image.entries_become(&disk, "a good system", GOOD)?;
    for (version, flaw) in [
        ("900.2.1", Flaw::KernelPanics),
        ("900.2.2", Flaw::DaemonDies),
        ("900.2.3", Flaw::NoPictures),
    ] {
        bring(&image, &fleet, version, Bundle::Small)?;
        let names = ["saal-a+3.conf", "saal-b+2-1.conf"];
        image.entries_become(&disk, "the update's start", names)?;
        drop(machine);
        last_attempt_of(&image, &disk, flaw)?;
        machine = image.start(&disk, true)?;
        let names = ["saal-a+2-1.conf", "saal-b+0-3.conf"];
        image.entries_become(&disk, &format!("the way back, {flaw:?}"), names)?;
        let room = machine.room(TOKEN)?;
        let not_started = |device: &Value| {
            device["system"]["update"]["version"] == version
                && step(device)["failed"]["why"] == "not_started"
        };
        let device = known(&fleet, "why it is back", not_started)?;
        ensure!(device["system"]["slot"] == "a", "where it is: {device:#}");
        let panel = room.tree().context("the panel of who is back")?;
        ensure!(text(&panel).contains("Raum Lahn"), "what it was: {panel:#}");
        let names = ["saal-a+3.conf", "saal-b+0-3.conf"];
        image.entries_become(&disk, "what was good", names)?;
    }
    Ok(())
}

/// What RAUC wrote becomes a system with this flaw, whose first two starts led nowhere. That three are counted, and what bundles are
/// refused, other tests see; an emulated computer takes minutes for each start.
fn last_attempt_of(image: &Image, disk: &Disk, flaw: Flaw) -> Result<()> {
    image.write_flawed(disk, "b", flaw)?;
    image.rename_entry(disk, "saal-b+2-1.conf", "saal-b+1-2.conf")
}
