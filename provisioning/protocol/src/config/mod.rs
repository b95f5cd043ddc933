//! A room's configuration: one strict, versioned TOML document.
//!
//! Each version is a frozen module; [`Config`] is the newest. `saald` reads it from a file, the
//! fleet will push the same document.

mod error;
mod ports;
pub mod v1;
mod values;

pub use error::ConfigError;
pub use ports::{OpenPorts, Protocol};
pub use v1::{
    ApiScope, ApiToken, Browsers, CacheAddress, CalendarAnswer, CalendarSource, Config, Day,
    Devices, DoorTablet, Encoder, Fleet, Jitsi, Language, Layout, Links, Matrix, Network, Panel,
    PanelKeyboard, Readiness, RoomSection, Signage, StandingMeeting, Support, Television, Theme,
    Updates, Web, Window,
};
pub use values::{
    BrightnessPercent, ClockTime, ContactName, Device, DialIn, EarlyMinutes, Homeserver,
    IdleMinutes, Kilobytes, LeaveDelay, Link, Listen, LookSeconds, MailAddress, MainsHertz,
    PageText, PixelCount, PrivacyDays, RoomName, Rotation, ScalePercent, ScanSeconds, ServerName,
    SlideSeconds, Telephone, TimeZoneName, UserId, WebAddress,
};

/// The version that [`Config`] has.
pub const LATEST: u32 = 1;

/// Reads a document.
///
/// # Errors
/// [`ConfigError`] with line, key, and what is allowed there.
///
/// # Examples
/// ```
/// let text = "version = 1\n[room]\nnam = \"Lahn\"\n";
/// let error = saal_fleet_protocol::config::parse(text).unwrap_err();
/// assert_eq!((error.line, error.key.as_str()), (3, "room.nam"));
/// ```
pub fn parse(text: &str) -> Result<Config, ConfigError> {
    error::check_version(text)?;
    let deserializer = toml::Deserializer::parse(text)
        .map_err(|e| ConfigError::from_toml(text, String::new(), &e))?;
    let config: Config = serde_path_to_error::deserialize(deserializer)
        .map_err(|e| ConfigError::from_toml(text, e.path().to_string(), e.inner()))?;
    config
        .check()
        .map_err(|(key, problem)| ConfigError::at_key(text, key, problem))?;
    Ok(config)
}

/// Whether a table is a configuration, as [`parse`] says of its text. What is wrong with it, the text tells.
pub(crate) fn is_valid(document: toml::Table) -> bool {
    let version = document.get("version").and_then(toml::Value::as_integer);
    let known = version == Some(i64::from(LATEST));
    known && matches!(document.try_into::<Config>(), Ok(config) if config.check().is_ok())
}
