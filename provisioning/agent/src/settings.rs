//! The agent's own file: which server, and how to reach it.

use std::path::{Path, PathBuf};

use saal_fleet_protocol::{
    config::{Language, RoomName, TimeZoneName},
    fleet::Digest,
};
use serde::{Deserialize, Serialize};
use url::Url;

/// The whole file (TOML).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Always 1.
    pub version: u32,
    /// The fleet's server, `https://fleet.example.org`; without it the one that the network names, see [`crate::discovery`].
    pub server: Option<Server>,
    /// File with the authorities that the server's certificate may be from (PEM); without it those
    /// of this computer. Relative to this file, as all are.
    pub ca_file: Option<PathBuf>,
    /// File with a token that enrols the device, and behind it, if IT put it there, `root:` with the fingerprint as in `root`.
    pub token_file: Option<PathBuf>,
    /// Fingerprint of a root of the fleet: a server that does not show it gets no new device.
    pub root: Option<Digest>,
    /// The way out, where there is only one.
    pub proxy: Option<Proxy>,
    /// As on the box; without it the one that the board's firmware tells.
    pub serial: Option<String>,
    /// What kind of device it is.
    #[serde(default = "model")]
    pub model: String,
    /// Where the agent keeps what it must remember; saald reads `current/saal.toml` there.
    #[serde(default = "state")]
    pub state: PathBuf,
    /// saald's state folder.
    #[serde(default = "room_state")]
    pub room_state: PathBuf,
    /// Where the device makes its keys.
    #[serde(default)]
    pub keys: KeyPlace,
    /// The TPM: a device, or the Unix socket of an emulated one.
    #[serde(default = "tpm")]
    pub tpm: PathBuf,
    /// The log that saald writes, for whoever helps; without it what the system's journal has of it.
    pub log_file: Option<PathBuf>,
    /// So long a new configuration has to prove itself.
    #[serde(default = "confirm_seconds")]
    pub confirm_seconds: u16,
    /// So long a new release of the system has, from the start of this program.
    #[serde(default = "update_seconds")]
    pub update_seconds: u16,
    /// What the panel shows until the fleet says something.
    pub first: First,
}

/// Where a device makes its keys. Those that it has stay where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPlace {
    /// In the TPM where there is one that can, else in a file.
    #[default]
    Auto,
    /// In a file that only the agent reads.
    File,
    /// In the TPM, or nowhere.
    Tpm,
}

/// The first configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct First {
    /// The room's name.
    pub name: RoomName,
    /// Of the panel.
    #[serde(default)]
    pub language: Language,
    /// Where its clock is.
    pub time_zone: TimeZoneName,
    /// Address of the web view, as `web.listen`.
    pub web_listen: Option<saal_fleet_protocol::config::Listen>,
}

/// An HTTP proxy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    /// `http://proxy.example.org:3128`.
    pub address: Url,
    /// With a password, who.
    pub user: Option<String>,
    /// File with the password.
    pub password_file: Option<PathBuf>,
}

/// An `https` address without a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Url")]
pub struct Server(Url);

impl Server {
    /// The address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// As people say it.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl TryFrom<Url> for Server {
    type Error = String;

    fn try_from(url: Url) -> Result<Self, String> {
        if url.scheme() == "https" && url.has_host() && url.path() == "/" {
            return Ok(Self(url));
        }
        Err(format!(
            "\"{url}\" is no fleet's server; write \"https://fleet.example.org\""
        ))
    }
}

fn model() -> String {
    "Saal".to_owned()
}

fn state() -> PathBuf {
    "/var/lib/saal-agent".into()
}

fn room_state() -> PathBuf {
    "/var/lib/saal".into()
}

/// Where the kernel keeps programs apart.
fn tpm() -> PathBuf {
    "/dev/tpmrm0".into()
}

fn confirm_seconds() -> u16 {
    60
}

/// As a slow board needs to start, sign in and reach its server.
fn update_seconds() -> u16 {
    300
}

/// The file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Reading.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key or value.
    #[error("{}: {key}: {problem}", path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Where in it.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// No serial number.
    #[error("the board tells no serial number; write one: serial = \"…\"")]
    NoSerial,
}

