//! Organisation, site, group and room: whose value counts.
//!
//! The layer that is nearest to the room wins, unless a layer over it locks the key. A list
//! (`meetings`, `calendars`) is one value: it is replaced, never joined.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Key, Scope};
use crate::config;

/// What a layer says of a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// As in the document.
    pub value: toml::Value,
    /// Layers below can't say otherwise.
    #[serde(default)]
    pub locked: bool,
}

/// A layer with what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Which.
    pub scope: Scope,
    /// By key.
    pub settings: BTreeMap<Key, Setting>,
}

/// A value with where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// As in the document.
    #[schema(value_type = serde_json::Value)]
    pub value: toml::Value,
    /// The layer that set it.
    pub from: Scope,
    /// That layer locked it.
    pub locked: bool,
}

/// A value that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Overruled {
    /// Of which key.
    pub key: Key,
    /// Whose value it is.
    pub scope: Scope,
    /// Who locked the key.
    pub locked_by: Scope,
}

/// What counts for a room.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effective {
    /// By key.
    pub values: BTreeMap<Key, Origin>,
    /// What a lock takes the force of.
    pub overruled: Vec<Overruled>,
}

/// Whose value counts; `layers` from the organisation down to the room.
#[must_use]
pub fn merge<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> Effective {
    let mut effective = Effective::default();
    for layer in layers {
        for (key, setting) in &layer.settings {
            let before = effective.values.get(key);
            if let Some(lock) = before.filter(|origin| origin.locked) {
                effective.overruled.push(Overruled {
                    key: key.clone(),
                    scope: layer.scope.clone(),
                    locked_by: lock.from.clone(),
                });
                continue;
            }
            let origin = Origin {
                value: setting.value.clone(),
                from: layer.scope.clone(),
                locked: setting.locked,
            };
            effective.values.insert(key.clone(), origin);
        }
    }
    effective
}

/// What counts for one key, as [`merge`] says of all of them; `layers` from the organisation down to the room.
#[must_use]
pub fn value_of<'a>(
    layers: impl IntoIterator<Item = &'a Layer>,
    key: &Key,
) -> Option<&'a toml::Value> {
    let mut counts: Option<&Setting> = None;
    for layer in layers {
        if counts.is_none_or(|setting| !setting.locked) {
            counts = layer.settings.get(key).or(counts);
        }
    }
    counts.map(|setting| &setting.value)
}

/// Why layers make no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayersError {
    /// One key is a value and has keys below it.
    #[error("{key} can't be set: a part of its name is a value of its own")]
    Crossed {
        /// Which.
        key: Key,
    },
    /// Together they are no configuration.
    #[error("{key}: {problem}{}", of(.from.as_ref()))]
    Refused {
        /// Which key, empty for the whole.
        key: String,
        /// What is wrong and what is allowed.
        problem: String,
        /// The layer that set it.
        from: Option<Scope>,
    },
}

fn of(from: Option<&Scope>) -> String {
    from.map_or_else(String::new, |scope| format!(" (set by {scope})"))
}

impl Effective {
    /// The document that a room reads.
    ///
    /// # Errors
    /// When the values together are no configuration: which key, why, and which layer set it.
    pub fn document(&self) -> Result<String, LayersError> {
        let mut root = toml::Table::new();
        root.insert("version".to_owned(), i64::from(config::LATEST).into());
        for (key, origin) in &self.values {
            put(&mut root, key, origin.value.clone())?;
        }
        let text = toml::to_string(&root).expect("tables of values are TOML");
        // Nothing is read that was written a moment ago, unless something is wrong: then the text says where.
        if config::is_valid(root) {
            return Ok(text);
        }
        match config::parse(&text) {
            Ok(_) => Ok(text),
            Err(error) => Err(LayersError::Refused {
                from: self.source_of(&error.key),
                problem: error.problem,
                key: error.key,
            }),
        }
    }

    fn source_of(&self, place: &str) -> Option<Scope> {
        let covers = |key: &Key| {
            let rest = place.strip_prefix(key.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let found = self.values.iter().find(|(key, _)| covers(key));
        found.map(|(_, origin)| origin.from.clone())
    }
}

fn put(root: &mut toml::Table, key: &Key, value: toml::Value) -> Result<(), LayersError> {
    let crossed = || LayersError::Crossed { key: key.clone() };
    let (path, last) = match key.as_str().rsplit_once('.') {
        Some((path, last)) => (path.split('.').collect(), last),
        None => (Vec::new(), key.as_str()),
    };
    let mut table = root;
    for part in path {
        let entry = table
            .entry(part)
            .or_insert_with(|| toml::Table::new().into());
        table = entry.as_table_mut().ok_or_else(crossed)?;
    }
    match table.insert(last.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(crossed()),
    }
}

/// Says of a single value whether any configuration may have it, before there is a whole one.
///
/// # Errors
/// What is wrong and what is allowed.
pub fn check_setting(key: &Key, value: &toml::Value) -> Result<(), String> {
    if key.as_str() == "version" {
        return Err("the server writes the version itself".to_owned());
    }
    if value.is_table() {
        return Err(format!("{key} is a section; set its keys one by one"));
    }
    let mut root = toml::Table::new();
    root.insert("version".to_owned(), i64::from(config::LATEST).into());
    put(&mut root, key, value.clone()).map_err(|e| e.to_string())?;
    let text = toml::to_string(&root).map_err(|e| e.to_string())?;
    let Err(error) = config::parse(&text) else {
        return Ok(());
    };
    let below = error.key.strip_prefix(key.as_str());
    let here = below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let over = key.as_str().starts_with(&format!("{}.", error.key));
    let of_its_name = ["unknown field", "invalid type"]
        .iter()
        .any(|start| error.problem.starts_with(start));
    // What else is missing, other layers may bring.
    if here || over && of_its_name {
        return Err(format!("{key}: {}", error.problem));
    }
    Ok(())
}
