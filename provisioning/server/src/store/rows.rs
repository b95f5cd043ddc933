//! All that a database holds, carried into another one of the same version.

use std::ops::ControlFlow;

use super::{DatabaseError, Tx, value::Value};

/// In an order in which each row finds what it points to.
pub(crate) const TABLES: [&str; 22] = [
    "devices",
    "orders",
    "waiting",
    "settings",
    "secrets",
    "tokens",
    "serials",
    "access",
    "audit",
    "webhooks",
    "people",
    "grants",
    "sessions",
    "releases",
    "rollouts",
    "updates",
    "identity",
    "alert_rules",
    "alerts",
    "roots",
    "release_lists",
    "authority",
];

/// What is so now and means nothing later; nobody carries it anywhere.
#[cfg(test)]
pub(crate) const PASSING: [&str; 3] = ["connections", "logs", "helps"];

/// Copies each row; `to` is empty.
///
/// # Errors
/// What either database says.
pub(crate) fn copy(from: &Tx<'_>, to: &Tx<'_>) -> Result<(), DatabaseError> {
    for table in TABLES {
        from.look(&format!("SELECT * FROM {table}"), (), |row| {
            let there = row.values()?;
            insert(to, table, there)?;
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(())
}

/// Whether nothing is there yet.
///
/// # Errors
/// What the database says.
pub(crate) fn are_none(tx: &Tx<'_>) -> Result<bool, DatabaseError> {
    for table in TABLES {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table})");
        if tx.query_row(&sql, (), |row| row.get(0))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Columns where nothing stands are left out: nothing is what stands there then.
fn insert(to: &Tx<'_>, table: &str, row: Vec<(String, Value)>) -> Result<(), DatabaseError> {
    let (names, values): (Vec<String>, Vec<Value>) = row.into_iter().unzip();
    let places: Vec<String> = (1..=names.len()).map(|n| format!("?{n}")).collect();
    let sql = format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        names.join(", "),
        places.join(", ")
    );
    to.execute(&sql, values)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Fresh;

    #[test]
    fn no_table_is_forgotten() {
        let fresh = Fresh::new();
        let mut all = fresh.store().now(|tx| Ok(tx.tables())).unwrap();
        all.sort();
        let mut known = [&TABLES[..], &PASSING].concat();
        known.sort_unstable();
        assert_eq!(all, known);
        assert!(fresh.store().now(|tx| Ok(are_none(tx)?)).unwrap());
    }
}
