//! Values that check themselves, so that a wrong one is reported at its place.

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

macro_rules! checked_string {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }
    };
}

checked_string!(
    /// What the room is called: 1 to 100 characters.
    RoomName,
    |text| match text.trim().chars().count() {
        1..=100 => Ok(()),
        n => Err(format!("a room's name has 1 to 100 characters, not {n}")),
    }
);

checked_string!(
    /// The address of a meeting: on the web, a `matrix:` URI, or a Matrix room's alias or id.
    Link,
    |text| match Url::parse(text) {
        _ if text.starts_with(['#', '!']) => Ok(()),
        Ok(url) if url.scheme() == "matrix" => Ok(()),
        Ok(url) if url.scheme() == "https" && url.has_host() => Ok(()),
        Ok(url) if url.scheme() == "http" && is_this_machine(&url) => Ok(()),
        Ok(_) => Err("a meeting's link begins with https:// and names a host, or with matrix:".to_owned()),
        Err(e) => Err(format!("this is no address of a meeting: {e}")),
    }
);

checked_string!(
    /// A name of the IANA time zone database.
    TimeZoneName,
    |text| match jiff::tz::TimeZone::get(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!(
            "\"{text}\" is no time zone; write an IANA name as \"Europe/Berlin\""
        )),
    }
);

impl TimeZoneName {
    /// The zone's rules.
    #[must_use]
    pub fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.0).expect("checked when it was made")
    }
}

checked_string!(
    /// A Matrix server name (`host` or `host:port`).
    ServerName,
    |text| {
        let fine = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if !text.is_empty() && text.len() <= 255 && text.chars().all(fine) {
            Ok(())
        } else {
            Err(format!("\"{text}\" is no server name; write it as \"example.org\""))
        }
    }
);

checked_string!(
    /// A Matrix user's whole id.
    UserId,
    |text| {
        let parts = text.strip_prefix('@').and_then(|id| id.split_once(':'));
        let server = parts.filter(|(name, _)| !name.is_empty() && text.len() <= 255);
        match server.map(|(_, server)| ServerName::try_from(server.to_owned())) {
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) | None => Err(format!(
                "\"{text}\" is no user; write the whole id, as \"@it:example.org\""
            )),
        }
    }
);

checked_string!(
    /// "none", "simulated", or the id, name or node of a device.
    Device,
    |text| if text.trim().is_empty() {
        Err("write \"none\", \"simulated\", or a device's name as `saalctl devices` lists it".into())
    } else {
        Ok(())
    }
);

impl Device {
    /// On purpose, there is none.
    #[must_use]
    pub fn none() -> Self {
        Self("none".to_owned())
    }

    /// A piece of hardware.
    #[must_use]
    pub fn is_real(&self) -> bool {
        !matches!(self.0.as_str(), "none" | "simulated")
    }
}

impl Default for Device {
    fn default() -> Self {
        Self("simulated".to_owned())
    }
}

/// Base address of a server: https, or http on this very machine. Or the server name in the ids of
/// its users, which leads to the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Homeserver {
    url: Url,
    name: Option<String>,
}

impl Homeserver {
    /// The address; of a server name the one that it has unless it says otherwise.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Where a server name stands in the place of an address, that.
    #[must_use]
    pub fn server_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address that a server name has led to.
    #[must_use]
    pub fn found(url: Url) -> Self {
        Self { url, name: None }
    }
}

impl TryFrom<String> for Homeserver {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if !text.contains("://") {
            return by_name(text);
        }
        let url = Url::parse(&text).map_err(|e| {
            format!("\"{text}\" is no address ({e}); write \"https://example.org\"")
        })?;
        match url.scheme() {
            "https" => Ok(Self::found(url)),
            "http" if is_this_machine(&url) => Ok(Self::found(url)),
            "http" => Err(format!(
                "\"{text}\": http would show the token to the network; use https"
            )),
            other => Err(format!("\"{text}\": {other} is not allowed; use https")),
        }
    }
}

impl From<Homeserver> for String {
    fn from(value: Homeserver) -> String {
        value.name.unwrap_or_else(|| value.url.into())
    }
}

fn by_name(text: String) -> Result<Homeserver, String> {
    let name = ServerName::try_from(text)?;
    let url = Url::parse(&format!("https://{}/", name.as_str()))
        .map_err(|e| format!("\"{}\" is no server name ({e})", name.as_str()))?;
    Ok(Homeserver {
        url,
        name: Some(name.into()),
    })
}

/// An address and port to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Listen(SocketAddr);

impl Listen {
    /// The address; port 0 asks for a free one.
    #[must_use]
    pub fn address(self) -> SocketAddr {
        self.0
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 8480)))
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            format!(
                "\"{text}\" is no address with port; write \"127.0.0.1:8480\" or \"[::1]:8480\""
            )
        })
    }
}

impl From<Listen> for String {
    fn from(value: Listen) -> String {
        value.0.to_string()
    }
}

/// Width or height of a screen: 160 to 7680 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct PixelCount(u32);

impl PixelCount {
    pub(super) const fn new(pixels: u32) -> Self {
        Self(pixels)
    }

    /// Pixels.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for PixelCount {
    type Error = String;

    fn try_from(pixels: u32) -> Result<Self, String> {
        match pixels {
            160..=7680 => Ok(Self(pixels)),
            _ => Err(format!(
                "{pixels} is out of range; allowed are 160 to 7680 pixels"
            )),
        }
    }
}

impl From<PixelCount> for u32 {
    fn from(value: PixelCount) -> u32 {
        value.0
    }
}

/// 2 to 60 seconds: shorter, and a hiccup of the network looks like a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct LeaveDelay(u32);

impl LeaveDelay {
    /// How long it is.
    #[must_use]
    pub fn get(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for LeaveDelay {
    /// As Element Call.
    fn default() -> Self {
        Self(18)
    }
}

impl TryFrom<u32> for LeaveDelay {
    type Error = String;

    fn try_from(seconds: u32) -> Result<Self, String> {
        match seconds {
            2..=60 => Ok(Self(seconds)),
            _ => Err(format!(
                "{seconds} is out of range; allowed are 2 to 60 seconds"
            )),
        }
    }
}

impl From<LeaveDelay> for u32 {
    fn from(value: LeaveDelay) -> u32 {
        value.0
    }
}

/// 50 or 60.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum MainsHertz {
    /// As in Europe.
    #[default]
    Fifty,
    /// As in North America.
    Sixty,
}

impl TryFrom<u32> for MainsHertz {
    type Error = String;

    fn try_from(hertz: u32) -> Result<Self, String> {
        match hertz {
            50 => Ok(Self::Fifty),
            60 => Ok(Self::Sixty),
            _ => Err(format!(
                "{hertz} is the frequency of no mains; allowed are 50 and 60"
            )),
        }
    }
}

impl From<MainsHertz> for u32 {
    fn from(value: MainsHertz) -> u32 {
        match value {
            MainsHertz::Fifty => 50,
            MainsHertz::Sixty => 60,
        }
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
