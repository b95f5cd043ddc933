//! What an installation says about itself in `config.js`: read as text, never executed.

mod script;

use std::time::Duration;

use serde_json::Value;
use thiserror::Error;
use url::Url;

use crate::{
    link::ConferenceLink,
    protocol::{ConsentRule, Hosts},
};

/// A longer one is none, in bytes; the usual one has 80 kB, most of it comments.
const MAX_BYTES: usize = 1 << 20;

/// Web clients wait as long where the installation says nothing.
const ALONE_FOR: Duration = Duration::from_secs(5);

/// Why a text is not a configuration.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// Longer than any configuration.
    #[error("config.js is too long")]
    TooLong,
    /// More statements, or deeper nested, than any configuration.
    #[error("config.js is not a plain configuration")]
    TooComplex,
    /// Nothing says where the conferences are.
    #[error("config.js names no XMPP domain")]
    NoDomain,
}

/// An installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerConfig {
    /// Main XMPP domain.
    pub domain: String,
    /// Domain for guests, where people with a login have their own.
    pub anonymous_domain: Option<String>,
    /// Domain of the rooms.
    pub muc: String,
    /// JID of the focus component.
    pub focus: String,
    /// Address of XMPP over WebSocket, perhaps relative to the page.
    pub websocket: Option<String>,
    /// Address of XMPP over HTTP (BOSH), perhaps relative to the page.
    pub bosh: Option<String>,
    /// Address for conference requests, perhaps relative to the page.
    pub conference_request: Option<String>,
    /// Domain of recorders and transcribers.
    pub hidden_domain: Option<String>,
    /// Where people get a token; with it a link needs one.
    pub token_service: Option<String>,
    /// Two people may talk directly.
    pub peer_to_peer: bool,
    /// How long two have to be alone for that after others were there.
    pub peer_to_peer_after: Duration,
    /// Enter with the microphone off.
    pub start_muted: bool,
    /// Enter with the camera off.
    pub start_without_camera: bool,
    /// When people agree to being recorded.
    pub consent: ConsentRule,
}

/// How to log in, which decides the domain of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// As a guest.
    Guest,
    /// With a token or an account.
    Member,
}

impl ServerConfig {
    /// Reads `config.js`.
    ///
    /// # Errors
    /// Where it is no configuration.
    pub fn read(text: &str) -> Result<Self, ConfigError> {
        if text.len() > MAX_BYTES {
            return Err(ConfigError::TooLong);
        }
        Self::from_value(&script::read(text)?)
    }

    fn from_value(config: &Value) -> Result<Self, ConfigError> {
        let text = |value: &Value| {
            let text = value.as_str().map(str::trim).filter(|t| !t.is_empty());
            text.map(str::to_owned)
        };
        let host = |name: &str| text(&config["hosts"][name]).map(|h| h.to_lowercase());
        let domain = host("domain").ok_or(ConfigError::NoDomain)?;
        let is = |value: &Value| value.as_bool() == Some(true);
        Ok(Self {
            anonymous_domain: host("anonymousdomain"),
            muc: host("muc").unwrap_or_else(|| format!("conference.{domain}")),
            focus: host("focus").unwrap_or_else(|| format!("focus.{domain}")),
            websocket: text(&config["websocket"]).or_else(|| text(&config["serviceUrl"])),
            bosh: text(&config["bosh"]),
            conference_request: text(&config["conferenceRequestUrl"]),
            hidden_domain: text(&config["hiddenDomain"]).map(|d| d.to_lowercase()),
            token_service: text(&config["tokenAuthUrl"]),
            peer_to_peer: is(&config["p2p"]["enabled"]),
            peer_to_peer_after: seconds(&config["p2p"]["backToP2PDelay"]).unwrap_or(ALONE_FOR),
            start_muted: is(&config["startWithAudioMuted"]),
            start_without_camera: is(&config["startWithVideoMuted"]),
            consent: consent(&config["recordings"]),
            domain,
        })
    }

    /// Applies what a link may change. Where the conference is, it may not: a link would send the
    /// room's name and token to anybody.
    #[must_use]
    pub fn with_link(mut self, link: &ConferenceLink) -> Self {
        let truth = |name: &str| link.overrides.get(name).and_then(Value::as_bool);
        self.peer_to_peer = truth("p2p.enabled").unwrap_or(self.peer_to_peer);
        self.start_muted |= truth("startWithAudioMuted") == Some(true);
        self.start_without_camera |= truth("startWithVideoMuted") == Some(true);
        self
    }

