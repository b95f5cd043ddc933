//! A part of a configuration, key by key.

use anyhow::{Context as _, Result};
use saal_fleet_protocol::fleet::{Key, api::Edit};

/// The keys of a part of a configuration, one by one.
pub(crate) fn edits(document: &str, locked: bool) -> Result<Vec<Edit>> {
    let table: toml::Table = toml::from_str(document).context("this is no TOML")?;
    let mut edits = Vec::new();
    flatten("", table, locked, &mut edits)?;
    Ok(edits)
}

fn flatten(prefix: &str, table: toml::Table, locked: bool, edits: &mut Vec<Edit>) -> Result<()> {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            // The server writes it.
            _ if key == "version" => {}
            toml::Value::Table(table) => flatten(&key, table, locked, edits)?,
            value => {
                let key: Key = key.try_into().map_err(anyhow::Error::msg)?;
                edits.push(Edit::Set { key, value, locked });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_keys_and_a_list_stays_one() {
        let document = "version = 1\n[room]\nname = 'Lahn'\n[[meetings]]\ntitle = 'x'\nlink = 'https://a.b/c'\n";
        let edits = edits(document, true).unwrap();
        let keys: Vec<&str> = edits
            .iter()
            .map(|edit| match edit {
                Edit::Set { key, locked, .. } => {
                    assert!(locked);
                    key.as_str()
                }
                Edit::Unset { key } => key.as_str(),
            })
            .collect();
        assert_eq!(keys, ["meetings", "room.name"]);
    }
}
