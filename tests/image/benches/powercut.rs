//! A room is started for the first time, somebody changes how its panel looks, and a stick updates it; every write to its disk is
//! recorded. Then the power is cut after each of these writes, and where writes were under way together, with only some of them
//! done: would the room start, and what does it remember? (After dm-log-writes; goals.md: 0 unbootable, 0 lost settings.)
//!
//! `./dev bench powercut [--seed N] [--looks N] [--record FILE]`; fails when a cut breaks a room. With the record of an earlier run
//! (`writes.log`) no machine is started.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use saal_image_tests::{
    Before, Bundle, CutDisk, DataReader, Disk, Entry, Files, GOOD, Image, Panel, STARTED_WITHIN,
    System, TOKEN, WriteLog, shown, within,
};

/// The file that tells how somebody wanted the panel.
const CHOSEN: &str = "saal/comfort.json";
/// Cuts in the middle of one flush's writes, each with other writes lost.
const SHUFFLES: usize = 4;

/// What was found.
#[derive(Default)]
struct Found {
    cuts: usize,
    shuffled: usize,
    looks: usize,
    unbootable: Vec<String>,
    lost: Vec<String>,
    memory: Memory,
}

/// What the room remembered at earlier cuts.
#[derive(Default)]
struct Memory {
    /// How the panel was wanted, oldest first.
    chosen: Vec<Vec<u8>>,
    /// Of these, what surely is on the disk.
    durable: Option<usize>,
}

fn main() -> Result<()> {
    let (mut seed, mut looks, mut record_of) = (1, 500, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().context("a value is missing");
        match word.as_str() {
            "--seed" => seed = value()?.parse()?,
            "--looks" => looks = value()?.parse()?,
            "--record" => record_of = Some(PathBuf::from(value()?)),
            _ => {}
        }
    }
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let disk = image.flash_alone("powercut")?;
    let old = System::read(&image.parts())?;
    image.make_another()?;
    let new = System::read(&image.parts())?;
    ensure!(old.root != new.root, "two releases with the same root");
    let base = disk.copy("base.raw")?;
    let log = match record_of {
        Some(path) => WriteLog::open(&path)?,
        None => record(&image, &disk)?,
    };
    let mut cut = CutDisk::open(&base, vec![old, new])?;
    let found = replay(&mut cut, &base, &log, seed, looks)?;
    found.report()
}

/// The room's first start, its settings, its update; gives what was written.
fn record(image: &Image, disk: &Disk) -> Result<WriteLog> {
    let stick = image.stick_with("powercut", "900.0.1", Bundle::Whole)?;
    let (mut machine, log) = image.start_recorded(disk)?;
    let room = machine.room(TOKEN)?;
    let mut monitor = machine.monitor()?;
    // It looks for fingers from then on.
    shown(&room, &mut monitor)?;
    let mut panel = Panel {
        room: &room,
        monitor: &mut monitor,
    };
    panel.touch("Display and accessibility")?;
    for (label, theme) in [
        ("Dark", "dark"),
        ("High contrast", "contrast"),
        ("Light", "light"),
        ("Dark", "dark"),
    ] {
        panel.touch(label)?;
        within(STARTED_WITHIN, label, || {
            Ok(room.tree()?["comfort"]["theme"] == theme)
        })?;
    }
    panel.touch("Back to the start")?;
    image.entries_become(disk, "a good system", GOOD)?;
    monitor.plug(&stick, "update")?;
    image.entries_become(
        disk,
        "the update's start",
        ["saal-a+3.conf", "saal-b+2-1.conf"],
    )?;
    machine.room(TOKEN)?;
    image.entries_become(disk, "a good update's mark", GOOD)?;
    monitor.pull_the_plug()?;
    WriteLog::open(&log)
}

fn replay(
    cut: &mut CutDisk,
    disk: &Disk,
    log: &WriteLog,
    seed: u64,
    looks: usize,
) -> Result<Found> {
    let folder = disk.file().with_extension("looked-at");
    fs::create_dir_all(&folder)?;
    let reader = DataReader::new(disk.file(), log, &folder)?;
    let writes = log
        .entries
        .iter()
        .filter(|entry| **entry != Entry::Flush)
        .count();
    println!(
        "{} entries, {writes} of them writes; seed {seed}",
        log.entries.len()
    );
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut found = Found::default();
    let each = (writes / looks.max(1)).max(1);
    let (started, mut under_way) = (Instant::now(), Vec::new());
    for entry in &log.entries {
        let Entry::Write { at, len, data } = *entry else {
            found.flushed(cut, log, &reader, &mut dice, std::mem::take(&mut under_way))?;
            continue;
        };
        let before = cut.write(at, &log.data(data, len)?)?;
        under_way.push((*entry, before));
        found.cut(cut, &format!("after write {}", found.cuts));
        if found.cuts.is_multiple_of(each) {
            found.look(&reader, &format!("after write {}", found.cuts), true);
        }
        if found.cuts.is_multiple_of(1000) {
            println!("  {} cuts, {} s", found.cuts, started.elapsed().as_secs());
        }
    }
    Ok(found)
}

