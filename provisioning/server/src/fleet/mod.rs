//! What the fleet's server does, as transactions: pure but for the database and the keys.
//!
//! Nothing here knows of sockets. Time is an argument. Whoever runs an operation wakes the devices
//! that it names afterwards.

pub(crate) mod access;
pub(crate) mod alerts;
pub(crate) mod audit;
#[cfg(test)]
mod audited;
pub(crate) mod authority;
#[cfg(test)]
mod converge;
pub(crate) mod devices;
pub(crate) mod enrolment;
pub(crate) mod factor;
pub(crate) mod guests;
pub(crate) mod helps;
pub(crate) mod hooks;
pub(crate) mod identity;
pub(crate) mod listing;
pub(crate) mod lists;
pub(crate) mod logs;
mod many;
pub(crate) mod orders;
pub(crate) mod people;
pub(crate) mod presence;
pub(crate) mod releases;
pub(crate) mod rollouts;
pub(crate) mod rooms;
pub(crate) mod roots;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod signing;
pub(crate) mod tokens;
pub(crate) mod updates;

use saal_fleet_protocol::fleet::Scope;

use crate::store::{DatabaseError, Row};

/// A condition of SQL: that a column's place lies in one of these. Names of places have no character that SQL knows, and `0` comes
/// right after `/`.
pub(crate) fn places<'a>(column: &str, scopes: impl IntoIterator<Item = &'a Scope>) -> String {
    let one = |scope: &Scope| match scope.depth() {
        0 => "TRUE".to_owned(),
        _ => {
            format!("{column} = '{scope}' OR ({column} > '{scope}/' AND {column} < '{scope}0')")
        }
    };
    let all: Vec<String> = scopes.into_iter().map(one).collect();
    if all.is_empty() {
        "FALSE".to_owned()
    } else {
        all.join(" OR ")
    }
}

/// A column that was checked when it was written.
pub(crate) fn parsed<T: std::str::FromStr>(
    row: &Row<'_>,
    column: &str,
) -> Result<T, DatabaseError> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| unread(column, &text))
}

/// The same for one that may be empty.
pub(crate) fn parsed_or_none<T: std::str::FromStr>(
    row: &Row<'_>,
    column: &str,
) -> Result<Option<T>, DatabaseError> {
    let text: Option<String> = row.get(column)?;
    let parsed = text.map(|text| text.parse().map_err(|_| unread(column, &text)));
    parsed.transpose()
}

/// A column of JSON that may be empty.
pub(crate) fn json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> Result<Option<T>, DatabaseError> {
    let text: Option<String> = row.get(column)?;
    let read = text.map(|text| serde_json::from_str(&text).map_err(|_| unread(column, &text)));
    read.transpose()
}

/// What stands in a column is not of this release.
pub(crate) fn unread(column: &str, text: &str) -> DatabaseError {
    DatabaseError::Column {
        column: column.to_owned(),
        reason: format!("\"{text}\" stands there"),
    }
}
