//! Rooms that are free when another one can't do what its meeting needs.

use saal_fleet_protocol::fleet::{
    DeviceId, Scope,
    wire::{FreeRoom, RoomState, Span},
};

use super::{json, parsed, places};
use crate::{
    error::FleetError,
    store::{Optional as _, Tx, params},
};

/// More than people read on a panel.
const MOST: usize = 3;

/// Rooms of the same site that are well and free all that time, those of the same group first, then those that are free longest.
/// Who is connected is the caller's to know: of the others nobody knows how they are.
pub(crate) fn free(
    tx: &Tx<'_>,
    of: &Scope,
    span: Span,
    is_online: impl Fn(&DeviceId) -> Result<bool, FleetError>,
) -> Result<Vec<FreeRoom>, FleetError> {
    let chain = of.chain();
    let (Some(site), Some(group)) = (chain.get(1), chain.get(2)) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for (device, room, state) in elsewhere(tx, site, of)? {
        if let Some(until) = free_until(&state, span)
            && is_online(&device)?
        {
            found.push((!room.is_within(group), until, room));
        }
    }
    // Without an end is longest.
    found.sort_by_key(|(far, until, room)| {
        let end = until.unwrap_or(i64::MAX);
        (*far, std::cmp::Reverse(end), room.clone())
    });
    let nearest = found.into_iter().take(MOST);
    nearest
        .map(|(_, until, room)| {
            let name = name(tx, &room)?;
            Ok(FreeRoom { name, until })
        })
        .collect()
}

/// The site's rooms but this one, as far as it is known how they are.
fn elsewhere(
    tx: &Tx<'_>,
    site: &Scope,
    but: &Scope,
) -> Result<Vec<(DeviceId, Scope, RoomState)>, FleetError> {
    let sql = format!(
        "SELECT device, room, state FROM devices WHERE ({}) AND room <> ?1 AND revoked IS NULL AND state IS NOT NULL",
        places("room", [site])
    );
    let rows = tx.query_map(&sql, [but.as_str()], |row| {
        let state: Option<RoomState> = json(row, "state")?;
        Ok((parsed(row, "device")?, parsed(row, "room")?, state))
    })?;
    let mut all = Vec::new();
    for (device, room, state) in rows {
        all.extend(state.map(|state| (device, room, state)));
    }
    Ok(all)
}

/// Until when the room is free from the beginning of a time on, if it is all that time; inside, `None`: nobody is known to need it.
fn free_until(state: &RoomState, span: Span) -> Option<Option<i64>> {
    if state.phase != "home" || !state.ready {
        return None;
    }
    let mut after = state.taken.iter().filter(|taken| taken.until > span.from);
    match after.next() {
        Some(taken) if taken.from < span.until => None,
        Some(taken) => Some(Some(taken.from)),
        None => Some(None),
    }
}

/// What people call it; the last part of its place where nobody gave it a name.
fn name(tx: &Tx<'_>, room: &Scope) -> Result<String, FleetError> {
    let sql = "SELECT value FROM settings WHERE scope = ?1 AND key = 'room.name'";
    let value: Option<String> = tx
        .query_row(sql, params![room.as_str()], |row| row.get(0))
        .optional()?;
    let name = value.and_then(|value| serde_json::from_str::<String>(&value).ok());
    let last = room.as_str().rsplit('/').next().unwrap_or_default();
    Ok(name.unwrap_or_else(|| last.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, testing::Fresh};

    const NINE: i64 = 1_800_000_000;
    const HOUR: i64 = 3600;

    fn at_nine() -> Span {
        Span {
            from: NINE,
            until: NINE + HOUR,
        }
    }

    fn state(taken: &[(i64, i64)]) -> RoomState {
        let span = |&(from, until): &(i64, i64)| Span {
            from: NINE + from * HOUR,
            until: NINE + until * HOUR,
        };
        RoomState {
            phase: "home".to_owned(),
            troubles: Vec::new(),
            ready: true,
            taken: taken.iter().map(span).collect(),
        }
    }

    fn add(database: &Store, number: u8, room: &str, state: &RoomState) {
        let device = DeviceId::from_random([number; 8]);
        let state = serde_json::to_string(state).unwrap();
        let sql = "INSERT INTO devices (device, key, seal_key, serial, model, room, claimed, state) \
                   VALUES (?1, ?1, '', ?1, '', ?2, 0, ?3)";
        let those = params![device.as_str(), room, state];
        let added = database.now(|tx| Ok(tx.execute(sql, those)?));
        assert_eq!(added.unwrap(), 1);
    }

    fn offered(database: &Store, offline: u8) -> Vec<FreeRoom> {
        let offline = DeviceId::from_random([offline; 8]);
        let of = "kassel/rathaus/lahn".parse().unwrap();
        let found = database.now(|tx| free(tx, &of, at_nine(), |device| Ok(*device != offline)));
        found.unwrap()
    }

    /// An empty one of this release; the folder goes with the test.
    fn database() -> (Fresh, Store) {
        let folder = Fresh::new();
        let database = folder.store();
        (folder, database)
    }

    #[test]
    fn the_nearest_and_longest_free_rooms_of_the_site_come_first() {
        let (_folder, database) = database();
        add(&database, 1, "kassel/rathaus/lahn", &state(&[]));
        add(
            &database,
            2,
            "kassel/rathaus/eder",
            &state(&[(-1, 0), (2, 3)]),
        );
        add(&database, 3, "kassel/rathaus/fulda", &state(&[(5, 6)]));
        add(&database, 4, "kassel/markt/werra", &state(&[]));
        add(&database, 5, "marburg/rathaus/ohm", &state(&[]));
        let sql = "INSERT INTO settings (scope, key, value, locked) VALUES ('kassel/rathaus/eder', 'room.name', '\"Raum Eder\"', 0)";
        database.now(|tx| Ok(tx.execute(sql, ())?)).unwrap();
        let offered = offered(&database, 0);
        let of = |name: &str, hours: Option<i64>| FreeRoom {
            name: name.to_owned(),
            until: hours.map(|hours| NINE + hours * HOUR),
        };
        assert_eq!(
            offered,
            [
                of("fulda", Some(5)),
                of("Raum Eder", Some(2)),
                of("werra", None)
            ]
        );
    }

    #[test]
    fn a_room_that_is_taken_ill_busy_or_away_is_not_offered() {
        let (_folder, database) = database();
        add(&database, 2, "kassel/rathaus/eder", &state(&[(0, 2)]));
        let mut ill = state(&[]);
        ill.ready = false;
        add(&database, 3, "kassel/rathaus/fulda", &ill);
        let mut busy = state(&[]);
        busy.phase = "call".to_owned();
        add(&database, 4, "kassel/rathaus/werra", &busy);
        add(&database, 5, "kassel/rathaus/ohm", &state(&[]));
        assert_eq!(offered(&database, 5), []);
        assert_eq!(offered(&database, 0).len(), 1);
    }
}
