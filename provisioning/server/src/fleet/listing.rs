//! Devices as people see them: one, or a page of 70,000.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId, Scope,
    api::{self, Grant},
};

use super::{json, parsed, parsed_or_none, places, presence::ONLINE};
use crate::{
    error::FleetError,
    store::{DatabaseError, Optional as _, Row, Tx},
};

/// Which devices, in which order.
#[derive(Clone, Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// In serial number, room, model and name; each word has to be somewhere.
    #[serde(default)]
    pub(crate) search: String,
    /// `room`, `serial`, `model`, `generation`, `last_seen`; with `-` before it the other way round.
    #[serde(default)]
    pub(crate) sort: String,
    /// `in_use`: those that are not revoked; `problem`: whose layers make no configuration; `waits`: that are not yet, or no
    /// more, at what they should have; `homeless`: without a room; `revoked`. Empty: all.
    #[serde(default)]
    pub(crate) only: String,
    /// Only there and below.
    #[param(value_type = Option<String>)]
    pub(crate) scope: Option<Scope>,
    /// So many are left out.
    #[serde(default)]
    pub(crate) after: u64,
    /// So many at most; 100 where nothing is said, 1000 at most.
    pub(crate) limit: Option<u64>,
}

/// A page where nobody says how large.
pub(crate) const USUAL: u64 = 100;
/// The largest page.
pub(crate) const LARGEST: u64 = 1000;
/// More words than that nobody searches for.
const WORDS: usize = 6;

/// Devices that somebody may see, a page of them.
pub(crate) fn list(
    tx: &Tx<'_>,
    grants: &[Grant],
    query: &Query,
) -> Result<api::Page<api::Device>, FleetError> {
    let (sql, words) = selection(grants, query)?;
    let order = order(&query.sort)?;
    let total = tx.query_row(
        &format!("SELECT COUNT(*) FROM devices WHERE {sql}"),
        &words[..],
        |row| row.get(0),
    )?;
    let limit = query.limit.unwrap_or(USUAL).min(LARGEST);
    // What it is found and sorted by lies in one index; the rows themselves are read for this page alone.
    let sql = format!(
        "SELECT device FROM devices WHERE {sql} ORDER BY {order} LIMIT {limit} OFFSET {}",
        query.after.min(i64::MAX.unsigned_abs())
    );
    let found = tx.query_map(&sql, &words[..], |row| parsed::<DeviceId>(row, "device"))?;
    let items = found.iter().map(|device| show(tx, device));
    Ok(api::Page {
        items: items.collect::<Result<_, _>>()?,
        total,
    })
}

/// The condition of SQL, with the words that are searched for.
fn selection(grants: &[Grant], query: &Query) -> Result<(String, Vec<String>), FleetError> {
    let asked = query.scope.clone().unwrap_or_else(Scope::organisation);
    // Those without a room are the organisation's: no other place is theirs.
    let mine = places("room", grants.iter().map(|grant| &grant.scope));
    let only = match query.only.as_str() {
        "" => "TRUE",
        "in_use" => "revoked IS NULL",
        "problem" => "revoked IS NULL AND problem IS NOT NULL",
        "waits" => "revoked IS NULL AND generation <> wanted",
        "homeless" => "revoked IS NULL AND room IS NULL",
        "revoked" => "revoked IS NOT NULL",
        other => {
            return Err(FleetError::Setting(format!(
                "\"{other}\" chooses nothing; use in_use, problem, waits, homeless or revoked"
            )));
        }
    };
    let words = query.search.split_whitespace().take(WORDS);
    let words = words.map(|word| format!("%{}%", word.replace(['%', '_'], "")));
    let words: Vec<String> = words.collect();
    let found = (1..=words.len()).map(|n| {
        format!(" AND (serial LIKE ?{n} OR room LIKE ?{n} OR model LIKE ?{n} OR device LIKE ?{n})")
    });
    let found: String = found.collect();
    let sql = format!(
        "({mine}) AND ({}) AND {only}{found}",
        places("room", [&asked])
    );
    Ok((sql, words))
}

