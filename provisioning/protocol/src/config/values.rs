//! Values that check themselves, so that a wrong one is reported at its place.

mod numbers;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use url::Url;

pub use numbers::{
    BrightnessPercent, EarlyMinutes, IdleMinutes, Kilobytes, LeaveDelay, LookSeconds, MainsHertz,
    PixelCount, PrivacyDays, Rotation, ScalePercent, ScanSeconds, SlideSeconds,
};

macro_rules! checked_string {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        crate::checked::text!($(#[$doc])* $name, |text| {
            let check: fn(&str) -> Result<(), String> = $check;
            check(text).map(|()| text.to_owned())
        });
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
    /// A time of the room's clock, `07:30`, or `none`.
    ClockTime,
    |text| match text {
        "none" => Ok(()),
        _ => match jiff::civil::Time::strptime("%H:%M", text) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("\"{text}\" is no time; write it as \"07:30\", or \"none\"")),
        },
    }
);

impl ClockTime {
    pub(in crate::config) fn at(hour: u8, minute: u8) -> Self {
        Self(format!("{hour:02}:{minute:02}"))
    }

    /// When; `None`: never.
    #[must_use]
    pub fn time(&self) -> Option<jiff::civil::Time> {
        jiff::civil::Time::strptime("%H:%M", &self.0).ok()
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
    /// A page of text for the television: 1 to 600 characters in at most 12 lines.
    PageText,
    |text| match (text.trim().chars().count(), text.lines().count()) {
        (1..=600, 1..=12) => Ok(()),
        (characters, lines) => Err(format!(
            "a page has 1 to 600 characters in at most 12 lines, not {characters} in {lines}"
        )),
    }
);

checked_string!(
    /// What people dial: 1 to 60 characters in one line.
    DialIn,
    |text| match text.trim().chars().count() {
        1..=60 if text.lines().count() == 1 => Ok(()),
        n => Err(format!(
            "a way to dial in has 1 to 60 characters in one line, not {n}"
        )),
    }
);

checked_string!(
    /// Who helps people in the room: 1 to 60 characters in one line.
    ContactName,
    |text| match text.trim().chars().count() {
        1..=60 if text.lines().count() == 1 => Ok(()),
        n => Err(format!("whom to call has 1 to 60 characters in one line, not {n}")),
    }
);

checked_string!(
    /// A telephone number as it is dialled: digits, and signs that divide them (DIN 5008, ITU-T E.123).
    Telephone,
    |text| {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let fine = |c: char| c.is_ascii_digit() || "+-/() .".contains(c);
        if digits > 0 && text.len() <= 40 && text.chars().all(fine) {
            Ok(())
        } else {
            Err(format!(
                "\"{text}\" is no telephone number; write it as \"+49 641 309-0\", 40 characters at most"
            ))
        }
    }
);

checked_string!(
    /// An address for mail.
    MailAddress,
    |text| {
        let fine = |c: char| c.is_ascii_graphic() && !"<>,;\"\\".contains(c);
        match text.rsplit_once('@') {
            Some((name, host))
                if !name.is_empty()
                    && text.len() <= 100
                    && text.chars().all(fine)
                    && ServerName::try_from(host.to_owned()).is_ok() =>
            {
                Ok(())
            }
            _ => Err(format!(
                "\"{text}\" is no mail address; write it as \"it@example.org\", 100 characters at most"
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

    /// Whichever there is.
    #[must_use]
    pub fn auto() -> Self {
        Self("auto".to_owned())
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

/// Where a calendar is: `https:`, `webcal:`, or `http:` to this machine itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebAddress(Url);

impl WebAddress {
    /// The address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl TryFrom<String> for WebAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // Whoever knows the address may read the calendar: no error quotes it.
        let url = Url::parse(&text).map_err(|e| {
            format!("this is no address ({e}); write \"https://example.org/calendar\"")
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            let problem = "user and password do not belong into an address, which logs and panels show; \
                           write them to user and password_file";
            return Err(problem.to_owned());
        }
        match url.scheme() {
            "https" | "webcal" => Ok(Self(url)),
            "http" if is_this_machine(&url) => Ok(Self(url)),
            "http" => Err(
                "http would show the password and the meetings to the network; use https"
                    .to_owned(),
            ),
            other => Err(format!("{other} is not allowed; use https")),
        }
    }
}

impl From<WebAddress> for String {
    fn from(value: WebAddress) -> String {
        value.0.into()
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