impl Settings {
    /// Reads the file; its paths are then absolute or relative to where the program runs.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let io = |source| SettingsError::Io {
            path: path.to_owned(),
            source,
        };
        let text = std::fs::read_to_string(path).map_err(io)?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let refused = |key: String, problem: String| SettingsError::Refused {
            path: path.to_owned(),
            key,
            problem,
        };
        let document = toml::Deserializer::parse(text)
            .map_err(|e| refused("TOML".to_owned(), e.message().to_owned()))?;
        let mut settings: Self = serde_path_to_error::deserialize(document)
            .map_err(|e| refused(e.path().to_string(), e.inner().message().to_owned()))?;
        if settings.version != 1 {
            let problem = format!("{} is unknown; this build understands 1", settings.version);
            return Err(refused("version".to_owned(), problem));
        }
        if settings.server.is_none() && settings.token_file.is_some() && settings.ca_file.is_none()
        {
            let problem = "whoever answers in the network would get the token; write the server, or \
                           the authority that its certificate has to be from (ca_file)";
            return Err(refused("token_file".to_owned(), problem.to_owned()));
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let password = settings
            .proxy
            .as_mut()
            .and_then(|proxy| proxy.password_file.as_mut());
        let files = [
            settings.ca_file.as_mut(),
            settings.token_file.as_mut(),
            settings.log_file.as_mut(),
            password,
        ];
        for file in files.into_iter().flatten() {
            *file = folder.join(&*file);
        }
        settings.state = folder.join(&settings.state);
        settings.room_state = folder.join(&settings.room_state);
        settings.tpm = folder.join(&settings.tpm);
        Ok(settings)
    }

    /// Nothing but the way to a server, as simulated devices need it.
    ///
    /// # Errors
    /// [`SettingsError::Refused`] when the address is none.
    pub fn reaching(server: &str, ca: PathBuf) -> Result<(Self, Server), SettingsError> {
        let refused = |problem: String| SettingsError::Refused {
            path: PathBuf::new(),
            key: "server".to_owned(),
            problem,
        };
        let url = Url::parse(server).map_err(|e| refused(e.to_string()))?;
        let server = Server::try_from(url).map_err(refused)?;
        let text = format!(
            "version = 1\nserver = \"{}\"\nca_file = {:?}\n[first]\nname = \"-\"\ntime_zone = \"UTC\"\n",
            server.url(),
            ca.display().to_string()
        );
        Ok((Self::parse(&text, Path::new(""))?, server))
    }

    /// The device's serial number.
    ///
    /// # Errors
    /// [`SettingsError::NoSerial`].
    pub fn serial(&self) -> Result<String, SettingsError> {
        if let Some(serial) = &self.serial {
            return Ok(serial.clone());
        }
        // x86 boards and virtual machines; boards with a device tree.
        [
            "/sys/class/dmi/id/product_serial",
            "/sys/firmware/devicetree/base/serial-number",
        ]
        .into_iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .map(|text| text.trim_matches(['\0', '\n', ' ']).to_owned())
        .find(|serial| !serial.is_empty())
        .ok_or(SettingsError::NoSerial)
    }

    /// What the room reads before the fleet has said anything.
    #[must_use]
    pub fn first_document(&self) -> String {
        let mut document = toml::toml! { version = 1 };
        let first = &self.first;
        let mut room = toml::Table::new();
        room.insert("name".to_owned(), first.name.as_str().into());
        room.insert("time_zone".to_owned(), first.time_zone.as_str().into());
        if let Ok(language) = toml::Value::try_from(first.language) {
            room.insert("language".to_owned(), language);
        }
        document.insert("room".to_owned(), room.into());
        if let Some(server) = &self.server {
            let mut fleet = toml::Table::new();
            fleet.insert("server".to_owned(), server.host().into());
            document.insert("fleet".to_owned(), fleet.into());
        }
        if let Some(listen) = first.web_listen {
            let mut web = toml::Table::new();
            web.insert("listen".to_owned(), String::from(listen).into());
            document.insert("web".to_owned(), web.into());
        }
        document.to_string()
    }
}
