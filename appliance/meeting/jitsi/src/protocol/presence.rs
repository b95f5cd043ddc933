//! Presence in the room's MUC (XEP-0045) with what Jitsi puts into it.

use std::collections::BTreeMap;

use saal_media_protocol::Codec;
use serde::Deserialize;
use serde_json::json;

use super::{disco, ids, ns, xml::Element};

/// A gateway to telephones (Jigasi).
const TELEPHONE: &str = "http://jitsi.org/protocol/jigasi";
/// Understands tones (XEP-0181).
const TONES: &str = "urn:xmpp:jingle:dtmf:0";
/// Writes down what is said.
const TRANSCRIBER: &str = "http://jitsi.org/protocol/transcriber";

/// Somebody in the room, as their last presence says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Occupant {
    /// Nickname in the MUC, by which bridge and sources call them.
    pub(crate) endpoint: String,
    /// Their real JID.
    pub(crate) jid: String,
    pub(crate) name: String,
    pub(crate) moderator: bool,
    pub(crate) owner: bool,
    /// Of the audience.
    pub(crate) visitor: bool,
    pub(crate) sources: Sources,
    /// Codecs they decode, as they name them.
    pub(crate) codecs: Vec<String>,
    pub(crate) hand_raised: bool,
    /// Their media are encrypted end to end.
    pub(crate) encrypts: bool,
    /// A telephone or a SIP room system.
    pub(crate) telephone: bool,
    /// What the transcriber says about itself.
    pub(crate) transcribes: Option<bool>,
    /// Codes of XEP-0045 section 15.6.
    pub(crate) status: Vec<u16>,
}

/// Sources by name, such as `1a2b3c4d-v0`.
pub(crate) type Sources = BTreeMap<String, SourceInfo>;

/// One source of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SourceInfo {
    pub(crate) muted: bool,
    pub(crate) video_type: Option<String>,
}

/// A presence stanza of the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Somebody is there.
    Here(Box<Occupant>),
    /// Somebody left, or was sent away.
    Gone(Box<Departure>),
    /// Entering failed.
    Refused(Refusal),
}

/// How somebody left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Departure {
    pub(crate) endpoint: String,
    /// 110: it is us; 307: kicked; 301: banned; 321, 322, 332: the room's rules or its end.
    pub(crate) status: Vec<u16>,
    /// Who did it.
    pub(crate) actor: Option<String>,
    pub(crate) reason: String,
    /// The room is gone; where to go instead, if anywhere.
    pub(crate) destroyed: Option<Option<String>>,
}

/// Why we can't enter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A password is missing or wrong.
    Password,
    /// Members only.
    Lobby {
        /// The MUC to wait in.
        lobby: Option<String>,
        /// Nobody can let us in before the host is there.
        waiting_for_host: bool,
    },
    /// No more people.
    Full,
    /// Only with a login or a token.
    LoginNeeded { text: String },
    /// The focus has left meanwhile: ask it again.
    RoomGone,
    /// Of the audience, and no moderator has let us take part.
    NotPromoted,
    /// A name is needed.
    NameNeeded,
    /// The nickname is taken.
    Conflict,
    /// Somebody is banned, or a rule says no.
    NotAllowed { text: String },
    /// Anything else.
    Other { reason: String },
}

impl Presence {
    pub(crate) fn read(stanza: &Element) -> Self {
        let endpoint = ids::resource(stanza.attr("from").unwrap_or_default());
        match stanza.attr("type") {
            Some("error") => Self::Refused(Refusal::read(stanza)),
            Some("unavailable") => Self::Gone(Box::new(Departure::read(endpoint, stanza))),
            _ => Self::Here(Box::new(Occupant::read(endpoint, stanza))),
        }
    }
}

fn status_codes(user: Option<&Element>) -> Vec<u16> {
    let all = user.into_iter().flat_map(|user| user.all("status"));
    all.filter_map(|s| s.attr("code")?.parse().ok()).collect()
}

impl Occupant {
    fn read(endpoint: &str, stanza: &Element) -> Self {
        let user = stanza.get("x", ns::MUC_USER);
        let item = user.and_then(|user| user.find("item"));
        let attribute = |name| item.and_then(|item| item.attr(name)).unwrap_or_default();
        let mut occupant = Self {
            endpoint: endpoint.to_owned(),
            jid: attribute("jid").to_owned(),
            moderator: attribute("role") == "moderator",
            visitor: attribute("role") == "visitor",
            owner: attribute("affiliation") == "owner",
            status: status_codes(user),
            ..Self::default()
        };
        for child in stanza.elements() {
            occupant.read_part(child);
        }
        occupant
    }

    fn read_part(&mut self, part: &Element) {
        match part.name.as_str() {
            "nick" => self.name = part.text().trim().to_owned(),
            "SourceInfo" => {
                self.sources = serde_json::from_str(&part.text()).unwrap_or_default();
            }
            // What clients said before SourceInfo.
            "audiomuted" => self.legacy("a0", part),
            "videomuted" => self.legacy("v0", part),
            "jitsi_participant_codecList" => {
                let list = part.text();
                let names = list.split(',').map(|c| c.trim().to_ascii_lowercase());
                self.codecs = names.filter(|c| !c.is_empty()).collect();
            }
            "jitsi_participant_raisedHand" => {
                let text = part.text();
                self.hand_raised = !matches!(text.trim(), "" | "0" | "false");
            }
            "jitsi_participant_e2ee.enabled" => self.encrypts = part.text().trim() == "true",
            "features" => {
                let has = |var| part.all("feature").any(|f| f.attr("var") == Some(var));
                self.telephone = has(TELEPHONE) || has(TONES);
                if has(TRANSCRIBER) {
                    self.transcribes.get_or_insert(true);
                }
            }
            "transcription-status" => {
                let status = part.attr("status").map(str::to_owned);
                let status = status.unwrap_or_else(|| part.text());
                self.transcribes = Some(status.eq_ignore_ascii_case("on"));
            }
            _ => {}
        }
    }

