//! Errors that name the place and what is allowed there.

use toml::de::{DeTable, DeValue};

use super::LATEST;

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}{problem}", prefix(.key))]
pub struct ConfigError {
    /// Line in the document, from 1.
    pub line: usize,
    /// Dotted key, empty when the document as a whole is wrong.
    pub key: String,
    /// What is wrong and what is allowed.
    pub problem: String,
}

fn prefix(key: &str) -> String {
    if key.is_empty() {
        String::new()
    } else {
        format!("{key}: ")
    }
}

impl ConfigError {
    pub(super) fn from_toml(text: &str, path: String, error: &toml::de::Error) -> Self {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        let key = if path == "." { String::new() } else { path };
        Self {
            line,
            key,
            problem: error.message().to_owned(),
        }
    }

    pub(super) fn at_key(text: &str, key: &str, problem: String) -> Self {
        let line = line_of_key(text, key).unwrap_or(1);
        Self {
            line,
            key: key.to_owned(),
            problem,
        }
    }
}

/// What is missing at the end is missed behind the last line's break.
fn line_at(text: &str, offset: usize) -> usize {
    let line = text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1;
    line.min(text.lines().count().max(1))
}

fn line_of_key(text: &str, dotted: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let (mut table, mut line) = (document.get_ref(), None);
    for part in dotted.split('.') {
        let (key, value) = table.iter().find(|(key, _)| key.get_ref() == part)?;
        line = Some(line_at(text, key.span().start));
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    line
}

/// The version decides how the rest is read, so it is looked at first.
pub(super) fn check_version(text: &str) -> Result<(), ConfigError> {
    let document =
        DeTable::parse(text).map_err(|e| ConfigError::from_toml(text, String::new(), &e))?;
    let known = format!("this build understands version = {LATEST}");
    match document
        .get_ref()
        .iter()
        .find(|(key, _)| key.get_ref() == "version")
    {
        None => Err(ConfigError {
            line: 1,
            key: "version".to_owned(),
            problem: format!("missing; {known}"),
        }),
        Some((_, value)) => match value.get_ref() {
            DeValue::Integer(n) if n.as_str() == LATEST.to_string() => Ok(()),
            other => {
                let found = match other {
                    DeValue::Integer(n) => n.as_str().to_owned(),
                    other => other.type_str().to_owned(),
                };
                Err(ConfigError::at_key(
                    text,
                    "version",
                    format!("{found} is unknown; {known}"),
                ))
            }
        },
    }
}
