//! Version 1 of the configuration. Frozen once released: new keys go into a new version or are
//! optional with a default that means what their absence meant before.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::values::{Device, Homeserver, Listen, PixelCount, RoomName, ServerName, TimeZoneName};

/// The whole document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Always 1.
    pub version: u32,
    /// The room itself.
    pub room: RoomSection,
    /// Its Matrix account.
    pub matrix: Matrix,
    /// Camera and sound.
    #[serde(default)]
    pub devices: Devices,
    /// The touch panel.
    #[serde(default)]
    pub panel: Panel,
    /// The television.
    #[serde(default)]
    pub television: Television,
    /// The web view.
    #[serde(default)]
    pub web: Web,
}

/// The room itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomSection {
    /// What people call it.
    pub name: RoomName,
    /// Language of panel and television.
    #[serde(default)]
    pub language: Language,
    /// Where its clock is.
    pub time_zone: TimeZoneName,
}

/// Languages that have a complete translation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// German.
    #[default]
    De,
    /// English.
    En,
}

/// The room's Matrix account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// Base address of the client-server API.
    pub homeserver: Homeserver,
    /// File with the access token alone; relative to the configuration's folder.
    pub access_token_file: PathBuf,
    /// Servers whose users may invite the room.
    pub allowed_servers: Vec<ServerName>,
    /// Token service (`livekit_service_url`) for servers that announce none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_service: Option<Homeserver>,
}

/// Camera and sound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Devices {
    /// Picture of the room.
    pub camera: Device,
    /// Sound of the room.
    pub microphone: Device,
    /// Sound of the others.
    pub loudspeaker: Device,
}

/// Colours of the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
}

/// The touch panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Panel {
    /// Pixels.
    pub width: PixelCount,
    /// Pixels.
    pub height: PixelCount,
    /// Colours.
    pub theme: Theme,
}

impl Default for Panel {
    fn default() -> Self {
        Self {
            width: PixelCount::new(1280),
            height: PixelCount::new(800),
            theme: Theme::default(),
        }
    }
}

/// The television.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Television {
    /// Pixels.
    pub width: PixelCount,
    /// Pixels.
    pub height: PixelCount,
}

impl Default for Television {
    fn default() -> Self {
        Self {
            width: PixelCount::new(1280),
            height: PixelCount::new(720),
        }
    }
}

/// The web view of panel and television.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Where it listens.
    pub listen: Listen,
    /// File with the token that a browser has to show; required beyond loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
}

impl Config {
    /// Rules that span keys; the key and what is wrong with it.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let open = !self.web.listen.address().ip().is_loopback();
        if open && self.web.token_file.is_none() {
            let problem = "an address that others can reach needs web.token_file; \
                           or listen on 127.0.0.1";
            return Err(("web.listen", problem.to_owned()));
        }
        if self.matrix.allowed_servers.is_empty() {
            let problem = "nobody could invite the room; name at least one server";
            return Err(("matrix.allowed_servers", problem.to_owned()));
        }
        Ok(())
    }
}
