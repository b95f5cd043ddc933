//! From power to a panel that answers a finger: a room's computer, and the same computer with plain Debian and Chromium in its kiosk
//! mode, by turns in the same emulator (goals.md: at most 0.15 of that).
//!
//! `./dev bench boot [--turns N]`

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use saal_image_tests::{Disk, GOOD, Image, Monitor, Pixels, TOKEN, middle, shown, within};
use serde_json::Value;

/// Both have what such computers have; emulated, nothing of it is fast.
const MEMORY: [&str; 2] = ["-m", "2048"];
const GIVEN_UP: Duration = Duration::from_secs(20 * 60);
const GOAL: f64 = 0.15;

/// Two places on a display, in hundred-thousandths: a touch of the first leads to another picture, then one of the second back.
struct Places {
    there: (u32, u32),
    back: (u32, u32),
}

fn main() -> Result<()> {
    let turns = turns()?;
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let peer = image.peer()?;
    println!("Debian with Chromium is built");
    let room = image.flash_alone("boot")?;
    // The first start makes a room's data partition, which is no everyday start.
    let room_places = first_start(&image, &room)?;
    let anywhere = Places {
        there: (50_000, 50_000),
        back: (50_000, 50_000),
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 1..=turns {
        ours.push(answers_after(&image, &room, &room_places)?);
        theirs.push(answers_after(&image, &peer, &anywhere)?);
        println!(
            "turn {turn}: {:.1} s, Debian with Chromium {:.1} s",
            ours[turn - 1],
            theirs[turn - 1]
        );
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let ratio = ours / theirs;
    println!(
        "from power to a panel that answers: {ours:.1} s, Debian with Chromium {theirs:.1} s: {ratio:.2} (goal {GOAL})"
    );
    Ok(())
}

fn turns() -> Result<usize> {
    let mut words = std::env::args()
        .skip_while(|word| word != "--turns")
        .skip(1);
    let turns = words.next().map_or(Ok(3), |text| text.parse());
    let turns = turns.context("--turns takes a number")?;
    ensure!(turns > 0, "--turns takes a number from 1");
    Ok(turns)
}

/// Where to touch, from what the room says stands there.
fn first_start(image: &Image, disk: &Disk) -> Result<Places> {
    let mut machine = image.start_watched(disk, &MEMORY)?;
    let room = machine.room(TOKEN)?;
    let mut monitor = machine.monitor()?;
    // It looks for fingers from then on.
    shown(&room, &mut monitor)?;
    let place = |label: &str| {
        saal_image_tests::middle(&room.tree()?, label).with_context(|| format!("no {label}"))
    };
    let there = place("Display and accessibility")?;
    monitor.tap(there.0, there.1)?;
    let on = |tree: &Value| middle(tree, "Back to the start").is_some();
    within(GIVEN_UP, "the page", || Ok(on(&room.tree()?)))?;
    let back = place("Back to the start")?;
    image.entries_become(disk, "a good system", GOOD)?;
    monitor.pull_the_plug()?;
    Ok(Places { there, back })
}

/// Seconds from power to the first touch that was answered.
fn answers_after(image: &Image, disk: &Disk, places: &Places) -> Result<f64> {
    let begun = Instant::now();
    let machine = image.start_watched(disk, &MEMORY)?;
    let mut monitor = machine.monitor()?;
    while begun.elapsed() < GIVEN_UP {
        let touched = begun.elapsed();
        if answers(&mut monitor, places)? {
            monitor.pull_the_plug()?;
            return Ok(touched.as_secs_f64());
        }
    }
    bail!("the panel does not answer")
}

/// Whether a touch leads to another picture, and one more back: what a computer shows while it starts changes by itself, but not so.
fn answers(monitor: &mut Monitor, places: &Places) -> Result<bool> {
    let before = monitor.pixels(0)?;
    let is_other = |picture: &Pixels| picture.differing(&before) * 20 > picture.rgb.len() / 3;
    monitor.tap(places.there.0, places.there.1)?;
    if !becomes(monitor, is_other)? {
        return Ok(false);
    }
    monitor.tap(places.back.0, places.back.1)?;
    becomes(monitor, |picture| !is_other(picture))
}

/// Looks for as long as somebody would before touching again.
fn becomes(monitor: &mut Monitor, is_so: impl Fn(&Pixels) -> bool) -> Result<bool> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(2) {
        if is_so(&monitor.pixels(0)?) {
            return Ok(true);
        }
        // Each look holds the whole machine up: twenty a second took more of the processor than the guest did.
        std::thread::sleep(Duration::from_millis(500));
    }
    Ok(false)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
