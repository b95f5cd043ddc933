//! Which devices are connected to this node, and how to wake them.
//!
//! A wake says only that there is news; the database says what. So a wake may come twice, and whoever
//! holds the connection may be another node.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use saal_fleet_protocol::fleet::DeviceId;
use tokio::sync::{Notify, mpsc};

use crate::nodes::Said;

/// Why a connection is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Look at the database.
    News,
    /// The device has opened another connection.
    Replaced,
}

/// Whose connection it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// A device of the fleet.
    Member(DeviceId),
    /// A device that waits to be claimed, by its key.
    Waiting(String),
}

type Open = HashMap<Who, (u64, Arc<Bell>)>;

/// Wakes a connection. It is less than a channel, of which each connection would hold some hundred bytes.
#[derive(Debug, Default)]
struct Bell {
    rung: Notify,
    replaced: AtomicBool,
}

impl Bell {
    fn ring(&self, wake: Wake) {
        if wake == Wake::Replaced {
            self.replaced.store(true, Ordering::Release);
        }
        // Who does not wait just now hears of it at once when they do.
        self.rung.notify_one();
    }
}

/// The connections.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    open: Mutex<Open>,
    next: AtomicU64,
    /// Devices that came or went, for the database.
    moved: Mutex<HashSet<DeviceId>>,
    moving: Notify,
    /// The way to other nodes, where there are some.
    others: Option<mpsc::UnboundedSender<Said>>,
}

/// Who came and who went since the last look.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    pub(crate) came: Vec<DeviceId>,
    pub(crate) went: Vec<DeviceId>,
}

/// A place in the hub, given back when the connection ends.
pub(crate) struct Seat<'a> {
    hub: &'a Hub,
    who: Who,
    number: u64,
    bell: Arc<Bell>,
}

impl Hub {
    /// With a way to other nodes.
    pub(crate) fn among(others: mpsc::UnboundedSender<Said>) -> Self {
        Self {
            others: Some(others),
            ..Self::default()
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the place of an older connection of the same device.
    pub(crate) fn enter(&self, who: Who) -> Seat<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let bell = Arc::<Bell>::default();
        let old = self.open().insert(who.clone(), (number, bell.clone()));
        if let Some((_, old)) = old {
            old.ring(Wake::Replaced);
        }
        self.note(&who);
        Seat {
            hub: self,
            who,
            number,
            bell,
        }
    }

    fn note(&self, who: &Who) {
        if let Who::Member(device) = who {
            let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
            moved.insert(device.clone());
            self.moving.notify_one();
        }
    }

    /// Until a device came or went.
    pub(crate) async fn moving(&self) {
        self.moving.notified().await;
    }

    /// Who came and who went, as it stands now.
    pub(crate) fn moved(&self) -> Moved {
        let mut all = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        let all = std::mem::take(&mut *all);
        let open = self.open();
        let (came, went) = all
            .into_iter()
            .partition(|device| open.contains_key(&Who::Member(device.clone())));
        Moved { came, went }
    }

    /// Nobody heard of these.
    pub(crate) fn moved_still(&self, those: Moved) {
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.extend(those.came.into_iter().chain(those.went));
        self.moving.notify_one();
    }

    /// Whether there are others, who hear what is said.
    pub(crate) fn has_others(&self) -> bool {
        self.others.is_some()
    }

    /// Says something to the other nodes.
    pub(crate) fn say(&self, said: Said) {
        if let Some(others) = &self.others {
            let _ = others.send(said);
        }
    }

    /// Wakes its connection, whichever node holds it. Nothing happens where none does: it will ask when it comes.
    pub(crate) fn wake(&self, who: &Who) {
        if self.tell(who, Wake::News) {
            return;
        }
        self.say(match who {
            Who::Member(device) => Said::Wake(vec![device.clone()]),
            Who::Waiting(key) => Said::Claimed(key.clone()),
        });
    }

    /// The same for many.
    pub(crate) fn wake_all(&self, devices: &[DeviceId]) {
        let mut elsewhere = devices.to_vec();
        elsewhere.retain(|device| !self.tell(&Who::Member(device.clone()), Wake::News));
        if !elsewhere.is_empty() {
            self.say(Said::Wake(elsewhere));
        }
    }

    /// Tells a connection of this node; whether there is one.
    pub(crate) fn tell(&self, who: &Who, wake: Wake) -> bool {
        let open = self.open();
        let connection = open.get(who);
        if let Some((_, bell)) = connection {
            bell.ring(wake);
        }
        connection.is_some()
    }

    /// Everybody who is connected here.
    pub(crate) fn everybody(&self) -> Vec<Who> {
        self.open().keys().cloned().collect()
    }
}

impl Seat<'_> {
    /// The next wake; those that came in between are one.
    pub(crate) async fn woken(&mut self) -> Wake {
        self.bell.rung.notified().await;
        if self.bell.replaced.load(Ordering::Acquire) {
            Wake::Replaced
        } else {
            Wake::News
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut open = self.hub.open();
        if open
            .get(&self.who)
            .is_some_and(|(number, _)| *number == self.number)
        {
            open.remove(&self.who);
            drop(open);
            self.hub.note(&self.who);
        }
    }
}