fn order(sort: &str) -> Result<&'static str, FleetError> {
    Ok(match sort {
        "" | "room" => "room NULLS FIRST, serial, device",
        "-room" => "room DESC NULLS LAST, serial DESC, device",
        "serial" => "serial, device",
        "-serial" => "serial DESC, device",
        "model" => "model, device",
        "-model" => "model DESC, device",
        "generation" => "generation, device",
        "-generation" => "generation DESC, device",
        "last_seen" => "last_seen NULLS FIRST, device",
        "-last_seen" => "last_seen DESC NULLS LAST, device",
        other => {
            return Err(FleetError::Setting(format!(
                "\"{other}\" is no order; use room, serial, model, generation or last_seen"
            )));
        }
    })
}

/// One, as people see it.
pub(crate) fn show(tx: &Tx<'_>, device: &DeviceId) -> Result<api::Device, FleetError> {
    let sql = format!("SELECT *, {ONLINE} AS online FROM devices WHERE device = ?1");
    let found = tx.query_row(&sql, [device.as_str()], public).optional()?;
    found.ok_or_else(|| FleetError::NotFound {
        what: format!("device {device}"),
    })
}

fn public(row: &Row<'_>) -> Result<api::Device, DatabaseError> {
    let last_seen: Option<i64> = row.get("last_seen")?;
    Ok(api::Device {
        device: parsed(row, "device")?,
        serial: row.get("serial")?,
        model: row.get("model")?,
        room: parsed_or_none(row, "room")?,
        online: row.get("online")?,
        last_seen: last_seen.and_then(|second| Timestamp::from_second(second).ok()),
        revoked: row.get::<_, Option<i64>>("revoked")?.is_some(),
        wanted: row.get("wanted")?,
        generation: row.get("generation")?,
        report: json(row, "report")?,
        problem: row.get("problem")?,
        state: json(row, "state")?,
        agent: row.get("agent")?,
        system: json(row, "system")?,
        trust: json(row, "trust")?,
    })
}

/// A place with how many devices it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) scope: Scope,
    pub(crate) devices: u64,
    /// Whose layers make no configuration.
    pub(crate) problems: u64,
    /// That are not at what they should have.
    pub(crate) waits: u64,
}

/// The sites that somebody may see.
pub(crate) fn sites(tx: &Tx<'_>, grants: &[Grant]) -> Result<Vec<Place>, FleetError> {
    let mine = places("room", grants.iter().map(|grant| &grant.scope));
    let sql = format!(
        "SELECT SUBSTR(room, 1, INSTR(room, '/') - 1) AS site, COUNT(*) AS devices, \
         COUNT(*) FILTER (WHERE problem IS NOT NULL) AS problems, \
         COUNT(*) FILTER (WHERE generation <> wanted) AS waits FROM devices \
         WHERE revoked IS NULL AND room IS NOT NULL AND ({mine}) GROUP BY site ORDER BY site"
    );
    let found = tx.query_map(&sql, (), |row| {
        Ok(Place {
            scope: parsed(row, "site")?,
            devices: row.get("devices")?,
            problems: row.get("problems")?,
            waits: row.get("waits")?,
        })
    })?;
    Ok(found)
}

