//! What a side's frames mean: sets that can be compared, without ids, order and random numbers.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Document, Node};
use serde_json::Value;

use crate::client::Said;

/// Sources by name and video type.
type Names = BTreeSet<(String, String)>;
/// Groups by semantics and size, and how many of them.
type Groups = BTreeMap<String, usize>;

fn each<T>(said: &Said, read: impl Fn(Node<'_, '_>) -> Option<T>) -> Vec<T> {
    let documents = said
        .xmpp
        .iter()
        .map(|frame| Document::parse(frame).unwrap());
    let mut found = Vec::new();
    for document in documents {
        found.extend(read(document.root_element()));
    }
    found
}

fn named<'a, 'i>(
    of: Node<'a, 'i>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i> {
    of.descendants()
        .filter(move |node| node.is_element() && node.tag_name().name() == name)
}

fn attribute(node: Node<'_, '_>, name: &str) -> String {
    node.attribute(name).unwrap_or_default().to_owned()
}

/// Conference requests: room and properties.
pub(crate) fn requests(said: &Said) -> Vec<(String, BTreeSet<(String, String)>)> {
    each(said, |stanza| {
        let request = named(stanza, "conference").next()?;
        let properties = named(request, "property");
        let properties = properties.map(|p| (attribute(p, "name"), attribute(p, "value")));
        Some((attribute(request, "room"), properties.collect()))
    })
}

/// Rooms entered, with name, password and sources.
pub(crate) fn entered(said: &Said) -> Vec<(String, Vec<Option<String>>)> {
    each(said, |stanza| {
        let muc = ("http://jabber.org/protocol/muc", "x");
        stanza.children().find(|child| child.has_tag_name(muc))?;
        let to = attribute(stanza, "to");
        let (room, _) = to.split_once('/')?;
        let part = |name| Some(named(stanza, name).next()?.text()?.to_owned());
        let parts = ["nick", "password", "SourceInfo"].map(part);
        Some((room.to_owned(), parts.to_vec()))
    })
}

pub(crate) fn features(said: &Said) -> BTreeSet<String> {
    let answers = each(said, |stanza| {
        stanza.attribute("type").filter(|t| *t == "result")?;
        let features = named(stanza, "feature").map(|f| attribute(f, "var"));
        Some(features.collect::<BTreeSet<_>>())
    });
    answers.into_iter().flatten().collect()
}

/// One content of an answer to the bridge.
#[derive(Debug, Default)]
pub(crate) struct Accepted {
    /// Number, name and what it retransmits.
    pub(crate) payloads: BTreeSet<(String, String, String)>,
    pub(crate) extensions: BTreeSet<(String, String)>,
    /// Name and video type.
    pub(crate) sources: Names,
    /// Semantics with their size, and how many.
    pub(crate) groups: Groups,
    pub(crate) sctp: Option<String>,
}

pub(crate) fn accepted(said: &Said) -> BTreeMap<String, Accepted> {
    accepted_from(said, "/focus")
}

/// The answer to somebody's offer, by content.
pub(crate) fn accepted_from(said: &Said, whom: &str) -> BTreeMap<String, Accepted> {
    let answers = each(said, |stanza| {
        let jingle = named(stanza, "jingle").next()?;
        let to_them = attribute(stanza, "to").ends_with(whom);
        (jingle.attribute("action") == Some("session-accept") && to_them).then(|| {
            let contents = jingle
                .children()
                .filter(|c| c.has_tag_name(("urn:xmpp:jingle:1", "content")));
            contents.map(content).collect::<BTreeMap<_, _>>()
        })
    });
    answers.into_iter().next().unwrap_or_default()
}

fn content(content: Node<'_, '_>) -> (String, Accepted) {
    let payloads = named(content, "payload-type").map(|payload| {
        let apt = named(payload, "parameter").find(|p| p.attribute("name") == Some("apt"));
        let apt = apt.map(|p| attribute(p, "value")).unwrap_or_default();
        (attribute(payload, "id"), attribute(payload, "name"), apt)
    });
    let extensions = named(content, "rtp-hdrext");
    let accepted = Accepted {
        payloads: payloads.collect(),
        extensions: extensions
            .map(|e| (attribute(e, "id"), attribute(e, "uri")))
            .collect(),
        sources: sources(content),
        groups: groups(content),
        sctp: named(content, "sctpmap")
            .next()
            .map(|s| attribute(s, "number")),
    };
    (attribute(content, "name"), accepted)
}

fn sources(of: Node<'_, '_>) -> Names {
    named(of, "source")
        .filter(|source| source.attribute("name").is_some())
        .map(|source| (attribute(source, "name"), attribute(source, "videoType")))
        .collect()
}

fn groups(of: Node<'_, '_>) -> Groups {
    let mut groups = BTreeMap::new();
    for group in named(of, "ssrc-group") {
        let size = named(group, "source").count();
        let key = format!("{} {size}", attribute(group, "semantics"));
        *groups.entry(key).or_default() += 1;
    }
    groups
}

/// To whom candidates were told, and how many at once.
pub(crate) fn candidates(said: &Said) -> Vec<(String, usize)> {
    each(said, |stanza| {
        let jingle = named(stanza, "jingle").next()?;
        let count = named(jingle, "candidate").count();
        (jingle.attribute("action") == Some("transport-info"))
            .then(|| (attribute(stanza, "to"), count))
    })
}

/// Heights asked of a peer.
pub(crate) fn peer_heights(said: &Said) -> BTreeSet<(String, String)> {
    let wishes = each(said, |stanza| {
        let wishes = named(stanza, "source-frame-height");
        let wishes = wishes.map(|w| (attribute(w, "sourceName"), attribute(w, "maxHeight")));
        Some(wishes.collect::<Vec<_>>())
    });
    wishes.into_iter().flatten().collect()
}

/// Sources added later, with their groups.
pub(crate) fn added(said: &Said) -> Vec<(Names, Groups)> {
    each(said, |stanza| {
        let jingle = named(stanza, "jingle").next()?;
        (jingle.attribute("action") == Some("source-add"))
            .then(|| (sources(jingle), groups(jingle)))
    })
}

/// What SourceInfo said, each different state once, in order.
pub(crate) fn told_sources(said: &Said) -> Vec<Value> {
    let mut told = each(said, |stanza| {
        let info = named(stanza, "SourceInfo").next()?;
        serde_json::from_str(info.text()?).ok()
    });
    told.dedup();
    told
}

fn of_class<'a>(said: &'a Said, class: &'a str) -> impl Iterator<Item = Value> + 'a {
    let all = said
        .bridge
        .iter()
        .map(|text| serde_json::from_str::<Value>(text).unwrap());
    all.filter(move |json| json["colibriClass"] == class)
}

/// Before anything is shown.
pub(crate) fn first_wishes(said: &Said) -> Option<Value> {
    of_class(said, "ReceiverVideoConstraints").next()
}

/// All heights that were ever asked for by name.
pub(crate) fn wishes(said: &Said) -> BTreeSet<(String, u64)> {
    let mut wishes = BTreeSet::new();
    for json in of_class(said, "ReceiverVideoConstraints") {
        for (source, wish) in json["constraints"].as_object().into_iter().flatten() {
            wishes.insert((source.clone(), wish["maxHeight"].as_u64().unwrap()));
        }
    }
    wishes
}

pub(crate) fn video_types(said: &Said) -> BTreeSet<(String, String)> {
    of_class(said, "SourceVideoTypeMessage")
        .map(|json| {
            (
                json["sourceName"].to_string(),
                json["videoType"].to_string(),
            )
        })
        .collect()
}

/// What a moderator does to others.
pub(crate) fn orders(said: &Said) -> Vec<String> {
    each(said, |stanza| {
        let order = named(stanza, "mute")
            .chain(named(stanza, "av_moderation").filter(|m| m.has_attribute("jidToWhitelist")))
            .chain(named(stanza, "invite"))
            .chain(named(stanza, "item").filter(|i| i.attribute("role") == Some("none")))
            .chain(named(stanza, "end_conference"))
            .next()?;
        let mut attributes: Vec<String> = order
            .attributes()
            .map(|a| format!("{}={}", a.name(), a.value()))
            .collect();
        attributes.sort();
        let to = attribute(stanza, "to");
        let name = order.tag_name().name();
        Some(format!("{name} to {to} {attributes:?} {:?}", order.text()))
    })
}
