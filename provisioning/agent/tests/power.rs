//! The power goes at every single write of the ledger, and what was not synced may be gone.
//!
//! The disk is a model that is worse than real ones: each change of a folder that was not synced is
//! there after the cut or not, each for itself.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod support;

use std::path::Path;

use saal_agent::{
    disk::Disk as _,
    ledger::{Files, Ledger, LedgerError},
    update::{
        installer::Booted,
        record::{Record, RecordError, Stage},
    },
};
use saal_fleet_protocol::fleet::{
    DeviceId,
    update::{Release, Step, UpdateOrder},
    wire::Failure,
};
use support::disk::Model;

const FIRST: &str = "version = 1 # the device's own";

fn files(generation: u64) -> Files {
    let document = format!("version = 1 # {generation}").into_bytes();
    let secret = format!("secret of {generation}").into_bytes();
    [
        ("saal.toml".to_owned(), document),
        ("token".to_owned(), secret),
    ]
    .into()
}

/// The life of a device: one configuration stays, one does not, one stays.
fn live(disk: &Model) -> Result<Ledger<Model>, LedgerError> {
    live_on(Ledger::open(disk.clone(), FIRST)?)
}

fn live_on(mut ledger: Ledger<Model>) -> Result<Ledger<Model>, LedgerError> {
    for generation in ledger.seen() + 1..=3 {
        end_trial(&mut ledger)?;
        let digest = format!("digest {generation}");
        ledger.try_out(generation, &digest, &files(generation))?;
    }
    end_trial(&mut ledger)?;
    Ok(ledger)
}

fn end_trial(ledger: &mut Ledger<Model>) -> Result<(), LedgerError> {
    match ledger.trying().map(|trial| trial.generation) {
        Some(2) => ledger.roll_back(Failure::Health, "broken".to_owned()),
        Some(_) => ledger.confirm(),
        None => Ok(()),
    }
}

/// What saald would read now: whole, whichever it is.
fn what_the_room_reads(disk: &Model) -> Option<u64> {
    let target = disk.target(Path::new("current")).unwrap()?;
    let name = target.file_name().unwrap().to_str().unwrap();
    let generation: u64 = name.parse().expect("a link leads to a generation");
    let read = |name: &str| disk.read(&target.join(name)).unwrap();
    if generation == 0 {
        assert_eq!(read("saal.toml").as_deref(), Some(FIRST.as_bytes()));
        return Some(0);
    }
    for (name, bytes) in files(generation) {
        assert_eq!(
            read(&name),
            Some(bytes),
            "{name} of generation {generation}"
        );
    }
    Some(generation)
}

#[test]
fn a_power_cut_at_any_write_loses_nothing_and_the_room_has_a_whole_configuration() {
    let whole = Model::default();
    live(&whole).unwrap();
    let writes = whole.writes();
    assert!(writes > 40, "{writes} writes");
    let mut trials_cut = 0;
    for cut in 0..writes {
        for seed in 0..6 {
            let disk = Model::default();
            disk.cut_after(cut);
            assert!(live(&disk).is_err(), "the power went at write {cut}");
            disk.crash(seed);
            let before = what_the_room_reads(&disk);
            let ledger = Ledger::open(disk.clone(), FIRST).unwrap();
            let good = ledger.good();
            let in_use = ledger.trying().map_or(good, |trial| trial.generation);
            trials_cut += u32::from(ledger.trying().is_some());
            assert_eq!(
                what_the_room_reads(&disk),
                Some(in_use),
                "write {cut}, seed {seed}"
            );
            assert!(good != 2, "a configuration that was taken back is not good");
            assert!(
                before.is_some() || ledger.seen() == 0,
                "write {cut}: nothing to read"
            );
            let ledger = live_on(ledger).unwrap();
            assert_eq!(
                (ledger.good(), ledger.seen()),
                (3, 3),
                "write {cut}, seed {seed}"
            );
            assert_eq!(what_the_room_reads(&disk), Some(3));
        }
    }
    assert!(trials_cut > 10, "trials were cut too: {trials_cut}");
}

#[test]
fn a_configuration_that_takes_the_power_away_twice_is_taken_back() {
    let disk = Model::default();
    let mut ledger = Ledger::open(disk.clone(), FIRST).unwrap();
    ledger.try_out(1, "digest 1", &files(1)).unwrap();
    disk.crash(1);
    let again = Ledger::open(disk.clone(), FIRST).unwrap();
    assert_eq!(again.trying().map(|trial| trial.starts), Some(2));
    disk.crash(2);
    let back = Ledger::open(disk.clone(), FIRST).unwrap();
    assert_eq!((back.trying(), back.good(), back.seen()), (None, 0, 1));
    assert_eq!(what_the_room_reads(&disk), Some(0));
    let report = format!("{:?}", back.report());
    assert!(report.contains("Interrupted"), "{report}");
}