/// The places right below one, as far as devices or layers name them.
pub(crate) fn below(tx: &Tx<'_>, scope: &Scope) -> Result<Vec<Scope>, FleetError> {
    let inside = |column| places(column, [scope]);
    let sql = format!(
        "SELECT DISTINCT room AS place FROM devices WHERE revoked IS NULL AND room IS NOT NULL AND ({}) \
         UNION SELECT DISTINCT scope FROM settings WHERE ({})",
        inside("room"),
        inside("scope")
    );
    let found = tx.query_map(&sql, (), |row| parsed::<Scope>(row, "place"))?;
    let mut all = std::collections::BTreeSet::new();
    for place in found {
        let next = place.chain().into_iter().nth(scope.depth() + 1);
        all.extend(next);
    }
    Ok(all.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use saal_fleet_protocol::fleet::api::Role;

    use super::*;
    use crate::store::{Store, params, testing::Fresh};

    const DEVICES: u32 = 70_000;

    fn grant(scope: &str) -> Vec<Grant> {
        vec![Grant {
            role: Role::Viewer,
            scope: scope.parse().unwrap(),
        }]
    }

    async fn crowd() -> (Fresh, Store) {
        let folder = Fresh::new();
        let store = folder.store();
        let fill = |tx: &Tx<'_>| {
            let sql = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1) \
                       INSERT INTO devices (device, key, seal_key, serial, model, room, claimed, agent) \
                       SELECT SUBSTR(CAST(10000000000000000 + i AS TEXT), 2), CAST(i AS TEXT), '', \
                       'SN-' || SUBSTR(CAST(100000 + i AS TEXT), 2), 'Saal', \
                       'site-' || (i % 50) || '/g' || (i % 7) || '/r' || i, 0, ?2 FROM n";
            let made = tx.execute(sql, params![DEVICES, "x".repeat(2000)])?;
            assert_eq!(made, DEVICES as usize);
            Ok(())
        };
        store.run(fill).await.unwrap();
        (folder, store)
    }

    fn query(search: &str, sort: &str, after: u64) -> Query {
        Query {
            search: search.to_owned(),
            sort: sort.to_owned(),
            after,
            ..Query::default()
        }
    }

    #[tokio::test]
    async fn pages_of_seventy_thousand_are_found_in_the_index_alone() {
        let (_folder, store) = crowd().await;
        let look = |tx: &Tx<'_>| {
            let last = list(tx, &grant("/"), &query("", "serial", 69_900))?;
            assert_eq!((last.total, last.items.len()), (u64::from(DEVICES), 100));
            assert_eq!(last.items[99].serial, "SN-69999");
            let words = list(tx, &grant("/"), &query("site-3/ SN-00053", "", 0))?;
            assert_eq!(
                (words.total, words.items[0].serial.as_str()),
                (1, "SN-00053")
            );
            let site = list(tx, &grant("site-3"), &query("", "-room", 0))?;
            assert_eq!(site.total, 1400);
            let rooms = site.items.iter().filter_map(|device| device.room.clone());
            let rooms: Vec<Scope> = rooms.collect();
            assert!(rooms.is_sorted_by(|a, b| a > b), "{rooms:?}");
            if tx.is_postgres() {
                return Ok(());
            }
            for sort in ["", "-room", "serial", "model", "generation", "-last_seen"] {
                let (condition, words) = selection(&grant("/"), &query("x", sort, 0))?;
                let order = order(sort)?;
                let sql = format!(
                    "EXPLAIN QUERY PLAN SELECT device FROM devices WHERE {condition} ORDER BY {order}"
                );
                let plan: String = tx.query_row(&sql, &words[..], |row| row.get("detail"))?;
                assert!(
                    plan.contains("COVERING INDEX devices_list"),
                    "{sort}: {plan}"
                );
            }
            Ok(())
        };
        store.read(look).await.unwrap();
    }

    #[tokio::test]
    async fn sites_are_counted_where_somebody_may_look() {
        let (_folder, store) = crowd().await;
        let all = store.read(|tx| sites(tx, &grant("/"))).await.unwrap();
        assert_eq!((all.len(), all[0].devices), (50, 1400));
        let one = store.read(|tx| sites(tx, &grant("site-4"))).await.unwrap();
        assert_eq!(one.len(), 1);
        let groups = |tx: &Tx<'_>| below(tx, &"site-4".parse().unwrap());
        let groups = store.read(groups).await.unwrap();
        assert_eq!((groups.len(), groups[0].as_str()), (7, "site-4/g0"));
        let part = store
            .read(|tx| sites(tx, &grant("site-4/g4")))
            .await
            .unwrap();
        assert_eq!(part[0].devices, 200);
    }

    #[tokio::test]
    async fn what_is_no_order_and_no_choice_is_named() {
        let folder = Fresh::new();
        let store = folder.store();
        let wrong = store
            .read(|tx| list(tx, &grant("/"), &query("", "x", 0)))
            .await;
        assert!(wrong.unwrap_err().to_string().contains("is no order"));
        let none = store.read(|tx| list(tx, &[], &query("", "", 0))).await;
        assert_eq!(none.unwrap().total, 0);
    }
}
