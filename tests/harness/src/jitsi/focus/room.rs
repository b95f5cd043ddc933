//! A conference as the focus knows it: who is in it, what they send, which sessions there are.

use std::collections::{BTreeMap, BTreeSet};

use minidom::Element;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::super::bridge::Wants;
use super::super::sources::Sources;
use super::super::xmpp::{bare, child, escape};

/// The focus's own name in every room.
pub(super) const FOCUS: &str = "focus";

/// A conference.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// The bridge's name of it, which is part of WebSocket addresses.
    pub(super) id: String,
    /// The focus is inside.
    pub(super) joined: bool,
    /// Who asked for the conference and waits until the focus is inside.
    pub(super) waiting: Vec<Element>,
    pub(super) waiting_http: Vec<oneshot::Sender<bool>>,
    pub(super) occupants: BTreeMap<String, Occupant>,
    /// Media whose unmuting is moderated, with those who may.
    pub(super) moderated: BTreeMap<String, BTreeSet<String>>,
    pub(super) metadata: Map<String, Value>,
    /// More elements of the focus's presence, such as the state of a recording.
    pub(super) announcements: BTreeMap<String, String>,
}

/// A participant.
#[derive(Debug, Default)]
pub(super) struct Occupant {
    /// The full address.
    pub(super) real: String,
    pub(super) owner: bool,
    /// Empty until they are known.
    pub(super) features: Option<BTreeSet<String>>,
    pub(super) sources: Sources,
    pub(super) session: Option<Session>,
}

/// A session with a participant.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) sid: String,
    pub(super) wants: Wants,
    pub(super) bridge_session: String,
    pub(super) accepted: bool,
    /// Sources come as compact JSON.
    pub(super) compact: bool,
}

/// What a presence says.
#[derive(Debug, Default)]
pub(super) struct Presence {
    pub(super) real: String,
    pub(super) owner: bool,
    pub(super) own: bool,
    /// Node and hash of the features (XEP-0115).
    pub(super) caps: Option<String>,
    /// Names of muted sources.
    pub(super) muted: BTreeSet<String>,
}

impl Presence {
    pub(super) fn read(stanza: &Element) -> Self {
        let about = stanza
            .children()
            .find(|one| one.is("x", "http://jabber.org/protocol/muc#user"));
        let item = about.and_then(|about| child(about, "item"));
        let own = about.is_some_and(|about| {
            about
                .children()
                .any(|status| status.attr("code") == Some("110"))
        });
        let caps = child(stanza, "c")
            .and_then(|caps| Some(format!("{}#{}", caps.attr("node")?, caps.attr("ver")?)));
        Self {
            real: item
                .and_then(|item| item.attr("jid"))
                .unwrap_or_default()
                .to_owned(),
            owner: item.and_then(|item| item.attr("affiliation")) == Some("owner"),
            own,
            caps,
            muted: muted_sources(stanza),
        }
    }
}

fn muted_sources(stanza: &Element) -> BTreeSet<String> {
    let text = child(stanza, "SourceInfo")
        .map(Element::text)
        .unwrap_or_default();
    let info: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
    let muted = info
        .into_iter()
        .filter(|(_, source)| source["muted"] == json!(true));
    muted.map(|(name, _)| name).collect()
}

impl Room {
    /// The real address of a participant.
    pub(super) fn real(&self, nick: &str) -> Option<&str> {
        self.occupants
            .get(nick)
            .map(|occupant| occupant.real.as_str())
    }

    /// The participant with a real address.
    pub(super) fn nick_of(&self, real: &str) -> Option<&str> {
        let mut all = self.occupants.iter();
        all.find(|(_, occupant)| occupant.real == real)
            .map(|(nick, _)| nick.as_str())
    }

    /// Whether a participant may speak (`audio`) or be seen (`video`), by what moderators said.
    pub(super) fn may_open(&self, nick: &str, medium: &str) -> bool {
        self.moderated
            .get(medium)
            .is_none_or(|allowed| allowed.contains(nick))
    }

    pub(super) fn is_owner(&self, nick: &str) -> bool {
        self.occupants
            .get(nick)
            .is_some_and(|occupant| occupant.owner)
    }

    /// Who should have a session and has none yet.
    pub(super) fn uninvited(&self, least: usize) -> Vec<String> {
        if self.occupants.len() < least {
            return Vec::new();
        }
        let ready = |occupant: &Occupant| occupant.features.is_some() && occupant.session.is_none();
        let missing = self
            .occupants
            .iter()
            .filter(|(_, occupant)| ready(occupant));
        missing.map(|(nick, _)| nick.clone()).collect()
    }

    /// What the others send, as a new participant has to know it.
    pub(super) fn sources_for(&self, nick: &str) -> Vec<(String, Sources)> {
        let others = self.occupants.iter().filter(|(other, _)| *other != nick);
        others
            .map(|(other, occupant)| (other.clone(), occupant.sources.without_simulcast()))
            .filter(|(_, sources)| !sources.is_empty())
            .collect()
    }

    /// The elements of the focus's presence beside the address.
    pub(super) fn presence(&self, name: &str) -> String {
        let bridges = self
            .occupants
            .values()
            .any(|occupant| occupant.session.is_some());
        let bridges = match bridges {
            true => "<property key='bridge-count' value='1'/>",
            false => "",
        };
        let more: String = self.announcements.values().cloned().collect();
        format!(
            "<priority>0</priority><etherpad xmlns='http://jitsi.org/jitmeet/etherpad'>{}</etherpad>\
             <versions xmlns='http://jitsi.org/jitmeet'><component name='focus'>1.1.SNAPSHOT</component></versions>\
             <conference-properties xmlns='http://jitsi.org/protocol/focus'>\
             <property key='support-terminate-restart' value='true'/>{bridges}</conference-properties>\
             <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://jitsi.org/jicofo' ver='Lg0vhCNhxjoeKJi2/hukdsizNWA='/>{more}",
            escape(name)
        )
    }

    /// The bare real address of whoever came first, if nobody is an owner.
    pub(super) fn heir(&self, first: &str) -> Option<String> {
        let owned = self.occupants.values().any(|occupant| occupant.owner);
        let heir = self.occupants.get(first).filter(|_| !owned)?;
        Some(bare(&heir.real).to_owned())
    }
}
