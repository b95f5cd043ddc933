//! The configuration's file: read at the start and at SIGHUP.

use std::path::{Path, PathBuf};

use saal_fleet_protocol::{Config, config};

/// Where it is, and what the command line sets over it.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    /// The document.
    pub(crate) path: PathBuf,
    /// Devices named on the command line.
    pub(crate) overrides: Overrides,
}

/// Devices named on the command line, for trying things out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) camera: Option<String>,
    pub(crate) microphone: Option<String>,
    pub(crate) loudspeaker: Option<String>,
    pub(crate) content: Option<String>,
}

impl ConfigFile {
    /// Reads it.
    ///
    /// # Errors
    /// One line for people: file, line, key, what is allowed.
    pub(crate) fn load(&self) -> Result<Config, String> {
        let place = self.path.display();
        let text = std::fs::read_to_string(&self.path).map_err(|e| format!("{place}: {e}"))?;
        let mut config = config::parse(&text).map_err(|e| format!("{place}: {e}"))?;
        let devices = &mut config.devices;
        for (name, flag, place) in [
            (&self.overrides.camera, "--camera", &mut devices.camera),
            (
                &self.overrides.microphone,
                "--microphone",
                &mut devices.microphone,
            ),
            (
                &self.overrides.loudspeaker,
                "--loudspeaker",
                &mut devices.loudspeaker,
            ),
            (&self.overrides.content, "--content", &mut devices.content),
        ] {
            if let Some(name) = name {
                *place = name
                    .clone()
                    .try_into()
                    .map_err(|e| format!("{flag}: {e}"))?;
            }
        }
        Ok(config)
    }

    /// A path of the document, relative to its folder.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new(".")).join(path)
    }

    /// A secret of one line. Its content never gets into messages.
    ///
    /// # Errors
    /// One line for people.
    pub(crate) fn read_secret(&self, path: &Path) -> Result<String, String> {
        let secret = self.read_key(path)?;
        if secret.contains(char::is_whitespace) {
            let path = self.resolve(path);
            return Err(format!("{}: holds more than one token", path.display()));
        }
        Ok(secret)
    }

    /// A shared secret of one line, as people chose it: words with spaces too.
    ///
    /// # Errors
    /// One line for people.
    pub(crate) fn read_key(&self, path: &Path) -> Result<String, String> {
        let path = self.resolve(path);
        let text = std::fs::read_to_string(&path)
            .map_err(|e| format!("{}: can't read the token: {e}", path.display()))?;
        match text.trim() {
            "" => Err(format!(
                "{}: the file is empty; put the token there",
                path.display()
            )),
            key if key.contains(['\r', '\n']) => {
                Err(format!("{}: has more than one line", path.display()))
            }
            key => Ok(key.to_owned()),
        }
    }
}