impl Found {
    /// Does the room start?
    fn cut(&mut self, cut: &mut CutDisk, when: &str) {
        self.cuts += 1;
        if let Err(error) = cut.starts() {
            self.unbootable.push(format!("{when}: {error:#}"));
        }
    }

    /// What does it remember?
    fn look(&mut self, reader: &DataReader, when: &str, in_order: bool) {
        self.looks += 1;
        let judged = reader
            .files()
            .and_then(|files| self.memory.judge(&files, in_order));
        if let Err(error) = judged {
            self.lost.push(format!("{when}: {error:#}"));
        }
    }

    /// What was under way together may have come in any part: some of these parts, then all of it.
    fn flushed(
        &mut self,
        cut: &mut CutDisk,
        log: &WriteLog,
        reader: &DataReader,
        dice: &mut fastrand::Rng,
        under_way: Vec<(Entry, Before)>,
    ) -> Result<()> {
        let (entries, before): (Vec<Entry>, Vec<Before>) = under_way.into_iter().unzip();
        if entries.len() > 1 {
            cut.undo(before)?;
            for number in 0..SHUFFLES {
                let mut done = Vec::new();
                for entry in &entries {
                    if dice.bool() {
                        done.extend(write(cut, log, entry)?);
                    }
                }
                self.shuffled += 1;
                let when = format!(
                    "some of {} writes before write {}",
                    entries.len(),
                    self.cuts
                );
                self.cut(cut, &when);
                // The first one, so that not each of many thousand is looked into.
                if number == 0 && dice.u8(..4) == 0 {
                    self.look(reader, &when, false);
                }
                cut.undo(done)?;
            }
            for entry in &entries {
                write(cut, log, entry)?;
            }
        }
        self.memory.durable();
        Ok(())
    }

    fn report(&self) -> Result<()> {
        println!(
            "{} cuts ({} of them with writes lost that were under way), {} looks at what is remembered",
            self.cuts, self.shuffled, self.looks
        );
        println!("unbootable      {} (goal 0)", self.unbootable.len());
        println!("lost settings   {} (goal 0)", self.lost.len());
        for said in self.unbootable.iter().chain(&self.lost).take(20) {
            println!("  {said}");
        }
        ensure!(
            !self.memory.chosen.is_empty(),
            "nothing was ever remembered: the record is of no use"
        );
        ensure!(
            self.unbootable.is_empty() && self.lost.is_empty(),
            "a power cut breaks rooms"
        );
        Ok(())
    }
}

impl Memory {
    /// Nothing is half, and what was chosen is not older than what was on the disk.
    fn judge(&mut self, files: &Files, in_order: bool) -> Result<()> {
        for (name, content) in files {
            let is_json = Path::new(name).extension().is_some_and(|end| end == "json");
            ensure!(
                !is_json || serde_json::from_slice::<serde_json::Value>(content).is_ok(),
                "half of {name} is there"
            );
        }
        let Some(chosen) = files.get(CHOSEN) else {
            ensure!(self.durable.is_none(), "{CHOSEN} is gone");
            return Ok(());
        };
        let known = self.chosen.iter().rposition(|one| one == chosen);
        match known {
            Some(known) => ensure!(Some(known) >= self.durable, "{CHOSEN} is an older one"),
            None if in_order => self.chosen.push(chosen.clone()),
            None => {}
        }
        Ok(())
    }

    /// All that was seen is on the disk now.
    fn durable(&mut self) {
        self.durable = self.chosen.len().checked_sub(1);
    }
}

fn write(cut: &mut CutDisk, log: &WriteLog, entry: &Entry) -> Result<Option<Before>> {
    let Entry::Write { at, len, data } = *entry else {
        return Ok(None);
    };
    cut.write(at, &log.data(data, len)?).map(Some)
}