    fn legacy(&mut self, suffix: &str, part: &Element) {
        let muted = part.text().trim() == "true";
        let name = format!("{}-{suffix}", self.endpoint);
        self.sources.entry(name).or_insert(SourceInfo {
            muted,
            video_type: None,
        });
    }

    /// This is our own presence.
    pub(crate) fn is_self(&self) -> bool {
        self.status.contains(&110)
    }
}

impl Departure {
    fn read(endpoint: &str, stanza: &Element) -> Self {
        let user = stanza.get("x", ns::MUC_USER);
        let item = user.and_then(|user| user.find("item"));
        let destroy = user.and_then(|user| user.find("destroy"));
        let reason = item.or(destroy).and_then(|e| e.text_of("reason"));
        let reason = reason.or_else(|| destroy.and_then(|d| d.text_of("reason")));
        let actor = item.and_then(|item| item.find("actor"));
        Self {
            endpoint: endpoint.to_owned(),
            status: status_codes(user),
            actor: actor.and_then(|a| a.attr("nick")).map(str::to_owned),
            reason: reason.unwrap_or_default(),
            destroyed: destroy.map(|d| d.attr("jid").map(str::to_owned)),
        }
    }
}

impl Refusal {
    fn read(stanza: &Element) -> Self {
        let Some(error) = stanza.find("error") else {
            return Self::Other {
                reason: "an error without a reason".to_owned(),
            };
        };
        let has = |name: &str| error.find(name).is_some();
        let text = error.text_of("text").unwrap_or_default();
        if has("displayname-required") {
            return Self::NameNeeded;
        }
        if has("registration-required") || error.attr("code") == Some("407") {
            let lobby = error.text_of("lobbyroom").or(stanza.text_of("lobbyroom"));
            return Self::Lobby {
                lobby: lobby.filter(|jid| !jid.is_empty()),
                waiting_for_host: has("waiting-for-host"),
            };
        }
        if has("not-authorized") {
            return Self::Password;
        }
        if has("room-does-not-exist") || text == "Room creation is restricted" {
            return Self::RoomGone;
        }
        if has("authentication-required") {
            return Self::LoginNeeded { text };
        }
        if has("service-unavailable") || has("resource-constraint") {
            return Self::Full;
        }
        if has("conflict") {
            return Self::Conflict;
        }
        if has("promotion-not-allowed") {
            return Self::NotPromoted;
        }
        if has("not-allowed") || has("forbidden") {
            return Self::NotAllowed { text };
        }
        let condition = error.elements().next().map_or("", |c| c.name.as_str());
        Self::Other {
            reason: format!("{condition} {text}").trim().to_owned(),
        }
    }
}

/// What the room says about itself in the MUC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnPresence {
    /// Full JID in the MUC.
    pub(crate) to: String,
    pub(crate) name: String,
    /// In the order of preference.
    pub(crate) codecs: Vec<Codec>,
    pub(crate) sources: Sources,
    /// When the hand went up, milliseconds since 1970; 0 once it is down again, which has to be
    /// said: others overlook what is missing.
    pub(crate) hand_raised: Option<u64>,
}

impl OwnPresence {
    /// The hand is up.
    pub(crate) fn raises_hand(&self) -> bool {
        self.hand_raised.is_some_and(|since| since > 0)
    }

    /// To enter, with the password where one is known.
    pub(crate) fn enter(&self, password: Option<&str>) -> Element {
        let password = password.map(|p| Element::new("password", ns::MUC).text_node(p));
        let x = Element::new("x", ns::MUC).children(password);
        self.fill(
            Element::new("presence", ns::CLIENT)
                .with("to", self.to.clone())
                .child(x),
        )
    }

    /// To tell a change.
    pub(crate) fn update(&self) -> Element {
        self.fill(Element::new("presence", ns::CLIENT).with("to", self.to.clone()))
    }

    /// To leave.
    pub(crate) fn leave(&self) -> Element {
        Element::new("presence", ns::CLIENT)
            .with("to", self.to.clone())
            .with("type", "unavailable")
    }

    fn fill(&self, presence: Element) -> Element {
        let property = |name: &str, text: String| Element::new(name, ns::CLIENT).text_node(text);
        let codecs: Vec<&str> = self.codecs.iter().filter_map(|c| codec_name(*c)).collect();
        let mut presence = presence
            .child(disco::caps())
            .child(property("jitsi_participant_codecList", codecs.join(",")))
            .child(Element::new("nick", ns::NICK).text_node(self.name.clone()))
            .child(property("SourceInfo", source_info(&self.sources)));
        if let Some(since) = self.hand_raised {
            presence.push(property("jitsi_participant_raisedHand", since.to_string()));
        }
        presence
    }
}

/// `None` for sound, which is not on the list.
fn codec_name(codec: Codec) -> Option<&'static str> {
    match codec {
        Codec::Opus => None,
        Codec::Vp8 => Some("vp8"),
        Codec::Vp9 => Some("vp9"),
        Codec::Av1 => Some("av1"),
        Codec::H264 => Some("h264"),
    }
}

fn source_info(sources: &Sources) -> String {
    let entries = sources.iter().map(|(name, info)| {
        let mut entry = json!({ "muted": info.muted });
        if let Some(video_type) = &info.video_type {
            entry["videoType"] = json!(video_type);
        }
        (name.clone(), entry)
    });
    serde_json::Value::Object(entries.collect()).to_string()
}

#[cfg(test)]
mod tests;