#[test]
fn a_full_disk_leaves_what_was_good() {
    let disk = Model::default();
    let mut ledger = Ledger::open(disk.clone(), FIRST).unwrap();
    ledger.try_out(1, "digest 1", &files(1)).unwrap();
    ledger.confirm().unwrap();
    disk.fill();
    ledger.try_out(2, "digest 2", &files(2)).unwrap_err();
    assert_eq!(
        (ledger.good(), ledger.seen(), ledger.trying()),
        (1, 1, None)
    );
    assert_eq!(what_the_room_reads(&disk), Some(1));
}

/// A device's two slots, as what installs leaves them.
#[derive(Clone, Debug)]
struct Slots {
    running: &'static str,
    next: &'static str,
    starts: u32,
}

impl Slots {
    fn booted(&self) -> Booted {
        Booted {
            compatible: "saal".parse().unwrap(),
            version: if self.running == "a" { "1" } else { "2" }.parse().unwrap(),
            slot: self.running.to_owned(),
            start: self.starts.to_string(),
        }
    }

    fn start(&mut self) {
        (self.running, self.starts) = (self.next, self.starts + 1);
    }
}

fn update_order() -> UpdateOrder {
    UpdateOrder {
        version: 1,
        device: DeviceId::from_random([1; 8]),
        number: 1,
        issued: "2026-11-26T10:00:00Z".parse().unwrap(),
        release: Release {
            version: "2".parse().unwrap(),
            compatible: "saal".parse().unwrap(),
            size: 9,
            sha256: "ab".repeat(32).parse().unwrap(),
        },
    }
}

/// What the agent does one look after the other, until the update is over.
fn update(disk: &Model, slots: &mut Slots) -> Result<Record<Model>, RecordError> {
    let mut record = Record::open(disk.clone())?;
    record.recover(&slots.booted())?;
    loop {
        let Some(update) = record.update() else {
            record.begin(update_order(), "digest".to_owned())?;
            continue;
        };
        match update.stage.clone() {
            Stage::Wanted {} => record.step(Stage::Fetched {})?,
            Stage::Fetched {} => {
                record.install(slots.running.to_owned(), ["calendar".to_owned()].into())?;
            }
            Stage::Installing { from } => {
                slots.next = "b";
                let start = slots.starts.to_string();
                record.step(Stage::Installed { from, start })?;
            }
            Stage::Installed { .. } => {
                slots.start();
                record = Record::open(disk.clone())?;
                record.recover(&slots.booted())?;
            }
            Stage::Trying { .. } => record.step(Stage::Over {
                step: Step::Done {},
            })?,
            Stage::Returning { .. } => panic!("nothing failed"),
            Stage::Over { .. } => return Ok(record),
        }
    }
}

#[test]
fn a_power_cut_at_any_write_of_an_update_ends_in_the_new_release_on_trial_and_good() {
    let whole = Model::default();
    let new = Slots {
        running: "a",
        next: "a",
        starts: 1,
    };
    update(&whole, &mut new.clone()).unwrap();
    let writes = whole.writes();
    assert!(writes > 20, "{writes} writes");
    for cut in 0..writes {
        for seed in 0..6 {
            let (disk, mut slots) = (Model::default(), new.clone());
            disk.cut_after(cut);
            assert!(
                update(&disk, &mut slots).is_err(),
                "the power went at {cut}"
            );
            disk.crash(seed);
            slots.start();
            let on_trial =
                |disk: &Model| disk.read(Path::new("update-on-trial")).unwrap().is_some();
            let record = Record::open(disk.clone()).unwrap();
            let stage = record.update().map(|update| update.stage.clone());
            if slots.running == "b"
                && !matches!(stage, Some(Stage::Over { .. } | Stage::Installing { .. }))
            {
                assert!(on_trial(&disk), "write {cut}, seed {seed}: {stage:?}");
            }
            let record = update(&disk, &mut slots).unwrap();
            let done = Stage::Over {
                step: Step::Done {},
            };
            assert_eq!(
                record.update().unwrap().stage,
                done,
                "write {cut}, seed {seed}"
            );
            assert_eq!(slots.running, "b");
            assert!(!on_trial(&disk), "write {cut}, seed {seed}");
        }
    }
}

#[test]
fn a_device_that_comes_back_with_the_old_release_says_so() {
    let disk = Model::default();
    let mut record = Record::open(disk.clone()).unwrap();
    record.begin(update_order(), "digest".to_owned()).unwrap();
    let from = "a".to_owned();
    let start = "1".to_owned();
    record.step(Stage::Installed { from, start }).unwrap();
    let booted = |starts| Booted {
        compatible: "saal".parse().unwrap(),
        version: "1".parse().unwrap(),
        slot: "a".to_owned(),
        start: format!("{starts}"),
    };
    record.recover(&booted(1)).unwrap();
    let stage = &record.update().unwrap().stage;
    assert!(
        matches!(stage, Stage::Installed { .. }),
        "only the agent was started anew: {stage:?}"
    );
    record.recover(&booted(2)).unwrap();
    let stage = format!("{:?}", record.update().unwrap().stage);
    assert!(stage.contains("NotStarted"), "{stage}");
}
