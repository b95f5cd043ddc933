//! Links to conferences as people paste them: `https://meet.example.org/Some%20Room?jwt=…#config.…`

use std::collections::BTreeMap;

use saal_meeting::{MeetingLink, Secret};
use serde_json::Value;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;
use url::Url;

/// A link longer than this is none, in bytes; tokens are about a tenth of it.
const MAX_BYTES: usize = 16 * 1024;
/// Overrides beyond these are not read.
const MAX_OVERRIDES: usize = 100;

/// A link, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConferenceLink {
    /// Where the web application lives, with a slash at the end: the tenant's folder where there
    /// is a tenant.
    pub base: Url,
    /// Folder between server and room, such as `acme`, as the server wants it.
    pub tenant: Option<String>,
    /// The room's name as the server wants it: normalised, percent-encoded, lower case.
    pub room: String,
    /// The room's name for people.
    pub title: String,
    /// From `?jwt=` or `#jwt=`.
    pub token: Option<Secret>,
    /// `#config.NAME=VALUE`, by name without `config.`.
    pub overrides: BTreeMap<String, Value>,
    /// `#userInfo.displayName=…`
    pub display_name: Option<String>,
}

/// Why a text is not a link to a conference.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum LinkError {
    /// Longer than any link.
    #[error("the link is too long")]
    TooLong,
    /// Not an address of the web.
    #[error("the link is not a web address")]
    NotAnAddress,
    /// No server's name in it.
    #[error("the link names no server")]
    NoServer,
    /// A server, but no room.
    #[error("the link names no room")]
    NoRoom,
}

impl ConferenceLink {
    /// Reads a link.
    ///
    /// # Errors
    /// Where it is none; the message is for people who look after the calendar.
    pub fn parse(link: &MeetingLink) -> Result<Self, LinkError> {
        Self::read(link.reveal())
    }

    fn read(text: &str) -> Result<Self, LinkError> {
        if text.len() > MAX_BYTES {
            return Err(LinkError::TooLong);
        }
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let address = web_address(&text)?;
        let mut base = Url::parse(&address).map_err(|_| LinkError::NotAnAddress)?;
        if base.host_str().is_none_or(str::is_empty) {
            return Err(LinkError::NoServer);
        }
        let query = pairs(base.query());
        let fragment = pairs(base.fragment());
        let path = base.path().to_owned();
        let (folder, room) = path.rsplit_once('/').ok_or(LinkError::NoRoom)?;
        let kept = |part: &str| part.replace(is_excluded, "");
        let room = kept(room);
        if room.is_empty() {
            return Err(LinkError::NoRoom);
        }
        let folders = folder.split('/').map(kept).filter(|part| !part.is_empty());
        let tenant: Vec<String> = folders.map(|part| backend_safe(&part)).collect();
        base.set_path(&format!("{folder}/"));
        base.set_query(None);
        base.set_fragment(None);
        // A name before the host proves nothing to Jitsi and is not for the log.
        let _ = base.set_username("");
        let _ = base.set_password(None);
        Ok(Self {
            base,
            tenant: (!tenant.is_empty()).then(|| tenant.join("/")),
            title: decode(&room).unwrap_or_else(|| room.clone()),
            room: backend_safe(&room),
            token: token(&query, &fragment),
            overrides: overrides(&fragment),
            display_name: text_of(&fragment, "userInfo.displayName"),
        })
    }
}

/// Whatever scheme an application of Jitsi's puts in front, the server speaks HTTP.
fn web_address(text: &str) -> Result<String, LinkError> {
    let rest = match text.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => return Ok(text.to_owned()),
        // `org.jitsi.meet:https://host/room` has two.
        Some((scheme, rest)) if is_scheme(scheme) => {
            let plain = scheme.to_ascii_lowercase().ends_with(":http");
            let scheme = if plain { "http" } else { "https" };
            return Ok(format!("{scheme}://{rest}"));
        }
        Some(_) => return Err(LinkError::NotAnAddress),
        None => text,
    };
    // `meet.example.org/room`, as people write it.
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('.') && !host.contains('@') {
        Ok(format!("https://{rest}"))
    } else {
        Err(LinkError::NotAnAddress)
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".+-:".contains(&b))
}

/// What the web application takes out of each part of the path.
fn is_excluded(character: char) -> bool {
    ":?#[]@!$&'()*+,;=></\"".contains(character)
}

/// A room's or tenant's name as the web application gives it to the server.
fn backend_safe(name: &str) -> String {
    let decoded = decode(name).unwrap_or_else(|| name.to_owned());
    let normal: String = decoded.nfkc().collect();
    encode(&normal.to_lowercase()).to_ascii_lowercase()
}

/// `decodeURIComponent`: all or nothing.
fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digits = text.get(at + 1..at + 3)?;
            out.push(u8::from_str_radix(digits, 16).ok()?);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}

/// `encodeURIComponent`.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Names and raw values of a query or fragment.
fn pairs(text: Option<&str>) -> Vec<(String, String)> {
    let parts = text.unwrap_or_default().split('&').take(MAX_OVERRIDES);
    let pairs = parts.filter_map(|part| part.split_once('='));
    pairs
        .map(|(name, value)| {
            let value = decode(value).unwrap_or_else(|| value.to_owned());
            (decode(name).unwrap_or_else(|| name.to_owned()), value)
        })
        .collect()
}

/// In the fragment values are JSON, in the query they are plain; people mix that up.
fn text_of(pairs: &[(String, String)], name: &str) -> Option<String> {
    let (_, value) = pairs.iter().find(|(known, _)| known == name)?;
    let text = match serde_json::from_str::<Value>(value) {
        Ok(Value::String(text)) => text,
        _ => value.clone(),
    };
    Some(text).filter(|text| !text.is_empty())
}

fn token(query: &[(String, String)], fragment: &[(String, String)]) -> Option<Secret> {
    let token = text_of(query, "jwt").or_else(|| text_of(fragment, "jwt"));
    token.map(Secret::new)
}

fn overrides(fragment: &[(String, String)]) -> BTreeMap<String, Value> {
    let named = fragment.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("config.").filter(|n| !n.is_empty())?;
        let value = serde_json::from_str(value);
        Some((name.to_owned(), value.ok()?))
    });
    named.collect()
}

#[cfg(test)]
mod tests;
