//! Who may ask for what, as it was decided: a table beside the code, which both are held against.

use std::collections::BTreeMap;

use axum::http::Method;
use saal_fleet_protocol::fleet::api::Role;

const TABLE: &str = include_str!("authorisation.txt");

/// The least role by path and method.
pub(crate) type Needs = BTreeMap<(String, String), Role>;

fn line(line: &str) -> ((String, String), Role) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [role, method, path] = words[..] else {
        panic!("no line of the table: {line}")
    };
    let role = serde_json::from_value(role.into());
    let role = role.unwrap_or_else(|e| panic!("{line}: {e}"));
    ((path.to_owned(), method.to_owned()), role)
}

fn all() -> Needs {
    let lines = TABLE.lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(line).collect()
}

fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path == "/metrics"
}

/// What programs may ask for.
pub(crate) fn api() -> Needs {
    all()
        .into_iter()
        .filter(|((path, _), _)| is_api(path))
        .collect()
}

/// What people may look at and send.
pub(crate) fn pages() -> Needs {
    all()
        .into_iter()
        .filter(|((path, _), _)| !is_api(path))
        .collect()
}

/// What the code says, to be compared.
pub(crate) fn said<'a>(all: impl IntoIterator<Item = (&'a Method, &'a str, Role)>) -> Needs {
    let all = all.into_iter();
    all.map(|(method, path, role)| ((path.to_owned(), method.to_string()), role))
        .collect()
}
