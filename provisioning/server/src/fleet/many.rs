//! Something that is done to all rooms of a scope: page by page, so that memory does not grow with the fleet, and on
//! all processors but for what the transaction does.
//!
//! While one page is written the next one is worked out.

use std::{collections::BTreeMap, num::NonZero, thread};

use saal_fleet_protocol::fleet::Scope;

use super::{
    devices::{self, DeviceRow},
    orders::{self, Said},
};
use crate::{error::FleetError, store::Tx};

/// Rooms of a page.
const PAGE: usize = 1000;
/// A thread of its own is worth its while for so many rooms.
const WORTH_A_THREAD: usize = 50;
/// A server has other things to do as well.
const MOST_THREADS: usize = 16;

/// What is to be found out about each room.
pub(crate) trait Look: Sync {
    /// What is written down for a room, or done.
    type Seen: Send;

    /// Reads what rooms have in common.
    ///
    /// # Errors
    /// What the database says.
    fn read(&mut self, tx: &Tx<'_>, rooms: &[DeviceRow]) -> Result<(), FleetError>;

    /// Works out what there is to say of a room, which says this itself.
    ///
    /// # Errors
    /// When something about the room is broken.
    fn look(&self, row: &DeviceRow, own: &Said) -> Result<Self::Seen, FleetError>;
}

/// Looks at all devices that have a room within a scope, and writes what was seen, in the order of rooms.
///
/// # Errors
/// What looking and writing say, and the database.
pub(crate) fn each<L: Look>(
    tx: &Tx<'_>,
    scope: &Scope,
    look: &mut L,
    mut write: impl FnMut(DeviceRow, L::Seen) -> Result<(), FleetError>,
) -> Result<(), FleetError> {
    let mut worked_out: Vec<(DeviceRow, L::Seen)> = Vec::new();
    let mut last = None;
    loop {
        let page = devices::page(tx, scope, last.as_ref(), PAGE)?;
        last = page.last().and_then(|row| row.room.clone());
        look.read(tx, &page)?;
        let own = own(tx, &page)?;
        let writing = std::mem::take(&mut worked_out);
        let seen = at_once(&page, &own, &*look, || {
            let mut all = writing.into_iter();
            all.try_for_each(|(row, seen)| write(row, seen))
        })?;
        worked_out = page.into_iter().zip(seen).collect();
        if worked_out.is_empty() {
            return Ok(());
        }
    }
}

/// What the rooms of a page say themselves.
fn own(tx: &Tx<'_>, page: &[DeviceRow]) -> Result<BTreeMap<Scope, Said>, FleetError> {
    let room = |row: Option<&DeviceRow>| row.and_then(|row| row.room.clone());
    match (room(page.first()), room(page.last())) {
        (Some(first), Some(last)) => orders::between(tx, &first, &last),
        _ => Ok(BTreeMap::new()),
    }
}

/// Looks at a page on other threads while this one does something else.
fn at_once<L: Look>(
    page: &[DeviceRow],
    own: &BTreeMap<Scope, Said>,
    look: &L,
    meanwhile: impl FnOnce() -> Result<(), FleetError>,
) -> Result<Vec<L::Seen>, FleetError> {
    let nothing = Said::default();
    let one = |row: &DeviceRow| {
        let own = row.room.as_ref().and_then(|room| own.get(room));
        look.look(row, own.unwrap_or(&nothing))
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(MOST_THREADS).min(page.len() / WORTH_A_THREAD);
    if threads == 0 {
        meanwhile()?;
        return page.iter().map(one).collect();
    }
    thread::scope(|scope| {
        let parts = page.chunks(page.len().div_ceil(threads));
        let looking = parts.map(|part| {
            scope.spawn(|| {
                part.iter()
                    .map(one)
                    .collect::<Result<Vec<L::Seen>, FleetError>>()
            })
        });
        let looking: Vec<_> = looking.collect();
        meanwhile()?;
        let mut seen = Vec::with_capacity(page.len());
        for part in looking {
            let part = part.join();
            seen.extend(part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(seen)
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use saal_fleet_protocol::fleet::api::{Change, Edit};

    use super::*;
    use crate::{
        fleet::{
            audit::Stamp,
            enrolment::{self, Newcomer},
            listing, orders, settings,
        },
        keys::Keys,
        store::{Store, testing::Fresh},
    };

    /// More than two pages, and a part of one.
    const ROOMS: usize = 2 * PAGE + 17;

    fn room(number: usize) -> Scope {
        format!("s{}/g{}/r{number}", number % 2, number % 7)
            .parse()
            .unwrap()
    }

    fn set(scope: &str, key: &str, value: impl Into<toml::Value>) -> Change {
        let edit = Edit::Set {
            key: key.parse().unwrap(),
            value: value.into(),
            locked: false,
        };
        Change {
            scope: scope.parse().unwrap(),
            edits: vec![edit],
        }
    }

    fn filled(store: &Store, keys: &Keys, stamp: &Stamp) {
        let fill = |tx: &Tx<'_>| {
            for number in 0..ROOMS {
                let newcomer = Newcomer {
                    key: &number.to_string(),
                    seal_key: "",
                    serial: &number.to_string(),
                    model: "Saal",
                    room: Some(&room(number)),
                };
                enrolment::simulated(tx, &newcomer, stamp.now)?;
            }
            for (key, value) in [("room.name", "Raum"), ("room.time_zone", "Europe/Berlin")] {
                settings::change(tx, keys, &set("/", key, value), stamp)?;
            }
            Ok(())
        };
        store.now(fill).unwrap();
    }

    #[test]
    fn each_room_of_a_fleet_of_several_pages_has_its_own_order_once() {
        let folder = Fresh::new();
        let (store, keys) = (folder.store(), Keys::open(folder.path()).unwrap());
        let stamp = Stamp::server(Timestamp::from_second(1).unwrap());
        filled(&store, &keys, &stamp);
        let server = set("/", "fleet.server", "fleet.example.org");
        let whole = store.now(|tx| settings::change(tx, &keys, &server, &stamp));
        let (preview, changed) = whole.unwrap();
        assert_eq!((preview.changed, changed.len()), (ROOMS as u64, ROOMS));
        let own = set("s1/g1/r1", "panel.theme", "light");
        store
            .now(|tx| settings::change(tx, &keys, &own, &stamp))
            .unwrap();
        let dark = set("s1", "panel.theme", "dark");
        let mut looked = 0;
        let undone = store.now(|tx| {
            looked = settings::preview(tx, &dark, &stamp)?.changed;
            Err::<(), _>(FleetError::Stopping)
        });
        assert!(undone.is_err());
        let (preview, changed) = store
            .now(|tx| settings::change(tx, &keys, &dark, &stamp))
            .unwrap();
        assert_eq!(looked, preview.changed);
        assert_eq!(changed.len(), ROOMS / 2 - 1, "a room's own value stays");
        let orders = |tx: &Tx<'_>| {
            let all = devices::page(tx, &Scope::organisation(), None, ROOMS + 1)?;
            for row in &all {
                let (generation, signed) = orders::unseen(tx, row)?.unwrap();
                let order = signed.verify(&[keys.signing.verifying_key()]).unwrap();
                let room = row.room.as_ref().unwrap();
                let light = room.as_str() == "s1/g1/r1";
                let dark = room.as_str().starts_with("s1") && !light;
                assert_eq!(
                    (order.device, order.generation),
                    (row.device.clone(), generation)
                );
                assert_eq!(order.document.contains("dark"), dark, "{room}");
                assert_eq!(generation, if dark || light { 2 } else { 1 }, "{room}");
                assert_eq!(listing::show(tx, &row.device)?.wanted, generation);
            }
            Ok(all.len())
        };
        assert_eq!(store.now(orders).unwrap(), ROOMS);
    }

    /// The room is in the last page: nothing of the others is kept either.
    #[test]
    fn a_change_that_breaks_one_room_of_many_changes_none() {
        let folder = Fresh::new();
        let (store, keys) = (folder.store(), Keys::open(folder.path()).unwrap());
        let stamp = Stamp::server(Timestamp::from_second(1).unwrap());
        filled(&store, &keys, &stamp);
        let server = set("/", "fleet.server", "fleet.example.org");
        store
            .now(|tx| settings::change(tx, &keys, &server, &stamp))
            .unwrap();
        let own = set("s1/g6/r97", "devices.content", "screen");
        store
            .now(|tx| settings::change(tx, &keys, &own, &stamp))
            .unwrap();
        let same = set("/", "devices.camera", "screen");
        let broken = store.now(|tx| settings::change(tx, &keys, &same, &stamp));
        let broken = broken.unwrap_err().to_string();
        assert!(broken.contains("s1/g6/r97"), "{broken}");
        let unchanged = |tx: &Tx<'_>| {
            let all = devices::page(tx, &Scope::organisation(), None, ROOMS + 1)?;
            Ok(all.iter().filter(|row| row.wanted != 1).count())
        };
        assert_eq!(store.now(unchanged).unwrap(), 1);
    }
}