    /// For [`crate::protocol::ConferenceSetup`].
    #[must_use]
    pub fn hosts(&self, link: &ConferenceLink, login: Login) -> Hosts {
        let guests = self
            .anonymous_domain
            .clone()
            .filter(|_| login == Login::Guest);
        let request = self.conference_request.as_deref();
        Hosts {
            domain: guests.unwrap_or_else(|| self.domain.clone()),
            main: self.domain.clone(),
            muc: self.muc.clone(),
            focus: self.focus.clone(),
            conference_request: request
                .and_then(|address| link.base.join(address).ok())
                .map(String::from),
            hidden: self.hidden_domain.clone(),
        }
    }

    /// Where to open the link by WebSocket. Without an address of its own it is the usual one.
    #[must_use]
    pub fn websocket_url(&self, link: &ConferenceLink, reach: &Reach<'_>) -> Option<Url> {
        let address = match (&self.websocket, &self.bosh) {
            (Some(address), _) => address.as_str(),
            // An installation without WebSocket says so by naming BOSH alone.
            (None, Some(_)) => return None,
            (None, None) => "xmpp-websocket",
        };
        let mut url = address_of(link, address)?;
        let scheme = match url.scheme() {
            "https" | "wss" => "wss",
            _ => "ws",
        };
        url.set_scheme(scheme).ok()?;
        Some(reach.extend(url, link))
    }

    /// Where to open the link by BOSH.
    #[must_use]
    pub fn bosh_url(&self, link: &ConferenceLink, reach: &Reach<'_>) -> Option<Url> {
        let address = self.bosh.as_deref().unwrap_or("http-bind");
        Some(reach.extend(address_of(link, address)?, link))
    }
}

/// A whole number of seconds up to an hour, as a number or a text; 0 counts as not said.
fn seconds(value: &Value) -> Option<Duration> {
    let text = value.as_str().and_then(|text| text.trim().parse().ok());
    let seconds = value.as_u64().or(text)?;
    (1..=3600)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

/// Installations that want people to agree say so beside the other settings of recordings.
fn consent(recordings: &Value) -> ConsentRule {
    let is = |name: &str| recordings[name].as_bool() == Some(true);
    match (is("requireConsent"), is("skipConsentInMeeting")) {
        (false, _) => ConsentRule::None,
        (true, false) => ConsentRule::Asked,
        (true, true) => ConsentRule::AskedOnEntry,
    }
}

/// An address of `config.js` beside the page. A page that came by TLS leads to nothing without.
fn address_of(link: &ConferenceLink, address: &str) -> Option<Url> {
    // `url` keeps ws and http apart when it joins; the rest of the address is what counts.
    let address = match address.split_once("://") {
        Some(("wss", rest)) => format!("https://{rest}"),
        Some(("ws", rest)) => format!("http://{rest}"),
        _ => address.to_owned(),
    };
    let url = link.base.join(&address).ok()?;
    let downgrade = link.base.scheme() == "https" && url.scheme() != "https";
    let web = matches!(url.scheme(), "http" | "https");
    (web && !downgrade).then_some(url)
}

/// What is put into the link's address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reach<'a> {
    /// The token.
    pub token: Option<&'a str>,
    /// The stream to go on with ([`crate::protocol::Output::OpenLink`]).
    pub resume: Option<&'a str>,
    /// The visitor node ([`crate::protocol::Output::OpenLink`]).
    pub vnode: Option<&'a str>,
    /// The name of who was let in from the audience ([`crate::protocol::Output::OpenLink`]).
    pub username: Option<&'a str>,
}

impl Reach<'_> {
    fn extend(&self, mut url: Url, link: &ConferenceLink) -> Url {
        let mut query = url.query_pairs_mut();
        query.append_pair("room", &link.room);
        let optional = [
            ("token", self.token),
            ("previd", self.resume),
            ("vnode", self.vnode),
            ("customusername", self.username),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        drop(query);
        url
    }
}

#[cfg(test)]
mod tests;
