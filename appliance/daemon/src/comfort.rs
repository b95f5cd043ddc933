//! What people chose about the panel: one small file, written atomically, so that a restart in their meeting does not
//! take it from them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use saal_panel::Comfort;
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    version: u32,
    /// `None`: the room is as it is configured.
    comfort: Option<Comfort>,
}

/// `comfort.json` in the state folder.
#[derive(Debug)]
pub(crate) struct ComfortFile {
    path: PathBuf,
    saved: Option<Comfort>,
}

impl ComfortFile {
    /// Reads what people chose before. One that is not understood is reported, and is as if nobody chose.
    pub(crate) fn open(state: &Path) -> Self {
        let path = state.join("comfort.json");
        let saved = read(&path).unwrap_or_else(|problem| {
            tracing::error!(path = %path.display(), problem, "the panel is as it is configured");
            None
        });
        Self { path, saved }
    }

    pub(crate) fn saved(&self) -> Option<Comfort> {
        self.saved
    }

    /// Writes it, if it is another one.
    pub(crate) fn save(&mut self, comfort: Option<Comfort>) {
        if comfort == self.saved {
            return;
        }
        self.saved = comfort;
        if let Err(error) = self.write(comfort) {
            tracing::error!(path = %self.path.display(), %error, "a restart forgets what people chose");
        }
    }

    fn write(&self, comfort: Option<Comfort>) -> io::Result<()> {
        let saved = Saved {
            version: VERSION,
            comfort,
        };
        let new = self.path.with_extension("json.new");
        fs::write(&new, serde_json::to_vec(&saved)?)?;
        fs::File::open(&new)?.sync_all()?;
        fs::rename(&new, &self.path)
    }
}

fn read(path: &Path) -> Result<Option<Comfort>, String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    match serde_json::from_str::<Saved>(&text) {
        Ok(saved) if saved.version == VERSION => Ok(saved.comfort),
        Ok(saved) => Err(format!("it has version {}", saved.version)),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_chose_is_found_again() {
        let state = tempfile::tempdir().unwrap();
        let mut file = ComfortFile::open(state.path());
        assert_eq!(file.saved(), None);
        let comfort = Comfort {
            spoken: true,
            ..Comfort::default()
        };
        file.save(Some(comfort));
        assert_eq!(ComfortFile::open(state.path()).saved(), Some(comfort));
        file.save(None);
        assert_eq!(ComfortFile::open(state.path()).saved(), None);
    }

    #[test]
    fn what_is_not_understood_is_as_if_nobody_chose() {
        let state = tempfile::tempdir().unwrap();
        for text in [
            "{",
            r#"{"version":2,"comfort":null}"#,
            r#"{"version":1,"comfort":{"x":1}}"#,
        ] {
            fs::write(state.path().join("comfort.json"), text).unwrap();
            assert_eq!(ComfortFile::open(state.path()).saved(), None, "{text}");
        }
    }
}
