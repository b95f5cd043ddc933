//! Logs that somebody asked devices for: who asked is in the audit log, what came is kept for a day.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId, Scope,
    api::{Act, AskLog, Device, RoomLog},
    log::{LogSent, LogWanted, MOST_LINES, USUAL_LINES},
};
use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    json,
};
use crate::{
    error::FleetError,
    store::{Optional as _, Row, Tx, params},
};

/// So long it is kept, in seconds: whoever helps reads it soon.
const KEPT: i64 = 24 * 3600;
/// A device that is away may answer so long, in seconds. Who comes back later was not waited for.
const WAITS: i64 = 3600;

/// Asks a device for its log; what it sent before is forgotten.
///
/// # Errors
/// [`FleetError::Malformed`] where nobody sends so many lines.
pub(crate) fn ask(
    tx: &Tx<'_>,
    device: &Device,
    asked: AskLog,
    stamp: &Stamp,
) -> Result<RoomLog, FleetError> {
    let lines = asked.lines.unwrap_or(USUAL_LINES);
    if !(1..=MOST_LINES).contains(&lines) {
        let problem = format!("a device sends 1 to {MOST_LINES} lines of its log");
        return Err(FleetError::Malformed(problem));
    }
    let now = stamp.now.as_second();
    let sql = "INSERT INTO logs (device, number, lines, asked) VALUES (?1, 1, ?2, ?3) ON CONFLICT (device) DO UPDATE \
               SET number = logs.number + 1, lines = excluded.lines, asked = excluded.asked, came = NULL, log = NULL \
               RETURNING number, asked, came, log";
    let name = device.device.as_str();
    let found = tx.query_row(sql, params![name, lines, now], room_log)?;
    let deed = Deed {
        act: Act::LogAsked,
        scope: &device.room.clone().unwrap_or_else(Scope::organisation),
        object: name,
        before: None,
        after: Some(json!({"lines": lines})),
    };
    audit::record(tx, stamp, deed)?;
    Ok(found)
}

/// What a device still has to send.
pub(crate) fn due(
    tx: &Tx<'_>,
    device: &DeviceId,
    now: Timestamp,
) -> Result<Option<LogWanted>, FleetError> {
    let sql = "SELECT number, lines FROM logs WHERE device = ?1 AND came IS NULL AND asked >= ?2";
    let found = tx.query_row(
        sql,
        params![device.as_str(), now.as_second() - WAITS],
        |row| {
            Ok(LogWanted {
                number: row.get("number")?,
                lines: row.get("lines")?,
            })
        },
    );
    Ok(found.optional()?)
}

/// Forgets what nobody may read any more. Numbers go on, so that no connection takes a request for one that it was told.
pub(crate) fn forget(tx: &Tx<'_>, now: Timestamp) -> Result<(), FleetError> {
    let sql = "UPDATE logs SET log = NULL WHERE asked < ?1 AND log IS NOT NULL";
    tx.execute(sql, params![now.as_second() - KEPT])?;
    Ok(())
}

/// What it sent. Nobody waits for what was not asked for, or is asked for once more.
pub(crate) fn came(
    tx: &Tx<'_>,
    device: &DeviceId,
    sent: &LogSent,
    now: Timestamp,
) -> Result<(), FleetError> {
    let log = serde_json::to_string(&sent.log).expect("plain data is JSON");
    let sql =
        "UPDATE logs SET came = ?3, log = ?4 WHERE device = ?1 AND number = ?2 AND came IS NULL";
    tx.execute(
        sql,
        params![device.as_str(), sent.number, now.as_second(), log],
    )?;
    Ok(())
}

/// What was asked last, and what came.
pub(crate) fn show(
    tx: &Tx<'_>,
    device: &DeviceId,
    now: Timestamp,
) -> Result<Option<RoomLog>, FleetError> {
    let sql = "SELECT number, asked, came, log FROM logs WHERE device = ?1 AND asked >= ?2";
    let since = now.as_second() - KEPT;
    let found = tx.query_row(sql, params![device.as_str(), since], room_log);
    Ok(found.optional()?)
}

fn room_log(row: &Row<'_>) -> Result<RoomLog, crate::store::DatabaseError> {
    let time = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(RoomLog {
        number: row.get("number")?,
        asked: time(row.get("asked")?),
        came: row.get::<_, Option<i64>>("came")?.map(time),
        log: json(row, "log")?,
    })
}

#[cfg(test)]
mod tests {
    use saal_fleet_protocol::fleet::log::Log;

    use super::*;
    use crate::{
        fleet::{enrolment, listing},
        store::testing::Fresh,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    fn device(tx: &Tx<'_>) -> Result<Device, FleetError> {
        let row = enrolment::in_kassel(tx, at(0))?;
        listing::show(tx, &row.device)
    }

    fn sent(number: u64) -> LogSent {
        let detail = format!("answer {number}");
        LogSent {
            number,
            log: Log::Failed { detail },
        }
    }

    #[test]
    fn the_last_request_counts_and_what_came_is_forgotten_after_a_day() {
        let folder = Fresh::new();
        let all = folder.store().now(|tx| {
            let device = device(tx)?;
            let name = &device.device;
            let ask = |lines, now| ask(tx, &device, AskLog { lines }, &Stamp::server(at(now)));
            assert_eq!(due(tx, name, at(0))?, None);
            assert_eq!(ask(None, 0)?.number, 1);
            assert_eq!(ask(Some(5), 1)?.number, 2);
            let wanted = LogWanted {
                number: 2,
                lines: 5,
            };
            assert_eq!(due(tx, name, at(1))?, Some(wanted));
            assert_eq!(due(tx, name, at(2 + WAITS))?, None, "nobody waits any more");
            came(tx, name, &sent(1), at(2))?;
            assert_eq!(show(tx, name, at(2))?.unwrap().log, None);
            came(tx, name, &sent(2), at(3))?;
            let shown = show(tx, name, at(3))?.unwrap();
            assert_eq!((shown.came, shown.log), (Some(at(3)), Some(sent(2).log)));
            assert_eq!(due(tx, name, at(3))?, None);
            assert_eq!(show(tx, name, at(2 + KEPT))?, None);
            forget(tx, at(2 + KEPT))?;
            assert_eq!(show(tx, name, at(3))?.unwrap().log, None, "it is gone");
            assert_eq!(ask(None, 3 + KEPT)?.number, 3);
            for lines in [0, MOST_LINES + 1] {
                assert!(matches!(ask(Some(lines), 4), Err(FleetError::Malformed(_))));
            }
            let log = audit::after(tx, 0, 100)?;
            let asked: Vec<_> = log
                .iter()
                .filter(|line| line.act == Act::LogAsked)
                .collect();
            assert_eq!(asked.len(), 3);
            assert_eq!(asked[1].scope.as_str(), "kassel/rathaus/lahn");
            Ok(())
        });
        all.unwrap();
    }
}
