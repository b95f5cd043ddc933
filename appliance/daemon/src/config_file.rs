//! The configuration's file: read at the start and at SIGHUP.

use std::path::{Path, PathBuf};

use saal_fleet_protocol::{
    Config,
    authorities::{self, Authority},
    config,
};
use saal_meeting::Secret;
use saal_panel::LanguageFile;

/// Fewer are guessed, more are written on the wall.
const PIN_DIGITS: std::ops::RangeInclusive<usize> = 4..=12;

/// Where it is, and what the command line sets over it.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    /// The document.
    pub(crate) path: PathBuf,
    /// A folder of authorities that the command line names.
    pub(crate) authorities: Option<PathBuf>,
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
        // A file that can't be used is told now, and not when the panel is drawn.
        self.language(&config)?;
        self.pin(&config)?;
        self.authorities(&config)?;
        Ok(config)
    }

    /// The PIN of the settings.
    ///
    /// # Errors
    /// One line for people, without what the file holds.
    pub(crate) fn pin(&self, config: &Config) -> Result<Option<Secret>, String> {
        let Some(path) = &config.panel.pin_file else {
            return Ok(None);
        };
        let pin = self.read_key(path)?;
        let digits = pin.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !PIN_DIGITS.contains(&pin.len()) {
            let place = self.resolve(path);
            return Err(format!(
                "{}: a PIN has 4 to 12 digits and nothing else",
                place.display()
            ));
        }
        Ok(Some(Secret::new(pin)))
    }

    /// Whom the room trusts beside the authorities of its computer: those of the configuration's file and of the command line's
    /// folder. What is wrong in that folder nobody can mend from afar, so it is in the log and left out.
    ///
    /// # Errors
    /// One line for people: of the configuration's file.
    pub(crate) fn authorities(&self, config: &Config) -> Result<Vec<Authority>, String> {
        let mut all = match &config.network.authorities_file {
            Some(path) => read_authorities(&self.resolve(path))?,
            None => Vec::new(),
        };
        for path in self.authorities.iter().flat_map(|folder| in_folder(folder)) {
            match read_authorities(&path) {
                Ok(more) => all.extend(more),
                Err(problem) => tracing::error!("{problem}; this file is left out"),
            }
        }
        Ok(all)
    }

    /// The words that take the place of the room's language.
    ///
    /// # Errors
    /// One line for people.
    pub(crate) fn language(&self, config: &Config) -> Result<Option<LanguageFile>, String> {
        let Some(path) = &config.room.language_file else {
            return Ok(None);
        };
        let path = self.resolve(path);
        let place = path.display();
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{place}: {e}"))?;
        let words = LanguageFile::read(&text).map_err(|e| format!("{place}: {e}"))?;
        Ok(Some(words))
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

fn read_authorities(path: &Path) -> Result<Vec<Authority>, String> {
    let place = path.display();
    let text = std::fs::read(path).map_err(|e| format!("{place}: {e}"))?;
    authorities::read(&text).map_err(|e| format!("{place}: {e}"))
}

/// Files whose names are those of certificates, in the order of their names. The folder need not be there.
fn in_folder(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let ending = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
            ending.is_some_and(|ending| ending == "pem" || ending == "crt")
        })
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "version = 1\n[room]\nname = \"Lahn\"\ntime_zone = \"UTC\"\n\
                        [[meetings]]\ntitle = \"Weekly\"\nlink = \"https://meet.example.org/weekly\"\n\
                        [panel]\npin_file = \"pin\"\n";

    fn with_pin(pin: &str) -> Result<Option<Secret>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("saal.toml"), ROOM).unwrap();
        std::fs::write(folder.path().join("pin"), pin).unwrap();
        let file = ConfigFile {
            path: folder.path().join("saal.toml"),
            authorities: None,
            overrides: Overrides::default(),
        };
        file.load().and_then(|config| file.pin(&config))
    }

    #[test]
    fn a_pin_is_a_few_digits_and_a_configuration_with_another_is_refused() {
        let pin = with_pin("471147\n").unwrap();
        assert_eq!(pin.unwrap().reveal(), "471147");
        for wrong in ["", "123", "1234567890123", "12 34", "12a4", "１２３４"] {
            let problem = with_pin(wrong).unwrap_err();
            assert!(problem.contains("/pin: "), "{problem}");
            assert!(wrong.is_empty() || !problem.contains(wrong), "{problem}");
        }
    }

    /// A certificate that signed itself.
    fn certificate(name: &str, is_ca: rcgen::IsCa) -> String {
        let mut params = rcgen::CertificateParams::default();
        let common = rcgen::DnType::CommonName;
        params.distinguished_name.push(common, name);
        params.is_ca = is_ca;
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().pem()
    }

    fn of_authority(name: &str) -> String {
        let is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        certificate(name, is_ca)
    }

    #[test]
    fn a_configuration_with_a_file_of_no_authorities_is_refused_and_such_a_file_of_the_factory_left_out()
     {
        let folder = tempfile::tempdir().unwrap();
        let factory = folder.path().join("authorities");
        std::fs::create_dir(&factory).unwrap();
        let network = "[network]\nauthorities_file = \"own.pem\"\n";
        std::fs::write(folder.path().join("saal.toml"), format!("{ROOM}{network}")).unwrap();
        std::fs::write(folder.path().join("pin"), "4711").unwrap();
        let file = ConfigFile {
            path: folder.path().join("saal.toml"),
            authorities: Some(factory.clone()),
            overrides: Overrides::default(),
        };
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let problem = file.load().unwrap_err();
        assert!(problem.contains("/own.pem: "), "{problem}");
        put("own.pem", &certificate("meet", rcgen::IsCa::NoCa));
        let problem = file.load().unwrap_err();
        assert!(
            problem.contains("/own.pem: certificate 1 in it (meet) is not"),
            "{problem}"
        );

        put("own.pem", &of_authority("Kreis"));
        put("authorities/b.CRT", &of_authority("Land"));
        put("authorities/a.pem", "nothing");
        put("authorities/README", &of_authority("Nobody"));
        let config = file.load().unwrap();
        let known = file.authorities(&config).unwrap();
        let names: Vec<&str> = known.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["Kreis", "Land"]);
    }
}
