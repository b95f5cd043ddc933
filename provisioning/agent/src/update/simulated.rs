//! A device with two slots in memory, whose boot loader counts starts as that of the image does (docs/adr/0045).

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use saal_fleet_protocol::fleet::{Compatible, ReleaseName, bundle};
use tokio::sync::watch;

use super::installer::{Booted, Installer, InstallerError, Work};

/// A slot that was not marked good is started so often.
const ATTEMPTS: u32 = 3;
const NAMES: [&str; 2] = ["a", "b"];

#[derive(Clone, Debug)]
struct Slot {
    version: ReleaseName,
    attempts: u32,
    /// The higher one is started first.
    rank: u32,
}

#[derive(Debug)]
struct Inside {
    compatible: Compatible,
    slots: [Slot; 2],
    running: usize,
    starts: u32,
    /// These do not come up.
    broken: BTreeSet<String>,
    /// These are not signed by whom the device trusts.
    forged: BTreeSet<String>,
    /// What was done, in order.
    done: Vec<String>,
    /// Where parts of bundles lie.
    seeds: Vec<PathBuf>,
}

/// The device; its copies are the same one.
#[derive(Clone, Debug)]
pub struct Simulated {
    inside: Arc<Mutex<Inside>>,
    starts: Arc<watch::Sender<u32>>,
}

impl Simulated {
    /// From the factory: the same release in both slots.
    #[must_use]
    pub fn new(compatible: Compatible, version: &ReleaseName) -> Self {
        let slot = |rank| Slot {
            version: version.clone(),
            attempts: ATTEMPTS,
            rank,
        };
        let inside = Inside {
            compatible,
            slots: [slot(1), slot(0)],
            running: 0,
            starts: 1,
            broken: BTreeSet::new(),
            forged: BTreeSet::new(),
            done: Vec::new(),
            seeds: Vec::new(),
        };
        Self {
            inside: Arc::new(Mutex::new(inside)),
            starts: Arc::new(watch::Sender::new(1)),
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This release does not come up.
    pub fn is_broken(&self, version: &str) {
        self.inside().broken.insert(version.to_owned());
    }

    /// This release's bundle has a signature that the device does not trust.
    pub fn is_forged(&self, version: &str) {
        self.inside().forged.insert(version.to_owned());
    }

    /// Parts of bundles lie here, as in the slots of a device.
    pub fn has_seed(&self, path: PathBuf) {
        self.inside().seeds.push(path);
    }

    /// What was done, in order: `install 2`, `good b`, `restart`, …
    #[must_use]
    pub fn done(&self) -> Vec<String> {
        self.inside().done.clone()
    }

    /// How often it was started: whoever runs its programs begins them anew at each change.
    #[must_use]
    pub fn starts(&self) -> watch::Receiver<u32> {
        self.starts.subscribe()
    }

    /// Slot and release that run.
    #[must_use]
    pub fn running(&self) -> (String, String) {
        let inside = self.inside();
        let version = inside.slots[inside.running].version.to_string();
        (NAMES[inside.running].to_owned(), version)
    }

    /// The power goes and comes back, or somebody restarts it.
    pub fn power_cycle(&self) {
        let starts = self.inside().start();
        self.starts.send_replace(starts);
    }
}

impl Inside {
    /// What the boot loader does until something comes up.
    fn start(&mut self) -> u32 {
        loop {
            let order = |slot: &usize| {
                let slot = &self.slots[*slot];
                (slot.attempts > 0, slot.rank)
            };
            let chosen = (0..2).max_by_key(order).unwrap_or_default();
            let slot = &mut self.slots[chosen];
            slot.attempts = slot.attempts.saturating_sub(1);
            self.starts += 1;
            // Where both are broken there is nothing to come back to; the last attempt counts.
            let dead = self.broken.contains(slot.version.as_str());
            if !dead || self.slots.iter().all(|slot| slot.attempts == 0) {
                self.running = chosen;
                return self.starts;
            }
        }
    }

    /// Reads what the bundle says of itself, as RAUC does.
    fn write(&mut self, bytes: &[u8]) -> Result<(), InstallerError> {
        let found = bundle::manifest(bytes);
        let found = found.map_err(|e| InstallerError::Refused(e.to_string()))?;
        self.done.push(format!("install {}", found.version));
        if found.compatible != self.compatible {
            let problem = format!("the bundle is for {}", found.compatible);
            return Err(InstallerError::Refused(problem));
        }
        if self.forged.contains(found.version.as_str()) {
            let problem = "signature verification failed".to_owned();
            return Err(InstallerError::Refused(problem));
        }
        let rank = self.slots.iter().map(|slot| slot.rank).max();
        self.slots[1 - self.running] = Slot {
            version: found.version,
            attempts: ATTEMPTS,
            rank: rank.unwrap_or_default() + 1,
        };
        Ok(())
    }
}

impl Installer for Simulated {
    fn seeds(&self) -> Vec<PathBuf> {
        self.inside().seeds.clone()
    }

    fn booted(&mut self) -> Work<'_, Booted> {
        let inside = self.inside();
        let booted = Booted {
            compatible: inside.compatible.clone(),
            version: inside.slots[inside.running].version.clone(),
            slot: NAMES[inside.running].to_owned(),
            start: inside.starts.to_string(),
        };
        drop(inside);
        Box::pin(async move { Ok(booted) })
    }

    fn install<'a>(
        &'a mut self,
        bundle: &'a Path,
        progress: &'a mut (dyn FnMut(u8) + Send),
    ) -> Work<'a, ()> {
        Box::pin(async move {
            let read = tokio::fs::read(bundle).await;
            let bytes = read.map_err(|e| InstallerError::Refused(e.to_string()))?;
            progress(50);
            self.inside().write(&bytes)?;
            progress(100);
            Ok(())
        })
    }

    fn mark(&mut self, good: bool) -> Work<'_, ()> {
        let mut inside = self.inside();
        let running = inside.running;
        inside.slots[running].attempts = if good { ATTEMPTS } else { 0 };
        let word = if good { "good" } else { "bad" };
        inside.done.push(format!("{word} {}", NAMES[running]));
        drop(inside);
        Box::pin(async { Ok(()) })
    }

    fn restart(&mut self) -> Work<'_, ()> {
        self.inside().done.push("restart".to_owned());
        self.power_cycle();
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> Simulated {
        Simulated::new("saal".parse().unwrap(), &"1".parse().unwrap())
    }

    fn install(device: &Simulated, version: &str) -> Result<(), InstallerError> {
        let manifest = format!("[update]\ncompatible=saal\nversion={version}\n");
        device.inside().write(manifest.as_bytes())
    }

    #[test]
    fn what_does_not_come_up_leads_back_to_what_did() {
        let device = device();
        device.is_broken("2");
        install(&device, "2").unwrap();
        device.power_cycle();
        assert_eq!(device.running(), ("a".to_owned(), "1".to_owned()));
    }

    #[test]
    fn what_is_not_marked_good_is_started_three_times() {
        let device = device();
        install(&device, "2").unwrap();
        let mut slots = Vec::new();
        for _ in 0..4 {
            device.power_cycle();
            slots.push(device.running().0);
        }
        assert_eq!(slots, ["b", "b", "b", "a"]);
    }

    #[test]
    fn what_is_forged_is_not_written() {
        let device = device();
        device.is_forged("2");
        install(&device, "2").unwrap_err();
        device.power_cycle();
        assert_eq!(device.running().1, "1");
    }
}
