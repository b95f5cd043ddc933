//! Televisions that a test looks at.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use saal_hal::{CecAdapter, CecAdapters, CecError, TelevisionPower};

/// Simulated televisions, each on an adapter of its own. Those who clone it share them.
#[derive(Clone, Debug, Default)]
pub struct SimulatedCecAdapters(Arc<Mutex<Vec<Television>>>);

#[derive(Debug)]
struct Television {
    adapter: CecAdapter,
    power: TelevisionPower,
    /// It shows what the machine sends.
    ours: bool,
    deaf: bool,
}

impl SimulatedCecAdapters {
    /// Connects a television in stand-by, at the connector of the display with this id, or at none that is known.
    pub fn plug(&self, id: &str, display: Option<&str>) {
        self.unplug(id);
        let mut all = self.all();
        all.push(Television {
            adapter: CecAdapter {
                id: id.to_owned(),
                name: format!("Adapter {id}"),
                display: display.map(str::to_owned),
                node: format!("simulated:{id}"),
            },
            power: TelevisionPower::StandBy,
            ours: true,
            deaf: false,
        });
        all.sort_by(|one, other| one.adapter.id.cmp(&other.adapter.id));
    }

    /// Disconnects it with its adapter.
    pub fn unplug(&self, id: &str) {
        self.all().retain(|television| television.adapter.id != id);
    }

    /// Somebody takes the remote control and turns it on, on another plug.
    pub fn watch_something_else(&self, id: &str) {
        self.change(id, |television| {
            television.power = TelevisionPower::On;
            television.ours = false;
        });
    }

    /// It takes no messages from now on, or does again.
    pub fn set_deaf(&self, id: &str, deaf: bool) {
        self.change(id, |television| television.deaf = deaf);
    }

    /// How it is, and whether it shows what the machine sends; `None` when it is not connected.
    #[must_use]
    pub fn television(&self, id: &str) -> Option<(TelevisionPower, bool)> {
        let all = self.all();
        let one = all.iter().find(|television| television.adapter.id == id);
        one.map(|television| (television.power, television.ours))
    }

    fn change(&self, id: &str, how: impl FnOnce(&mut Television)) {
        let mut all = self.all();
        let mut televisions = all.iter_mut();
        if let Some(television) = televisions.find(|television| television.adapter.id == id) {
            how(television);
        }
    }

    fn tell<T>(
        &self,
        adapter: &CecAdapter,
        what: impl FnOnce(&mut Television) -> T,
    ) -> Result<T, CecError> {
        let mut all = self.all();
        let mut listening = all.iter_mut().filter(|television| !television.deaf);
        let television = listening.find(|television| television.adapter == *adapter);
        television.map(what).ok_or_else(|| CecError::NoTelevision {
            adapter: adapter.name.clone(),
        })
    }

    fn all(&self) -> MutexGuard<'_, Vec<Television>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CecAdapters for SimulatedCecAdapters {
    fn list(&self) -> Result<Vec<CecAdapter>, CecError> {
        let all = self.all();
        Ok(all.iter().map(|one| one.adapter.clone()).collect())
    }

    fn power(&self, adapter: &CecAdapter) -> Result<TelevisionPower, CecError> {
        self.tell(adapter, |television| television.power)
    }

    fn wake(&self, adapter: &CecAdapter) -> Result<(), CecError> {
        self.tell(adapter, |television| {
            television.power = TelevisionPower::On;
            television.ours = true;
        })
    }

    fn stand_by(&self, adapter: &CecAdapter) -> Result<bool, CecError> {
        self.tell(adapter, |television| {
            if television.ours {
                television.power = TelevisionPower::StandBy;
            }
            television.ours
        })
    }
}
